"""What readers give, in short, for tables."""

from __future__ import annotations

from selfstop.deploy.model import Command, Reading, Run, Script, Setting, Unresolved, Value


def part(piece: str | Unresolved) -> str:
    """A part of a value: in angle brackets a variable, what stands in for it, and what it may be."""
    if isinstance(piece, str):
        return piece
    default = "" if piece.default is None else ("|" if piece.default_if_empty else "?") + short(piece.default)
    marks = "!" * piece.required + "".join(f"/{each}" for each in piece.candidates) + "." * piece.complete
    return f"<{piece.name}{default}{marks}>"


def short(value: Value | None) -> str | None:
    """A value as text, `None` without one."""
    return None if value is None else "".join(part(piece) for piece in value.parts)


def runs(reading: Reading) -> dict[str | None, Run]:
    """The runs by name."""
    return {short(fact.name): fact for fact in reading.facts if isinstance(fact, Run)}


def settings(run: Run, name: str = "X") -> list[str]:
    """The settings of a variable in order, each with its line."""
    return [
        f"{short(source.value)} @{source.place.line}"
        for source in run.sources
        if isinstance(source, Setting) and source.name == name
    ]


def words(command: Command | None) -> list[str | None] | None:
    """The words of a command."""
    return None if command is None else [short(word) for word in command.words]


def scripts(reading: Reading) -> list[tuple[str, int, str]]:
    """Each script: its language, the line where it begins, its text."""
    return [(fact.language.value, fact.place.line, fact.text) for fact in reading.facts if isinstance(fact, Script)]

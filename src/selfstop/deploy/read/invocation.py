"""One command as it is run: what every reader of scripts hands to those who know the commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy.model import Language, Layer, Place, Script, Setting, Source, Strength, Value
from selfstop.deploy.read.variables import Argument, Conditions

_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})


@dataclass(frozen=True)
class Piped:
    """Text that a command reads from its standard input; ``line`` is where it begins."""

    text: Value
    line: int


@dataclass(frozen=True)
class Invocation:
    """The words of a command after expansion, and what surrounds it.

    ``sources`` are the variables that it finds in its environment, ``texts`` the files that the script has
    written so far, by path as written, ``writers`` the commands whose output it has written to files.
    """

    arguments: tuple[Argument, ...]
    place: Place
    strength: Strength = Strength.OPERATOR
    conditions: Conditions = ()
    sources: tuple[Source, ...] = ()
    piped: Piped | None = None
    texts: Mapping[str, Value] = field(default_factory=dict)
    writers: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The name of the program, without directory and ``.exe``; "" where it is not known."""
        return program_name(self.arguments[0].literal) if self.arguments else ""

    def literal(self, position: int) -> str:
        """An argument, "" where it is missing or unresolved."""
        if position >= len(self.arguments):
            return ""
        return self.arguments[position].literal or ""

    def without(self, count: int) -> Invocation:
        """The command that remains after the first ``count`` words."""
        return replace(self, arguments=self.arguments[count:])

    def at(self, line: int) -> Place:
        """A line of the same file."""
        return Place(self.place.path, line)

    def script(self, language: Language, text: Value, line: int, name: str = "") -> Script:
        """Text in another language that this command has run."""
        return Script(
            language,
            str(text),
            self.at(line),
            self.strength,
            name,
            self.conditions,
            tuple({part.name: Value((part,)) for part in text.unresolved}.items()),
        )


def program_name(path: str | None) -> str:
    """The name of a program, without directory and ``.exe``."""
    name = (path or "").replace("\\", "/").rpartition("/")[2]
    return name.lower().removesuffix(".exe") if name.lower().endswith(".exe") else name


def is_shell(program: str) -> bool:
    """Whether a program is a POSIX shell."""
    return program in _SHELLS


def settings(words: Iterable[Argument], place: Place, layer: Layer) -> tuple[list[Setting], int]:
    """The leading ``X=1`` of a command, and how many words they are."""
    found: list[Setting] = []
    for count, word in enumerate(words):
        setting = assignment(word, Place(place.path, word.line), layer)
        if setting is None:
            return found, count
        found.append(setting)
    return found, len(found)


def assignment(word: Argument, place: Place, layer: Layer) -> Setting | None:
    """A word of the form ``X=1`` as a setting."""
    if not word.value.parts or not isinstance(word.value.parts[0], str):
        return None
    name, sign, rest = word.value.parts[0].partition("=")
    if not sign or not name.replace("_", "a").isalnum() or name[0].isdigit():
        return None
    return Setting(name, Value((rest, *word.value.parts[1:]) if rest else word.value.parts[1:]), layer, place)

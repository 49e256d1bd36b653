"""What commands print, as far as their words tell: enough to follow a text through a pipe or into a variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Unresolved, Value
from selfstop.deploy.read.invocation import Invocation, Piped
from selfstop.deploy.read.options import starts_with
from selfstop.deploy.read.user_data import decoded
from selfstop.deploy.read.variables import Argument, Contents, Encoded, value_of


def printed(command: Invocation, source: str) -> Piped | None:
    """What a command prints, ``None`` where that is not known. ``source`` is how the command is written."""
    printer = _PRINTERS.get(command.program)
    return printer(_Printing(command, source)) if printer else None


@dataclass(frozen=True)
class _Printing:
    """A command that prints, and how it is written."""

    command: Invocation
    source: str


def _words(command: Invocation) -> tuple[Argument, ...]:
    """The arguments that are no options."""
    return tuple(word for word in command.arguments[1:] if not starts_with(word, "-"))


def _echo(printing: _Printing) -> Piped | None:
    parts: list[str | Unresolved] = []
    command = printing.command
    words = command.arguments[1:]
    while words and words[0].literal in {"-n", "-e", "-E", "-ne", "-en"}:
        words = words[1:]
    for number, word in enumerate(words):
        parts.extend([" "] if number else [])
        parts.extend(word.value.parts)
    if not any(part == "-n" for part in (word.literal for word in command.arguments[1:2])):
        parts.append("\n")
    return Piped(value_of(parts), command.place.line if not words else words[0].line)


def _printf(printing: _Printing) -> Piped | None:
    words = printing.command.arguments[1:]
    form = words[0].literal if words else None
    if form is None:
        return None
    line = words[-1].line
    if form.replace("\\n", "") == "%s" and len(words) == 2:
        end = ("\n",) if form.endswith("\\n") else ()
        return Piped(value_of((*words[1].value.parts, *end)), line)
    return Piped(Value.of(form.replace("\\n", "\n")), line) if "%" not in form and len(words) == 1 else None


def _cat(printing: _Printing) -> Piped | None:
    files = _words(printing.command)
    return _cat_of(files, printing) if files else printing.command.piped


def _edited(printing: _Printing) -> Piped | None:
    """``sed`` and ``envsubst``: the text of a file, with some words replaced."""
    command = printing.command
    files = _words(command)
    if command.program == "sed":
        scripts = sum(word.literal in {"-e", "-f", "--expression"} for word in command.arguments)
        files = files[max(scripts, 1) :]
        return _cat_of(files, printing) if files else _template(command)
    return _template(command)


def _cat_of(files: tuple[Argument, ...], printing: _Printing) -> Piped | None:
    """The text of a file: what the script wrote to it, else that of the file of the repository."""
    if len(files) != 1:
        return None
    written = printing.command.texts.get(str(files[0].value))
    contents = Contents(printing.source, printing.source, file=files[0].value)
    return Piped(written if written is not None else Value((contents,)), printing.command.place.line)


def _template(command: Invocation) -> Piped | None:
    """Replacing in the text of a file leaves it the text of that file; of anything else nothing is known."""
    part = command.piped.text.parts[0] if command.piped and len(command.piped.text.parts) == 1 else None
    return command.piped if isinstance(part, Contents) else None


def _base64(printing: _Printing) -> Piped | None:
    command, source = printing.command, printing.source
    options = {word.literal for word in command.arguments[1:] if starts_with(word, "-")}
    files = tuple(word for word in _words(command) if not (word.literal or "x").isdigit())
    text = _cat_of(files, printing) if files else command.piped
    if text is None:
        return None
    if options & {"-d", "-D", "--decode", "-di", "-id"}:
        return _decoded(text)
    return Piped(Value((encoded(text.text, text.line, source),)), command.place.line)


def encoded(text: Value, line: int, source: str) -> Unresolved:
    """A text in base64. A literal is encoded; of the rest it is remembered what was."""
    part = text.parts[0] if len(text.parts) == 1 else None
    if isinstance(part, Contents):
        return Contents(source, source, part.origin, file=part.file, encoded=True, replaced=part.replaced)
    return Encoded(source, source, inner=text, line=line)


def _decoded(text: Piped) -> Piped | None:
    parts = [part for part in text.text.parts if not (isinstance(part, str) and not part.strip())]
    part = parts[0] if len(parts) == 1 else None
    if isinstance(part, Encoded):
        return Piped(part.inner, part.line)
    if isinstance(part, Contents):
        return Piped(Value((Contents(part.text, part.name, file=part.file, replaced=part.replaced),)), text.line)
    plain = decoded(text.text) or decoded(Value.of(str(text.text).strip())) if text.text.literal else None
    return Piped(Value.of(plain), text.line) if plain is not None else None


def _tee(printing: _Printing) -> Piped | None:
    return printing.command.piped


_PRINTERS: Final[dict[str, Callable[[_Printing], Piped | None]]] = {
    "echo": _echo,
    "printf": _printf,
    "cat": _cat,
    "sed": _edited,
    "envsubst": _edited,
    "base64": _base64,
    "tee": _tee,
}

"""Dockerfiles, as BuildKit reads them (Dockerfile reference): stages with their settings, files and commands.

Variables stay unresolved parts: what they are depends on build arguments and on the base image.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from selfstop.deploy.model import (
    Command,
    Copy,
    Dockerfile,
    Fact,
    Layer,
    Place,
    Problem,
    Reading,
    Script,
    Setting,
    Stage,
    Unresolved,
    Value,
    WrittenFile,
)
from selfstop.deploy.read.dockerfile_lines import Instruction, instructions
from selfstop.deploy.read.marks import Marked, hide
from selfstop.deploy.read.variables import value_of
from selfstop.deploy.read.written import language_of

_PIECE: Final = re.compile(
    r"(?P<escape>\\.)|'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<variable>\$\{\w+[^{}]*\}|\$\w+)"
    r"|(?P<plain>[^\\'\"$]+)|(?P<other>.)",
    re.DOTALL,
)
_QUOTED_PIECE: Final = re.compile(
    r"(?P<escape>\\[\\\"$`])|(?P<variable>\$\{\w+[^{}]*\}|\$\w+)|(?P<plain>[^\\$]+)|(?P<other>.)", re.DOTALL
)
_VARIABLE: Final = re.compile(r"\$\{?(?P<name>\w+)(?:(?P<operator>:?[-+?])(?P<word>[^{}]*))?")
_WORD: Final = re.compile(r"(?:[^\s'\"\\]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|['\"\\])+", re.DOTALL)
_FLAG: Final = re.compile(r"--(?P<name>[\w-]+)(?:=(?P<value>\S*))?\s+")
_FROM: Final = re.compile(r"(?P<base>\S+)(?:\s+as\s+(?P<name>\S+))?\s*$", re.IGNORECASE)
_DOCUMENT: Final = re.compile(r"<<-?['\"]?\w+['\"]?$")


def read(script: Script) -> Reading:
    """The stages of a Dockerfile, and the files that it writes from here-documents."""
    path = script.place.path
    marked = hide(script.text, script.variables)
    reader = _Reader(marked, path)
    for instruction in instructions(marked.text, script.place.line):
        reader.take(instruction)
    stages = reader.stages()
    problems: tuple[Problem, ...] = ()
    if not stages:
        problems = (Problem(path, 0, _why_empty(script.text)),)
    facts: tuple[Fact, ...] = (Dockerfile(path, stages, tuple(reader.arguments)), *reader.files) if stages else ()
    return Reading(facts, problems)


def _why_empty(text: str) -> str:
    if re.fullmatch(r"[\w./-]+\s*", text) and "/" in text:
        return "holds no FROM but a path: a symbolic link stored as text"
    return "holds no FROM"


@dataclass
class _Draft:
    """A stage while its instructions are read."""

    base: Value
    place: Place
    name: str = ""
    settings: list[Setting] = field(default_factory=list)
    arguments: list[Setting] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    entrypoint: Command | None = None
    command: Command | None = None
    workdir: Value | None = None
    user: Value | None = None
    shell: tuple[Value, ...] = ()
    on_build: _Draft | None = None

    def finished(self) -> Stage:
        """The stage as it is at its end."""
        return Stage(
            self.base,
            self.place,
            self.name,
            tuple(self.settings),
            tuple(self.arguments),
            tuple(self.copies),
            self.entrypoint,
            self.command,
            self.workdir,
            self.user,
            self.shell,
            self.on_build.finished() if self.on_build else None,
        )


class _Reader:
    """Takes the instructions of one file in order."""

    def __init__(self, marked: Marked, path: str) -> None:
        self._marked = marked
        self._path = path
        self._drafts: list[_Draft] = []
        self.arguments: list[Setting] = []
        self.files: list[WrittenFile] = []

    def stages(self) -> tuple[Stage, ...]:
        """The stages read so far."""
        return tuple(draft.finished() for draft in self._drafts)

    def take(self, instruction: Instruction) -> None:
        """Read one instruction; ``ONBUILD`` makes it one of the child image."""
        if instruction.name == "FROM":
            self._from(instruction)
            return
        if not self._drafts:
            if instruction.name == "ARG":
                self.arguments.extend(self._pairs(instruction, optional=True))
            return
        draft = self._drafts[-1]
        if instruction.name == "ONBUILD":
            draft.on_build = draft.on_build or _Draft(draft.base, draft.place)
            draft, instruction = draft.on_build, instruction.inner()
        handler = _HANDLERS.get(instruction.name)
        if handler:
            handler(self, draft, instruction)

    def _place(self, instruction: Instruction) -> Place:
        return Place(self._path, instruction.line)

    def _from(self, instruction: Instruction) -> None:
        text = instruction.text
        while flag := _FLAG.match(text):
            text = text[flag.end() :]
        found = _FROM.match(text)
        if found:
            base = self._value(found["base"])
            self._drafts.append(_Draft(base, self._place(instruction), self._marked.restore(found["name"] or "")))

    def _env(self, draft: _Draft, instruction: Instruction) -> None:
        draft.settings.extend(self._pairs(instruction, optional=False))

    def _arg(self, draft: _Draft, instruction: Instruction) -> None:
        draft.arguments.extend(self._pairs(instruction, optional=True))

    def _pairs(self, instruction: Instruction, *, optional: bool) -> Iterator[Setting]:
        """``X=1 Y=2``; without ``=``, ``ARG X`` has no value and ``ENV X 1`` has all that follows."""
        words = _WORD.findall(instruction.text)
        place = self._place(instruction)
        if words and "=" not in words[0] and not optional:
            rest = instruction.text.lstrip()[len(words[0]) :].strip()
            yield Setting(self._marked.restore(words[0]), self._value(rest), Layer.IMAGE, place)
            return
        for word in words:
            name, sign, text = word.partition("=")
            if sign or optional:
                yield Setting(self._marked.restore(name), self._value(text), Layer.IMAGE, place)

    def _copy(self, draft: _Draft, instruction: Instruction) -> None:
        text, stage = instruction.text, None
        while flag := _FLAG.match(text):
            if flag["name"].lower() == "from":
                stage = self._value(flag["value"] or "")
            text = text[flag.end() :]
        words = self._words(text)
        if len(words) < 2:
            return
        *sources, target = words
        sources = [source for source in sources if not _DOCUMENT.match(str(source))]
        self._documents(instruction, target)
        if sources:
            place = self._place(instruction)
            draft.copies.append(Copy(tuple(sources), target, place, stage, draft.workdir))

    def _documents(self, instruction: Instruction, target: Value) -> None:
        for document in instruction.documents:
            file = target if not str(target).endswith("/") else value_of((*target.parts, document.name))
            text = self._marked.restore(document.text)
            language = language_of(str(file), text)
            place = Place(self._path, document.line)
            inner = Script(language, text, place, name=str(file)) if language else None
            self.files.append(WrittenFile(file, place, inner))

    def _words(self, text: str) -> list[Value]:
        listed = _exec_form(text)
        return [self._value(word) for word in (listed if listed is not None else _WORD.findall(text))]

    def _entrypoint(self, draft: _Draft, instruction: Instruction) -> None:
        draft.entrypoint = self._command(instruction)

    def _cmd(self, draft: _Draft, instruction: Instruction) -> None:
        draft.command = self._command(instruction)

    def _command(self, instruction: Instruction) -> Command:
        """Exec form if it is a JSON list of strings, else shell form, even if it looks like a list."""
        place = self._place(instruction)
        listed = _exec_form(instruction.text)
        if listed is not None:
            return Command(tuple(self._plain(word) for word in listed), place)
        return Command((self._plain(instruction.text.strip()),), place, True)

    def _plain(self, text: str) -> Value:
        return value_of(self._marked.parts(text))

    def _workdir(self, draft: _Draft, instruction: Instruction) -> None:
        added = self._value(instruction.text.strip())
        before = draft.workdir
        if before is not None and before.literal is not None and added.literal is not None:
            added = Value.of(posixpath.normpath(posixpath.join(before.literal, added.literal)))
        draft.workdir = added

    def _user(self, draft: _Draft, instruction: Instruction) -> None:
        draft.user = self._value(instruction.text.strip())

    def _shell(self, draft: _Draft, instruction: Instruction) -> None:
        draft.shell = tuple(self._plain(word) for word in _exec_form(instruction.text) or ())

    def _value(self, text: str) -> Value:
        """A word with its quotes taken off and its variables as unresolved parts."""
        parts: list[str | Unresolved] = []
        for piece in _PIECE.finditer(text):
            if piece["single"] is not None:
                parts.extend(self._marked.parts(piece["single"]))
            elif piece["double"] is not None:
                for inner in _QUOTED_PIECE.finditer(piece["double"]):
                    parts.extend(self._piece(inner))
            else:
                parts.extend(self._piece(piece))
        return value_of(parts)

    def _piece(self, piece: re.Match[str]) -> Iterator[str | Unresolved]:
        if piece["escape"]:
            yield piece["escape"][1:]
        elif piece["variable"]:
            yield self._variable(piece["variable"])
        else:
            yield from self._marked.parts(piece["plain"] or piece["other"])

    def _variable(self, text: str) -> Unresolved:
        found = _VARIABLE.match(text)
        assert found
        operator = found["operator"] or ""
        default = self._value(found["word"]) if operator in {"-", ":-"} else None
        return Unresolved(
            self._marked.restore(text),
            found["name"],
            default=default,
            default_if_empty=operator != "-",
            required="?" in operator,
        )


def _exec_form(text: str) -> list[str] | None:
    """The words of a JSON list of strings; ``None`` for anything else."""
    if not text.lstrip().startswith("["):
        return None
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(listed, list) and all(isinstance(word, str) for word in listed):
        return listed
    return None


_HANDLERS: Final[dict[str, Callable[[_Reader, _Draft, Instruction], None]]] = {
    name: getattr(_Reader, method)
    for name, method in {
        "ENV": "_env",
        "ARG": "_arg",
        "COPY": "_copy",
        "ADD": "_copy",
        "ENTRYPOINT": "_entrypoint",
        "CMD": "_cmd",
        "WORKDIR": "_workdir",
        "USER": "_user",
        "SHELL": "_shell",
    }.items()
}

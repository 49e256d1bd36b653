"""systemd service units (systemd.exec, systemd.service): what they start, with which environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy.model import (
    Command,
    Dialect,
    Fact,
    Launcher,
    Layer,
    Origin,
    Place,
    Reading,
    Run,
    Script,
    Setting,
    SettingsFile,
    Source,
    Strength,
    Unresolved,
    Value,
)
from selfstop.deploy.read import commands, docker_cli
from selfstop.deploy.read.invocation import Invocation, assignment, is_shell
from selfstop.deploy.read.marks import Marked, hide
from selfstop.deploy.read.variables import Argument, value_of

_SECTION: Final = re.compile(r"\[(?P<name>[^\]]+)\]\s*$")
_WORD: Final = re.compile(r"(?:[^\s'\"\\]|\\.|'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|['\"\\])+", re.DOTALL)
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)", re.DOTALL)
_VARIABLE: Final = re.compile(r"\$(?:\$|\{(?P<braced>\w+)\}|(?P<name>\w+))")
_PREFIXES: Final = "@-:+!"


def read(script: Script) -> Reading:
    """What a unit starts. A service starts by itself, so its strength is that of what nobody has to do."""
    marked = hide(script.text, script.variables)
    unit = _Unit(marked, script)
    for name, text, line in _entries(marked.text, script.place.line):
        unit.take(name, text, line)
    return Reading(tuple(unit.facts()))


def _entries(text: str, first_line: int) -> Iterator[tuple[str, str, int]]:
    """Name, value and line of the entries of ``[Service]``, continued lines joined."""
    lines = text.split("\n")
    section = ""
    position = 0
    while position < len(lines):
        line = first_line + position
        content, position = _joined(lines, position)
        if found := _SECTION.match(content):
            section = found["name"]
        name, sign, value = content.partition("=")
        if sign and section == "Service":
            yield name.strip(), value.strip(), line


def _joined(lines: list[str], position: int) -> tuple[str, int]:
    """A line with those that continue it; comments in between are left out."""
    pieces: list[str] = []
    while position < len(lines):
        line = lines[position].strip()
        position += 1
        if line.startswith(("#", ";")):
            if pieces:
                continue
            return "", position
        if not line.endswith("\\"):
            pieces.append(line)
            break
        pieces.append(line[:-1])
    return " ".join(pieces), position


@dataclass
class _Unit:
    marked: Marked
    script: Script
    settings: list[Setting] = field(default_factory=list)
    files: list[SettingsFile] = field(default_factory=list)
    starts: list[tuple[tuple[Argument, ...], int]] = field(default_factory=list)
    restart: Value | None = None
    workdir: Value | None = None

    def take(self, name: str, text: str, line: int) -> None:
        """Read one entry; an empty one takes back what was given before."""
        place = Place(self.script.place.path, line)
        match name:
            case "Environment":
                found = [assignment(Argument(self._plain(word), line), place, Layer.TABLE) for word in _words(text)]
                self.settings = [*self.settings, *(each for each in found if each)] if text else []
            case "PassEnvironment":
                self.settings.extend(
                    Setting(word, Value((Unresolved(word, word, Origin.HOST),)), Layer.TABLE, place)
                    for word in text.split()
                )
            case "EnvironmentFile":
                self.files = [*self.files, self._file(text, place)] if text else []
            case "ExecStart":
                words = tuple(Argument(self._expanded(word), line) for word in _words(text.lstrip(_PREFIXES)))
                self.starts = [*self.starts, (words, line)] if words else []
            case "Restart":
                self.restart = self._plain(text)
            case "WorkingDirectory":
                self.workdir = self._plain(text.lstrip("-"))

    def _file(self, text: str, place: Place) -> SettingsFile:
        return SettingsFile(self._plain(text.lstrip("-")), Dialect.SYSTEMD, place, required=not text.startswith("-"))

    def _plain(self, text: str) -> Value:
        return value_of(self.marked.parts(text.replace("%%", "%")))

    def _expanded(self, text: str) -> Value:
        """A word of a command: systemd puts in variables from its own environment table."""
        parts: list[str | Unresolved] = []
        position = 0
        for found in _VARIABLE.finditer(text):
            parts.extend(self._plain(text[position : found.start()]).parts)
            position = found.end()
            name = found["braced"] or found["name"]
            parts.append(Unresolved(found.group(), name) if name else "$")
        parts.extend(self._plain(text[position:]).parts)
        return value_of(parts)

    def facts(self) -> Iterator[Fact]:
        """One run for each command that the unit starts."""
        strength = min(self.script.strength, Strength.UNATTENDED)
        sources: tuple[Source, ...] = (*self.settings, *self.files)
        for words, line in self.starts:
            place = Place(self.script.place.path, line)
            invocation = Invocation(words, place, strength, self.script.conditions, sources)
            unwrapped, _ = commands.unwrap(invocation)
            if unwrapped.program in docker_cli.PROGRAMS:
                yield from (self._restarted(fact) for fact in commands.facts(invocation))
                continue
            yield Run(
                Launcher.SYSTEMD,
                place,
                sources=sources,
                command=Command(tuple(word.value for word in words), place),
                name=Value.of(self.script.place.path.rpartition("/")[2].removesuffix(".service")),
                restart=self.restart,
                workdir=self.workdir,
                strength=strength,
                conditions=self.script.conditions,
            )
            if is_shell(unwrapped.program):
                inner = [fact for fact in commands.facts(unwrapped) if isinstance(fact, Script)]
                yield from (fact for fact in inner if re.search(r"\b(?:docker|podman|nerdctl)\b", fact.text))

    def _restarted(self, fact: Fact) -> Fact:
        """A container that systemd starts again when it ends."""
        if isinstance(fact, Run) and fact.restart is None and self.restart is not None:
            return replace(fact, restart=self.restart)
        return fact


def _words(text: str) -> list[str]:
    return [_QUOTED.sub(lambda found: found[1] or found[2] or found[3] or "", word) for word in _WORD.findall(text)]

"""A command line in a value, split into words as compose does: quotes and backslashes of a shell, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field

from selfstop.deploy.model import Unresolved, Value
from selfstop.deploy.read.parts import joined


@dataclass(slots=True)
class _Splitter:
    words: list[Value] = field(default_factory=list)
    parts: list[str | Unresolved] = field(default_factory=list)
    quote: str = ""
    escaped: bool = False
    begun: bool = False

    def character(self, character: str) -> None:
        if self.escaped:
            self.escaped = False
            if self.quote and character not in {self.quote, "\\"}:
                self.add("\\")
            self.add(character)
        elif character == "\\" and self.quote != "'":
            self.escaped = self.begun = True
        elif self.quote:
            self.quoted(character)
        elif character in {"'", '"'}:
            self.quote, self.begun = character, True
        elif character.isspace():
            self.end()
        else:
            self.add(character)

    def quoted(self, character: str) -> None:
        if character == self.quote:
            self.quote = ""
        else:
            self.add(character)

    def add(self, part: str | Unresolved) -> None:
        self.begun = True
        self.parts.append(part)

    def end(self) -> None:
        if self.begun:
            self.words.append(joined(self.parts))
        self.parts, self.begun = [], False


def split(value: Value) -> tuple[Value, ...]:
    """The words of a command line. An unresolved part is part of one word; a quote left open ends at the end."""
    splitter = _Splitter()
    for part in value.parts:
        if isinstance(part, Unresolved):
            splitter.add(part)
        else:
            for character in part:
                splitter.character(character)
    splitter.end()
    return tuple(splitter.words)

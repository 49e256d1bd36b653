"""What going through a script gathers, whichever language it is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from selfstop.deploy.model import Condition, Fact, Place, Problem, Script, Value
from selfstop.deploy.read.conditions import simplified
from selfstop.deploy.read.invocation import Invocation, Piped
from selfstop.deploy.read.variables import Conditions, Content, Variables, value_of
from selfstop.deploy.read.written import written_files

MAX_STEPS: Final = 5_000
_MAX_CONDITIONS: Final = 64
_MAX_WORDS: Final = 2_000
_MAX_TEXT: Final = 256 << 10
_NO_FILES: Final = frozenset({"/dev/null", "/dev/stderr", "/dev/stdout", "NUL", "nul", "$null", ""})


class TooMany(Exception):
    """A script goes on and on."""


class State:
    """Facts, and the files that the script has written so far: what is in them, or which command made them."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.facts: list[Fact] = []
        self.texts: dict[str, Value] = {}
        self.lines: dict[str, int] = {}
        self.writers: dict[str, str] = {}
        self.line = script.place.line
        self.conditions = script.conditions
        self._steps = 0
        self._problems: list[Problem] = []

    def step(self, line: int, conditions: Conditions) -> None:
        """Come to the next command, which is at ``line``; `TooMany` once there were too many."""
        self.conditions = conditions
        self.line = line or self.line
        self.spend(1)

    def spend(self, steps: int) -> None:
        """Count what is done for a command; `TooMany` once that is too much."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TooMany

    def note(self, reason: str) -> None:
        """Note that something was not gone through."""
        problem = Problem(self.script.place.path, self.line, reason)
        if all(reason != known.reason for known in self._problems):
            self._problems.append(problem)

    def problems(self) -> tuple[Problem, ...]:
        """What was not gone through."""
        return tuple(self._problems)

    @contextmanager
    def bounded(self, variables: Variables) -> Iterator[None]:
        """Say what ended the way through a script too early: nesting, or variables that multiply."""
        try:
            yield
        except RecursionError:
            self.note("commands nest too deep; what follows is not read")
        except TooMany:
            self.note(f"more than {MAX_STEPS} commands, counting loops; what follows is not read")
        if variables.exhausted:
            self.note("variables are put into each other too often; the rest of them is left unresolved")

    def under(self, conditions: Conditions, further: Condition) -> Conditions:
        """Conditions with one more; beyond reason the last is kept, for what it guards to stay conditional."""
        if len(conditions) < _MAX_CONDITIONS:
            return (*conditions, further)
        self.note(f"more than {_MAX_CONDITIONS} conditions on top of each other")
        return (*conditions[:-1], further)

    def all_facts(self) -> tuple[Fact, ...]:
        """The facts, each of them once, and the files that were written."""
        return tuple(dict.fromkeys((*self.facts, *written_files(self.texts, self.lines, self.script))))

    def place(self, line: int) -> Place:
        """A line of the script."""
        return Place(self.script.place.path, line)

    def invocation(self, words: Content, line: int, conditions: Conditions, piped: Piped | None = None) -> Invocation:
        """A command as it is run here."""
        here = simplified(conditions)
        if len(words) > _MAX_WORDS:
            self.note(f"a command of more than {_MAX_WORDS} words")
            words = words[:_MAX_WORDS]
        return Invocation(words, self.place(line), self.script.strength, here, (), piped, self.texts, self.writers)

    def write(self, file: Value, output: Piped | None, source: str, *, append: bool) -> None:
        """A command writes a file; ``source`` is the command, where it is not known what it prints."""
        key = str(file)
        if key in _NO_FILES or (append and key in self.writers):
            return
        if output is None:
            self.texts.pop(key, None)
            self.writers[key] = " ".join(source.split())
            return
        before = self.texts.get(key, Value()) if append else Value()
        text = value_of((*before.parts, *output.text.parts))
        if len(str(text)) > _MAX_TEXT:
            self.note(f"a file of more than {_MAX_TEXT >> 10} KiB is written")
            self.texts.pop(key, None)
            return
        self.writers.pop(key, None)
        self.texts[key] = text
        if not append or key not in self.lines:
            self.lines[key] = output.line or self.line

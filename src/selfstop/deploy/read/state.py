"""What going through a script gathers, whichever language it is in."""

from __future__ import annotations

from typing import Final

from selfstop.deploy.model import Fact, Place, Problem, Script, Value
from selfstop.deploy.read.conditions import simplified
from selfstop.deploy.read.invocation import Invocation, Piped
from selfstop.deploy.read.variables import Conditions, Content, value_of
from selfstop.deploy.read.written import written_files

MAX_STEPS: Final = 20_000
_NO_FILES: Final = frozenset({"/dev/null", "/dev/stderr", "/dev/stdout", "NUL", "nul", "$null", ""})


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

    def step(self, line: int, conditions: Conditions) -> bool:
        """Come to the next command, which is at ``line``; false once there were too many."""
        self._steps += 1
        self.conditions = conditions
        self.line = line or self.line
        return self._steps <= MAX_STEPS

    def problems(self) -> tuple[Problem, ...]:
        """What was not gone through."""
        if self._steps <= MAX_STEPS:
            return ()
        return (Problem(self.script.place.path, 0, f"more than {MAX_STEPS} commands, counting loops"),)

    def all_facts(self) -> tuple[Fact, ...]:
        """The facts, each of them once, and the files that were written."""
        return tuple(dict.fromkeys((*self.facts, *written_files(self.texts, self.lines, self.script))))

    def place(self, line: int) -> Place:
        """A line of the script."""
        return Place(self.script.place.path, line)

    def invocation(self, words: Content, line: int, conditions: Conditions, piped: Piped | None = None) -> Invocation:
        """A command as it is run here."""
        here = simplified(conditions)
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
        self.writers.pop(key, None)
        self.texts[key] = value_of((*before.parts, *output.text.parts))
        if not append or key not in self.lines:
            self.lines[key] = output.line or self.line

"""What is loaded of a file: which functions in it are wanted, and what was lowered so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from selfstop.flow.code import FunctionCode, ModuleCode
from selfstop.flow.lower import Skeleton
from selfstop.project.repository.outline import Outline

SHORT = 100
"""Files of that many lines are taken whole: looking for what matters would cost more than it saves."""


@dataclass
class Loaded:
    """A file that matters: its outline, the functions (by line) whose bodies do, and what was lowered of it."""

    outline: Outline
    wanted: set[int]
    done: set[int] = field(default_factory=set)
    skeleton: Skeleton | None = None
    parts: list[FunctionCode] = field(default_factory=list)
    is_hopeless: bool = False
    _code: ModuleCode | None = None
    """What was last put together of ``skeleton`` and ``parts``."""

    def keep(self, lines: Iterable[int]) -> bool:
        """Want further functions; returns whether any is new."""
        new = set(lines) - self.wanted
        self.wanted |= new
        return bool(new) and not self.is_hopeless

    @property
    def open(self) -> tuple[int, ...] | None:
        """The functions still to be lowered; None if nothing is to be done."""
        if self.is_hopeless or (self.skeleton is not None and self.wanted <= self.done):
            return None
        return tuple(sorted(self.wanted - self.done))

    def take(self, skeleton: Skeleton | None, parts: Iterable[FunctionCode], lines: Iterable[int]) -> None:
        """Take up what was lowered, the functions at ``lines``."""
        self.skeleton = skeleton
        self.parts.extend(parts)
        self._code = None
        self.done.update(lines)

    @property
    def code(self) -> ModuleCode | None:
        """All of the file that was lowered; None as long as nothing was."""
        if self._code is None and self.skeleton is not None:
            self._code = self.skeleton.code.completed(self.parts)
        return self._code


def loaded(outline: Outline, lines: Iterable[int] = ()) -> Loaded:
    """A file of which the functions at ``lines`` matter; a short one is taken whole."""
    if len(outline.lines) <= SHORT:
        lines = [unit.line for unit in outline.units]
    return Loaded(outline, set(lines))

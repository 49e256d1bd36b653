"""Ways to stop calls: from which entry a stop call is reached, and under which conditions, as plain values.

The conditions are small expressions over the environment variables that they come from, so that they can be
evaluated with the values of a deployment (`selfstop.evaluation`). Nothing here refers to a syntax tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from selfstop.model import Report, StopCall, WitnessStep

MODULE_BODY: Final = "<module>"
"""What the body of a module is called as a function."""


@dataclass(frozen=True)
class Literal:
    """A constant."""

    value: bool | int | float | str | None


@dataclass(frozen=True)
class Read:
    """The text of an environment variable; ``default`` (an expression) stands in where it is not set."""

    variable: str
    default: Expression | None = None


@dataclass(frozen=True)
class Operation:
    """An operation by name (``int``, ``<``, ``max``, ``not``, ``if`` …) on operands."""

    name: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Choice:
    """One of several things that a variable is bound to somewhere."""

    options: tuple[Expression, ...]


@dataclass(frozen=True)
class Open:
    """What only the running program knows; ``text`` names it."""

    text: str


Expression = Literal | Read | Operation | Choice | Open


@dataclass(frozen=True)
class Guard:
    """A measure that counts from 0 compared with a ``limit``; ``relation`` is ``>=``, ``>``, ``==``, ``<``, ``<=``."""

    limit: Expression
    relation: str


@dataclass(frozen=True)
class WayCondition:
    """A condition that holds when the stop call is made.

    ``test`` is a `Guard` where a measure is compared with a threshold; else an expression that ``holds`` or
    does not. ``text`` is the condition as a reader would write it. ``decides`` marks threshold guards and off
    switches: what a deployment is meant to set.
    """

    test: Guard | Expression
    holds: bool
    text: str
    decides: bool = False

    @property
    def is_guard(self) -> bool:
        """Whether it compares a measure with a threshold."""
        return isinstance(self.test, Guard)

    @property
    def reads(self) -> Iterator[Read]:
        """The environment variables that it depends on."""
        yield from reads(self.test.limit if isinstance(self.test, Guard) else self.test)

    @property
    def settings(self) -> Iterator[Read]:
        """The environment variables by which a deployment decides."""
        if self.decides:
            yield from self.reads


@dataclass(frozen=True, order=True)
class Entry:
    """Where the program is entered: the module body of a file (``<module>``) or a function of it.

    ``scripted`` says that the way begins in what only runs if the file is started, not if it is imported.
    """

    path: str
    function: str
    scripted: bool = False


@dataclass(frozen=True)
class Way:
    """One class of paths from ``entry`` to a stop call; ``files`` are those that it leads through.

    ``guarded`` tells that some condition is a threshold guard, in the sense of the rules.
    """

    entry: Entry
    conditions: tuple[WayCondition, ...]
    files: tuple[str, ...]
    guarded: bool = False


@dataclass(frozen=True)
class StopSite:
    """A stop call with all ways to it; ``code`` is the rule that reports it, empty for one that is guarded."""

    call: StopCall
    code: str
    ways: tuple[Way, ...]
    witness: tuple[WitnessStep, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that decide, those of guards first."""
        conditions = [condition for way in self.ways for condition in way.conditions]
        conditions.sort(key=lambda condition: not condition.is_guard)
        return tuple(dict.fromkeys(read.variable for condition in conditions for read in condition.settings))

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries from which it is reached."""
        return tuple(dict.fromkeys(way.entry for way in self.ways))

    def from_entry(self, entry: Entry) -> tuple[Way, ...]:
        """The ways that begin at ``entry``."""
        return tuple(way for way in self.ways if way.entry == entry)


@dataclass(frozen=True)
class Survey:
    """A report with the ways to all its stop calls."""

    report: Report
    sites: tuple[StopSite, ...] = ()


def reads(expression: Expression) -> Iterator[Read]:
    """The environment variables in ``expression``, outermost first."""
    match expression:
        case Read(default=default):
            yield expression
            if default is not None:
                yield from reads(default)
        case Operation(operands=parts) | Choice(options=parts):
            for part in parts:
                yield from reads(part)

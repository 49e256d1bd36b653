"""One run of a generated program: its decisions, and numbers that tell it what they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.oracle.memory import Fact, Key, Memory

LIMIT: Final = 2
EXCEPTIONS: Final = (ValueError, OSError, KeyboardInterrupt)
"""What an opaque call in a certain line raises; the last is none that ``except Exception`` takes."""


class Exhausted(BaseException):
    """More was decided than a run may decide: it ends, whatever handlers and ``finally`` blocks say."""


@dataclass
class Decisions:
    """The choices of one run: first those that were given, then the first of each, or what ``draw`` says."""

    given: tuple[int, ...]
    most: int
    draw: Callable[[int], int] | None = None
    taken: list[tuple[int, int]] = field(default_factory=list)

    def choose(self, count: int) -> int:
        """A number below ``count``."""
        position = len(self.taken)
        if position >= self.most:
            raise Exhausted
        rest = 0 if self.draw is None or position < len(self.given) else self.draw(count)
        choice = self.given[position] if position < len(self.given) else rest
        self.taken.append((choice, count))
        return choice


@dataclass(frozen=True)
class Arrival:
    """What held when a stop call was reached.

    ``bare_finally`` are the lines in its chain of calls that stand in a ``finally`` block in which nothing was asked,
    ``has_default`` tells that a threshold that is missing outside and positive by default had been reached,
    ``by_default`` that nothing else guarded it.
    """

    facts: frozenset[tuple[Key, str]]
    strict: bool
    bare_finally: frozenset[int]
    has_default: bool = False
    by_default: bool = False


@dataclass
class Run:
    """One run: its decisions, what it knows, and where it stopped the machine (by the lines of the calls)."""

    decisions: Decisions
    may_raise: bool
    finallies: tuple[tuple[int, int], ...] = ()
    exceptions: tuple[type[BaseException], ...] = ()
    memory: Memory = field(default_factory=Memory)
    arrivals: list[tuple[tuple[int, ...], Arrival]] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    asked: int = 0
    over: bool = False
    _asked_at: dict[int, int] = field(default_factory=dict)
    _rounds: dict[int, int] = field(default_factory=dict)

    def choose(self, count: int) -> int:
        """Decide, or end the run if it has decided enough."""
        if self.over:
            raise Exhausted
        try:
            return self.decisions.choose(count)
        except Exhausted:
            self.over = True
            raise

    def perhaps_raise(self, line: int) -> None:
        """An exception may come from any call."""
        kinds = self.exceptions or (EXCEPTIONS[line % len(EXCEPTIONS)],)
        if self.may_raise and (choice := self.choose(1 + len(kinds))):
            raise kinds[choice - 1](line)

    def stop(self, line: int, machines: Iterable[Machine]) -> None:
        """The machines are stopped; nothing says that the program ends with that."""
        if self.over:
            raise Exhausted
        chain = (*self.calls, line)
        bare = frozenset(place for place in chain if self._is_bare(place))
        for machine in machines:
            known = self.memory.together(machine.known)
            has_default = any(fact.setting in self.missing for fact in known.facts)
            by_default = has_default and known.is_guarded_by(self.missing)
            arrival = Arrival(known.valid(), known.is_guarded_strictly(), bare, has_default, by_default)
            self.arrivals.append((chain, arrival))
        self.perhaps_raise(line)

    def _is_bare(self, line: int) -> bool:
        around = [block for block in self.finallies if block[0] <= line <= block[1]]
        return bool(around) and self._asked_at.get(max(around)[0]) == self.asked

    def finally_entered(self, line: int) -> None:
        """A ``finally`` block begins."""
        self._asked_at[line] = self.asked

    def loop_begun(self, loop: int) -> None:
        """A loop is about to begin."""
        self._rounds[loop] = 0
        self.memory.begun(loop)

    def loop_round(self, loop: int) -> bool:
        """The header of a loop is reached; false if the run is over."""
        self._rounds[loop] += 1
        if self._rounds[loop] > 1:
            self.memory.next_round(loop)
        if self._rounds[loop] > LIMIT + 2:
            self.over = True
        return not self.over

    def compared(self, operator: str, left: Number | int, right: Number | int, holds: bool) -> None:
        """Take note of a comparison that has been made."""
        self.asked += 1
        upwards = {">": 1, ">=": 1, "<": -1, "<=": -1}[operator] * (1 if holds else -1)
        if isinstance(left, Measure) and not isinstance(right, Measure):
            self._measured(left, right, upwards)
        elif isinstance(right, Measure) and not isinstance(left, Measure):
            self._measured(right, left, -upwards)
        elif isinstance(left, Limit) and holds and (operator, int(right)) in {(">", 0), (">=", 1)}:
            self.memory.switched(left.name, on=True)

    def _measured(self, measure: Measure, limit: Number | int, direction: int) -> None:
        if isinstance(limit, Limit):
            natural = (direction > 0) == limit.rising
            if natural or not limit.rising:
                setting = limit.name if limit.is_setting and limit.rising else ""
                self.memory.tested(
                    Fact(limit.name, measure.own, measure.places, direction > 0, setting, strict=natural)
                )
            else:
                self.memory.answered_below(limit.name, measure.own, measure.places)
                if int(limit) > int(measure) >= 0:
                    self.memory.switched(limit.name, on=False)
        elif direction > 0 and int(limit) >= LIMIT:
            self.memory.tested(Fact(str(int(limit)), measure.own, measure.places))
        else:
            self.memory.answered_below(str(int(limit)), measure.own, measure.places)


class Number(int):
    """A number that takes part in comparisons and knows its run."""

    run: Run

    def _compare(self, operator: str, other: object, holds: bool) -> bool:
        assert isinstance(other, int)
        self.run.compared(operator, self, other, holds)
        return holds

    def __lt__(self, other: int) -> bool:
        return self._compare("<", other, int(self) < int(other))

    def __le__(self, other: int) -> bool:
        return self._compare("<=", other, int(self) <= int(other))

    def __gt__(self, other: int) -> bool:
        return self._compare(">", other, int(self) > int(other))

    def __ge__(self, other: int) -> bool:
        return self._compare(">=", other, int(self) >= int(other))


class Measure(Number):
    """What is counted or timed, with the places it was read from, and all that these were copied from."""

    own: frozenset[str]
    places: frozenset[str]

    def __add__(self, other: int) -> Measure:
        return measure(self.run, int(self) + int(other), self.own | own_of(other), self.places | places_of(other))

    def __sub__(self, other: int) -> Measure:
        return measure(self.run, int(self) - int(other), self.own | own_of(other), self.places | places_of(other))


class Limit(Number):
    """A threshold; a setting comes from outside. If not ``rising``, what is below it is idle."""

    name: str
    is_setting: bool
    rising: bool

    def __bool__(self) -> bool:
        self.run.asked += 1
        if int(self):
            self.run.memory.switched(self.name, on=True)
        return bool(int(self))


class Machine(str):
    """The name of a machine, with what was known when it was named."""

    __slots__ = ("known",)
    known: Memory


@dataclass(frozen=True)
class Switch:
    """A boolean setting, named so that true means on."""

    run: Run
    on: bool

    def __bool__(self) -> bool:
        self.run.asked += 1
        self.run.memory.switched("", on=self.on)
        return self.on


def own_of(value: object) -> frozenset[str]:
    """The places a value was read from."""
    return value.own if isinstance(value, Measure) else frozenset()


def places_of(value: object) -> frozenset[str]:
    """These, and the places they were copied from."""
    return value.places if isinstance(value, Measure) else frozenset()


def measure(run: Run, value: int, own: frozenset[str], places: frozenset[str]) -> Measure:
    """A measured number with its places."""
    made = Measure(value)
    made.run, made.own, made.places = run, own, places
    return made


def machine(run: Run, name: str) -> Machine:
    """A machine that is named at this moment."""
    made = Machine(name)
    made.known = run.memory.copy()
    return made


def limit(run: Run, name: str, value: int, *, is_setting: bool) -> Limit:
    """A threshold by its name."""
    made = Limit(value)
    made.run, made.name, made.is_setting, made.rising = run, name, is_setting, "CPU" not in name
    return made

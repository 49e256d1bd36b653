"""Many programs, one after the other or in several processes, and what came of them."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import Final

from tests.oracle.comparison import Outcome, Worth, compare
from tests.oracle.execution import DEFAULT, Bounds
from tests.oracle.programs import program
from tests.oracle.shrinking import shrink

CHUNK: Final = 50


@dataclass(frozen=True)
class Failure:
    """A program for which the engine failed, or missed what a run has shown."""

    name: str
    source: str
    what: str


@dataclass
class Tally:
    """Sums over the programs of a campaign. ``alarms`` counts findings by code and worth."""

    programs: int = 0
    runs: int = 0
    complete: int = 0
    guarded: int = 0
    alarms: Counter[tuple[str, Worth]] = field(default_factory=Counter)
    real: Counter[bool | None] = field(default_factory=Counter)
    missed: list[Failure] = field(default_factory=list)
    crashes: list[Failure] = field(default_factory=list)
    unreal: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def add(self, name: str, outcome: Outcome) -> None:
        """Take in one program."""
        self.programs += 1
        self.runs += outcome.runs
        self.complete += outcome.complete
        self.guarded += outcome.guarded
        self.alarms.update((each.code, each.worth) for each in outcome.reported)
        self.real.update(each.is_real for each in outcome.reported)
        if outcome.missed:
            what = "\n".join(f"reached through lines {each.chain}, decided {each.decided}" for each in outcome.missed)
            self.missed.append(Failure(name, outcome.source, what))
        if any(each.is_real is False for each in outcome.reported):
            self.unreal.append(name)
        if any(each.worth is Worth.FALSE_ALARM for each in outcome.reported):
            self.false.append(name)

    def merge(self, other: Tally) -> None:
        """Take in the sums of another part of the campaign."""
        for name in ("programs", "runs", "complete", "guarded"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.alarms.update(other.alarms)
        self.real.update(other.real)
        for kept, more in (
            (self.missed, other.missed),
            (self.crashes, other.crashes),
        ):
            kept.extend(more)
        self.unreal.extend(other.unreal)
        self.false.extend(other.false)

    def count(self, *worths: Worth) -> int:
        """How many findings are worth one of these."""
        return sum(number for (_, worth), number in self.alarms.items() if worth in worths)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was missed and nothing failed."""
        return not self.missed and not self.crashes


def tally(sources: Iterable[tuple[str, str]], bounds: Bounds = DEFAULT, *, witnesses: bool = True) -> Tally:
    """Compare programs, each given by a name and its source."""
    found = Tally()
    for name, source in sources:
        try:
            found.add(name, compare(source, bounds, witnesses=witnesses))
        except Exception:  # noqa: BLE001 - a campaign goes on and tells of it at its end
            found.programs += 1
            found.crashes.append(Failure(name, source, traceback.format_exc()))
    return found


def generated(first: int, count: int) -> Iterator[tuple[str, str]]:
    """The generated programs by their numbers."""
    for seed in range(first, first + count):
        yield f"program {seed}", program(Random(seed))


def _chunk(bounds: Bounds, first: int, count: int) -> Tally:
    return tally(generated(first, count), bounds)


def run(first: int, count: int, bounds: Bounds, jobs: int, tell: Callable[[Tally], None]) -> Tally:
    """Compare generated programs in ``jobs`` processes; ``tell`` hears of the sums now and then."""
    found = Tally()
    starts = range(first, first + count, CHUNK)
    sizes = [min(CHUNK, first + count - start) for start in starts]
    if jobs == 1:
        for start, size in zip(starts, sizes, strict=True):
            found.merge(_chunk(bounds, start, size))
            tell(found)
        return found
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for part in pool.map(partial(_chunk, bounds), starts, sizes):
            found.merge(part)
            tell(found)
    return found


def shrunk(failure: Failure, bounds: Bounds) -> Failure:
    """The same failure shown by a smaller program."""

    def shows(source: str) -> bool:
        try:
            return bool(compare(source, bounds, witnesses=False).missed)
        except Exception:  # noqa: BLE001 - a candidate may use a name whose definition was left out
            return False

    source = shrink(failure.source, shows)
    again = Tally()
    again.add(failure.name, compare(source, bounds, witnesses=False))
    return again.missed[0] if again.missed else failure

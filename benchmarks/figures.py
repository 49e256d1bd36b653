"""From samples to figures: medians, ratios of paired runs, growth, and whether a target is reached."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Sample


@dataclass(frozen=True)
class Target:
    """A limit for a ratio. ``ratio`` is ours by theirs for a maximum, theirs by ours for a minimum."""

    limit: float
    is_maximum: bool
    is_strict: bool = False

    def reached(self, ratio: float) -> bool:
        """Whether a ratio keeps to the limit."""
        if ratio == self.limit:
            return not self.is_strict
        return (ratio < self.limit) == self.is_maximum

    def __str__(self) -> str:
        sign = "<" if self.is_maximum else ">"
        return f"{sign if self.is_strict else sign + '='} {self.limit:g}"


def at_most(limit: float) -> Target:
    """Ours takes at most ``limit`` times as long as theirs."""
    return Target(limit, is_maximum=True)


def at_least(limit: float) -> Target:
    """Ours is at least ``limit`` times as fast as theirs."""
    return Target(limit, is_maximum=False)


def faster() -> Target:
    """Ours is faster than theirs."""
    return Target(1, is_maximum=False, is_strict=True)


def slower_by(share: float) -> Target:
    """Ours takes longer than theirs by at most this share of its time."""
    return Target(1 + share, is_maximum=True)


@dataclass(frozen=True)
class Spread:
    """A median, and the lowest and the highest value."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Summarise at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Comparison:
    """Two series of paired runs. ``cpu`` is the ratio of the medians of processor time."""

    ours: Spread
    theirs: Spread
    ratio: Spread
    cpu: float


def compare(ours: Sequence[Sample], theirs: Sequence[Sample], *, theirs_by_ours: bool) -> Comparison:
    """Divide run by run: what disturbs the machine for a while disturbs both runs of a pair."""
    pairs = list(zip(ours, theirs, strict=True))
    return Comparison(
        ours=spread([run.seconds for run in ours]),
        theirs=spread([run.seconds for run in theirs]),
        ratio=spread([_ratio(a.seconds, b.seconds, turned=theirs_by_ours) for a, b in pairs]),
        cpu=_ratio(
            statistics.median(run.cpu for run in ours),
            statistics.median(run.cpu for run in theirs),
            turned=theirs_by_ours,
        ),
    )


def together(first: Sequence[Sample], second: Sequence[Sample]) -> list[Sample]:
    """Add the runs of two programs, round by round, as if one ran after the other."""
    return [Sample(a.seconds + b.seconds, a.cpu + b.cpu) for a, b in zip(first, second, strict=True)]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """How cost grows with size: the slope of the line through both logarithms, 1 where it is proportional."""
    return statistics.linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope


def _ratio(ours: float, theirs: float, *, turned: bool) -> float:
    return theirs / ours if turned else ours / theirs

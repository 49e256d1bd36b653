"""Many programs, one after the other or in several processes, and what came of them."""

from __future__ import annotations

import gc
import itertools
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final

from selfstop.stack import with_deep_stack
from tests.expectations import parse_expectations
from tests.oracle import mutants, project_mutants, shapes
from tests.oracle.comparison import Outcome, Worth, compare, compare_together, reported_lines, stopping_lines
from tests.oracle.execution import DEFAULT, Bounds
from tests.oracle.forms import Form
from tests.oracle.programs import program
from tests.oracle.shrinking import shrink

CHUNK: Final = 50
TOGETHER: Final = 40
KINDS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {"single": shapes.single, "nested": shapes.nested}
GUARDED_INSIDE: Final = frozenset({("callbacks", "cinema/evening.py", 20)})
"""Calls of a project whose guard stands in what they call."""

SMALL: Final = Bounds(decisions=9, runs=400, samples=0, exceptions=(ValueError, KeyboardInterrupt))
"""Bounds for small ``try`` statements: what one round of their loop and the beginning of another decide."""


@dataclass(frozen=True)
class Failure:
    """A program for which the engine failed, or missed what a run has shown."""

    name: str
    source: str
    what: str


@dataclass
class Tally:
    """Sums over the programs of a campaign.

    ``alarms`` counts findings by code and worth, ``forms`` those of which no run takes the way, by what is to blame.
    """

    programs: int = 0
    runs: int = 0
    complete: int = 0
    guarded: int = 0
    alarms: Counter[tuple[str, Worth]] = field(default_factory=Counter)
    forms: Counter[tuple[Worth, Form]] = field(default_factory=Counter)
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
        self.forms.update((each.worth, each.form) for each in outcome.reported if each.form is not None)
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
        self.forms.update(other.forms)
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


def exhaustive(kind: str, numbers: Iterable[int]) -> Tally:
    """Compare small ``try`` statements, each given by its number."""
    functions = list(KINDS[kind]())
    found = Tally()
    for batch in _batched(numbers):
        outcomes = compare_together(shapes.HEADER, [functions[number] for number in batch], SMALL)
        for number, outcome in zip(batch, outcomes, strict=True):
            found.add(f"{kind} {number}", outcome)
    return found


def mutated(path: str, source: str, *, step: int = 1) -> Iterator[str]:
    """What is wrong with the verdicts on mutants of a fixture; of the mutants of single functions each ``step``-th."""
    guarded = sorted(parse_expectations(source.encode()).guarded)
    still = set(guarded) - stopping_lines(mutants.nothing_compared(source))
    yield from (f"{path}:{line}: silent although nothing is compared" for line in sorted(still))
    for mutant in itertools.islice(mutants.of_functions(source, guarded), 0, None, step):
        if mutant.line not in reported_lines(mutant.source):
            yield f"{path}: silent with {mutant.kind}\n{mutant.source}"
    for pair in itertools.islice(mutants.either_way(source, guarded), 0, None, step):
        if sum(each.line in reported_lines(each.source) for each in pair) != 1:
            yield f"{path}: not exactly one reported with {pair[0].kind}\n{pair[0].source}"


@dataclass(frozen=True)
class Project:
    """A fixture of several files: ``silent`` are the places of its guarded calls."""

    name: str
    files: Mapping[str, str]
    silent: frozenset[tuple[str, int]]

    def wrong(self) -> list[str]:
        """What is wrong with the verdicts on its mutants."""
        inside = {(path, line) for name, path, line in GUARDED_INSIDE if name == self.name}
        return [f"{self.name}/{found}" for found in project_mutants.mutated(self.files, self.silent, inside)]


def projects(fixtures: Path) -> Iterator[Project]:
    """The fixtures of several files in which a call is silent."""
    for folder in [*sorted((fixtures / "projects").iterdir()), fixtures / "academy"]:
        paths = sorted(folder.rglob("*.py"))
        files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
        silent = {
            (path, line) for path, source in files.items() for line in parse_expectations(source.encode()).guarded
        }
        if silent:
            yield Project(folder.name, files, frozenset(silent))


def _batched(numbers: Iterable[int]) -> Iterator[tuple[int, ...]]:
    rest = iter(numbers)
    while batch := tuple(itertools.islice(rest, TOGETHER)):
        yield batch


def size_of(kind: str) -> int:
    """How many cases there are of a kind that is exhaustive."""
    return sum(1 for _ in KINDS[kind]())


def _chunk(kind: str, bounds: Bounds, first: int, count: int) -> Tally:
    """Trees and graphs refer to themselves, and few of them live long: they are collected at the end of a chunk."""

    def compared() -> Tally:
        if kind in KINDS:
            return exhaustive(kind, range(first, first + count))
        return tally(generated(first, count), bounds)

    gc.disable()
    try:
        return with_deep_stack(compared)
    finally:
        gc.enable()
        gc.collect()


def run(kind: str, first: int, count: int, bounds: Bounds, jobs: int, tell: Callable[[Tally], None]) -> Tally:
    """Compare cases of a kind in ``jobs`` processes; ``tell`` hears of the sums now and then."""
    found = Tally()
    chunk = CHUNK if kind not in KINDS else 20 * TOGETHER
    starts = range(first, first + count, chunk)
    sizes = [min(chunk, first + count - start) for start in starts]
    work = partial(_chunk, kind, bounds)
    with ExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))) if jobs > 1 else None
        for part in (pool.map if pool else map)(work, starts, sizes):
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

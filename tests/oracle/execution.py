"""Runs a program under every combination of what the outside may do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from types import FrameType
from typing import Any, Final

from tests.oracle.hooks import Hooks
from tests.oracle.instrument import FILE, Entry, Instrumented
from tests.oracle.outside import Opaque, builtins_for
from tests.oracle.world import LIMIT, Arrival, Decisions, Exhausted, Run, limit, measure

MOST_ENTRIES: Final = 3
"""How often the outside enters a program whose objects or globals remember earlier calls."""

Chain = tuple[int, ...]
"""The lines of the calls that led to a stop, the stop call's own last."""


@dataclass(frozen=True)
class Bounds:
    """How far a program is explored: decisions in a run, runs in order, and random runs if those were not enough.

    Whatever may raise raises one exception, which depends on its line, or each of ``exceptions``.
    """

    decisions: int = 12
    runs: int = 120
    samples: int = 20
    exceptions: tuple[type[BaseException], ...] = ()


DEFAULT: Final = Bounds()


@dataclass
class Exploration:
    """What was seen: for each chain of calls the ways in which it arrived, and the decisions that led there.

    ``complete`` tells that there are no other runs within the bounds of one run, ``runs`` how many there were.
    """

    arrivals: dict[Chain, dict[Arrival, tuple[int, ...]]] = field(default_factory=dict)
    complete: bool = False
    runs: int = 0

    def add(self, run: Run) -> bool:
        """Take in what a run has shown; whether it was new."""
        self.runs += 1
        known = sum(map(len, self.arrivals.values()))
        for chain, arrival in run.arrivals:
            decided = tuple(choice for choice, _ in run.decisions.taken)
            self.arrivals.setdefault(chain, {}).setdefault(arrival, decided)
        return sum(map(len, self.arrivals.values())) > known


def explore(
    program: Instrumented, bounds: Bounds = DEFAULT, enough: Callable[[Exploration], bool] | None = None
) -> Exploration:
    """Run ``program`` until all has been seen, the bounds are reached, or ``enough`` has been seen."""
    found = Exploration()
    given: tuple[int, ...] | None = ()
    while given is not None and found.runs < bounds.runs:
        run = perform(program, Decisions(given, bounds.decisions), bounds.exceptions)
        if found.add(run) and enough is not None and enough(found):
            return found
        given = following(run.decisions.taken)
    if given is None:
        found.complete = True
        return found
    random = Random(len(found.arrivals))
    for _ in range(bounds.samples):
        run = perform(program, Decisions((), 2 * bounds.decisions, random.randrange), bounds.exceptions)
        if found.add(run) and enough is not None and enough(found):
            break
    return found


def following(taken: list[tuple[int, int]]) -> tuple[int, ...] | None:
    """The decisions after ``taken`` in order; none if these were the last."""
    last = len(taken)
    while last and taken[last - 1][0] + 1 == taken[last - 1][1]:
        last -= 1
    if not last:
        return None
    return (*(choice for choice, _ in taken[: last - 1]), taken[last - 1][0] + 1)


def perform(program: Instrumented, decisions: Decisions, exceptions: tuple[type[BaseException], ...] = ()) -> Run:
    """One run of ``program``."""
    run = Run(decisions, program.handles, program.finallies, exceptions)
    hooks = Hooks(run)
    names: dict[str, Any] = {"__name__": "program", "__builtins__": builtins_for(run), **hooks.names()}
    try:
        codes = program.codes
        exec(codes[run.choose(len(codes))] if len(codes) > 1 else codes[0], names)
        _enter(program, run, names)
    except (Exhausted, ImportError):
        pass
    finally:
        hooks.over()
    return run


def _enter(program: Instrumented, run: Run, names: Mapping[str, Any]) -> None:
    """Enter the program from outside: once, or as often as something may be remembered in between.

    A run has one object: what attributes hold is told apart by their names alone.
    """
    if not program.entries:
        return
    classes = sorted({entry.cls for entry in program.entries})
    cls = classes[run.choose(len(classes))] if len(classes) > 1 else classes[0]
    entries = [entry for entry in program.entries if entry.cls == cls]
    objects: dict[str, Any] = {}
    for count in range(MOST_ENTRIES if program.remembers else 1):
        if count and not run.choose(2):
            return
        entry = entries[run.choose(len(entries))] if len(entries) > 1 else entries[0]
        run.memory.forget_locals()
        try:
            _call(entry, run, names, objects)
        except Exhausted:
            raise
        except BaseException:  # noqa: BLE001 - whatever a program raises ends it
            return


def _call(entry: Entry, run: Run, names: Mapping[str, Any], objects: dict[str, Any]) -> None:
    arguments = [_argument(name, run) for name in entry.parameters]
    if entry.cls and entry.cls not in objects:
        objects[entry.cls] = names[entry.cls]()
    function = getattr(objects[entry.cls], entry.name) if entry.cls else names[entry.name]
    result = function(*arguments)
    if entry.is_async:
        try:
            result.send(None)
        except StopIteration:
            return


def _argument(name: str, run: Run) -> object:
    """What the outside hands over: numbers, limits and answers by the name of the parameter."""
    match name:
        case "limit":
            return limit(run, "limit", LIMIT, is_setting=False)
        case "idle" | "polls":
            return measure(run, LIMIT * run.choose(2), frozenset(), frozenset())
        case "leave":
            return bool(run.choose(2))
    return Opaque(run)


def ways(program: Instrumented, bounds: Bounds) -> Iterator[list[int]]:
    """The lines of one run after the other."""
    given: tuple[int, ...] | None = ()
    for _ in range(bounds.runs):
        if given is None:
            return
        decisions = Decisions(given, bounds.decisions)
        yield lines_of(program, decisions, bounds)
        given = following(decisions.taken)


def lines_of(program: Instrumented, decisions: Decisions, bounds: Bounds = DEFAULT) -> list[int]:
    """The lines that a run takes, in order, the lines of functions that it enters included."""
    lines: list[int] = []

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename != FILE:
            return None
        if event in {"call", "line"}:
            lines.append(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        perform(program, decisions, bounds.exceptions)
    finally:
        sys.settrace(before)
    return lines

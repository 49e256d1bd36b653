"""Compares what the engine says of a program with what its runs show."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import Final

from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.model import Finding, Report, StepKind
from tests.oracle.execution import DEFAULT, Bounds, Chain, Exploration, explore, lines_of, ways
from tests.oracle.forms import NO_STEPS, Form, form_of
from tests.oracle.instrument import Instrumented, instrument
from tests.oracle.memory import DENIED, HELD, RESET
from tests.oracle.world import Arrival, Decisions

PATH: Final = "program.py"
CLEANUP: Final = "SST102"
ON_BY_DEFAULT: Final = "SST201"


class Worth(Enum):
    """What the runs say of a finding."""

    ALARM = "reached unguarded"
    RULE = "clean-up, which is reported under a guard as well"
    STALE = "guarded by a test whose measure was copied, reset or remembered since"
    OPEN = "not reached within the bounds"
    FALSE_ALARM = "never reached unguarded"
    UNREACHED = "never reached at all"


@dataclass(frozen=True)
class Missed:
    """A stop call that a run reaches unguarded, by a chain of calls of which the engine reports none."""

    chain: Chain
    arrival: Arrival
    decided: tuple[int, ...]


@dataclass(frozen=True)
class Reported:
    """A finding, and what the runs say of it.

    ``is_real`` tells whether some run takes the way of the witness, ``form`` for which form of the program none does.
    """

    line: int
    code: str
    worth: Worth
    is_real: bool | None
    form: Form | None = None


@dataclass(frozen=True)
class Outcome:
    """The comparison for one program."""

    source: str
    missed: tuple[Missed, ...]
    reported: tuple[Reported, ...]
    guarded: int
    runs: int
    complete: bool


def compare(source: str, bounds: Bounds = DEFAULT, *, witnesses: bool = True) -> Outcome:
    """Judge ``source``, run it, and compare. Whatever the engine fails with is not caught."""
    return confront(judged(source), source, bounds, witnesses=witnesses)


def compare_together(header: str, functions: Sequence[str], bounds: Bounds = DEFAULT) -> list[Outcome]:
    """Judge functions that know nothing of each other as one file, and run each alone: one ``f`` a text."""
    parts = [text.replace("def f(", f"def f{number}(", 1) for number, text in enumerate(functions)]
    report = judged(header + "".join(parts))
    start = header.count("\n")
    outcomes = []
    for part in parts:
        end = start + part.count("\n")
        alone = header + "\n" * (start - header.count("\n")) + part
        outcomes.append(confront(_between(report, start + 1, end), alone, bounds))
        start = end
    return outcomes


def _between(report: Report, first: int, last: int) -> Report:
    """What a report says of some lines."""
    return replace(
        report,
        findings=tuple(each for each in report.findings if first <= each.call.span.line <= last),
        guarded=tuple(each for each in report.guarded if first <= each.span.line <= last),
    )


def confront(report: Report, source: str, bounds: Bounds, *, witnesses: bool = True) -> Outcome:
    """Compare what was said of ``source`` with its runs."""
    program = instrument(source)
    found = explore(program, bounds, partial(_is_settled, report))
    missed = tuple(_missed(report, found, _lines_of_stoppers(source)))
    reported = tuple(_reported(report, program, found, bounds, witnesses=witnesses))
    return Outcome(source, missed, reported, len(report.guarded), found.runs, found.complete)


def judged(source: str) -> Report:
    """What the engine says of ``source``."""
    return judged_together({PATH: source})


def judged_together(files: Mapping[str, str]) -> Report:
    """What the engine says of the files of a project."""
    report = check({path: text.encode() for path, text in files.items()}, EngineOptions())
    assert not report.errors, report.errors
    return report


def reported_lines(source: str) -> set[int]:
    """The lines of the calls that are reported, defaults of settings aside."""
    return {finding.call.span.line for finding in judged(source).findings if finding.code != ON_BY_DEFAULT}


def stopping_lines(source: str) -> set[int]:
    """The lines of the stop calls to which what is reported leads: a helper's may be reported where it is called."""
    findings = [finding for finding in judged(source).findings if finding.code != ON_BY_DEFAULT]
    steps = (step for finding in findings for step in finding.witness if step.kind is StepKind.STOP)
    return {finding.call.span.line for finding in findings} | {step.line for step in steps}


def _is_settled(report: Report, found: Exploration) -> bool:
    """Whether further runs can show nothing: all that is called stop is reported, and rightly so."""
    if report.guarded:
        return False
    unguarded = {line for chain, _, _ in unguarded_arrivals(found) for line in chain}
    return all(finding.call.span.line in unguarded for finding in report.findings)


def unguarded_arrivals(found: Exploration) -> Iterator[tuple[Chain, Arrival, tuple[int, ...]]]:
    """The arrivals at stop calls at which no threshold guard held.

    One that was reset is lost where it is not on other ways to the call, one that was denied if it is on all of them:
    otherwise the second answer has decided nothing.
    """
    for chain, arrivals in found.arrivals.items():
        kept = {key for arrival in arrivals for key, standing in arrival.facts if standing == HELD}
        lost = {RESET: True, DENIED: False}
        for arrival, decided in arrivals.items():
            if all(lost.get(standing) is (key in kept) for key, standing in arrival.facts):
                yield chain, arrival, decided


def _missed(report: Report, found: Exploration, stoppers: frozenset[int]) -> Iterator[Missed]:
    """``stoppers`` are the lines of functions named so: of a ``finally`` there their callers decide."""
    lines = _lines_of(report, lambda code: code != ON_BY_DEFAULT)
    by_default = _lines_of(report, lambda code: code == ON_BY_DEFAULT)
    for chain, arrival, decided in unguarded_arrivals(found):
        if lines.isdisjoint(chain):
            yield Missed(chain, arrival, decided)
    for chain, arrivals in found.arrivals.items():
        for arrival, decided in arrivals.items():
            called = frozenset(chain[2:]) & stoppers
            is_bare = not arrival.bare_finally <= called and lines.isdisjoint(chain)
            if is_bare or (arrival.by_default and (lines | by_default).isdisjoint(chain)):
                yield Missed(chain, arrival, decided)


def _lines_of_stoppers(source: str) -> frozenset[int]:
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    stoppers = [node for node in functions if node.name.startswith("stop")]
    return frozenset(line for node in stoppers for line in range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _lines_of(report: Report, counts: Callable[[str], bool]) -> set[int]:
    return {finding.call.span.line for finding in report.findings if counts(finding.code)}


def _reported(
    report: Report, program: Instrumented, found: Exploration, bounds: Bounds, *, witnesses: bool
) -> Iterator[Reported]:
    unguarded = {line for chain, _, _ in unguarded_arrivals(found) for line in chain}
    for finding in report.findings:
        if finding.code == ON_BY_DEFAULT:
            yield Reported(finding.call.span.line, finding.code, _worth_of_default(finding, found), None)
            continue
        line = finding.call.span.line
        worth = Worth.ALARM if line in unguarded else _worth(finding, found)
        real = is_real(finding, program, found, bounds) if witnesses and worth is Worth.ALARM else None
        explained = witnesses and (worth in {Worth.FALSE_ALARM, Worth.UNREACHED} or real is False)
        form = form_of(finding, _ways_to(line, program, found, bounds)) if explained else None
        yield Reported(line, finding.code, worth, real, form)


def _worth(finding: Finding, found: Exploration) -> Worth:
    """The worth of a finding of which no run shows the stop call unguarded."""
    line = finding.call.span.line
    arrivals = [arrival for chain, known in found.arrivals.items() if line in chain for arrival in known]
    if any(arrival.bare_finally for arrival in arrivals) and finding.code == CLEANUP:
        return Worth.RULE
    if any(not arrival.strict for arrival in arrivals):
        return Worth.STALE
    if not found.complete:
        return Worth.OPEN
    return Worth.FALSE_ALARM if arrivals else Worth.UNREACHED


def _worth_of_default(finding: Finding, found: Exploration) -> Worth:
    """The worth of what is said of a default: a run has met it, alone or among other guards."""
    line = finding.call.span.line
    arrivals = [arrival for chain, known in found.arrivals.items() if line in chain for arrival in known]
    if any(arrival.has_default for arrival in arrivals):
        return Worth.ALARM
    if not found.complete:
        return Worth.OPEN
    return Worth.FALSE_ALARM if arrivals else Worth.UNREACHED


def is_real(finding: Finding, program: Instrumented, found: Exploration, bounds: Bounds) -> bool:
    """Whether some run takes the lines of the witness in their order."""
    steps = [step.line for step in finding.witness if step.kind not in NO_STEPS]
    wanted = [line for line, _ in itertools.groupby(steps)]
    runs = _ways_to(finding.call.span.line, program, found, bounds)
    return any(is_subsequence(wanted, lines) for lines in runs)


def _ways_to(line: int, program: Instrumented, found: Exploration, bounds: Bounds) -> Iterator[list[int]]:
    """The lines of runs, those first that are known to reach ``line``."""
    for chain, arrivals in found.arrivals.items():
        if line in chain:
            for decided in arrivals.values():
                yield lines_of(program, Decisions(decided, len(decided)), bounds)
    yield from ways(program, bounds)


def is_subsequence(wanted: Sequence[int], lines: Iterable[int]) -> bool:
    """Whether ``wanted`` occur in ``lines`` in their order, other lines in between."""
    rest = iter(lines)
    return all(line in rest for line in wanted)

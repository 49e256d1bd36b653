"""The one entry: files in, findings out. Nothing above this module knows LibCST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from selfstop.config import EngineOptions
from selfstop.model import Report
from selfstop.project.search import starts

if TYPE_CHECKING:
    from selfstop.project.propagation import Propagation
    from selfstop.project.reach import Reach
    from selfstop.project.verdict import Judgement, Verdicts
    from selfstop.project.workers import Progress


def check(
    files: Mapping[str, bytes], options: EngineOptions, *, jobs: int = 1, progress: Progress | None = None
) -> Report:
    """Analyse ``files`` (path relative to the root, with ``/`` -> content) as one program.

    Every rule is applied; selection, ``noqa`` and ``per-file-ignores`` are the caller's business. Only what can
    matter is parsed, in up to ``jobs`` processes where that pays; ``progress`` is told how far that is. A file
    that cannot be analysed becomes an ``AnalysisError``; the others are analysed all the same.
    """
    found, errors = starts(files, options)
    if not found:
        return Report(errors=tuple(sorted(errors)), files_checked=len(files))
    from selfstop.project.demand import Demand
    from selfstop.project.workers import Workers

    with Workers(jobs, progress) as workers:
        demand = Demand(files, options, workers.lower_all)
        judged = demand.analyse(found, judge)
    report = described(judged)
    return replace(report, errors=tuple(sorted({*errors, *demand.errors})), files_checked=len(files))


@dataclass(frozen=True)
class Judged:
    """A linked program, what its callers know, and the verdicts on all sites."""

    reach: Reach
    propagation: Propagation
    verdicts: Verdicts
    judgements: tuple[Judgement, ...]


def judge(reach: Reach) -> Judged:
    """The verdicts on a linked program."""
    from selfstop.project.propagation import Propagation
    from selfstop.project.verdict import Verdicts

    propagation = Propagation(reach, reach.linker)
    verdicts = Verdicts(reach, reach.linker, propagation)
    return Judged(reach, propagation, verdicts, tuple(verdicts.judgements()))


def described(judged: Judged) -> Report:
    """What is to be said of a program: findings, guarded stop calls, unresolved calls."""
    from selfstop.project.findings import findings, stop_call
    from selfstop.project.unresolved import unresolved
    from selfstop.project.verdict import GUARDED

    program = judged.reach.program
    found = [finding for each in judged.judgements for finding in findings(program, judged.verdicts, each)]
    guarded = [stop_call(program, each) for each in judged.judgements if each.code == GUARDED]
    return Report(
        findings=tuple(sorted(found)),
        guarded=tuple(sorted(guarded)),
        unresolved=tuple(sorted(unresolved(judged.reach, judged.propagation))),
    )

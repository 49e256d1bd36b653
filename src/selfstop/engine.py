"""The one entry: files in, findings out. Nothing above this module knows LibCST."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from selfstop.config import EngineOptions
from selfstop.model import Finding, Report, StopCall
from selfstop.project.files import select
from selfstop.project.search import MayStop

if TYPE_CHECKING:
    from selfstop.project.reach import Reach
    from selfstop.project.workers import Progress


def check(
    files: Mapping[str, bytes], options: EngineOptions, *, jobs: int = 1, progress: Progress | None = None
) -> Report:
    """Analyse ``files`` (path relative to the root, with ``/`` -> content) as one program.

    Every rule is applied; selection, ``noqa`` and ``per-file-ignores`` are the caller's business. Only what can
    matter is parsed, in up to ``jobs`` processes where that pays; ``progress`` is told how far that is. A file
    that cannot be analysed becomes an ``AnalysisError``; the others are analysed all the same.
    """
    candidates = select(files, MayStop(options))
    if not candidates:
        return Report(files_checked=len(files))
    from selfstop.project.demand import Demand
    from selfstop.project.workers import Workers

    with Workers(jobs, progress) as workers:
        demand = Demand(files, options, workers.lower_all)
        report = demand.analyse(candidates, judge)
    return replace(report, errors=tuple(sorted(set(demand.errors))), files_checked=len(files))


def judge(reach: Reach) -> Report:
    """What is to be said of a linked program: findings, guarded stop calls, unresolved calls."""
    from selfstop.project.findings import findings, stop_call
    from selfstop.project.propagation import Propagation
    from selfstop.project.unresolved import unresolved
    from selfstop.project.verdict import GUARDED, Verdicts

    propagation = Propagation(reach, reach.linker)
    verdicts = Verdicts(reach, reach.linker, propagation)
    found: list[Finding] = []
    guarded: list[StopCall] = []
    for judgement in verdicts.judgements():
        found.extend(findings(reach.program, verdicts, judgement))
        if judgement.code == GUARDED:
            guarded.append(stop_call(reach.program, judgement))
    return Report(
        findings=tuple(sorted(found)),
        guarded=tuple(sorted(guarded)),
        unresolved=tuple(sorted(unresolved(reach, propagation))),
    )

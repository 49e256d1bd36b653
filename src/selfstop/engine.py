"""The one entry: files in, findings out. Nothing above this module knows LibCST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from selfstop.config import EngineOptions
from selfstop.model import AnalysisError, Report, Span
from selfstop.project.repository.search import starts
from selfstop.stack import with_deep_stack
from selfstop.ways import StopSite, Survey

if TYPE_CHECKING:
    from selfstop.project.callgraph.manifests import Manifests
    from selfstop.project.callgraph.paths import Judgement
    from selfstop.project.callgraph.propagation import Propagation
    from selfstop.project.callgraph.reach import Reach
    from selfstop.project.loading.workers import Progress
    from selfstop.project.targets.target import Aim
    from selfstop.project.verdicts.verdict import Verdicts


def check(
    files: Mapping[str, bytes],
    options: EngineOptions,
    *,
    manifests: Manifests = dict,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Analyse ``files`` (path relative to the root, with ``/`` -> content) as one program.

    ``manifests`` gives the files that declare entry points, if it comes to that.
    Every rule is applied; selection, ``noqa`` and ``per-file-ignores`` are the caller's business. Only what can
    matter is parsed, in up to ``jobs`` processes where that pays; ``progress`` is told how far that is. A file
    that cannot be analysed becomes an ``AnalysisError``; the others are analysed all the same, unless what is in the
    way lies between them: then all that matter become one.
    """
    return with_deep_stack(
        lambda: _run(files, options, manifests, jobs, progress, lambda judged: Survey(described(judged))).report
    )


def survey(
    files: Mapping[str, bytes],
    options: EngineOptions,
    *,
    manifests: Manifests = dict,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Survey:
    """What `check` says, with the ways to each stop call."""
    return with_deep_stack(
        lambda: _run(
            files, options, manifests, jobs, progress, lambda judged: Survey(described(judged), _sites(judged))
        )
    )


def _run(
    files: Mapping[str, bytes],
    options: EngineOptions,
    manifests: Manifests,
    jobs: int,
    progress: Progress | None,
    describe: Callable[[Judged], Survey],
) -> Survey:
    found, errors = starts(files, options)
    if not found:
        return Survey(Report(errors=tuple(sorted(errors)), files_checked=len(files)))
    from selfstop import source
    from selfstop.project.loading.demand import Demand
    from selfstop.project.loading.workers import Workers

    def excerpt(path: str, span: Span) -> str:
        return source.excerpt(files[path], span)

    with Workers(jobs, progress) as workers:
        demand = Demand(files, options, workers.lower_all, manifests)
        try:
            survey = describe(demand.analyse(found, lambda reach: judge(reach, excerpt)))
        except RecursionError:  # what leads so deep may be in any of the files: none of them counts as analysed
            refusal = source.not_analysable("SST004", "names or calls lead too deep into each other")
            survey = Survey(Report())
            errors += [AnalysisError(path, 0, refusal.code, refusal.message) for path in demand.loaded]
    errors_found = tuple(sorted({*errors, *demand.errors}))
    return replace(survey, report=replace(survey.report, errors=errors_found, files_checked=len(files)))


@dataclass(frozen=True)
class Judged:
    """A linked program, what its callers know, and the verdicts on all sites, each with the machine it stops."""

    reach: Reach
    propagation: Propagation
    verdicts: Verdicts
    judgements: tuple[tuple[Judgement, Aim], ...]


def judge(reach: Reach, excerpt: Callable[[str, Span], str]) -> Judged:
    """The verdicts on a linked program; ``excerpt`` gives the source at a place."""
    from selfstop.project.callgraph.propagation import Propagation
    from selfstop.project.targets.target import Targets
    from selfstop.project.verdicts.verdict import Verdicts

    propagation = Propagation(reach)
    verdicts = Verdicts(propagation)
    targets = Targets(reach, excerpt)
    return Judged(reach, propagation, verdicts, tuple((each, targets.of(each)) for each in verdicts.judgements()))


def described(judged: Judged) -> Report:
    """What is to be said of a program: findings, guarded stop calls, unresolved calls."""
    from selfstop.project.callgraph.paths import GUARDED
    from selfstop.project.callgraph.unresolved import unresolved
    from selfstop.project.verdicts.findings import findings, stop_call

    program = judged.reach.program
    calls = [(each, stop_call(program, each, aim)) for each, aim in judged.judgements]
    found = [finding for each, call in calls for finding in findings(judged.verdicts, each, call)]
    guarded = [call for each, call in calls if each.code == GUARDED]
    return Report(
        findings=tuple(sorted(found)),
        guarded=tuple(sorted(guarded)),
        unresolved=tuple(sorted(set(unresolved(judged.reach, judged.propagation)))),
    )


def _sites(judged: Judged) -> tuple[StopSite, ...]:
    from selfstop.project.verdicts.findings import stop_call
    from selfstop.project.verdicts.ways import stop_site

    program = judged.reach.program
    found = [stop_site(judged.verdicts, each, stop_call(program, each, aim)) for each, aim in judged.judgements]
    return tuple(sorted(found, key=lambda site: site.call))

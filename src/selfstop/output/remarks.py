"""What is to be said about a run as a whole, beside its findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from selfstop.model import Comparison, Known, UnresolvedCall
from selfstop.output.escape import escape
from selfstop.output.target import described
from selfstop.rules import RULES
from selfstop.session import Outcome

if TYPE_CHECKING:
    from selfstop.audit.run import Audit

_COMMIT_DIGITS = 12

NOTHING: Final = "nothing to check: there is no Python file under the given paths"


def remarks(outcome: Outcome, *, verbose: bool, asked: Iterable[str] = ()) -> Iterator[str]:
    """Yield what is to be said about the run, a line each; the last one is the summary.

    ``asked`` are the codes and prefixes that this run was asked for, beside the configuration.
    """
    left_out = outcome.discovered
    yield from _only_audited(outcome, asked)
    if verbose:
        yield from _details(outcome)
    for entry in outcome.selection.stale:
        yield f"stale in the baseline, as there is no such finding any more: {_named(entry)}"
    if outcome.comparison is not None:
        yield from _compared(outcome.comparison)
    if outcome.found_nothing_to_check:
        yield NOTHING
    elif not left_out.files and not left_out.errors:
        yield f"nothing to check: everything was left out{_left_out(outcome)}"
    else:
        yield _summary(outcome, verbose=verbose)


def audit_remarks(done: Audit) -> Iterator[str]:
    """Yield what is to be said about the run of an audit, a line each; the last one is the summary."""
    report = done.report
    found = len(report.findings) + len(report.code.findings)
    parts = [
        count(found, "finding"),
        f"{count(report.code.files_checked, 'Python file')} checked",
        f"{report.files_read} of {count(report.files_known, 'deployment file')} read",
    ]
    if report.code.errors:
        parts.append(f"{count(len(report.code.errors), 'file')} not analysed")
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed by `# noqa`")
    if others := report.files_known - report.files_read:
        files = f"{count(others, 'deployment file')} {'was' if others == 1 else 'were'} not read"
        listed = ", or cannot be read, which is under NOT READ" if report.problems else ""
        why = "without the name of an entry point, image or threshold that matters here, or the copy of another"
        yield f"{files}: {why}{listed}"
    if done.outcome.found_nothing_to_check:
        yield NOTHING
    if done.outcome.root != Path.cwd():
        yield f"paths are relative to {escape(done.outcome.root.as_posix())}"
    yield ", ".join(parts) + _left_out(done.outcome)


def _only_audited(outcome: Outcome, asked: Iterable[str]) -> Iterator[str]:
    """Codes that were asked for, and that a check never reports."""
    codes = [code for code in asked if _is_audited(code)]
    selected = outcome.config.select
    if not codes and selected and all(map(_is_audited, selected)):
        codes = list(selected)
    if codes:
        rules = "is about deployments" if len(codes) == 1 else "are about deployments"
        yield f"{', '.join(dict.fromkeys(codes))} {rules}: only `selfstop audit` reports that"


def _is_audited(prefix: str) -> bool:
    """Whether a code or prefix speaks of nothing but deployments."""
    return all(rule.is_about_deployment for code, rule in RULES.items() if code.startswith(prefix))


def count(number: int, noun: str) -> str:
    """Say how many of something there are."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _details(outcome: Outcome) -> Iterator[str]:
    left_out, report = outcome.discovered, outcome.report
    yield f"root {escape(outcome.root.as_posix())}"
    yield from (f"excluded {escape(path)}" for path in left_out.excluded)
    yield from (f"ignored by git {escape(path)}" for path in left_out.ignored)
    yield from (f"left out as test code {escape(path)}" for path in left_out.tests)
    for call in report.guarded:
        place = f"{call.path}:{call.span.line}:{call.span.column}"
        target = described(call, str)
        yield escape(f"guarded {place} {call.callee}: {' and '.join(call.conditions)}") + (target and f"; {target}")
    yield from (escape(_unresolved(call)) for call in report.unresolved)


def _unresolved(call: UnresolvedCall) -> str:
    stoppers = ", ".join(f"{item.function} ({item.path}:{item.line})" for item in call.stoppers)
    place = f"{call.path}:{call.span.line}:{call.span.column}"
    return f"unresolved {place} {call.callee}: {call.reason}" + (stoppers and f": {stoppers}")


def _compared(comparison: Comparison) -> Iterator[str]:
    yield from (f"fixed: {_named(entry)}" for entry in comparison.fixed)
    if comparison.unreadable:
        number = count(comparison.unreadable, "file")
        yield f"{number} could not be analysed at {comparison.revision}: all findings there count as new"


def _named(entry: Known) -> str:
    call = f" {entry.call}()" if entry.call else ""
    function = f" in {entry.function}" if entry.function else ""
    return escape(f"{entry.path}: {entry.code}{call}{function}")


def _summary(outcome: Outcome, *, verbose: bool) -> str:
    report, suppressed = outcome.report, outcome.selection.suppressed
    parts = [count(len(report.findings), "finding"), f"{count(report.files_checked, 'file')} checked"]
    if report.errors:
        parts.append(f"{count(len(report.errors), 'file')} not analysed")
    if verbose:
        parts.append(f"{count(len(report.guarded), 'call')} guarded")
        parts.append(f"{count(len(report.unresolved), 'call')} unresolved")
    parts.append(f"{suppressed.noqa} suppressed by `# noqa`")
    if outcome.config.baseline:
        parts.append(f"{suppressed.baseline} by the baseline")
    if outcome.comparison is not None:
        since = f"since {outcome.comparison.revision[:_COMMIT_DIGITS]}"
        parts.append(f"{outcome.comparison.unchanged} unchanged {since}, {len(outcome.comparison.fixed)} fixed")
    return ", ".join(parts) + _left_out(outcome)


def _left_out(outcome: Outcome) -> str:
    excluded, tests = len(outcome.discovered.excluded), len(outcome.discovered.tests)
    reasons = []
    if tests:
        reasons.append(f"{count(tests, 'test file')} left out (--include-tests checks them)")
    if outcome.discovered.ignored:
        reasons.append(f"{count(len(outcome.discovered.ignored), 'file')} ignored by git")
    if excluded:
        reasons.append(f"{count(excluded, 'path')} excluded by configuration")
    return "".join(f", {reason}" for reason in reasons)

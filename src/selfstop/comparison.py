"""What a change introduces, and what it fixes: the findings of two commits, held against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from selfstop.baseline import known
from selfstop.model import Comparison, Finding
from selfstop.selection import Selection


@dataclass(frozen=True)
class Before:
    """The other commit: ``paths`` that were analysed there, ``findings`` that would have been shown, and errors."""

    revision: str
    paths: frozenset[str]
    findings: tuple[Finding, ...]
    unreadable: int = 0


def compared(
    now: Selection,
    everything: Iterable[Finding],
    before: Before,
    *,
    is_there: Callable[[str], bool],
    is_in_scope: Callable[[str], bool],
) -> tuple[Selection, Comparison]:
    """Reduce a selection to what is new since ``before``.

    ``everything`` are all findings of now, shown or not: what is only suppressed is not fixed. ``is_there`` tells
    whether a file still exists, ``is_in_scope`` whether the run was asked about it. A finding of a new file is not
    new if one of the same rule, function and call was in a file that is gone: then the file was moved.
    """
    known_before = {finding.fingerprint for finding in before.findings}
    fresh = [finding for finding in now.report.findings if finding.fingerprint not in known_before]
    gone = Counter(_shape(finding) for finding in before.findings if not is_there(finding.call.path))
    moved: Counter[tuple[str, str, str]] = Counter()
    introduced = []
    for finding in fresh:
        shape = _shape(finding)
        if finding.call.path not in before.paths and moved[shape] < gone[shape]:
            moved[shape] += 1
        else:
            introduced.append(finding)
    fixed = _fixed(before.findings, {finding.fingerprint for finding in everything}, moved, is_there)
    comparison = Comparison(
        revision=before.revision,
        fixed=known(finding for finding in fixed if is_in_scope(finding.call.path)),
        unchanged=len(now.report.findings) - len(introduced),
        unreadable=before.unreadable,
    )
    return replace(now, report=replace(now.report, findings=tuple(introduced))), comparison


def _fixed(
    before: Iterable[Finding],
    now: Collection[str],
    moved: Counter[tuple[str, str, str]],
    is_there: Callable[[str], bool],
) -> list[Finding]:
    remaining = moved.copy()
    fixed = []
    for finding in before:
        if finding.fingerprint in now:
            continue
        if not is_there(finding.call.path) and remaining[_shape(finding)] > 0:
            remaining[_shape(finding)] -= 1
            continue
        fixed.append(finding)
    return fixed


def _shape(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.call.function, finding.call.callee

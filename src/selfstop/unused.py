"""SST011: ``# noqa: SST…`` comments that hide nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from selfstop import rules
from selfstop.model import Finding, Report, Span, StopCall
from selfstop.noqa import Given, Suppressions

CODE = "SST011"


def unused(paths: Iterable[str], report: Report, comments: Callable[[str], Suppressions | None]) -> Iterator[Finding]:
    """Yield a finding for each code that a comment in one of ``paths`` gives in vain, sorted within a file.

    ``report`` is all that was found, whatever is selected: a comment is not in vain because its rule is off now.
    Files that could not be analysed are left out, since nobody knows what a comment in them hides.
    """
    hidden: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for finding in report.findings:
        hidden[finding.call.path].add((finding.code, finding.call.span.line))
    broken = {error.path for error in report.errors}
    for path in paths:
        found = None if path in broken else comments(path)
        if found is not None:
            for given in found.given(rules.PREFIX):
                if given.code != CODE and not _hides(given, hidden[path]):
                    yield _finding(path, given)


def _hides(given: Given, found: Iterable[tuple[str, int]]) -> bool:
    return any(code.startswith(given.code) and line in given.lines for code, line in found)


def _finding(path: str, given: Given) -> Finding:
    span = Span(given.line, given.column, given.line, given.column + len(given.code))
    return Finding(StopCall(path, span, "", "", ()), CODE, rules.message(CODE, suppressed=given.code))

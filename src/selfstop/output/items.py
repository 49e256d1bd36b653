"""What there is to report, findings and errors alike, for the formats that make no difference between them."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.fingerprint import digest
from selfstop.model import AnalysisError, Finding, Report, Span, Target
from selfstop.output.escape import escape
from selfstop.output.message import one_line
from selfstop.rules import RULES, Severity

_LOWER = {Severity.ERROR: Severity.WARNING, Severity.WARNING: Severity.NOTE, Severity.NOTE: Severity.NOTE}


@dataclass(frozen=True, order=True)
class Item:
    """One thing to report: ``message`` is a line that is safe to show, ``path`` is relative to the root."""

    path: str
    span: Span
    code: str
    message: str
    level: Severity
    fingerprint: str

    @property
    def title(self) -> str:
        """The code and the name of the rule."""
        return f"{self.code} {RULES[self.code].name}"

    @property
    def ends(self) -> bool:
        """Whether the span has an end; where only the line is known, it has none."""
        return (self.span.end_line, self.span.end_column) > (self.span.line, self.span.column)


def items(report: Report) -> list[Item]:
    """List findings and errors, sorted by place."""
    return sorted([*map(_of_finding, report.findings), *map(_of_error, report.errors)])


def level(finding: Finding) -> Severity:
    """How much a finding matters: the rule says it, and one step less what demonstrably stops another machine."""
    severity = RULES[finding.code].severity
    return _LOWER[severity] if finding.call.target is Target.OTHER else severity


def _of_finding(finding: Finding) -> Item:
    call = finding.call
    return Item(call.path, call.span, finding.code, escape(one_line(finding)), level(finding), finding.fingerprint)


def _of_error(error: AnalysisError) -> Item:
    line = max(error.line, 1)
    fingerprint = digest(error.path, error.code)
    return Item(error.path, Span(line, 1, line, 1), error.code, escape(error.message), Severity.ERROR, fingerprint)

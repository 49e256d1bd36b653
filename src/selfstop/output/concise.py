"""One line a finding, as flake8 prints them: ``path:line:column: CODE message``."""

from __future__ import annotations

from selfstop.model import AnalysisError, Finding
from selfstop.output.escape import escape
from selfstop.output.message import one_line
from selfstop.output.view import View


def render(view: View) -> str:
    """Render findings and errors, sorted by place."""
    return "".join(f"{line}\n" for line, _ in sorted_lines(view))


def sorted_lines(view: View) -> list[tuple[str, Finding | AnalysisError]]:
    """Pair the lines with what they stand for."""
    items: list[Finding | AnalysisError] = [*view.report.findings, *view.report.errors]
    return [(_line(item, view), item) for item in sorted(items, key=_place)]


def _line(item: Finding | AnalysisError, view: View) -> str:
    path, line, column, code = _place(item)
    message = one_line(item) if isinstance(item, Finding) else item.message
    place = view.style("place", f"{escape(view.display(path))}:{line}:{column}:")
    return f"{place} {view.style('code', code)} {escape(message)}"


def _place(item: Finding | AnalysisError) -> tuple[str, int, int, str]:
    """Return path, line, column and code; an error without a line is shown at the first one."""
    if isinstance(item, Finding):
        return item.call.path, item.call.span.line, item.call.span.column, item.code
    return item.path, max(item.line, 1), 1, item.code

"""The audit in Markdown, to be pasted into a ticket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selfstop.audit.model import AuditFinding, Evidence
from selfstop.model import Finding
from selfstop.output.audit_rows import Table, tables
from selfstop.output.audit_view import AuditView
from selfstop.output.escape import escape
from selfstop.rules import RULES

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")


def render(view: AuditView) -> str:
    """Render the report: the verdict, the tables, then findings with their repairs."""
    report = view.report
    parts = ["# Self-stop audit", f"**{_text(report.sentence)}**"]
    for table in tables(view):
        if table.rows:
            parts += [f"## {table.title}", "\n".join(_table(table))]
    if report.evidence is not None:
        parts += ["## Evidence", "\n".join(_evidence(report.evidence))]
    gaps = [f"- {_text(gap.text)}" + (f" ({_span(view.place(gap.place))})" if gap.place else "") for gap in report.gaps]
    if gaps:
        parts += ["## Gaps", "\n".join(gaps)]
    findings = [
        *(_finding(each, view) for each in report.findings),
        *(_code(each, view) for each in report.code.findings),
    ]
    if findings:
        parts += ["## Findings", *findings]
    unread = list(_unread(view))
    if unread:
        parts += ["## Not read", "\n".join(unread)]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> Iterator[str]:
    """A table without the columns in which nothing stands."""
    used = [index for index in range(len(table.columns)) if any(row[index] for row in table.rows)]
    yield "| " + " | ".join(table.columns[index] for index in used) + " |"
    yield "|" + "---|" * len(used)
    for row in table.rows:
        yield "| " + " | ".join(_cell(row[index]) for index in used) + " |"


def _finding(finding: AuditFinding, view: AuditView) -> str:
    lines = [f"### {finding.code} {RULES[finding.code].name}: {_text(view.place(finding.place))}", ""]
    lines.append(_message(finding.message))
    if finding.related:
        lines.append("")
        lines += [f"- {_span(view.place(place))}: {_text(text)}" for place, text in finding.related]
    if finding.advice:
        lines += ["", "Repair:", ""]
    for text in finding.advice:
        said, *command = text.split("\n")
        lines.append(f"- {_message(said)}")
        if command:
            lines += ["", "  ```sh", *(f"  {escape(line)}" for line in command), "  ```", ""]
    return "\n".join(lines).rstrip()


def _code(finding: Finding, view: AuditView) -> str:
    call = finding.call
    place = f"{view.display(call.path)}:{call.span.line}:{call.span.column}"
    lines = [f"### {finding.code} {RULES[finding.code].name}: {_text(place)}", "", _message(finding.message)]
    if finding.witness:
        lines += ["", "```"]
        for step in finding.witness:
            note = f"  ({step.note})" if step.note else ""
            lines.append(escape(f"{view.display(step.path)}:{step.line}  {step.text}{note}"))
        lines.append("```")
    return "\n".join(lines)


def _evidence(evidence: Evidence) -> Iterator[str]:
    calls = sum(each.calls for each in evidence.self_stops)
    yield f"Instances that stopped themselves: {len(evidence.self_stops)}, in {calls} calls of StopInstances."
    for group, number in evidence.replaced:
        yield f"{_text(group)} replaced {number} after failed health checks."
    if evidence.self_stops:
        yield ""
        yield "| instance | calls | failed | first | last | group | role |"
        yield "|---|---|---|---|---|---|---|"
    for each in evidence.self_stops:
        cells = (each.instance, str(each.calls), str(each.failed), each.first, each.last, each.group, each.role)
        yield "| " + " | ".join(map(_text, cells)) + " |"
    yield ""
    yield (
        f"Passed over: {evidence.by_others} stops by others, {evidence.other} records of other events, "
        f"{evidence.broken} broken records."
    )


def _unread(view: AuditView) -> Iterator[str]:
    for library, number in view.report.unread_formats:
        yield f"- {number} files for lack of {library}: `pip install 'selfstop[audit]'`"
    for problem in view.report.problems:
        place = f"{view.display(problem.path)}:{problem.line}" if problem.line else view.display(problem.path)
        yield f"- {_span(place)}: {_text(problem.reason)}"
    for error in view.report.code.errors:
        yield f"- {_span(view.display(error.path))}: {_text(error.message)}"


def _cell(text: str) -> str:
    """A cell of a table: as code where it has what Markdown would take for markup."""
    shown = escape(" ".join(text.split()))
    if not _SPECIAL.search(shown) or "`" in shown:
        return _text(text)
    return f"`{shown.replace('|', chr(92) + '|')}`"


def _span(text: str) -> str:
    """A path as code, between more backticks than it has itself."""
    shown = escape(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}" if longest else f"{fence}{shown}{fence}"


def _text(text: str) -> str:
    """Text in which nothing is markup."""
    return _SPECIAL.sub(r"\\\1", escape(" ".join(text.split())))


def _message(text: str) -> str:
    """A message, whose source text between backticks stays code."""
    parts = escape(text).split("`")
    return "".join(f"`{part}`" if number % 2 else _SPECIAL.sub(r"\\\1", part) for number, part in enumerate(parts))

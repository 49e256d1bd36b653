"""The audit for humans: what has to be known first comes first, and everything fits a hundred columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from selfstop.audit.model import AuditFinding, AuditReport, Evidence, GroupRow, RoleRow, SettingRow, SiteRow
from selfstop.deploy.images import Gap
from selfstop.deploy.model import Place
from selfstop.model import Finding
from selfstop.output.audit_view import AuditView
from selfstop.output.cells import padded, width, wrapped
from selfstop.output.escape import escape
from selfstop.output.target import described
from selfstop.output.text import witness
from selfstop.rules import RULES, Severity

WIDTH: Final = 100
_LABEL: Final = 11
_MARGIN: Final = "  "
_ALARMS: Final = {Severity.ERROR: "!!", Severity.WARNING: "! ", Severity.NOTE: "- ", None: "- "}
_SHOWN: Final = 12
"""Problems of files that are listed; the rest is counted."""


def render(view: AuditView) -> str:
    """Render the report, section by section."""
    report = view.report
    sections = [
        _verdict(report),
        *_section("SCALING GROUPS (min/desired/max)", _groups(report.groups, view)),
        *_section("STOP CALLS", _sites(report.sites, view)),
        *_section("WHERE THE THRESHOLD IS SET, strongest first", _settings(report.settings, view)),
        *_section("ROLES: may they call ec2:StopInstances?", _roles(report.roles, view)),
        *_section("EVIDENCE", [] if report.evidence is None else list(_evidence(report.evidence))),
        *_section("GAPS: what this repository does not say", _gaps(report.gaps, view)),
        *_section("FINDINGS", _findings(report, view)),
        *_section("NOT READ", _unread(report, view)),
    ]
    return "\n".join(sections)


def _verdict(report: AuditReport) -> str:
    return "\n".join(wrapped(escape(report.sentence), WIDTH, first=f"{_ALARMS[report.alarm]} ", rest="   ")) + "\n"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield "\n".join([title, "", *lines]) + "\n"


def _card(heading: str, fields: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A heading and what there is to know of it, each with its label."""
    yield from _columns(heading)
    for label, text in fields:
        if text:
            start = f"{_MARGIN * 2}{label:<{_LABEL}}"
            yield from wrapped(escape(text), WIDTH, first=start, rest=" " * len(start))
    yield ""


def _columns(text: str) -> list[str]:
    """A line of columns as it is, or broken if it is too long."""
    if width(text) + len(_MARGIN) <= WIDTH:
        return [f"{_MARGIN}{text}".rstrip()]
    return wrapped(text, WIDTH, first=_MARGIN, rest=_MARGIN * 3)


def _groups(rows: Sequence[GroupRow], view: AuditView) -> list[str]:
    lines: list[str] = []
    for row in rows:
        image = f"{row.image}, started at {view.place(row.run)}" if row.run is not None else row.image
        lines += _card(
            f"[{row.verdict}]  {escape(row.group)}  {escape(row.capacity)}",
            [
                ("image", image),
                ("entry", row.entry),
                ("stop call", "none is reached" if row.stop_call is None and row.entry else view.place(row.stop_call)),
                ("guard", row.guard),
                ("threshold", f"{row.threshold}  ({row.source})" if row.source else row.threshold),
                ("note", row.note),
                ("group", view.place(row.place)),
            ],
        )
    return lines[:-1]


def _sites(rows: Sequence[SiteRow], view: AuditView) -> list[str]:
    lines: list[str] = []
    for row in rows:
        started = "nothing that is started here" if not row.runs else f"{row.runs} run{'' if row.runs == 1 else 's'}"
        lines += _card(
            f"[{row.verdict}]  {escape(view.place(row.place))}  {escape(row.callee)}() in {escape(row.function)}",
            [
                ("when", row.reached_when),
                (
                    "stops",
                    {"self": "its own machine", "other": "another machine"}.get(row.target, "not known which machine"),
                ),
                ("entries", ", ".join(row.entries)),
                ("reached by", started),
            ],
        )
    return lines[:-1]


def _settings(rows: Sequence[SettingRow], view: AuditView) -> list[str]:
    lines: list[str] = []
    keys = list(dict.fromkeys((row.image, row.variable) for row in rows))
    for image, variable in keys:
        own = [row for row in rows if (row.image, row.variable) == (image, variable)]
        drift = "  DRIFT: not the same everywhere" if any(row.drift for row in own) else ""
        lines.append(f"{_MARGIN}{escape(image)}  {escape(variable)}{drift}")
        values = max(width(_short(row)) for row in own)
        verdicts = max(len(row.verdict) for row in own)
        for row in own:
            start = f"{_MARGIN * 2}{padded(_short(row), values)}  {row.verdict:<{verdicts}}  "
            text = f"{view.place(row.place)}  ({row.how})"
            lines += wrapped(escape(text), WIDTH, first=start, rest=" " * width(start))
            said = "; ".join(filter(None, (row.source if row.value.startswith("unknown") else "", row.note)))
            if said:
                lines += wrapped(escape(said), WIDTH, first=_MARGIN * 4, rest=_MARGIN * 4)
        lines.append("")
    return lines[:-1]


def _short(row: SettingRow) -> str:
    return escape(row.value.replace("unknown: ", "?: "))


def _roles(rows: Sequence[RoleRow], view: AuditView) -> list[str]:
    lines: list[str] = []
    for row in rows:
        lines += _card(
            f"[{row.permission}]  {escape(row.role)}",
            [
                ("why", row.reason),
                ("policies", ", ".join(map(view.place, row.places))),
                ("used by", ", ".join(row.groups)),
            ],
        )
    return lines[:-1]


def _evidence(evidence: Evidence) -> Iterator[str]:
    calls = sum(each.calls for each in evidence.self_stops)
    failed = sum(each.failed for each in evidence.self_stops)
    themselves = "itself" if len(evidence.self_stops) == 1 else "themselves"
    said = f"{_count(len(evidence.self_stops), 'instance')} stopped {themselves} in {_count(calls, 'call')} of "
    said += "StopInstances" + (f", {failed} of which failed" if failed else "")
    yield from wrapped(said, WIDTH, first=_MARGIN, rest=_MARGIN)
    for group, number in evidence.replaced:
        yield from wrapped(
            escape(f"{group} replaced {_count(number, 'instance')} that failed a health check"),
            WIDTH,
            first=_MARGIN,
            rest=_MARGIN,
        )
    if evidence.self_stops:
        yield ""
        longest = max(len(each.instance) for each in evidence.self_stops)
        for each in evidence.self_stops:
            when = each.first if each.calls == 1 else f"{each.first} to {each.last}"
            text = f"{each.instance:<{longest}}  {each.calls:>3}x  {when}  {each.group}"
            yield from _columns(escape(text))
    yield ""
    rest = f"passed over: {evidence.by_others} stops by others, {_count(evidence.other, 'record')} of other events, "
    yield from wrapped(f"{rest}{_count(evidence.broken, 'broken record')}", WIDTH, first=_MARGIN, rest=_MARGIN)


def _gaps(gaps: Sequence[Gap], view: AuditView) -> list[str]:
    lines: list[str] = []
    for gap in gaps:
        text = gap.text if gap.place is None else f"{gap.text} ({view.place(gap.place)})"
        lines += wrapped(escape(text), WIDTH, first=f"{_MARGIN}- ", rest=f"{_MARGIN}  ")
    return lines


def _findings(report: AuditReport, view: AuditView) -> list[str]:
    """Those about the deployment, then those about the code, the severest first."""
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    blocks: list[tuple[int, str, list[str]]] = [
        (order[finding.severity], finding.code, list(_finding(finding, view))) for finding in report.findings
    ]
    blocks += [
        (order[RULES[finding.code].severity], finding.code, list(_code_finding(finding, view)))
        for finding in report.code.findings
    ]
    lines: list[str] = []
    for _, group in groupby(sorted(blocks, key=lambda block: block[:2]), key=lambda block: block[0]):
        for _, _, block in group:
            lines += [*block, ""]
    return lines[:-1]


def _heading(code: str, severity: Severity, place: str) -> Iterator[str]:
    yield from _columns(f"{_ALARMS[severity]} {code} {RULES[code].name}  {escape(place)}")


def _finding(finding: AuditFinding, view: AuditView) -> Iterator[str]:
    yield from _heading(finding.code, finding.severity, view.place(finding.place))
    yield from wrapped(escape(finding.message), WIDTH, first=" " * 5, rest=" " * 5)
    for place, text in finding.related:
        yield from wrapped(escape(f"{view.place(place)}  {text}"), WIDTH, first=" " * 7 + "at ", rest=" " * 10)
    for text in finding.advice:
        yield from _advice(text)


def _advice(text: str) -> Iterator[str]:
    """A repair; the lines behind its first are a command, to be copied as it is."""
    said, *command = text.split("\n")
    yield from wrapped(escape(said), WIDTH, first=" " * 5 + "-> ", rest=" " * 8)
    yield from (" " * 10 + escape(line) for line in command)


def _code_finding(finding: Finding, view: AuditView) -> Iterator[str]:
    call = finding.call
    place = f"{view.display(call.path)}:{call.span.line}:{call.span.column}"
    yield from _heading(finding.code, RULES[finding.code].severity, place)
    yield from wrapped(escape(finding.message), WIDTH, first=" " * 5, rest=" " * 5)
    target = described(call, view.display)
    if target:
        yield from wrapped(target, WIDTH, first=" " * 5, rest=" " * 5)
    yield from witness(finding.witness, view.display)


def _unread(report: AuditReport, view: AuditView) -> list[str]:
    lines: list[str] = []
    for library, number in report.unread_formats:
        text = f"{_count(number, 'file')} for lack of {library}: pip install 'selfstop[audit]'"
        lines += wrapped(text, WIDTH, first=f"{_MARGIN}- ", rest=f"{_MARGIN}  ")
    listed = [*((each.path, each.line, each.reason) for each in report.problems)]
    listed += [(each.path, each.line, each.message) for each in report.code.errors]
    for path, line, reason in listed[:_SHOWN]:
        place = view.place(Place(path, line)) if line else view.display(path)
        lines += wrapped(escape(f"{place}: {reason}"), WIDTH, first=f"{_MARGIN}- ", rest=f"{_MARGIN}  ")
    if len(listed) > _SHOWN:
        lines.append(f"{_MARGIN}- and {len(listed) - _SHOWN} more, all of them in the format json")
    return lines


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

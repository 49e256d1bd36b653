"""The report as one page: verdict, pictures, findings, tables. It loads nothing, and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Final
from xml.etree import ElementTree as ET

from selfstop import __version__
from selfstop.audit.chain import Chain
from selfstop.audit.model import AuditReport, Evidence
from selfstop.model import StopCall
from selfstop.output.audit_rows import Table, tables
from selfstop.output.audit_view import AuditView
from selfstop.output.html import paths as code_paths
from selfstop.output.html.elements import Child, coded, element, serialized, verbatim
from selfstop.output.html.findings import badge, chain_card, code_finding, deployment_finding, tone
from selfstop.output.html.tables import table_section
from selfstop.rules import RULES, Severity

_MOST: Final = 100
"""Chains that are drawn, and ways through the code that are shown; a page with thousands of them serves nobody."""

_ORDER: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_EVIDENCE: Final = ("instance", "calls", "failed", "first", "last", "group", "role")


def render(view: AuditView) -> str:
    """Render the report; the same report gives the same bytes."""
    style, script = _asset("report.css"), _asset("report.js")
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", "Self-stop audit"),
        element("link", rel="icon", href="data:,"),
        verbatim("style", style),
    )
    body = element("body", *_body(view), verbatim("script", script))
    return serialized(element("html", head, body, lang="en")) + "\n"


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _policy(style: str, script: str) -> str:
    """Nothing from anywhere, and of scripts and styles those with these hashes only."""
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _body(view: AuditView) -> Iterator[ET.Element]:
    report = view.report
    paths = code_paths.paths(report.code)
    targets = {path.call: path.name for path in paths[:_MOST]}
    shown = [table for table in tables(view) if table.rows]
    sections: list[tuple[str, str, Sequence[Child]]] = [
        ("chains", "What runs where", list(_chains(report.chains, targets))),
        ("evidence", "Evidence", [] if report.evidence is None else list(_evidence(report.evidence))),
        ("findings", "Findings", list(_findings(view, targets))),
        ("paths", "Ways through the code", list(_paths(paths, view))),
        ("tables", "Tables", [table_section(table, number) for number, table in enumerate(shown, start=1)]),
        ("gaps", "What this repository does not say", list(_gaps(view))),
        ("unread", "Not read", list(_unread(view))),
    ]
    yield _header(report, [(name, title) for name, title, content in sections if content])
    yield element("main", *(_section(*each) for each in sections if each[2]))
    read = f"{report.code.files_checked} Python files and {report.files_read} deployment files read"
    yield element(
        "footer", element("p", f"selfstop {__version__}; {read}; paths are relative to the audited directory")
    )


def _section(name: str, title: str, content: Sequence[Child]) -> ET.Element:
    return element("section", element("h2", title), *content, id=name)


def _header(report: AuditReport, sections: Sequence[tuple[str, str]]) -> ET.Element:
    word = {Severity.ERROR: "act now", Severity.WARNING: "look into it"}.get(report.alarm or Severity.NOTE, "no alarm")
    links = [element("li", element("a", title, href=f"#{name}")) for name, title in sections]
    return element(
        "header",
        element("p", "Self-stop audit: can machines of this fleet stop themselves?", class_="kicker"),
        element("h1", badge(word, tone(report.alarm)), " ", report.sentence),
        element("nav", element("ul", *links), aria_label="sections"),
        class_=f"verdict {tone(report.alarm)}",
    )


def _chains(chains: Sequence[Chain], targets: Mapping[StopCall, str]) -> Iterator[ET.Element]:
    if not chains:
        return
    shown = chains[:_MOST]
    overview = [
        element("li", element("a", badge(chain.verdict, tone(chain.alarm)), " ", chain.title, href=f"#chain-{number}"))
        for number, chain in enumerate(shown, start=1)
    ]
    yield element("ul", *overview, class_="overview")
    yield element(
        "p",
        "Arrows lead from the scaling group to the call that stops the machine. A dashed line is a link that this "
        "repository does not show. The frame before the stop call is its guard, with the setting that decides.",
        class_="quiet",
    )
    for number, chain in enumerate(shown, start=1):
        yield chain_card(chain, f"chain-{number}", None if chain.call is None else targets.get(chain.call))
    yield from _rest(len(chains), "starts")


def _paths(paths: Sequence[code_paths.Path], view: AuditView) -> Iterator[ET.Element]:
    yield from (code_paths.section(path, view) for path in paths[:_MOST])
    yield from _rest(len(paths), "stop calls")


def _rest(number: int, noun: str) -> Iterator[ET.Element]:
    """That there are more than are shown."""
    if number > _MOST:
        yield element("p", f"{number - _MOST} more {noun} are in the tables and in the format json.", class_="quiet")


def _findings(view: AuditView, targets: Mapping[StopCall, str]) -> Iterator[ET.Element]:
    """The severest first; those about the deployment before those about the code."""
    report = view.report
    found = [
        ((_ORDER[finding.severity], finding.code), deployment_finding(finding, view)) for finding in report.findings
    ]
    found += [
        ((_ORDER[RULES[each.code].severity], each.code), code_finding(each, view, targets.get(each.call)))
        for each in report.code.findings
    ]
    yield from (article for _, article in sorted(found, key=lambda pair: pair[0]))


def _evidence(evidence: Evidence) -> Iterator[ET.Element]:
    calls = sum(each.calls for each in evidence.self_stops)
    said = f"Instances that stopped themselves: {len(evidence.self_stops)}, in {calls} calls of StopInstances."
    yield element("p", said)
    if evidence.replaced:
        items = [
            element("li", f"{group} replaced {number} after failed health checks")
            for group, number in evidence.replaced
        ]
        yield element("ul", *items)
    rows = [
        (each.instance, str(each.calls), str(each.failed), each.first, each.last, each.group, each.role)
        for each in evidence.self_stops
    ]
    if rows:
        yield table_section(Table("Instances that stopped themselves", _EVIDENCE, rows), 0)
    rest = f"{evidence.by_others} stops by others, {evidence.other} records of other events"
    yield element("p", f"Passed over: {rest}, {evidence.broken} broken records.", class_="quiet")


def _gaps(view: AuditView) -> Iterator[ET.Element]:
    items = [
        element("li", *coded(gap.text), " ", element("code", view.place(gap.place)) if gap.place else None)
        for gap in view.report.gaps
    ]
    if items:
        yield element("ul", *items)


def _unread(view: AuditView) -> Iterator[ET.Element]:
    report = view.report
    items = [
        element("li", f"{number} files for lack of {library}: ", element("code", "pip install 'selfstop[audit]'"))
        for library, number in report.unread_formats
    ]
    listed = [(each.path, each.line, each.reason) for each in report.problems]
    listed += [(each.path, each.line, each.message) for each in report.code.errors]
    for path, line, reason in listed:
        place = f"{view.display(path)}:{line}" if line else view.display(path)
        items.append(element("li", element("code", place), f": {reason}"))
    if items:
        yield element("ul", *items)

"""Chains and findings: the picture, what it means, and what to change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from selfstop.audit.chain import Chain, Part
from selfstop.audit.model import AuditFinding
from selfstop.model import Finding
from selfstop.output.audit_view import AuditView
from selfstop.output.html.elements import Child, coded, element
from selfstop.output.html.pictures import picture
from selfstop.rules import RULES, Severity


def tone(severity: Severity | None) -> str:
    """The class of what is as alarming as that."""
    return "calm" if severity is None else severity.value


def badge(text: str, kind: str) -> ET.Element:
    """A verdict that is seen first."""
    return element("span", text, class_=f"badge {kind}")


def chain_card(chain: Chain, name: str, target: str | None) -> ET.Element:
    """A chain with its picture; one that has no group and is no alarm can be opened."""
    heading: list[Child] = [badge(chain.verdict, tone(chain.alarm)), " ", chain.title]
    if not chain.is_deployed:
        heading += [" ", element("span", "only documentation", class_="tag")]
    body: list[Child] = [
        element("p", *coded(chain.story), class_="story"),
        picture(chain, target),
        *_repairs(chain.repairs),
        element("p", element("a", "the way through the code, line by line", href=f"#{target}"), class_="more")
        if target is not None
        else None,
    ]
    kind = f"card {tone(chain.alarm)}"
    if is_open(chain):
        return element("article", element("h3", *heading), *body, id=name, class_=kind)
    summary = element("summary", element("h3", *heading))
    return element("details", summary, *body, id=name, class_=kind)


def is_open(chain: Chain) -> bool:
    """Whether a chain is shown without being asked for: what worries, and what groups do."""
    return chain.alarm in {Severity.ERROR, Severity.WARNING} or chain.nodes[0].part is Part.GROUP


def _repairs(repairs: Sequence[str]) -> Iterator[ET.Element]:
    if repairs:
        yield element("h4", "What to change")
        yield element("ul", *map(_repair, repairs), class_="repairs")


def _repair(text: str) -> ET.Element:
    """A repair; the lines behind its first are a command, to be copied as it is."""
    said, *command = text.split("\n")
    if not command:
        return element("li", *coded(said))
    lines = [part for line in command for part in (element("span", line), element("br"))]
    return element("li", *coded(said), element("pre", element("code", *lines), tabindex="0"))


def deployment_finding(finding: AuditFinding, view: AuditView) -> ET.Element:
    """A finding about the deployment: its places, and its repairs."""
    related = [element("li", element("code", view.place(place)), f" {text}") for place, text in finding.related]
    return _article(
        finding.code,
        finding.severity,
        view.place(finding.place),
        finding.message,
        element("ul", *related, class_="related") if related else None,
        *_repairs(finding.advice),
    )


def code_finding(finding: Finding, view: AuditView, target: str | None) -> ET.Element:
    """A finding about the code, with the way that shows it."""
    call = finding.call
    more = element("p", element("a", "how it gets there, line by line", href=f"#{target}"), class_="more")
    return _article(
        finding.code,
        RULES[finding.code].severity,
        f"{view.display(call.path)}:{call.span.line}:{call.span.column}",
        finding.message,
        more if target is not None else None,
    )


def _article(code: str, severity: Severity, place: str, message: str, *rest: Child) -> ET.Element:
    heading = element(
        "h3", badge(severity.value, tone(severity)), f" {code} {RULES[code].name} ", element("code", place)
    )
    return element("article", heading, element("p", *coded(message)), *rest, class_=f"card {tone(severity)}")

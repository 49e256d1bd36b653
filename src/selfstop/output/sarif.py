"""SARIF 2.1.0, the interchange format of static analysis, as GitHub's code scanning and others read it.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; section numbers below are those of that document.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from selfstop import __version__
from selfstop.fingerprint import NAME
from selfstop.model import AnalysisError, Finding, Provenance, Span, StepKind, WitnessStep
from selfstop.output.escape import escape
from selfstop.output.items import level
from selfstop.output.message import one_line
from selfstop.output.rules import markdown_help, text_help
from selfstop.output.target import described
from selfstop.output.view import View
from selfstop.rules import RULES, Rule, Severity

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_ROOT: Final = "%SRCROOT%"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_CONSIDERED: Final = frozenset({StepKind.TEST, StepKind.GIVEN})

_ABOUT_CODE: Final = tuple(rule for rule in RULES.values() if not rule.is_run_error)
_ABOUT_THE_RUN: Final = tuple(rule for rule in RULES.values() if rule.is_run_error)
_INDEX: Final = {rule.code: index for rules in (_ABOUT_CODE, _ABOUT_THE_RUN) for index, rule in enumerate(rules)}


def render(view: View) -> str:
    """Render a log with one run. All paths are relative to the repository, whose place is left open."""
    report = view.report
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": _text("The repository.")}},
        **_provenance(view.provenance()),
        "invocations": [_invocation(report.errors, view)],
        "results": [_result(finding, view) for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver() -> dict[str, Any]:
    return {
        "name": "selfstop",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_descriptor(rule) for rule in _ABOUT_CODE],
        "notifications": [_descriptor(rule) for rule in _ABOUT_THE_RUN],
    }


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": _text(rule.summary),
        "fullDescription": _text(rule.rationale),
        "help": {"text": text_help(rule), "markdown": markdown_help(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity], "enabled": rule.default_on},
        "properties": {"tags": ["correctness" if not rule.is_run_error else "analysis"]},
    }


def _provenance(known: Provenance | None) -> dict[str, Any]:
    """What was checked (3.14.28), as far as git says it."""
    if known is None:
        return {}
    details = {"repositoryUri": known.repository, "revisionId": known.revision, "branch": known.branch}
    filled = {name: value for name, value in details.items() if value}
    return {"versionControlProvenance": [{**filled, "mappedTo": {"uriBaseId": _ROOT}}]}


def _invocation(errors: Iterable[AnalysisError], view: View) -> dict[str, Any]:
    """How the run went (3.20): what could not be analysed is a notification, not a result."""
    told = [_notification(error, view) for error in errors]
    return {"executionSuccessful": not told, "toolExecutionNotifications": told}


def _notification(error: AnalysisError, view: View) -> dict[str, Any]:
    line = max(error.line, 1)
    return {
        "descriptor": {"id": error.code, "index": _INDEX[error.code]},
        "level": "error",
        "message": _text(error.message),
        "locations": [{"physicalLocation": _place(error.path, {"startLine": line}, view)}],
    }


def _result(finding: Finding, view: View) -> dict[str, Any]:
    call = finding.call
    location = {"physicalLocation": _place(call.path, _region(call.span), view), **_logical(call.function)}
    return {
        "ruleId": finding.code,
        "ruleIndex": _INDEX[finding.code],
        "level": _LEVELS[level(finding)],
        "message": _text(one_line(finding)),
        "locations": [location],
        "partialFingerprints": {NAME: finding.fingerprint},
        **_filled("relatedLocations", list(_related(finding, view))),
        **_filled("codeFlows", _code_flows(finding, view)),
        "properties": {"target": call.target.value, "conditions": [escape(text) for text in call.conditions]},
    }


def _code_flows(finding: Finding, view: View) -> list[dict[str, Any]]:
    """The witness as the only flow, of the only thread (3.36, 3.37)."""
    if not finding.witness:
        return []
    depth = 0
    locations = []
    for order, step in enumerate(finding.witness, start=1):
        depth += step.kind is StepKind.ENTER and order > 1
        locations.append(_flow_location(step, order, depth, view))
    return [{"threadFlows": [{"locations": locations}]}]


def _flow_location(step: WitnessStep, order: int, depth: int, view: View) -> dict[str, Any]:
    return {
        "location": _step(step, view),
        "kinds": [step.kind.value],
        "executionOrder": order,
        "nestingLevel": depth,
        "importance": "unimportant" if step.kind is StepKind.GIVEN else "essential",
    }


def _related(finding: Finding, view: View) -> Iterator[dict[str, Any]]:
    """Yield the conditions that were considered on the way, each with its judgement, and where the target shows."""
    steps = (step for step in finding.witness if step.kind in _CONSIDERED)
    for number, step in enumerate(dict.fromkeys(steps), start=1):
        yield {"id": number, **_step(step, view)}
    target = described(finding.call, view.in_repository)
    for source in finding.call.sources[:1]:
        region = {"startLine": max(source.line, 1)}
        yield {"physicalLocation": _place(source.path, region, view), "message": _text(target)}


def _step(step: WitnessStep, view: View) -> dict[str, Any]:
    told = f"{step.text}: {step.note}" if step.note else step.text
    return {
        "physicalLocation": _place(step.path, {"startLine": max(step.line, 1)}, view),
        "message": _text(told),
        **_logical(step.function),
    }


def _logical(function: str) -> dict[str, Any]:
    if not function:
        return {}
    kind = "module" if function == "<module>" else "function"
    return {"logicalLocations": [{"fullyQualifiedName": escape(function), "kind": kind}]}


def _place(path: str, region: dict[str, int], view: View) -> dict[str, Any]:
    """Name a file and a region in it (3.29). In the address everything but ASCII is the bytes of the name (3.10.1)."""
    uri = quote(os.fsencode(view.in_repository(path)), safe="/")
    return {"artifactLocation": {"uri": uri, "uriBaseId": _ROOT}, "region": region}


def _region(span: Span) -> dict[str, int]:
    """Lines and columns count from 1, and the end is exclusive (3.30), as in our own spans."""
    if span.line < 1:
        return {"startLine": 1}
    start = {"startLine": span.line, "startColumn": span.column}
    return {**start, "endLine": span.end_line, "endColumn": span.end_column}


def _text(text: str) -> dict[str, str]:
    return {"text": escape(text)}


def _filled(name: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: values} if values else {}

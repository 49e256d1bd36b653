"""For programs: one JSON object.

``version`` is that of the format. It changes when a key changes its meaning or goes away, not when one is
added.
"""

from __future__ import annotations

import json
from typing import Any, Final

from selfstop.model import (
    AnalysisError,
    Comparison,
    Finding,
    IdSource,
    Report,
    StopCall,
    UnresolvedCall,
    WitnessStep,
)
from selfstop.output.view import View
from selfstop.rules import RULES

VERSION: Final = 1


def render(view: View) -> str:
    """Render the report. All paths are relative to the project's root; everything but ASCII is escaped."""
    described = {
        **document(view.report),
        "suppressed": {"noqa": view.suppressed.noqa, "baseline": view.suppressed.baseline},
        "comparison": None if view.comparison is None else _comparison(view.comparison),
    }
    return json.dumps(described, indent=2) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The object that describes a report."""
    return {
        "version": VERSION,
        "findings": [_finding(finding) for finding in report.findings],
        "guarded": [_guarded(call) for call in report.guarded],
        "unresolved": [_unresolved(call) for call in report.unresolved],
        "errors": [_error(error) for error in report.errors],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    call = finding.call
    return {
        "code": finding.code,
        "name": RULES[finding.code].name,
        "message": finding.message,
        "path": call.path,
        "line": call.span.line,
        "column": call.span.column,
        "end_line": call.span.end_line,
        "end_column": call.span.end_column,
        "function": call.function,
        "callee": call.callee,
        **_target(call),
        "conditions": list(call.conditions),
        "witness": [step(each) for each in finding.witness],
        "fingerprint": finding.fingerprint,
    }


def _target(call: StopCall) -> dict[str, Any]:
    return {"target": call.target.value, "target_source": _source(call.sources[0]) if call.sources else None}


def _source(source: IdSource) -> dict[str, Any]:
    return {"path": source.path, "line": source.line, "text": source.text}


def step(taken: WitnessStep) -> dict[str, Any]:
    """The object that describes a step of a witness."""
    return {
        "path": taken.path,
        "line": taken.line,
        "kind": taken.kind.value,
        "function": taken.function,
        "text": taken.text,
        "note": taken.note,
    }


def _guarded(call: StopCall) -> dict[str, Any]:
    return {
        "path": call.path,
        "line": call.span.line,
        "column": call.span.column,
        "function": call.function,
        "callee": call.callee,
        **_target(call),
        "conditions": list(call.conditions),
    }


def _unresolved(call: UnresolvedCall) -> dict[str, Any]:
    return {
        "path": call.path,
        "line": call.span.line,
        "column": call.span.column,
        "function": call.function,
        "callee": call.callee,
        "reason": call.reason,
        "stoppers": [{"path": item.path, "line": item.line, "function": item.function} for item in call.stoppers],
    }


def _error(error: AnalysisError) -> dict[str, Any]:
    return {"path": error.path, "line": error.line, "code": error.code, "message": error.message}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "revision": comparison.revision,
        "unchanged": comparison.unchanged,
        "unreadable": comparison.unreadable,
        "fixed": [
            {
                "code": entry.code,
                "path": entry.path,
                "function": entry.function,
                "callee": entry.call,
                "fingerprint": entry.fingerprint,
            }
            for entry in comparison.fixed
        ],
    }

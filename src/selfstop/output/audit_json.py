"""The audit for programs: one JSON object, described in ``docs/audit.md``.

``version`` is that of the format. It changes when a key changes its meaning or goes away, not when one is added.
All paths are relative to the project's root.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from selfstop.audit.model import AuditFinding, Evidence, GroupRow, RoleRow, SettingRow, SiteRow
from selfstop.deploy.model import Place
from selfstop.model import WitnessStep
from selfstop.output import json as code_json
from selfstop.output.audit_view import AuditView
from selfstop.rules import RULES

VERSION: Final = 1


def render(view: AuditView) -> str:
    """Render the report; everything but ASCII is escaped."""
    report = view.report
    document = {
        "version": VERSION,
        "verdict": {"text": report.sentence, "severity": None if report.alarm is None else report.alarm.value},
        "groups": [_group(row) for row in report.groups],
        "stop_calls": [_site(row) for row in report.sites],
        "settings": [_setting(row) for row in report.settings],
        "roles": [_role(row) for row in report.roles],
        "gaps": [{"text": gap.text, "place": _place(gap.place)} for gap in report.gaps],
        "findings": [_finding(finding) for finding in report.findings],
        "code": code_json.document(report.code),
        "evidence": None if report.evidence is None else _evidence(report.evidence),
        "not_read": {
            "problems": [{"path": each.path, "line": each.line, "reason": each.reason} for each in report.problems],
            "missing_libraries": [{"library": library, "files": number} for library, number in report.unread_formats],
        },
        "files": {"read": report.files_read, "looked_at": report.files_known},
        "suppressed": report.suppressed,
    }
    return json.dumps(document, indent=2) + "\n"


def _place(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"path": place.path, "line": place.line}


def _group(row: GroupRow) -> dict[str, Any]:
    return {
        "group": row.group,
        "place": _place(row.place),
        "capacity": row.capacity,
        "image": row.image,
        "run": _place(row.run),
        "entry": row.entry,
        "stop_call": _place(row.stop_call),
        "guard": row.guard,
        "threshold": row.threshold,
        "source": row.source,
        "verdict": row.verdict,
        "note": row.note,
    }


def _site(row: SiteRow) -> dict[str, Any]:
    return {
        "place": _place(row.place),
        "function": row.function,
        "callee": row.callee,
        "reached_when": row.reached_when,
        "target": row.target,
        "verdict": row.verdict,
        "entries": list(row.entries),
        "runs": row.runs,
    }


def _setting(row: SettingRow) -> dict[str, Any]:
    return {
        "place": _place(row.place),
        "how": row.how,
        "image": row.image,
        "variable": row.variable,
        "value": row.value,
        "source": row.source,
        "verdict": row.verdict,
        "drift": row.drift,
        "note": row.note,
    }


def _role(row: RoleRow) -> dict[str, Any]:
    return {
        "role": row.role,
        "used_by": list(row.groups),
        "permission": row.permission,
        "reason": row.reason,
        "policies": [_place(place) for place in row.places],
    }


def _finding(finding: AuditFinding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "name": RULES[finding.code].name,
        "severity": finding.severity.value,
        "message": finding.message,
        "path": finding.place.path,
        "line": finding.place.line,
        "related": [{"path": place.path, "line": place.line, "text": text} for place, text in finding.related],
        "advice": list(finding.advice),
        "witness": _witness(finding.witness),
    }


def _witness(steps: Sequence[WitnessStep]) -> list[dict[str, Any]]:
    return [code_json.step(step) for step in steps]


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "files": list(evidence.files),
        "self_stops": [
            {
                "instance": each.instance,
                "calls": each.calls,
                "failed": each.failed,
                "first": each.first,
                "last": each.last,
                "group": each.group,
                "role": each.role,
            }
            for each in evidence.self_stops
        ],
        "stops_by_others": evidence.by_others,
        "replaced": [{"group": group, "instances": number} for group, number in evidence.replaced],
        "other_records": evidence.other,
        "broken_records": evidence.broken,
    }

"""GitLab's code quality report: a list of objects in JSON.

https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import json
from typing import Any, Final

from selfstop.output.items import Item, items
from selfstop.output.view import View
from selfstop.rules import RULES, Severity

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(view: View) -> str:
    """Render findings and errors. Paths are relative to the repository; a file not analysed is a blocker."""
    return json.dumps([_issue(item, view) for item in items(view.report)], indent=2) + "\n"


def _issue(item: Item, view: View) -> dict[str, Any]:
    return {
        "description": f"{item.code} {item.message}",
        "check_name": RULES[item.code].name,
        "fingerprint": item.fingerprint,
        "severity": "blocker" if RULES[item.code].is_run_error else _SEVERITIES[item.level],
        "location": {
            "path": view.in_repository(item.path),
            "lines": {"begin": item.span.line, "end": item.span.end_line},
        },
    }

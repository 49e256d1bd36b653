"""reviewdog's diagnostic format, which it posts as comments to whichever code review.

https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

import json
from typing import Any, Final

from selfstop.output.items import Item, items
from selfstop.output.view import View
from selfstop.rules import Severity

_SEVERITIES: Final = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def render(view: View) -> str:
    """Render findings and errors. Paths are those that the user sees, which reviewdog resolves."""
    document = {
        "source": {"name": "selfstop"},
        "diagnostics": [_diagnostic(item, view) for item in items(view.report)],
    }
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(item: Item, view: View) -> dict[str, Any]:
    return {
        "message": item.message,
        "location": {"path": view.display(item.path), "range": _range(item, view)},
        "severity": _SEVERITIES[item.level],
        "code": {"value": item.code},
    }


def _range(item: Item, view: View) -> dict[str, Any]:
    """The format counts columns in bytes of UTF-8; without one, a position means the whole line."""
    span = item.span
    if not item.ends:
        return {"start": {"line": span.line}}
    return {
        "start": {"line": span.line, "column": _bytes_before(item.path, span.line, span.column, view)},
        "end": {"line": span.end_line, "column": _bytes_before(item.path, span.end_line, span.end_column, view)},
    }


def _bytes_before(path: str, line: int, column: int, view: View) -> int:
    text = view.line(path, line)
    characters = column - 1
    return len(text[:characters].encode("utf-8", "surrogatepass")) + max(characters - len(text), 0) + 1

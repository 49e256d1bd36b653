"""Annotations on GitHub: workflow commands, which a job prints and its runner turns into remarks on lines.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import Final

from selfstop.output.escape import escape
from selfstop.output.items import Item, items
from selfstop.output.view import View
from selfstop.rules import Severity

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(view: View) -> str:
    """Render one command a line; paths are relative to the repository, which a job checks out where it starts."""
    return "".join(f"{_command(item, view)}\n" for item in items(view.report))


def _command(item: Item, view: View) -> str:
    properties = {"file": escape(view.in_repository(item.path)), **_place(item), "title": item.title}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_COMMANDS[item.level]} {told}::{_data(item.message)}"


def _place(item: Item) -> dict[str, int]:
    """Columns are only allowed within one line."""
    span = item.span
    if not item.ends:
        return {"line": span.line}
    if span.line != span.end_line:
        return {"line": span.line, "endLine": span.end_line}
    return {"line": span.line, "endLine": span.line, "col": span.column, "endColumn": span.end_column}


def _data(text: str) -> str:
    """Escape as the runner undoes it; line ends are gone already, except those in names of files."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

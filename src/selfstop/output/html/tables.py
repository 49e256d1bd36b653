"""The audit's tables. Sorting and filtering is the business of the page's script; without it they are plain."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from selfstop.audit.words import EFFECTS, GAP
from selfstop.deploy.permission import Permission
from selfstop.evaluation import Effect
from selfstop.output.audit_rows import Table
from selfstop.output.html.elements import breakable, coded, element
from selfstop.output.html.findings import badge

TONES: Final = {
    EFFECTS[Effect.AT_ONCE]: (0, "error"),
    EFFECTS[Effect.ON]: (1, "error"),
    EFFECTS[Effect.UNKNOWN]: (3, "warning"),
    Permission.ALLOWED.value: (3, "warning"),
    Permission.CONDITIONAL.value: (3, "warning"),
    "unknown": (4, "warning"),
    EFFECTS[Effect.INVALID]: (4, "warning"),
    GAP: (5, "calm"),
    "no stop call": (6, "calm"),
    "never read": (7, "note"),
    EFFECTS[Effect.OFF]: (8, "calm"),
    Permission.NOT_ALLOWED.value: (8, "calm"),
    Permission.DENIED.value: (9, "calm"),
}
"""How alarming a verdict is, by which a column of them is sorted, and how it looks."""

_VERDICTS: Final = frozenset({"verdict", "ec2:StopInstances"})
_PROSE: Final = frozenset({"note", "why", "set by", "source"})


def table_section(table: Table, number: int) -> ET.Element:
    """A table without the columns in which nothing stands, and with the verdict as its second one."""
    used = [index for index in range(len(table.columns)) if any(row[index] for row in table.rows)]
    verdicts = [index for index in used if table.columns[index] in _VERDICTS]
    rest = [index for index in used if index not in verdicts]
    used = [*rest[:1], *verdicts, *rest[1:]]
    name = f"table-{number}"
    head = [
        element("th", element("button", table.columns[index], type="button", disabled="disabled"), scope="col")
        for index in used
    ]
    rows = [element("tr", *(_cell(table.columns[index], row[index]) for index in used)) for row in table.rows]
    return element(
        "section",
        element("h3", table.title, id=f"{name}-title"),
        element(
            "p",
            element("label", "Filter", for_=f"{name}-filter"),
            element("input", type="search", id=f"{name}-filter", autocomplete="off"),
            element("span", _count(len(rows)), class_="count", role="status"),
            class_="filter",
            hidden="hidden",
        ),
        element(
            "div",
            element(
                "table",
                element("thead", element("tr", *head)),
                element("tbody", *rows),
                id=name,
                aria_labelledby=f"{name}-title",
            ),
            class_="wide-table",
            tabindex="0",
            role="group",
            aria_labelledby=f"{name}-title",
        ),
    )


def _count(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"


def _cell(column: str, text: str) -> ET.Element:
    if not text or column in _PROSE:
        return element("td", *coded(text), data_label=column, class_="prose" if text else "empty")
    if column in _VERDICTS:
        rank, kind = _tone(text)
        return element("td", badge(text, kind), data_label=column, data_rank=str(rank))
    return element("td", element("code", *breakable(text)), data_label=column)


def _tone(verdict: str) -> tuple[int, str]:
    """Of stop calls, what is not guarded is reported by a rule."""
    return TONES.get(verdict) or ((7, "calm") if verdict.startswith("guarded") else (2, "error"))

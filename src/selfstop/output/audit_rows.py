"""An audit's tables as plain columns, for the formats that show tables as tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfstop.output.audit_view import AuditView


@dataclass(frozen=True)
class Table:
    """A title, the names of the columns, and the rows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(view: AuditView) -> list[Table]:
    """The tables of a report in the order in which they are read."""
    return [_groups(view), _sites(view), _settings(view), _roles(view)]


def _groups(view: AuditView) -> Table:
    return Table(
        "Scaling groups",
        ("group", "min/desired/max", "image", "entry", "stop call", "guard", "threshold", "set by", "verdict", "note"),
        [
            (
                row.group,
                row.capacity,
                row.image,
                row.entry,
                view.place(row.stop_call),
                row.guard,
                row.threshold,
                row.source,
                row.verdict,
                row.note,
            )
            for row in view.report.groups
        ],
    )


def _sites(view: AuditView) -> Table:
    return Table(
        "Stop calls",
        ("place", "function", "call", "reached when", "target", "verdict", "entries"),
        [
            (
                view.place(row.place),
                row.function,
                row.callee,
                row.reached_when,
                row.target,
                row.verdict,
                ", ".join(row.entries),
            )
            for row in view.report.sites
        ],
    )


def _settings(view: AuditView) -> Table:
    return Table(
        "Where the threshold is set, strongest first",
        ("place", "started by", "image", "variable", "value", "source", "verdict", "drift", "note"),
        [
            (
                view.place(row.place),
                row.how,
                row.image,
                row.variable,
                row.value,
                row.source,
                row.verdict,
                "DRIFT" if row.drift else "",
                row.note,
            )
            for row in view.report.settings
        ],
    )


def _roles(view: AuditView) -> Table:
    return Table(
        "Roles",
        ("role", "used by", "ec2:StopInstances", "why", "policies"),
        [
            (row.role, ", ".join(row.groups), row.permission, row.reason, ", ".join(map(view.place, row.places)))
            for row in view.report.roles
        ],
    )

"""What every format of the audit is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfstop.audit.model import AuditReport
from selfstop.deploy.model import Place


@dataclass(frozen=True)
class AuditView:
    """An audit's report. Its paths are relative to the root in every format, as they are in its sentences.

    ``source_lines`` gives the lines of a Python file, nothing for one that cannot be decoded.
    """

    report: AuditReport
    source_lines: Callable[[str], Sequence[str]] = lambda _path: ()

    @staticmethod
    def display(path: str) -> str:
        """Name a file of the report."""
        return path

    @staticmethod
    def place(place: Place | None) -> str:
        """``path:line``, nothing where there is no place."""
        return "" if place is None else str(place)

"""What every format of the audit is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from selfstop.audit.model import AuditReport
from selfstop.deploy.model import Place


@dataclass(frozen=True)
class AuditView:
    """An audit's report, with what it takes to show it; ``display`` is as in `View`."""

    report: AuditReport
    display: Callable[[str], str]

    def place(self, place: Place | None) -> str:
        """``path:line`` as the user would name it; nothing where there is no place."""
        return "" if place is None else f"{self.display(place.path)}:{place.line}"

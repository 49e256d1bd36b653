"""What every format is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selfstop.model import Report


@dataclass(frozen=True)
class View:
    """A report, with what it takes to show it.

    ``display`` names a file of the report as the user would, ``source_line`` gives a line of it by path and
    number (from 1), without its end.
    """

    report: Report
    display: Callable[[str], str]
    source_lines: Callable[[str], Sequence[str]]

    def line(self, path: str, number: int) -> str:
        """Return a line (from 1) without its end, ``""`` where there is none."""
        lines = self.source_lines(path)
        return lines[number - 1].rstrip("\n") if 0 < number <= len(lines) else ""

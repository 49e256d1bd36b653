"""What every format is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from selfstop.model import Comparison, Provenance, Report, Suppressed
from selfstop.output.style import PLAIN, Style


def _as_it_is(path: str) -> str:
    return path


def _unknown() -> Provenance | None:
    return None


@dataclass(frozen=True)
class View:
    """A report, with what it takes to show it.

    ``display`` names a file of the report as the user would, ``in_repository`` relative to the repository, which
    may start above the root. ``source_lines`` gives the lines of a file by its path. ``provenance`` says which
    commit was checked, where that is known.
    """

    report: Report
    display: Callable[[str], str]
    source_lines: Callable[[str], Sequence[str]]
    in_repository: Callable[[str], str] = _as_it_is
    provenance: Callable[[], Provenance | None] = _unknown
    suppressed: Suppressed = field(default_factory=Suppressed)
    comparison: Comparison | None = None
    style: Style = PLAIN

    def line(self, path: str, number: int) -> str:
        """Return a line (from 1) without its end, ``""`` where there is none."""
        lines = self.source_lines(path)
        return lines[number - 1].rstrip("\n") if 0 < number <= len(lines) else ""

"""From what the engine reports to a complete report: comments that hide nothing, and fingerprints."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from selfstop import source
from selfstop.config import Config
from selfstop.fingerprint import fingerprinted
from selfstop.model import Report
from selfstop.noqa import Suppressions
from selfstop.project.repository.files import Files
from selfstop.rules import PREFIX
from selfstop.selection import is_selected
from selfstop.unused import CODE as UNUSED_SUPPRESSION
from selfstop.unused import unused


def completed(report: Report, files: Files, checked: Iterable[str], config: Config) -> Report:
    """Add comments that hide nothing, if they are asked for, and give all findings their fingerprints.

    ``report`` is complete for the files ``checked``.
    """
    findings = list(report.findings)
    if is_selected(UNUSED_SUPPRESSION, "", config):
        word = PREFIX.encode("ascii")
        mentioning = set(files.select(lambda data: word in data and b"noqa" in data.lower(), [PREFIX]))
        findings += unused([path for path in checked if path in mentioning], report, comments_in(files))
    lines = functools.cache(functools.partial(lines_in, files))
    return replace(report, findings=fingerprinted(sorted(findings), lines))


def comments_in(files: Files) -> Callable[[str], Suppressions | None]:
    """Make what gives the ``# noqa`` comments of a file by its path; ``None`` for what cannot be decoded."""

    def comments(path: str) -> Suppressions | None:
        text = text_in(files, path)
        return None if text is None else Suppressions(text)

    return comments


def no_comments(_path: str) -> None:
    """Stand in for the comments of a file where they are applied by somebody else."""


def lines_in(files: Files, path: str) -> Sequence[str]:
    """Give the lines of a file with their ends; nothing for files that cannot be decoded."""
    text = text_in(files, path)
    return () if text is None else source.lines_of(text)


def text_in(files: Files, path: str) -> str | None:
    """Decode a file's contents; ``None`` where that is impossible, which the report says already."""
    if path not in files:
        return None
    try:
        return source.decode(files[path])
    except source.NotAnalysable:
        return None

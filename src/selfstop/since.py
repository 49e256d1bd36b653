"""Runs on another commit, to tell what is new since then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from selfstop.comparison import Before
from selfstop.config import Config
from selfstop.finishing import comments_in, completed, no_comments
from selfstop.project.repository.discovery import SUFFIXES, would_be_found
from selfstop.project.repository.files import MANIFESTS, Files
from selfstop.project.repository.revision import files_at
from selfstop.selection import select


def before(
    root: Path,
    commit: str,
    config: Config,
    now: Files,
    *,
    honour_noqa: bool = True,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Before:
    """Analyse a commit as a whole with the configuration of now; ``now`` are the files that are there today.

    Its files count as they would be found today. Raises `NoRevision`.
    """
    from selfstop import engine

    contents = {
        path: data
        for path, data in files_at(root, commit, SUFFIXES).items()
        if path in now or would_be_found(path, config.exclude, include_tests=config.include_tests)
    }
    files = Files(root, (), contents)
    report = engine.check(
        files,
        config.engine_options,
        manifests=lambda: files_at(root, commit, MANIFESTS),
        jobs=jobs,
        progress=progress,
    )
    report = completed(report, files, sorted(contents), config)
    shown = select(report, config, suppressions=comments_in(files) if honour_noqa else no_comments).report
    return Before(commit, frozenset(contents), shown.findings, len(report.errors))

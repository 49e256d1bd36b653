"""One run: from paths to what is shown. All front ends go through here, so that they say the same.

A file is judged as a part of its project: who calls its functions is found in other files. So the engine is
given the whole project, and what it says is reduced to the files that were asked for. Outside of any project
(no repository, no configuration) it is given the files of the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from selfstop import source
from selfstop.config import Config, find_root, is_project, load
from selfstop.model import AnalysisError, Report
from selfstop.noqa import Suppressions
from selfstop.project.discovery import Discovered, discover, relative
from selfstop.selection import Selection, select

STDIN_NAME: Final = "stdin"
"""What standard input is called where nobody gave it a name."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a front end asks for.

    ``overrides`` are configuration keys and values that win over the table's. ``stdin`` stands in for the
    contents of the only path. ``honour_noqa`` is false where the front end applies the comments itself.
    """

    paths: tuple[Path, ...] = (Path(),)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    stdin: bytes | None = None
    honour_noqa: bool = True


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a run: what is shown, what it was taken from, and what was left out."""

    root: Path
    config: Config
    discovered: Discovered
    selection: Selection
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def report(self) -> Report:
        """What is shown."""
        return self.selection.report

    @property
    def found_nothing_to_check(self) -> bool:
        """Whether there was no Python file at all, not even one that was left out or could not be read."""
        return self.discovered == Discovered()

    def source_lines(self, path: str) -> Sequence[str]:
        """Return the lines of a file of the run with their ends, nothing for files that cannot be decoded."""
        text = _text(self.files.get(path))
        return () if text is None else source.lines_of(text)


def run(request: Request) -> Outcome:
    """Check what ``request`` asks for. A `ConfigError` is the only exception that has to be expected."""
    root = find_root(common_ancestor(request.paths))
    config = load(root, request.overrides)
    discovered = _discover(request.paths, root, config)
    files, unreadable = _contents(discovered.files, root, request.stdin)
    found = _analyse({**_context(files, root, config), **files}, config) if files else Report()
    report = _only(found, files)
    report = replace(report, errors=tuple(sorted([*report.errors, *discovered.errors, *unreadable])))
    comments = _comments_in(files) if request.honour_noqa else _no_comments
    return Outcome(
        root=root,
        config=config,
        discovered=discovered,
        selection=select(report, config, suppressions=comments),
        files=files,
    )


def common_ancestor(paths: Sequence[Path]) -> Path:
    """Return the path itself, or the innermost directory that contains all the paths."""
    absolute = [os.path.abspath(path) for path in paths]
    try:
        return Path(os.path.commonpath(absolute))
    except ValueError:  # no path, or several drives on Windows
        return Path(absolute[0] if absolute else os.curdir)


def _discover(paths: Iterable[Path], root: Path, config: Config) -> Discovered:
    return discover(paths, root=root, exclude=config.exclude, include_tests=config.include_tests)


def _contents(
    paths: Iterable[str], root: Path, stdin: bytes | None = None
) -> tuple[dict[str, bytes], list[AnalysisError]]:
    files, errors = {}, []
    for path in paths:
        try:
            files[path] = source.read(root / path) if stdin is None else stdin
        except source.NotAnalysable as error:
            errors.append(AnalysisError(path, error.line, error.code, error.message))
    return files, errors


def _context(files: Mapping[str, bytes], root: Path, config: Config) -> dict[str, bytes]:
    """Read the rest of the project. What cannot be read there is not this run's business."""
    if not is_project(root):
        return {}
    others = _discover([root], root, config).files
    return _contents((path for path in others if path not in files), root)[0]


def _analyse(files: Mapping[str, bytes], config: Config) -> Report:
    from selfstop import engine

    return engine.check(files, config.engine_options)


def _only(report: Report, files: Mapping[str, bytes]) -> Report:
    """Reduce a project's report to some of its files."""
    return Report(
        findings=tuple(finding for finding in report.findings if finding.call.path in files),
        guarded=tuple(call for call in report.guarded if call.path in files),
        errors=tuple(error for error in report.errors if error.path in files),
        files_checked=len(files),
    )


def _comments_in(files: Mapping[str, bytes]) -> Callable[[str], Suppressions | None]:
    def comments(path: str) -> Suppressions | None:
        text = _text(files.get(path))
        return None if text is None else Suppressions(text)

    return comments


def _no_comments(_path: str) -> None:
    """Stand in for the comments of a file where they are applied by somebody else."""


def _text(data: bytes | None) -> str | None:
    """Decode a file's contents; ``None`` where that is impossible, which the report says already."""
    if data is None:
        return None
    try:
        return source.decode(data)
    except source.NotAnalysable:
        return None


def display_path(path: str, root: Path) -> str:
    """Name a file of the run for a human: relative to the current directory if it is below, else absolute."""
    absolute = root / path
    here = Path.cwd()
    return relative(absolute, here) if absolute.is_relative_to(here) else absolute.as_posix()

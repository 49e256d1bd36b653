"""One run: from paths to what is shown. All front ends go through here, so that they say the same.

A file is judged as a part of its project: who calls its functions is found in other files. So the engine is
given the whole project, and what it says is reduced to the files that were asked for. Outside of any project
(no repository, no configuration) it is given the files of the run.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from selfstop import baseline
from selfstop.comparison import compared
from selfstop.config import Config, find_repository, find_root, is_project, load
from selfstop.finishing import comments_in, completed, lines_in, no_comments
from selfstop.model import AnalysisError, Comparison, Known, Report
from selfstop.project.repository.discovery import Discovered, discover, relative
from selfstop.project.repository.files import Files, manifests_beside
from selfstop.project.repository.git import Repository
from selfstop.project.repository.revision import common_commit
from selfstop.project.repository.search import MayStop
from selfstop.selection import Selection, is_selected, select
from selfstop.since import before
from selfstop.ways import StopSite, Survey

SURVEYED: Final = ("SST201",)
"""Rules that are off by default, and on where the deployment is looked at as well."""

STDIN_NAME: Final = "stdin"
"""What standard input is called where nobody gave it a name."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a front end asks for.

    ``overrides`` are configuration keys and values that win over the table's. ``stdin`` stands in for the
    contents of the only path. ``honour_noqa`` is false where the front end applies the comments itself. Parsing
    is spread over up to ``jobs`` processes, and ``progress`` is told how many files are parsed and of how many.
    With ``survey``, the ways to each stop call are found out too, and rules that ask for it report as well. ``root``
    stands in for the root of the project: what is outside of it does not count.
    ``diff_base`` is a revision: only what is new since then is shown. ``use_baseline`` is false where the baseline
    is about to be written.
    """

    paths: tuple[Path, ...] = (Path(),)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    stdin: bytes | None = None
    honour_noqa: bool = True
    jobs: int = 1
    progress: Callable[[int, int], None] | None = None
    survey: bool = False
    root: Path | None = None
    diff_base: str | None = None
    use_baseline: bool = True


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of a run: what is shown, what it was taken from, and what was left out.

    ``sites`` are all stop calls of the project where a survey was asked for, ``ignored`` the paths that git ignores.
    """

    root: Path
    config: Config
    discovered: Discovered
    selection: Selection
    files: Files = field(repr=False)
    sites: tuple[StopSite, ...] = ()
    ignored: Set[str] = frozenset()
    comparison: Comparison | None = None

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
        return lines_in(self.files, path)

    def is_judged_again(self, entry: Known) -> bool:
        """Whether the run says all that there is to say of what the baseline has as ``entry``."""
        is_wanted = is_selected(entry.code, entry.path, self.config)
        return is_wanted and _is_judged(entry.path, self.root, self.discovered, self.report)


def run(request: Request) -> Outcome:
    """Check what ``request`` asks for. Only `ConfigError` and `NoRevision` have to be expected."""
    home = find_root(common_ancestor(request.paths))
    root = home if request.root is None else Path(os.path.abspath(request.root))
    config = load(home, request.overrides)
    if request.survey:
        config = replace(config, surveyed=SURVEYED)
    known = baseline.read(home, config) if request.use_baseline else ()
    commit = None if request.diff_base is None else common_commit(root, request.diff_base)
    with Repository(root, MayStop(config.engine_options).words) as repository:
        discovered, project, ignored = _discover(request.paths, root, config, repository)
        given = dict.fromkeys(discovered.files, request.stdin) if request.stdin is not None else {}
        files = Files(
            root,
            {*project.files, *discovered.files},
            given,
            functools.partial(_grep, repository, discovered, project),
        )
        found = _analyse(files, config, request) if discovered.files else Survey(Report())
        report = _only(found.report, discovered.files)
        errors = {*report.errors, *discovered.errors, *_unreadable(files, discovered.files)}
        report = _with_errors(report, errors, discovered.files)
        report = completed(report, files, discovered.files, config)
    selection = select(
        report,
        config,
        suppressions=comments_in(files) if request.honour_noqa else no_comments,
        baseline=known,
        is_judged=lambda path: _is_judged(path, root, discovered, report),
    )
    comparison = None
    if commit is not None:
        there = before(
            root, commit, config, files, honour_noqa=request.honour_noqa, jobs=request.jobs, progress=request.progress
        )
        asked = functools.partial(_is_asked_for, [relative(path, root) for path in request.paths], discovered)
        selection, comparison = compared(
            selection, report.findings, there, is_there=files.__contains__, is_in_scope=asked
        )
    return Outcome(
        root=root,
        config=config,
        discovered=discovered,
        selection=selection,
        files=files,
        sites=found.sites,
        ignored=ignored,
        comparison=comparison,
    )


def _is_asked_for(named: Sequence[str], discovered: Discovered, path: str) -> bool:
    """Whether the run was asked about ``path``, which may be gone."""
    return path in discovered.files or any(one == "." or f"{path}/".startswith(f"{one}/") for one in named)


def _is_judged(path: str, root: Path, discovered: Discovered, report: Report) -> bool:
    """A file is judged if it was checked and analysed, or if there is none any more."""
    if path in discovered.files:
        return all(error.path != path for error in report.errors)
    return not (root / path).exists()


def common_ancestor(paths: Sequence[Path]) -> Path:
    """Return the path itself, or the innermost directory that contains all the paths."""
    absolute = [os.path.abspath(path) for path in paths]
    try:
        return Path(os.path.commonpath(absolute))
    except ValueError:  # no path, or several drives on Windows
        return Path(absolute[0] if absolute else os.curdir)


def _discover(
    paths: Iterable[Path], root: Path, config: Config, repository: Repository
) -> tuple[Discovered, Discovered, Set[str]]:
    """Find the files of the run, those of the project that they are judged in, and what git ignores."""
    named = [relative(path, root) for path in paths]
    found = discover(paths, root=root, exclude=config.exclude, include_tests=config.include_tests)
    project = Discovered()
    if named == ["."]:
        project = found
    elif is_project(root):
        project = discover([root], root=root, exclude=config.exclude, include_tests=config.include_tests)
    ignored = repository.ignored()
    return found.without(ignored, frozenset(named)), project.without(ignored, frozenset()), ignored


def _grep(repository: Repository, discovered: Discovered, project: Discovered, words: Sequence[str]) -> Set[str] | None:
    """Let git find the files with one of ``words``; those that it does not look at may always have one."""
    unseen = repository.unseen()
    found = None if unseen is None else repository.search(words)
    if unseen is None or found is None:
        return None
    nested = tuple(f"{directory}/" for directory in project.repositories)
    apart = {path for path in project.files if path.startswith(nested)} if nested else set()
    return found | unseen | apart | {*project.links, *(set(discovered.files) - set(project.files))}


def _unreadable(files: Files, paths: Iterable[str]) -> Iterator[AnalysisError]:
    for path in paths:
        if (error := files.unreadable.get(path)) is not None:
            yield AnalysisError(path, error.line, error.code, error.message)


def _analyse(files: Files, config: Config, request: Request) -> Survey:
    from selfstop import engine

    manifests = functools.partial(manifests_beside, files)
    if request.survey:
        return engine.survey(
            files, config.engine_options, manifests=manifests, jobs=request.jobs, progress=request.progress
        )
    return Survey(
        engine.check(files, config.engine_options, manifests=manifests, jobs=request.jobs, progress=request.progress)
    )


def _only(report: Report, paths: Sequence[str]) -> Report:
    """Reduce a project's report to some of its files."""
    wanted = frozenset(paths)
    return Report(
        findings=tuple(finding for finding in report.findings if finding.call.path in wanted),
        guarded=tuple(call for call in report.guarded if call.path in wanted),
        errors=tuple(error for error in report.errors if error.path in wanted),
        unresolved=tuple(call for call in report.unresolved if call.path in wanted),
    )


def _with_errors(report: Report, errors: Iterable[AnalysisError], paths: Sequence[str]) -> Report:
    """The report with all its errors; files that could not even be read are not counted as checked."""
    unread = {error.path for error in errors if error.code == "SST001"}
    return replace(report, errors=tuple(sorted(errors)), files_checked=len(set(paths) - unread))


def display_path(path: str, root: Path) -> str:
    """Name a file of the run for a human: relative to the current directory if it is below, else absolute."""
    absolute = root / path
    here = Path.cwd()
    return relative(absolute, here) if absolute.is_relative_to(here) else absolute.as_posix()


def repository_path(path: str, root: Path) -> str:
    """Name a file of the run relative to the repository, which may start above the root."""
    return relative(root / path, find_repository(root) or root)

"""Which files are checked: from the paths of a command line to Python files of a project."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from selfstop import patterns, source
from selfstop.model import AnalysisError

SUFFIXES: Final = (".py", ".pyw")

NEVER_ENTERED: Final = frozenset(
    (
        ".bzr .direnv .eggs .git .hg .hypothesis .ipynb_checkpoints .mypy_cache .nox .pytest_cache "
        ".ruff_cache .svn .tox .venv CVS __pycache__ __pypackages__ build dist node_modules "
        "site-packages venv"
    ).split()
)
"""Directories of other people's, generated or stored code. So are virtual environments of any name."""


@dataclass(frozen=True)
class Discovered:
    """The files of a run, relative to the root, with ``/``, sorted.

    ``files`` are checked, ``excluded`` are left out by configuration (a directory stands for what it
    contains), ``tests`` because they are test code, ``ignored`` because git ignores them, and ``errors`` are
    what could not even be looked at. ``links`` are those of the files that are symbolic links, ``repositories``
    the directories below that are repositories of their own.
    """

    files: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    errors: tuple[AnalysisError, ...] = ()
    ignored: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()

    def without(self, ignored: Set[str], named: Set[str]) -> Discovered:
        """Leave out what git ignores, except what the user named, or what is below that."""
        if not ignored:
            return self
        left_out = {path for path in self.files if _is_ignored(path, ignored, named)}
        return replace(
            self,
            files=tuple(path for path in self.files if path not in left_out),
            tests=tuple(path for path in self.tests if not _is_ignored(path, ignored, named)),
            ignored=tuple(sorted(left_out)),
        )


def _is_ignored(path: str, ignored: Set[str], named: Set[str]) -> bool:
    while path:
        if path in named or path in ignored:
            return path not in named
        path = path.rpartition("/")[0]
    return False


def discover(
    paths: Iterable[Path], *, root: Path, exclude: Sequence[str] = (), include_tests: bool = False
) -> Discovered:
    """Find the Python files among and below ``paths``.

    A path that is no directory counts as a file whatever its name is, and even if it does not exist, so that
    whoever reads it says so; only ``exclude`` and the rule for tests leave it out. Directories are walked
    without following links to directories; a link to a file is followed where it stays inside the root and
    the file is not in the run under its own name.
    """
    search = _Search(root, tuple(exclude), include_tests)
    for path in paths:
        if path.is_dir():
            search.walk(path)
        else:
            search.add(search.relative(path))
    return search.result()


def is_test(path: str) -> bool:
    """Whether ``path``, relative to the root, is test code."""
    directory, _, name = path.rpartition("/")
    return _is_of_tests(directory) or _names_test(name)


@functools.lru_cache
def _is_of_tests(directory: str) -> bool:
    return "tests" in directory.split("/")


def _names_test(name: str) -> bool:
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py")


def would_be_found(path: str, exclude: Sequence[str], *, include_tests: bool) -> bool:
    """Whether the search of a whole project takes up the file ``path``, relative to the root, if it is there."""
    directories = path.split("/")[:-1]
    return (
        _is_python(path)
        and NEVER_ENTERED.isdisjoint(directories)
        and not any(patterns.matches(pattern, path) for pattern in exclude)
        and (include_tests or not is_test(path))
    )


def relative(path: Path, root: Path) -> str:
    """Name ``path`` relative to ``root``, with ``/``, without following links."""
    absolute = os.path.abspath(path)
    try:
        return Path(os.path.relpath(absolute, root)).as_posix()
    except ValueError:  # another drive on Windows
        return Path(absolute).as_posix()


@dataclass
class _Search:
    """One run's search, and what it has found so far."""

    root: Path
    exclude: tuple[str, ...]
    include_tests: bool
    files: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    errors: set[AnalysisError] = field(default_factory=set)
    repositories: set[str] = field(default_factory=set)

    def relative(self, path: Path) -> str:
        return relative(path, self.root)

    def result(self) -> Discovered:
        real = {os.path.realpath(self.root / path) for path in self.files} if self.links else set()
        linked = {path for path, target in self.links.items() if target not in real}
        return Discovered(
            files=tuple(sorted(self.files | linked)),
            excluded=tuple(sorted(self.excluded)),
            tests=tuple(sorted(self.tests)),
            errors=tuple(sorted(self.errors)),
            links=tuple(sorted(linked)),
            repositories=tuple(sorted(self.repositories)),
        )

    def add(self, path: str, link_to: str | None = None) -> None:
        """Take up a file, unless the configuration or the rule for tests leaves it out."""
        if self._is_excluded(path):
            self.excluded.add(path)
        elif not self.include_tests and is_test(path):
            self.tests.add(path)
        elif link_to is None:
            self.files.add(path)
        else:
            self.links[path] = link_to

    def walk(self, top: Path) -> None:
        """Take up the Python files below ``top``."""
        if self._is_excluded(self.relative(top)):
            self.excluded.add(self.relative(top))
            return
        self._note_misnamed(self.relative(top))
        pending = [(str(top), self.relative(top))]
        while pending:
            directory, name = pending.pop()
            prefix = "" if name == "." else f"{name}/"
            is_outside = name.startswith("..")
            for entry in self._entries(directory):
                path = self.relative(Path(entry.path)) if is_outside else prefix + entry.name
                if entry.name == ".git" and prefix:
                    self.repositories.add(name)
                if entry.is_symlink():
                    self._add_link(entry, path)
                elif entry.is_dir(follow_symlinks=False):
                    if self._enters(entry, path):
                        pending.append((entry.path, path))
                elif _is_python(entry.name):
                    self.add(path)

    def _is_excluded(self, path: str) -> bool:
        return bool(self.exclude) and any(patterns.matches(pattern, path) for pattern in self.exclude)

    def _entries(self, directory: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return list(entries)
        except OSError as error:
            reason = source.unreadable(Path(directory), error)
            self.errors.add(AnalysisError(self.relative(Path(directory)), 0, reason.code, reason.message))
            return []

    def _enters(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether a directory is to be walked."""
        if entry.name in NEVER_ENTERED or os.path.exists(f"{entry.path}/pyvenv.cfg"):  # noqa: PTH110 - for speed
            return False
        if self._is_excluded(path):
            self.excluded.add(path)
            return False
        self._note_misnamed(path)
        return True

    def _note_misnamed(self, directory: str) -> None:
        """Report a directory that is named like a Python file."""
        if _is_python(directory) and not self._is_left_out(directory):
            reason = source.not_analysable("SST001", "it is a directory")
            self.errors.add(AnalysisError(directory, 0, reason.code, reason.message))

    def _is_left_out(self, path: str) -> bool:
        return self._is_excluded(path) or (not self.include_tests and is_test(path))

    def _add_link(self, entry: os.DirEntry[str], path: str) -> None:
        if not _is_python(entry.name):
            return
        try:
            target = os.path.realpath(entry.path, strict=True)
        except OSError:  # broken, or a loop: whoever reads it says so
            self.add(path)
            return
        if Path(target).is_relative_to(os.path.realpath(self.root)) and not Path(target).is_dir():
            self.add(path, link_to=target)


def _is_python(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)

"""The files of a project: known by name, read on demand, searched without keeping what was read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Final

from selfstop import source

MANIFESTS: Final = ("pyproject.toml", "setup.cfg")
"""Files in which distributions declare what they offer, besides ``setup.py``."""
_THREADS = min(4, os.cpu_count() or 1)
_CHUNK = 256

Grep = Callable[[Sequence[str]], "Set[str] | None"]
"""Gives for some words a set of paths that has all files that contain one of them; None where it cannot tell."""


class Files(Mapping[str, bytes]):
    """The contents of files by path relative to ``root``, with ``/``.

    ``given`` are contents that stand in for what is on the disk. A file that cannot be read is as good as
    empty to a search; reading it raises `NotAnalysable`.
    """

    def __init__(
        self,
        root: Path,
        paths: Iterable[str],
        given: Mapping[str, bytes] = MappingProxyType({}),
        grep: Grep | None = None,
    ) -> None:
        """``grep`` finds files by words faster than reading them all would."""
        self.root = root
        self._root = str(root)
        self._paths = dict.fromkeys(sorted({*paths, *given}))
        self._given = given
        self._grep = grep
        self._read: dict[str, bytes] = {}
        self.unreadable: dict[str, source.NotAnalysable] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __getitem__(self, path: str) -> bytes:
        if path not in self._paths:
            raise KeyError(path)
        if path not in self._read:
            self._read[path] = self._contents(path)
        return self._read[path]

    def _contents(self, path: str) -> bytes:
        given = self._given.get(path)
        return source.read(os.path.join(self._root, path)) if given is None else given  # noqa: PTH118 - for speed

    def select(self, wanted: Callable[[bytes], bool], words: Sequence[str]) -> list[str]:
        """The files whose contents ``wanted`` accepts, sorted; all of them contain one of ``words``.

        Notes which cannot be read.
        """
        paths = self._containing(words)
        chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]
        if len(chunks) < _THREADS:
            return self._selected(paths, wanted)
        with ThreadPoolExecutor(_THREADS) as threads:
            return [
                path for found in threads.map(lambda chunk: self._selected(chunk, wanted), chunks) for path in found
            ]

    def _containing(self, words: Sequence[str]) -> list[str]:
        """The files that may contain one of the words."""
        found = None if self._grep is None else self._grep(words)
        return list(self._paths) if found is None else [path for path in self._paths if path in found]

    def _selected(self, paths: Iterable[str], wanted: Callable[[bytes], bool]) -> list[str]:
        found = []
        for path in paths:
            try:
                contents = self._contents(path)
            except source.NotAnalysable as error:
                self.unreadable[path] = error
                continue
            if wanted(contents):
                found.append(path)
        return found


def select(files: Mapping[str, bytes], wanted: Callable[[bytes], bool], words: Sequence[str]) -> list[str]:
    """The paths of ``files`` whose contents ``wanted`` accepts, sorted; all of them contain one of ``words``."""
    if isinstance(files, Files):
        return files.select(wanted, words)
    return [path for path, contents in sorted(files.items()) if wanted(contents)]


def manifests_beside(files: Files) -> Files:
    """The files that declare what distributions offer, beside ``files`` and above them, up to the root."""
    directories = {""}
    for path in files:
        directory = path.rpartition("/")[0]
        while directory not in directories:
            directories.add(directory)
            directory = directory.rpartition("/")[0]
    paths = [f"{directory}/{name}".lstrip("/") for directory in directories for name in MANIFESTS]
    return Files(files.root, [path for path in paths if _is_plain(os.path.join(files.root, path))])  # noqa: PTH118


def _is_plain(path: str) -> bool:
    """Whether there is a file, and no link that may lead out of the root."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False

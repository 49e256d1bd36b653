"""The files that deploy a program: listed by name, searched by their bytes, never followed out of the root."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from selfstop.deploy import text as decoding
from selfstop.deploy.model import Problem

SUFFIXES: Final = frozenset(
    ".sh .bash .zsh .ps1 .psm1 .psd1 .bat .cmd .yml .yaml .json .tf .tfvars .service .env .md .markdown "
    ".dockerfile .conf .cfg .ini .toml .j2 .tpl .tmpl .template .example .sample .dist .userdata .cloud-config "
    ".mk .containerfile .hcl .mdx .rst .txt".split()
)
"""Files with other suffixes are not looked at; those without any are if they begin with ``#!``."""

_NAMES: Final = re.compile(
    r"(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?|\.env(?:\..*)?|env(?:\..*)?|makefile|procfile"
    r"|user[_-]?data.*|entrypoint.*|.*\.env\..*",
    re.IGNORECASE,
)
_NEVER_ENTERED: Final = frozenset(
    ".bzr .direnv .eggs .git .hg .hypothesis .mypy_cache .nox .pytest_cache .ruff_cache .svn .terraform .tox .venv "
    "CVS __pycache__ node_modules site-packages venv".split()
)
_MOST_CACHED: Final = 64 << 20
_THREADS: Final = min(4, os.cpu_count() or 1)
_CHUNK: Final = 256


@dataclass
class DeploymentFiles:
    """The files below ``root`` that may deploy something, and what could not be read of them.

    ``is_left_out`` tells which paths the configuration or git leaves out.
    """

    root: Path
    is_left_out: Callable[[str], bool]
    problems: list[Problem] = field(default_factory=list)
    _paths: dict[str, None] = field(default_factory=dict)
    _cache: dict[str, bytes] = field(default_factory=dict)
    _cached: int = 0
    _refused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._paths = dict.fromkeys(sorted(self._found()))

    @property
    def paths(self) -> Collection[str]:
        """All of them, relative to the root with ``/``, sorted."""
        return self._paths.keys()

    def containing(self, words: Collection[bytes], among: Sequence[str]) -> list[str]:
        """The files ``among`` these that contain one of ``words``, by a search of their bytes."""
        if not words:
            return []

        def search(paths: Sequence[str]) -> list[str]:
            return [path for path in paths if (data := self.data(path)) and any(word in data for word in words)]

        chunks = [among[start : start + _CHUNK] for start in range(0, len(among), _CHUNK)]
        if len(chunks) < _THREADS:
            return search(among)
        with ThreadPoolExecutor(_THREADS) as threads:
            return [path for found in threads.map(search, chunks) for path in found]

    def data(self, path: str) -> bytes:
        """The bytes of a file, as UTF-8 where a mark says that they are UTF-16; none of one that cannot be read."""
        if path in self._cache:
            return self._cache[path]
        if path in self._refused or path not in self._paths:
            return b""
        data = self._read(path)
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            data = data.decode("utf-16", "replace").encode("utf-8", "replace")
        if self._cached + len(data) <= _MOST_CACHED:
            self._cache[path] = data
            self._cached += len(data)
        return data

    def text(self, path: str) -> str | None:
        """The text of a file; None where it is none, which is noted as a problem."""
        data = self.data(path)
        if path in self._refused:
            return None
        try:
            return decoding.decode(data, limit=decoding.LIMIT)
        except decoding.NotText as error:
            self._refuse(path, str(error))
            return None

    def _refuse(self, path: str, reason: str) -> None:
        if path not in self._refused:
            self._refused.add(path)
            self.problems.append(Problem(path, 0, reason))

    def _read(self, path: str) -> bytes:
        try:
            handle = os.open(self.root / path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError) as error:
            self._refuse(path, f"cannot be read: {getattr(error, 'strerror', None) or error}")
            return b""
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                self._refuse(path, "is no regular file")
                return b""
            if status.st_size > decoding.LIMIT:
                self._refuse(path, f"larger than {decoding.LIMIT >> 10} KiB")
                return b""
            return file.read(decoding.LIMIT + 1)

    def _found(self) -> Iterator[str]:
        pending = [(str(self.root), "")]
        while pending:
            directory, prefix = pending.pop()
            for entry in self._entries(directory, prefix):
                path = prefix + entry.name
                if self.is_left_out(path):
                    continue
                if entry.is_symlink():
                    if is_candidate(entry.name) and self._stays_inside(entry.path):
                        yield path
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name not in _NEVER_ENTERED and not os.path.exists(f"{entry.path}/pyvenv.cfg"):  # noqa: PTH110
                        pending.append((entry.path, f"{path}/"))
                elif is_candidate(entry.name) or ("." not in entry.name and _is_script(entry)):
                    yield path

    def _entries(self, directory: str, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return list(entries)
        except OSError as error:
            self.problems.append(Problem(prefix.rstrip("/") or ".", 0, f"cannot be listed: {error.strerror}"))
            return []

    def _stays_inside(self, path: str) -> bool:
        """Whether a link leads to a file of the repository; one to another place is not followed."""
        name = Path(path).relative_to(self.root).as_posix()
        try:
            target = os.path.realpath(path, strict=True)
        except OSError:
            self.problems.append(Problem(name, 0, "is a broken or circular link"))
            return False
        if not Path(target).is_relative_to(os.path.realpath(self.root)):
            self.problems.append(Problem(name, 0, "is a link out of the repository, which is not followed"))
            return False
        return Path(target).is_file()


def is_candidate(name: str) -> bool:
    """Whether a file of that name may be part of a deployment."""
    dot = name.rfind(".")
    return (dot >= 0 and name[dot:].lower() in SUFFIXES) or _NAMES.fullmatch(name) is not None


def _is_script(entry: os.DirEntry[str]) -> bool:
    """Whether a file without a suffix begins as a script does."""
    try:
        if not entry.is_file(follow_symlinks=False):
            return False
        with open(entry.path, "rb") as file:  # noqa: PTH123 - many of them
            return file.read(2) == b"#!"
    except OSError:
        return False

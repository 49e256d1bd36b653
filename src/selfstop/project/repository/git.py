"""What git knows of a repository, asked of git itself.

A repository is not to be trusted: its configuration can name programs that git runs. So git is called with
whatever could do that switched off, and only reads: names here, and what files were at a commit in `revision`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Sequence, Set
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final

_HARMLESS: Final = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "core.untrackedCache=false",
)
_LIST_IGNORED: Final = ("ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
_LIST_KEPT: Final = ("ls-files", "--cached", "--ignored", "--exclude-standard", "-z")
_SEARCH: Final = ("grep", "--untracked", "--text", "--no-color", "-l", "-z", "-F", "-f", "-")
_MISLEADING: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF")
_WITHOUT_OTHERS: Final = MappingProxyType(
    {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        # A partial clone fetches what it lacks by programs that its configuration names.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
    }
)
_READ_BY_GIT: Final = (".gitignore", ".git", ".git/config", ".git/HEAD", ".git/index", ".git/info/exclude")
_PATIENCE_IN_SECONDS: Final = 60
_FOUND_NOTHING: Final = 1

_LARGE_INDEX_IN_BYTES: Final = 300_000
"""The index of some 3,000 files: from there on, git finds words faster than Python could read the files."""


class _Listing:
    """A call of git that prints names, going on while something else is done."""

    def __init__(self, root: Path, arguments: Sequence[str], given: str = "") -> None:
        self._process = started(root, arguments)
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as stream:
                stream.write(given.encode("utf-8", "surrogateescape"))
            self._process.stdin = None

    def names(self, *, fine: Sequence[int] = (0,)) -> list[str] | None:
        """The names printed, None where git is missing, fails or takes too long."""
        if self._process is None:
            return None
        try:
            listed, _ = self._process.communicate(timeout=_PATIENCE_IN_SECONDS)
        except subprocess.TimeoutExpired:
            self.stop()
            return None
        if self._process.returncode not in fine:
            return None
        return [os.fsdecode(name) for name in listed.split(b"\0") if name]

    def stop(self) -> None:
        """Do not wait for it any longer."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class Repository:
    """The repository around ``root``; of no use outside of one, without git, or where git fails or takes too long.

    What will be asked for first (ignored files, and in a large repository those with one of ``words``) is looked
    up at once, while something else goes on.
    """

    def __init__(self, root: Path, words: Sequence[str]) -> None:
        self._root = root
        self._words = words
        self._ignored = _Listing(root, _LIST_IGNORED)
        self._kept = _Listing(root, _LIST_KEPT) if _is_large(root) else None
        self._found = self._search(words) if self._kept is not None else None

    def __enter__(self) -> Repository:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for listing in (self._ignored, self._kept, self._found):
            if listing is not None:
                listing.stop()

    def ignored(self) -> Set[str]:
        """The ignored paths relative to the root, with ``/``; of an ignored directory only the directory.

        Files that are tracked are never ignored.
        """
        return frozenset(name.rstrip("/") for name in self._ignored.names() or ())

    def unseen(self) -> Set[str] | None:
        """The tracked files that `search` does not look at, because they would be ignored if they were not tracked.

        None if it is not to be used.
        """
        kept = None if self._kept is None else self._kept.names()
        return None if kept is None else frozenset(kept)

    def search(self, words: Sequence[str]) -> Set[str] | None:
        """The files that contain one of ``words``, relative to the root with ``/``; None if that is unknown.

        It reads the work tree, without what is ignored, links, and repositories in the repository.
        """
        if any("\n" in word for word in words):
            return None
        listing, self._found = self._found, None
        if listing is None or words != self._words:
            listing = self._search(words)
        found = listing.names(fine=(0, _FOUND_NOTHING))
        return None if found is None else frozenset(found)

    def _search(self, words: Sequence[str]) -> _Listing:
        return _Listing(self._root, _SEARCH, "".join(f"{word}\n" for word in words))


def _is_large(root: Path) -> bool:
    try:
        return (root / ".git" / "index").stat().st_size > _LARGE_INDEX_IN_BYTES
    except OSError:
        return False


def _would_wait_for(path: Path) -> bool:
    """Whether git would wait for ever at ``path``: a pipe or a device."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def started(root: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes] | None:
    """Start git, with nothing that a repository's configuration could run; ``None`` without git or a repository."""
    git = shutil.which("git")
    # On Windows the current directory is searched first: what lies in the repository is not git.
    if git is None or Path(git).resolve().is_relative_to(root.resolve()):
        return None
    repository = next((directory for directory in (root, *root.parents) if (directory / ".git").exists()), None)
    if repository is None or any(_would_wait_for(repository / name) for name in _READ_BY_GIT):
        return None
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    environment |= _WITHOUT_OTHERS
    try:
        return subprocess.Popen(  # noqa: S603 - a fixed command line, and no shell
            [git, "-C", str(root), *_HARMLESS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except OSError:
        return None

"""What git knows of a repository, asked of git itself.

A repository is not to be trusted: its configuration can name programs that git runs. So git is called with
whatever could do that switched off, and only lists names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
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
_MISLEADING: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF")
_PATIENCE_IN_SECONDS: Final = 20


class Ignored:
    """The files and directories below ``root`` that git ignores, looked up while something else goes on.

    Files that are tracked are never ignored. Outside of a repository, without git, or where it fails or takes
    too long, nothing is.
    """

    def __init__(self, root: Path) -> None:
        self._process = _listing(root)

    def __enter__(self) -> Ignored:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.communicate()

    def paths(self) -> frozenset[str]:
        """The ignored paths relative to the root, with ``/``; of an ignored directory only the directory."""
        if self._process is None:
            return frozenset()
        try:
            listed, _ = self._process.communicate(timeout=_PATIENCE_IN_SECONDS)
        except subprocess.TimeoutExpired:
            return frozenset()
        if self._process.returncode != 0:
            return frozenset()
        return frozenset(os.fsdecode(name).rstrip("/") for name in listed.split(b"\0") if name)


def _listing(root: Path) -> subprocess.Popen[bytes] | None:
    git = shutil.which("git")
    # On Windows the current directory is searched first: what lies in the repository is not git.
    if git is None or Path(git).resolve().is_relative_to(root.resolve()):
        return None
    if not any((directory / ".git").exists() for directory in (root, *root.parents)):
        return None
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        return subprocess.Popen(  # noqa: S603 - a fixed command line, and no shell
            [git, "-C", str(root), *_HARMLESS, *_LIST_IGNORED],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    except OSError:
        return None

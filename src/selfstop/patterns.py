"""Path patterns of the configuration: what ``exclude`` and ``per-file-ignores`` match."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import PurePosixPath


def matches(pattern: str, path: str) -> bool:
    """Whether ``pattern`` names ``path`` or a directory that contains it.

    ``path`` is relative to the project's root, with ``/``. A pattern without ``/`` is compared with each part
    of the path (``migrations``, ``*_pb2.py``), one with ``/`` with the path and its parents (``src/vendor``,
    ``apps/*/generated``). ``*`` also matches ``/``; a leading ``**/`` matches no directory, too.
    """
    wanted = pattern.replace("\\", "/").removeprefix("./").strip("/")
    pure = PurePosixPath(path)
    if "/" not in wanted:
        return any(fnmatchcase(part, wanted) for part in pure.parts)
    candidates = [path, *(parent.as_posix() for parent in pure.parents)]
    variants = {wanted, wanted.removeprefix("**/"), wanted.removesuffix("/**")}
    return any(fnmatchcase(candidate, variant) for candidate in candidates for variant in variants)

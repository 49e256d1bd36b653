"""What a repository was like at another time, and where it comes from: asked of git, without changing anything."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from selfstop.config import find_repository
from selfstop.model import Provenance
from selfstop.project.repository.git import started

_PATIENCE_IN_SECONDS: Final = 60
_COMMIT: Final = re.compile(r"[0-9a-f]{40,64}")
_SSH: Final = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:@]{2,}):(?P<path>(?!//).+)")
_LINK_MODE: Final = b"120000"


class NoRevision(Exception):
    """There is nothing to compare with; the message says why."""


def common_commit(root: Path, revision: str) -> str:
    """Find the commit at which the work tree around ``root`` left ``revision``, or that revision's own commit.

    It has none in common with the work tree where history is cut off, as in a shallow clone.
    """
    named = _asked(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if named is None or not _COMMIT.fullmatch(named):
        raise NoRevision(f"git knows no commit {revision!r} here; in a shallow clone it may have to be fetched first")
    base = _asked(root, "merge-base", "HEAD", named)
    return base if base is not None and _COMMIT.fullmatch(base) else named


def provenance(root: Path) -> Provenance | None:
    """Say which commit of which repository is checked out, if both are known.

    User and password are taken out of the address; one that is a path of this machine does not count.
    """
    address = _asked(root, "config", "--get", "remote.origin.url")
    revision = _asked(root, "rev-parse", "--verify", "--quiet", "HEAD")
    public = _public(address) if address else None
    if public is None or not revision:
        return None
    return Provenance(public, revision, _asked(root, "symbolic-ref", "--quiet", "--short", "HEAD") or "")


def files_at(root: Path, commit: str, suffixes: tuple[str, ...]) -> Mapping[str, bytes]:
    """Read the files of ``commit`` below ``root`` whose names end with one of ``suffixes``, by path relative to it."""
    top = find_repository(root) or root
    listed = _output(root, ("ls-tree", "-r", "-z", "--full-tree", commit))
    if listed is None:
        raise NoRevision(f"git cannot list the files of {commit}")
    prefix = PurePosixPath(root.relative_to(top).as_posix())
    wanted = dict(_blobs(listed, prefix, suffixes))
    contents = _output(root, ("cat-file", "--batch"), b"".join(blob + b"\n" for blob in wanted.values()))
    if contents is None:
        raise NoRevision(f"git cannot read the files of {commit}")
    return MappingProxyType(dict(zip(wanted, _batch(contents), strict=True)))


def _blobs(listed: bytes, prefix: PurePosixPath, suffixes: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for line in listed.split(b"\0"):
        head, _, name = line.partition(b"\t")
        path = PurePosixPath(name.decode("utf-8", "surrogateescape"))
        if name.decode("utf-8", "surrogateescape").lower().endswith(suffixes) and path.is_relative_to(prefix):
            mode, kind, blob = head.split(b" ")
            if kind == b"blob" and mode != _LINK_MODE:
                yield path.relative_to(prefix).as_posix(), blob


def _batch(contents: bytes) -> Iterator[bytes]:
    """Take apart what ``git cat-file --batch`` prints: a line with the size, then so many bytes and a line end."""
    position = 0
    while position < len(contents):
        end = contents.index(b"\n", position)
        size = contents[position:end].rpartition(b" ")[2]
        if not size.isdigit():
            raise NoRevision("git does not have all files of that commit: in a partial clone, fetch them first")
        stop = end + 1 + int(size)
        yield contents[end + 1 : stop]
        position = stop + 1


def _public(address: str) -> str | None:
    """Make an address a URI without user and password; ``None`` for what is no address of a network."""
    if "://" not in address:
        found = _SSH.fullmatch(address)
        return f"ssh://{found['host']}/{found['path'].lstrip('/')}" if found else None
    parts = urlsplit(address)
    if parts.scheme == "file" or not parts.hostname:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _asked(root: Path, *arguments: str) -> str | None:
    """Give the one line that git prints; ``None`` where it fails."""
    printed = _output(root, arguments)
    return None if printed is None else printed.decode("utf-8", "surrogateescape").strip()


def _output(root: Path, arguments: Iterable[str], given: bytes = b"") -> bytes | None:
    process = started(root, tuple(arguments))
    if process is None:
        return None
    try:
        printed, _ = process.communicate(given, timeout=_PATIENCE_IN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return printed if process.returncode == 0 else None

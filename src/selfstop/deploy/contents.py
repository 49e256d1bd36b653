"""Which files of the repository are in an image or container, and where."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import islice
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.model import Mount, Stage

_PATHS: Final = 1024
"""Paths of one file in an image that are kept: copies of copies double them from stage to stage."""


class Presence(Enum):
    """Whether a file is in an image."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Copied:
    """A ``COPY``: ``sources`` (None: unresolved) relative to ``context``, or within ``stage``, to ``target``.

    ``into`` says that the target is a directory even for a single file.
    """

    sources: tuple[str | None, ...]
    target: str
    into: bool
    context: str = "."
    stage: Contents | None = None


@dataclass(frozen=True, eq=False)
class Contents:
    """The files of an image; ``is_partial`` if its base is not known, ``trigger`` what its ``ONBUILD`` adds.

    Stages that copy from stages that copy from stages are reached in very many ways: what was once answered of one is
    remembered, and what makes contents sees to it that the same are one object.
    """

    copied: tuple[Copied, ...] = ()
    is_partial: bool = False
    trigger: Stage | None = None

    _paths: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False)

    def paths_of(self, file: str) -> tuple[str, ...]:
        """The paths in the image at which a file of the repository lies; many copies of copies are not counted out."""
        if file not in self._paths:
            self._paths[file] = tuple(dict.fromkeys(islice(self._found(file), _PATHS)))
        return self._paths[file]

    def _found(self, file: str) -> Iterator[str]:
        for copied in self.copied:
            if copied.stage is not None:
                starts = copied.stage.paths_of(file)
            else:
                starts = (relative,) if (relative := _below(file, copied.context)) is not None else ()
            for start in starts:
                for source in copied.sources:
                    if source is not None:
                        yield from _placed(start, source, copied)

    def takes_everything(self) -> bool:
        """Whether a whole directory of the host is copied, with what lies there besides the repository's files."""
        return self._takes_everything

    def has_open_copies(self) -> bool:
        """Whether something is copied whose name is not known."""
        return self._has_open_copies

    @cached_property
    def _takes_everything(self) -> bool:
        return self.is_partial or any(
            "." in copied.sources
            or "./" in copied.sources
            or (copied.stage is not None and copied.stage.takes_everything())
            for copied in self.copied
        )

    @cached_property
    def _has_open_copies(self) -> bool:
        return self.is_partial or any(
            None in copied.sources or (copied.stage is not None and copied.stage.has_open_copies())
            for copied in self.copied
        )


@dataclass(frozen=True)
class Mounted:
    """A volume over a path of the container; ``source`` is a directory of the repository, None if it is elsewhere."""

    source: str | None
    target: str


def mounted(mounts: Sequence[Mount], base: str) -> tuple[Mounted, ...]:
    """Volumes as the launcher in directory ``base`` names them."""
    found = []
    for mount in mounts:
        target = names.plain(mount.target)
        source = names.plain(mount.source)
        if target is None or not target.startswith("/"):
            continue
        inside = None
        if source is not None and source.startswith("."):
            joined = posixpath.normpath(posixpath.join(base, source))
            inside = None if joined.startswith("..") else joined
        found.append(Mounted(inside, posixpath.normpath(target)))
    return tuple(found)


def paths_in_container(file: str, contents: Contents, mounts: Sequence[Mounted]) -> list[str]:
    """The paths at which a running container has a file of the repository."""
    paths = [path for path in contents.paths_of(file) if not any(_is_under(path, mount.target) for mount in mounts)]
    paths += [
        posixpath.normpath(posixpath.join(mount.target, rest))
        for mount in mounts
        if mount.source is not None and (rest := _below(file, mount.source)) is not None
    ]
    return list(dict.fromkeys(paths))


def presence(file: str, contents: Contents, mounts: Sequence[Mounted], ending: str = "") -> Presence:
    """Whether a running container has a file of the repository, at a path with that ``ending``."""
    if any(path.endswith(ending) for path in paths_in_container(file, contents, mounts)):
        return Presence.YES
    foreign = any(mount.source is None and _may_hold_code(file, mount, contents) for mount in mounts)
    return Presence.UNKNOWN if foreign or contents.has_open_copies() else Presence.NO


def _may_hold_code(file: str, mount: Mounted, contents: Contents) -> bool:
    """Whether a volume from elsewhere covers the place of the file, or the directory the program lives in."""
    covered = any(_is_under(path, mount.target) for path in contents.paths_of(file))
    return covered or mount.target in {"/app", "/code", "/src", "/srv", "/opt/app", "/usr/src/app", "/workspace"}


def _placed(path: str, source: str, copied: Copied) -> Iterator[str]:
    """Where a file at ``path`` of the context lies, if ``source`` takes it along."""
    pattern = posixpath.normpath(source.lstrip("/") or ".") if copied.stage is None else posixpath.normpath(source)
    if pattern == "." or pattern == "/":
        yield posixpath.normpath(posixpath.join(copied.target, path.lstrip("/")))
        return
    wanted, parts = pattern.split("/"), path.split("/")
    if len(parts) < len(wanted) or not all(fnmatchcase(part, each) for part, each in zip(parts, wanted, strict=False)):
        return
    rest = parts[len(wanted) :]
    if rest:
        yield posixpath.normpath(posixpath.join(copied.target, *rest))
    else:
        is_glob = any(character in pattern for character in "*?[")
        yield posixpath.join(copied.target, parts[-1]) if copied.into or is_glob else copied.target


def _below(file: str, directory: str) -> str | None:
    if directory in {".", ""}:
        return file
    return file[len(directory) + 1 :] if file.startswith(f"{directory}/") else ("" if file == directory else None)


def _is_under(path: str, directory: str) -> bool:
    return directory == "/" or path == directory or path.startswith(f"{directory}/")

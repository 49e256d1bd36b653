"""Module names: which file a dotted name in an import means."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import count

_SOURCES = "src"
_SPECIAL = str.maketrans(":@#", "___")
"""Characters that file names may have, and that separate the parts of a function's id."""


class ModuleNames:
    """The modules of a project, each with a name of its own.

    A leading ``src`` is a source root, not a package, unless what it contains also stands beside it. Where two files
    have one name, Python's choice gets it (a package, then ``.py``), and the other one a name that nobody can import.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = tuple(paths)
        self._is_source_root = self._children[_SOURCES].keys().isdisjoint(self._children[""])
        self.by_path: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        for path in sorted(self._paths, key=_preference):
            plain = self.dotted(path)
            name = next(name for number in count() if (name := plain + "~" * number) not in self.paths)
            self.by_path[path] = name
            self.paths[name] = path

    @cached_property
    def _children(self) -> Mapping[str, Mapping[str, str]]:
        """For each directory what can be imported from there: names, with the files or directories they mean."""
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for path in sorted(self._paths, key=_preference, reverse=True):
            parts = path.split("/")
            for depth, part in enumerate(parts):
                name = part if depth < len(parts) - 1 else _stem(part)
                if name != "__init__":
                    found["/".join(parts[:depth])][name] = (
                        path if depth == len(parts) - 1 else "/".join(parts[: depth + 1])
                    )
        return found

    @cached_property
    def _packages(self) -> frozenset[str]:
        return frozenset(path.rpartition("/")[0] for path in self._paths if is_package(path))

    def dotted(self, path: str) -> str:
        """The dotted name of a file or directory below the root."""
        parts = path.translate(_SPECIAL).split("/")
        parts[-1] = _stem(parts[-1])
        if parts[0] == _SOURCES and len(parts) > 1 and self._is_source_root:
            parts = parts[1:]
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def seen_from(self, path: str) -> Mapping[str, str]:
        """What a file may import by bare name because of where it stands, with what that is from the root.

        That is what its own directory contains, and those above it, nearest first: a script is started there, or
        a part of the repository is put on the path. The directory of a package comes last: it is on the path only
        where one of its files is run as a script. At the root bare names are dotted names anyway. Nothing but the
        neighbours of a script can hide a standard module.
        """
        own = path.rpartition("/")[0]
        found: dict[str, str] = {}
        for directory in _above(own):
            if directory not in self._packages:
                hiding = directory == own
                found = {**self._importable(directory, hiding=hiding), **found}
        if own in self._packages:
            outside = self._importable(own, hiding=False).items()
            found = {**{name: module for name, module in outside if name not in self._children[""]}, **found}
        return found

    def _importable(self, directory: str, *, hiding: bool) -> Mapping[str, str]:
        """What stands in a directory; standard modules only where these are ``hiding``."""
        return {
            name: self.by_path.get(place) or self.dotted(place)
            for name, place in self._children[directory].items()
            if hiding or name not in sys.stdlib_module_names
        }


def is_package(path: str) -> bool:
    """Whether a file is what a package runs when it is imported."""
    return "/" in path and _stem(path.rpartition("/")[2]) == "__init__"


def by_suffix(names: Iterable[str]) -> Mapping[str, str]:
    """The names that modules can also be imported by: each suffix that only one module has.

    Any directory may be on the path, and no name of a standard module means something else for that.
    """
    found: dict[str, str | None] = {}
    for name in names:
        parts = name.split(".")
        for start in range(1, len(parts)):
            suffix = ".".join(parts[start:])
            found[suffix] = None if suffix in found else name
    return {
        suffix: name for suffix, name in found.items() if name is not None and suffix not in sys.stdlib_module_names
    }


def _stem(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def _above(directory: str) -> Iterator[str]:
    """A directory and those that contain it, innermost first, without the root."""
    while directory:
        yield directory
        directory = directory.rpartition("/")[0]


def _preference(path: str) -> tuple[bool, bool, str]:
    return not is_package(path), not path.endswith(".py"), path

"""Which modules of a project a module may load, directly or by way of others.

A search of the text: it takes in imports anywhere, also those in functions, and modules that are named in a string
(as frameworks want them named). So it may find too many, which is what its users need: that something is *not*
loaded has to be certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from selfstop import source
from selfstop.project.repository.names import ModuleNames, by_suffix, is_package

_IMPORT: Final = re.compile(
    r"^[ \t]*(?:[^#\n]*;[ \t]*)?(?:import[ \t]+(?P<modules>[^\n#;]+)"
    r"|from[ \t]+(?P<origin>\.*[\w.]*)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\n#;]+))",
    re.MULTILINE,
)
_NAMED: Final = re.compile(r"[\"']([A-Za-z_]\w*(?:\.\w+)+)(?::\w+)?[\"']")
_NAME: Final = re.compile(r"[\w.]+")
_BESIDE: Final = ("apps", "models", "tasks", "urls", "settings")
"""Modules that a framework loads along with a package that is named to it."""


class Imports:
    """The imports between the files of a project, by path."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.names = ModuleNames(files)
        self.modules = self.names.paths
        self._suffixes = by_suffix(self.modules)
        self._nearer: dict[str, Mapping[str, str]] = {}
        self._direct: dict[str, frozenset[str]] = {}
        self._closures: dict[str, frozenset[str]] = {}

    def closure(self, path: str) -> frozenset[str]:
        """The files that may be loaded when ``path`` is run or imported, itself included."""
        if path not in self._closures:
            seen = {path}
            pending = [path]
            while pending:
                for found in self.direct(pending.pop()):
                    if found not in seen:
                        seen.add(found)
                        pending.append(found)
            self._closures[path] = frozenset(seen)
        return self._closures[path]

    def direct(self, path: str) -> frozenset[str]:
        """The files that ``path`` itself names in an import or a string."""
        if path not in self._direct:
            self._direct[path] = frozenset(self._named(path))
        return self._direct[path]

    def lines_loading(self, path: str, wanted: str) -> Iterator[int]:
        """The lines of ``path`` whose import may load the file ``wanted``."""
        text = self.text(path)
        for match in _IMPORT.finditer(text):
            for name in self._imported(match, path):
                if any(wanted in self.closure(found) for found in self._files_of(name, path)):
                    yield text.count("\n", 0, match.start()) + 1

    def text(self, path: str) -> str:
        """The text of a file; nothing for one that cannot be decoded, which the engine says."""
        try:
            return source.decode(self._files[path])
        except (source.NotAnalysable, KeyError):
            return ""

    def _named(self, path: str) -> Iterator[str]:
        text = self.text(path)
        for match in _IMPORT.finditer(text):
            for name in self._imported(match, path):
                yield from self._files_of(name, path)
        for match in _NAMED.finditer(text):
            found = list(self._files_of(match[1], path))
            yield from found
            if found and match[1] in self.modules:
                yield from (self.modules[name] for each in _BESIDE if (name := f"{match[1]}.{each}") in self.modules)

    def _imported(self, match: re.Match[str], path: str) -> Iterator[str]:
        if match["modules"] is not None:
            for part in match["modules"].split(","):
                name = _NAME.match(part.strip())
                if name is not None:
                    yield name[0]
            return
        origin = match["origin"]
        dots = len(origin) - len(origin.lstrip("."))
        if dots:
            parts = self.names.by_path[path].split(".")
            parts = parts if is_package(path) else parts[:-1]
            parts = parts[: len(parts) - dots + 1] if dots > 1 else parts
            origin = ".".join([*parts, *filter(None, [origin.lstrip(".")])])
        if origin:
            yield origin
        for part in match["names"].strip("()").split(","):
            name = _NAME.match(part.strip())
            if name is not None:
                yield f"{origin}.{name[0]}" if origin else name[0]

    def _files_of(self, dotted: str, path: str) -> Iterator[str]:
        """The module of a dotted name, as the file at ``path`` may mean it, and the packages around it."""
        first, dot, rest = dotted.partition(".")
        nearer = self._seen_from(path).get(first)
        for meant in filter(None, (dotted, f"{nearer}{dot}{rest}" if nearer else "")):
            parts = meant.split(".")
            for end in range(1, len(parts) + 1):
                name = ".".join(parts[:end])
                found = self.modules.get(name) or self.modules.get(self._suffixes.get(name, ""))
                if found is not None:
                    yield found

    def _seen_from(self, path: str) -> Mapping[str, str]:
        directory = path.rpartition("/")[0]
        if directory not in self._nearer:
            self._nearer[directory] = self.names.seen_from(path)
        return self._nearer[directory]

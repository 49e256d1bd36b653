"""Which context managers a file enters swallow exceptions, wherever in the project these are defined.

Only the syntax of the files that define them is looked at, so that what follows a ``with`` is known when it is lowered.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping

from selfstop import source
from selfstop.flow.lower.scopes import Importer
from selfstop.project.repository.names import ModuleNames, is_package
from selfstop.project.repository.outline import syntax_tree
from selfstop.project.repository.swallowing import Kinds, Shown, Swallowing, swallowing

_OWN = ("self.", "cls.")


class Managers:
    """The context managers of a project, by what its files show."""

    def __init__(self, files: Mapping[str, bytes], names: ModuleNames, suffixes: Mapping[str, str]) -> None:
        self._files = files
        self._names = names
        self._suffixes = suffixes
        self._files_seen: dict[str, Swallowing] = {}
        self._importers: dict[str, Importer] = {}

    def seen_from(self, path: str, own: Swallowing) -> Mapping[str, Kinds]:
        """What is swallowed by what a file enters: what it defines by name, and what it imports by dotted name.

        The exceptions have dotted names as well, but for those that are built in.
        """
        if not own.entered:
            return {}
        self._files_seen[path] = own
        entered = own.entered | {name.partition(".")[2] for name in own.entered if name.startswith(_OWN)}
        found = {name: self._named(path, name, frozenset()) for name in own.shown.keys() & entered}
        for name in own.entered:
            if (dotted := self._imported(path, name)) is not None:
                found[dotted] = self._of(dotted, frozenset())
        return {name: kinds for name, kinds in found.items() if kinds}

    def _named(self, path: str, name: str, seen: frozenset[tuple[str, str]]) -> Kinds | None:
        """What is swallowed by what has a name in a file; None where nothing is known of that.

        Where several things of one name are defined, all of them have to swallow something.
        """
        if (path, name) in seen:
            return None
        seen |= {(path, name)}
        shown = self._file(path).shown.get(name)
        if shown is None:
            dotted = self._imported(path, name)
            return None if dotted is None else self._of(dotted, seen)
        found = [self._of_shown(path, each, seen) for each in shown]
        told = [kinds for kinds in found if kinds is not None]
        if not told:
            return None
        return tuple(dict.fromkeys(kind for kinds in told for kind in kinds)) if all(found) else ()

    def _of_shown(self, path: str, shown: Shown, seen: frozenset[tuple[str, str]]) -> Kinds | None:
        if shown.kinds:
            return tuple(self._meant(path, kind) for kind in shown.kinds)
        answers = (self._named(path, name, seen) for name in shown.like)
        return next((kinds for kinds in answers if kinds is not None), () if shown.decides else None)

    def _of(self, dotted: str, seen: frozenset[tuple[str, str]]) -> Kinds | None:
        """The same of what others import under a dotted name."""
        parts = dotted.split(".")
        for end in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:end])
            module = name if name in self._names.paths else self._suffixes.get(name)
            if module is not None:
                return self._named(self._names.paths[module], ".".join(parts[end:]), seen)
        return None

    def _meant(self, path: str, kind: str) -> str:
        if hasattr(builtins, kind):
            return kind
        return self._imported(path, kind) or f"{self._names.by_path[path]}.{kind}"

    def _imported(self, path: str, name: str) -> str | None:
        """The dotted name of what a file imports as ``name``, or of something in that."""
        first, dot, rest = name.partition(".")
        imported = self._file(path).imports.get(first)
        return None if imported is None else f"{self._importer(path).absolute(imported)}{dot}{rest}"

    def _importer(self, path: str) -> Importer:
        if path not in self._importers:
            name = self._names.by_path[path]
            package = name if is_package(path) else name.rpartition(".")[0]
            self._importers[path] = Importer(package, self._names.seen_from(path))
        return self._importers[path]

    def _file(self, path: str) -> Swallowing:
        if path not in self._files_seen:
            try:
                tree = syntax_tree(source.decode(self._files[path]))
            except source.NotAnalysable:
                tree = None
            self._files_seen[path] = Swallowing() if tree is None else swallowing(tree)
        return self._files_seen[path]

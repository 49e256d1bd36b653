"""Loads the callers of what reaches a stop call, by the names that their files mention."""

from __future__ import annotations

from collections.abc import Set

from selfstop.project.callgraph.reach import Reach
from selfstop.project.loading.lazily import LazyPackages
from selfstop.project.loading.mentions import Imported, Mention, Owner, spoken_of
from selfstop.project.loading.store import Store
from selfstop.project.repository.files import select


class Calling:
    """Knows the files that may call what reaches a stop call."""

    def __init__(self, store: Store, lazy: LazyPackages) -> None:
        self._store = store
        self._lazy = lazy
        self._possible: set[str] = set()
        self._searched: set[tuple[str, Owner]] = set()
        self._imported: dict[str, Imported] = {}

    @property
    def modules(self) -> set[str]:
        """The modules of these files."""
        return {self._store.names.by_path[path] for path in self._possible}

    def take(self, path: str) -> None:
        """Count a file among them."""
        self._possible.add(path)

    def load_callers(self, reach: Reach, *, at_once: bool) -> bool:
        """Load what mentions a function that reaches a stop call; returns whether that is anything new.

        A name that says little (``run``, ``main``) counts only beside an import of its module or its class. Callers are
        loaded one level at a time, or, ``at_once``, with all that call them in turn in the same file.
        """
        names = {name: self._lazy.spoken(each) for name, each in spoken_of(reach).items()}
        grew = False
        new = {
            name: each.but({owner for owner in each.having if (name, owner) in self._searched})
            for name, each in names.items()
        }
        new = {name: each for name, each in new.items() if each.having}
        if new:
            self._searched |= {(name, owner) for name, each in new.items() for owner in each.having}
            mention = Mention(new)
            found = select(self._store.files, mention, mention.words)
            grew = self._store.load_all(found)
            self._possible.update(found)
        for path in sorted(self._possible):
            if path not in self._store:
                continue
            file = self._store[path]
            here, imported = self._owners_in(path), self._imports_of(path)
            spoken = {
                name
                for name, each in names.items()
                if not each.by_import or not here.isdisjoint(each.having) or imported.has(name, each)
            }
            callers = file.outline.speaking(spoken)
            if at_once:
                callers = file.outline.calling_into(callers)
            grew = file.keep(callers) or grew
        return grew

    def keep_speaking(self, spoken: Set[tuple[str, frozenset[str]]]) -> bool:
        """Want the functions of modules that speak certain names; returns whether any is new."""
        grew = False
        for module, names in spoken:
            path = self._store.names.paths[module]
            self._possible.add(path)
            grew = self._store[path].keep(self._store[path].outline.speaking(names)) or grew
        return grew

    def _imports_of(self, path: str) -> Imported:
        if path not in self._imported:
            self._imported[path] = Imported.of(self._store.files[path])
        return self._imported[path]

    def _owners_in(self, path: str) -> frozenset[Owner]:
        """What has the names that a file defines: its module, and its classes."""
        skeleton = self._store[path].skeleton
        classes = () if skeleton is None else skeleton.code.classes
        module = self._store.names.by_path[path]
        return frozenset({Owner(module), *(Owner(module, cls.name) for cls in classes)})

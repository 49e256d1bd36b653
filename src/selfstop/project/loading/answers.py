"""Answers what the analysis asked: loads the functions and the files that tell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import replace

from selfstop.flow.terms import Var
from selfstop.flow.vocabulary import CONFIGURATION_NAMES, is_constant_name, words
from selfstop.project.loading.lazily import LazyPackages
from selfstop.project.loading.mentions import Imported, Mention, Owner, Spoken
from selfstop.project.loading.spellings import any_word, binding_of, change_of, declaration_of
from selfstop.project.loading.store import Store
from selfstop.project.repository.files import select
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.questions import Crowded, Questions

MANY = 6
"""Files that raise exceptions of a class, bind or read an attribute, bind a variable of a module that they import, or
may change a table: of what more of them speak of, nothing is learned."""


class Answers:
    """Remembers what was searched for, and of what so many files speak that it is left alone."""

    def __init__(self, store: Store, lazy: LazyPackages) -> None:
        self._store = store
        self._lazy = lazy
        self._near: set[tuple[str, frozenset[str]]] = set()
        self._classes: set[str] = set()
        self._tables: set[Var] = set()
        self._rebound: set[Var] = set()
        self.crowded = Crowded()

    def load(self, program: Program, askers: Set[str]) -> bool:
        """Load what was asked of ``program``; returns whether that is anything new.

        Modules are loaded where one of the modules ``askers`` imports them, or for a setting.
        """
        questions = program.questions
        grew = self._keep_bodies(program)
        grew = self._load_imported(program, askers) or grew
        grew = self._lazy.find(questions.lookups) or grew
        grew = self._keep_raising(questions) or grew
        return self._keep_binding(questions) or grew

    def _keep_bodies(self, program: Program) -> bool:
        grew = False
        for identity in program.questions.functions:
            function = program.functions[identity]
            file = self._store[function.path]
            # What it calls in its own file is asked for next.
            grew = file.keep(file.outline.called_from([function.line])) or grew
        return grew

    # Modules

    def _load_imported(self, program: Program, askers: Set[str]) -> bool:
        grew = False
        for path, member in sorted(set(self._imported(program, askers))):
            if path not in self._store and (module := self._store.load(path)) is not None:
                grew = True
                # What is imported is called, most of the time.
                module.keep(module.outline.called_from(module.outline.named(member)))
        return grew

    def _imported(self, program: Program, askers: Set[str]) -> Iterator[tuple[str, str]]:
        """Files of modules that were asked for, each with the name in it."""
        known = [module for name in sorted(askers) if (module := program.modules.get(name)) is not None]
        origins = {path for module in known for _, path in module.imports}
        origins |= {path for module in known for _, path in module.alternatives}
        origins |= {star for module in known for star in module.star_imports}
        origins |= {path for module in known for function in module.functions for path in function.called_imports}
        for dotted in program.questions.imports:
            parts = dotted.split(".")
            prefixes = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
            is_setting = is_constant_name(parts[-1]) or bool(words(parts[-1]) & CONFIGURATION_NAMES)
            if is_setting or prefixes & origins:
                found = self._file_of(dotted)
                if found is not None:
                    yield found
        yield from filter(None, map(self._file_of, sorted(program.questions.sources)))

    def _file_of(self, dotted: str) -> tuple[str, str] | None:
        """The file of the longest prefix of a dotted name that is a module of the project, and the name after it."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            name = ".".join(parts[:end])
            module = name if name in self._store.names.paths else self._store.suffixes.get(name)
            if module is not None:
                return self._store.names.paths[module], parts[end] if end < len(parts) else ""
        return None

    # Exceptions

    def _keep_raising(self, questions: Questions) -> bool:
        """Want the functions that may raise exceptions of a class that was asked for, wherever they are.

        Where very many files do, nothing holds in all of them: they are left alone.
        """
        grew = False
        for name in sorted(questions.classes - self.crowded.classes):
            pattern = rf"\b{re.escape(name)}[ \t]*\(|\braise\b[^\n]*\b{re.escape(name)}\b"
            if name not in self._classes:
                self._classes.add(name)
                found = self._few(name, pattern, lambda _: True)
                if found is None:
                    self.crowded = replace(self.crowded, classes=self.crowded.classes | {name})
                    grew = True
                    continue
                grew = self._store.load_all(found) or grew
            grew = self._store.keep_matching_anywhere(name, pattern) or grew
        return grew

    # Bindings

    def _keep_binding(self, questions: Questions) -> bool:
        """Want the functions that bind, or read, what was asked for: attributes, variables, tables; or that call it."""
        paths = self._store.names.paths
        grew = False
        for name, module in sorted(questions.attributes):
            for path in [paths[module]] if module else self._store:
                grew = self._store.keep_matching(path, name.partition(".")[0], binding_of(name)) or grew
        for name, near in sorted(questions.bindings, key=_by_nearness):
            grew = self._bind_near(name, near) or grew
        for name, near in sorted(questions.readings, key=_by_nearness):
            grew = self._read_near(name, near) or grew
        for variable in sorted(questions.rebindings, key=_by_name):
            grew = self._bind_outside(variable) or grew
        for variable in sorted(questions.variables, key=_by_name):
            name = variable.name
            grew = self._store.keep_matching(paths[variable.scope], name, declaration_of(name)) or grew
        for table in sorted(questions.tables, key=_by_name):
            grew = self._bring_users(table) or grew
        for name in sorted(questions.calls):
            grew = self._store.keep_matching_anywhere(name, rf"\b{re.escape(name)}\b\s*\(") or grew
        return grew

    def _bind_near(self, name: str, near: frozenset[str]) -> bool:
        """Load the files that bind an attribute and mention one of the names ``near``; want the functions that do."""
        if name in self.crowded.attributes:
            return False
        found = self._load_near(name, near, binding_of(name))
        if found is None:
            self.crowded = replace(self.crowded, attributes=self.crowded.attributes | {name})
        return found is not False

    def _read_near(self, name: str, near: frozenset[str]) -> bool:
        """The same for files that read an attribute."""
        if name in self.crowded.readings:
            return False
        found = self._load_near(name, near, rf"\.[ \t]*{re.escape(name)}\b")
        if found is None:
            self.crowded = replace(self.crowded, readings=self.crowded.readings | {name})
        return found is not False

    def _load_near(self, name: str, near: frozenset[str], pattern: str) -> bool | None:
        """Load the files in which ``pattern`` and one of the names ``near`` are found, once; see ``_load_matching``."""
        if not near or (pattern, near) in self._near:
            return False
        self._near.add((pattern, near))
        mention = re.compile(any_word(near).pattern.encode())
        return self._load_matching(name, pattern, lambda data: mention.search(data) is not None)

    def _bind_outside(self, variable: Var) -> bool:
        """Load the files that import a module and may bind a variable of it; want the functions that do."""
        if variable in self._rebound:
            return False
        self._rebound.add(variable)
        owner = Owner(variable.scope)
        module = Spoken(frozenset({owner}), by_import=True)
        found = self._load_matching(
            variable.name, binding_of(variable.name), lambda data: Imported.of(data).has(owner.stem, module)
        )
        if found is None:
            self.crowded = replace(self.crowded, variables=self.crowded.variables | {variable})
        return found is not False

    def _load_matching(self, name: str, pattern: str, is_near: Callable[[bytes], bool]) -> bool | None:
        """Load the files in which ``pattern`` is found, of those that are near; want the functions in which it is.

        Returns whether that is anything new; None where these are so many files that they are left alone. ``name`` is
        part of all that ``pattern`` matches.
        """
        found = self._few(name, pattern, is_near)
        if found is None:
            return None
        grew = self._store.load_all(found)
        kept = [self._store.keep_matching(path, name, pattern) for path in found if path in self._store]
        return any(kept) or grew

    def _bring_users(self, table: Var) -> bool:
        """Load the files that import a table and may change it; want the functions that speak of it."""
        grew = False
        if table not in self._tables:
            self._tables.add(table)
            imports = Mention({table.name: Spoken(frozenset({Owner(table.scope)}), by_import=True)})
            found = self._few(table.name, change_of(table.name), imports)
            if found is None:
                self.crowded = replace(self.crowded, tables=self.crowded.tables | {table})
                return True
            grew = self._store.load_all(found)
        return self._store.keep_matching_anywhere(table.name, rf"\b{re.escape(table.name)}\b") or grew

    def _few(self, name: str, pattern: str, is_near: Callable[[bytes], bool]) -> Sequence[str] | None:
        """The files in which ``pattern`` is found, of those that are near; None where these are too many.

        Those that are loaded count as well, or else it would depend on what else was asked before.
        """
        word, wanted = name.encode(), re.compile(pattern.encode())

        def matches(data: bytes) -> bool:
            return word in data and wanted.search(data) is not None and is_near(data)

        found = select(self._store.files, matches, [name])
        return None if len(found) > MANY else found


def _by_name(variable: Var) -> tuple[str, str]:
    return variable.scope, variable.name


def _by_nearness(asked: tuple[str, frozenset[str]]) -> tuple[str, list[str]]:
    return asked[0], sorted(asked[1])

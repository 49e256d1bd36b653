"""On demand: which files, and which functions in them, are worth parsing.

First those in which a stop call is called or referred to; then those that mention a function from which one is
reached; then whatever the analysis asks for: bodies of functions that are called on the way, modules that are
imported for it, functions that bind an attribute of which a condition speaks, all that an instance id comes through.
Until nothing new turns up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import TypeVar

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.flow.terms import Var
from selfstop.flow.vocabulary import CONFIGURATION_NAMES, is_constant_name, words
from selfstop.model import AnalysisError
from selfstop.project.callgraph.manifests import Manifests, entry_points
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.linking.linker import Linker
from selfstop.project.loading.asking import ask_about_calls, ask_about_holders, ask_about_ways
from selfstop.project.loading.lazily import LazyPackages
from selfstop.project.loading.loading import Loaded, loaded
from selfstop.project.loading.lowering import Lowered, Task
from selfstop.project.loading.mentions import (
    Imported,
    Mention,
    Owner,
    Spoken,
    any_word,
    binding_of,
    change_of,
    declaration_of,
    spoken_of,
)
from selfstop.project.repository.files import select
from selfstop.project.repository.names import ModuleNames, by_suffix, is_package
from selfstop.project.repository.outline import outline
from selfstop.project.repository.search import Start
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.questions import Crowded, Questions
from selfstop.project.targets.target import Targets

MANY = 6
"""Files that raise exceptions of a class, or bind an attribute: of more, nothing is learned about when that is done."""

PATIENCE = 10
"""Rounds after which callers are not loaded one level in each round any more, but all that a file may have at once."""

_T = TypeVar("_T")

LowerAll = Callable[[Sequence[Task]], Iterable[Lowered]]
"""Runs tasks, in this process or in others; results come in the order of the tasks."""


class Demand:
    """Loads the modules of a project that matter, and links them."""

    def __init__(
        self, files: Mapping[str, bytes], options: EngineOptions, lower_all: LowerAll, manifests: Manifests = dict
    ) -> None:
        self.files = files
        self.options = options
        self.errors: list[AnalysisError] = []
        self._lower_all = lower_all
        self._entry_points = entry_points(manifests(), files)
        self._names = ModuleNames(files)
        self._paths = self._names.paths
        self._suffixes = by_suffix(self._paths)
        self._loaded: dict[str, Loaded] = {}
        self._possible_callers: set[str] = set()
        self._matched: set[tuple[str, str]] = set()
        self._searched: set[tuple[str, str | Owner]] = set()
        self._rebound: set[Var] = set()
        self._crowded = Crowded()
        self._lazy = LazyPackages(files, self._names)
        self._imported_words: dict[str, Imported] = {}
        self._rounds = 0

    def analyse(self, starts: Mapping[str, Start], judge: Callable[[Reach], _T]) -> _T:
        """What ``judge`` says once everything that it asks for is loaded, beginning with the files ``starts``."""
        for path, start in starts.items():
            self._loaded[path] = loaded(start.outline, start.lines)
            self._possible_callers.add(path)
        while True:
            reach = self._linked()
            if self._load_what_reaches(reach) or self._load_what_decides(reach):
                continue
            verdict = judge(reach)
            if not self._answer(reach, _deciding(reach)):
                return verdict

    def _load_what_reaches(self, reach: Reach) -> bool:
        """Load what may reach a stop call; returns whether that is anything new."""
        return self._load_all(reach, self._answer_about_calls) or self._load_callers(reach)

    def _load_what_decides(self, reach: Reach) -> bool:
        """Load all that decides on the ways to a stop call, and whom it stops; returns whether that is anything new."""
        return self._load_all(reach, self._answer_about_ways)

    def _load_all(self, reach: Reach, answer: Callable[[Reach], bool]) -> bool:
        """Load what ``answer`` does until nothing is new; returns whether anything was.

        Who reaches a stop call is not looked at anew for each step: that would take longer than all the rest.
        """
        grew = False
        while answer(reach):
            grew = True
            reach = reach.over(*self._program())
            reach.program.ask()
        return grew

    def _answer_about_calls(self, reach: Reach) -> bool:
        for ask in (ask_about_calls, ask_about_holders):
            ask(reach)
            if self._answer(reach, _deciding(reach) | self._calling()):
                return True
        return False

    def _answer_about_ways(self, reach: Reach) -> bool:
        ask_about_ways(reach)
        if self._answer(reach, _deciding(reach)):
            return True
        Targets(reach).ask()
        return self._answer(reach, _deciding(reach) | self._calling())

    def _calling(self) -> set[str]:
        """The modules that may call what reaches a stop call."""
        return {self._names.by_path[path] for path in self._possible_callers}

    @property
    def loaded(self) -> list[str]:
        """The files that matter, by path, as far as that is known."""
        return sorted(self._loaded)

    # Loading

    def _load(self, path: str) -> Loaded | None:
        if path not in self._loaded:
            text = self._text(path)
            if text is None:
                return None
            self._loaded[path] = loaded(outline(text))
        return self._loaded[path]

    def _text(self, path: str) -> str | None:
        try:
            return source.decode(self.files[path])
        except source.NotAnalysable as error:
            self.errors.append(AnalysisError(path, error.line, error.code, error.message))
            return None

    def _lower(self) -> None:
        """Lower what is wanted and not done yet."""
        tasks = [
            self._task(path, each, lines)
            for path, each in sorted(self._loaded.items())
            if (lines := each.open) is not None
        ]
        for task, lowered in zip(tasks, self._lower_all(tasks), strict=True):
            each = self._loaded[task.path]
            each.take(lowered.skeleton, lowered.parts, task.lines)
            if lowered.error is not None:
                each.is_hopeless = True
                self.errors.append(lowered.error)

    def _task(self, path: str, each: Loaded, lines: tuple[int, ...]) -> Task:
        siblings = {} if each.skeleton else self._names.seen_from(path)
        return Task(path, each.outline, lines, each.skeleton, self._names.by_path[path], is_package(path), siblings)

    def _linked(self) -> Reach:
        self._rounds += 1
        program, linker = self._program()
        reach = Reach(program, linker, StopCalls(program, self.options), self._entry_points)
        program.ask()
        return reach

    def _program(self) -> tuple[Program, Linker]:
        """All that is wanted so far, lowered and linked."""
        self._lower()
        modules = [code for _, each in sorted(self._loaded.items()) if (code := each.code) is not None]
        program = Program(modules, self._suffixes, self._paths, dict(self._lazy.meanings))
        return program, Linker(program, self._crowded)

    # Callers

    def _load_callers(self, reach: Reach) -> bool:
        """Load what mentions a function that reaches a stop call; returns whether that is anything new.

        A name that says little (``run``, ``main``) counts only beside an import of its module or its class.
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
            for path in select(self.files, mention, mention.words):
                if path not in self._loaded and self._load(path) is not None:
                    grew = True
                self._possible_callers.add(path)
        for path in sorted(self._possible_callers & self._loaded.keys()):
            file = self._loaded[path]
            here, imported = self._owners_in(path), self._imports_of(path)
            spoken = {
                name
                for name, each in names.items()
                if not each.by_import or not here.isdisjoint(each.having) or imported.has(name, each)
            }
            callers = file.outline.speaking(spoken)
            if self._rounds > PATIENCE:
                callers = file.outline.calling_into(callers)
            grew = file.keep(callers) or grew
        return grew

    def _imports_of(self, path: str) -> Imported:
        if path not in self._imported_words:
            self._imported_words[path] = Imported.of(self.files[path])
        return self._imported_words[path]

    def _owners_in(self, path: str) -> frozenset[Owner]:
        """What has the names that a file defines: its module, and its classes."""
        skeleton = self._loaded[path].skeleton
        classes = () if skeleton is None else skeleton.code.classes
        module = self._names.by_path[path]
        return frozenset({Owner(module), *(Owner(module, cls.name) for cls in classes)})

    # Answers

    def _answer(self, reach: Reach, askers: Set[str]) -> bool:
        """Load what was asked for; returns whether that is anything new.

        Modules are loaded where one of the modules ``askers`` imports them, or for a setting.
        """
        questions = reach.program.questions
        grew = False
        for identity in questions.functions:
            function = reach.program.functions[identity]
            file = self._loaded[function.path]
            # What it calls in its own file is asked for next.
            grew = file.keep(file.outline.called_from([function.line])) or grew
        for path, member in sorted(set(self._imported(reach, questions, askers))):
            if path not in self._loaded and (module := self._load(path)) is not None:
                grew = True
                # What is imported is called, most of the time.
                module.keep(module.outline.called_from(module.outline.named(member)))
        for name, names in questions.spoken:
            path = self._paths[name]
            self._possible_callers.add(path)
            grew = self._loaded[path].keep(self._loaded[path].outline.speaking(names)) or grew
        grew = self._lazy.find(questions.lookups) or grew
        grew = self._make(questions) or grew
        return self._bind(questions) or grew

    def _make(self, questions: Questions) -> bool:
        """Keep the functions that may raise exceptions of a class that was asked for, wherever they are.

        Where very many files do, nothing holds in all of them: they are left alone.
        """
        grew = False
        for name in sorted(questions.classes - self._crowded.classes):
            pattern = rf"\b{re.escape(name)}[ \t]*\(|\braise\b[^\n]*\b{re.escape(name)}\b"
            if (name, "") not in self._searched:
                self._searched.add((name, ""))
                raising = re.compile(pattern.encode())
                found = select(self.files, lambda data: raising.search(data) is not None, [name])  # noqa: B023
                if len(found) > MANY:
                    self._crowded = replace(self._crowded, classes=self._crowded.classes | {name})
                    grew = True
                    continue
                for path in found:
                    grew = (path not in self._loaded and self._load(path) is not None) or grew
            for path in sorted(self._loaded):
                grew = self._keep_matching(path, name, pattern) or grew
        return grew

    def _bind(self, questions: Questions) -> bool:
        """Keep the functions that bind an attribute or a variable that was asked for."""
        grew = False
        for name, module in sorted(questions.attributes):
            for path in [self._paths[module]] if module else sorted(self._loaded):
                grew = self._keep_matching(path, name.partition(".")[0], binding_of(name)) or grew
        for name, near in sorted(questions.bindings, key=lambda asked: (asked[0], sorted(asked[1]))):
            grew = self._bind_near(name, near) or grew
        for name, near in sorted(questions.readings, key=lambda asked: (asked[0], sorted(asked[1]))):
            grew = self._read_near(name, near) or grew
        for variable in sorted(questions.rebindings, key=_by_name):
            grew = self._bind_outside(variable) or grew
        for variable in sorted(questions.variables, key=_by_name):
            grew = (
                self._keep_matching(self._paths[variable.scope], variable.name, declaration_of(variable.name)) or grew
            )
        for table in sorted(questions.tables, key=_by_name):
            grew = self._bring_users(table) or grew
        for name in sorted(questions.calls):
            for path in sorted(self._loaded):
                grew = self._keep_matching(path, name, rf"\b{re.escape(name)}\b\s*\(") or grew
        return grew

    def _bind_near(self, name: str, near: frozenset[str]) -> bool:
        """Load the files that bind an attribute and mention one of the names ``near``; keep the functions that do."""
        if name in self._crowded.attributes:
            return False
        found = self._load_near(name, near, binding_of(name))
        if found is None:
            self._crowded = replace(self._crowded, attributes=self._crowded.attributes | {name})
        return found is not False

    def _read_near(self, name: str, near: frozenset[str]) -> bool:
        """The same for files that read an attribute."""
        if name in self._crowded.readings:
            return False
        found = self._load_near(name, near, rf"\.[ \t]*{re.escape(name)}\b")
        if found is None:
            self._crowded = replace(self._crowded, readings=self._crowded.readings | {name})
        return found is not False

    def _load_near(self, name: str, near: frozenset[str], pattern: str) -> bool | None:
        """Load the files in which ``pattern`` and one of the names ``near`` are found, once; see ``_load_matching``."""
        asked = (pattern, " ".join(sorted(near)))
        if not near or asked in self._searched:
            return False
        self._searched.add(asked)
        mention = re.compile(any_word(near).pattern.encode())
        return self._load_matching(name, pattern, lambda data: mention.search(data) is not None)

    def _bind_outside(self, variable: Var) -> bool:
        """Load the files that import a module and may bind a variable of it; keep the functions that do."""
        if variable in self._rebound:
            return False
        self._rebound.add(variable)
        owner = Owner(variable.scope)
        pattern = binding_of(variable.name)
        module = Spoken(frozenset({owner}), by_import=True)
        found = self._load_matching(variable.name, pattern, lambda data: Imported.of(data).has(owner.stem, module))
        if found is None:
            self._crowded = replace(self._crowded, variables=self._crowded.variables | {variable})
        return found is not False

    def _load_matching(self, name: str, pattern: str, is_near: Callable[[bytes], bool]) -> bool | None:
        """Load the files in which ``pattern`` is found, of those that are near; keep the functions in which it is.

        Returns whether that is anything new; None where these are so many files that they are left alone. ``name`` is
        part of all that ``pattern`` matches.
        """
        word, wanted = name.encode(), re.compile(pattern.encode())

        def matches(data: bytes) -> bool:
            return word in data and wanted.search(data) is not None and is_near(data)

        found = select(self.files, matches, [name])
        if sum(path not in self._loaded for path in found) > MANY:
            return None
        grew = False
        for path in found:
            grew = (path not in self._loaded and self._load(path) is not None) or grew
            if path in self._loaded:
                grew = self._keep_matching(path, name, pattern) or grew
        return grew

    def _bring_users(self, table: Var) -> bool:
        """Load the files that import a table and may change it; keep the functions that speak of it."""
        grew = False
        if (asked := (table.name, Owner(table.scope))) not in self._searched:
            self._searched.add(asked)
            imports = Mention({table.name: Spoken(frozenset({asked[1]}), by_import=True)})
            changing = re.compile(change_of(table.name).encode())
            found = select(self.files, lambda data: bool(changing.search(data)) and imports(data), [table.name])
            if sum(path not in self._loaded for path in found) > MANY:
                self._crowded = replace(self._crowded, tables=self._crowded.tables | {table.name})
                return True
            for path in found:
                grew = (path not in self._loaded and self._load(path) is not None) or grew
        for path in sorted(self._loaded):
            grew = self._keep_matching(path, table.name, rf"\b{re.escape(table.name)}\b") or grew
        return grew

    def _keep_matching(self, path: str, word: str, pattern: str) -> bool:
        """Keep the functions of a file in which ``pattern`` is found; ``word`` is part of all it matches."""
        if (path, pattern) in self._matched:
            return False
        self._matched.add((path, pattern))
        file = self._loaded[path]
        return word in file.outline.text and file.keep(file.outline.mentioning(re.compile(pattern), word))

    def _imported(self, reach: Reach, questions: Questions, askers: Set[str]) -> Iterator[tuple[str, str]]:
        """Files of modules that were asked for, each with the name in it."""
        known = [module for name in sorted(askers) if (module := reach.program.modules.get(name)) is not None]
        origins = {path for module in known for _, path in module.imports}
        origins |= {path for module in known for _, path in module.alternatives}
        origins |= {star for module in known for star in module.star_imports}
        origins |= {path for module in known for function in module.functions for path in function.called_imports}
        for dotted in questions.imports:
            parts = dotted.split(".")
            prefixes = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
            is_setting = is_constant_name(parts[-1]) or bool(words(parts[-1]) & CONFIGURATION_NAMES)
            if is_setting or prefixes & origins:
                found = self._file_of(dotted)
                if found is not None:
                    yield found
        yield from filter(None, map(self._file_of, sorted(questions.sources)))

    def _file_of(self, dotted: str) -> tuple[str, str] | None:
        """The file of the longest prefix of a dotted name that is a module of the project, and the name after it."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            name = ".".join(parts[:end])
            module = name if name in self._paths else self._suffixes.get(name)
            if module is not None:
                return self._paths[module], parts[end] if end < len(parts) else ""
        return None


def _by_name(variable: Var) -> tuple[str, str]:
    return variable.scope, variable.name


def _deciding(reach: Reach) -> set[str]:
    """The modules of what reaches a stop call."""
    return {reach.program.functions[identity].module for identity in reach.functions}

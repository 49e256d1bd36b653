"""On demand: which files, and which functions in them, are worth parsing.

First those in which a stop call is called or referred to; then those that mention a function from which one is
reached; then whatever the analysis asks for: bodies of functions that are called on the way, modules that are
imported for it, functions that bind an attribute of which a condition speaks, all that an instance id comes through.
Until nothing new turns up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TypeVar

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.flow.code import MODULE_BODY, Function, FunctionCode
from selfstop.flow.lower import Skeleton
from selfstop.flow.terms import Var, walk
from selfstop.flow.vocabulary import CONFIGURATION_NAMES, is_constant_name, words
from selfstop.model import AnalysisError
from selfstop.project.files import select
from selfstop.project.linker import Linker
from selfstop.project.lowering import Lowered, Task
from selfstop.project.names import beside, by_suffix, module_name
from selfstop.project.outline import Outline, outline
from selfstop.project.program import Program
from selfstop.project.questions import Questions
from selfstop.project.reach import GENERIC_NAMES, Reach
from selfstop.project.search import Start
from selfstop.project.stopcalls import StopCalls
from selfstop.project.target import Targets

SHORT = 100
"""Files of that many lines are taken whole: looking for what matters would cost more than it saves."""

PATIENCE = 10
"""Rounds after which callers are not loaded one level in each round any more, but all that a file may have at once."""

_T = TypeVar("_T")

LowerAll = Callable[[Sequence[Task]], Iterable[Lowered]]
"""Runs tasks, in this process or in others; results come in the order of the tasks."""


@dataclass
class _Loaded:
    """A file that matters: its outline, the functions (by line) whose bodies do, and what was lowered of it."""

    outline: Outline
    wanted: set[int]
    done: set[int] = field(default_factory=set)
    skeleton: Skeleton | None = None
    parts: list[FunctionCode] = field(default_factory=list)
    is_hopeless: bool = False

    def keep(self, lines: Iterable[int]) -> bool:
        """Want further functions; returns whether any is new."""
        new = set(lines) - self.wanted
        self.wanted |= new
        return bool(new) and not self.is_hopeless

    @property
    def open(self) -> tuple[int, ...] | None:
        """The functions still to be lowered; None if nothing is to be done."""
        if self.is_hopeless or (self.skeleton is not None and self.wanted <= self.done):
            return None
        return tuple(sorted(self.wanted - self.done))


class Demand:
    """Loads the modules of a project that matter, and links them."""

    def __init__(self, files: Mapping[str, bytes], options: EngineOptions, lower_all: LowerAll) -> None:
        self.files = files
        self.options = options
        self.errors: list[AnalysisError] = []
        self._lower_all = lower_all
        self._paths = {module_name(path)[0]: path for path in files}
        self._suffixes = by_suffix(self._paths)
        self._loaded: dict[str, _Loaded] = {}
        self._possible_callers: set[str] = set()
        self._matched: set[tuple[str, str]] = set()
        self._searched: set[tuple[str, str]] = set()
        self._rounds = 0

    def analyse(self, starts: Mapping[str, Start], judge: Callable[[Reach], _T]) -> _T:
        """What ``judge`` says once everything that it asks for is loaded, beginning with the files ``starts``."""
        for path, start in starts.items():
            self._loaded[path] = _loaded(start.outline, start.lines)
            self._possible_callers.add(path)
        while True:
            reach = self._linked()
            reach.ask()
            deciding = {reach.program.functions[identity].module for identity in reach.functions}
            if self._answer(reach, deciding | set(map(module_of, self._possible_callers))) or self._load_callers(reach):
                continue
            reach.ask_further()
            if self._answer(reach, deciding):
                continue
            Targets(reach).ask()
            if self._answer(reach, deciding | set(map(module_of, self._possible_callers))):
                continue
            verdict = judge(reach)
            if not self._answer(reach, deciding):
                return verdict

    @property
    def loaded(self) -> list[str]:
        """The files that matter, by path, as far as that is known."""
        return sorted(self._loaded)

    # Loading

    def _load(self, path: str) -> _Loaded | None:
        if path not in self._loaded:
            text = self._text(path)
            if text is None:
                return None
            self._loaded[path] = _loaded(outline(text))
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
            Task(path, each.outline, lines, each.skeleton, {} if each.skeleton else beside(path, self.files))
            for path, each in sorted(self._loaded.items())
            if (lines := each.open) is not None
        ]
        for task, lowered in zip(tasks, self._lower_all(tasks), strict=True):
            each = self._loaded[task.path]
            each.skeleton = lowered.skeleton
            each.parts.extend(lowered.parts)
            each.done.update(task.lines)
            if lowered.error is not None:
                each.is_hopeless = True
                self.errors.append(lowered.error)

    def _linked(self) -> Reach:
        self._rounds += 1
        self._lower()
        modules = [
            each.skeleton.code.completed(each.parts)
            for _, each in sorted(self._loaded.items())
            if each.skeleton is not None
        ]
        program = Program(modules, self._suffixes, self._paths)
        return Reach(program, Linker(program), StopCalls(program, self.options))

    # Callers

    def _load_callers(self, reach: Reach) -> bool:
        """Load what mentions a function that reaches a stop call; returns whether that is anything new.

        A name that says little (``run``, ``main``) counts only beside an import of its module or its class.
        """
        owners = _owners(reach)
        grew = False
        new = {name: found - {o for o in found if (name, o) in self._searched} for name, found in owners.items()}
        new = {name: found for name, found in new.items() if found}
        if new:
            self._searched |= {(name, owner) for name, found in new.items() for owner in found}
            mention = _Mention(new)
            for path in select(self.files, mention, sorted(new)):
                if path not in self._loaded and self._load(path) is not None:
                    grew = True
                self._possible_callers.add(path)
        classes = {cls for found in owners.values() for cls in found}
        pattern = _any_word({*owners, *classes})
        for path in sorted(self._possible_callers & self._loaded.keys()):
            loaded = self._loaded[path]
            callers = loaded.outline.mentioning(pattern)
            if self._rounds > PATIENCE:
                callers = loaded.outline.calling_into(callers)
            grew = loaded.keep(callers) or grew
        return grew

    # Answers

    def _answer(self, reach: Reach, askers: Set[str]) -> bool:
        """Load what was asked for; returns whether that is anything new.

        Modules are loaded where one of the modules ``askers`` imports them, or for a setting.
        """
        questions = reach.program.questions
        grew = False
        for identity in questions.functions:
            function = reach.program.functions[identity]
            loaded = self._loaded[function.path]
            # What it calls in its own file is asked for next.
            grew = loaded.keep(loaded.outline.called_from([function.line])) or grew
        for path in sorted(self._imported(reach, questions, askers)):
            if path not in self._loaded and self._load(path) is not None:
                grew = True
        grew = self._make(questions) or grew
        return self._bind(questions) or grew

    def _make(self, questions: Questions) -> bool:
        """Keep the functions that may make objects of a class that was asked for, wherever they are."""
        grew = False
        for name in sorted(questions.classes):
            if (name, "") not in self._searched:
                self._searched.add((name, ""))
                for path in select(self.files, _Mention({name: ()}), [name]):
                    grew = (path not in self._loaded and self._load(path) is not None) or grew
            for path in sorted(self._loaded):
                grew = self._keep_matching(path, name, rf"\b{re.escape(name)}\b") or grew
        return grew

    def _bind(self, questions: Questions) -> bool:
        """Keep the functions that bind an attribute or a variable that was asked for."""
        grew = False
        for name, module in sorted(questions.attributes):
            for path in [self._paths[module]] if module else sorted(self._loaded):
                grew = self._keep_matching(path, name.partition(".")[0], _binding(name)) or grew
        for variable in sorted(questions.variables, key=lambda variable: (variable.scope, variable.name)):
            grew = self._keep_matching(self._paths[variable.scope], variable.name, _declaration(variable.name)) or grew
        for name in sorted(questions.calls):
            for path in sorted(self._loaded):
                grew = self._keep_matching(path, name, rf"\b{re.escape(name)}\b\s*\(") or grew
        return grew

    def _keep_matching(self, path: str, word: str, pattern: str) -> bool:
        """Keep the functions of a file in which ``pattern`` is found; ``word`` is part of all it matches."""
        if (path, pattern) in self._matched:
            return False
        self._matched.add((path, pattern))
        loaded = self._loaded[path]
        return word in loaded.outline.text and loaded.keep(loaded.outline.mentioning(re.compile(pattern)))

    def _imported(self, reach: Reach, questions: Questions, askers: Set[str]) -> Iterator[str]:
        """Files of modules that were asked for."""
        known = [module for name in sorted(askers) if (module := reach.program.modules.get(name)) is not None]
        origins = {path for module in known for _, path in module.imports}
        origins |= {star for module in known for star in module.star_imports}
        origins |= {path for module in known for function in module.functions for path in _dotted_in(function)}
        for dotted in questions.imports:
            parts = dotted.split(".")
            prefixes = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
            is_setting = is_constant_name(parts[-1]) or bool(words(parts[-1]) & CONFIGURATION_NAMES)
            if is_setting or prefixes & origins:
                found = self._file_of(dotted)
                if found is not None:
                    yield found
        yield from filter(None, map(self._file_of, sorted(questions.sources)))

    def _file_of(self, dotted: str) -> str | None:
        """The file of the longest prefix of a dotted name that is a module of the project."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            name = ".".join(parts[:end])
            module = name if name in self._paths else self._suffixes.get(name)
            if module is not None:
                return self._paths[module]
        return None


def _loaded(outline: Outline, lines: Iterable[int] = ()) -> _Loaded:
    """A file of which the functions at ``lines`` matter; a short one is taken whole."""
    if len(outline.lines) <= SHORT:
        lines = [unit.line for unit in outline.units]
    return _Loaded(outline, set(lines))


def module_of(path: str) -> str:
    """The name of the module at ``path``."""
    return module_name(path)[0]


def _owners(reach: Reach) -> dict[str, set[str]]:
    """The names of what reaches a stop call, and by what each is imported: its module or its class."""
    owners: dict[str, set[str]] = {}
    for identity in reach.functions:
        function = reach.program.functions[identity]
        if function.qualname == MODULE_BODY or function.name.startswith("<") or identity in reach.told:
            continue
        cls = function.qualname.rpartition(".")[0].rpartition(".")[2]
        owner = cls if function.cls is not None else function.module.rpartition(".")[2]
        owners.setdefault(function.name, set()).add(owner)
    # Who gives a helper something that reaches a stop call mentions that.
    for name, module in reach.aliases():
        owners.setdefault(name, set()).add(module.rpartition(".")[2])
    return owners


class _Mention:
    """Whether a file mentions one of the names: by a fast search first, then word by word."""

    def __init__(self, owners: Mapping[str, Iterable[str]]) -> None:
        self._names = [
            (_bytes(name), _word(name), _imports(found) if name in GENERIC_NAMES else None)
            for name, found in sorted(owners.items())
        ]

    def __call__(self, data: bytes) -> bool:
        return any(
            name in data and word.search(data) and (imported is None or imported.search(data))
            for name, word, imported in self._names
        )


def _dotted_in(function: Function) -> Iterator[str]:
    for _, call in function.graph.calls():
        yield from (part.name for part in walk(call.func) if isinstance(part, Var) and part.scope == "import")


def _word(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\b" + re.escape(_bytes(name)) + rb"\b")


def _any_word(names: Set[str]) -> re.Pattern[str]:
    """Any of ``names`` as a word; nothing where there are none."""
    if not names:
        return re.compile(r"(?!)")
    return re.compile(r"\b(?:" + "|".join(re.escape(name) for name in sorted(names)) + r")\b")


def _binding(attribute: str) -> str:
    """Where an attribute may be bound: assigned, deleted, set by name, bound by a ``for`` or a ``with``.

    ``name.set`` asks for calls of that method on it.
    """
    name, _, method = attribute.partition(".")
    if method:
        return rf"\b{re.escape(name)}\b.*\.{method}\("
    word = re.escape(name)
    return rf"\.{word}\b[^\n=]*(?<![<>!=])=(?!=)|\b(?:for|as|del)\b[^\n]*\.{word}\b|\bsetattr\b[^\n]*\b{word}\b"


def _declaration(name: str) -> str:
    return rf"\bglobal\b[^\n]*\b{re.escape(name)}\b"


def _imports(names: Iterable[str]) -> re.Pattern[bytes]:
    """Lines that import one of ``names``, or from it."""
    alternatives = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(_bytes(rf"^\s*(?:from|import)\b[^\n]*\b(?:{alternatives})\b"), re.MULTILINE)


def _bytes(name: str) -> bytes:
    """A name as it stands in a file; names of modules come from file names, which may be any bytes."""
    return name.encode("utf-8", "surrogateescape")

"""On demand: which files are worth parsing.

First those in which a stop call is called or referred to; then those that mention a function from which one
is reached, and those from which such functions import; until nothing new turns up.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.flow.code import MODULE_BODY, ModuleCode
from selfstop.flow.terms import Var, walk
from selfstop.flow.vocabulary import CONFIGURATION_NAMES, is_constant_name, words
from selfstop.project.linker import Linker
from selfstop.project.names import by_suffix, module_name
from selfstop.project.program import Program
from selfstop.project.reach import GENERIC_NAMES, Reach
from selfstop.project.stopcalls import StopCalls

MAX_ROUNDS = 8


def refers(data: bytes, names: frozenset[str], verbs: frozenset[str]) -> bool:
    """Whether the code calls or refers to one of ``names``, or calls a method among ``verbs``.

    Definitions, comments and longer strings do not count. What this Python cannot read may.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.decode(data))
    except (source.NotAnalysable, SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(_refers(node, names, verbs) for node in ast.walk(tree))


def _refers(node: ast.AST, names: frozenset[str], verbs: frozenset[str]) -> bool:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name in names
        case ast.Constant(value=str() as text):
            return text in names or any(name in text for name in names if "-" in name or name in _COMMANDS)
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in verbs
        case ast.ImportFrom(names=aliases):
            return any(alias.name in names for alias in aliases)
    return False


_COMMANDS = frozenset({"shutdown", "poweroff", "halt"})


class Demand:
    """Loads the modules of a project that matter, and links them."""

    def __init__(
        self,
        files: Mapping[str, bytes],
        options: EngineOptions,
        lower: Callable[[str], ModuleCode | None],
    ) -> None:
        """``lower`` gives the module of a path, or None where that cannot be analysed (and says so itself)."""
        self.files = files
        self.options = options
        self._lower = lower
        self._paths = {module_name(path)[0]: path for path in files}
        self._suffixes = by_suffix(self._paths)
        self._modules: dict[str, ModuleCode | None] = {}
        self._possible_callers: set[str] = set()

    def load(self, candidates: Iterable[str]) -> Reach:
        """Parse ``candidates`` and whatever else turns out to matter."""
        wanted = set(candidates)
        self._possible_callers = set(wanted)
        reach = self._linked()
        for _ in range(MAX_ROUNDS):
            new = sorted(path for path in wanted if path not in self._modules)
            if not new:
                break
            for path in new:
                self._modules[path] = self._lower(path)
            reach = self._linked()
            mentioning = set(self._mentioning(reach))
            self._possible_callers |= mentioning
            wanted = {*mentioning, *self._imported(reach)}
        return reach

    def _linked(self) -> Reach:
        program = Program((module for module in self._modules.values() if module is not None), self._suffixes)
        return Reach(program, Linker(program), StopCalls(program, self.options))

    def _mentioning(self, reach: Reach) -> Iterator[str]:
        """Files in which a function that reaches a stop call may be called.

        A name that says little (``run``, ``main``) counts only beside an import of its module or its class.
        """
        owners: dict[bytes, set[str]] = {}
        for identity in reach.functions:
            function = reach.program.functions[identity]
            if function.qualname == MODULE_BODY or function.name.startswith("<"):
                continue
            cls = function.qualname.rpartition(".")[0].rpartition(".")[2]
            owner = cls if function.cls is not None else function.module.rpartition(".")[2]
            owners.setdefault(_bytes(function.name), set()).add(owner)
        if not owners:
            return
        search = _words(owners)
        imported = {name: _imports(found) for name, found in owners.items() if name.decode() in GENERIC_NAMES}
        for path, data in self.files.items():
            if path not in self._modules and any(
                name not in imported or imported[name].search(data) for name in set(search.findall(data))
            ):
                yield path

    def _imported(self, reach: Reach) -> Iterator[str]:
        """Files that possible callers import from, and those of the settings that these read."""
        names = {reach.program.functions[identity].module for identity in reach.functions}
        names |= {module_name(path)[0] for path in self._possible_callers}
        direct = {path for name in names for path in self._imports_of(reach.program, name)}
        yield from direct
        for path in direct:
            yield from self._imports_of(reach.program, module_name(path)[0], settings_only=True)

    def _imports_of(self, program: Program, name: str, *, settings_only: bool = False) -> Iterator[str]:
        module = program.modules.get(name)
        if module is None:
            return
        dotted = {path for _, path in module.imports} | set(module.star_imports)
        for function in module.functions:
            for _, call in function.graph.calls():
                dotted |= {part.name for part in walk(call.func) if isinstance(part, Var) and part.scope == "import"}
        for path in dotted:
            last = path.rpartition(".")[2]
            if settings_only and not (is_constant_name(last) or words(last) & CONFIGURATION_NAMES):
                continue
            found = self._file_of(path)
            if found is not None:
                yield found

    def _file_of(self, dotted: str) -> str | None:
        """The file of the longest prefix of a dotted name that is a module of the project."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            name = ".".join(parts[:end])
            module = name if name in self._paths else self._suffixes.get(name)
            if module is not None:
                return self._paths[module]
        return None


def _words(names: Iterable[bytes]) -> re.Pattern[bytes]:
    return re.compile(rb"\b(" + b"|".join(re.escape(name) for name in sorted(names)) + rb")\b")


def _imports(names: Iterable[str]) -> re.Pattern[bytes]:
    """Lines that import one of ``names``, or from it."""
    alternatives = "|".join(re.escape(name) for name in sorted(names))
    return re.compile(_bytes(rf"^\s*(?:from|import)\b[^\n]*\b(?:{alternatives})\b"), re.MULTILINE)


def _bytes(name: str) -> bytes:
    """A name as it stands in a file; names of modules come from file names, which may be any bytes."""
    return name.encode("utf-8", "surrogateescape")

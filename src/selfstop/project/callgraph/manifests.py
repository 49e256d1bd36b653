"""Entry points that distributions declare: commands and plugins, in ``pyproject.toml``, ``setup.cfg`` and ``setup.py``.

The functions that they name are called by nobody in the project, whatever else calls them. Formats: Python Packaging
User Guide (pyproject.toml specification, entry points specification), setuptools' and Poetry's manuals. Files that
cannot be read or parsed declare nothing.
"""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from selfstop import source
from selfstop.flow.terms import Func, Term
from selfstop.project.repository.outline import syntax_tree
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.table import class_id, is_class

Manifests = Callable[[], Mapping[str, bytes]]
"""Gives their contents by path relative to the root, once it is known that they matter."""

_COMMANDS: Final = frozenset({"console_scripts", "gui_scripts", "scripts"})
_LINE: Final = re.compile(r"\s*(?P<name>[^=#;\s][^=]*?)\s*=\s*(?P<object>[\w.]+:[\w.]+)")


@dataclass(frozen=True)
class EntryPoint:
    """An object that a distribution offers under a name: ``attribute`` of ``module``, declared in the file ``path``."""

    path: str
    name: str
    module: str
    attribute: str
    is_command: bool

    @property
    def directory(self) -> str:
        """Where the distribution begins, with ``/`` at the end; empty for the root."""
        return self.path[: len(self.path) - len(self.path.rpartition("/")[2])]

    @property
    def words(self) -> str:
        """Who enters a function that is declared so."""
        what = "run by the command" if self.is_command else "entry point"
        return f"{what} `{self.name}` of {self.path}"


def entry_points(manifests: Mapping[str, bytes], files: Mapping[str, bytes]) -> tuple[EntryPoint, ...]:
    """All entry points that ``manifests`` and the ``setup.py`` among ``files`` declare."""
    scripts = [path for path in files if path.endswith("setup.py")]
    found: list[EntryPoint] = []
    for path in sorted(path for path in {*manifests, *scripts} if path.rpartition("/")[2] in _READERS):
        text = _text(manifests if path in manifests else files, path)
        for group, name, written in _READERS[path.rpartition("/")[2]](text):
            module, _, attribute = written.partition("[")[0].strip().partition(":")
            if attribute:
                found.append(EntryPoint(path, name, module.strip(), attribute.strip(), group in _COMMANDS))
    return tuple(found)


def _text(files: Mapping[str, bytes], path: str) -> str:
    try:
        return source.decode(files[path])
    except source.NotAnalysable:
        return ""


_Written = Iterator[tuple[str, str, str]]
"""Groups, names and objects, as they are written."""


def _in_pyproject(text: str) -> _Written:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    project, poetry = _at(table, "project"), _at(table, "tool", "poetry")
    for owner, groups in ((project, "entry-points"), (poetry, "plugins")):
        yield from _group("scripts", _at(owner, "scripts"))
        for group in _at(owner, groups):
            yield from _group(group, _at(owner, groups, group))
    yield from _group("scripts", _at(project, "gui-scripts"))


def _at(table: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        found = table.get(key)
        table = found if isinstance(found, dict) else {}
    return table


def _group(group: str, table: Mapping[str, Any]) -> _Written:
    for name, value in table.items():
        # Poetry's scripts may have more to say than what they call.
        meant = value.get("callable", value.get("reference")) if isinstance(value, dict) else value
        if isinstance(meant, str):
            yield group, name, meant


def _in_setup_cfg(text: str) -> _Written:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    if parser.has_section("options.entry_points"):
        for group, lines in parser.items("options.entry_points"):
            yield from _listed(group, lines.splitlines())


def _listed(group: str, lines: Iterable[str]) -> _Written:
    for line in lines:
        if match := _LINE.match(line):
            yield group, match["name"], match["object"]


def _in_setup_py(text: str) -> _Written:
    """What is given as it stands to a call with ``entry_points``."""
    tree = syntax_tree(text) if "entry_points" in text else None
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.keyword) and node.arg == "entry_points" and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    strings = (part.value for part in ast.walk(value) if isinstance(part, ast.Constant))
                    yield from _listed(key.value, _lines(strings))


def _lines(strings: Iterable[object]) -> Iterator[str]:
    for text in strings:
        if isinstance(text, str):
            yield from text.splitlines()


_READERS: Final[Mapping[str, Callable[[str], _Written]]] = {
    "pyproject.toml": _in_pyproject,
    "setup.cfg": _in_setup_cfg,
    "setup.py": _in_setup_py,
}


def declared(program: Program, points: Sequence[EntryPoint]) -> Mapping[str, EntryPoint]:
    """The functions of the program that are entry points."""
    found: dict[str, EntryPoint] = {}
    for point in points:
        for module in _modules(program, point):
            meant = _member(program, module, point.attribute)
            if isinstance(meant, Func) and meant.function in program.functions:
                found.setdefault(meant.function, point)
    return found


def _modules(program: Program, point: EntryPoint) -> list[str]:
    """The modules below the distribution's directory that an entry point may mean: those that lie nearest to it."""
    inner = point.module.replace(".", "/")
    ends = (f"/{inner}.py", f"/{inner}/__init__.py")
    found = [
        module
        for module in program.modules.values()
        if module.path.startswith(point.directory) and f"/{module.path}".endswith(ends)
    ]
    nearest = min((module.path.count("/") for module in found), default=0)
    return [module.name for module in found if module.path.count("/") == nearest]


def _member(program: Program, module: str, attribute: str) -> Term | None:
    first, *rest = attribute.split(".")
    found = program.module_member(module, first)
    for name in rest:
        method = program.method(class_id(found), name) if found is not None and is_class(found) else None
        found = None if method is None else Func(method)
    return found

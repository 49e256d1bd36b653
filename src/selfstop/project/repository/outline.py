"""What a file consists of, at a glance: its functions and where their bodies stand.

Most functions of a file have nothing to do with stopping a machine. The outline, made with Python's own fast
parser, lets everything else work on an *excerpt*: the file without the bodies of functions nobody asked for.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from selfstop import source
from selfstop.families import FAMILIES
from selfstop.project.repository.swallowing import Swallowing, enters, swallowing

_GLOBAL = re.compile(r"^(?:.*[:;])?[ \t]*global[ \t]+(\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?:[;#].*)?$", re.MULTILINE)


_CALLED = re.compile(r"(\w+)\(")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Unit:
    """A function or method that can be left out: ``line`` of its ``def``, ``first`` and ``last`` of its body."""

    name: str
    line: int
    start: int
    first: int
    last: int


@dataclass(frozen=True)
class Excerpt:
    """Source text without the bodies of ``outlined`` functions (lines of their ``def``).

    ``lines`` gives for each line of ``text`` its number in the file; ``global_names`` are the variables of the
    module that functions of the whole file declare global.
    """

    text: str
    lines: Sequence[int]
    outlined: frozenset[int] = frozenset()
    global_names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outline:
    """A file's text, and its functions in the order of their lines; none where this Python cannot parse it."""

    text: str
    units: tuple[Unit, ...] = ()
    swallowing: Swallowing = field(default_factory=Swallowing)
    """What it shows of context managers that swallow exceptions."""

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the file, with their ends."""
        return source.lines_of(self.text)

    def source_of(self, unit: Unit) -> str:
        """The text of a function, from its first decorator to its last line."""
        return "".join(self.lines[unit.start - 1 : unit.last])

    def mentioning(self, pattern: re.Pattern[str], word: str = "") -> frozenset[int]:
        """The functions, by line, in whose bodies ``pattern`` is found; ``word`` is part of all it matches."""
        return frozenset(line for line, body in self._bodies if word in body and pattern.search(body))

    def speaking(self, names: Set[str]) -> frozenset[int]:
        """The functions, by line, in whose bodies one of ``names`` stands as a word."""
        return frozenset(line for line, spoken in self._words if not spoken.isdisjoint(names))

    @cached_property
    def _words(self) -> list[tuple[int, frozenset[str]]]:
        return [(line, frozenset(_WORD.findall(body))) for line, body in self._bodies]

    def named(self, name: str) -> Iterator[int]:
        """The functions of the module itself, by line, that have a name."""
        for unit in self.units:
            if unit.name == name and not self.lines[unit.line - 1][0].isspace():
                yield unit.line

    def called_from(self, lines: Iterable[int]) -> frozenset[int]:
        """The functions at ``lines``, and those of the file that are called from there, by name."""
        bodies = dict(self._bodies)
        by_name: dict[str, list[int]] = {}
        for unit in self.units:
            by_name.setdefault(unit.name, []).append(unit.line)
        found: set[int] = set()
        pending = [line for line in lines if line in bodies]
        while pending:
            line = pending.pop()
            if line not in found:
                found.add(line)
                pending += [called for name in _CALLED.findall(bodies[line]) for called in by_name.get(name, ())]
        return frozenset(found)

    def calling_into(self, lines: Iterable[int]) -> frozenset[int]:
        """The functions at ``lines``, and those of the file from which they are called, by name, through any others."""
        found: set[int] = set()
        pending = [line for line in lines if line in self.by_line]
        while pending:
            line = pending.pop()
            if line not in found:
                found.add(line)
                pending += self._callers.get(self.by_line[line].name, ())
        return frozenset(found)

    @cached_property
    def _callers(self) -> Mapping[str, frozenset[int]]:
        """The functions, by line, that call something of each name."""
        callers: dict[str, set[int]] = {}
        for line, body in self._bodies:
            for name in _CALLED.findall(body):
                callers.setdefault(name, set()).add(line)
        return {name: frozenset(lines) for name, lines in callers.items()}

    @cached_property
    def _bodies(self) -> list[tuple[int, str]]:
        return [(unit.line, "".join(self.lines[unit.first - 1 : unit.last])) for unit in self.units]

    @cached_property
    def global_names(self) -> frozenset[str]:
        """The names that any function declares global."""
        found = (match.group(1) for match in _GLOBAL.finditer(self.text)) if "global" in self.text else ()
        return frozenset(name.strip() for names in found for name in names.split(","))

    @cached_property
    def by_line(self) -> Mapping[int, Unit]:
        """The functions by the line of their ``def``."""
        return {unit.line: unit for unit in self.units}

    def function(self, line: int) -> Excerpt:
        """A function on its own, in a block if it is indented."""
        unit = self.by_line[line]
        text = self.source_of(unit)
        numbers = range(unit.start, unit.last + 2)
        if not text[0].isspace():
            return Excerpt(text, numbers)
        return Excerpt(f"if True:\n{text}", (unit.start - 1, *numbers))

    def excerpt(self, kept: frozenset[int]) -> Excerpt:
        """The file with the bodies of ``kept`` functions only."""
        left_out = [unit for unit in self.units if unit.line not in kept]
        if not left_out:
            return Excerpt(self.text, range(1, len(self.lines) + 2), global_names=self.global_names)
        lines: list[str] = []
        numbers: list[int] = []
        following = 1
        for unit in left_out:
            numbers.extend(range(following, unit.first + 1))
            lines.extend(self.lines[following - 1 : unit.first - 1])
            lines.append(_placeholder(self.lines[unit.first - 1]))
            following = unit.last + 1
        lines.extend(self.lines[following - 1 :])
        numbers.extend(range(following, len(self.lines) + 2))
        outlined = frozenset(unit.line for unit in left_out)
        return Excerpt("".join(lines), tuple(numbers), outlined, self.global_names)


def outline(text: str) -> Outline:
    """The outline of decoded source text."""
    tree = syntax_tree(text)
    return _outlined(text, tree)


def referring(
    text: str, names: frozenset[str], verbs: frozenset[str], fragments: frozenset[tuple[str, str]] = frozenset()
) -> tuple[Outline, frozenset[int]] | None:
    """The outline of a file that calls or refers to one of ``names``, or calls a method among ``verbs``.

    ``fragments`` are verbs and nouns that count as well, where names may be put together.

    With it go the lines of the functions that do. None if nothing does: definitions, comments and longer
    strings do not count. A file that this Python cannot parse may.
    """
    tree = syntax_tree(text)
    if tree is None:
        return Outline(text), frozenset()
    found = _outlined(text, tree)
    parts = {part for fragment in fragments for part in fragment}
    mention = re.compile("|".join(re.escape(name) for name in sorted(names | verbs | parts)))
    wanted = found.mentioning(mention)
    refers = _Reference(names, verbs, fragments)
    units = {unit.line for unit in found.units}
    lines: set[int] = set()
    anywhere = False
    for node in _parts(tree.body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.lineno in wanted and any(map(refers, _inside(node))):
                lines.add(node.lineno)
            # A body in the line of its `def` is no part of its own.
            here = _header(node) if node.lineno in units else chain(_header(node), _inside(node))
            anywhere = anywhere or node.lineno in lines or any(map(refers, here))
        else:
            anywhere = anywhere or any(map(refers, ast.walk(node)))
    return (found, frozenset(lines)) if anywhere else None


@dataclass(frozen=True)
class _Reference:
    """Recognises the nodes that call or refer to a stop call."""

    names: frozenset[str]
    verbs: frozenset[str]
    fragments: frozenset[tuple[str, str]]

    def __call__(self, node: ast.AST) -> bool:
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return name in self.names
            case ast.Constant(value=str() as text):
                return (
                    text in self.names
                    or any(name in text for name in self.names & _IN_COMMAND_LINES)
                    or any(_is_part(text, verb, noun) for verb, noun in self.fragments)
                )
            case ast.Call(func=ast.Attribute(attr=name)):
                return name in self.verbs
            case ast.ImportFrom(names=aliases):
                return any(alias.name in self.names for alias in aliases)
        return False


def _is_part(text: str, verb: str, noun: str) -> bool:
    """Whether a name of a stop call is this text with something in place of its verb, or of its noun."""
    return (
        text in {verb, noun} or text.endswith((f"}}{noun}", f"%s{noun}")) or text.startswith((f"{verb}{{", f"{verb}%"))
    )


_IN_COMMAND_LINES = frozenset().union(*(each.commands | each.subcommands for each in FAMILIES.values()))
"""Names that stand among others in one string."""


def _outlined(text: str, tree: ast.Module | None) -> Outline:
    if tree is None:
        return Outline(text)
    managers = swallowing(tree) if enters(text) else Swallowing()
    return Outline(text, tuple(_units(tree.body, source.lines_of(text))), managers)


def syntax_tree(text: str) -> ast.Module | None:
    """The tree of Python's own parser; None for what it cannot read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _units(body: Sequence[ast.stmt], lines: Sequence[str]) -> Iterator[Unit]:
    for node in _parts(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = _first_line(node.body[0])
            before = lines[first - 1][: node.body[0].col_offset]
            if not before.strip(" \t\f") or lines[first - 1].lstrip(" \t\f").startswith("@"):
                last = node.body[-1]
                yield Unit(node.name, node.lineno, _first_line(node), first, last.end_lineno or last.lineno)


def _header(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """What is evaluated where the function is defined: decorators, defaults, annotations."""
    for part in (*node.decorator_list, node.args, *([] if node.returns is None else [node.returns])):
        yield from ast.walk(part)


def _inside(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    for statement in node.body:
        yield from ast.walk(statement)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _parts(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """The parts of a module: functions whole, simple statements, and what stands in the headers of the others."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
            continue
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, _BLOCK_LIKE)]
        if not inner:
            yield node
            continue
        yield from (child for child in ast.iter_child_nodes(node) if not isinstance(child, _BLOCK_LIKE))
        for child in inner:
            if isinstance(child, ast.stmt):
                yield from _parts([child])
            else:
                yield from (part for part in ast.iter_child_nodes(child) if not isinstance(part, ast.stmt))
                yield from _parts(child.body)


_BLOCK_LIKE = (ast.stmt, ast.ExceptHandler, ast.match_case)


def _placeholder(line: str) -> str:
    indentation = line[: len(line) - len(line.lstrip(" \t\f"))]
    return f"{indentation}...\n"

"""Fixtures with their guards taken away: what was silent has to be reported.

Lines stay where they are, so that the marks of a fixture go on to name its calls. Each kind of mutant comes with the
argument for which its call is reached unguarded:

- *Nothing compared*: every comparison of the program and every count of a loop has become a question to the outside.
  No threshold test is left in the program, so none can guard anything.
- *The only test*: the function has one comparison, and nothing to do with other functions of the file. It has become
  a question, or its opposite, so that the call is reached although that test did not hold.
- *Elsewhere*: the call itself stands in a ``finally`` or a handler around the body of its function, or in front of it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from selfstop.flow.vocabulary import GROWING_WORDS, LEVEL_WORDS, words

QUESTION: Final = "outside.answer()"
MARK: Final = "Marked"
Function: TypeAlias = "ast.FunctionDef | ast.AsyncFunctionDef"
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
OPPOSITE: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}


@dataclass(frozen=True)
class Edit:
    """A stretch of the source, by offsets into its text, and what replaces it."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Mutant:
    """A changed file, and the lines at one of which something has to be reported for it."""

    kind: str
    source: str
    line: int


class Text:
    """The text of a file with its syntax."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def replaced(self, node: ast.expr, text: str) -> Edit:
        """``text`` in place of an expression, on as many lines."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start, end = self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno, node.end_col_offset)
        breaks = "\n" * self.source.count("\n", start, end)
        return Edit(start, end, f"({text}{breaks})")

    def _offset(self, line: int, column: int) -> int:
        """The position of a column that Python counts in bytes."""
        start = self._starts[line - 1]
        text = self.source[start : self._starts[line]]
        return start + len(text.encode()[:column].decode())

    def with_edits(self, edits: Iterable[Edit]) -> str:
        """The changed source. Of edits within each other the outermost counts."""
        result, position = [], 0
        for edit in sorted(edits, key=lambda each: (each.start, -each.end)):
            if edit.start < position:
                continue
            result += [self.source[position : edit.start], edit.text]
            position = edit.end
        return "".join([*result, self.source[position:]])


def nothing_compared(source: str) -> str:
    """The program without a comparison, and without loops that count."""
    text = Text(source)
    edits = [
        text.replaced(node, QUESTION)
        for node in ast.walk(text.tree)
        if isinstance(node, ast.expr) and (compares(node) or counts(node))
    ]
    return text.with_edits(edits)


def compares(node: ast.expr) -> bool:
    return isinstance(node, ast.Compare) and _names(node.left) != ("__name__",)


def counts(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def of_functions(source: str, lines: Iterable[int]) -> Iterator[Mutant]:
    """Mutants of the functions in which the calls at ``lines`` stand."""
    for line in lines:
        for change in (_question, _turned, *_MOVING):
            tree, function = _reduced(source, line)
            kind = "" if function is None else change(function)
            if kind:
                text = ast.unparse(ast.fix_missing_locations(tree))
                yield Mutant(kind, text, _marked(text))


def either_way(source: str, lines: Iterable[int]) -> Iterator[tuple[Mutant, Mutant]]:
    """Pairs of mutants in which the only test holds more often, and less often. Just one of them loses the guard."""
    for line in lines:
        pair = []
        for operator in (ast.Or(), ast.And()):
            tree, function = _reduced(source, line)
            test = None if function is None else _only_test(function)
            if function is not None and test is not None:
                _Replacing(test, ast.BoolOp(operator, [test, _asking()])).visit(function)
                text = ast.unparse(ast.fix_missing_locations(tree))
                pair.append(Mutant("the only test and a question", text, _marked(text)))
        if len(pair) == 2:
            yield pair[0], pair[1]


def _reduced(source: str, line: int) -> tuple[ast.Module, Function | None]:
    """The file without other functions than the one with the call at ``line``, which is marked."""
    tree = ast.parse(source)
    _Marking(line).visit(tree)
    function = next((each for each in _alone(tree) if each.lineno < line <= (each.end_lineno or 0)), None)
    tree.body = [node for node in tree.body if node is function or not isinstance(node, _DEFINITIONS)]
    return tree, function


def _marked(text: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if MARK in line)


class _Marking(ast.NodeTransformer):
    """Marks the stop call that begins at a line."""

    def __init__(self, line: int) -> None:
        self.line = line

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if node.lineno == self.line and "stop_instances" in _names(node.func):
            node.keywords.append(ast.keyword(MARK, ast.Constant(1)))
        return node


class _Replacing(ast.NodeTransformer):
    """Puts one node in the place of another, but not within itself."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return ast.copy_location(self.new, node) if node is self.old else self.generic_visit(node)


def _alone(tree: ast.Module) -> Iterator[Function]:
    """Functions with a marked call that have to do with no other function of the file."""
    spoken = {name for node in ast.walk(tree) for name in _names(node)}
    own = {getattr(node, "name", "") for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)}
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or node.name in spoken or node.decorator_list:
            continue
        inner = list(ast.walk(node))[1:]
        used = {name for part in inner for name in _names(part)}
        apart = own.isdisjoint(used) and not any(isinstance(part, (*_DEFINITIONS, ast.Global)) for part in inner)
        if apart and any(isinstance(part, ast.keyword) and part.arg == MARK for part in inner):
            yield node


def _names(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return (name,)
    return ()


def _asking() -> ast.expr:
    return ast.parse(QUESTION, mode="eval").body


def _only_test(function: Function) -> ast.Compare | None:
    """The only comparison of a function that counts in no other way, if it has just one."""
    nodes = list(ast.walk(function))
    tests = [node for node in nodes if isinstance(node, ast.Compare)]
    if len(tests) != 1 or len(tests[0].ops) != 1 or any(counts(node) for node in nodes):
        return None
    return tests[0]


def _question(function: Function) -> str:
    test = _only_test(function)
    if test is None:
        return ""
    _Replacing(test, _asking()).visit(function)
    return "a question instead of the only test"


def _turned(function: Function) -> str:
    test = _only_test(function)
    opposite = None if test is None or not grows(test) else OPPOSITE.get(type(test.ops[0]))
    if test is None or opposite is None:
        return ""
    test.ops = [opposite()]
    return "the only test turned around"


def grows(test: ast.Compare) -> bool:
    """Whether what is compared grows by its name. Of other measures either direction may be a guard."""
    found = frozenset[str]().union(*(words(name) for name in names_in(test) if not name.isupper()))
    return bool(found & GROWING_WORDS) and not found & LEVEL_WORDS


def _in_finally(body: list[ast.stmt], call: ast.stmt) -> ast.stmt:
    return ast.Try([*ast.parse("outside.work()").body, *body], [], [], [call])


def _in_handler(body: list[ast.stmt], call: ast.stmt) -> ast.stmt:
    handler = ast.ExceptHandler(ast.Name("OSError", ast.Load()), None, [call])
    return ast.Try([*ast.parse("outside.work()").body, *body], [handler], [], [])


def _in_front(body: list[ast.stmt], call: ast.stmt) -> ast.stmt:
    return ast.If(_asking(), [call, *body], [])


IN_FINALLY: Final = "the call in a `finally`"
MOVES: Final[tuple[tuple[str, Callable[[list[ast.stmt], ast.stmt], ast.stmt]], ...]] = (
    (IN_FINALLY, _in_finally),
    ("the call in a handler", _in_handler),
    ("the call in front of its test", _in_front),
)
"""Where else a call may stand: how the body of its function, without it, and the call are put together."""


def _moved(function: Function, around: Callable[[list[ast.stmt], ast.stmt], ast.stmt], kind: str) -> str:
    """The marked call, if it is a statement of its own, in a place where no threshold has been asked for."""
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Expr) and _is_marked(node.value)]
    if len(calls) != 1 or names_bound(function) & names_in(calls[0]):
        return ""
    _Replacing(calls[0], ast.Pass()).visit(function)
    function.body = [around(function.body, calls[0])]
    return kind


_MOVING: Final[tuple[Callable[[Function], str], ...]] = tuple(
    partial(_moved, around=around, kind=kind) for kind, around in MOVES
)


def _is_marked(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and any(keyword.arg == MARK for keyword in value.keywords)


def names_bound(function: Function) -> set[str]:
    """The variables of a function: a call that speaks of them may not be possible elsewhere."""
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def names_in(node: ast.AST) -> set[str]:
    return {name for part in ast.walk(node) for name in _names(part)}

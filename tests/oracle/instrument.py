"""Puts hooks into a program: it runs as it would have run, and its run takes notes.

The tree is changed, never the text, so that lines stay what they are. Hooks are names that no program uses.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Final, cast

from tests.oracle.memory import RAISED, REPLACED, RESET

FILE: Final = "<program>"
PREFIX: Final = "_oracle_"
MACHINE: Final = "i"
"""The name of the machine that programs stop."""


Place = ast.Name | ast.Attribute | ast.Subscript
"""What is assigned to, if it is no several targets."""


@dataclass(frozen=True)
class Entry:
    """A function that nobody in the program calls: ``cls`` is the class it is a method of, if any."""

    name: str
    parameters: tuple[str, ...]
    cls: str = ""
    is_async: bool = False


@dataclass(frozen=True)
class Instrumented:
    """A program ready to be run."""

    codes: tuple[CodeType, ...]
    """With assertions and, if it has any, without."""

    entries: tuple[Entry, ...]
    handles: bool
    """Whether it can catch exceptions, or run code because of one."""

    finallies: tuple[tuple[int, int], ...]
    """First and last line of each ``finally`` body."""

    remembers: bool
    """Whether anything outlives a call of an entry."""


@dataclass(frozen=True)
class _Scope:
    name: str
    is_class: bool = False


def instrument(source: str) -> Instrumented:
    """The program ``source`` with hooks."""
    tree = ast.parse(source)
    weaver = _Weaver(tree)
    entries = tuple(_entries(tree))
    woven = ast.fix_missing_locations(weaver.visit(tree))
    handles = any(isinstance(node, (ast.Try, ast.TryStar, ast.With, ast.AsyncWith)) for node in ast.walk(tree))
    asserts = any(isinstance(node, ast.Assert) for node in ast.walk(tree))
    return Instrumented(
        tuple(
            compile(woven, FILE, "exec", dont_inherit=True, optimize=level) for level in ((0, 1) if asserts else (1,))
        ),
        entries,
        handles,
        tuple(weaver.finallies),
        bool(weaver.attributes or weaver.globals or weaver.has_events),
    )


def _entries(tree: ast.Module) -> list[Entry]:
    spoken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    spoken |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found: list[Entry] = []
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _stands_for_heirs(node, classes.values()):
            continue
        cls = node.name if isinstance(node, ast.ClassDef) else ""
        for function in _with_inherited(node, classes) if isinstance(node, ast.ClassDef) else [node]:
            if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)) or function.name in spoken:
                continue
            names = tuple(argument.arg for argument in function.args.args if argument.arg != "self")
            if not function.name.startswith("__"):
                found.append(Entry(function.name, names, cls, isinstance(function, ast.AsyncFunctionDef)))
    return found


def _with_inherited(cls: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> list[ast.stmt]:
    """The body of a class, and of the classes that it is made of."""
    bases = [classes[base.id] for base in cls.bases if isinstance(base, ast.Name) and base.id in classes]
    return [*cls.body, *(each for base in bases for each in _with_inherited(base, classes))]


def _stands_for_heirs(cls: ast.ClassDef, classes: Iterable[ast.ClassDef]) -> bool:
    """Whether a method only says no, or nothing, for which a derived class has one of its own.

    An object that is not made in sight is taken for one of these.
    """
    idle = {each.name for each in cls.body if isinstance(each, ast.FunctionDef) and _does_nothing(each)}
    heirs = [other for other in classes if any(ast.unparse(base) == cls.name for base in other.bases)]
    return any(getattr(method, "name", "") in idle for heir in heirs for method in heir.body)


def _does_nothing(function: ast.FunctionDef) -> bool:
    return all(re.fullmatch(r"pass|return( None| False)?", ast.unparse(each)) for each in function.body)


def _hook(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(PREFIX + name, ast.Load()), list(arguments), [])


def _statement(name: str, *arguments: ast.expr) -> ast.Expr:
    return ast.Expr(_hook(name, *arguments))


class _Weaver(ast.NodeTransformer):
    """Weaves hooks into assignments, loops, functions, ``finally`` blocks, and reads of shared places."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        self.globals = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
        self.shared = self.globals | {name for node in nodes if isinstance(node, ast.Nonlocal) for name in node.names}
        self.attributes = {
            node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        }
        self.has_events = any(isinstance(node, ast.Attribute) and node.attr == "Event" for node in nodes)
        bound = ((each, node.value) for node in nodes if isinstance(node, ast.Assign) for each in node.targets)
        leaves = (leaf for target, value in bound for leaf in _leaves(target, value))
        self.switches = {_called(target) for target, value, _ in leaves if _is_switch(value)}
        self.finallies: list[tuple[int, int]] = []
        self._scopes = [_Scope("")]
        self._loops = 0

    # Places

    def _place(self, target: ast.expr) -> str:
        if isinstance(target, ast.Attribute):
            return f".{target.attr}"
        if isinstance(target, ast.Subscript):
            return f"{self._scopes[-1].name}.{ast.unparse(target)}"
        assert isinstance(target, ast.Name)
        if target.id in self.shared:
            return f"shared.{target.id}"
        scope = self._scopes[-1]
        return f".{target.id}" if scope.is_class else f"{scope.name}.{target.id}"

    def _stored(self, target: ast.expr, value: ast.expr, given: ast.expr | None = None) -> ast.expr:
        """``value`` as ``target`` gets it; ``given`` is where it is kept meanwhile, if it is."""
        if isinstance(value, ast.IfExp) and given is None:
            return ast.copy_location(
                ast.IfExp(value.test, self._stored(target, value.body), self._stored(target, value.orelse)), value
            )
        place = self._place(target)
        how, shared = ast.Constant(_how(target, value)), ast.Constant(_is_shared(place))
        hook = _hook("store", ast.Constant(place), given or value, how, shared)
        return ast.copy_location(hook, value)

    # Assignments

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        target = node.targets[0]
        if len(node.targets) > 1 or isinstance(target, ast.Tuple):
            return self._at_once(node)
        return self._set(node)

    def _set(self, node: ast.Assign) -> ast.AST:
        """An assignment to one target."""
        target = node.targets[0]
        if not isinstance(target, Place):
            return self.generic_visit(node)
        if isinstance(target, ast.Name) and target.id.isupper():
            node.value = _setting(target.id, node.value, self._visited(node.value))
            return node
        # What is raised, reset or replaced shows in the value as written.
        node.value = self._visited(self._stored(target, node.value))
        return node

    def _at_once(self, node: ast.Assign) -> list[ast.AST]:
        """All values are kept first, then each of the targets gets its own, as Python does."""
        kept: dict[ast.expr, ast.Name] = {}
        stores: list[ast.AST] = []
        for target, value, path in (leaf for each in node.targets for leaf in _leaves(each, node.value)):
            name = kept.setdefault(value, ast.Name(f"{PREFIX}kept{len(kept)}", ast.Load()))
            given = functools.reduce(_item, path, cast(ast.expr, name))
            is_setting = isinstance(target, ast.Name) and target.id.isupper()
            stored = _setting(_called(target), value, given) if is_setting else self._stored(target, value, given)
            stores.append(ast.copy_location(ast.Assign([target], stored), node))
        return [
            *(
                ast.copy_location(ast.Assign([ast.Name(name.id, ast.Store())], self._visited(value)), node)
                for value, name in kept.items()
            ),
            *stores,
        ]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.AST]:
        """What is imported is a constant of the module, too."""
        names = [ast.Name(alias.name, ast.Load()) for alias in node.names]
        settings = [ast.Assign([ast.Name(name.id, ast.Store())], _setting(name.id, name, name)) for name in names]
        return [node, *(ast.copy_location(setting, node) for setting in settings)]

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """The machines that are stopped are told apart by what held when they were named."""
        return ast.copy_location(_hook("machine", node), node) if node.value == MACHINE else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None and isinstance(node.target, Place):
            node.value = self._visited(self._stored(node.target, node.value))
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        assert isinstance(node.target, Place)
        place = self._place(node.target)
        if isinstance(node.op, ast.BitOr) and _is_shared(place):
            hook = _hook("accumulate", ast.Constant(place), _read(node.target), self._visited(node.value))
            return ast.copy_location(ast.Assign([node.target], ast.copy_location(hook, node)), node)
        value = ast.copy_location(ast.BinOp(_read(node.target), node.op, node.value), node)
        assign = ast.copy_location(ast.Assign([node.target], value), node)
        return self._set(assign)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        node.value = self._visited(self._stored(node.target, node.value))
        return node

    def _visited(self, value: ast.expr) -> ast.expr:
        visited = self.visit(value)
        assert isinstance(visited, ast.expr)
        return visited

    # Reads of what several functions see

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.shared:
            return ast.copy_location(_hook("read", ast.Constant(self._place(node)), node), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and node.attr in self.attributes:
            return ast.copy_location(_hook("read", ast.Constant(f".{node.attr}"), node), node)
        return node

    # Functions

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._scopes.append(_Scope(node.name, is_class=True))
        node.body = self._block(node.body)
        self._scopes.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        scope = "/".join([*(each.name for each in self._scopes if each.name), node.name])
        self._scopes.append(_Scope(scope))
        bound: list[ast.stmt] = []
        for argument in node.args.args:
            if argument.arg != "self":
                name = ast.Name(argument.arg, ast.Load())
                value = _hook("bind", ast.Constant(f"{scope}.{argument.arg}"), name)
                bound.append(ast.copy_location(ast.Assign([ast.Name(argument.arg, ast.Store())], value), node))
        node.body = [*bound, *self._block(node.body)]
        self._scopes.pop()
        kind = "coroutine" if isinstance(node, ast.AsyncFunctionDef) else "function"
        node.decorator_list = [*node.decorator_list, ast.copy_location(_hook(kind, ast.Constant(scope)), node)]
        return node

    # Tests of flags

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        *tested, last = node.values
        node.values = [*(self._tested(value) for value in tested), self._visited(last)]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        node.operand = self._tested(node.operand) if isinstance(node.op, ast.Not) else self._visited(node.operand)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        node.test = self._tested(node.test)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        node.test = self._tested(node.test)
        node.body, node.orelse = self._visited(node.body), self._visited(node.orelse)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        node.iter = self._visited(node.iter)
        node.ifs = list(map(self._tested, node.ifs))
        return node

    def visit_match_case(self, node: ast.match_case) -> ast.AST:
        node.guard = None if node.guard is None else self._tested(node.guard)
        node.body = self._block(node.body)
        return node

    def _tested(self, value: ast.expr) -> ast.expr:
        """A test. Comparisons and questions tell of themselves, flags do not."""
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "bool":
            value.args = list(map(self._tested, value.args))
            return value
        if not isinstance(value, Place):
            return self._visited(value)
        switch = ast.Constant(_called(value) in self.switches)
        return ast.copy_location(_hook("flag", self._visited(value), switch), value)

    # Control flow

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in body:
            visited = self.visit(statement)
            result.extend(visited if isinstance(visited, list) else [visited])
        return result

    def visit_While(self, node: ast.While) -> list[ast.AST]:
        loop = self._loop()
        test = self._tested(node.test)
        node.test = ast.copy_location(ast.BoolOp(ast.And(), [_hook("round", loop), test]), node.test)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return [ast.copy_location(_statement("begin", loop), node), node]

    def visit_For(self, node: ast.For) -> ast.AST:
        leaves = any(isinstance(part, (ast.Break, ast.Return, ast.Raise)) for part in ast.walk(node))
        breaks = any(isinstance(part, ast.Break) for part in ast.walk(node))
        hook = _hook("rounds", self._loop(), self._visited(node.iter), ast.Constant(leaves), ast.Constant(breaks))
        node.iter = ast.copy_location(hook, node.iter)
        node.body, node.orelse = self._block(node.body), self._block(node.orelse)
        return node

    def visit_Try(self, node: ast.Try | ast.TryStar) -> ast.AST:
        if node.finalbody:
            last = node.finalbody[-1].end_lineno
            assert last is not None
            self.finallies.append((node.finalbody[0].lineno, last))
        self.generic_visit(node)
        if node.finalbody:
            first = node.finalbody[0]
            begun = _statement("cleaning", ast.Constant(first.lineno))
            node.finalbody = [ast.copy_location(begun, first), *node.finalbody]
        return node

    visit_TryStar = visit_Try  # noqa: N815 - the name is ast's

    def _loop(self) -> ast.Constant:
        self._loops += 1
        return ast.Constant(self._loops)


def _leaves(
    target: ast.expr, value: ast.expr, path: tuple[int, ...] = ()
) -> Iterator[tuple[ast.expr, ast.expr, tuple[int, ...]]]:
    """The single targets of an assignment, each with the expression that it gets, or a part of it by its indexes."""
    if not isinstance(target, ast.Tuple):
        yield target, value, path
        return
    for number, inner in enumerate(target.elts):
        if isinstance(value, ast.Tuple):
            yield from _leaves(inner, value.elts[number])
        else:
            yield from _leaves(inner, value, (*path, number))


def _item(value: ast.expr, number: int) -> ast.expr:
    return ast.Subscript(value, ast.Constant(number), ast.Load())


def _setting(name: str, value: ast.expr, given: ast.expr) -> ast.expr:
    """What a constant of a module gets: ``given``, which is ``value`` as written."""
    outside = "environ" in ast.unparse(value)
    return ast.copy_location(_hook("setting", ast.Constant(name), given, ast.Constant(outside)), value)


def _called(place: ast.expr) -> str:
    """The last name of a place."""
    return place.id if isinstance(place, ast.Name) else place.attr if isinstance(place, ast.Attribute) else ""


def _is_switch(value: ast.expr) -> bool:
    """Whether what a variable gets is a boolean setting alone: the variable is that switch under another name."""
    return re.fullmatch(r"(not |bool)?\(?ENABLED\)?", ast.unparse(value)) is not None


def _is_shared(place: str) -> bool:
    """Whether several functions see a place."""
    return place.startswith((".", "shared."))


def _read(target: ast.expr) -> ast.expr:
    """What is read where ``target`` is changed in place."""
    return ast.copy_location(ast.parse(ast.unparse(target), mode="eval").body, target)


def _how(target: ast.expr, value: ast.expr) -> str:
    """What an assignment does to what is counted in ``target``; to give it its own value changes nothing."""
    match value:
        case ast.Name() | ast.Attribute() | ast.Subscript() if ast.unparse(value) == ast.unparse(target):
            return RAISED
        case ast.Constant():
            return RESET
        case ast.Call(func=ast.Attribute(attr="monotonic")):
            return RESET
        case ast.BinOp(left=left, op=ast.Add(), right=ast.Constant(value=int() as step)) if step > 0:
            return RAISED if ast.unparse(left) == ast.unparse(target) else REPLACED
    return REPLACED

"""Which context managers of a file swallow exceptions, by what the file itself shows.

Where that depends on other managers, such as those of another file, these are named; ``loading.managers`` finds them.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Kinds: TypeAlias = "tuple[str, ...]"
"""Dotted names of the exceptions that are swallowed."""

EVERYTHING = "BaseException"
_GENERATORS = frozenset({"contextmanager", "asynccontextmanager"})
_EXITS = frozenset({"__exit__", "__aexit__"})
_ENTERING = frozenset({"enter_context", "enter_async_context"})
_ENTERS = re.compile(r"^[ \t]*(?:async[ \t]+)?with\b|\benter_(?:async_)?context\b", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """What a definition shows: the ``kinds`` that it swallows, and that it swallows what another manager does.

    That is the first of those named ``like`` of which anything is known. ``decides`` tells that there is something
    that swallows or does not, which a class without a method for it lacks.
    """

    kinds: Kinds = ()
    like: tuple[str, ...] = ()
    decides: bool = True


@dataclass(frozen=True)
class Swallowing:
    """What a file shows of functions, classes, variables and attributes (``self.quiet``), by name.

    ``imports`` are the dotted names of what it imports, relative ones with their dots; ``entered`` what it enters, or
    calls to make what it enters.
    """

    shown: Mapping[str, tuple[Shown, ...]] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    entered: frozenset[str] = frozenset()


def enters(text: str) -> bool:
    """Whether a file may enter context managers."""
    return _ENTERS.search(text) is not None


def swallowing(tree: ast.Module) -> Swallowing:
    """What a file shows of what its context managers swallow."""
    nodes = list(ast.walk(tree))
    imports = dict(each for node in nodes for each in _imported(node))
    return Swallowing(_shown(tree, nodes), imports, frozenset(_entered(nodes)) - {""})


def _shown(tree: ast.Module, nodes: Sequence[ast.AST]) -> Mapping[str, tuple[Shown, ...]]:
    found: dict[str, list[Shown]] = defaultdict(list)
    for node in nodes:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name].append(_of_generator(node))
            case ast.ClassDef(name=name):
                found[name].append(_of_class(node))
            case ast.Assign(targets=[ast.Attribute() as target], value=value):
                found[_dotted(target)].append(_of_value(value))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name].append(_of_value(value))
    return {name: tuple(each) for name, each in found.items()}


def _entered(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names of what is entered, or called to make what is."""
    made: dict[str, list[ast.expr]] = defaultdict(list)
    managers: list[ast.expr] = []
    for node in nodes:
        match node:
            case ast.Assign(targets=[target], value=value):
                made[_dotted(target)].append(value)
            case ast.withitem(context_expr=manager):
                managers.append(manager)
            case ast.Call(func=ast.Attribute(attr=verb), args=[manager]) if verb in _ENTERING:
                managers.append(manager)
    for manager in managers:
        name = _dotted(manager)
        for each in (manager, *(made[name] if name else ())):
            yield _dotted(each.func if isinstance(each, ast.Call) else each)


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.ImportFrom(module=module, names=names, level=level):
            origin = f"{'.' * level}{module}." if module else "." * level
            yield from ((alias.asname or alias.name, f"{origin}{alias.name}") for alias in names)
        case ast.Import(names=names):
            for alias in names:
                root = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (root, root)


def _of_value(value: ast.expr) -> Shown:
    """What is swallowed by what an expression makes."""
    kinds = _of_suppress(value)
    like = _dotted(value.func) if isinstance(value, ast.Call) else ""
    return Shown(kinds, () if kinds or not like else (like,))


def _of_suppress(value: ast.expr) -> Kinds:
    match value:
        case ast.Call(func=func, args=args) if _dotted(func).rpartition(".")[2] == "suppress":
            return tuple(_dotted(arg) or EVERYTHING for arg in args)
    return ()


def _of_generator(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Shown:
    """A decorated generator swallows what its ``yield`` raises and a handler around that does not raise again."""
    names = {_dotted(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    if names.isdisjoint(_GENERATORS):
        return Shown()
    kinds: list[str] = []
    like: list[str] = []
    for node in _own(function.body):
        match node:
            case ast.Try(body=body, handlers=handlers) if _yields(body):
                kinds += [kind for handler in handlers if not _raises(handler.body) for kind in _handled(handler.type)]
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body) if _yields(body):
                around = [_of_value(item.context_expr) for item in items]
                kinds += [kind for each in around for kind in each.kinds]
                like += [name for each in around for name in each.like]
    return Shown(tuple(kinds), tuple(like))


def _of_class(cls: ast.ClassDef) -> Shown:
    bases = tuple(filter(None, map(_dotted, cls.bases)))
    for method in cls.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name in _EXITS:
            returned = [node.value for node in _own(method.body) if isinstance(node, ast.Return) and node.value]
            if any(map(_may_be_true, returned)):
                return Shown((EVERYTHING,))
            return Shown(like=tuple(name for value in returned for name in _asked(value, bases)))
    return Shown(like=bases, decides=False)


def _asked(value: ast.expr, bases: tuple[str, ...]) -> tuple[str, ...]:
    """The managers to which an ``__exit__`` leaves the answer."""
    match value:
        case ast.Await(value=inner):
            return _asked(inner, bases)
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name)) if name in _EXITS:
            return bases
        case ast.Call(func=ast.Attribute(value=manager, attr=name)) if name in _EXITS:
            return tuple(filter(None, [_dotted(manager)]))
    return ()


def _may_be_true(value: ast.expr) -> bool:
    """Whether what an ``__exit__`` returns swallows: not if it is only true where nothing was raised."""
    match value:
        case ast.Constant(value=constant):
            return bool(constant)
        case ast.Compare(ops=[ast.Is()], comparators=[ast.Constant(value=None)]) | ast.UnaryOp(op=ast.Not()):
            return False
        case ast.Await(value=inner):
            return _may_be_true(inner)
        case ast.Call(func=func):
            return getattr(func, "attr", "") not in _EXITS
    return True


def _handled(kind: ast.expr | None) -> Kinds:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return tuple((_dotted(each) if each is not None else "") or EVERYTHING for each in kinds)


def _raises(body: Sequence[ast.stmt]) -> bool:
    """Whether a block ends in a ``raise`` on every way that reaches its end."""
    if any(isinstance(node, (ast.Return, ast.Break, ast.Continue)) for node in _own(body)):
        return False
    match body[-1]:
        case ast.Raise():
            return True
        case ast.If(body=then, orelse=[_, *_] as otherwise):
            return _raises(then) and _raises(otherwise)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return _raises(inner)
    return False


def _yields(body: Sequence[ast.stmt]) -> bool:
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own(body))


def _own(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes of a block, without those of functions and classes in it."""
    pending: list[ast.AST] = list(body)
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""

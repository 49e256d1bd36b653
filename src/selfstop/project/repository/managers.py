"""Which context managers of a file swallow exceptions, by what the file itself shows."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Kinds: TypeAlias = "tuple[str, ...]"
"""Dotted names of the exceptions that are swallowed."""

EVERYTHING = "BaseException"
_GENERATORS = frozenset({"contextmanager", "asynccontextmanager"})
_EXITS = frozenset({"__exit__", "__aexit__"})
_WORDS = (*_GENERATORS, *_EXITS, "suppress")


def swallowing(text: str, tree: ast.Module) -> Mapping[str, Kinds]:
    """What may be swallowed by functions, classes, variables and attributes (``self.quiet``) of that name.

    Where several things of one name are defined, all of them have to swallow something. Methods that hand on what
    another manager answers do not count.
    """
    if not any(word in text for word in _WORDS):
        return {}
    found: dict[str, list[Kinds]] = defaultdict(list)
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name].append(_of_generator(node))
            case ast.ClassDef(name=name):
                found[name].append(_of_class(node))
            case ast.Assign(targets=[ast.Attribute() as target], value=value):
                found[ast.unparse(target)].append(_of_suppress(value))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name].append(_of_suppress(value))
    return {
        name: tuple(dict.fromkeys(kind for each in kinds for kind in each))
        for name, kinds in found.items()
        if all(kinds)
    }


def _of_suppress(value: ast.expr) -> Kinds:
    match value:
        case ast.Call(func=func, args=args) if _dotted(func).rpartition(".")[2] == "suppress":
            return tuple(_dotted(arg) or EVERYTHING for arg in args)
    return ()


def _of_generator(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Kinds:
    """A decorated generator swallows what its ``yield`` raises and a handler around that does not raise again."""
    names = {_dotted(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    if names.isdisjoint(_GENERATORS):
        return ()
    kinds: list[str] = []
    for node in _own(function.body):
        match node:
            case ast.Try(body=body, handlers=handlers) if _yields(body):
                kinds += [kind for handler in handlers if not _raises(handler.body) for kind in _handled(handler.type)]
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body) if _yields(body):
                kinds += [kind for item in items for kind in _of_suppress(item.context_expr)]
    return tuple(kinds)


def _of_class(cls: ast.ClassDef) -> Kinds:
    for method in cls.body:
        if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)) and method.name in _EXITS:
            returned = (node.value for node in _own(method.body) if isinstance(node, ast.Return) and node.value)
            if any(map(_may_be_true, returned)):
                return (EVERYTHING,)
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

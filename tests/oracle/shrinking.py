"""Makes a program that shows something smaller, as long as it goes on to show it.

Greedy removal and replacement of subtrees, as in Hildebrandt and Zeller, "Simplifying failure-inducing input"
(ISSTA 2000), on the syntax tree, so that every candidate parses.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def shrink(source: str, shows: Callable[[str], bool]) -> str:
    """The smallest program found for which ``shows`` is true, from ``source``, for which it is."""
    current = ast.unparse(ast.parse(source))
    if not shows(current):
        return source
    progress = True
    while progress:
        progress = False
        for candidate in candidates(current):
            if len(candidate) < len(current) and shows(candidate):
                current, progress = candidate, True
                break
    return current


def candidates(source: str) -> Iterator[str]:
    """Programs that are one step smaller, larger steps first."""
    tree = ast.parse(source)
    for position, node in enumerate(ast.walk(tree)):
        for name in _BODIES:
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield from _without_one(tree, position, name, len(block))
        if isinstance(node, ast.expr):
            yield from _simpler(tree, position, node)


def _without_one(tree: ast.Module, position: int, name: str, count: int) -> Iterator[str]:
    """One statement of a block left out, or replaced by what it consists of."""
    for number in range(count):
        for replacement in (_nothing, _inside):
            changed = copy.deepcopy(tree)
            block = getattr(_node(changed, position), name)
            block[number : number + 1] = replacement(block[number])
            if not block and name == "body":
                block.append(ast.Pass())
            text = _text(changed)
            if text is not None:
                yield text


def _nothing(_statement: ast.AST) -> list[ast.AST]:
    return []


def _inside(statement: ast.AST) -> list[ast.AST]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.match_case)):
        return [statement]
    return [inner for name in ("body", "orelse", "finalbody") for inner in getattr(statement, name, [])] or [statement]


def _simpler(tree: ast.Module, position: int, node: ast.expr) -> Iterator[str]:
    """An expression replaced by one of its operands."""
    operands = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if isinstance(node, (ast.BoolOp, ast.UnaryOp, ast.IfExp, ast.Call, ast.Tuple)):
        for operand in operands:
            text = _text(_replaced(tree, position, operand))
            if text is not None:
                yield text


def _replaced(tree: ast.Module, position: int, operand: ast.expr) -> ast.Module:
    changed = copy.deepcopy(tree)
    wanted = _node(changed, position)
    for parent in ast.walk(changed):
        for name, value in ast.iter_fields(parent):
            if value is wanted:
                setattr(parent, name, copy.deepcopy(operand))
            elif isinstance(value, list) and any(item is wanted for item in value):
                setattr(parent, name, [copy.deepcopy(operand) if item is wanted else item for item in value])
    return changed


def _node(tree: ast.AST, position: int) -> ast.AST:
    return next(node for number, node in enumerate(ast.walk(tree)) if number == position)


def _text(tree: ast.Module) -> str | None:
    """The source of a changed tree, if it is one that Python takes."""
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "<candidate>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, AttributeError, IndexError):
        return None
    return text

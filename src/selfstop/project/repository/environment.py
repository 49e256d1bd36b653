"""Where the program itself changes its environment, before or after its settings are read."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from selfstop.project.repository.outline import syntax_tree


class Change(Enum):
    """How a program changes a variable of its environment."""

    ASSIGNED = "assigned"
    DEFAULT = "given a default"
    LOADED = "loaded from a file, where it is not set"
    LOADED_OVER = "loaded from a file, over what is set"


@dataclass(frozen=True)
class EnvironmentChange:
    """A change at ``line`` of ``path``: ``text`` is the new value or file, None where it is no literal.

    ``certain`` tells that it happens whenever the module is loaded. ``variable`` is empty for whole files.
    """

    change: Change
    path: str
    line: int
    variable: str = ""
    text: str | None = None
    certain: bool = False


def changes(path: str, text: str, variables: Collection[str]) -> Iterator[EnvironmentChange]:
    """The changes of ``variables`` in a Python file; nothing for one that cannot be parsed."""
    mentions = any(variable in text for variable in variables) and "environ" in text
    if not mentions and "load_dotenv" not in text:
        return
    tree = syntax_tree(text)
    if tree is None:
        return
    certain = {id(node) for node in _at_top(tree)}
    for node in ast.walk(tree):
        found = _change(node, path, variables)
        if found is not None:
            yield EnvironmentChange(*found, certain=id(node) in certain)


def _at_top(tree: ast.Module) -> Iterator[ast.AST]:
    """What runs whenever the module is loaded."""
    for statement in tree.body:
        yield statement
        if isinstance(statement, ast.Expr):
            yield statement.value


def _change(node: ast.AST, path: str, variables: Collection[str]) -> tuple[Change, str, int, str, str | None] | None:
    match node:
        case ast.Assign(targets=[ast.Subscript(value=environ, slice=ast.Constant(value=str() as name))], value=value):
            if name in variables and _is_environ(environ):
                return Change.ASSIGNED, path, node.lineno, name, _literal(value)
        case ast.Call(
            func=ast.Attribute(value=environ, attr="setdefault"), args=[ast.Constant(value=str() as name), value]
        ):
            if name in variables and _is_environ(environ):
                return Change.DEFAULT, path, node.lineno, name, _literal(value)
        case ast.Call(func=ast.Name(id="load_dotenv") | ast.Attribute(attr="load_dotenv")):
            over = any(
                word.arg == "override" and isinstance(word.value, ast.Constant) and word.value.value is True
                for word in node.keywords
            )
            file = _literal(node.args[0]) if node.args else ".env"
            return Change.LOADED_OVER if over else Change.LOADED, path, node.lineno, "", file
    return None


def _is_environ(node: ast.expr) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="os"), attr="environ") | ast.Name(id="environ"):
            return True
    return False


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

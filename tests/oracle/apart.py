"""The same program in one file and in three: the verdicts have to be the same.

What a run shows does not hang on the file in which something stands, so that the verdicts on one file, which are
checked by runs, check those on several files in their turn.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tests.oracle.comparison import ON_BY_DEFAULT, judged_together

BELOW: Final = "settings"
BETWEEN: Final = "tools"
ABOVE: Final = "program"
GUARDED: Final = "guarded"

Verdicts = frozenset[tuple[int, str]]


def apart(source: str) -> Mapping[str, str]:
    """``source`` as the files of a project: what it sets and defines, what it is helped by, and what is entered.

    Each statement stays in its line. What functions set for each other has to stay in one file, and so do they.
    Constants are repeated in each file: of imported ones the engine does not say what they are.
    """
    tree = ast.parse(source)
    parts = _parts(tree)
    homes = {name: home for home, nodes in parts.items() for node in nodes for name in _bound(node)}
    lines = source.splitlines()
    files: dict[str, str] = {}
    for home, nodes in parts.items():
        kept = [""] * len(lines)
        for node in nodes:
            kept[_first(node) - 1 : node.end_lineno] = lines[_first(node) - 1 : node.end_lineno]
        used = {each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name)}
        own = {name for node in nodes for name in _bound(node)}
        imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import)]
        imports += [f"from {homes[name]} import {name}" for name in sorted(used - own) if name in homes]
        kept[0] = "; ".join(filter(None, [*imports, kept[0]]))
        files[f"{home}.py"] = "\n".join([*kept, ""])
    return files


def _parts(tree: ast.Module) -> dict[str, list[ast.stmt]]:
    """The statements of each file, but for the imports of modules, which all of them have."""
    defined = [node for node in tree.body if not isinstance(node, ast.Import)]
    bound = Counter(name for node in defined for name in _bound(node))
    constant = [
        node
        for node in defined
        if isinstance(node, ast.Assign)
        and _is_literal(node)
        and all(_is_constant(each, bound) for each in _bound(node))
    ]
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    has_heir = any(isinstance(node, ast.ClassDef) and node.name == "Special" for node in defined)
    shares = any(isinstance(node, ast.Global) for node in ast.walk(tree))
    parts: dict[str, list[ast.stmt]] = {BELOW: [], BETWEEN: [], ABOVE: []}
    for node in defined:
        home = BELOW
        if node in constant:
            continue
        if isinstance(node, ast.ClassDef) and node.name in {"Worker", "Special"}:
            home = BETWEEN if node.name == "Worker" and has_heir else ABOVE
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and "queue" in ast.unparse(node.args):
            home = BETWEEN if node.name in called and not shares else ABOVE
        elif shares and any(name.startswith("_") for name in _bound(node)):
            home = ABOVE
        parts[home].append(node)
    return {home: [*constant, *nodes] for home, nodes in parts.items()}


def _is_literal(node: ast.Assign) -> bool:
    return all(isinstance(value, ast.Constant) for value in getattr(node.value, "elts", [node.value]))


def _is_constant(name: str, bound: Mapping[str, int]) -> bool:
    """Whether a name of a module is bound once, and is none that functions set."""
    return bound[name] == 1 and not name.startswith("_")


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a statement of a module binds."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, ast.alias):
            yield inner.name


def _first(node: ast.stmt) -> int:
    """The line in which a statement begins, its decorators included."""
    decorators: Iterable[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def missed_apart(source: str) -> frozenset[int]:
    """The lines of calls that are reported while ``source`` is one file, and not when it is several.

    Where what is known of one file makes a call dead, or keeps a flag from being set, several may be told otherwise.
    """
    return _reported(verdicts({f"{ABOVE}.py": source})) - _reported(verdicts(apart(source)))


def _reported(found: Verdicts) -> frozenset[int]:
    return frozenset(line for line, code in found if code not in {GUARDED, ON_BY_DEFAULT})


def verdicts(files: Mapping[str, str]) -> Verdicts:
    """What is said of the stop calls of a project, whichever file they stand in."""
    report = judged_together(files)
    found = {(finding.call.span.line, finding.code) for finding in report.findings}
    return frozenset(found | {(call.span.line, GUARDED) for call in report.guarded})

"""Projects with the guards of their silent calls taken away, one test at a time, wherever in the project it stands.

Which tests a call hangs on is found by trial: those with a question to the outside in their place leave it reported.
Each silent call has to hang on some test. What follows for the other ways to spoil such a test:

- *Turned around*: the measure grows, and the call is reached while it is on the other side of the limit.
- *And for or*, *left out*: the test holds on the way to the call and stands in an ``and`` (or fails, and stands in an
  ``or``), so that the other operands alone let the call through, or nothing is left of the test.
- *Elsewhere*: the call stands in a ``finally`` around its function, which no guard excuses; or in a handler around it
  or in front of it, where the tests that it hangs on all stand in this function.

A call counts as reported, too, where a finding about one of its callers leads to it. Mutants keep the lines of a
project, except for the file in which a call is moved.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.model import StepKind
from tests.oracle.mutants import (
    IN_FINALLY,
    MOVES,
    OPPOSITE,
    QUESTION,
    Function,
    Text,
    compares,
    counts,
    grows,
    names_bound,
    names_in,
)

Files: TypeAlias = "Mapping[str, str]"
Place: TypeAlias = "tuple[str, int]"
ON_BY_DEFAULT: Final = "SST201"
CLEANUP: Final = "SST102"
_CALLS: Final = (StepKind.CALL, StepKind.STOP)
_UP: Final = (ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Spot:
    """A test in a file of the project."""

    path: str
    text: Text
    node: ast.expr

    def changed(self, files: Files, node: ast.expr, replacement: str) -> dict[str, str]:
        """The project with ``replacement`` for ``node``, the test or what it stands in."""
        return {**files, self.path: self.text.with_edits([self.text.replaced(node, replacement)])}

    def __str__(self) -> str:
        return f"`{ast.unparse(self.node)}` in {self.path}:{self.node.lineno}"


@dataclass(frozen=True)
class Said:
    """The places that findings are about or lead to, and how many are about clean-up."""

    places: frozenset[Place]
    cleanups: int


def said(files: Files) -> Said:
    """What the engine says of a project."""
    report = check({path: source.encode() for path, source in files.items()}, EngineOptions())
    assert not report.errors, report.errors
    findings = [finding for finding in report.findings if finding.code != ON_BY_DEFAULT]
    about = {(finding.call.path, finding.call.span.line) for finding in findings}
    led_to = {(step.path, step.line) for finding in findings for step in finding.witness if step.kind in _CALLS}
    return Said(frozenset(about | led_to), sum(finding.code == CLEANUP for finding in findings))


def mutated(files: Files, silent: Iterable[Place], inside: Collection[Place] = ()) -> Iterator[str]:
    """What is wrong with the verdicts on mutants of a project whose ``silent`` calls are stop calls and guarded.

    Calls ``inside`` are those whose guard stands in what they call: in a ``finally`` they are as good as elsewhere.
    """
    before = said(files)
    wanted = frozenset(silent) - before.places
    hanging: dict[Place, list[Spot]] = {place: [] for place in wanted}
    for spot in _spots(files):
        freed = wanted & said(spot.changed(files, spot.node, QUESTION)).places
        for place in freed:
            hanging[place].append(spot)
        for kind, mutant in _spoilt(spot, files) if freed else ():
            yield from (_silent(place, f"{kind}: {spot}") for place in sorted(freed - said(mutant).places))
    yield from (_silent(place, "any one test gone") for place, spots in sorted(hanging.items()) if not spots)
    for (path, line), spots in sorted(hanging.items()):
        for kind, source, at in _moved(files[path], line):
            found = said({**files, path: source})
            if kind == IN_FINALLY:
                is_wrong = found.cleanups <= before.cleanups and (path, line) not in inside
            else:
                is_wrong = _all_here(spots, path, line) and (path, at) not in found.places
            if is_wrong:
                yield _silent((path, line), kind)


def _silent(place: Place, kind: str) -> str:
    return f"{place[0]}:{place[1]}: silent with {kind}"


def _spots(files: Files) -> Iterator[Spot]:
    """All comparisons, ranges, and operands of ``and`` and ``or``."""
    for path, source in files.items():
        text = Text(source)
        operands = {id(value) for node in ast.walk(text.tree) if isinstance(node, ast.BoolOp) for value in node.values}
        for node in ast.walk(text.tree):
            if isinstance(node, ast.expr) and (compares(node) or counts(node) or id(node) in operands):
                yield Spot(path, text, node)


def _spoilt(spot: Spot, files: Files) -> Iterator[tuple[str, dict[str, str]]]:
    """The project with a test on which some call hangs turned around, left out, or joined in the other way."""
    test = spot.node
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or type(test.ops[0]) not in OPPOSITE:
        return
    if grows(test):
        turned = ast.Compare(test.left, [OPPOSITE[type(test.ops[0])]()], test.comparators)
        yield "a test turned around", spot.changed(files, test, ast.unparse(turned))
    joined = next(
        (node for node in ast.walk(spot.text.tree) if isinstance(node, ast.BoolOp) and test in node.values), None
    )
    limit, right = test.left, test.comparators[0]
    if joined is None or _is_limit(limit) == _is_limit(right):
        return
    up = isinstance(test.ops[0], _UP) is not _is_limit(limit)
    if isinstance(joined.op, ast.And) is not up:
        return
    others = [value for value in joined.values if value is not test]
    left = others[0] if len(others) == 1 else ast.BoolOp(joined.op, others)
    yield "a test left out", spot.changed(files, joined, ast.unparse(left))
    other = ast.Or() if up else ast.And()
    yield "`and` for `or`", spot.changed(files, joined, ast.unparse(ast.BoolOp(other, joined.values)))


def _is_limit(node: ast.expr) -> bool:
    names = names_in(node)
    return isinstance(node, ast.Constant) or (bool(names) and all(name.isupper() for name in names))


def _moved(source: str, line: int) -> Iterator[tuple[str, str, int]]:
    """The source with a call moved within its function, and the line at which it stands then."""
    for kind, around in MOVES:
        tree = ast.parse(source)
        found = _call_in_function(tree, line)
        if found is None:
            return
        function, call = found
        if names_bound(function) & names_in(call):
            return
        moved = ast.Expr(call.value)
        _replace_statement(function, call)
        function.body = [around(function.body, moved)]
        text = ast.unparse(ast.fix_missing_locations(tree))
        pairs = zip(ast.walk(tree), ast.walk(ast.parse(text)), strict=True)
        yield kind, text, next(new.lineno for old, new in pairs if old is moved and isinstance(new, ast.Expr))


def _call_in_function(tree: ast.Module, line: int) -> tuple[Function, ast.Expr] | None:
    """The call that is a statement of its own at ``line``, and the innermost function around it."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inner = [node for node in functions if node.lineno < line <= (node.end_lineno or 0)]
    calls = [
        node
        for function in inner[-1:]
        for node in ast.walk(function)
        if isinstance(node, ast.Expr) and node.lineno == line and isinstance(node.value, ast.Call)
    ]
    return (inner[-1], calls[0]) if len(calls) == 1 else None


def _replace_statement(function: Function, call: ast.Expr) -> None:
    for node in ast.walk(function):
        for _, block in ast.iter_fields(node):
            if isinstance(block, list) and call in block:
                block[block.index(call)] = ast.copy_location(ast.Pass(), call)
                return


def _all_here(spots: Iterable[Spot], path: str, line: int) -> bool:
    """Whether all tests stand in the function of the call at ``line``."""
    return all(
        spot.path == path
        and (found := _call_in_function(spot.text.tree, line)) is not None
        and any(node is spot.node for node in ast.walk(found[0]))
        for spot in spots
    )

"""What lowering shares across the functions of one module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from selfstop.flow.cfg import Operation, terms_of
from selfstop.flow.code import Class, Definition, Function
from selfstop.flow.lower.positions import Extent
from selfstop.flow.lower.scopes import Importer
from selfstop.flow.terms import App, Term, Var
from selfstop.model import Span


@dataclass
class ModuleContext:
    """Collects the functions, classes and definitions of a module while it is lowered."""

    name: str
    path: str
    importer: Importer
    tree: cst.Module
    positions: Mapping[cst.CSTNode, Extent]
    column_shifts: Mapping[int, int]
    lines: Sequence[int]
    """For each line of the tree its number in the file."""
    swallowing: Mapping[str, tuple[str, ...]]
    """The managers, of the file or imported, that swallow exceptions, with the dotted names of these."""
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    outer_variables: set[Var] = field(default_factory=set)
    """Variables of other scopes that the functions lowered so far read or write."""
    _used_ids: dict[str, int] = field(default_factory=dict)

    def span(self, node: cst.CSTNode) -> Span:
        """Where ``node`` stands, counted from 1."""
        extent, shift = self.positions[node], self.column_shifts
        first, last = self.lines[extent.first_line - 1], self.lines[extent.last_line - 1]
        return Span(
            first, extent.first_column + 1 + shift.get(first, 0), last, extent.last_column + 1 + shift.get(last, 0)
        )

    def line(self, node: cst.CSTNode) -> int:
        """The first line of ``node``."""
        return self.lines[self.positions[node].first_line - 1]

    def text(self, node: cst.CSTNode) -> str:
        """The source of ``node`` on one line."""
        return " ".join(self.tree.code_for_node(node).split())

    def unique(self, qualname: str) -> str:
        """An id for a function or class of this module; later ones of the same name get a number."""
        count = self._used_ids.get(qualname, 0) + 1
        self._used_ids[qualname] = count
        return f"{self.name}:{qualname}" if count == 1 else f"{self.name}:{qualname}#{count}"

    def reserve(self, identity: str) -> None:
        """Let the next function of that qualified name have that id."""
        qualname, _, number = identity.partition(":")[2].rpartition("#")
        if qualname and number.isdigit():
            self._used_ids[qualname] = int(number) - 1

    def captured(self, scope: str) -> frozenset[Var]:
        """The variables of ``scope`` that functions lowered so far share."""
        return frozenset(variable for variable in self.outer_variables if variable.scope == scope)

    def remember_outer(self, operations: Iterable[Operation], scope: str) -> None:
        """Note which variables of other scopes ``operations`` of the function ``scope`` speak of."""
        for operation in operations:
            for term in terms_of(operation):
                self.outer_variables.update(key for key in term.mentions if isinstance(key, Var) and key.scope != scope)

    def define(self, target: Term, value: Term | None, function: str, *, step: str = "", annotation: str = "") -> None:
        """Record a binding, flow aside."""
        self.definitions.append(Definition(target, value, function, step, annotation))

    def define_ways(self, target: Term, value: Term | None, function: str, *, annotation: str = "") -> None:
        """Record a binding in which ``target`` may occur: ``n = 0 if job else n + 1`` sets back, or raises."""
        for step, part in _ways(target, value):
            self.define(target, part, function, step=step, annotation=annotation)


def _ways(target: Term, value: Term | None) -> list[tuple[str, Term | None]]:
    """What is bound, or the step and its sign, on each way on which that differs."""
    match value:
        case App(op="+" | "-" as op, args=(left, right)) if left == target:
            return [(op, right)]
        case App(op="+", args=(left, right)) if right == target:
            return [("+", left)]
        case App(op="if", args=(_, body, orelse)):
            ways = [*_ways(target, body), *_ways(target, orelse)]
            if any(step for step, _ in ways):
                return ways
    return [("", value)]

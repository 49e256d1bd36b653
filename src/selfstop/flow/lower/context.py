"""What lowering shares across the functions of one module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import CodeRange

from selfstop.flow.code import Class, Definition, Function
from selfstop.flow.terms import Term
from selfstop.model import Span


@dataclass
class ModuleContext:
    """Collects the functions, classes and definitions of a module while it is lowered."""

    name: str
    path: str
    package: str
    tree: cst.Module
    positions: Mapping[cst.CSTNode, CodeRange]
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    _used_ids: dict[str, int] = field(default_factory=dict)

    def span(self, node: cst.CSTNode) -> Span:
        """Where ``node`` stands, counted from 1."""
        found = self.positions[node]
        return Span(found.start.line, found.start.column + 1, found.end.line, found.end.column + 1)

    def line(self, node: cst.CSTNode) -> int:
        """The first line of ``node``."""
        return self.positions[node].start.line

    def text(self, node: cst.CSTNode) -> str:
        """The source of ``node`` on one line."""
        return " ".join(self.tree.code_for_node(node).split())

    def unique(self, qualname: str) -> str:
        """An id for a function or class of this module; later ones of the same name get a number."""
        count = self._used_ids.get(qualname, 0) + 1
        self._used_ids[qualname] = count
        return f"{self.name}:{qualname}" if count == 1 else f"{self.name}:{qualname}#{count}"

    def define(
        self, target: Term, value: Term | None, function: str, *, step: str = "", annotation: str = ""
    ) -> None:
        """Record a binding, flow aside."""
        self.definitions.append(Definition(target, value, function, step, annotation))

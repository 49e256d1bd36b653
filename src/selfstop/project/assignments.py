"""Where variables, attributes and collections get their content: an index over all graphs of a program."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from selfstop.flow.cfg import Assign, Call, Graph, Node
from selfstop.flow.terms import App, Attr, Item, Term, Var, last_name
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.program import Program, is_receiver

ADDING = vocabulary("append add insert extend update appendleft extendleft setdefault")


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """A node of a function."""

    function: str
    node: int


@dataclass(frozen=True)
class Reaching:
    """The assignments that may have given a variable its value at a node; ``entry`` if it may be the caller's."""

    nodes: tuple[int, ...]
    entry: bool


class Assignments:
    """Answers where something is assigned, added to, passed on or called."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._of: dict[Term, list[Spot]] = defaultdict(list)
        self._attributes: dict[tuple[str, str], list[Spot]] = defaultdict(list)
        self._changes: dict[Term, list[Spot]] = defaultdict(list)
        self._passed: dict[Term, list[Spot]] = defaultdict(list)
        self._calls: dict[str, list[Spot]] = defaultdict(list)
        for function in program.functions.values():
            for number, node in enumerate(function.graph.nodes):
                if isinstance(node.operation, (Assign, Call)):
                    self._index(Spot(function.id, number), node)

    def of(self, variable: Var) -> list[Spot]:
        """All assignments to a variable, in any function."""
        return self._of.get(variable, [])

    def of_attribute(self, cls: str, name: str) -> list[Spot]:
        """The assignments to ``self.name`` in the methods of a class."""
        return self._attributes.get((cls, name), [])

    def changes(self, place: Term) -> list[Spot]:
        """Where something is put into a collection: ``place.append(x)``, ``place[key] = x``."""
        return self._changes.get(place, [])

    def passed(self, place: Term) -> list[Spot]:
        """The calls that are given a collection as it is."""
        return self._passed.get(place, [])

    def calls(self, name: str) -> list[Spot]:
        """The calls of anything of that name."""
        return self._calls.get(name, [])

    def _index(self, spot: Spot, node: Node) -> None:
        match node.operation:
            case Assign(target=Var() as target):
                self._of[target].append(spot)
            case Assign(target=Attr(base=Var(scope=scope, name=receiver), name=name)):
                owner = self._program.functions.get(scope)
                if owner is not None and owner.cls is not None and is_receiver(owner, receiver):
                    self._attributes[owner.cls, name].append(spot)
            case Assign(target=Item(base=base)):
                self._changes[self._shared_name(base)].append(spot)
            case Call() as call:
                self._index_call(call, spot)

    def _index_call(self, call: Call, spot: Spot) -> None:
        self._calls[last_name(call.func)].append(spot)
        match call.func:
            case Attr(base=base, name=name) if name in ADDING:
                self._changes[self._shared_name(base)].append(spot)
        for value in (*call.args, *(value for _, value in call.keywords)):
            if isinstance(value, Var) and value.scope not in {"import", "builtins"}:
                self._passed[value].append(spot)

    def _shared_name(self, place: Term) -> Term:
        """``self.ids`` is the same in all methods of a class."""
        match place:
            case Attr(base=Var(scope=scope, name=receiver), name=name):
                owner = self._program.functions.get(scope)
                if owner is not None and owner.cls is not None and is_receiver(owner, receiver):
                    return Attr(Var(owner.cls, "self"), name)
        return place

    def shared_changes(self, place: Term) -> list[Spot]:
        """Like ``changes``, for an attribute of ``self`` in all methods of its class."""
        return self.changes(self._shared_name(place))


def reaching(graph: Graph, node: int, variable: Term) -> Reaching:
    """The assignments to ``variable`` from which control gets to ``node`` without another one between."""
    found: list[int] = []
    seen: set[int] = set()
    stack = list(graph.predecessors[node])
    entry = False
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        match graph.nodes[current].operation:
            case Assign(target=target, value=value) if target == variable:
                found.append(current)
                if not (isinstance(value, App) and value.op == "appended"):
                    continue
        entry = entry or current == graph.entry
        stack.extend(graph.predecessors[current])
    return Reaching(tuple(sorted(found)), entry or node == graph.entry)

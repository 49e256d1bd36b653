"""Where variables, attributes and collections get their content: an index over all graphs of a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from selfstop.flow.cfg import Assign, Call, Graph
from selfstop.flow.terms import App, Attr, Item, Term, Var, last_name
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.table import is_receiver

_Key = TypeVar("_Key")

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
    """Answers where something is assigned, added to, passed on or called. Each index is made when it is asked for."""

    def __init__(self, program: Program) -> None:
        self._program = program

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

    @cached_property
    def _of(self) -> Mapping[Term, list[Spot]]:
        return _index((target, spot) for target, spot in self._assigned() if isinstance(target, Var))

    @cached_property
    def _attributes(self) -> Mapping[tuple[str, str], list[Spot]]:
        found = ((self._own(target), spot) for target, spot in self._assigned() if isinstance(target, Attr))
        return _index((own, spot) for own, spot in found if own is not None)

    @cached_property
    def _changes(self) -> Mapping[Term, list[Spot]]:
        items = ((target.base, spot) for target, spot in self._assigned() if isinstance(target, Item))
        added = (
            (call.func.base, spot)
            for call, spot in self._called()
            if isinstance(call.func, Attr) and call.func.name in ADDING
        )
        found = _index((self._shared_name(base), spot) for base, spot in (*items, *added))
        order = {identity: position for position, identity in enumerate(self._program.functions)}
        return {
            base: sorted(spots, key=lambda spot: (order[spot.function], spot.node)) for base, spots in found.items()
        }

    @cached_property
    def _passed(self) -> Mapping[Term, list[Spot]]:
        given = ((value, spot) for call, spot in self._called() for value in call.operands)
        return _index(
            (value, spot)
            for value, spot in given
            if isinstance(value, Var) and value.scope not in {"import", "builtins"}
        )

    @cached_property
    def _calls(self) -> Mapping[str, list[Spot]]:
        return _index((last_name(call.func), spot) for call, spot in self._called())

    def _assigned(self) -> Iterator[tuple[Term, Spot]]:
        for function in self._program.functions.values():
            for target, assignments in function.graph.assignments.items():
                yield from ((target, Spot(function.id, number)) for number, _ in assignments)

    def _called(self) -> Iterator[tuple[Call, Spot]]:
        for function in self._program.functions.values():
            yield from ((call, Spot(function.id, number)) for number, call in function.graph.calls())

    def _own(self, attribute: Attr) -> tuple[str, str] | None:
        """The class and the name of an attribute of ``self``."""
        match attribute.base:
            case Var(scope=scope, name=receiver):
                owner = self._program.functions.get(scope)
                if owner is not None and owner.cls is not None and is_receiver(owner, receiver):
                    return owner.cls, attribute.name
        return None

    def _shared_name(self, place: Term) -> Term:
        """``self.ids`` is the same in all methods of a class."""
        own = self._own(place) if isinstance(place, Attr) else None
        return place if own is None else Attr(Var(own[0], "self"), own[1])

    def shared_changes(self, place: Term) -> list[Spot]:
        """Like ``changes``, for an attribute of ``self`` in all methods of its class."""
        return self.changes(self._shared_name(place))


def _index(found: Iterable[tuple[_Key, Spot]]) -> Mapping[_Key, list[Spot]]:
    known: dict[_Key, list[Spot]] = {}
    for key, spot in found:
        known.setdefault(key, []).append(spot)
    return known


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

"""Machines that are picked by a comparison: ``if instance.id == me``, ``if instance.id != me``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfstop.flow.cfg import Assign, Call, Graph, Test
from selfstop.flow.known import Condition
from selfstop.flow.terms import App, Attr, Item, Result, Term, Var
from selfstop.model import Target
from selfstop.project.symbols.assignments import ADDING
from selfstop.project.symbols.values import Point, Value
from selfstop.project.targets.following import Follower
from selfstop.project.targets.identity import Identity

_WRAPPERS = frozenset({"list", "tuple", "set", "unpack", "str", "strip", "get"})


@dataclass(frozen=True)
class Picked:
    """The machine that a comparison with this machine's id leaves, and where that id comes from."""

    target: Target
    sources: tuple[Value, ...]


class Picking:
    """Looks at the comparisons on the way of an id."""

    def __init__(self, follower: Follower, identity: Identity) -> None:
        self._follower = follower
        self._identity = identity
        self._linker = follower.linker
        self._program = follower.program

    def by_conditions(self, value: Value, conditions: Sequence[Condition]) -> Picked | None:
        """What conditions that hold at a point say of the value there."""
        root = _root(value.term)
        if root is None:
            return None
        for condition in conditions:
            scope, node = condition.test
            if scope != value.point.function:
                continue
            test = self._program.functions[scope].graph.nodes[node].operation
            if isinstance(test, Test):
                found = self._compared(test.term, root, Point(scope, node, value.point.frame), truth=condition.truth)
                if found is not None:
                    return found
        return None

    def _compared(self, term: Term, root: Var, point: Point, *, truth: bool) -> Picked | None:
        match term:
            case App(op="==", args=(left, right)):
                for side, other in ((left, right), (right, left)):
                    if _root(side) == root and (own := self._own(other, point)):
                        return Picked(Target.SELF if truth else Target.OTHER, own)
            case App(op="in", args=(side, other)) if not truth and _root(side) == root:
                own = self._own(other, point)
                return Picked(Target.OTHER, own) if own else None
        return None

    def _own(self, term: Term, point: Point) -> tuple[Value, ...]:
        """Where ``term`` comes from, if it can be nothing but this machine's id."""
        leaves = self._follower.leaves(Value(term, point))
        answers = {self._identity.of(leaf) for leaf in leaves} - {None}
        return tuple(leaves) if answers == {Target.SELF} else ()

    def on_the_way(self, trail: Sequence[Value]) -> Picked | None:
        """What was compared with this machine's id before it was put into a collection."""
        for value in trail[1:]:
            if self._is_insertion(value.point):
                picked = self.by_conditions(value, self._conditions(value.point))
                if picked is not None:
                    return picked
        return None

    def _is_insertion(self, point: Point) -> bool:
        match self._program.functions[point.function].graph.nodes[point.node].operation:
            case Assign(value=App(op="appended")):
                return True
            case Call(func=Attr(name=name)):
                return name in ADDING
        return False

    def _conditions(self, point: Point) -> list[Condition]:
        """The conditions that hold on all ways to a point."""
        if not _has_comparisons(self._program.functions[point.function].graph):
            return []
        found: list[Condition] | None = None
        for record in self._linker.states_at(point.function, [point.node]):
            held = list(record.state.conditions.values())
            keys = {(condition.test, condition.truth) for condition in held}
            found = held if found is None else [c for c in found if (c.test, c.truth) in keys]
        return found or []


def _has_comparisons(graph: Graph) -> bool:
    terms = [node.operation.term for node in graph.nodes if isinstance(node.operation, Test)]
    return any(isinstance(term, App) and term.op in {"==", "in"} for term in terms)


def _root(term: Term) -> Var | None:
    """The variable of which ``term`` is a part: ``i`` in ``i.id``, ``i["InstanceId"]`` and ``[i.id]``."""
    while True:
        match term:
            case Attr(base=base) | Item(base=base):
                term = base
            case App(op=op, args=(inner, *rest)) if op in _WRAPPERS and (not rest or op == "get"):
                term = inner
            case Result(args=(inner,)):
                term = inner
            case Var(scope=scope):
                return None if scope in {"import", "builtins"} else term
            case _:
                return None

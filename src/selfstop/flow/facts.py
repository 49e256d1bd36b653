"""The forward must-analysis: which conditions hold at each node of a graph.

States flow along edges until nothing changes (Kildall, "A unified approach to global program optimization",
POPL 1973).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from selfstop.flow.cfg import EdgeKind, Graph
from selfstop.flow.focus import Focus
from selfstop.flow.linear import number
from selfstop.flow.liveness import live_keys
from selfstop.flow.state import State
from selfstop.flow.terms import Term, Var, mention_key
from selfstop.flow.transfer import Transfer
from selfstop.flow.world import World

CROWDS = (16, 32, 64)
"""How many states are kept apart at one node before flags, then which guard it is, then anything ceases to count."""
MAX_VISITS = 300
"""Visits of one node after which flags no longer keep states apart."""


@dataclass(eq=False)
class Record:
    """A state at a node, and where it came from: the parent record and the edge taken."""

    scope: str
    node: int
    state: State
    parent: Record | None = None
    kind: EdgeKind = EdgeKind.NEXT
    dropped: bool = False
    """Set when the record has been met with another: what follows from it follows from that one."""
    origin: object = None
    """For entry states: whatever the caller of the analysis attached (a call site)."""


Mark = object
"""What keeps records apart for certain: those with different marks are never met."""


@dataclass
class Point:
    """The records at one node, by their marks. The more there are, the less keeps them apart: ``level`` rises.

    ``given`` are the places to which callers give numbers that stay as they are: limits, among others.
    """

    crowds: tuple[int, ...] = CROWDS
    given: set[Term] = field(default_factory=set)
    marked: dict[Mark, list[Record]] = field(default_factory=dict)
    visits: int = 0
    level: int = 0

    @property
    def records(self) -> list[Record]:
        """All records."""
        return [record for group in self.marked.values() for record in group]

    def mark(self, state: State, telling: frozenset[object]) -> Mark:
        """The mark of a state, where only places with keys in ``telling`` count."""
        match self.level:
            case 0:
                given = ((place, state.values[place]) for place in self.given if place in state.values)
                return frozenset(pair for pair in chain(state.flags, given) if mention_key(pair[0]) in telling)
            case 1:
                return frozenset(pair for pair in state.callables if mention_key(pair[0]) in telling)
            case 2:
                return frozenset(pair for pair in state.callables if mention_key(pair[0]) in telling), bool(state.held)
        return None

    def merges(self, known: State, new: State) -> bool:
        """Whether two states of the same mark are better met than kept apart."""
        match self.level:
            case 0:
                return known.guards == new.guards or known.absorbs(new) or new.absorbs(known)
            case 1:
                return known.held == new.held or known.absorbs(new) or new.absorbs(known)
        return True

    @property
    def is_crowded(self) -> bool:
        """Whether the next record should be met by a coarser measure."""
        if self.level >= len(self.crowds):
            return False
        return len(self.records) > self.crowds[self.level] or (self.level == 0 and self.visits > MAX_VISITS)


class Analysis:
    """Runs the must-analysis of one graph to its fixed point. May be fed further entry states at any time."""

    def __init__(
        self, graph: Graph, world: World, focus: Focus | None = None, *, crowds: Sequence[int] = CROWDS
    ) -> None:
        """With a ``focus`` only what matters to it is followed: there are no states at nodes that lead away from it.

        ``crowds`` are the numbers of states at one node from which on less and less keeps them apart.
        """
        self.graph = graph
        self.world = world
        self._focus = focus
        self._given: set[Term] = set()
        self.points = [Point(tuple(crowds), self._given) for _ in graph.nodes]
        self._transfer = Transfer(graph, world, focus)
        self._live = live_keys(graph)
        self._telling = [world.telling] * len(graph.nodes) if focus is None else focus.telling
        self._work: list[tuple[int, int, Record]] = []
        self._pushed = 0

    def covers(self, node: int) -> bool:
        """Whether ``node`` is looked at; its having no states says nothing otherwise."""
        return self._focus is None or node in self._focus.nodes

    def enter(self, state: State, origin: object = None) -> None:
        """Add an entry state."""
        entered = state.restricted(self.graph.scope, self._live[self.graph.entry])
        self._given.update(place for place, value in entered.values.items() if self._stays(place, value))
        self._add(Record(self.graph.scope, self.graph.entry, entered, origin=origin))

    def _stays(self, place: Term, value: Term) -> bool:
        """Whether a place is a variable of the function that is given a number, and keeps it to the end."""
        own = isinstance(place, Var) and place.scope == self.graph.scope and place not in self.graph.assignments
        return own and number(self.world.constant(value)) is not None

    def run(self) -> None:
        """Propagate until nothing changes."""
        while self._work:
            _, _, record = heapq.heappop(self._work)
            if record.dropped:
                continue
            for successor in self.follow(record):
                self._add(successor)

    def follow(self, record: Record) -> Iterator[Record]:
        """What comes of ``record`` one edge further on, met with nothing else."""
        if not any(self.covers(edge.target) for edge in self.graph.nodes[record.node].edges):
            return
        for edge, state in self._transfer.step(record.node, record.state):
            if not self.covers(edge.target):
                continue
            after = state.next_iteration() if edge.kind is EdgeKind.BACK else state
            after = after.restricted(self.graph.scope, self._live[edge.target])
            yield Record(self.graph.scope, edge.target, after, record, edge.kind)

    def states(self, node: int) -> Iterator[Record]:
        """The records at ``node``; none if no feasible path leads there."""
        return iter(self.points[node].records)

    def _add(self, record: Record) -> None:
        point = self.points[record.node]
        point.visits += 1
        if point.is_crowded:
            point.level += 1
            known = point.records
            point.marked.clear()
            for other in known:
                other.dropped = True
                self._put(point, replace(other, dropped=False))
        self._put(point, record)

    def _put(self, point: Point, record: Record) -> None:
        """Add a record, meeting it with those it need not be kept apart from."""
        self._make_stale(point, record)
        mark = point.mark(record.state, self._telling[record.node])
        group = point.marked.setdefault(mark, [])
        for position, other in enumerate(group):
            if not point.merges(other.state, record.state):
                continue
            met = other.state.meet(record.state)
            if met is other.state:
                return
            group.pop(position).dropped = True
            # Of two callers, the one that knows no more than both is the one to be shown.
            shown = (
                record if record.parent is None and met.conditions.keys() == record.state.conditions.keys() else other
            )
            self._put(point, replace(shown, state=met, dropped=False))
            return
        group.append(record)
        self._pushed += 1
        heapq.heappush(self._work, (record.node, self._pushed, record))

    def _make_stale(self, point: Point, record: Record) -> None:
        """Let go of guards that are reset here but not there, or there but not here: some paths have reset them."""
        for group in list(point.marked.values()):
            for other in list(group):
                record.state = record.state.stale_beside(other.state)
                weaker = other.state.stale_beside(record.state)
                if weaker is not other.state and not other.dropped:
                    group.remove(other)
                    other.dropped = True
                    self._put(point, replace(other, state=weaker, dropped=False))

"""The shortest feasible way through one graph: what a witness follows.

The must-analysis keeps one way to each of its records, but which one is left to the order in which it works, and
what has been met there no longer tells of that way alone. So the way is looked for once more, from the entry to
the call, one path at a time (A*: Hart, Nilsson and Raphael, "A Formal Basis for the Heuristic Determination of
Minimum Cost Paths", 1968), through the same transfer functions.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable

from selfstop.flow.cfg import Call, Edge, EdgeKind, Graph, Node, Raise
from selfstop.flow.facts import Analysis, Record
from selfstop.flow.state import State
from selfstop.flow.terms import last_name
from selfstop.flow.vocabulary import vocabulary

MAX_STEPS = 2000
"""Records followed before the search is given up."""
_MAX_KEPT = 12
"""States at one node that are told apart by all they know; further ones by their guards and flags only."""
_CALL_RAISES = 60
_OTHERWISE_RAISED = 90
_HARDLY_RAISES = vocabulary("log debug info warning error exception print sleep time monotonic now utcnow")
"""Calls that would be an odd example of one that raises."""
_ANOTHER_ROUND = 5


def shortest(analysis: Analysis, entry: Record, target: int, accepts: Callable[[State], bool]) -> Record | None:
    """The end of the shortest way from ``entry`` to node ``target`` in a state that ``accepts`` takes.

    Its parents are the way. Exceptions that nothing forces, and further rounds of loops, count as detours. None if
    there is no such way, or none was found within ``MAX_STEPS``.
    """
    left = _distances(analysis.graph, target)
    if entry.node not in left:
        return None
    seen: dict[int, list[State]] = defaultdict(list)
    queue = [(left[entry.node], 0, 0, entry)]
    pushed = 0
    for _ in range(MAX_STEPS):
        if not queue:
            return None
        _, _, cost, record = heapq.heappop(queue)
        if record.node == target and accepts(record.state):
            return record
        if _is_known(seen[record.node], record.state):
            continue
        seen[record.node].append(record.state)
        for successor in analysis.follow(record):
            if successor.node in left:
                pushed += 1
                spent = cost + _cost(analysis.graph.nodes[record.node], successor.kind)
                heapq.heappush(queue, (spent + left[successor.node], -pushed, spent, successor))
    return None


def way(record: Record) -> list[Record]:
    """The records on the way to ``record`` within its function, first to last."""
    found = [record]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found[::-1]


def _is_known(states: list[State], new: State) -> bool:
    """Whether a shorter way to the same node knows no more, or, where there are many, holds the same guards."""
    if len(states) >= _MAX_KEPT:
        return any(known.guards == new.guards and known.flags == new.flags for known in states)
    return any(
        known.values.items() <= new.values.items() and known.conditions.items() <= new.conditions.items()
        for known in states
    )


def _cost(node: Node, kind: EdgeKind) -> int:
    if kind is EdgeKind.RAISE and not isinstance(node.operation, Raise):
        likely = isinstance(node.operation, Call) and last_name(node.operation.func) not in _HARDLY_RAISES
        return _CALL_RAISES if likely else _OTHERWISE_RAISED
    return _ANOTHER_ROUND if kind is EdgeKind.BACK else 1


def _distances(graph: Graph, target: int) -> dict[int, int]:
    """The least cost from each node from which ``target`` can be reached, whatever is feasible."""
    incoming: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
    for number, node in enumerate(graph.nodes):
        for edge in node.edges:
            incoming[edge.target].append((number, edge))
    found: dict[int, int] = {}
    queue = [(0, target)]
    while queue:
        distance, number = heapq.heappop(queue)
        if number in found:
            continue
        found[number] = distance
        for source, edge in incoming[number]:
            heapq.heappush(queue, (distance + _cost(graph.nodes[source], edge.kind), source))
    return found

"""What of a graph matters to the question how certain nodes are reached: a backward slice.

Weiser, "Program Slicing", ICSE 1981, over control dependence and, flow aside, over what assignments carry. The
analysis follows no way that cannot come to one of the nodes, and keeps no states apart for a value that decides
nothing about getting there. Both lose no stop call: states that are met hold less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from selfstop.flow.cfg import Assign, Call, Dispatch, Graph, Iterate, Operation, Raise, Test
from selfstop.flow.control import ControlDependence
from selfstop.flow.liveness import flowing_back
from selfstop.flow.telling import mentions_of
from selfstop.flow.terms import mention_key


@dataclass(frozen=True)
class Focus:
    """``nodes`` are those from which a target can be reached, ``deciding`` those on which it depends whether it is.

    ``telling`` are, for each node, the places whose values may decide about that from there on.
    """

    nodes: frozenset[int]
    deciding: frozenset[int]
    telling: tuple[frozenset[object], ...]


def focus(
    graph: Graph,
    dependence: ControlDependence,
    targets: Iterable[int],
    beyond: frozenset[object] = frozenset(),
    *,
    exceptions: bool = False,
) -> Focus:
    """The focus on ``targets``; the places ``beyond`` are looked at once a target is left.

    ``exceptions`` tells that it matters which exception a call raises, wherever one is handled. Where both the exit
    and the escape are targets, it matters what is returned and raised, too.
    """
    targets = frozenset(targets)
    read = _reads(graph, with_results={graph.exit, graph.escape} <= targets)
    matters = _deciding(read, dependence, targets, _writers(graph, calls_raise=exceptions))
    uses = [used if number in matters else set() for number, used in enumerate(read)]
    telling = tuple(live | beyond for live in flowing_back(graph, uses))
    return Focus(_leading_to(graph, targets), frozenset(matters), telling)


def deciding(
    graph: Graph, dependence: ControlDependence, targets: Iterable[int], *, exceptions: bool = False
) -> frozenset[int]:
    """The nodes on which it depends whether one of ``targets`` is reached, as in their focus."""
    targets = frozenset(targets)
    read = _reads(graph, with_results={graph.exit, graph.escape} <= targets)
    return frozenset(_deciding(read, dependence, targets, _writers(graph, calls_raise=exceptions)))


def ends_of(graph: Graph) -> frozenset[int]:
    """The targets of a question for what a function gives back or raises, and under which conditions."""
    return frozenset({graph.exit, graph.escape})


def _leading_to(graph: Graph, targets: frozenset[int]) -> frozenset[int]:
    found = set(targets)
    stack = list(targets)
    while stack:
        for source in graph.predecessors[stack.pop()]:
            if source not in found:
                found.add(source)
                stack.append(source)
    return frozenset(found)


def _deciding(
    read: Sequence[set[object]],
    dependence: ControlDependence,
    targets: frozenset[int],
    writers: Mapping[object, list[int]],
) -> set[int]:
    """The nodes that decide about the targets, directly or through what else decides."""
    keys: set[object] = set()
    seen = set(targets)
    stack = list(targets)
    while stack:
        number = stack.pop()
        new = read[number] - keys
        keys |= new
        deciding = {*dependence.branches(number), *(writer for key in new for writer in writers.get(key, ()))}
        stack.extend(deciding - seen)
        seen |= deciding
    return seen


def _writers(graph: Graph, *, calls_raise: bool) -> dict[object, list[int]]:
    """The nodes that bind each place; of the pending exception those that raise one of their own."""
    writers: dict[object, list[int]] = defaultdict(list)
    for number, node in enumerate(graph.nodes):
        match node.operation:
            case Assign(target=target):
                writers[mention_key(target)].append(number)
            case Call(result=result):
                writers[mention_key(result)].append(number)
                if calls_raise:
                    writers[graph.pending].append(number)
            case Raise():
                writers[graph.pending].append(number)
    return writers


def _reads(graph: Graph, *, with_results: bool) -> list[set[object]]:
    """The places that each node looks at."""
    found = [_read(node.operation, graph) for node in graph.nodes]
    if with_results:
        found[graph.exit].add(graph.returned)
        found[graph.escape].add(graph.pending)
    return found


def _read(operation: Operation, graph: Graph) -> set[object]:
    match operation:
        case Test(term=term) | Iterate(iterable=term):
            return set(term.mentions)
        case Assign(target=target, value=value):
            return mentions_of(target, *([] if value is None else [value]))
        case Call(func=func, args=args, keywords=keywords):
            return mentions_of(func, *args, *(value for _, value in keywords))
        case Raise(exception=exception):
            return set() if exception is None else set(exception.mentions)
        case Dispatch(clauses=clauses):
            return {graph.pending, *mentions_of(*(term for clause in clauses for term in clause))}
    return set()

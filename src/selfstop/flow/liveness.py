"""Live variables: what a function may still read.

What is known of a variable nobody reads again only keeps states apart that are the same.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from selfstop.flow.cfg import Assign, Call, Dispatch, Graph, Iterate, Operation, Raise, Test
from selfstop.flow.terms import Term, Var, mention_key


def live_keys(graph: Graph) -> list[frozenset[object]]:
    """For each node the mention keys of variables and call results that may be read there or later."""
    uses = [_used(node.operation) for node in graph.nodes]
    uses[graph.exit] |= {graph.returned}
    uses[graph.escape] |= {graph.pending}
    for number, node in enumerate(graph.nodes):
        if isinstance(node.operation, Dispatch):
            uses[number] |= {graph.pending}
    return flowing_back(graph, uses, graph.captured)


def flowing_back(
    graph: Graph, uses: Sequence[Set[object]], always: frozenset[object] = frozenset()
) -> list[frozenset[object]]:
    """For each node the keys that are used there or later, before they are bound anew; and those of ``always``."""
    live = [frozenset(used | always) for used in uses]
    bound = [_defined(node.operation) for node in graph.nodes]
    work = list(range(len(graph.nodes)))
    while work:
        number = work.pop()
        found = set().union(*(live[edge.target] for edge in graph.nodes[number].edges))
        found -= bound[number]
        found |= uses[number]
        found |= always
        if found != live[number]:
            live[number] = frozenset(found)
            work.extend(graph.predecessors[number])
    return live


def _used(operation: Operation) -> set[object]:
    match operation:
        case Assign(target=target, value=value):
            inner = set(target.mentions) if not isinstance(target, Var) else set()
            return inner | (set(value.mentions) if value is not None else set())
        case Call(func=func, args=args, keywords=keywords):
            return _mentions(func, *args, *(value for _, value in keywords))
        case Test(term=term) | Iterate(iterable=term):
            return set(term.mentions)
        case Raise(exception=exception):
            return set() if exception is None else set(exception.mentions)
        case Dispatch(clauses=clauses):
            return _mentions(*(term for clause in clauses for term in clause))
        case _:
            return set()


def _mentions(*terms: Term) -> set[object]:
    found: set[object] = set()
    for term in terms:
        found |= term.mentions
    return found


def _defined(operation: Operation) -> set[object]:
    match operation:
        case Assign(target=Var() as target):
            return {target}
        case Call(result=result):
            return {mention_key(result)}
    return set()

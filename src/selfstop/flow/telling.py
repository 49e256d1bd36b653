"""Which values can tell anything: those that a test, a call or a caller may come to see.

States are kept apart for what their values decide later on (`state.py`). A value that nothing asks about decides
nothing, and states that differ in it alone are met. That loses no stop call: what has been met holds less.
"""

from __future__ import annotations

from selfstop.flow.cfg import Assign, Call, Dispatch, Graph, Iterate, Operation, Raise, Test
from selfstop.flow.contents import is_silent
from selfstop.flow.terms import Term, Var, mention_key


def telling_keys(graph: Graph) -> frozenset[object]:
    """The mention keys of the places whose values may decide what ``graph`` does, or what its function gives back.

    Flow aside: a place is one if it is looked at anywhere, or goes into another one.
    """
    found: set[object] = {graph.returned, *graph.captured}
    flows: list[tuple[object, frozenset[object]]] = []
    for node in graph.nodes:
        match node.operation:
            case Assign(target=Var(scope=graph.scope) as target, value=value):
                if value is not None:
                    flows.append((target, value.mentions))
            case operation:
                found |= _looked_at(operation, graph)
    while True:
        new = [mentions for target, mentions in flows if target in found and not mentions <= found]
        if not new:
            return frozenset(found)
        found.update(*new)


def _looked_at(operation: Operation, graph: Graph) -> set[object]:
    match operation:
        case Test(term=term) | Iterate(iterable=term):
            return set(term.mentions)
        case Call(func=func, args=args, keywords=keywords):
            given = () if is_silent(operation) else (*args, *(value for _, value in keywords))
            return mentions_of(func, *given)
        case Assign(target=target, value=value):
            return {mention_key(target), *mentions_of(target, *([] if value is None else [value]))}
        case Raise(exception=exception):
            return set() if exception is None else set(exception.mentions)
        case Dispatch(clauses=clauses):
            return {graph.pending, *mentions_of(*(term for clause in clauses for term in clause))}
    return set()


def mentions_of(*terms: Term) -> set[object]:
    """All that any of ``terms`` mentions."""
    found: set[object] = set()
    for term in terms:
        found |= term.mentions
    return found

"""Which tests on a way matter to the call at its end.

Those on which the call depends; those on which the value of a flag depends that is tested on the way, or which
function a name stands for; and those that decided that a guard was lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from selfstop.flow.cfg import Assign, Call, Graph, Test
from selfstop.flow.control import ControlDependence
from selfstop.flow.facts import Record
from selfstop.flow.roles import Kind
from selfstop.flow.terms import Var, mention_key


def deciding(graph: Graph, records: Sequence[Record], dependence: ControlDependence) -> frozenset[int]:
    """The nodes of the tests that matter to the call at the last of ``records``."""
    found = set(dependence.decisive(records[-1].node))
    call = graph.nodes[records[-1].node].operation
    sought: set[object] = {call.func} if isinstance(call, Call) and isinstance(call.func, Var) else set()
    for before, after in reversed(list(pairwise(records))):
        match graph.nodes[before.node].operation:
            case Test(term=term) if before.node in found and is_settled(before, after):
                sought |= term.mentions
            case Assign(target=target, value=value) if mention_key(target) in sought:
                sought.discard(mention_key(target))
                sought |= set() if value is None else value.mentions
                found |= dependence.decisive(before.node)
        if _loses_guard(before, after):
            found |= dependence.decisive(before.node)
    return frozenset(found)


def is_settled(before: Record, after: Record) -> bool:
    """Whether a test came out as it did because of a known value: it established nothing."""
    known = before.state.conditions
    place = (before.scope, before.node)
    return not any(
        condition.test == place and known.get(key) is not condition for key, condition in after.state.conditions.items()
    )


def _loses_guard(before: Record, after: Record) -> bool:
    for key, guard in before.state.conditions.items():
        if guard.role.kind is Kind.GUARD:
            kept = after.state.conditions.get(key)
            if kept is None or (kept.reset and not guard.reset):
                return True
    return False

"""The way to a stop call through the functions of the program: one leg in each of them.

A leg leads from the entry of a function to the call by which the way leaves it: into the next function, or, in the
last one, to the stop call itself. The legs above the place of a finding follow the callers from which the state
there came; those below it follow the wrapper down to the call that stops the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from selfstop.flow.cfg import Call
from selfstop.flow.facts import Analysis, Record
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.route import shortest, way
from selfstop.flow.state import State
from selfstop.flow.terms import Term
from selfstop.project.callgraph.paths import Judgement, entry_of
from selfstop.project.callgraph.propagation import Origin, Propagation
from selfstop.project.callgraph.uses import Use
from selfstop.project.verdicts.verdict import Verdicts

_DEPTH = 8
_GUARDS = frozenset({Kind.GUARD})
_GUARDS_AND_SWITCHES = _GUARDS | {Kind.OFF_SWITCH}


@dataclass(frozen=True)
class Leg:
    """The way through one function: ``records`` from its entry to the call, and what that call ``use``s."""

    function: str
    records: tuple[Record, ...]
    use: Use

    @property
    def end(self) -> Record:
        """The record at the call."""
        return self.records[-1]


@dataclass(frozen=True)
class Legs:
    """All legs of a way, of which number ``landing`` ends at the place of the finding."""

    legs: tuple[Leg, ...]
    landing: int


def legs_of(verdicts: Verdicts, judgement: Judgement) -> Legs:
    """One way on which what ``judgement`` says can be seen."""
    path = judgement.path
    above = [
        _leg(
            verdicts.propagation,
            Analysis(verdicts.program.functions[function].graph, verdicts.linker),
            record,
            use,
            judgement,
        )
        for function, record, use in _upwards(judgement)
    ][::-1]
    allowed = frozenset(condition.key for condition in path.conditions)
    below = _below(verdicts, path.use, allowed, (judgement.site.function,)) or []
    return Legs((*above, *below), len(above) - 1)


def _upwards(judgement: Judgement) -> Iterator[tuple[str, Record, Use]]:
    """The record at the place of the finding, and at each call that led there, innermost first."""
    function, record, use = judgement.site.function, judgement.path.record, judgement.path.use
    seen: set[int] = set()
    while True:
        yield function, record, use
        entry = entry_of(record)
        if not isinstance(entry.origin, Origin) or id(entry) in seen:
            return
        seen.add(id(entry))
        function, record, use = entry.origin.function, entry.origin.record, entry.origin.use


def _leg(
    propagation: Propagation, analysis: Analysis, record: Record, use: Use, judgement: Judgement | None = None
) -> Leg:
    """The shortest way to ``record``'s node that holds no other guards; the one of the analysis if none is found.

    Where ``judgement`` blames a guard, that guard is on the way. Off switches other than the record's are avoided
    if that is possible: both outcomes may have been met.
    """
    call = analysis.graph.nodes[record.node].operation
    assert isinstance(call, Call)
    wanted = {mark for condition in record.state.conditions.values() for mark in marks(condition)}
    blamed: frozenset[object] = frozenset()
    if judgement is not None:
        wanted |= judgement.path.void
        if judgement.culprit is not None:
            blamed = marks(judgement.culprit)

    def accepts(state: State, kinds: frozenset[Kind]) -> bool:
        if any(wanted.isdisjoint(marks(condition)) for condition in _worth(state, kinds)):
            return False
        if _holds(record.state, blamed) and not _holds(state, blamed):
            return False
        return any(_same(use, other) for other in propagation.uses_at(call, state))

    for kinds in (_GUARDS_AND_SWITCHES, _GUARDS):
        found = shortest(analysis, entry_of(record), record.node, partial(accepts, kinds=kinds))
        if found is not None:
            return Leg(record.scope, tuple(way(found)), use)
    return Leg(record.scope, tuple(way(record)), use)


def marks(condition: Condition) -> frozenset[object]:
    """By what a condition is recognised: what it says, and the test that established it.

    With the values of one way put in, the same test says something else than in the analysis of all ways.
    """
    return frozenset({condition.key, (condition.test, condition.truth)} if condition.test[0] else {condition.key})


def _holds(state: State, wanted: frozenset[object]) -> bool:
    return any(not wanted.isdisjoint(marks(condition)) for condition in state.conditions.values())


def _worth(state: State, kinds: frozenset[Kind]) -> list[Condition]:
    """The guards and switches that hold. One whose measure was set back holds only if that is so on all ways."""
    return [c for c in state.conditions.values() if c.role.kind in kinds and not c.reset]


def _same(first: Use, second: Use) -> bool:
    if first.func is None or second.func is None:
        return first.func is second.func
    return first.func.function == second.func.function


def _below(
    verdicts: Verdicts, use: Use, allowed: frozenset[tuple[Term, bool]], above: tuple[str, ...]
) -> list[Leg] | None:
    """The legs from the function that ``use`` runs down to a stop call, on which nothing but ``allowed`` holds."""
    if use.func is None:
        return []
    identity = use.func.function
    if identity in above or len(above) > _DEPTH:
        return None
    analysis = verdicts.propagation.begun(identity, verdicts.sites.told(use.func, use.args, use.keywords))
    found: list[list[Leg]] = []
    for record, inner in _uses(verdicts, analysis, lambda state: state.conditions.keys() <= allowed):
        rest = _below(verdicts, inner, allowed, (*above, identity))
        if rest is not None:
            found.append([_leg(verdicts.propagation, analysis, record, inner), *rest])
            if not rest:
                break
    return min(found, key=len, default=None)


def _uses(verdicts: Verdicts, analysis: Analysis, accepts: Callable[[State], bool]) -> Iterable[tuple[Record, Use]]:
    """The calls in a wrapper by which a stop call is made or led to."""
    for node, call in analysis.graph.calls():
        for record in analysis.states(node):
            if accepts(record.state):
                for use in verdicts.propagation.uses_at(call, record.state):
                    if use.func is None or use.func.function in verdicts.reach.functions:
                        yield record, use

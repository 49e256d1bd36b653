"""The forward must-analysis: which conditions hold at each node of a graph.

States flow along edges until nothing changes (Kildall, "A unified approach to global program optimization",
POPL 1973). What lies outside the graph is asked of a ``World``.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from selfstop.flow.cfg import (
    Assign,
    Call,
    Dispatch,
    Edge,
    EdgeKind,
    Effect,
    Graph,
    Iterate,
    Raise,
    Skip,
    Test,
    round_of,
)
from selfstop.flow.conditions import Kind, Role
from selfstop.flow.contents import MUTATORS as CHANGING
from selfstop.flow.contents import Contents, is_settled
from selfstop.flow.focus import Focus
from selfstop.flow.linear import linear
from selfstop.flow.liveness import live_keys
from selfstop.flow.state import Condition, Shared, State, simplify, truth_of
from selfstop.flow.terms import (
    App,
    Attr,
    Const,
    Func,
    Item,
    Result,
    Term,
    Var,
    dotted,
    last_name,
    mention_key,
    rebuild,
    walk,
)
from selfstop.flow.vocabulary import CLOCKS, vocabulary

CROWDS = (16, 32, 64)
"""How many states are kept apart at one node before flags, then which guard it is, then anything ceases to count."""
MAX_VISITS = 300
"""Visits of one node after which flags no longer keep states apart."""

MUTATORS = CHANGING | vocabulary("put put_nowait get_nowait")


EXTERNAL = App("external")
"""An exception that no code of the program has raised. Of one that it may have raised no value is known."""


@dataclass(frozen=True)
class Outcome:
    """One way a call of the program's own code ends: its result and what is then known.

    ``renewed`` are the mention keys of what the call computed on its way to ``value``: another call computes it anew.
    """

    value: Term | None
    conditions: tuple[Condition, ...] = ()
    renewed: frozenset[object] = frozenset()


@dataclass(frozen=True)
class CallEffect:
    """What calling a function of the program does.

    ``returns`` lists the ways it returns (empty: it never does), ``raises`` the exceptions of the program it
    may raise, each with what is then known; ``writes`` the shared places it assigns, with the effect.
    """

    returns: tuple[Outcome, ...]
    raises: tuple[tuple[Term, Outcome], ...] = ()
    writes: tuple[tuple[Term, str], ...] = ()
    scope: str = ""


class World(Protocol):
    """What the analysis of one function asks of the rest of the program."""

    def resolve(self, term: Term) -> Term:
        """``term`` with names of functions, classes and methods of the program put in."""

    def call(
        self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> CallEffect | None:
        """The effect of a call of the program's own code; None for a call of anything else."""

    def passing(
        self,
        call: Call,
        func: Term,
        args: Sequence[Term],
        keywords: Sequence[tuple[str, Term]],
        *,
        writes: bool,
    ) -> CallEffect | None:
        """The effect of a call where neither what it gives back nor what it raises decides anything.

        What it assigns is only wanted with ``writes``.
        """

    def role(self, term: Term, truth: bool, state: State, scope: str) -> Role:
        """What a condition is worth."""

    def implied(self, term: Term, truth: bool, scope: str) -> Sequence[Sequence[Condition]] | None:
        """What the outcome of testing a shared flag or a property implies: one list for each way it came about."""

    def constant(self, term: Term) -> Term:
        """The number that a constant of a module stands for, or ``term`` itself."""

    def shared(self, scope: str) -> Shared:
        """Attributes and outer variables that functions other than ``scope`` assign."""

    def raised(self, clause: Sequence[Term], scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which others than ``scope`` raise what ``clause`` takes; None if these are unknown."""

    def is_conditional(self, clause: Sequence[Term]) -> bool:
        """Whether what ``clause`` takes is only raised by the program, and never without a condition."""

    def leaves_program(self, func: Term, operands: Sequence[Term]) -> bool:
        """Whether a call of unknown effect evidently runs no code of the program."""

    @property
    def tells_exceptions(self) -> bool:
        """Whether some handler of the program takes exceptions of the program's own classes, and not all others."""

    @property
    def telling(self) -> frozenset[object]:
        """The places whose values may decide anything; see ``flow.telling``."""

    def contents(self, scope: str) -> Contents:
        """What the objects of function ``scope`` hold, and where that may change."""

    def catches(self, exception: Term, clause: Sequence[Term]) -> bool | None:
        """Whether a handler for ``clause`` takes ``exception``; None if that is open."""


def callable_of(world: World, state: State, func: Term) -> Term:
    """What calling ``func`` runs: by the value of its object, else by the class that the code says it has."""
    found = world.resolve(state.evaluate(func))
    if isinstance(found, Attr) and isinstance(func, Attr):
        declared = world.resolve(func)
        if isinstance(declared, Func) and declared.receiver == func.base:
            return replace(declared, receiver=found.base)
    return found


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
    """The records at one node, by their marks. The more there are, the less keeps them apart: ``level`` rises."""

    crowds: tuple[int, ...] = CROWDS
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
                return frozenset(pair for pair in state.flags if mention_key(pair[0]) in telling)
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
        self.points = [Point(tuple(crowds)) for _ in graph.nodes]
        self._contents = world.contents(graph.scope)
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
        self._add(Record(self.graph.scope, self.graph.entry, entered, origin=origin))

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
        for edge, state in self._step(record):
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

    # Transfer

    def _step(self, record: Record) -> Iterable[tuple[Edge, State]]:
        node = self.graph.nodes[record.node]
        state = record.state
        match node.operation:
            case Assign(target=target, value=value):
                state = self._assign(self._changed(record.node, state), target, value)
                return [(edge, state) for edge in node.edges]
            case Test():
                return self._test(record, node.operation)
            case Call():
                return self._call(record, node.operation)
            case Iterate():
                return self._iterate(record, node.operation)
            case Raise(exception=exception):
                return [(edge, self._raised(state, exception)) for edge in node.edges]
            case Dispatch():
                return self._dispatch(record, node.operation)
            case Effect(suspends=suspends):
                after = self._run_through(record.node, state) if suspends else state
                raised = self._raised_somewhere(after) if suspends else self._external(state)
                return [(edge, raised if edge.kind is EdgeKind.RAISE else after) for edge in node.edges]
            case Skip():
                return [(edge, state) for edge in node.edges]

    def _changed(self, node: int, state: State) -> State:
        """What is still believed once the operation of ``node`` has changed objects."""
        touched = self._contents.touched(node)
        if not touched:
            return state
        return state.without(
            lambda place, value: not touched.isdisjoint(self._contents.of_value(place, value)),
            lambda condition: not touched.isdisjoint(self._depends(condition)),
        )

    def _run_through(self, node: int, state: State) -> State:
        """What is still believed once the operation of ``node`` has run code of others."""
        shared = self.world.shared(self.graph.scope)
        if shared.keys:
            state = state.without(shared.touches, shared.touches)
        return self._changed(node, state)

    def _depends(self, condition: Condition) -> frozenset[object]:
        """On whose content a condition depends, as it was established and as it is written."""
        found = self._contents.of_test(condition.term)
        return found if condition.written is None else found | self._contents.of_test(condition.written)

    def _external(self, state: State) -> State:
        """An exception from outside the program, where handlers tell that from one of its own."""
        return self._pending(state, EXTERNAL if self.world.tells_exceptions else self.graph.pending)

    def _raised_somewhere(self, state: State) -> State:
        """An exception from code that may be the program's: any of those that it raises, or one from outside."""
        return self._pending(state, self.graph.pending)

    def _pending(self, state: State, exception: Term) -> State:
        state = state.forget(self.graph.pending)
        return state if is_unknown(exception) else state.with_value(self.graph.pending, exception)

    def _raised(self, state: State, exception: Term | None) -> State:
        if exception is None:
            return self._raised_somewhere(state)
        return self._pending(state, self.world.resolve(state.evaluate(exception)))

    def _assign(self, state: State, target: Term, value: Term | None) -> State:
        match value:
            case App(op="appended"):
                return state
        evaluated = None if value is None else self.world.resolve(state.evaluate(value))
        return state.assign(self.place(state, target), evaluated, raw=value)

    @staticmethod
    def place(state: State, target: Term) -> Term:
        """The place an assignment to ``target`` replaces, with the value of what it is an attribute of."""
        match target:
            case Attr(base=base, name=name):
                return Attr(state.evaluate(base), name)
            case Item(base=base, key=key):
                return Item(state.evaluate(base), state.evaluate(key))
        return target

    def _test(self, record: Record, test: Test) -> Iterator[tuple[Edge, State]]:
        node = self.graph.nodes[record.node]
        if self._focus is not None and record.node not in self._focus.deciding:
            # Both outcomes lead to the same place: what one of them says is forgotten there.
            yield from ((edge, record.state) for edge in node.edges)
            return
        for edge in node.edges:
            template = Condition(
                test.term,
                edge.kind is EdgeKind.TRUE,
                test.text,
                node.line,
                (self.graph.scope, record.node),
                loop=test.loop,
                negated=test.negated,
            )
            for state in self.assume(record.state, template):
                yield edge, state

    def assume(self, state: State, template: Condition) -> Iterator[State]:
        """The states in which the test of ``template`` gives its truth; none if it cannot."""
        term = self.world.resolve(state.evaluate(template.term))
        if isinstance(term, App) and term.op in {"==", "is"}:
            term = simplify(rebuild(term, self.world.resolve))
        yield from self._assume(state, term, template)

    def _assume(self, state: State, term: Term, template: Condition) -> Iterator[State]:
        truth = template.truth
        known = truth_of(term)
        if known is not None:
            if known is truth:
                yield state
            return
        match term:
            case App(op="not", args=(inner,)):
                yield from self._assume(state, inner, replace(template, truth=not truth, negated=not template.negated))
            case App(op="bool", args=(inner,)):
                yield from self._assume(state, inner, template)
            case App(op="and" | "or" as op, args=(first, *rest)) if rest:
                second = rest[0] if len(rest) == 1 else App(op, tuple(rest))
                yield from self._assume_both(state, first, second, template, op)
            case App(op="if", args=(test, body, orelse)):
                for branch, outcome in ((body, True), (orelse, False)):
                    for middle in self._assume(state, test, replace(template, truth=outcome)):
                        yield from self._assume(middle, branch, template)
            case _:
                yield from self._atomic(state, term, template)

    def _assume_both(self, state: State, first: Term, second: Term, template: Condition, op: str) -> Iterator[State]:
        """``and`` is true, and ``or`` false, if both operands are; else one operand decides."""
        if (op == "and") is not template.truth:
            yield from self._assume(state, first, template)
            undecided = replace(template, truth=not template.truth)
        else:
            undecided = template
        for middle in self._assume(state, first, undecided):
            yield from self._assume(middle, second, template)

    def _atomic(self, state: State, term: Term, template: Condition) -> Iterator[State]:
        role = self._role(state, term, template)
        places = frozenset(_places(template.term)) | frozenset(_places(term))
        condition = replace(template, term=term, role=role, places=places, written=template.term)
        if state.contradicts(condition) or self._decided_by_constants(term, template):
            return
        after = state.established(condition)
        implied = self.world.implied(term, template.truth, self.graph.scope)
        if implied is None:
            yield after
            return
        for alternative in implied:
            yield self.established(after, alternative)

    def _role(self, state: State, term: Term, template: Condition) -> Role:
        """The worth of a test as it is written, or as it is with all values put in; clock readings tell more."""
        written = self.world.role(template.term, template.truth, state, self.graph.scope)
        evaluated = self.world.role(term, template.truth, state, self.graph.scope) if term != template.term else written
        if evaluated.kind is not Kind.PLAIN and (written.kind is Kind.PLAIN or reads_clock(term)):
            return evaluated
        if evaluated.kind is Kind.INVERTED and not written.preferred:
            return evaluated
        limits = {atom for threshold in written.thresholds for atom, _ in linear(state.evaluate(threshold)).atoms}
        meant = {self.world.resolve(threshold) for threshold in written.thresholds}
        return replace(written, thresholds=written.thresholds | limits | meant)

    def _decided_by_constants(self, term: Term, template: Condition) -> bool:
        """Whether a value known here and a constant of the module rule the outcome out.

        A constant alone never does: that is a setting, which someone may change.
        """
        if term == template.term:
            return False
        known = truth_of(simplify(rebuild(term, self.world.constant)))
        return known is not None and known is not template.truth

    @staticmethod
    def established(state: State, conditions: Iterable[Condition]) -> State:
        """``state`` with ``conditions`` from elsewhere, which need not hold word for word here."""
        for condition in conditions:
            state = state.established(condition)
        return state

    def _call(self, record: Record, call: Call) -> Iterator[tuple[Edge, State]]:
        before = record.state
        func = callable_of(self.world, before, call.func)
        args = [before.evaluate(arg) for arg in call.args]
        keywords = [(name, before.evaluate(value)) for name, value in call.keywords]
        state = self._run_through(record.node, self._rerun(before, call))
        state = self._mutated(state, call)
        if self._focus is None or record.node in self._focus.deciding:
            effect = self.world.call(call, func, args, keywords)
        else:
            effect = self.world.passing(call, func, args, keywords, writes=self._holds_shared_guard(state))
        for edge in self.graph.nodes[record.node].edges:
            if effect is None:
                if edge.kind is EdgeKind.RAISE:
                    leaves = self.world.leaves_program(func, [*args, *(value for _, value in keywords)])
                    yield edge, self._external(state) if leaves else self._raised_somewhere(state)
                else:
                    value = self._opaque_value(call, func, args)
                    yield edge, state if value is None else state.with_value(call.result, value)
                continue
            yield from self._linked(edge, state, call, effect)

    def _holds_shared_guard(self, state: State) -> bool:
        """Whether a guard or a switch is held that speaks of more than variables of this function."""
        return any(
            condition.role.kind in {Kind.GUARD, Kind.OFF_SWITCH}
            and not all(isinstance(key, Var) and key.scope == self.graph.scope for key in condition.mentions)
            for condition in state.conditions.values()
        )

    def _rerun(self, state: State, call: Call) -> State:
        """The result of the previous run of this call is gone; a clock has only moved on."""
        return state.forget(call.result, "raised" if dotted(call.func) in CLOCKS else "replaced")

    def _linked(self, edge: Edge, state: State, call: Call, effect: CallEffect) -> Iterator[tuple[Edge, State]]:
        if effect.scope != self.graph.scope:
            state = state.without_scope(effect.scope)
        for place, kind in effect.writes:
            state = state.forget(place, kind)
        if edge.kind is EdgeKind.RAISE:
            yield edge, self._external(state)
            for exception, outcome in effect.raises:
                yield edge, self._pending(self.established(state, outcome.conditions), exception)
            return
        for outcome in effect.returns:
            if any(condition.exact and state.contradicts(condition) for condition in outcome.conditions):
                continue
            after = self._renewed(state, Shared(outcome.renewed))
            after = self.established(after, outcome.conditions)
            value = outcome.value
            yield (
                edge,
                after if value is None or value == call.result else after.with_value(call.result, value),
            )

    @staticmethod
    def _renewed(state: State, renewed: Shared) -> State:
        """What was computed in an earlier call of the same function is something else now."""
        return state.without(renewed.touches, renewed.touches) if renewed.keys else state

    @staticmethod
    def _opaque_value(call: Call, func: Term, args: Sequence[Term]) -> Term | None:
        if last_name(func) == "partial":
            named = tuple(App(f"keyword:{name}", (value,)) for name, value in call.keywords)
            return App("partial", (*args, *named))
        if func != call.func or tuple(args) != call.args:
            return Result(call.result.site, func, tuple(args))
        return None

    @staticmethod
    def _mutated(state: State, call: Call) -> State:
        """A method that changes its object leaves nothing known about whether that is empty."""
        if not isinstance(call.func, Attr) or call.func.name not in MUTATORS:
            return state
        place = state.evaluate(call.func.base)
        state = state.forget(call.func.base)
        return state.forget(place) if isinstance(place, (Var, Attr)) else state

    def _iterate(self, record: Record, loop: Iterate) -> Iterator[tuple[Edge, State]]:
        node = self.graph.nodes[record.node]
        count = _range_count(record.state.evaluate(loop.iterable))
        after = record.state
        if not is_settled(loop.iterable):
            after = self._run_through(record.node, after)
        for edge in node.edges:
            if edge.kind is EdgeKind.RAISE:
                yield edge, self._raised_somewhere(after)
                continue
            if edge.kind is EdgeKind.TRUE:
                yield edge, after.forget(round_of(self.graph.scope, record.node))
                continue
            if count is None or not loop.abandons:
                yield edge, after
                continue
            template = Condition(
                App("exhausted", (count,)),
                True,
                f"{loop.text} exhausted",
                node.line,
                (self.graph.scope, record.node),
            )
            yield from ((edge, state) for state in self._atomic(after, template.term, template))

    def _dispatch(self, record: Record, dispatch: Dispatch) -> Iterator[tuple[Edge, State]]:
        exception = record.state.evaluate(self.graph.pending)
        for edge in self.graph.nodes[record.node].edges:
            if edge.clause == len(dispatch.clauses):
                yield edge, record.state
                continue
            clause = dispatch.clauses[edge.clause]
            taken = True if not clause else self.world.catches(exception, clause)
            if taken is not False:
                yield from ((edge, state) for state in self._caught(record.state, exception, clause))
            if taken:
                return

    def _caught(self, state: State, exception: Term, clause: Sequence[Term]) -> Iterator[State]:
        """The states in which a handler takes an exception; one from elsewhere was raised where such are raised."""
        if self.world.is_conditional(clause):
            state = state.established(_asked_for(clause))
        raised = self.world.raised(clause, self.graph.scope) if is_unknown(exception) else None
        if raised is None:
            yield state
            return
        for alternative in raised:
            yield self.established(state, alternative)


def _asked_for(clause: Sequence[Term]) -> Condition:
    """That an exception was raised, where none is raised without a condition."""
    names = ", ".join(last_name(handled) for handled in clause)
    return Condition(App("caught", tuple(clause)), True, f"except {names}")


def reads_clock(term: Term) -> bool:
    """Whether ``term`` contains a reading of a clock."""
    return any(isinstance(part, Result) and dotted(part.callee) in CLOCKS for part in walk(term))


def is_unknown(exception: Term) -> bool:
    """Whether a pending exception may be any that the program raises, or one from outside."""
    return isinstance(exception, Var) and exception.name.startswith("$")


def _places(term: Term) -> Iterator[Term]:
    for part in walk(term):
        if isinstance(part, (Var, Attr, Item, Result)) and not (isinstance(part, Var) and part.scope == "import"):
            yield part


def _range_count(iterable: Term) -> Term | None:
    """``T`` for ``range(T)`` and ``range(0, T)``."""
    match iterable:
        case Result(callee=Var(scope="builtins", name="range"), args=(count,)):
            return count
        case Result(callee=Var(scope="builtins", name="range"), args=(Const(value=0 | 1), count)):
            return count
    return None

"""What each operation of a graph does to what is known: the transfer functions of the must-analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

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
    is_computed,
    round_of,
)
from selfstop.flow.contents import MUTATORS as CHANGING
from selfstop.flow.contents import is_settled
from selfstop.flow.focus import Focus
from selfstop.flow.folding import simplify, truth_of
from selfstop.flow.known import Condition, Shared
from selfstop.flow.linear import linear
from selfstop.flow.measures import counts_tries
from selfstop.flow.roles import Kind, Role
from selfstop.flow.state import State
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, dotted, last_name, named, rebuild, walk
from selfstop.flow.vocabulary import CLOCKS, vocabulary
from selfstop.flow.world import EXTERNAL, CallEffect, World, callable_of, is_unknown

MUTATORS = CHANGING | vocabulary("put put_nowait get_nowait")


class Transfer:
    """Takes states over the nodes of one graph. What lies outside of it is asked of ``world``."""

    def __init__(self, graph: Graph, world: World, focus: Focus | None = None) -> None:
        self.graph = graph
        self.world = world
        self._focus = focus
        self._contents = world.contents(graph.scope)

    def step(self, number: int, state: State) -> Iterable[tuple[Edge, State]]:
        """What is known behind each edge of a node that can be taken, where ``state`` is known in front of it."""
        node = self.graph.nodes[number]
        match node.operation:
            case Assign(target=target, value=value):
                state = self._assign(self._changed(number, state), target, value)
                return [(edge, state) for edge in node.edges]
            case Test():
                return self._test(number, state, node.operation)
            case Call():
                return self._call(number, state, node.operation)
            case Iterate():
                return self._iterate(number, state, node.operation)
            case Raise(exception=exception):
                return [(edge, self._raised(state, exception)) for edge in node.edges]
            case Dispatch():
                return self._dispatch(number, state, node.operation)
            case Effect(suspends=suspends):
                after = self._run_through(number, state) if suspends else state
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
        name = last_name(target)
        if evaluated is not None and name and not name.startswith("$"):
            # What is counted is told from what limits it by its name, which the result of an expression does not have.
            evaluated = None if is_computed(evaluated) else named(evaluated, name)
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

    def _test(self, number: int, before: State, test: Test) -> Iterator[tuple[Edge, State]]:
        node = self.graph.nodes[number]
        if self._focus is not None and number not in self._focus.deciding:
            # Both outcomes lead to the same place: what one of them says is forgotten there.
            yield from ((edge, before) for edge in node.edges)
            return
        for edge in node.edges:
            template = Condition(
                test.term,
                edge.kind is EdgeKind.TRUE,
                test.text,
                node.line,
                (self.graph.scope, number),
                loop=test.loop,
                negated=test.negated,
            )
            for state in self.assume(before, template):
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

    def _call(self, number: int, before: State, call: Call) -> Iterator[tuple[Edge, State]]:
        func = callable_of(self.world, before, call.func)
        args = [before.evaluate(arg) for arg in call.args]
        keywords = [(name, before.evaluate(value)) for name, value in call.keywords]
        state = self._run_through(number, self._rerun(before, call))
        state = self._mutated(state, call)
        if self._focus is None or number in self._focus.deciding:
            effect = self.world.call(call, func, args, keywords)
        else:
            effect = self.world.passing(call, func, args, keywords, writes=self._holds_shared_guard(state))
        for edge in self.graph.nodes[number].edges:
            if effect is None:
                if edge.kind is EdgeKind.RAISE:
                    leaves = self.world.leaves_program(func, [*args, *(value for _, value in keywords)])
                    yield edge, self._external(state) if leaves else self._raised_somewhere(state)
                    yield from ((edge, self._raised(state, thrown)) for thrown in _thrown(call))
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
            after = self._consistent(self._renewed(state, Shared(outcome.renewed)), outcome.conditions)
            if after is None:
                continue
            value = outcome.value
            yield (
                edge,
                after if value is None or value == call.result else after.with_value(call.result, value),
            )

    @staticmethod
    def _consistent(state: State, conditions: Iterable[Condition]) -> State | None:
        """``state`` with ``conditions``; None where these exclude each other (`limit > 0 and 0 >= limit`)."""
        for condition in conditions:
            if condition.exact and state.contradicts(condition):
                return None
            state = state.established(condition)
        return state

    @staticmethod
    def _renewed(state: State, renewed: Shared) -> State:
        """What was computed in an earlier call of the same function is something else now."""
        return state.without(renewed.touches, renewed.touches) if renewed.keys else state

    @staticmethod
    def _opaque_value(call: Call, func: Term, args: Sequence[Term]) -> Term | None:
        if last_name(func) == "partial":
            keywords = tuple(App(f"keyword:{name}", (value,)) for name, value in call.keywords)
            return App("partial", (*args, *keywords))
        match func:
            case Attr(base=base, name="with_traceback"):
                return base
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

    def _iterate(self, number: int, before: State, loop: Iterate) -> Iterator[tuple[Edge, State]]:
        node = self.graph.nodes[number]
        count = _range_count(before.evaluate(loop.iterable))
        after = before
        if not is_settled(loop.iterable):
            after = self._run_through(number, after)
        for edge in node.edges:
            if edge.kind is EdgeKind.RAISE:
                yield edge, self._raised_somewhere(after)
                continue
            if edge.kind is EdgeKind.TRUE:
                yield edge, after.forget(round_of(self.graph.scope, number))
                continue
            if count is None or not (loop.abandons or loop.marks) or counts_tries(loop.name):
                yield edge, after
                continue
            template = Condition(
                App("exhausted", (count,)),
                True,
                f"{loop.text} exhausted",
                node.line,
                (self.graph.scope, number),
            )
            yield from ((edge, state) for state in self._atomic(after, template.term, template))

    def _dispatch(self, number: int, before: State, dispatch: Dispatch) -> Iterator[tuple[Edge, State]]:
        exception = before.evaluate(self.graph.pending)
        for edge in self.graph.nodes[number].edges:
            if edge.clause == len(dispatch.clauses):
                yield edge, before
                continue
            clause = dispatch.clauses[edge.clause]
            taken = True if not clause else self.world.catches(exception, clause)
            if taken is not False:
                yield from ((edge, state) for state in self._caught(before, exception, clause))
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


def _thrown(call: Call) -> Sequence[Term]:
    """What a generator, or somebody else, is told to raise: classes, or objects of them."""
    match call.func:
        case Attr(name="throw" | "athrow"):
            return call.args[:2]
    return ()


def _asked_for(clause: Sequence[Term]) -> Condition:
    """That an exception was raised, where none is raised without a condition."""
    names = ", ".join(last_name(handled) for handled in clause)
    return Condition(App("caught", tuple(clause)), True, f"except {names}")


def reads_clock(term: Term) -> bool:
    """Whether ``term`` contains a reading of a clock."""
    return any(isinstance(part, Result) and dotted(part.callee) in CLOCKS for part in walk(term))


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

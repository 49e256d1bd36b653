"""Links calls to the functions they run: the ``World`` that the analysis of one function asks.

Summaries are computed on demand, and so deep as ``MAX_DEPTH`` says; a cycle is cut by knowing nothing of the call that
closes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, TypeVar

from selfstop.flow.cfg import Call, Graph
from selfstop.flow.code import Definition, Function
from selfstop.flow.conditions import classify
from selfstop.flow.contents import Contents, holds_display
from selfstop.flow.control import ControlDependence
from selfstop.flow.facts import Analysis, Record
from selfstop.flow.focus import Focus, deciding, ends_of, focus
from selfstop.flow.known import Condition, Shared
from selfstop.flow.linear import linear, number
from selfstop.flow.origins import Source, origin
from selfstop.flow.roles import Evidence, Kind, Role
from selfstop.flow.state import EMPTY, State
from selfstop.flow.terms import NONE, App, Attr, Const, Func, Instance, Term, Var, mention_key, walk
from selfstop.flow.vocabulary import SWITCH_WORDS, is_constant_name, words
from selfstop.flow.world import CallEffect, Outcome, is_unknown
from selfstop.project.linking.answering import answered
from selfstop.project.linking.bounded import Bounded
from selfstop.project.linking.clamps import Clamps
from selfstop.project.linking.effects import Effects
from selfstop.project.linking.flags import Flags
from selfstop.project.linking.outcomes import MAX_OUTCOMES, common, guessed, inexact, limited, seen_from, united
from selfstop.project.linking.returning import Returning
from selfstop.project.linking.writing import Writing
from selfstop.project.symbols.binding import bind, unwrapped
from selfstop.project.symbols.calls import Calls
from selfstop.project.symbols.decorators import may_return_without, wrapper_of
from selfstop.project.symbols.exceptions import Exceptions
from selfstop.project.symbols.options import Options, is_exit
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.questions import Crowded
from selfstop.project.symbols.table import class_id, is_class
from selfstop.project.symbols.tables import Tables

_T = TypeVar("_T")

MAX_DEPTH = 4
"""How many calls deep summaries go."""

MAX_SETTINGS = 20
"""How many places a limit is followed through to see who sets it."""

SUMMARY_CROWDS = (8, 12, 16)
"""As ``facts.CROWDS``, for functions of which only what they give back matters."""

Arguments: TypeAlias = "tuple[Sequence[Term], Sequence[tuple[str, Term]]]"
"""Positional and named."""

_SOME_EXCEPTION = Var("", "$exception")
"""One of which nothing is known."""


@dataclass(frozen=True)
class Summary:
    """What a call of a function can come to, in terms of its parameters."""

    returns: tuple[Outcome, ...]
    raises: tuple[tuple[Term, Outcome], ...]


class Linker:
    """Answers the questions of the analysis about one program."""

    def __init__(self, program: Program, crowded: Crowded | None = None) -> None:
        """``crowded`` are names of which so many files speak that not all of these are known."""
        self.crowded = crowded = crowded or Crowded()
        self.program = program
        self.calls = Calls(program)
        self.exceptions = Exceptions(program, crowded)
        self._returning = Returning(self.calls)
        self.writing = Writing(self.calls, self._returning)
        self._effects = Effects(self.calls)
        self._flags = Flags(self, crowded)
        self._options = Options(program)
        self._tables = Tables(program, crowded)
        self._clamps = Clamps(program, self._tables, self._ends)
        self._running: list[str] = []
        self._results = Bounded(MAX_DEPTH)
        self._roles: dict[tuple[Term, bool, str, frozenset[tuple[Term, Term]]], Role] = {}

    @cached_property
    def _parameters(self) -> Mapping[Term, bool]:
        """The parameters of all functions, and whether each looks like a switch."""
        return {
            place: _looks_boolean(parameter.name, parameter.default, parameter.annotation)
            for function in self.program.functions.values()
            for place, parameter in zip(function.places, function.parameters, strict=True)
        }

    # The World of facts.Analysis

    def resolve(self, term: Term) -> Term:
        """A name of a function, class or method of the program, replaced by what it means."""
        return self.program.resolve(term) if isinstance(term, (Var, Attr)) else term

    def role(self, term: Term, truth: bool, state: State, scope: str) -> Role:
        """What a condition is worth, given the values known in ``state``."""
        key = (term, truth, scope, state.values.pairs)
        if key not in self._roles:
            for part in walk(term):
                self.program.ask_about(part)
            role = classify(term, truth, self.evidence(state, scope))
            if role.kind is Kind.GUARD:
                self._ask_who_sets(role.thresholds)
            self._roles[key] = self._corrected(role) if role.needs_off_switch else role
        return self._roles[key]

    def _ask_who_sets(self, thresholds: Iterable[Term]) -> None:
        """Ask who binds the variables and attributes that limits come from, in whichever file."""
        seen: set[Term] = set()
        pending = list(thresholds) if self.program.questions.open else []
        while pending and len(seen) < MAX_SETTINGS:
            for part in walk(pending.pop()):
                place = self.resolve(part)
                if isinstance(place, (Var, Attr)) and place not in seen:
                    seen.add(place)
                    if isinstance(place, Var) or self.program.class_of(place.base) is not None:
                        self.program.ask_who_binds(place)
                    pending += [found.value for found in self.program.definitions(place) if found.value is not None]

    def _corrected(self, role: Role) -> Role:
        """A guard whose threshold its module does not let be 0 needs no off switch."""
        open_thresholds = [t for t in role.thresholds if origin(t, self.program.definitions).may_be_zero]
        if not open_thresholds or not all(map(self._clamps.is_positive, open_thresholds)):
            return role
        return replace(role, origin=replace(role.origin, source=Source.CLAMPED))

    def _ends(self, identity: str, place: Term) -> list[State]:
        """The states in which a function ends, as far as they matter to a place, whatever else is being analysed."""
        graph = self.program.functions[identity].graph
        assigning = [number for number, _ in graph.assignments.get(place, ())]
        matters = focus(graph, self.dependence(identity), [*assigning, graph.exit], frozenset({mention_key(place)}))
        running, self._running = self._running, []
        try:
            return [record.state for record in self._run(identity, matters).states(graph.exit)]
        finally:
            self._running = running

    def evidence(self, state: State, scope: str) -> Evidence:
        """What is known of variables in ``state``."""

        def definitions(place: Term) -> tuple[Definition, ...]:
            known = (*self.program.definitions(place), *self._options.of(place))
            if (entry := self._tables.value(place)) is not None:
                known = (*known, Definition(place, entry, scope))
            value = state.values.get(place)
            if value is None or value == place or any(definition.step for definition in known):
                return known
            return (Definition(place, value, scope),)

        return Evidence(definitions, self._parameters)

    def constant(self, term: Term) -> Term:
        """What an UPPER_CASE variable is bound to once and for all: a constant, or a member of an enumeration."""
        if not (isinstance(term, Var) and is_constant_name(term.name)):
            return term
        known = self.program.definitions(term)
        if len(known) != 1:
            return term
        variable, value = known[0].target, known[0].value
        if isinstance(variable, Var) and self.program.is_enumeration(variable.scope):
            return App("member", (Const(variable.scope), value if isinstance(value, Const) else Const(variable.name)))
        return value if isinstance(value, Const) else term

    def call(
        self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> CallEffect | None:
        """What a call of the program's own code does; None for anything else."""
        target, fixed, named = unwrapped(func)
        given = (*fixed, *args), (*named, *keywords)
        written = (*fixed, *call.args), (*named, *call.keywords)
        if is_class(target):
            return self._making(class_id(target), given, written, call)
        if is_exit(self.program, target):
            return CallEffect(())
        found = self.calls.implementations(self.calls.targets(target))
        effects = [self._effect(item, given, written, call) for item in found]
        known = [effect for effect in effects if effect is not None]
        if not known or len(known) < len(effects):
            return None
        if len(known) > 1:
            known = [united(known)]
        (effect,) = known
        if self.calls.is_guess(target):
            return guessed(effect)
        return effect if self.calls.is_all(target) else replace(effect, returns=(*effect.returns, Outcome(None)))

    def passing(
        self,
        call: Call,
        func: Term,
        args: Sequence[Term],
        keywords: Sequence[tuple[str, Term]],
        *,
        writes: bool,
    ) -> CallEffect | None:
        """The effect of a call of which it only matters whether it returns, and what it leaves behind.

        What held when it returned may be a guard. Functions that such a call comes to call are looked into as far as
        they are loaded.
        """
        target, fixed, named = unwrapped(func)
        if is_exit(self.program, target):
            return CallEffect(())
        found = self.calls.implementations(self.calls.targets(target))
        if not found or not all(map(self._is_at_hand, found)) or self.calls.is_guess(target):
            return None
        returns: list[Outcome] = []
        for item in found:
            held = self._held_on_return(item.function)
            if held is None:
                return None
            function = self.program.functions[item.function]
            bound = State(bind(function, item, (*fixed, *args), (*named, *keywords)))
            passed = State(bind(function, item, (*fixed, *call.args), (*named, *call.keywords)))
            outcomes = [seen_from(Outcome(None, way), item.function, call) for way in held]
            returns += [self.instantiated(outcome, bound, passed) for outcome in outcomes]
        if not self.calls.is_all(target):
            returns.append(Outcome(None))
        written = tuple(self.writing.written(found)) if writes else ()
        return CallEffect(tuple(returns), ((_SOME_EXCEPTION, Outcome(None)),), written, found[0].function)

    def _is_at_hand(self, func: Func) -> bool:
        if not self._running:
            return self.program.body(func.function) is not None
        return not self.program.functions[func.function].outlined

    def _held_on_return(self, identity: str) -> tuple[tuple[Condition, ...], ...] | None:
        """What holds when a function returns, for each way on which it does; None where that is not known (yet)."""
        function = self.program.functions[identity]
        if function.is_generator or function.is_async or self.calls.is_hook(Func(identity, NONE)):
            return ((),)
        if may_return_without(self.program, function):
            return ((),)
        if function.never_returns:
            return ()
        if not self._may_begin(identity):
            return None
        records = self.states_at(identity, [function.graph.exit])
        ways = list(dict.fromkeys(tuple(record.state.conditions.values()) for record in records))
        return tuple(ways) if len(ways) <= MAX_OUTCOMES else (common(ways),)

    def raised(self, clause: Sequence[Term], scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which functions other than ``scope`` make an exception of the program's own classes."""
        classes = self.exceptions.own_classes(clause)
        places = self.exceptions.makers_of(classes)
        found: list[tuple[Condition, ...]] = []
        for function, node in places:
            if function == scope and not self.calls.calls_itself(scope):
                continue
            if function in self._running:
                return None
            for record in self.states_at(function, [node]):
                held = inexact(record.state.conditions.values())
                if not held:  # raised for no reason, so it says nothing, wherever else it is raised
                    return None
                found.append(held)
        self.exceptions.ask_who_makes(classes)
        if not places:
            return None
        return found if len(found) <= MAX_OUTCOMES else [common(found)]

    def is_conditional(self, clause: Sequence[Term]) -> bool:
        """Whether what ``clause`` takes is only raised by the program, and never without a condition."""
        classes = self.exceptions.own_classes(clause)
        places = self.exceptions.makers_of(classes)
        if any(self.dependence(function).avoidable(node) for function, node in places):
            return False
        self.exceptions.ask_who_makes(classes)
        return bool(places)

    def shared(self, scope: str) -> Shared:
        """Places that functions other than ``scope`` assign once the program runs."""
        return self.writing.shared(scope)

    def contents(self, scope: str) -> Contents:
        """What the objects of a function hold, and where that may change."""
        return self._effects.contents(scope)

    def leaves_program(self, func: Term, operands: Sequence[Term]) -> bool:
        """Whether a call evidently runs no code of the program: of a library, and without a way back."""
        return self._effects.leaves_program(func, operands)

    def implied(self, term: Term, truth: bool, scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which a flag was set, or a property has its value: one list for each way."""
        return self._flags.implied(term, truth, scope)

    def catches(self, exception: Term, clause: Sequence[Term]) -> bool | None:
        """Whether a handler for ``clause`` takes ``exception``; None if it may or may not."""
        return self.exceptions.catches(exception, clause)

    @property
    def tells_exceptions(self) -> bool:
        """Whether some handler takes exceptions of the program's own classes."""
        return self.exceptions.are_told

    def dependence(self, identity: str) -> ControlDependence:
        """Control dependence within a function."""
        return self._returning.dependence(identity)

    @cached_property
    def telling(self) -> frozenset[object]:
        """The places whose values may decide anything, in whichever function."""
        return frozenset().union(*(function.telling for function in self.program.functions.values()))

    # Calls

    def _effect(self, func: Func, given: Arguments, written: Arguments, call: Call) -> CallEffect | None:
        function = self.program.functions[func.function]
        if function.is_async and not call.awaited:
            return CallEffect((Outcome(None),))
        if self.calls.is_hook(func):
            return CallEffect((Outcome(None),), scope=function.id)
        summary = self.summary(function.id)
        if summary is None:
            return None
        bound = State(bind(function, func, *given))
        passed = State(bind(function, func, *written))

        def seen(outcome: Outcome) -> Outcome:
            return self.instantiated(seen_from(outcome, function.id, call), bound, passed)

        returns = tuple(map(seen, summary.returns))
        raises = tuple((bound.evaluate(exception), seen(outcome)) for exception, outcome in summary.raises)
        return CallEffect(returns, raises, tuple(self.writing.assigned(function.id, bound)), function.id)

    def _making(self, cls: str, given: Arguments, written: Arguments, call: Call) -> CallEffect:
        """What it comes to that an object is made: there is one, or its constructor raises something."""
        made = Instance(cls, call.result.site)
        returned = Outcome(made if self.program.is_always_true(cls) else None)
        init = self.program.method(cls, "__init__")
        effect = None if init is None else self._effect(Func(init, made), given, written, call)
        return CallEffect((returned,)) if effect is None else replace(effect, returns=(returned,), writes=())

    def instantiated(self, outcome: Outcome, bound: State, passed: State) -> Outcome:
        """An outcome of a function, said of what its caller has ``bound`` to the parameters.

        ``passed`` are the same arguments as they are written, before values are put in.
        """
        conditions = tuple(self._rewritten(condition, bound, passed) for condition in outcome.conditions)
        if outcome.value is None:
            return Outcome(None, conditions)
        renewed = frozenset(key for key in outcome.value.mentions if self._is_inner(key) and key not in bound.values)
        return Outcome(bound.evaluate(outcome.value), conditions, renewed)

    def _is_inner(self, key: object) -> bool:
        """Whether a mention is of something computed within a call: a result, or a variable of a function."""
        return key.scope in self.program.functions if isinstance(key, Var) else str(key).startswith("@")

    def _rewritten(self, condition: Condition, bound: State, passed: State) -> Condition:
        """A condition of the callee, said of the caller's variables and judged anew if it was not clear there.

        What it says of values computed in the call is true of these, not of those that the next call computes.
        """
        term = bound.evaluate(condition.term)
        inner = any(self._is_inner(key) and key not in bound.values for key in condition.term.mentions)
        role = self.role(term, condition.truth, State(), "") if term != condition.term else condition.role
        # The caller may give a name to what the callee counts, or have none for it.
        is_nameless = condition.role.kind is Kind.INVERTED and role.low and not role.preferred
        if (role.kind is Kind.PLAIN or is_nameless) and not _holds_at_once(condition.role, bound):
            given = (linear(bound.evaluate(threshold)) for threshold in condition.role.thresholds)
            atoms = frozenset(atom for form in given for atom, _ in form.atoms)
            role = replace(condition.role, thresholds=condition.role.thresholds | atoms)
        # Where a variable is passed whose value is known, a condition of the value still changes with the variable.
        places = frozenset(known.evaluate(place) for known in (bound, passed) for place in condition.places)
        written = None if condition.written is None else passed.evaluate(condition.written)
        exact = condition.exact and not inner
        return replace(condition, term=term, role=role, places=places, written=written, exact=exact)

    # Summaries

    def summary(self, identity: str) -> Summary | None:
        """The summary of a function; None while it is being computed further up, or too deep down."""
        function = self.program.body(identity)
        if function is None or not self._may_begin(identity):
            return None
        return self.remembered(identity, lambda: self._decorated(function, self._summarise(function)))

    def _decorated(self, function: Function, summary: Summary) -> Summary:
        """A summary as callers see it, with what wrappers make of the answers."""
        for decorator in reversed(function.decorators):
            self.program.ask_what_is(decorator)
            wrapper = wrapper_of(self.program, decorator)
            around = None if wrapper is None else self.summary(wrapper.function)
            if wrapper is not None and around is not None:
                returns = answered(self.program, wrapper, around.returns, summary.returns, self._flags.holding)
                summary = replace(summary, returns=limited(returns))
        return summary

    def remembered(self, key: Hashable, compute: Callable[[], _T]) -> _T:
        """What ``compute`` gives; see ``bounded``."""
        return self._results.of(key, len(self._running), compute)

    def _may_begin(self, identity: str) -> bool:
        return identity not in self._running and self._results.may_begin(len(self._running))

    def states_at(self, identity: str, nodes: Iterable[int], entry: State = EMPTY) -> list[Record]:
        """The states at some nodes of a function that begins in ``entry``, whoever calls it, node by node."""
        targets = tuple(sorted(nodes))
        key = (identity, targets, entry.values.pairs, frozenset(entry.conditions.values()))
        analysis = self.remembered(key, lambda: self._run(identity, self.focus(identity, targets), entry))
        return [record for node in targets for record in analysis.states(node)]

    def held_at(self, identity: str, node: int) -> list[tuple[Condition, ...]]:
        """What holds at a node of a function of whose callers nothing is known, for each class of paths."""
        held = (record.state.conditions.values() for record in self.states_at(identity, [node]))
        ways = list(dict.fromkeys(map(inexact, held)))
        return ways if 0 < len(ways) <= MAX_OUTCOMES else [common(ways) if ways else ()]

    def focus(self, identity: str, targets: Iterable[int], beyond: frozenset[object] = frozenset()) -> Focus:
        """What matters in a function to the question how it gets to ``targets``; see ``flow.focus``."""
        function = self.program.functions[identity]
        exceptions = self.exceptions.handles_own(function)
        return focus(function.graph, self.dependence(identity), targets, beyond, exceptions=exceptions)

    def deciding(self, identity: str, targets: Iterable[int]) -> frozenset[int]:
        """The nodes of a function on which it depends how it gets to ``targets``; see ``flow.focus``."""
        function = self.program.functions[identity]
        exceptions = self.exceptions.handles_own(function)
        return deciding(function.graph, self.dependence(identity), targets, exceptions=exceptions)

    def is_running(self, identity: str) -> bool:
        """Whether a function is being analysed further up."""
        return identity in self._running

    def _run(self, identity: str, matters: Focus, entry: State = EMPTY) -> Analysis:
        analysis = Analysis(self.program.functions[identity].graph, self, matters, crowds=SUMMARY_CROWDS)
        analysis.enter(entry)
        self._running.append(identity)
        try:
            analysis.run()
        finally:
            self._running.pop()
        return analysis

    def _summarise(self, function: Function) -> Summary:
        if function.is_generator:
            return Summary((Outcome(None),), ())
        graph = function.graph
        analysis = self._run(function.id, self.focus(function.id, ends_of(graph)))
        ends = [] if function.never_returns else list(analysis.states(graph.exit))
        returns = [
            Outcome(self._value_returned(state, graph), tuple(state.conditions.values()))
            for state in (record.state for record in ends)
        ]
        raises: dict[Term, list[Outcome]] = defaultdict(list)
        for record in analysis.states(graph.escape):
            exception = record.state.evaluate(graph.pending)
            if is_unknown(exception) or self.exceptions.may_be_own(exception):
                raises[exception].append(Outcome(None, tuple(record.state.conditions.values())))
        return Summary(
            limited(returns),
            tuple((exception, outcome) for exception, found in raises.items() for outcome in limited(found)),
        )

    def _value_returned(self, state: State, graph: Graph) -> Term | None:
        """What is returned; no content of an object that others keep."""
        value = state.evaluate(graph.returned)
        kept = holds_display(value) and self.contents(graph.scope).may_be_kept(graph.returned)
        return None if kept or value == graph.returned else value


def _holds_at_once(role: Role, bound: State) -> bool:
    """Whether a measure that has to reach its limit has done so from the start: the limit in this call is 0 or less."""
    limits = [number(bound.evaluate(threshold)) for threshold in role.thresholds]
    return role.kind is Kind.GUARD and not role.low and any(limit is not None and limit <= 0 for limit in limits)


def _looks_boolean(name: str, default: Term | None, annotation: str) -> bool:
    if annotation == "bool" or (isinstance(default, Const) and isinstance(default.value, bool)):
        return True
    return not annotation and default is None and bool(words(name) & (SWITCH_WORDS - {"want", "do", "use"}))

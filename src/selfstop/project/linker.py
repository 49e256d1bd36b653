"""Links calls to the functions they run: the ``World`` that the analysis of one function asks.

Summaries are computed on demand, callee first; a cycle is cut by knowing nothing of the call that closes it.
"""

from __future__ import annotations

import builtins
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from selfstop.flow.cfg import Assign, Call, EdgeKind, Effect, Graph, Operation, Raise, Skip
from selfstop.flow.code import MODULE_BODY, Definition, Function
from selfstop.flow.conditions import Evidence, Kind, Role, classify
from selfstop.flow.contents import COMPUTED, VOLATILE, Contents, holds_display, is_silent
from selfstop.flow.control import ControlDependence
from selfstop.flow.facts import EXTERNAL, Analysis, CallEffect, Outcome, Record, is_unknown
from selfstop.flow.focus import Focus, ends_of, focus
from selfstop.flow.origins import Source, is_command_line, is_configuration, origin
from selfstop.flow.state import Condition, Shared, State, effect_of, is_member, simplify, truth_of
from selfstop.flow.terms import (
    NONE,
    App,
    Attr,
    Const,
    Func,
    Instance,
    Item,
    Result,
    Term,
    Var,
    last_name,
    mention_key,
    walk,
)
from selfstop.flow.vocabulary import SWITCH_WORDS, is_constant_name, vocabulary, words
from selfstop.project.binding import bind, unwrapped
from selfstop.project.clamps import Clamps
from selfstop.project.program import Program, class_id, is_receiver
from selfstop.project.questions import Crowded

MAX_OUTCOMES = 12
MAX_DEPTH = 4
SUMMARY_CROWDS = (8, 12, 16)
"""As ``facts.CROWDS``, for functions of which only what they give back matters."""
MAX_LOOKS = 30
"""How many calls deep a function is looked at to see whether it changes nothing; beyond that it may."""

_EMPTY = State()
_SOME_EXCEPTION = Var("", "$exception")
"""One of which nothing is known."""
_ADVANCING = frozenset({"next", "anext", "map", "filter", "iter"})
_COMMON_METHODS = frozenset(
    name for kind in (dict, list, set, str, bytes, tuple, int, BaseException) for name in dir(kind)
) | vocabulary("stop start run main close process handle execute shutdown exit send put wait poll read write open call")


@dataclass(frozen=True)
class Summary:
    """What a call of a function can come to, in terms of its parameters."""

    returns: tuple[Outcome, ...]
    raises: tuple[tuple[Term, Outcome], ...]


class Linker:
    """Answers the questions of the analysis about one program."""

    def __init__(self, program: Program, crowded: Crowded | None = None) -> None:
        """``crowded`` are names of which so many files speak that not all of these are known."""
        self.program = program
        self._crowded = crowded or Crowded()
        self._summaries: dict[str, Summary | None] = {}
        self._running: list[str] = []
        self._analyses: dict[str, Analysis] = {}
        self._on_return: dict[str, tuple[tuple[Condition, ...], ...]] = {}
        self._focused: dict[tuple[str, tuple[int, ...]], Analysis] = {}
        self._roles: dict[tuple[Term, bool, str, frozenset[tuple[Term, Term]]], Role] = {}
        self._flags: dict[tuple[Term, Term | None, str], tuple[tuple[Condition, ...], ...] | None] = {}
        self._shared: dict[str, Shared] = {}
        self._dependence: dict[str, ControlDependence] = {}
        self._endless: dict[str, bool] = {}
        self._writes: dict[str, tuple[tuple[Term, str], ...]] = {}
        self._contents: dict[str, Contents] = {}
        self._silent: dict[str, bool] = {}
        self._looking = 0
        self._foreign: dict[Attr, str] = {}
        self._called: dict[str, frozenset[str]] = {}
        self._parameters: dict[Term, bool] = {
            place: _looks_boolean(parameter.name, parameter.default, parameter.annotation)
            for function in program.functions.values()
            for place, parameter in zip(function.places, function.parameters, strict=True)
        }
        self.parameters = frozenset(self._parameters)
        self._methods: dict[str, list[str]] = defaultdict(list)
        for function in program.functions.values():
            if function.cls is not None:
                self._methods[function.name].append(function.id)
        self._writers = self._index_writers()
        self._clamps = Clamps(program, self._ends)

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
            self._roles[key] = self._corrected(role) if role.needs_off_switch else role
        return self._roles[key]

    def _corrected(self, role: Role) -> Role:
        """A guard whose threshold its module does not let be 0 needs no off switch."""
        open_thresholds = [t for t in role.thresholds if origin(t, self.program.definitions).may_be_zero]
        if not open_thresholds or not all(map(self._clamps.is_positive, open_thresholds)):
            return role
        return replace(role, origin=replace(role.origin, source=Source.CLAMPED))

    def _ends(self, identity: str, variable: Var) -> list[State]:
        """The states in which a function ends, as far as they matter to a variable that it assigns."""
        graph = self.program.functions[identity].graph
        assigning = [number for number, node in enumerate(graph.nodes) if _assigns(node.operation, variable)]
        matters = focus(graph, self.dependence(identity), [*assigning, graph.exit], frozenset({mention_key(variable)}))
        return [record.state for record in self._run(identity, matters).states(graph.exit)]

    def evidence(self, state: State, scope: str) -> Evidence:
        """What is known of variables in ``state``."""

        def definitions(place: Term) -> tuple[Definition, ...]:
            known = self.program.definitions(place)
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

    def shared(self, scope: str) -> Shared:
        """Places that functions other than ``scope`` assign once the program runs."""
        if scope not in self._shared:
            others = {mention_key(place) for place, writers in self._writers.items() if writers - {scope}}
            own = {mention_key(place) for place, writers in self._writers.items() if scope in writers} - others
            self._shared[scope] = Shared(frozenset(others | own if own and self._calls_itself(scope) else others))
        return self._shared[scope]

    def _calls_itself(self, identity: str) -> bool:
        """Whether a function may run again before it is over, because of what it calls."""
        seen: set[str] = set()
        stack = [identity]
        while stack:
            for callee in self._callees(stack.pop()):
                if callee == identity:
                    return True
                if callee not in seen:
                    seen.add(callee)
                    stack.append(callee)
        return False

    def _callees(self, identity: str) -> frozenset[str]:
        if identity not in self._called:
            graph = self.program.functions[identity].graph
            found = {target.function for _, call in graph.calls() for target in self.targets(call.func)}
            self._called[identity] = frozenset(found & self.program.functions.keys())
        return self._called[identity]

    def call(
        self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> CallEffect | None:
        """What a call of the program's own code does; None for anything else."""
        target, fixed, named = unwrapped(func)
        if isinstance(target, App) and target.op == "class":
            made = (
                Instance(class_id(target), call.result.site) if self.program.is_always_true(class_id(target)) else None
            )
            return CallEffect((Outcome(made),), self._constructor_raises(target))
        effects = [
            self._effect(item, (*fixed, *args), (*named, *keywords), awaited=call.awaited)
            for item in self._implementations(self.targets(target))
        ]
        known = [effect for effect in effects if effect is not None]
        if not known or len(known) < len(effects):
            return None
        if len(known) > 1:
            known = [_united(known)]
        (effect,) = known
        if self._is_guess(target):
            return _guessed(effect)
        return effect if self._is_all(target) else replace(effect, returns=(*effect.returns, Outcome(None)))

    def passing(
        self,
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
        found = self._implementations(self.targets(target))
        if not found or not all(map(self._is_at_hand, found)) or self._is_guess(target):
            return None
        returns: list[Outcome] = []
        for item in found:
            held = self._held_on_return(item.function)
            if held is None:
                return None
            bound = State(bind(self.program.functions[item.function], item, (*fixed, *args), (*named, *keywords)))
            returns += [self._instantiated(Outcome(None, conditions), bound) for conditions in held]
        if not self._is_all(target):
            returns.append(Outcome(None))
        written = tuple(self._written(found)) if writes else ()
        return CallEffect(tuple(returns), ((_SOME_EXCEPTION, Outcome(None)),), written, found[0].function)

    def _is_at_hand(self, func: Func) -> bool:
        if not self._running:
            return self.program.body(func.function) is not None
        return not self.program.functions[func.function].outlined

    def _held_on_return(self, identity: str) -> tuple[tuple[Condition, ...], ...] | None:
        """What holds when a function returns, for each way on which it does; None where that is not known (yet)."""
        function = self.program.functions[identity]
        if function.is_generator or function.is_async or self._is_hook(Func(identity, NONE)):
            return ((),)
        if function.never_returns:
            return ()
        if identity not in self._on_return:
            if identity in self._running or len(self._running) >= MAX_DEPTH:
                return None
            records = self.states_at(identity, [function.graph.exit])
            ways = {tuple(record.state.conditions.values()) for record in records}
            self._on_return[identity] = tuple(ways) if len(ways) <= MAX_OUTCOMES else (common(list(ways)),)
        return self._on_return[identity]

    def _written(self, targets: Iterable[Func]) -> Iterator[tuple[Term, str]]:
        for item in targets:
            yield from self._assigned(item.function, State(bind(self.program.functions[item.function], item, (), ())))

    def _assigned(self, identity: str, bound: State) -> Iterator[tuple[Term, str]]:
        """What a function assigns, in the terms of the caller that gives it what is ``bound``."""
        return ((_place(bound, place), kind) for place, kind in self.writes(identity))

    def _implementations(self, targets: Iterable[Func]) -> list[Func]:
        """``targets`` without methods that only stand for those of subclasses, as far as these are known."""
        found = [item for item in targets if item.function in self.program.functions]
        return [item for item in found if not self._is_hook(item)] or found

    def _is_hook(self, func: Func) -> bool:
        """Whether a method does nothing, so that there is something to do for a subclass."""
        if func.receiver is None or isinstance(func.receiver, Instance):
            return False
        return all(_does_nothing(node.operation) for node in self.program.functions[func.function].graph.nodes)

    def _is_guess(self, func: Term) -> bool:
        """Whether nothing but its name says which function a call runs."""
        func = self.program.resolve(func)
        return isinstance(func, Attr) and self._only_method(func.base, func.name) is not None

    def _is_all(self, func: Term) -> bool:
        """Whether ``targets`` are all that calling ``func`` may run."""
        func = self.program.resolve(func)
        match func:
            case Func():
                return True
            case App(op="if" | "or", args=args):
                return all(self._is_all(arg) for arg in args)
            case Var() | Attr():
                known = self.program.definitions(func)
                values = [definition.value for definition in known]
                return func not in self._parameters and all(
                    value is not None and isinstance(self.program.resolve(value), Func) for value in values
                )
        return False

    def implied(self, term: Term, truth: bool, scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which a flag was set, or a property has its value: one list for each way."""
        function = self.program.property_of(term)
        if function is not None:
            return self._property(term, function, truth=truth)
        if not truth:
            return None
        match term:
            case Result(callee=Attr(base=base, name="is_set" | "wait")):
                return self._events(base)
            case App(op="is" | "==", args=(Attr() | Var() as place, wanted)) if _is_alternative(wanted):
                return self._flag_values(place, wanted, scope)
            case Attr() | Var():
                return self._flag_values(term, None, scope)
        return None

    def _flag_values(self, place: Term, wanted: Term | None, scope: str) -> Sequence[Sequence[Condition]] | None:
        key = (place, wanted, scope)
        if key not in self._flags:
            self._flags[key] = None
            self._flags[key] = self._flag(place, wanted, scope)
        return self._flags[key]

    def raised(self, clause: Sequence[Term], scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which functions other than ``scope`` make an exception of the program's own classes."""
        classes = self._own_classes(clause)
        places = self._makers_of(classes)
        found: list[tuple[Condition, ...]] = []
        for function, node in places:
            if function == scope and not self._calls_itself(scope):
                continue
            if function in self._running:
                return None
            for record in self.states_at(function, [node]):
                held = inexact(record.state.conditions.values())
                if not held:  # raised for no reason, so it says nothing, wherever else it is raised
                    return None
                found.append(held)
        self._ask_who_makes(classes)
        if not places:
            return None
        return found if len(found) <= MAX_OUTCOMES else [common(found)]

    def is_conditional(self, clause: Sequence[Term]) -> bool:
        """Whether what ``clause`` takes is only raised by the program, and never without a condition."""
        classes = self._own_classes(clause)
        places = self._makers_of(classes)
        if any(self.dependence(function).avoidable(node) for function, node in places):
            return False
        self._ask_who_makes(classes)
        return bool(places)

    def _own_classes(self, clause: Sequence[Term]) -> list[str]:
        """The classes of what ``clause`` takes, if all are of the program and it is known where they are raised."""
        handled = [self.program.resolve(item) for item in clause]
        if not all(isinstance(item, App) and item.op == "class" for item in handled):
            return []
        classes = {cls for item in handled for cls in (class_id(item), *self.program.descendants(class_id(item)))}
        if any(self.program.classes[cls].name in self._crowded.classes for cls in classes):
            return []
        return sorted(classes)

    def _makers_of(self, classes: Iterable[str]) -> list[tuple[str, int]]:
        return [place for cls in classes for place in self._makers.get(cls, ())]

    def _ask_who_makes(self, classes: Iterable[str]) -> None:
        for cls in classes:
            self.program.questions.made(self.program.classes[cls].name)

    @cached_property
    def _makers(self) -> dict[str, list[tuple[str, int]]]:
        """Where objects of each class are made, or the class itself is raised: function and node."""
        makers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for identity, function in self.program.functions.items():
            for number, node in enumerate(function.graph.nodes):
                match node.operation:
                    case Call(func=(Var() | Attr()) as made) | Raise(exception=(Var() | Attr()) as made):
                        target = self.program.resolve(made)
                        if isinstance(target, App) and target.op == "class":
                            makers[class_id(target)].append((identity, number))
        return makers

    def leaves_program(self, func: Term, operands: Sequence[Term]) -> bool:
        """Whether a call evidently runs no code of the program: of a library, and without a way back."""
        callee = func.base if isinstance(func, Attr) else func
        return self._is_of_library(callee) and not any(self._leads_back(operand) for operand in operands)

    def _is_of_library(self, term: Term, depth: int = 0) -> bool:
        if depth > MAX_DEPTH:
            return False
        match term:
            case Const():
                return True
            case Var(scope="import", name=name):
                return not self.program.is_own(name)
            case Var(scope="builtins", name=name):
                return name not in _ADVANCING
            case Attr(base=base) | Item(base=base) if not self.program.definitions(term):
                return self._is_of_library(base, depth + 1)
            case Result(callee=callee) if callee is not None:
                return self._is_of_library(callee, depth + 1)
            case App(op="call" | "element" | "get", args=(base, *_)):
                return self._is_of_library(base, depth + 1)
            case App(args=args):
                return all(self._is_of_library(arg, depth + 1) for arg in args)
            case Var() | Attr():
                values = [definition.value for definition in self.program.definitions(term)]
                return bool(values) and all(v is not None and self._is_of_library(v, depth + 1) for v in values)
        return False

    def _leads_back(self, operand: Term) -> bool:
        """Whether code of the program may be run by way of ``operand``: a function, or an object with methods."""
        return any(
            isinstance(part, (Func, Instance))
            or (isinstance(part, App) and part.op in {"class", "partial"})
            or (isinstance(part, Attr) and part.name in self._methods)
            or (isinstance(part, (Var, Attr, Result)) and self.program.class_of(part) is not None)
            or (isinstance(part, (Var, Attr)) and isinstance(self.program.resolve(part), Func))
            or (isinstance(part, Result) and part.callee is not None and bool(self.targets(part.callee)))
            for part in walk(operand)
        )

    @cached_property
    def tells_exceptions(self) -> bool:
        """Whether some handler takes exceptions of the program's own classes."""
        return any(map(self.handles_own, self.program.functions.values()))

    def handles_own(self, function: Function) -> bool:
        """Whether a handler in a function takes exceptions of which the program shows where they are raised."""
        return any(
            isinstance(target, App)
            and target.op == "class"
            and self.program.classes[class_id(target)].name not in self._crowded.classes
            for target in map(self.program.resolve, function.handled)
        )

    @cached_property
    def telling(self) -> frozenset[object]:
        """The places whose values may decide anything, in whichever function."""
        return frozenset().union(*(function.telling for function in self.program.functions.values()))

    def contents(self, scope: str) -> Contents:
        """What the objects of a function hold, and where that may change."""
        if scope not in self._contents:
            function = self.program.functions[scope]
            parameters = [Var(scope, parameter.name) for parameter in function.parameters]
            self._contents[scope] = Contents(function.graph, parameters, self._is_silent, self._how_foreign)
        return self._contents[scope]

    def _is_silent(self, call: Call) -> bool:
        """Whether a call neither changes nor keeps what it is given, and nothing else either."""
        if isinstance(call.func, Var) and is_silent(call):
            return True
        targets = self.targets(call.func)
        if not targets:
            return is_silent(call)
        return all(self._changes_nothing(target.function) for target in targets)

    def _changes_nothing(self, identity: str) -> bool:
        if identity not in self._silent:
            if self._looking >= MAX_LOOKS:
                return False
            self._silent[identity] = False
            function = self.program.functions.get(identity)
            self._looking += 1
            self._silent[identity] = function is not None and not function.decorators and self._has_no_effect(function)
            self._looking -= 1
        return self._silent[identity]

    def _has_no_effect(self, function: Function) -> bool:
        for node in function.graph.nodes:
            match node.operation:
                case Assign(target=target) if not (isinstance(target, Var) and not _outlives(target, function.id)):
                    return False
                case Effect(suspends=True):
                    return False
                case Call() if not self._is_silent(node.operation):
                    return False
        return not self.contents(function.id).may_be_kept(function.graph.returned)

    def _how_foreign(self, place: Attr) -> str:
        """How an attribute may change besides by the assignments of the program."""
        if place not in self._foreign:
            self._foreign[place] = self._find_how_foreign(place)
        return self._foreign[place]

    def _find_how_foreign(self, place: Attr) -> str:
        if self.program.property_of(place) is not None:
            return COMPUTED
        if self.program.class_of(place.base) is not None:
            return "" if self.program.definitions(place) else VOLATILE
        settings = is_configuration(place.base) or is_command_line(place.base, self.program.definitions)
        return "" if settings else VOLATILE

    def catches(self, exception: Term, clause: Sequence[Term]) -> bool | None:
        """Whether a handler for ``clause`` takes ``exception``; None if it may or may not."""
        answers = [self._catches(exception, self.program.resolve(handled)) for handled in clause]
        if True in answers:
            return True
        return None if None in answers else False

    # Calls

    def targets(self, func: Term) -> list[Func]:
        """The functions of the program that calling ``func`` may run."""
        func = self.program.resolve(func)
        match func:
            case Func(function=identity, receiver=receiver):
                return [func, *self._overriding(identity, receiver)] if receiver is not None else [func]
            case Attr(base=base, name=name) if (only := self._only_method(base, name)) is not None:
                return [Func(only, base)]
            case Var() | Attr():
                found = [self.program.resolve(value) for value in self._values(func)]
                return [value for value in found if isinstance(value, Func)]
            case App(op="if" | "or", args=args):
                return [item for arg in args for item in self.targets(arg)]
        return []

    def _only_method(self, base: Term, name: str) -> str | None:
        """The one method of that name in the program, for an object of unknown class."""
        known = self._methods.get(name, ())
        if len(known) != 1 or name in _COMMON_METHODS or self.program.class_of(base) is not None:
            return None
        return None if isinstance(base, Var) and base.scope in {"import", "builtins"} else known[0]

    def _values(self, place: Term) -> Iterator[Term]:
        for definition in self.program.definitions(place):
            if definition.value is not None and not definition.step:
                yield definition.value

    def _overriding(self, method: str, receiver: Term) -> list[Func]:
        owner = self.program.class_of(receiver)
        if owner is None or isinstance(receiver, Instance):
            return []
        name = self.program.functions[method].name
        return [Func(other, receiver) for other in self.program.overrides(owner, name) if other != method]

    def _effect(
        self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]], *, awaited: bool
    ) -> CallEffect | None:
        function = self.program.functions[func.function]
        if function.is_async and not awaited:
            return CallEffect((Outcome(None),))
        if self._is_hook(func):
            return CallEffect((Outcome(None),), scope=function.id)
        summary = self.summary(function.id)
        if summary is None:
            return None
        bound = State(bind(function, func, args, keywords))
        returns = tuple(self._instantiated(outcome, bound) for outcome in summary.returns)
        raises = tuple((bound.evaluate(exception), self._instantiated(o, bound)) for exception, o in summary.raises)
        return CallEffect(returns, raises, tuple(self._assigned(function.id, bound)), function.id)

    def _constructor_raises(self, cls: Term) -> tuple[tuple[Term, Outcome], ...]:
        init = self.program.method(class_id(cls), "__init__")
        summary = None if init is None else self.summary(init)
        return () if summary is None else summary.raises

    def _instantiated(self, outcome: Outcome, bound: State) -> Outcome:
        conditions = tuple(self._rewritten(condition, bound) for condition in outcome.conditions)
        if outcome.value is None:
            return Outcome(None, conditions)
        renewed = frozenset(key for key in outcome.value.mentions if self._is_inner(key) and key not in bound.values)
        return Outcome(bound.evaluate(outcome.value), conditions, renewed)

    def _is_inner(self, key: object) -> bool:
        """Whether a mention is of something computed within a call: a result, or a variable of a function."""
        return key.scope in self.program.functions if isinstance(key, Var) else str(key).startswith("@")

    def _rewritten(self, condition: Condition, bound: State) -> Condition:
        """A condition of the callee, said of the caller's variables and judged anew if it was not clear there.

        What it says of values computed in the call is true of these, not of those that the next call computes.
        """
        term = bound.evaluate(condition.term)
        inner = any(self._is_inner(key) and key not in bound.values for key in condition.term.mentions)
        role = self.role(term, condition.truth, _EMPTY, "") if term != condition.term else condition.role
        if role.kind is Kind.PLAIN:
            role = condition.role
            role = replace(
                role, thresholds=role.thresholds | frozenset(bound.evaluate(item) for item in role.thresholds)
            )
        places = frozenset(bound.evaluate(place) for place in condition.places)
        return replace(condition, term=term, role=role, places=places, exact=condition.exact and not inner)

    # Summaries

    def summary(self, identity: str) -> Summary | None:
        """The summary of a function; None while it is being computed further up, or too deep down."""
        if identity in self._summaries:
            return self._summaries[identity]
        function = self.program.body(identity)
        if function is None or identity in self._running or len(self._running) >= MAX_DEPTH:
            return None
        self._summaries[identity] = self._summarise(function)
        return self._summaries[identity]

    def analysis(self, identity: str) -> Analysis:
        """The analysis of how a function ends, about whose callers nothing is assumed."""
        if identity not in self._analyses:
            function = self.program.functions[identity]
            self._analyses[identity] = self._run(identity, self.focus(identity, ends_of(function.graph)))
        return self._analyses[identity]

    def states_at(self, identity: str, nodes: Iterable[int]) -> list[Record]:
        """The states at some nodes of a function about whose callers nothing is assumed, node by node."""
        targets = tuple(sorted(nodes))
        analysis = self._focused.get((identity, targets))
        if analysis is None:
            analysis = self._focused[identity, targets] = self._run(identity, self.focus(identity, targets))
        return [record for node in targets for record in analysis.states(node)]

    def focus(self, identity: str, targets: Iterable[int], beyond: frozenset[object] = frozenset()) -> Focus:
        """What matters in a function to the question how it gets to ``targets``; see ``flow.focus``."""
        function = self.program.functions[identity]
        exceptions = self.handles_own(function)
        return focus(function.graph, self.dependence(identity), targets, beyond, exceptions=exceptions)

    def is_running(self, identity: str) -> bool:
        """Whether a function is being analysed further up."""
        return identity in self._running

    def _run(self, identity: str, matters: Focus) -> Analysis:
        analysis = Analysis(self.program.functions[identity].graph, self, matters, crowds=SUMMARY_CROWDS)
        analysis.enter(_EMPTY)
        self._running.append(identity)
        try:
            analysis.run()
        finally:
            self._running.pop()
        return analysis

    def _summarise(self, function: Function) -> Summary:
        if function.is_generator:
            return Summary((Outcome(None),), ())
        analysis = self.analysis(function.id)
        graph = function.graph
        ends = [] if function.never_returns else list(analysis.states(graph.exit))
        returns = [
            Outcome(self._value_returned(state, graph), tuple(state.conditions.values()))
            for state in (record.state for record in ends)
        ]
        raises: dict[Term, list[Outcome]] = defaultdict(list)
        for record in analysis.states(graph.escape):
            exception = record.state.evaluate(graph.pending)
            if is_unknown(exception) or self.exception_class(exception):
                raises[exception].append(Outcome(None, tuple(record.state.conditions.values())))
        return Summary(
            _limited(returns),
            tuple((exception, outcome) for exception, found in raises.items() for outcome in _limited(found)),
        )

    def _value_returned(self, state: State, graph: Graph) -> Term | None:
        """What is returned; no content of an object that others keep."""
        value = state.evaluate(graph.returned)
        kept = holds_display(value) and self.contents(graph.scope).may_be_kept(graph.returned)
        return None if kept or value == graph.returned else value

    def dependence(self, identity: str) -> ControlDependence:
        """Control dependence within a function."""
        if identity not in self._dependence:
            self._dependence[identity] = ControlDependence(
                self.program.functions[identity].graph, self._ending(identity)
            )
        return self._dependence[identity]

    def _ending(self, identity: str) -> frozenset[int]:
        """The calls in a function after which it does not go on, because what they run never returns."""
        return frozenset(
            number
            for number, call in self.program.functions[identity].graph.calls()
            if (targets := self.targets(call.func)) and all(self._never_returns(item.function) for item in targets)
        )

    def _never_returns(self, identity: str) -> bool:
        """Whether no way leads from the entry of a function to its exit, as far as its body is loaded."""
        if identity not in self.program.functions:
            return False
        if identity not in self._endless:
            order = self._callees_first(identity, self._endless)
            self._endless.update(dict.fromkeys(order, False))
            for each in order:
                function = self.program.functions[each]
                self._endless[each] = function.never_returns or not (
                    function.outlined or function.is_generator or function.is_async or self._may_return(function)
                )
        return self._endless[identity]

    def _may_return(self, function: Function) -> bool:
        ending = self._ending(function.id)
        seen = {function.graph.entry}
        stack = [function.graph.entry]
        while stack:
            number = stack.pop()
            for edge in function.graph.nodes[number].edges:
                if edge.target not in seen and (number not in ending or edge.kind is EdgeKind.RAISE):
                    seen.add(edge.target)
                    stack.append(edge.target)
        return function.graph.exit in seen

    def writes(self, identity: str) -> tuple[tuple[Term, str], ...]:
        """The attributes and outer variables a function assigns, and whether that raises, resets or replaces."""
        if identity not in self._writes:
            order = self._callees_first(identity, self._writes)
            self._writes.update(dict.fromkeys(order, ()))
            for each in order:
                function = self.program.body(each)
                self._writes[each] = () if function is None else tuple(self._find_writes(function))
        return self._writes[identity]

    def _callees_first(self, identity: str, known: Container[str]) -> list[str]:
        """A function and all it calls that are not ``known``, callees first; calls go too deep for recursion."""
        order: list[str] = []
        seen = {identity}
        stack = [(identity, iter(sorted(self._callees(identity))))]
        while stack:
            current, callees = stack[-1]
            callee = next((callee for callee in callees if callee not in seen and callee not in known), None)
            if callee is None:
                order.append(current)
                stack.pop()
            else:
                seen.add(callee)
                stack.append((callee, iter(sorted(self._callees(callee)))))
        return order

    def _find_writes(self, function: Function) -> Iterator[tuple[Term, str]]:
        for number, node in enumerate(function.graph.nodes):
            match node.operation:
                case Assign(target=target, value=value) if _outlives(target, function.id):
                    yield target, self._write_kind(function, number, target, value)
                case Call(func=func):
                    for item in self.targets(func):
                        if item.function in self.program.functions and item.function != function.id:
                            bound = State(bind(self.program.functions[item.function], item, (), ()))
                            for place, kind in self.writes(item.function):
                                certain = not self.dependence(function.id).decisive(number)
                                yield (
                                    _place(bound, place),
                                    kind if certain or kind.endswith("raised") else "replaced",
                                )

    def _write_kind(self, function: Function, number: int, target: Term, value: Term | None) -> str:
        effect = effect_of(target, value, value)
        return "replaced" if effect == "reset" and self.dependence(function.id).decisive(number) else effect

    # Flags

    def _property(self, term: Term, function: str, *, truth: bool) -> Sequence[Sequence[Condition]] | None:
        assert isinstance(term, Attr)
        found: list[Outcome] = []
        for method in self._implementations([Func(function, term.base), *self._overriding(function, term.base)]):
            summary = None if self._is_hook(method) else self.summary(method.function)
            if summary is None:
                return None
            bound = State(bind(self.program.functions[method.function], method, (), ()))
            found += [self._instantiated(outcome, bound) for outcome in summary.returns]
        if not all(self._is_of_property(definition) for definition in self.program.definitions(term)):
            found.append(Outcome(None))
        return self._outcomes_with(found, truth=truth)

    def _is_of_property(self, definition: Definition) -> bool:
        """Whether a definition is the property or what it returns, rather than an attribute of the same name."""
        function = self.program.functions.get(definition.function)
        returned = function is not None and definition.target == function.graph.returned
        return returned or isinstance(definition.value, Func)

    def _outcomes_with(self, outcomes: Iterable[Outcome], *, truth: bool) -> tuple[tuple[Condition, ...], ...]:
        """What holds in the outcomes whose value may be true (or false)."""
        found: list[tuple[Condition, ...]] = []
        for outcome in outcomes:
            value = outcome.value if outcome.value is not None else App("opaque")
            known = truth_of(value)
            if known is None:
                found.append((*outcome.conditions, *self._truth_condition(value, truth=truth)))
            elif known is truth:
                found.append(outcome.conditions)
        return tuple(found)

    def _truth_condition(self, value: Term, *, truth: bool = True) -> Iterator[Condition]:
        role = self.role(value, truth, _EMPTY, "")
        if role.kind is not Kind.PLAIN:
            yield Condition(value, truth, role=role, exact=False)

    def _flag(self, place: Term, wanted: Term | None, scope: str) -> tuple[tuple[Condition, ...], ...] | None:
        """A flag kept in an attribute or outer variable holds what held wherever it was set to ``wanted``, or true."""
        if isinstance(place, Var) and place.scope == scope:
            return None
        definitions = [d for d in self.program.definitions(place) if d.function in self.program.functions]
        if any(d.value is None and not d.annotation for d in definitions):
            return None
        settings: list[tuple[Condition, ...]] = []
        for setter in sorted({d.function for d in definitions}):
            for held in self._settings(place, wanted, setter):
                if not held:  # set for no reason, so it says nothing, whoever else binds it
                    return None
                settings.append(held)
        if isinstance(place, Attr):
            if place.name in self._crowded.attributes:
                return None
            self.program.ask_who_binds(place)
        if wanted is None and not any(
            isinstance(d.value, Const) and d.value.value in (False, None) for d in definitions
        ):
            return None
        # That nobody sets it is hard to believe: it is set where the analysis does not see it.
        return tuple(settings) if 0 < len(settings) <= MAX_OUTCOMES else None

    def _settings(self, place: Term, wanted: Term | None, setter: str) -> Iterator[tuple[Condition, ...]]:
        if setter in self._running:
            yield ()
            return
        graph = self.program.functions[setter].graph
        settings = {
            number: node.operation.value
            for number, node in enumerate(graph.nodes)
            if isinstance(node.operation, Assign) and _same_flag(node.operation.target, place)
        }
        for record in self.states_at(setter, settings):
            assigned = settings[record.node]
            value = App("opaque") if assigned is None else self.resolve(record.state.evaluate(assigned))
            excluded = truth_of(value) is False if wanted is None else self._is_other(value, wanted)
            if not excluded:
                yield (*inexact(record.state.conditions.values()), *self._truth_condition(value))

    def _is_other(self, value: Term, wanted: Term) -> bool:
        """Whether ``value`` is known to be another of several alternatives than ``wanted``."""
        return truth_of(simplify(App("==", (self.constant(value), self.constant(wanted))))) is False

    def _events(self, event: Term) -> Sequence[Sequence[Condition]] | None:
        """``threading.Event``: set where it is set."""
        match event:
            case Attr(name=name):
                wanted = name
            case Var(name=name):
                wanted = name
            case _:
                return None
        self.program.questions.attribute(f"{wanted}.set")
        found: list[tuple[Condition, ...]] = []
        for function in self.program.functions.values():
            for number, call in function.graph.calls():
                match call.func:
                    case Attr(base=base, name="set") if last_name(base) == wanted and not call.args:
                        if function.id in self._running:
                            return None
                        found += [
                            inexact(record.state.conditions.values())
                            for record in self.states_at(function.id, [number])
                        ]
        return tuple(found) if 0 < len(found) <= MAX_OUTCOMES else None

    # Exceptions

    def exception_class(self, exception: Term) -> str | None:
        """The class of the program that a raised term is, or is an instance of."""
        match exception:
            case App(op="class"):
                return class_id(exception)
            case Instance(cls=cls):
                return cls
        return self.program.class_of(exception)

    def _catches(self, exception: Term, handled: Term) -> bool | None:
        handled_class = class_id(handled) if isinstance(handled, App) and handled.op == "class" else None
        raised_class = self.exception_class(exception)
        if last_name(handled) == "BaseException":
            return True
        if is_unknown(exception):
            return None
        if raised_class is None:
            return self._catches_foreign(exception, handled, handled_class)
        ancestors = list(self.program.ancestors(raised_class))
        if handled_class in ancestors or last_name(handled) == "Exception":
            return True
        if handled_class is not None and not isinstance(exception, (Instance, App)):
            return None if handled_class in self.program.descendants(raised_class) else False
        return self._catches_base(ancestors, handled, handled_class)

    def _catches_foreign(self, exception: Term, handled: Term, handled_class: str | None) -> bool | None:
        """A handler and an exception that is of no class of the program."""
        if handled_class is not None:
            return False if exception == EXTERNAL or _builtin_exception(exception) else None
        raised, wanted = _builtin_exception(exception), _builtin_exception(handled)
        return None if raised is None or wanted is None else issubclass(raised, wanted)

    def _catches_base(self, ancestors: Sequence[str], handled: Term, handled_class: str | None) -> bool | None:
        """A handler and an exception of the program, of whose bases some may be unknown."""
        bases = [base for cls in ancestors for base in self.program.foreign_bases(cls)]
        builtin = [_builtin_exception(base) for base in bases]
        wanted = None if handled_class is not None else _builtin_exception(handled)
        if wanted is not None and any(base is not None and issubclass(base, wanted) for base in builtin):
            return True
        if handled_class is None and last_name(handled) in {last_name(base) for base in bases}:
            return True
        return None if None in builtin else False

    def _index_writers(self) -> dict[Term, set[str]]:
        """Attributes (by name) and variables that other functions see, with the functions that assign them."""
        writers: dict[Term, set[str]] = defaultdict(set)
        for module in self.program.modules.values():
            bound = Counter(definition.target for definition in module.definitions)
            for definition in module.definitions:
                function = self.program.functions.get(definition.function)
                if function is None or not _is_seen_elsewhere(definition, function, again=bound[definition.target] > 1):
                    continue
                target = definition.target
                writers[Attr(NONE, target.name) if isinstance(target, Attr) else target].add(function.id)
        return writers


def _is_seen_elsewhere(definition: Definition, function: Function, *, again: bool) -> bool:
    """Whether a binding may change what another function has found: not that of a new object, or the module's first."""
    match definition.target:
        case Attr(base=base):
            own = isinstance(base, Var) and is_receiver(function, base.name)
            return not (own and function.name == "__init__")
        case Var(scope=scope) as variable if scope == function.id:
            return variable in function.graph.captured
        case Var():
            return again or function.qualname != MODULE_BODY
    return False


def _assigns(operation: Operation, place: Term) -> bool:
    return isinstance(operation, Assign) and operation.target == place


def _does_nothing(operation: Operation) -> bool:
    match operation:
        case Call(func=func):
            return last_name(func) == "NotImplementedError"
        case Raise(exception=exception):
            callee = exception.callee if isinstance(exception, Result) else exception
            return last_name(callee) == "NotImplementedError"
        case Assign(value=value):
            return value is None or isinstance(value, Const)
    return isinstance(operation, Skip)


def _united(effects: Sequence[CallEffect]) -> CallEffect:
    """The effect of a call that may run any of several functions."""
    return CallEffect(
        tuple(outcome for effect in effects for outcome in effect.returns),
        tuple(item for effect in effects for item in effect.raises),
        tuple(item for effect in effects for item in effect.writes),
    )


def _guessed(effect: CallEffect) -> CallEffect:
    """The effect of a call that probably runs a function: conditions count, but rule nothing out."""
    truths = {None if outcome.value is None else truth_of(outcome.value) for outcome in effect.returns}
    outcomes = [replace(outcome, conditions=inexact(outcome.conditions)) for outcome in effect.returns]
    if len(truths) == 1:
        outcomes = [replace(outcome, value=None) for outcome in outcomes]
    return replace(effect, returns=tuple(outcomes) or (Outcome(None),))


def inexact(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Conditions that held, of which it is open whether they still do word for word."""
    return tuple(replace(condition, exact=False) for condition in conditions)


def _is_alternative(term: Term) -> bool:
    return is_member(term) or (isinstance(term, Const) and isinstance(term.value, str))


def _limited(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """At most ``MAX_OUTCOMES``; beyond that only what holds in all of them."""
    if len(outcomes) <= MAX_OUTCOMES:
        return tuple(outcomes)
    return (Outcome(None, common([outcome.conditions for outcome in outcomes])),)


def common(alternatives: Sequence[tuple[Condition, ...]]) -> tuple[Condition, ...]:
    """What holds in all of several cases."""
    common = set(alternatives[0]).intersection(*alternatives[1:])
    return tuple(condition for condition in alternatives[0] if condition in common)


def _outlives(target: Term, function: str) -> bool:
    match target:
        case Attr():
            return True
        case Var(scope=scope):
            return scope != function and not scope.startswith(f"{function}.<")
    return False


def _place(bound: State, place: Term) -> Term:
    match place:
        case Attr(base=base, name=name):
            return Attr(bound.evaluate(base), name)
    return place


def _same_flag(target: Term, place: Term) -> bool:
    if isinstance(target, Attr) and isinstance(place, Attr):
        return target.name == place.name
    return target == place


def _looks_boolean(name: str, default: Term | None, annotation: str) -> bool:
    if annotation == "bool" or (isinstance(default, Const) and isinstance(default.value, bool)):
        return True
    return not annotation and default is None and bool(words(name) & (SWITCH_WORDS - {"want", "do", "use"}))


def _builtin_exception(term: Term) -> type[BaseException] | None:
    match term:
        case Result(callee=callee) if callee is not None:
            return _builtin_exception(callee)
        case App(op="call", args=(callee, *_)):
            return _builtin_exception(callee)
        case Var(scope="builtins", name=name):
            found = getattr(builtins, name, None)
            return found if isinstance(found, type) and issubclass(found, BaseException) else None
    return None

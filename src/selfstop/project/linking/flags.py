"""What a flag stands for: the conditions under which it was set, wherever that was.

Flags are attributes, variables of modules, properties, and events (`events`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.code import Definition
from selfstop.flow.folding import is_member, simplify, truth_of
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.state import State
from selfstop.flow.terms import TRUE, App, Attr, Const, Func, Result, Term, Var
from selfstop.flow.world import Outcome
from selfstop.project.linking.events import Events
from selfstop.project.linking.outcomes import MAX_OUTCOMES, inexact
from selfstop.project.symbols.binding import bind
from selfstop.project.symbols.questions import Crowded

if TYPE_CHECKING:
    from selfstop.project.linking.linker import Linker


Wanted: TypeAlias = "Term | bool"
"""One of several alternatives, or any value that is true, or false."""


class Flags:
    """Answers what is implied by flags of a program."""

    def __init__(self, linker: Linker, crowded: Crowded) -> None:
        """``crowded`` are names of which so many files speak that not all of these are known."""
        self._linker = linker
        self._program = linker.program
        self._crowded = crowded
        self._events = Events(linker)
        self._open: set[tuple[Term, Wanted, str]] = set()
        """What is being found out: of what depends on itself nothing is known."""

    def implied(self, term: Term, truth: bool, scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which a flag was set, or a property has its value: one list for each way."""
        function = self._program.property_of(term)
        if function is not None:
            return self._property(term, function, truth=truth)
        match term:
            case Attr() | Var():
                return self._flag_values(term, truth, scope)
            case Result(callee=Attr(base=base, name="is_set" | "wait")) if truth:
                return self._events.conditions(base)
            case App(op="is" | "==", args=(Attr() | Var() as place, wanted)) if truth and _is_alternative(wanted):
                return self._flag_values(place, wanted, scope)
        return None

    def _flag_values(self, place: Term, wanted: Wanted, scope: str) -> Sequence[Sequence[Condition]] | None:
        key = (place, wanted, scope)
        if key in self._open:
            return None
        self._open.add(key)
        try:
            return self._linker.remembered(key, lambda: self._flag(place, wanted, scope))
        finally:
            self._open.remove(key)

    def _property(self, term: Term, function: str, *, truth: bool) -> Sequence[Sequence[Condition]] | None:
        assert isinstance(term, Attr)
        methods = [Func(function, term.base), *self._linker.calls.overriding(function, term.base)]
        if not all(self._program.is_property(method.function) for method in methods):
            return None
        found: list[Outcome] = []
        for method in self._linker.calls.implementations(methods):
            summary = None if self._linker.calls.is_hook(method) else self._linker.summary(method.function)
            if summary is None:
                return None
            bound = State(bind(self._program.functions[method.function], method, (), ()))
            found += [self._linker.instantiated(outcome, bound, bound) for outcome in summary.returns]
        if not all(self._is_of_property(definition) for definition in self._program.definitions(term)):
            found.append(Outcome(None))
        return self.holding(found, truth)

    def _is_of_property(self, definition: Definition) -> bool:
        """Whether a definition is the property or what it returns, rather than an attribute of the same name."""
        function = self._program.functions.get(definition.function)
        returned = function is not None and definition.target == function.graph.returned
        return returned or isinstance(definition.value, Func)

    def holding(self, outcomes: Iterable[Outcome], truth: bool) -> tuple[tuple[Condition, ...], ...]:
        """What holds in the outcomes whose value may be true (or false)."""
        found: list[tuple[Condition, ...]] = []
        for outcome in outcomes:
            value = outcome.value if outcome.value is not None else App("opaque")
            # `ENABLED and …` is ENABLED where that is false.
            known = State({}, {condition.key: condition for condition in outcome.conditions}).holds(value)
            if known is None:
                found.append((*outcome.conditions, *self._truth_condition(value, truth=truth)))
            elif known is truth:
                found.append(outcome.conditions)
        return tuple(found)

    def _truth_condition(self, value: Term, *, truth: bool) -> Iterator[Condition]:
        role = self._linker.role(value, truth, State(), "")
        if role.kind is not Kind.PLAIN:
            yield Condition(value, truth, role=role, exact=False)

    def _flag(self, place: Term, wanted: Wanted, scope: str) -> tuple[tuple[Condition, ...], ...] | None:
        """A flag kept in an attribute or outer variable holds what held wherever it was set to ``wanted``."""
        if (isinstance(place, Var) and place.scope == scope) or (isinstance(place, Attr) and self._is_given(place)):
            return None
        definitions = [d for d in self._program.definitions(place) if d.function in self._program.functions]
        if any(d.value is None and not d.annotation for d in definitions):
            return None
        if wanted is False and TRUE not in {d.value for d in definitions}:
            return None
        settings: list[tuple[Condition, ...]] = []
        setters = sorted({d.function for d in definitions})
        targets = {d.target for d in definitions}
        given = self._given(place, wanted) if isinstance(place, Attr) else ()
        for held in chain(*(self._settings(place, wanted, setter, targets) for setter in setters), given):
            if not held:  # set for no reason, so it says nothing, whoever else binds it
                return None
            settings.append(held)
        if place in self._crowded.variables or (isinstance(place, Attr) and place.name in self._crowded.attributes):
            return None
        self._program.ask_who_binds(place)
        if wanted is True and not any(
            isinstance(d.value, Const) and d.value.value in (False, None) for d in definitions
        ):
            return None
        # That nobody sets it is hard to believe: it is set where the analysis does not see it.
        return tuple(settings) if 0 < len(settings) <= MAX_OUTCOMES else None

    def _is_given(self, place: Attr) -> bool:
        """Whether an object comes with what its attribute holds, wherever that is from."""
        owner = self._program.class_of(place.base)
        if owner is None:
            match place.base:
                case Result(callee=callee) if callee is not None:
                    return not self._linker.calls.targets(callee)
            return False
        return any(
            self._program.is_record(cls) and any(d.value is None for d in self._program.fields(cls, place.name))
            for cls in self._program.ancestors(owner)
        )

    def _given(self, place: Attr, wanted: Wanted) -> Iterator[tuple[Condition, ...]]:
        """What held wherever an object was made with a value of its own for a field that has a default."""
        owner = self._program.class_of(place.base)
        if owner is None or not any(map(self._program.is_record, self._program.ancestors(owner))):
            return
        classes = [owner, *self._program.descendants(owner)]
        if not self._crowded.classes.isdisjoint(self._program.classes[cls].name for cls in classes):
            yield ()
            return
        self._linker.exceptions.ask_who_makes(classes)
        for cls in classes:
            fields = self._program.field_names(cls)
            for function, node in self._linker.exceptions.makers_of([cls]):
                value = self._value_given(fields, place.name, function, node)
                if value is not None:
                    yield from self._held_where(function, {node: value}, wanted)

    def _value_given(self, fields: Sequence[str], name: str, function: str, node: int) -> Term | None:
        """What a call that makes an object gives for a field."""
        call = self._program.functions[function].graph.nodes[node].operation
        if not isinstance(call, Call) or (made := self._program.made_by(call)) is None:
            return None
        _, args = made
        named = dict(call.keywords)
        unpacked = "**" in named or any(isinstance(value, App) and value.op == "unpack" for value in call.args)
        given = dict(zip(fields, args, strict=False)) | named
        return given.get(name, App("opaque") if unpacked else None)

    def _settings(
        self, place: Term, wanted: Wanted, setter: str, targets: Container[Term]
    ) -> Iterator[tuple[Condition, ...]]:
        graph = self._program.functions[setter].graph
        settings = {
            number: node.operation.value
            for number, node in enumerate(graph.nodes)
            if isinstance(node.operation, Assign)
            and (node.operation.target in targets or _same_flag(node.operation.target, place))
        }
        yield from self._held_where(setter, settings, wanted)

    def _held_where(
        self, setter: str, settings: Mapping[int, Term | None], wanted: Wanted
    ) -> Iterator[tuple[Condition, ...]]:
        """What held at the nodes of a function where a flag gets a value, as far as that may be the ``wanted`` one."""
        if self._linker.is_running(setter):
            yield ()
            return
        for record in self._linker.states_at(setter, settings):
            assigned = settings[record.node]
            value = App("opaque") if assigned is None else self._linker.resolve(record.state.evaluate(assigned))
            if not self._is_other(value, wanted):
                held = self._truth_condition(value, truth=wanted is not False)
                yield (*inexact(record.state.conditions.values()), *held)

    def _is_other(self, value: Term, wanted: Wanted) -> bool:
        """Whether ``value`` is known not to be ``wanted``."""
        if isinstance(wanted, bool):
            return truth_of(value) is (not wanted)
        return truth_of(simplify(App("==", (self._linker.constant(value), self._linker.constant(wanted))))) is False


def _is_alternative(term: Term) -> bool:
    return is_member(term) or (isinstance(term, Const) and isinstance(term.value, str))


def _same_flag(target: Term, place: Term) -> bool:
    return isinstance(target, Attr) and isinstance(place, Attr) and target.name == place.name

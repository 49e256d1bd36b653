"""Settings that are seen to when they are made, so that they cannot be 0.

A module corrects its variable (``if LIMIT < 1: LIMIT = 5``) or refuses it (``if LIMIT <= 0: raise …``), a constructor
its argument, a validator its field, a function what it returns; or the declaration itself has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from selfstop.flow.cfg import Test
from selfstop.flow.code import MODULE_BODY, Definition, Function
from selfstop.flow.known import Condition
from selfstop.flow.linear import comparison, linear, number
from selfstop.flow.roles import Kind
from selfstop.flow.state import State
from selfstop.flow.terms import App, Attr, Const, Term, Var, last_name, walk
from selfstop.project.declared import refuses_zero
from selfstop.project.program import Program

_AFTERWARDS = ("__post_init__", "__attrs_post_init__", "model_post_init")
_VALIDATORS = frozenset({"field_validator", "validator"})

Ends = Callable[[str, Term], Sequence[State]]


class Clamps:
    """Tells which settings are positive once they have been made."""

    def __init__(self, program: Program, ends: Ends) -> None:
        """``ends`` gives the states in which a function ends, as far as they matter to a place."""
        self._program = program
        self._ends = ends
        self._known: dict[tuple[str, Term], bool] = {}

    def is_positive(self, place: Term) -> bool:
        """Whether a threshold can be neither 0 nor negative, because whatever binds it sees to that."""
        definitions = self._program.definitions(place)
        return bool(definitions) and all(map(self._is_seen_to, definitions))

    def _is_seen_to(self, definition: Definition) -> bool:
        if definition.step or definition.value is None:
            return False
        if (constant := number(definition.value)) is not None:
            return constant > 0
        return refuses_zero(definition) or any(
            self._is_positive_after(function, place) for function, place in self._keepers(definition)
        )

    def _keepers(self, definition: Definition) -> Iterator[tuple[str, Term]]:
        """The functions that may see to what is bound, each with what the value is called there."""
        match definition.target:
            case Var(scope=scope, name=name) if scope in self._program.classes:
                yield from self._validators(scope, name)
            case Var(scope=scope) as variable if definition.function == f"{scope}:{MODULE_BODY}":
                if self._is_asked_about(variable, definition):
                    yield definition.function, variable
            case Attr(base=Var()) as attribute if definition.function.endswith(".__init__"):
                yield definition.function, attribute

    def _validators(self, cls: str, field: str) -> Iterator[tuple[str, Term]]:
        for name in _AFTERWARDS:
            function = self._function(self._program.method(cls, name))
            if function is not None and function.places:
                yield function.id, Attr(function.places[0], field)
        for ancestor in self._program.ancestors(cls):
            for _, identity in self._program.classes[ancestor].methods:
                function = self._function(identity)
                if function is not None and _validates(function, field):
                    yield function.id, function.graph.returned

    def _function(self, identity: str | None) -> Function | None:
        return None if identity is None else self._program.body(identity)

    def _is_asked_about(self, variable: Var, definition: Definition) -> bool:
        """Whether a module body tests a variable, or has it from a call."""
        if isinstance(definition.value, App) and definition.value.op == "call":
            return True
        tests = [node.operation for node in self._program.functions[definition.function].graph.nodes]
        return any(variable in walk(test.term) for test in tests if isinstance(test, Test))

    def _is_positive_after(self, function: str, place: Term) -> bool:
        key = function, place
        if key not in self._known:
            self._known[key] = False  # for whoever asks while the function is looked at
            ends = self._ends(function, place)
            self._known[key] = bool(ends) and all(_is_positive(place, state) for state in ends)
        return self._known[key]


def _validates(function: Function, field: str) -> bool:
    """Whether a method is decorated as a validator of a field (pydantic's manual, "Validators")."""
    return any(
        isinstance(decorator, App)
        and decorator.op == "call"
        and last_name(decorator.args[0]) in _VALIDATORS
        and Const(field) in decorator.args[1:]
        for decorator in function.decorators
    )


def _is_positive(place: Term, state: State) -> bool:
    value = state.evaluate(place)
    known = number(value)
    if known is not None:
        return known > 0
    names = {place, value} | {atom for atom, scale in linear(value).atoms if scale > 0 and _is_multiple(value)}
    return any(_says_positive(condition, names) for condition in state.conditions.values())


def _is_multiple(value: Term) -> bool:
    form = linear(value)
    return len(form.atoms) == 1 and form.constant == 0


def _says_positive(condition: Condition, names: set[Term]) -> bool:
    role = condition.role
    if role.kind is Kind.OFF_SWITCH and not names.isdisjoint(role.thresholds):
        return True
    found = comparison(condition.term, condition.truth)
    limit = None if found is None else found.limit
    if limit is None or len(limit.atoms) != 1 or limit.atoms[0][0] not in names:
        return False
    return limit.is_above_zero

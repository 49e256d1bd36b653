"""Settings that are seen to when they are made, so that they cannot be 0.

A module corrects its variable (``if LIMIT < 1: LIMIT = 5``) or refuses it (``if LIMIT <= 0: raise …``), a constructor
its argument, a validator its field, a function what it returns; or the declaration itself has a bound, or chooses
(``T if T > 0 else math.inf``).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

from selfstop.flow.cfg import Graph, Test
from selfstop.flow.code import MODULE_BODY, Definition, Function
from selfstop.flow.known import Condition
from selfstop.flow.linear import Comparison, comparison, linear, number
from selfstop.flow.origins import Source, is_infinite, may_be_text, origin
from selfstop.flow.roles import Kind
from selfstop.flow.state import State
from selfstop.flow.terms import App, Attr, Const, Func, Result, Term, Var, last_name, walk
from selfstop.project.symbols.declared import refuses_zero
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.tables import Tables

_AFTERWARDS = ("__post_init__", "__attrs_post_init__", "model_post_init")
_VALIDATORS = frozenset({"field_validator", "validator"})

Ends = Callable[[str, Term], Sequence[State]]


class Clamps:
    """Tells which settings are positive once they have been made."""

    def __init__(self, program: Program, tables: Tables, ends: Ends) -> None:
        """``ends`` gives the states in which a function ends, as far as they matter to a place."""
        self._program = program
        self._tables = tables
        self._ends = ends
        self._positive: dict[Term, bool] = {}
        self._known: dict[tuple[str, Term], bool] = {}

    def is_positive(self, place: Term) -> bool:
        """Whether a threshold can be neither 0 nor negative, because whatever binds it sees to that."""
        if place not in self._positive:
            self._positive[place] = False  # for whoever asks on the way
            value = self._tables.value(place)
            if value is not None:
                self._positive[place] = self._is_chosen(value)
                return self._positive[place]
            # A property is bound to its function, and to what that returns.
            definitions = [item for item in self._program.definitions(place) if not isinstance(item.value, Func)]
            self._positive[place] = bool(definitions) and all(map(self._is_seen_to, definitions))
        return self._positive[place]

    def _is_seen_to(self, definition: Definition) -> bool:
        if definition.step:
            return False
        if definition.value is not None:
            if (constant := number(definition.value)) is not None:
                return constant > 0
            if refuses_zero(definition) or self._is_chosen(definition.value):
                return True
        return any(self._is_positive_after(function, place) for function, place in self._keepers(definition))

    def _is_chosen(self, value: Term) -> bool:
        """Whether an expression gives positive numbers only: ``T if T > 0 else math.inf``."""
        match value:
            case App(op="if", args=(test, body, orelse)):
                branches = ((body, True), (orelse, False))
                return all(self._is_chosen(branch) or self._follows(branch, test, truth) for branch, truth in branches)
            case App(op="call") | Result():
                return self.is_positive(value)
            case Var(name=name) if name.startswith("$"):
                return self.is_positive(value)
        factor = _multiple_of(value)
        if factor is None or factor == value or self._is_known(factor):
            return self._is_known(value)
        return self._is_chosen(factor)

    def _is_known(self, value: Term) -> bool:
        found = origin(value, self._program.definitions)
        return found.source in {Source.CONSTANT, Source.CLAMPED} and (found.value or 0) > 0

    def _follows(self, value: Term, test: Term, truth: bool) -> bool:
        """Whether ``value`` is positive where ``test`` gave ``truth``."""
        match test:
            case App(op="not", args=(inner,)):
                return self._follows(value, inner, not truth)
            case App(op="and" | "or" as op, args=args) if (op == "and") is truth:
                return any(self._follows(value, arg, truth) for arg in args)
        names = {value, _multiple_of(value)}
        return (truth and test in names and not may_be_text(test, self._program.definitions)) or _is_above_zero(
            comparison(test, truth), names
        )

    def _keepers(self, definition: Definition) -> Iterator[tuple[str, Term]]:
        """The functions that may see to what is bound, each with what the value is called there."""
        match definition.target:
            case Var(scope=scope, name=name) if scope in self._program.classes:
                yield from self._validators(scope, name)
            case Var(scope=scope) as variable if definition.function == f"{scope}:{MODULE_BODY}":
                if self._is_asked_about(variable, definition):
                    yield definition.function, variable
            case Var(scope=scope) as variable if definition.function == scope:
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
        """Whether a module body tests a variable or what it is made of, raises it, or has it from a call."""
        if isinstance(definition.value, App) and definition.value.op == "call":
            return True
        if _is_raised(self._program.functions[definition.function].graph, variable):
            return True
        tests = [node.operation for node in self._program.functions[definition.function].graph.nodes]
        parts = {variable, *(walk(definition.value) if definition.value is not None else ())}
        asked = {part for test in tests if isinstance(test, Test) for part in walk(test.term)}
        return any(isinstance(part, Var) and part.scope == variable.scope for part in parts & asked)

    def _is_positive_after(self, function: str, place: Term) -> bool:
        key = function, place
        if key not in self._known:
            self._known[key] = False  # for whoever asks while the function is looked at
            graph = self._program.functions[function].graph
            self._known[key] = _is_raised(graph, place) or self._ends_positive(function, place, graph)
        return self._known[key]

    def _ends_positive(self, function: str, place: Term, graph: Graph) -> bool:
        ends = self._ends(function, place)
        return bool(ends) and all(_is_positive(place, state, graph) for state in ends)


def _validates(function: Function, field: str) -> bool:
    """Whether a method is decorated as a validator of a field (pydantic's manual, "Validators")."""
    return any(
        isinstance(decorator, App)
        and decorator.op == "call"
        and last_name(decorator.args[0]) in _VALIDATORS
        and Const(field) in decorator.args[1:]
        for decorator in function.decorators
    )


def _is_raised(graph: Graph, place: Term) -> bool:
    """Whether every way through a function ends with ``n = max(1, n)``, as far as ``n`` is bound in it."""
    known = graph.assignments.get(place, ())
    last = {number for number, assign in known if _is_above_one(assign.value, place)}
    others = {number for number, _ in known} - last
    return bool(last) and all(graph.exit not in _reached(graph, start, last) for start in (graph.entry, *others))


def _is_above_one(value: Term | None, place: Term) -> bool:
    match value:
        case App(op="max", args=args) if place in args:
            return any((number(arg) or 0) > 0 for arg in args)
    return False


def _reached(graph: Graph, start: int, avoided: Container[int]) -> set[int]:
    """The nodes to which a way leads that avoids some."""
    seen = {start}
    pending = [start]
    while pending:
        targets = {edge.target for edge in graph.nodes[pending.pop()].edges if edge.target not in avoided}
        pending += targets - seen
        seen |= targets
    return seen


def _is_positive(place: Term, state: State, graph: Graph) -> bool:
    value = state.evaluate(place)
    if value != place and _is_raised(graph, value):
        return True
    known = number(value)
    if known is not None or is_infinite(value):
        return known is None or known > 0
    names = {place, value, _multiple_of(value)}
    return any(_says_positive(condition, names) for condition in state.conditions.values())


def _multiple_of(value: Term) -> Term | None:
    """What ``value`` is a positive multiple of."""
    form = linear(value)
    return form.atoms[0][0] if len(form.atoms) == 1 and form.constant == 0 and form.atoms[0][1] > 0 else None


def _says_positive(condition: Condition, names: Container[Term | None]) -> bool:
    role = condition.role
    if role.kind is Kind.OFF_SWITCH and any(threshold in names for threshold in role.thresholds):
        return True
    return _is_above_zero(comparison(condition.term, condition.truth), names)


def _is_above_zero(found: Comparison | None, names: Container[Term | None]) -> bool:
    limit = None if found is None else found.limit
    if limit is None or len(limit.atoms) != 1 or limit.atoms[0][0] not in names:
        return False
    return limit.is_above_zero

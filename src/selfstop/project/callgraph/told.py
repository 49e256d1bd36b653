"""Functions that are told what to call: by a callable that they are given, or by its name in a string.

Names are looked up with ``getattr``. A parameter also tells if it is handed on to one that does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice, product

from selfstop.flow.cfg import Call
from selfstop.flow.code import Function
from selfstop.flow.terms import NONE, App, Attr, Const, Item, Result, Term, Var, builtin_call
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.templates import composed

MAX_NAMES = 24
"""Names that are put together of one template."""


class Telling:
    """Which parameters of a program tell what is called."""

    def __init__(self, program: Program, parameters: frozenset[Term]) -> None:
        self._program = program
        self._parameters = parameters
        self._handed_on: dict[Term, set[Term]] = defaultdict(set)
        """For each parameter those of other functions that are given it."""

    def over(self, program: Program, parameters: frozenset[Term]) -> Telling:
        """The same over a ``program`` of which more is loaded."""
        renewed = Telling(program, parameters)
        renewed._handed_on = self._handed_on
        return renewed

    def hand_on(self, given: Term, parameter: Var) -> None:
        """Record that a function gives its own parameter ``given`` for ``parameter`` of another."""
        if given in self._parameters and given != parameter:
            self._handed_on[given].add(parameter)

    def received(self, parameter: Term) -> frozenset[Term]:
        """All parameters to which the value of ``parameter`` is handed on, itself among them."""
        seen = {parameter}
        stack = [parameter]
        while stack:
            new = self._handed_on.get(stack.pop(), set()) - seen
            seen |= new
            stack.extend(new)
        return frozenset(seen)

    def telling(self, function: Function) -> frozenset[Term]:
        """The parameters, of a function or of those around it, that tell what its calls run."""
        return frozenset(
            parameter
            for _, call in function.graph.calls()
            for parameter in (*self.tellers(call.func), *self._given(call))
        )

    def tellers(self, func: Term, seen: set[Term] | None = None) -> Iterator[Term]:
        """The parameters that tell what calling ``func`` runs."""
        seen = set() if seen is None else seen
        match func:
            case Var() if func in self._parameters:
                yield func
            case Result() | App(op="call") if lookup := looked_up(func):
                _, name = lookup
                parts = [part for part in composed(name) if not isinstance(part, str)]
                yield from (part for part in (name, *parts) if part in self._parameters)
            case Var() if func not in seen and func.scope in self._program.functions:
                seen.add(func)
                for definition in self._program.definitions(func):
                    if definition.value is not None:
                        yield from self.tellers(definition.value, seen)

    def _given(self, call: Call) -> Iterator[Term]:
        """The parameters that a call hands on to a function which they tell what to call."""
        for operand in call.operands:
            if self._handed_on.get(operand) and any(map(self._tells, self.received(operand) - {operand})):
                yield operand

    def _tells(self, parameter: Term) -> bool:
        """Whether the function of a parameter calls it, or what it names."""
        function = self._program.functions.get(parameter.scope) if isinstance(parameter, Var) else None
        if function is None:
            return False
        return any(parameter in self.tellers(call.func) for _, call in function.graph.calls())

    def names(self, term: Term, seen: set[Term] | None = None) -> Iterator[str]:
        """The strings that ``term`` may be, where the program shows them; nothing for what a caller gives.

        What was ``seen`` on the way is not looked at again.
        """
        seen = set() if seen is None else seen
        if term in seen:
            return
        seen.add(term)
        match term:
            case Const(value=str() as name):
                yield name
            case Var() | Attr() if term not in self._parameters:
                for definition in self._program.definitions(term):
                    if definition.value is not None and not definition.step:
                        yield from self.names(definition.value, seen)
            case _ if parts := composed(term):
                spelled = [[part] if isinstance(part, str) else list(self._spelled(part, set(seen))) for part in parts]
                yield from ("".join(chosen) for chosen in islice(product(*spelled), MAX_NAMES))
            case _:
                for value in self.alternatives(term):
                    yield from self.names(value, seen)

    def _spelled(self, part: Term, seen: set[Term]) -> Iterator[str]:
        """The strings that a part of a name may be, for a parameter those that callers give."""
        if part not in self._parameters:
            yield from self.names(part, seen)
        elif part not in seen:
            seen.add(part)
            for definition in self._program.definitions(part):
                if definition.value is not None:
                    yield from self._spelled(definition.value, seen)

    def is_open(self, name: Term, seen: set[Term] | None = None) -> bool:
        """Whether a name that is looked up may be one that the program does not show."""
        seen = set() if seen is None else seen
        if name in seen:
            return False
        seen.add(name)
        match name:
            case Const():
                return False
            case Var() | Attr():
                values = [found.value for found in self._program.definitions(name)]
                return not values or any(value is None or self.is_open(value, seen) for value in values)
            case _ if parts := composed(name):
                return any(self.is_open(part, seen) for part in parts if not isinstance(part, str))
        found = list(self.alternatives(name))
        return not found or any(self.is_open(value, seen) for value in found)

    def alternatives(self, term: Term) -> Iterator[Term]:
        """What ``term`` may be: by a condition, by looking something up in a table, by going through one."""
        match term:
            case App(op="if" | "or" | "and", args=values):
                yield from values
            case App(op="element", args=(table, *_)):
                yield from self._elements(table)
            case Item(base=App(op="element", args=(table, *_)), key=Const(value=int() as position)):
                for element in self._elements(table):
                    match element:
                        case App(op="tuple" | "list", args=values) if -len(values) <= position < len(values):
                            yield values[position]
            case Item(base=base, key=key) | App(op="get", args=(base, key, *_)):
                yield from self._selected(base, key)
            case (
                Result(callee=Attr(base=base, name="get"), args=(key, *_))
                | App(op="call", args=(Attr(base=base, name="get"), key, *_))
            ):
                yield from self._selected(base, key)

    def _elements(self, table: Term, seen: set[Term] | None = None) -> Iterator[Term]:
        """What going through ``table`` may give, as far as it is written down."""
        seen = set() if seen is None else seen
        if table in seen:
            return
        seen.add(table)
        match builtin_call(table):
            case "enumerate" | "reversed" as name, (inner, *_):
                for value in self._elements(inner, seen):
                    yield App("tuple", (NONE, value)) if name == "enumerate" else value
                return
        match table:
            case (
                Result(callee=Attr(base=base, name="items" | "keys" | "values" as part))
                | App(op="call", args=(Attr(base=base, name="items" | "keys" | "values" as part),))
            ):
                for key, value in self._pairs(base):
                    yield App("tuple", (key, value)) if part == "items" else key if part == "keys" else value
            case _:
                for written in self._written(table):
                    yield from self._listed(written, seen)

    def _listed(self, written: Term, seen: set[Term]) -> Iterator[Term]:
        match written:
            case App(op="dict"):
                yield from (key for key, _ in self._pairs(written))
            case App(op="list" | "tuple" | "set" | "sorted", args=values):
                for value in values:
                    match value:
                        case App(op="unpack", args=(inner,)):
                            yield from self._elements(inner, seen)
                        case _:
                            yield value

    def _pairs(self, table: Term) -> Iterator[tuple[Term, Term]]:
        for written in self._written(table):
            match written:
                case App(op="dict", args=pairs):
                    for pair in pairs:
                        match pair:
                            case App(op="pair", args=(key, value)):
                                yield key, value

    def _written(self, table: Term) -> list[Term]:
        """A table as it stands, or as it is assigned where it has a name."""
        return [table, *(d.value for d in self._program.definitions(table) if d.value is not None)]

    def _selected(self, base: Term, key: Term) -> Iterator[Term]:
        yield from (value for own, value in self._pairs(base) if not _differ(own, key))
        for table in self._written(base):
            match table:
                case App(op="list" | "tuple", args=values):
                    yield from values


def looked_up(term: Term) -> tuple[Term, Term] | None:
    """The object in which ``getattr`` looks and the name that it looks up, where ``term`` is what it gives."""
    match builtin_call(term):
        case "getattr", (base, name, *_):
            return base, name
    return None


def _differ(first: Term, second: Term) -> bool:
    return isinstance(first, Const) and isinstance(second, Const) and first != second

"""Guards in the data: what only receives ids under a guard stops nothing else.

``if idle >= LIMIT: ids.append(i)`` … ``ec2.stop_instances(InstanceIds=ids)`` is the commonest guarded form in
schedulers of fleets, ``for i in ids: ec2.stop_instances(InstanceIds=[i])`` the next. It counts where every way into
what is stopped is in sight: a collection that begins empty, what a generator yields, what is taken out of either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import TypeAlias

from selfstop.flow.cfg import Call, Operation
from selfstop.flow.code import Function, around
from selfstop.flow.facts import Analysis, Record
from selfstop.flow.known import Condition
from selfstop.flow.terms import App, Attr, Func, Item, Result, Term, Var
from selfstop.project.linking.linker import Linker
from selfstop.project.linking.outcomes import MAX_OUTCOMES, common
from selfstop.project.symbols.binding import bind
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.values import is_collected
from selfstop.project.verdicts.filling import (
    ADDING,
    UNKNOWN,
    adds_to,
    aliases_of,
    filled_at,
    handed_out,
    values_of,
    what_is_added,
)

_HOLDING = frozenset({"list", "tuple", "set", "sorted", "unpack", "+", "or"})
_DISPLAYS = frozenset({"list", "set", "tuple"})
_PASSING = frozenset({"reversed", "enumerate", "iter", "next", "frozenset"})
"""Builtins that give what they are given, item by item."""
_READING = frozenset({"copy", "pop", "popleft"})
_DEPTH = 12

Analyses: TypeAlias = "Mapping[str, Analysis]"
Ways: TypeAlias = "list[tuple[Condition, ...]]"
"""What was established on each of the ways by which something came to be where it is."""


class GuardedData:
    """Finds what was established whenever something was put into what a call is given."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._program = linker.program
        self._handed: dict[str, frozenset[Term]] = {}

    def alternatives(self, operands: Iterable[Term], analyses: Analyses) -> Sequence[tuple[Condition, ...]]:
        """The conditions under which the operands got their content; one empty tuple where that is unknown."""
        for operand in operands:
            found = _Tracing(self._program, self._linker, analyses, self._handed_out).ways(operand, frozenset())
            if found:
                return found
        return [()]

    def _handed_out(self, function: Function) -> frozenset[Term]:
        if function.id not in self._handed:
            self._handed[function.id] = frozenset(handed_out(function))
        return self._handed[function.id]


class _Tracing:
    """Follows content backwards, in the light of some analyses. None stands for content from anywhere."""

    def __init__(
        self, program: Program, linker: Linker, analyses: Analyses, handed_out: Callable[[Function], frozenset[Term]]
    ) -> None:
        self._program = program
        self._linker = linker
        self._analyses = analyses
        self._handed_out = handed_out

    def ways(self, term: Term, seen: frozenset[Term]) -> Ways | None:
        """The ways into what ``term`` is; those of what was ``seen`` on the way here are counted there."""
        if term in seen:
            return []
        if len(seen) > _DEPTH:
            return None
        seen |= {term}
        sources = _sources(term)
        if sources is not None:
            return self._together(self.ways(source, seen) for source in sources)
        match term:
            case Result(site=site, callee=Attr(name="filter"), frames=()):
                return self._together(self.ways(ids, seen) for ids in self._filtered_by(site)) or None
            case Result(callee=callee) if callee is not None:
                return self._given_back(callee, seen)
            case Var():
                return self._variable(term, seen)
            case Attr(base=base):
                return self._attribute(term, seen) or self.ways(base, seen)
        return None

    @staticmethod
    def _together(found: Iterable[Ways | None]) -> Ways | None:
        """All ways of several parts; None if those of one are unknown."""
        joined: dict[frozenset[object], tuple[Condition, ...]] = {}
        for ways in found:
            if ways is None:
                return None
            joined.update({frozenset(condition.key for condition in way): way for way in ways})
        return list(joined.values()) if len(joined) <= MAX_OUTCOMES else [common(list(joined.values()))]

    # Places

    def _variable(self, place: Var, seen: frozenset[Term]) -> Ways | None:
        function = self._program.functions.get(around(place.scope))
        if function is None or place in function.places:
            return None
        aliases = aliases_of(place, function)
        names = aliases.names
        if any(self._is_filled_within(name, function) for name in names):
            return None
        if not names.isdisjoint(self._handed_out(function)):
            return None
        values = [value for value in values_of(place, function) if value is not None or not is_collected(place)]
        added: dict[int, Term] = {}
        for number, node in enumerate(function.graph.nodes):
            addition = what_is_added(node.operation, aliases.may_be)
            if addition is UNKNOWN or self._is_filled_by(node.operation, names):
                return None
            if addition is not None:
                added[number] = addition
        ways = (None if value is None else self.ways(value, seen) for value in values)
        return self._together([*ways, self._put(function.id, added, seen, lambda place: place in names)])

    def _is_filled_within(self, place: Var, function: Function) -> bool:
        """Whether functions within this one bind a variable of it, or add to what it holds."""
        if place not in function.graph.captured:
            return False
        inner = (each for each in self._program.functions.values() if each.parent == function.id)
        return not self._program.is_settled(place) or any(adds_to(each, place) for each in inner)

    def _is_filled_by(self, operation: Operation, names: Set[Term]) -> bool:
        """Whether a call is of a function of the program that adds to what it is given."""
        if not isinstance(operation, Call) or names.isdisjoint((*operation.args, *dict(operation.keywords).values())):
            return False
        for func in self._linker.calls.targets(operation.func):
            body = self._program.body(func.function) if func.function in self._program.functions else None
            if body is None:
                return func.function in self._program.functions
            given = bind(body, func, operation.args, operation.keywords)
            if any(value in names and adds_to(body, parameter) for parameter, value in given.items()):
                return True
        return False

    def _attribute(self, place: Attr, seen: frozenset[Term]) -> Ways | None:
        """The ways into a collection that objects of a class of the program have."""
        owner = self._program.class_of(place.base)
        if owner is None:
            return None
        values = [definition.value for definition in self._program.definitions(place)]
        if not values or not all(isinstance(v, App) and v.op in _DISPLAYS and not v.args for v in values):
            return None
        names = (place.name, *(f"{place.name}.{method}" for method in ADDING))
        if not self._linker.crowded.attributes.isdisjoint(names):
            return None
        self._program.ask_who_binds(place, names)
        family = {*self._program.ancestors(owner), *self._program.descendants(owner), None}

        def is_meant(base: Term) -> bool:
            return isinstance(base, Attr) and base.name == place.name and self._program.class_of(base.base) in family

        found: list[Ways | None] = []
        for function in self._program.functions.values():
            if any(map(is_meant, self._handed_out(function))):
                return None
            operations = ((number, node.operation) for number, node in enumerate(function.graph.nodes))
            added = {
                number: value for number, each in operations if (value := what_is_added(each, is_meant)) is not None
            }
            if any(value is UNKNOWN for value in added.values()):
                return None
            found.append(self._put(function.id, added, seen) if added else [])
        return self._together(found)

    def _filtered_by(self, site: str) -> Iterator[Term]:
        """The ids that are named where machines are listed by the resource interface."""
        call = self._program.call_at(site)
        if call is not None:
            yield from (value for name, value in call.keywords if name == "InstanceIds")

    # Functions

    def _given_back(self, callee: Term, seen: frozenset[Term]) -> Ways | None:
        """The ways into what calling a function of the program gives."""
        targets = self._linker.calls.targets(callee)
        if not targets or not self._linker.calls.is_all(callee):
            return None
        return self._together(self._given_by(target, seen) for target in targets)

    def _given_by(self, target: Func, seen: frozenset[Term]) -> Ways | None:
        function = self._program.body(target.function) if target.function in self._program.functions else None
        if function is None:
            return None
        given = function.graph.yielded if function.is_generator else function.graph.returned
        nodes = {number: each.value for number, each in function.graph.assignments.get(given, ())}
        values = {number: value for number, value in nodes.items() if value is not None}
        if not values or len(values) < len(nodes):
            return None
        if function.is_generator:
            return self._put(function.id, values, seen)
        return self._together(self.ways(value, seen) for value in values.values())

    def _put(
        self,
        identity: str,
        values: Mapping[int, Term],
        seen: frozenset[Term],
        is_meant: Callable[[Term], bool] = lambda _: True,
    ) -> Ways | None:
        """What is known where values are put somewhere, at nodes of a function, and of the values themselves.

        What a name stands for may be known there: nothing is put into a collection that is not meant.
        """
        ways: Ways = []
        nodes = self._program.functions[identity].graph.nodes
        for record in self._records(identity, values):
            filled = filled_at(nodes[record.node].operation, record.state)
            if filled is not None and not is_meant(filled):
                continue
            held = record.state.conditions
            before = self.ways(values[record.node], seen)
            for way in [()] if before is None else before:
                known = {condition.key: condition for condition in way} | held
                ways.append(tuple(known.values()))
        return self._together([ways])

    def _records(self, identity: str, nodes: Iterable[int]) -> Iterator[Record]:
        analysis = self._analyses.get(identity)
        if analysis is None or not all(map(analysis.covers, nodes)):
            yield from self._linker.states_at(identity, nodes)
            return
        for node in nodes:
            yield from analysis.states(node)


def _sources(term: Term) -> Sequence[Term] | None:
    """What the content of a term comes from, if its form tells."""
    match term:
        case App(op="element" | "get", args=(inner,) | (inner, _)) | App(op="-" | "str", args=(inner, *_)):
            return (inner,)
        case App(op=op, args=args) if op in _HOLDING:
            return args
        case App(op="if", args=(_, *args)):
            return args
        case Item(base=base):
            return (base,)
        case Result(callee=Var(scope="builtins", name=name), args=(inner, *_)) if name in _PASSING:
            return (inner,)
        case Result(callee=Attr(base=base, name=name)) if name in _READING:
            return (base,)
        case Result(callee=Attr(name="Instance"), args=(inner,)):
            return (inner,)
    return None

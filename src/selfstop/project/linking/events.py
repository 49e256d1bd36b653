"""Events of ``threading`` and ``asyncio``: where they are set, under whatever name, and what held there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from selfstop.flow.cfg import Assign, Call, Operation, is_computed
from selfstop.flow.contents import is_silent
from selfstop.flow.known import Condition
from selfstop.flow.terms import App, Attr, Func, Instance, Term, Var, last_name
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.linking.outcomes import MAX_OUTCOMES, inexact
from selfstop.project.symbols.binding import bind
from selfstop.project.symbols.passing import Pairs, handed, invocation
from selfstop.project.symbols.table import class_id, is_class

if TYPE_CHECKING:
    from selfstop.project.linking.linker import Linker

_AT_ONCE = vocabulary("call_soon call_soon_threadsafe")
"""Functions that see to it at once that what they are given is called."""
_DISPLAYS = frozenset({"list", "tuple", "set", "dict", "pair", "unpack"})
_CHOICES = frozenset({"if", "or", "and"})


class _Deed(Enum):
    """What is done with an event."""

    SET = "set"
    HIDDEN = "hidden"
    """It, or its ``set``, is put where nobody sees what becomes of that."""
    GIVEN = "given"
    """It gets another name, or is handed on."""


@dataclass(frozen=True)
class _Spot:
    """A node, of a function, at which something is done with what ``place`` holds."""

    at: tuple[str, int]
    deed: _Deed
    place: Term


class Events:
    """Answers what held wherever an event was set.

    Nothing is known of one that may be set out of sight: whose ``set`` is handed away rather than called, or which is
    itself handed to code from elsewhere, or kept in a collection.
    """

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._program = linker.program
        self._settings: dict[Term, frozenset[tuple[str, int]]] = {}

    def conditions(self, event: Term) -> Sequence[Sequence[Condition]] | None:
        """What held wherever ``event`` was set: one list for each class of ways to there."""
        event = self._program.resolve(event)
        if not isinstance(event, (Attr, Var)):
            return None
        if event not in self._settings:
            self._settings[event] = self._set_at(event) or frozenset()
        found: list[tuple[Condition, ...]] = []
        for function, node in sorted(self._settings[event]):
            if self._linker.is_running(function):
                return None
            records = self._linker.states_at(function, [node])
            found += [inexact(record.state.conditions.values()) for record in records]
        return tuple(found) if 0 < len(found) <= MAX_OUTCOMES else None

    def _set_at(self, event: Term) -> frozenset[tuple[str, int]] | None:
        """The nodes at which an event is set; None where it may be set elsewhere, too."""
        # Whatever has its name may be it: who hands a parameter what need not be known.
        found = {spot.at for spot in self._spots.get(last_name(event), ()) if spot.deed is _Deed.SET}
        pending = self._origins(event)
        seen = set(pending)
        while pending:
            place = pending.pop()
            setting = f"{last_name(place)}.set"
            if setting in self._linker.crowded.attributes:
                return None
            self._program.questions.attribute(setting, self._module_of(place))
            self._program.ask_who_binds(place, (setting,))
            for spot in self._spots.get(last_name(place), ()):
                if not self._may_be(spot.place, place):
                    continue
                names = self._named_at(spot)
                if names is None:
                    return None
                if spot.deed is _Deed.SET:
                    found.add(spot.at)
                pending += [each for each in names if each not in seen]
                seen.update(names)
        return frozenset(found)

    def _origins(self, event: Term) -> list[Term]:
        """A place and all those from which it has its event: of a parameter what is given for it."""
        found = [event]
        for place in found:
            values = (definition.value for definition in self._program.definitions(place))
            for part in chain(*(_parts(value, _CHOICES) for value in values), self._handed_for(place)):
                meaning = self._program.resolve(part)
                if isinstance(meaning, (Attr, Var)) and meaning not in found:
                    found.append(meaning)
        return found

    def _handed_for(self, parameter: Term) -> Iterator[Term]:
        """What a function is going to be given for a parameter by what it is handed to, as ``Thread(target=f)``."""
        function = self._program.functions.get(parameter.scope) if isinstance(parameter, Var) else None
        if function is None or parameter not in function.places:
            return
        for spot in self._spots.get(function.name, ()):
            call = self._operation(spot)
            if isinstance(call, Call) and spot.place in call.operands:
                args, keywords = handed(invocation(call), call.operands.index(spot.place))
                for func in self._linker.calls.targets(spot.place):
                    if func.function == function.id:
                        yield from _parts(bind(function, func, args, keywords).get(parameter), _CHOICES)

    def _module_of(self, place: Term) -> str:
        """The only module in which something is done with a place; the empty string where that may be anywhere."""
        function = self._program.functions.get(place.scope) if isinstance(place, Var) else None
        return "" if function is None else function.module

    def _may_be(self, term: Term, place: Term) -> bool:
        """Whether a term and a place, which have the same name, may be the same thing."""
        meaning = self._program.resolve(term)
        if meaning == place:
            return True
        first, second = self._owner(meaning), self._owner(place)
        if first is None or second is None:
            return False
        return not first or not second or first == second or self._are_related(first, second)

    def _owner(self, place: Term) -> str | None:
        """The class whose objects have an attribute, the empty string for any class; None for what is no attribute."""
        match place:
            case Var(scope=scope) if scope in self._program.classes:
                return scope
            case Attr(base=base):
                return self._program.class_of(base) or ""
        return None

    def _are_related(self, first: str, second: str) -> bool:
        return first in self._program.ancestors(second) or second in self._program.ancestors(first)

    # What becomes of what a place holds

    def _named_at(self, spot: _Spot) -> Sequence[Term] | None:
        """The places that get at a node what another one holds; None where not all are known."""
        if spot.deed is not _Deed.GIVEN:
            return () if spot.deed is _Deed.SET else None
        function = self._program.functions[spot.at[0]]
        match self._operation(spot):
            case Assign(target=Var(name=name) as target) if not name.startswith("$") or is_computed(target):
                return [target]
            case Assign(target=Attr() as target):
                return [target]
            case Assign(target=target) if target == function.graph.returned and self._program.is_property(function.id):
                return [Attr(function.places[0], function.name)] if function.places else None
            case Call() as call:
                return self._named_by(call, spot.place)
        return None

    def _operation(self, spot: _Spot) -> Operation:
        function, node = spot.at
        return self._program.functions[function].graph.nodes[node].operation

    def _named_by(self, call: Call, given: Term) -> Sequence[Term] | None:
        """The places that get what a call is given; None where not all are known."""
        if given in call.operands and is_silent(call):
            return ()
        funcs = self._linker.calls.implementations(self._linker.calls.run_by(call))
        if funcs:
            return self._parameters(funcs, call.args, call.keywords, given) if self._are_all(call) else None
        made = self._program.resolve(call.func)
        if is_class(made) and self._program.is_record(class_id(made)):
            instance = Instance(class_id(made), call.result.site)
            fields = self._program.field_names(class_id(made))
            named = (*zip(fields, call.args, strict=False), *call.keywords)
            return [Attr(instance, name) for name, value in named if value == given] or None
        found: list[Term] = []
        for position, operand in enumerate(call.operands):
            funcs = self._linker.calls.implementations(self._linker.calls.targets(operand))
            args, keywords = handed(invocation(call), position)
            if funcs and given in (*args, *(value for _, value in keywords)):
                places = self._parameters(funcs, args, keywords, given)
                if places is None:
                    return None
                found += places
        return found or None

    def _are_all(self, call: Call) -> bool:
        return is_class(self._program.resolve(call.func)) or self._linker.calls.is_all(call.func)

    def _parameters(
        self, funcs: Sequence[Func], args: Sequence[Term], keywords: Pairs, given: Term
    ) -> Sequence[Term] | None:
        """The parameters for which functions are given something; None where one of them is not loaded."""
        found: list[Term] = []
        for func in funcs:
            function = self._program.body(func.function)
            if function is None:
                return None
            places = [place for place, value in bind(function, func, args, keywords).items() if value == given]
            if not places:
                return None
            found += places
        return found

    @cached_property
    def _spots(self) -> Mapping[str, list[_Spot]]:
        """Where something is done with what may be an event, by the name of what holds it."""
        found: dict[str, list[_Spot]] = defaultdict(list)
        for function in self._program.functions.values():
            for number, node in enumerate(function.graph.nodes):
                for deed, place in _deeds(node.operation):
                    found[last_name(place)].append(_Spot((function.id, number), deed, place))
        return found


def _deeds(operation: Operation) -> Iterator[tuple[_Deed, Term]]:
    """What a node does with places that may hold events."""
    match operation:
        case Call(func=Attr(base=base, name="set"), args=(), keywords=()):
            yield _Deed.SET, base
        case Call(func=func, operands=operands):
            for part in chain(*map(_parts, operands)):
                match part:
                    case Attr(base=base, name="set"):
                        yield _Deed.SET if last_name(func) in _AT_ONCE else _Deed.HIDDEN, base
                    case _:
                        yield _Deed.GIVEN, part
        case Assign(value=value) if value is not None:
            chosen = list(_parts(value, _CHOICES))
            for part in _parts(value):
                match part:
                    case Attr(base=base, name="set"):
                        yield _Deed.HIDDEN, base
                    case _:
                        yield _Deed.GIVEN if part in chosen else _Deed.HIDDEN, part


def _parts(value: Term | None, within: Container[str] = _DISPLAYS | _CHOICES) -> Iterator[Term]:
    """The places of which a value is made up as it is: one of several, or in a display."""
    match value:
        case Attr() | Var():
            yield value
        case App(op=op, args=args) if op in within:
            for arg in args:
                yield from _parts(arg, within)

"""Functions that an object keeps from when it was made: what matters is when the object calls them.

``Loop(stop_box)`` stops nothing: ``self.on_idle()`` does, in a method of ``Loop``, and under its conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.code import Function
from selfstop.flow.control import ControlDependence
from selfstop.flow.terms import App, Attr, Const, Func, Result, Term, Var, children
from selfstop.project.callgraph.registration import CLEANUP_METHODS
from selfstop.project.callgraph.told import Telling
from selfstop.project.symbols.binding import bind
from selfstop.project.symbols.calls import Calls
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.questions import Crowded
from selfstop.project.symbols.table import class_id, is_class, is_receiver


@dataclass(frozen=True)
class KeptCall:
    """A call of a function that an object keeps: where it stands, and how it runs as clean-up, if it does."""

    function: str
    node: int
    cleanup: str = ""


class Callbacks:
    """Finds the calls of what is given to constructors."""

    def __init__(
        self,
        program: Program,
        calls: Calls,
        telling: Telling,
        dependence: Callable[[str], ControlDependence],
        crowded: Crowded,
    ) -> None:
        """``crowded`` are names of which so many files speak that not all of these are known."""
        self._program = program
        self._calls = calls
        self._telling = telling
        self._dependence = dependence
        self._crowded = crowded
        self._found: dict[Var, tuple[KeptCall, ...]] = {}

    def calls_of(
        self, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]], value: Term
    ) -> tuple[KeptCall, ...]:
        """The calls of ``value`` by an object that is given it to keep; none where these are not all known."""
        bound = self._bound(func, args, keywords)
        places = [place for place, given in bound if given == value and isinstance(place, Var)]
        if len(places) != 1:
            return ()
        (place,) = places
        if place not in self._found:
            self._found[place] = tuple(self._find(place))
        return self._found[place]

    def _bound(
        self, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> Iterator[tuple[Term, Term]]:
        """What the parameters of a function or constructor are given."""
        match self._program.resolve(func):
            case Func(function=identity) as function if identity in self._program.functions:
                yield from bind(self._program.functions[identity], function, args, keywords).items()
            case App(op="class", args=(Const(value=str() as cls),)):
                init = self._program.method(cls, "__init__")
                if init is not None:
                    made = Func(init, Const(None))
                    yield from bind(self._program.functions[init], made, args, keywords).items()
                yield from self._program.fields_given(cls, args, keywords)

    def _find(self, place: Var) -> list[KeptCall]:
        keepers = self._keepers(place)
        found: list[KeptCall] = []
        for cls, name in sorted(keepers or ()):
            made = self._calls_of_attribute(cls, name)
            if not made:
                return []
            found += made
        return list(dict.fromkeys(found))

    def _keepers(self, place: Var) -> set[tuple[str, str]] | None:
        """The classes and attributes in which what a parameter is given is kept; None if other things come of it."""
        if place.scope in self._program.classes:
            return {(place.scope, place.name)}
        found: set[tuple[str, str]] = set()
        for received in self._telling.received(place):
            function = self._program.body(received.scope) if isinstance(received, Var) else None
            if function is None or received in function.graph.captured:
                return None
            for node in function.graph.nodes:
                match node.operation:
                    case Assign(target=Attr(base=Var(name=own), name=name), value=value) if _is_from(value, received):
                        if function.cls is None or not is_receiver(function, own):
                            return None
                        found.add((function.cls, name))
                    case Assign(target=target, value=value) if target != received and _speaks_of((value,), received):
                        return None
                    case Call() as call if not self._hands_on(call, received):
                        return None
        return found

    def _hands_on(self, call: Call, place: Term) -> bool:
        """Whether a call has nothing to do with what is given for a parameter, or hands it on to another one."""
        if not _speaks_of((call.func, *call.operands), place):
            return True
        if place not in call.operands or _speaks_of((call.func,), place):
            return False
        callee = self._program.resolve(call.func)
        if is_class(callee):
            return self._program.method(class_id(callee), "__init__") is not None
        return bool(self._calls.targets(callee))

    def _calls_of_attribute(self, cls: str, name: str) -> list[KeptCall]:
        """The calls of an attribute, of objects of a class; none if it may also be called in some other way."""
        family = {cls, *self._program.ancestors(cls), *self._program.descendants(cls)}
        self._program.questions.reading(name, {self._program.classes[each].name for each in family})
        if name in self._crowded.readings:
            return []
        found: list[KeptCall] = []
        for function in self._program.functions.values():
            for term, number in function.reads.get(name, ()):
                owner = self._program.class_of(term.base)
                if owner is not None and owner not in family:
                    continue
                if owner is None or number is None:
                    return []
                found.append(self._described(function, number))
        return found

    def _described(self, function: Function, number: int) -> KeptCall:
        dependence = self._dependence(function.id)
        blocks = function.graph.nodes[number].finallies
        if blocks and dependence.avoidable(number, within=blocks[-1]):
            return KeptCall(function.id, number, f"the `finally` block of `{function.qualname}`")
        if function.cls is not None and function.name in CLEANUP_METHODS and dependence.avoidable(number):
            return KeptCall(function.id, number, f"`{function.name}`")
        return KeptCall(function.id, number)


def _is_from(value: Term | None, place: Term) -> bool:
    """Whether a value is that of a place, or something else where that holds none."""
    match value:
        case App(op="if", args=(_, *values)) | App(op="or", args=values):
            return place in values
    return value == place


def _speaks_of(values: Sequence[Term | None], place: Term) -> bool:
    """Whether a place is part of one of some values, other than of what was given for one that a call gave."""
    stack = [value for value in values if value is not None]
    while stack:
        part = stack.pop()
        if part == place:
            return True
        if not isinstance(part, Result):
            stack.extend(children(part))
    return False

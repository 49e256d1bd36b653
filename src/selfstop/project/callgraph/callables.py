"""What a term stands for when it is called: through names, attributes, tables, conditions and ``partial``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from selfstop.flow.terms import App, Attr, Const, Func, Item, Result, Term, Var
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.callgraph.told import Telling, looked_up
from selfstop.project.symbols.binding import as_partial
from selfstop.project.symbols.calls import Calls

_KEPT = frozenset({"partial", "if", "or", "and", "get", "call", "element"})
"""Operations of which something that can be called may come."""


class Callables:
    """Says of terms of one program, flow aside, what runs when they are called.

    What a parameter is given is no part of that: only who calls decides it.
    """

    def __init__(self, calls: Calls, stops: StopCalls, telling: Telling) -> None:
        self._program = calls.program
        self._calls = calls
        self._stops = stops
        self._telling = telling

    def of(self, term: Term, seen: set[Term] | None = None) -> Iterator[Term]:
        """What ``term`` may stand for: functions, ``partial`` of such, and places of which no more is known.

        What was ``seen`` on the way is not looked at again.
        """
        seen = set() if seen is None else seen
        resolved = self._program.resolve(as_partial(term))
        if resolved in seen:
            return
        seen.add(resolved)
        match resolved:
            case App(op="partial", args=(inner, *fixed)):
                yield from (App("partial", (target, *fixed)) for target in self.of(inner, seen))
            case Func():
                yield from self._calls.targets(resolved)
            case Result() | App(op="call") if lookup := looked_up(resolved):
                base, name = lookup
                yield from chain.from_iterable(self.of(Attr(base, meant), seen) for meant in self._telling.names(name))
            case Item() | App(op="if" | "or" | "and" | "get" | "element" | "call") | Result(callee=Attr(name="get")):
                yield from chain.from_iterable(self.of(value, seen) for value in self._telling.alternatives(resolved))
            case _:
                yield resolved
                if not self._stops.is_reference(resolved):
                    yield from self._bound(resolved, seen)

    def runnable(self, term: Term) -> Iterator[Term]:
        """Those that are functions of the program or stop calls, also with arguments fixed by ``partial``."""
        if not isinstance(term, Const):
            yield from filter(self._runs, self.of(term))

    def _runs(self, target: Term) -> bool:
        match target:
            case App(op="partial", args=(inner, *_)):
                return isinstance(inner, Func) or self._stops.is_reference(target)
        return isinstance(target, Func) or self._stops.is_reference(target)

    def _bound(self, place: Term, seen: set[Term]) -> Iterator[Term]:
        """What a variable or an attribute is bound to anywhere."""
        if not isinstance(place, (Var, Attr)) or place in self._calls.parameters:
            return
        for definition in self._program.definitions(place):
            value = definition.value
            if value is None or definition.step:
                continue
            if isinstance(value, (Func, Attr, Var, Item)) or (isinstance(value, App) and value.op in _KEPT):
                yield from self.of(value, seen)

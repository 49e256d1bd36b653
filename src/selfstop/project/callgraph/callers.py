"""Who calls a function, and with what: for functions that reach a stop call and for all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from selfstop.flow.cfg import Call
from selfstop.flow.terms import Func, Term
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.uses import Use
from selfstop.project.symbols.binding import unwrapped
from selfstop.project.symbols.passing import Pairs, handed, invocation


@dataclass(frozen=True)
class Caller:
    """A call of a function: the node where it stands, and all arguments."""

    place: tuple[str, int]
    func: Func
    args: tuple[Term, ...]
    keywords: Pairs


def given(call: Call, use: Use) -> tuple[tuple[Term, ...], Pairs]:
    """The arguments, as they are written, with which what ``use`` names is called."""
    _, fixed, named = unwrapped(use.term)
    if use.handed >= 0:
        args, keywords = handed(invocation(call), use.handed)
    else:
        args, keywords = call.args, call.keywords
    return (*fixed, *args), (*named, *keywords)


class Callers:
    """Finds the calls of functions, on demand."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._program = reach.program
        self._assignments = reach.assignments
        self._found: dict[str, list[Caller]] = {}

    def of(self, function: str) -> list[Caller]:
        """All calls of a function that the program shows."""
        if function not in self._found:
            calls = self._among_stoppers(function) if function in self._reach.functions else self._by_name(function)
            self._found[function] = list(dict.fromkeys(calls))
        return self._found[function]

    def has_others(self, function: str) -> bool:
        """Whether something outside of the program may call the function as well."""
        return self._reach.is_exposed(function)

    def entries(self, function: str) -> set[str]:
        """The functions at which every way to ``function`` begins."""
        found: set[str] = set()
        seen = {function}
        stack = [function]
        while stack:
            current = stack.pop()
            callers = {caller for caller, _, _ in self._reach.callers_of(current)}
            if not callers or self._reach.is_entry(current):
                found.add(current)
            stack.extend(sorted(callers - seen))
            seen |= callers
        return found

    def _among_stoppers(self, function: str) -> Iterator[Caller]:
        for caller, number, _ in self._reach.callers_of(function):
            call = self._call(caller, number)
            for use in self._reach.uses.of(call, call.func, call.args, call.keywords):
                if use.func is not None and use.func.function == function:
                    args, keywords = given(call, use)
                    yield Caller((caller, number), use.func, args, keywords)

    def _by_name(self, identity: str) -> Iterator[Caller]:
        for name in sorted(self._names(identity)):
            if name != "__init__":
                self._program.questions.call_of(name)
            for spot in self._assignments.calls(name):
                call = self._call(spot.function, spot.node)
                target, fixed, named = unwrapped(call.func)
                for func in self._reach.linker.calls.run_by(replace(call, func=target)):
                    if func.function == identity:
                        place = (spot.function, spot.node)
                        yield Caller(place, func, (*fixed, *call.args), (*named, *call.keywords))

    def _names(self, identity: str) -> set[str]:
        """The names under which a function is called: its own, or for ``__init__`` those of its classes."""
        function = self._program.functions[identity]
        if function.name != "__init__" or function.cls is None:
            return {function.name}
        classes = [function.cls, *self._program.descendants(function.cls)]
        return {"__init__", *(self._program.classes[cls].name for cls in classes)}

    def _call(self, function: str, number: int) -> Call:
        call = self._program.functions[function].graph.nodes[number].operation
        assert isinstance(call, Call)
        return call

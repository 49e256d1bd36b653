"""What callers give for parameters: functions, stop calls, and the names of stop calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from functools import cached_property

from selfstop.flow.cfg import Call
from selfstop.flow.terms import App, Attr, Const, Func, Item, Term, Var, last_name
from selfstop.project.callgraph.callables import Callables
from selfstop.project.callgraph.renewal import renewed
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.callgraph.told import Telling
from selfstop.project.symbols.binding import bind, unwrapped
from selfstop.project.symbols.calls import Calls

_STOP_CALL = ""
_PASSES = 3
"""How often calls are looked at for what they give to parameters."""


class Given:
    """For the parameters of a program what the calls in it give them."""

    def __init__(self, calls: Calls, stops: StopCalls) -> None:
        self._program = calls.program
        self._calls = calls
        self._stops = stops
        self._passed: dict[Term, set[str]] = defaultdict(set)
        """For each parameter the functions given for it in some call, and whether a stop call is."""
        self.by_default: set[str] = set()
        """Functions that call a stop call if their callers say nothing else."""
        self.telling = Telling(calls.program, calls.parameters)
        self.callables = Callables(calls, stops, self.telling)
        self._record_arguments()
        self._pass_on()

    def over(self, calls: Calls, stops: StopCalls) -> Given:
        """The same over a program of which more is loaded."""
        program = calls.program
        program.take_arguments(self._program)
        found: Given = renewed(self)
        found._program = program
        found._calls = calls
        found._stops = stops
        found.telling = self.telling.over(program, calls.parameters)
        found.callables = Callables(calls, stops, found.telling)
        return found

    def functions(self, parameter: Term) -> Set[str]:
        """The functions that are given for a parameter."""
        return self._passed.get(parameter, set()) - {_STOP_CALL}

    def is_stop(self, parameter: Term) -> bool:
        """Whether a stop call, or the name of one, is given for a parameter."""
        return _STOP_CALL in self._passed.get(parameter, ())

    def receivers(self) -> Iterator[str]:
        """The functions of the parameters that are given any of these."""
        yield from (parameter.scope for parameter in self._passed if isinstance(parameter, Var))

    def _record_arguments(self) -> None:
        """Record what calls give for parameters. What is called may depend on that: so again, as long as it is new."""
        for function in self._program.functions.values():
            for place, parameter in zip(function.places, function.parameters, strict=True):
                if parameter.default is not None and self.is_stop_call(parameter.default):
                    self.by_default.add(function.id)
                    self._passed[place].add(_STOP_CALL)
                if parameter.default is not None and not isinstance(parameter.default, Func):
                    self._program.add_argument(place, parameter.default, function.id)
        calls = [
            (function.id, call) for function in self._program.functions.values() for _, call in function.graph.calls()
        ]
        for _ in range(_PASSES):
            self._program.resolve_anew()
            open_calls = []
            is_new = False
            for identity, call in calls:
                found = self._calls.run_by(call)
                if not found and _may_be_given(call.func):
                    open_calls.append((identity, call))
                for func in found:
                    is_new = self._record_given(identity, call, func) or is_new
                is_new = self._record_fields(identity, call) or is_new
                is_new = self._record_mapped(identity, call) or is_new
            if not is_new:
                break
            calls = open_calls
        self._program.resolve_anew()

    def _record_given(self, caller: str, call: Call, func: Func) -> bool:
        """Record what a call gives to the function that it runs; returns whether any of that is new."""
        callee = self._program.functions.get(func.function)
        if callee is None:
            return False
        is_new = False
        for place, value in bind(callee, func, call.args, call.keywords).items():
            if isinstance(place, Var):
                is_new = self._record_argument(place, value, caller) or is_new
        return is_new

    def _record_fields(self, caller: str, call: Call) -> bool:
        """Record what a record is made with; returns whether any of that is new."""
        made = self._program.made_by(call)
        if made is None:
            return False
        owner, args = made
        is_new = False
        for place, value in self._program.fields_given(owner, args, call.keywords):
            is_new = self._program.add_argument(place, value, caller) or is_new
        return is_new

    def _record_mapped(self, caller: str, call: Call) -> bool:
        """Record what a function is given that ``map`` calls for each element; returns whether any of that is new."""
        if last_name(call.func) != "map" or len(call.args) < 2:
            return False
        mapped, *collections = call.args
        given = tuple(App("element", (collection,)) for collection in collections)
        is_new = False
        for func in self._calls.targets(mapped):
            callee = self._program.functions.get(func.function)
            for place, value in {} if callee is None else bind(callee, func, given, ()).items():
                if isinstance(place, Var) and value in given:
                    is_new = self._program.add_argument(place, value, caller) or is_new
        return is_new

    def is_stop_call(self, value: Term) -> bool:
        """Whether a value is a stop call to be made, or the name of one."""
        return any(map(self._stops.is_reference, self.callables.runnable(value))) or self.names_stop(value)

    def names_stop(self, value: Term) -> bool:
        """Whether a value is the name of a stop call, or is kept under a name that is bound to one."""
        if isinstance(value, Const):
            return value.value in self._stops.names
        if isinstance(value, (Var, Attr, Item)) and self._keeps_name(value):
            return any(name in self._stops.names for name in self.telling.names(value))
        return False

    def _keeps_name(self, place: Term) -> bool:
        root = place.base if isinstance(place, Item) else place
        return last_name(root) in self._name_keepers

    @cached_property
    def _name_keepers(self) -> frozenset[str]:
        """The names of variables and attributes in whose values the name of a stop call stands, or such a name."""
        modules = self._program.modules.values()
        known: set[str] = set(self._stops.names)
        new = set(known)
        while new:
            found = (definition.target for module in modules for definition in module.links_of(new))
            new = set(map(last_name, found)) - known
            known |= new
        return frozenset(known)

    def _record_argument(self, parameter: Var, value: Term, caller: str) -> bool:
        for target in self.callables.runnable(value):
            func = unwrapped(target)[0]
            self._passed[parameter].add(func.function if isinstance(func, Func) else _STOP_CALL)
        if self.names_stop(value):
            self._passed[parameter].add(_STOP_CALL)
        self.telling.hand_on(value, parameter)
        return not isinstance(value, Func) and self._program.add_argument(parameter, value, caller)

    def _pass_on(self) -> None:
        """What a parameter is given reaches those that it is handed on to."""
        for parameter, passed in list(self._passed.items()):
            for other in self.telling.received(parameter) - {parameter}:
                self._passed[other] |= passed

    def is_passed(self, parameter: Term) -> bool:
        """Whether a function, or a stop call, is given for a parameter in some call."""
        return bool(self._passed.get(parameter))


def _may_be_given(func: Term) -> bool:
    """Whether what ``func`` calls may be the better known the more is known of parameters."""
    while isinstance(func, (Attr, Item)):
        func = func.base
    return not (isinstance(func, Var) and func.scope in {"import", "builtins"})

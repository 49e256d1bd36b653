"""Who can reach a stop call: the call graph, restricted to what matters.

Flow aside, a function reaches a stop call if it calls one, hands a reference to one away, or calls or hands
away a function that reaches one. Only these functions are analysed from their callers' side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property

from selfstop.flow.code import MODULE_BODY, Definition, Function, ModuleCode
from selfstop.flow.terms import NONE, App, Attr, Const, Func, Item, Result, Term, Var, dotted, last_name, walk
from selfstop.flow.vocabulary import says_stop
from selfstop.project.callgraph.given import Given
from selfstop.project.callgraph.manifests import EntryPoint, declared
from selfstop.project.callgraph.registration import CLEANUP_METHODS, is_serverless, registering
from selfstop.project.callgraph.renewal import renewed
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.callgraph.told import Telling
from selfstop.project.callgraph.uses import Mode, Use, Uses
from selfstop.project.linking.linker import Linker
from selfstop.project.symbols.assignments import Assignments
from selfstop.project.symbols.binding import unwrapped
from selfstop.project.symbols.calls import GENERIC_NAMES
from selfstop.project.symbols.table import class_id
from selfstop.project.symbols.templates import composed


class Reach:
    """The functions from which a stop call can be reached, and the uses at each of their calls."""

    def __init__(self, linker: Linker, stops: StopCalls, entry_points: Sequence[EntryPoint] = ()) -> None:
        self.program = linker.program
        self.entry_points = entry_points
        self.linker = linker
        self.stops = stops
        self.given = Given(linker.calls, stops)
        self.functions: set[str] = set()
        self._watched = _Watched(self.functions)
        self.uses = Uses(linker, stops, self.given, self._watched)
        self.names: set[str] = set()
        """The names by which a stop call, or what reaches one, is called or kept."""
        self.told: set[str] = set()
        """Functions that reach a stop call only by calling what they are given."""
        self._rough: dict[str, list[tuple[int, Use]]] = {}
        self._missed: dict[str, frozenset[str]] = {}
        """For each of these functions those that would change its uses, did they reach a stop call."""
        self._keeping: set[Definition] = set()
        """Definitions that keep what reaches a stop call, by itself or among other things."""
        self._other_names: set[Term] = set()
        """The targets of those that give it nothing but another name."""
        self._close()
        self.callers = self._callers()

    def over(self, linker: Linker) -> Reach:
        """The same over a program of which more is loaded: enough to ask what else matters, not to judge."""
        found = renewed(self)
        found.program = linker.program
        found.linker = linker
        found.stops = replace(self.stops, program=linker.program)
        found.given = self.given.over(linker.calls, found.stops)
        found.uses = Uses(linker, found.stops, found.given, self.functions)
        return found

    @property
    def telling(self) -> Telling:
        """Which parameters tell what is called."""
        return self.given.telling

    def stoppers_named(self, name: str) -> tuple[str, ...]:
        """The methods of that name from which a stop call is reached."""
        return tuple(
            item
            for item in self.uses.named(name)
            if item in self.functions and self.program.functions[item].cls is not None
        )

    def _rough_uses(self, function: Function) -> list[tuple[int, Use]]:
        """The uses of a function as its calls are written, flow aside."""
        found: list[tuple[int, Use]] = []
        for number, call in function.graph.calls():
            found.extend((number, use) for use in self.uses.of(call, call.func, call.args, call.keywords))
        return found

    def _close(self) -> None:
        """Find all functions that reach a stop call.

        A call can only lead to one by a name: that of a stop call, of a function that reaches one, or of
        something in which either is kept. So in each round only functions that speak new names are looked at.
        """
        looking_up = self.speaking({"getattr"})
        told = set(self.given.receivers()) | looking_up
        new = set(self.stops.words)
        composing = {identity for identity in looking_up if any(True for _ in self._composed(identity))}
        while new:
            self.names |= new
            self._grow(composing | self.speaking(new), told)
            new = self._names_of_reached(self.names)
            # What a call means may depend on what reaches a stop call: in the end such are looked at again.
            while not new and self._grow(self._outdated(), told):
                new = self._names_of_reached(self.names)

    def speaking(self, names: Set[str]) -> set[str]:
        """The functions in whose calls one of ``names`` is spoken."""
        return {
            identity
            for module in self.program.modules.values()
            for name in names & module.speakers.keys()
            for identity in module.speakers[name]
        }

    def _names_of_reached(self, known: Set[str]) -> set[str]:
        """The names by which what reaches a stop call is called, but for those that are known already."""
        found = {self.program.functions[identity].name for identity in self.functions - self.told}
        keepers = list(self._keepers(known))
        self._keeping.update(keepers)
        self._other_names |= {definition.target for definition in keepers if _is_name_of(definition.value)}
        found |= {last_name(definition.target) for definition in keepers}
        found |= {local for local, _ in self._imported_as()}
        return found - known

    def _grow(self, affected: Iterable[str], told: Iterable[str]) -> bool:
        """Look at the uses in ``affected`` functions; returns whether more functions reach a stop call now."""
        # What is found out first may decide what is known of the rest, so the order must not be one of hashes.
        for identity in sorted(affected):
            self._watched.missed.clear()
            self._rough[identity] = self._rough_uses(self.program.functions[identity])
            self._missed[identity] = frozenset(self._watched.missed)
        grown = {identity for identity, uses in self._rough.items() if any(self._leads(use) for _, use in uses)}
        calling = {identity for identity in sorted(told) if identity not in grown and self._calls_parameter(identity)}
        self.told = calling - self.given.by_default
        grown |= calling | self.functions
        is_more = grown != self.functions
        self.functions |= grown
        return is_more

    def _outdated(self) -> set[str]:
        """The functions whose uses may be others now, because of what was found to reach a stop call since."""
        return {identity for identity, missed in self._missed.items() if not missed.isdisjoint(self.functions)}

    def _keepers(self, names: Set[str]) -> Iterator[Definition]:
        """The definitions that keep what reaches a stop call, but for those that are known already."""
        for module in self.program.modules.values():
            yield from self._keepers_in(module, names, self._keeping)

    def _keepers_in(
        self, module: ModuleCode, names: Set[str], but: Set[Definition] = frozenset()
    ) -> Iterator[Definition]:
        exported = Var(module.name, "__all__")
        for definition in module.links_of(names):
            if definition.target == exported:
                continue  # a list of names for importers, not of things to call
            if definition not in but and any(map(self.stops_if_called, walk(definition.value or NONE))):
                yield definition

    def _leads(self, use: Use) -> bool:
        """Whether a use leads to a stop call. A helper that calls what it is given does if that does."""
        if use.func is None:
            return True
        if use.func.function not in self.told:
            return use.func.function in self.functions
        operands = (*use.args, *(value for _, value in use.keywords))
        return any(self.stops_if_called(part) for operand in operands for part in walk(operand))

    def _calls_parameter(self, identity: str) -> bool:
        """Whether the function calls what a caller gives it: a stop call, a function that reaches one, or its name."""
        return any(
            self.given.is_stop(parameter) or not self.functions.isdisjoint(self.given.functions(parameter))
            for parameter in self.telling.telling(self.program.functions[identity])
        )

    def _callers(self) -> dict[str, list[tuple[str, int, Mode]]]:
        callers: dict[str, list[tuple[str, int, Mode]]] = defaultdict(list)
        for identity in sorted(self._rough):
            for number, use in self._rough[identity]:
                if use.func is not None and use.func.function in self.functions:
                    callers[use.func.function].append((identity, number, use.mode))
        return callers

    def aliases(self) -> Iterator[tuple[str, str]]:
        """Other names under which what reaches a stop call is kept, with the module in which that is done."""
        names = {*self.stops.words, *(self.program.functions[identity].name for identity in self.functions)}
        found: set[tuple[str, str]] = set()
        new = set(names)
        while new:
            kept = {
                (last_name(definition.target), module.name)
                for module in self.program.modules.values()
                for definition in self._keepers_in(module, new)
                if self.program.outlives(definition.target) and not _is_definition(definition)
            }
            new = {name for name, _ in kept - found} - names
            names |= new
            found |= kept
        yield from sorted(found)
        yield from self._imported_as()

    def _imported_as(self) -> Iterator[tuple[str, str]]:
        """Other names under which what reaches a stop call is imported, each with the module that does it."""
        for module in self.program.modules.values():
            for local, path in module.imports:
                if local != path.rpartition(".")[2] and self.stops_if_called(self.program.resolve(Var("import", path))):
                    yield local, module.name

    def stops_if_called(self, part: Term) -> bool:
        """Whether a value is what reaches a stop call when it is called."""
        match part:
            case Func(function=function):
                return function in self.functions and function not in self.told
            case App(op="class", args=(Const(value=str() as cls),)):
                return any(self.program.functions[identity].cls == cls for identity in self.functions - self.told)
            case Const(value=str() as name):
                return name in self.stops.names
            case Item() | Var() | Attr() if self.given.names_stop(part):
                return True
            case Var() | Attr() if (meaning := self.program.resolve(part)) != part:
                return self.stops_if_called(meaning)
            case Var() | Attr() if part in self._other_names or self._is_given_stop(part):
                return True
            case Item() | Var() | Attr() | Result() | App(op="element" | "get" | "call"):
                return self._may_run(part)
        return False

    def _is_given_stop(self, parameter: Term) -> bool:
        given = self.given.functions(parameter)
        return self.given.is_stop(parameter) or not given.isdisjoint(self.functions - self.told)

    def _may_run(self, term: Term) -> bool:
        """Whether one of the things that a term may stand for reaches a stop call."""
        found = (unwrapped(target)[0] for target in self.given.callables.runnable(term))
        return any(not isinstance(target, Func) or self.stops_if_called(target) for target in found)

    def _composed(self, identity: str) -> Iterator[Term]:
        """The names that a function puts together for ``getattr``, if they may be those of stop calls."""
        for _, call in self.program.functions[identity].graph.calls():
            if last_name(call.func) == "getattr":
                yield from filter(self.stops.may_be_composed, call.args[1:2])

    def spelling(self) -> set[str]:
        """Functions that put together what they look up from what callers give: that may be a stop call."""
        functions = [each for each in self.program.functions.values() if "getattr" in each.spoken_names]
        names = [name for function in functions for name in self._composed(function.id)]
        parts = {part for name in names for part in composed(name) if not isinstance(part, str)}
        if not parts:
            return set()
        telling = (
            given for given in self.linker.calls.parameters if not parts.isdisjoint(self.telling.received(given))
        )
        return {parameter.scope for parameter in telling if isinstance(parameter, Var)}

    @property
    def assignments(self) -> Assignments:
        """Where things are assigned, in all of the program."""
        return self.stops.machines.assignments

    def is_entry(self, identity: str) -> bool:
        """Whether something outside the program may call the function."""
        function = self.program.functions[identity]
        if function.qualname == MODULE_BODY:
            return True
        if self.is_exposed(identity):
            return True
        return not any(caller != identity for caller, _, _ in self.callers.get(identity, ()))

    def is_exposed(self, identity: str) -> bool:
        """Whether others than its callers in the program may call the function at any time."""
        function = self.program.functions[identity]
        return self.registering(identity) is not None or is_serverless(function) or identity in self.declared

    def registering(self, identity: str) -> int | None:
        """Which of its decorators hands the function to a framework, by its number, if one does."""
        return registering(self.program, self.program.functions[identity])

    @cached_property
    def declared(self) -> Mapping[str, EntryPoint]:
        """The functions that are entry points of a distribution, with what declares them."""
        return declared(self.program, self.entry_points)

    def cleanup_of(self, identity: str) -> str:
        """How a function runs as clean-up by its own definition, or the empty string."""
        function = self.program.functions[identity]
        if function.cls and function.name in CLEANUP_METHODS:
            return f"`{function.name}`"
        for decorator in function.decorators:
            if dotted(decorator) == "atexit.register":
                return "`atexit`"
        return ""

    def says_stop(self, identity: str) -> bool:
        """Whether a function is a named stop call or its name says that it stops things."""
        function = self.program.functions[identity]
        if function.name in self.stops.names:
            return True
        first = function.name.lstrip("_").partition("_")[0].lower()
        return says_stop(function.name) and first not in {
            "should",
            "is",
            "can",
            "has",
            "was",
            "needs",
            "test",
        }

    def nameless_methods(self) -> set[str]:
        """The methods that reach a stop call and run without being named, or by a name that anything may have."""
        functions = (self.program.functions[identity] for identity in self.functions - self.told)
        return {each.id for each in functions if each.cls is not None and _says_nothing(each.name)}

    def callees_of(self, identity: str) -> Iterator[str]:
        """The functions that a function calls or hands away on ways to a stop call."""
        for _, use in self._rough.get(identity, ()):
            if use.func is not None and use.func.function in self.functions:
                yield use.func.function

    def callers_of(self, identity: str) -> Iterable[tuple[str, int, Mode]]:
        """Call sites of a function, other than its own."""
        return [item for item in self.callers.get(identity, ()) if item[0] != identity]


class _Watched:
    """Some of the functions of a program; notes which others were looked for among them."""

    def __init__(self, functions: Set[str]) -> None:
        self._functions = functions
        self.missed: set[str] = set()

    def __contains__(self, identity: object) -> bool:
        found = identity in self._functions
        if not found and isinstance(identity, str):
            self.missed.add(identity)
        return found


def _says_nothing(name: str) -> bool:
    """Whether the name of a method does not tell which class it is of."""
    return name in GENERIC_NAMES or (name.startswith("__") and name.endswith("__"))


def _is_name_of(value: Term | None) -> bool:
    """Whether a value is that of another name, or one of several."""
    return isinstance(value, (Var, Attr)) or (isinstance(value, App) and value.op in {"if", "or"})


def _is_definition(definition: Definition) -> bool:
    """Whether it is a ``def`` or a ``class``."""
    match definition.value:
        case Func() | App(op="class", args=(Const(),)) as value:
            identity = value.function if isinstance(value, Func) else class_id(value)
            return identity.partition("#")[0].rpartition(":")[2].rpartition(".")[2] == last_name(definition.target)
    return False

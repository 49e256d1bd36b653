"""Who can reach a stop call: the call graph, restricted to what matters.

Flow aside, a function reaches a stop call if it calls one, hands a reference to one away, or calls or hands
away a function that reaches one. Only these functions are analysed from their callers' side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from copy import copy
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.code import MODULE_BODY, Definition, Function, ModuleCode
from selfstop.flow.terms import (
    NONE,
    App,
    Attr,
    Const,
    Func,
    Instance,
    Item,
    Result,
    Term,
    Var,
    dotted,
    last_name,
    walk,
)
from selfstop.flow.vocabulary import BUILT_IN_METHODS, says_stop, vocabulary
from selfstop.project.assignments import Assignments
from selfstop.project.binding import bind, unwrapped
from selfstop.project.linker import Linker
from selfstop.project.manifests import EntryPoint, declared
from selfstop.project.program import Program, class_id
from selfstop.project.registration import cleanup_by, is_registration, is_serverless, registering
from selfstop.project.stopcalls import StopCalls
from selfstop.project.templates import composed
from selfstop.project.told import Telling, looked_up

GENERIC_NAMES = BUILT_IN_METHODS | vocabulary(
    "stop start run main process handle execute close shutdown exit quit terminate kill call send put get "
    "update apply finish end cancel join wait poll tick work loop perform dispatch invoke submit cleanup "
    "map filter result acquire release connect disconnect flush reset open read write next"
)
_CLEANUP_METHODS = frozenset({"__exit__", "__aexit__", "__del__"})


_STOP_CALL = ""
_PASSES = 3
"""How often calls are looked at for what they give to parameters."""


class Mode(Enum):
    """When a function that was called or handed away runs."""

    NOW = "now"
    LATER = "later"
    CLEANUP = "cleanup"


@dataclass(frozen=True)
class Use:
    """A call or reference at a node: of a stop call (``func`` None) or of a function of the program."""

    func: Func | None
    term: Term
    mode: Mode
    args: tuple[Term, ...] = ()
    keywords: tuple[tuple[str, Term], ...] = ()
    cleanup: str = ""
    handed: int = -1
    """For what was handed away: its position among the arguments of the call."""

    @property
    def is_reference(self) -> bool:
        """Whether something else will make the call."""
        return self.cleanup != "" or self.mode is not Mode.NOW


class Reach:
    """The functions from which a stop call can be reached, and the uses at each of their calls."""

    def __init__(
        self, program: Program, linker: Linker, stops: StopCalls, entry_points: Sequence[EntryPoint] = ()
    ) -> None:
        self.program = program
        self.entry_points = entry_points
        self.linker = linker
        self.stops = stops
        self._passed: dict[Term, set[str]] = defaultdict(set)
        """For each parameter the functions given for it in some call, and whether a stop call is."""
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for function in program.functions.values():
            self._by_name[function.name].append(function.id)
        self.by_default: set[str] = set()
        """Functions that call a stop call if their callers say nothing else."""
        self.functions: set[str] = set()
        self.names: set[str] = set()
        """The names by which a stop call, or what reaches one, is called or kept."""
        self.told: set[str] = set()
        """Functions that reach a stop call only by calling what they are given."""
        self.telling = Telling(program, linker.calls.parameters)
        self._record_arguments()
        self._pass_on()
        self._rough: dict[str, list[tuple[int, Use]]] = {}
        self._keeping: set[Definition] = set()
        """Definitions that keep what reaches a stop call, by itself or among other things."""
        self._other_names: set[Term] = set()
        """The targets of those that give it nothing but another name."""
        self.functions = self._closure()
        self.callers = self._callers()

    def over(self, program: Program, linker: Linker) -> Reach:
        """The same over a ``program`` of which more is loaded: enough to ask what else matters, not to judge."""
        program.take_arguments(self.program)
        renewed = copy(self)
        for name in ("assignments", "declared", "_name_keepers"):
            renewed.__dict__.pop(name, None)
        renewed.program = program
        renewed.linker = linker
        renewed.stops = replace(self.stops, program=program)
        renewed.telling = self.telling.over(program, linker.calls.parameters)
        return renewed

    def _record_arguments(self) -> None:
        """Record what calls give for parameters. What is called may depend on that: so again, as long as it is new."""
        for function in self.program.functions.values():
            for place, parameter in zip(function.places, function.parameters, strict=True):
                if parameter.default is not None and self._names_stop(parameter.default):
                    self.by_default.add(function.id)
                    self._passed[place].add(_STOP_CALL)
                if parameter.default is not None and not isinstance(parameter.default, Func):
                    self.program.add_argument(place, parameter.default, function.id)
        calls = [
            (function.id, call) for function in self.program.functions.values() for _, call in function.graph.calls()
        ]
        for _ in range(_PASSES):
            self.program.resolve_anew()
            open_calls = []
            is_new = False
            for identity, call in calls:
                found = [*self.linker.calls.targets(call.func), *self.constructors(call)]
                if not found and _may_be_given(call.func):
                    open_calls.append((identity, call))
                for func in found:
                    is_new = self._record_given(identity, call, func) or is_new
            if not is_new:
                break
            calls = open_calls
        self.program.resolve_anew()

    def _record_given(self, caller: str, call: Call, func: Func) -> bool:
        """Record what a call gives to the function that it runs; returns whether any of that is new."""
        callee = self.program.functions.get(func.function)
        if callee is None:
            return False
        is_new = False
        for place, value in bind(callee, func, call.args, call.keywords).items():
            if isinstance(place, Var):
                is_new = self._record_argument(place, value, caller) or is_new
        return is_new

    def _names_stop(self, value: Term) -> bool:
        """Whether a value is the name of a stop call, or is kept under a name that is bound to one."""
        if isinstance(value, Const):
            return value.value in self.stops.names
        if isinstance(value, (Var, Attr, Item)) and self._keeps_name(value):
            return any(name in self.stops.names for name in self.telling.names(value))
        return False

    def _keeps_name(self, place: Term) -> bool:
        root = place.base if isinstance(place, Item) else place
        return last_name(root) in self._name_keepers

    @cached_property
    def _name_keepers(self) -> frozenset[str]:
        """The names of variables and attributes in whose values the name of a stop call stands, or such a name."""
        links = [link for module in self.program.modules.values() for link in module.links]
        known: set[str] = set(self.stops.names)
        new = set(known)
        while new:
            new = {last_name(definition.target) for spoken, definition in links if not new.isdisjoint(spoken)} - known
            known |= new
        return frozenset(known)

    def _record_argument(self, parameter: Var, value: Term, caller: str) -> bool:
        target = self.program.resolve(unwrapped(_as_partial(value))[0])
        if isinstance(target, Func):
            self._passed[parameter].add(target.function)
        elif self.stops.is_reference(target) or self._names_stop(value):
            self._passed[parameter].add(_STOP_CALL)
        self.telling.hand_on(value, parameter)
        return not isinstance(value, Func) and self.program.add_argument(parameter, value, caller)

    def _pass_on(self) -> None:
        """What a parameter is given reaches those that it is handed on to."""
        for parameter, passed in list(self._passed.items()):
            for other in self.telling.received(parameter) - {parameter}:
                self._passed[other] |= passed

    def constructors(self, call: Call) -> list[Func]:
        """The ``__init__`` that a call of a class of the program runs."""
        target = self.program.resolve(call.func)
        if not (isinstance(target, App) and target.op == "class"):
            return []
        init = self.program.method(class_id(target), "__init__")
        return [] if init is None else [Func(init, Instance(class_id(target), call.result.site))]

    def is_passed(self, parameter: Term) -> bool:
        """Whether a function, or a stop call, is given for a parameter in some call."""
        return bool(self._passed.get(parameter))

    # Uses

    def uses(self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]) -> Iterator[Use]:
        """What a call with these evaluated operands calls or hands away."""
        yield from self._called(func, args, keywords)
        if isinstance(func, Func) and func.function in self.functions:
            return
        if last_name(func) in {"partial", "partialmethod", "wraps", "getattr", "setattr"}:
            return
        mode, cleanup = _handing_mode(call, func)
        for position, value in enumerate((*args, *(value for _, value in keywords))):
            if isinstance(func, Func) and not self._passes_on(func, args, keywords, value):
                continue
            for term in self._referenced(value):
                for use in self._handed(term, mode, cleanup):
                    yield replace(use, handed=position)

    def _passes_on(self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]], value: Term) -> bool:
        """Whether a function of the program calls, keeps or hands on what it is given, rather than look at it."""
        function = self.program.body(func.function) if func.function in self.program.functions else None
        if function is None:
            return True
        places = {place for place, given in bind(function, func, args, keywords).items() if given == value}
        if not places or places & function.graph.captured:
            return True
        for node in function.graph.nodes:
            match node.operation:
                case Call(func=called, args=given, keywords=named):
                    if places & {called, *given, *(term for _, term in named)}:
                        return True
                case Assign(value=kept) if kept in places:
                    return True
        return False

    def _called(self, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]) -> Iterator[Use]:
        for candidate in self._candidates(func):
            target, fixed, named = unwrapped(candidate)
            given, keyed = (*fixed, *args), (*named, *keywords)
            if isinstance(target, Func):
                if target.function in self.program.functions and not self._stops_by_name_alone(target.function):
                    yield Use(target, candidate, Mode.NOW, given, keyed)
                elif self.stops.is_call(Attr(Const(None), self._name(target)), given, keyed):
                    yield Use(None, candidate, Mode.NOW, given, keyed)
            elif self.stops.is_call(target, given, keyed):
                yield Use(None, candidate, Mode.NOW, given, keyed)

    def _name(self, func: Func) -> str:
        function = self.program.functions.get(func.function)
        return function.name if function is not None else last_name(func)

    def _stops_by_name_alone(self, function: str) -> bool:
        """A function named as a stop call whose body shows none: trusted by name, unless the name is the API's."""
        name = self.program.functions[function].name
        if name not in self.stops.names or name == "stop_instances":
            return False
        return function not in self.functions

    def _candidates(self, func: Term, seen: set[Term] | None = None) -> Iterator[Term]:
        """What ``func`` may stand for when it is called; what was ``seen`` on the way is not looked at again."""
        seen = set() if seen is None else seen
        resolved = self.program.resolve(func)
        if resolved in seen:
            return
        seen.add(resolved)
        match resolved:
            case App(op="partial"):
                yield resolved
            case Func():
                yield from self.linker.calls.targets(resolved)
            case Item() | App(op="if" | "or" | "get" | "element") | Result(callee=Attr(name="get")):
                for value in self.telling.alternatives(resolved):
                    yield from self._candidates(value, seen)
            case Result() | App(op="call") if lookup := looked_up(resolved):
                base, name = lookup
                for meant in self.telling.names(name):
                    yield from self._candidates(Attr(base, meant), seen)
            case _:
                yield resolved
                if not self.stops.is_reference(resolved):
                    yield from self._indirect(resolved, seen)

    def _indirect(self, place: Term, seen: set[Term]) -> Iterator[Term]:
        if isinstance(place, Var) and place.scope in self.program.functions and place in self._parameter_variables():
            return
        if isinstance(place, (Var, Attr)):
            for definition in self.program.definitions(place):
                if definition.value is not None and not definition.step:
                    value = definition.value
                    if isinstance(value, (Func, Attr, Var, Item)) or (
                        isinstance(value, App) and value.op in {"partial", "if", "or", "get", "call", "element"}
                    ):
                        yield from self._candidates(_as_partial(value), seen)
        if isinstance(place, Attr):
            yield from self._by_method_name(place)

    def _parameter_variables(self) -> frozenset[Term]:
        return self.linker.calls.parameters

    def _by_method_name(self, place: Attr) -> Iterator[Term]:
        """A method of an unknown object, if every function of that name reaches a stop call."""
        reached = self.functions
        candidates = self._by_name.get(place.name, [])
        if not candidates or place.name in GENERIC_NAMES or not all(item in reached for item in candidates):
            return
        if isinstance(place.base, Var) and place.base.scope in {"import", "builtins"}:
            return
        if self.program.class_of(place.base) is not None or self._is_of_library(place.base):
            return
        for identity in candidates:
            if self.program.functions[identity].cls is not None:
                yield Func(identity, place.base)

    def _is_of_library(self, place: Term) -> bool:
        """Whether an object is made of a class that is imported from outside the project."""
        values = [place, *(definition.value for definition in self.program.definitions(place))]
        return any(map(self._is_foreign_class, map(_maker, values)))

    def _is_foreign_class(self, maker: Term | None) -> bool:
        if not (isinstance(maker, Var) and maker.scope == "import" and last_name(maker)[:1].isupper()):
            return False
        return self.program.resolve(maker) == maker and not self.program.is_own(maker.name)

    def named(self, name: str) -> Sequence[str]:
        """All functions of the program that have a name."""
        return self._by_name.get(name, ())

    def stoppers_named(self, name: str) -> tuple[str, ...]:
        """The methods of that name from which a stop call is reached."""
        return tuple(
            item for item in self.named(name) if item in self.functions and self.program.functions[item].cls is not None
        )

    def calls_known(self, func: Term, call: Call) -> bool:
        """Whether ``call``, with ``func`` for what it calls, is linked to a function or is a stop call."""
        return any(True for _ in self._called(func, call.args, call.keywords))

    def _referenced(self, value: Term) -> Iterator[Term]:
        """The callables in an argument: itself, or in a display or ``partial``."""
        value = _as_partial(value)
        match value:
            case App(op="list" | "tuple" | "set" | "dict" | "pair" | "unpack" | "if" | "or", args=args):
                for arg in args:
                    yield from self._referenced(arg)
            case App(op="partial") | Func():
                yield value
            case Attr() | Var():
                resolved = self.program.resolve(value)
                if isinstance(resolved, Func) or self.stops.is_reference(resolved):
                    yield resolved
                else:
                    yield from (found for found in self.linker.calls.targets(value) if isinstance(found, Func))
        return

    def _handed(self, term: Term, mode: Mode, cleanup: str) -> Iterator[Use]:
        target, fixed, named = unwrapped(term)
        resolved = self.program.resolve(target)
        if isinstance(resolved, Func) and resolved.function in self.program.functions:
            if self._stops_by_name_alone(resolved.function):
                yield Use(None, term, mode, fixed, named, cleanup)
            else:
                yield Use(resolved, term, mode, fixed, named, cleanup)
        elif self.stops.is_call(resolved, fixed, named):
            yield Use(None, term, mode, fixed, named, cleanup)

    # Closure

    def _rough_uses(self, function: Function) -> list[tuple[int, Use]]:
        """The uses of a function as its calls are written, flow aside."""
        found: list[tuple[int, Use]] = []
        for number, call in function.graph.calls():
            found.extend((number, use) for use in self.uses(call, call.func, call.args, call.keywords))
        return found

    def _closure(self) -> set[str]:
        """All functions that reach a stop call.

        A call can only lead to one by a name: that of a stop call, of a function that reaches one, or of
        something in which either is kept. So in each round only functions that speak new names are looked at.
        """
        speakers: dict[str, set[str]] = defaultdict(set)
        for function in self.program.functions.values():
            for name in function.spoken_names:
                speakers[name].add(function.id)
        told = {parameter.scope for parameter in self._passed if isinstance(parameter, Var)} | speakers["getattr"]
        new = set(self.stops.words)
        composing = {identity for identity in speakers["getattr"] if any(True for _ in self._composed(identity))}
        while new:
            self.names |= new
            self._grow(composing.union(*(speakers[name] for name in new if name in speakers)), told)
            new = self._names_of_reached(self.names)
            # What a call means may depend on what reaches a stop call: in the end all are looked at again.
            while not new and self._grow(set(self._rough), told):
                new = self._names_of_reached(self.names)
        return self.functions

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
        for identity in affected:
            self._rough[identity] = self._rough_uses(self.program.functions[identity])
        grown = {identity for identity, uses in self._rough.items() if any(self._leads(use) for _, use in uses)}
        calling = {identity for identity in told if identity not in grown and self._calls_parameter(identity)}
        self.told = calling - self.by_default
        grown |= calling | self.functions
        is_more = grown != self.functions
        self.functions = grown
        return is_more

    def _keepers(self, names: Set[str]) -> Iterator[Definition]:
        """The definitions that keep what reaches a stop call, but for those that are known already."""
        for module in self.program.modules.values():
            yield from self._keepers_in(module, names, self._keeping)

    def _keepers_in(
        self, module: ModuleCode, names: Set[str], but: Set[Definition] = frozenset()
    ) -> Iterator[Definition]:
        exported = Var(module.name, "__all__")
        for spoken, definition in module.links:
            if definition.target == exported:
                continue  # a list of names for importers, not of things to call
            if names.isdisjoint(spoken) or definition in but:
                continue
            if any(map(self.stops_if_called, walk(definition.value or NONE))):
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
            _STOP_CALL in passed or passed & self.functions
            for parameter in self.telling.telling(self.program.functions[identity])
            if (passed := self._passed.get(parameter)) is not None
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
            case App(op="element") | Item(base=App(op="element")):
                return any(map(self.stops_if_called, self.telling.alternatives(part)))
            case Item():
                return self._names_stop(part)
            case Var() | Attr():
                meaning = self.program.resolve(part)
                if meaning != part:
                    return self.stops_if_called(meaning)
                if self._names_stop(part):
                    return True
                passed = self._passed.get(part, ())
                if part in self._other_names or _STOP_CALL in passed or self.stops.is_reference(part):
                    return True
                return any(function in self.functions and function not in self.told for function in passed)
        return False

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

    # Properties of functions

    @cached_property
    def assignments(self) -> Assignments:
        """Where things are assigned, in all of the program."""
        return Assignments(self.program)

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
        if function.cls and function.name in _CLEANUP_METHODS:
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

    def classes(self) -> set[str]:
        """The classes with methods that reach a stop call."""
        owners = (self.program.functions[identity].cls for identity in self.functions - self.told)
        return {cls for cls in owners if cls is not None}

    def callees_of(self, identity: str) -> Iterator[str]:
        """The functions that a function calls or hands away on ways to a stop call."""
        for _, use in self._rough.get(identity, ()):
            if use.func is not None and use.func.function in self.functions:
                yield use.func.function

    def callers_of(self, identity: str) -> Iterable[tuple[str, int, Mode]]:
        """Call sites of a function, other than its own."""
        return [item for item in self.callers.get(identity, ()) if item[0] != identity]


def _is_name_of(value: Term | None) -> bool:
    """Whether a value is that of another name, or one of several."""
    return isinstance(value, (Var, Attr)) or (isinstance(value, App) and value.op in {"if", "or"})


def _may_be_given(func: Term) -> bool:
    """Whether what ``func`` calls may be the better known the more is known of parameters."""
    while isinstance(func, (Attr, Item)):
        func = func.base
    return not (isinstance(func, Var) and func.scope in {"import", "builtins"})


def _is_definition(definition: Definition) -> bool:
    """Whether it is a ``def`` or a ``class``."""
    match definition.value:
        case Func() | App(op="class", args=(Const(),)) as value:
            identity = value.function if isinstance(value, Func) else class_id(value)
            return identity.partition("#")[0].rpartition(":")[2].rpartition(".")[2] == last_name(definition.target)
    return False


def _maker(value: Term | None) -> Term | None:
    """What is called to get a value."""
    match value:
        case Result(callee=callee) | App(op="call", args=(callee, *_)):
            return callee
    return None


def _as_partial(value: Term) -> Term:
    match value:
        case App(op="call", args=(callee, *rest)) if last_name(callee) == "partial":
            return App("partial", tuple(rest))
        case Result(callee=callee, args=fixed) if last_name(callee) == "partial":
            return App("partial", fixed)
    return value


def _handing_mode(call: Call, func: Term) -> tuple[Mode, str]:
    if cleanup := cleanup_by(call, func):
        return Mode.CLEANUP, cleanup
    return (Mode.LATER if is_registration(call) else Mode.NOW), ""

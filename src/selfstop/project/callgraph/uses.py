"""What the calls of a program call or hand away, as far as a stop call may come of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.contents import is_silent
from selfstop.flow.terms import MAX_SIZE, App, Attr, Bound, Const, Func, Item, Result, Term, Var, last_name, size
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.callgraph.callbacks import Callbacks, KeptCall
from selfstop.project.callgraph.given import Given
from selfstop.project.callgraph.registration import cleanup_by, is_registration
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.linking.linker import Linker
from selfstop.project.symbols.binding import as_partial, bind, unwrapped
from selfstop.project.symbols.calls import GENERIC_NAMES

_LOOKING = vocabulary("partial partialmethod wraps getattr setattr iscoroutinefunction isfunction ismethod signature")
"""Functions that do not call what they are given."""
_CALLING = vocabulary("sorted min max")
"""Built-in functions that change nothing, but call what they are given."""


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
    kept: KeptCall | None = None
    """The call that is made of what was handed away, where that is an object's which keeps it."""

    def through(self, kept: KeptCall | None) -> Use:
        """The same where the object to which it is handed calls it so."""
        if kept is None or not kept.cleanup:
            return replace(self, kept=kept)
        return replace(self, kept=kept, mode=Mode.CLEANUP, cleanup=kept.cleanup)


class Uses:
    """Finds the uses at a call, given the functions that are ``reached``: those known to reach a stop call so far."""

    def __init__(self, linker: Linker, stops: StopCalls, given: Given, reached: Container[str]) -> None:
        self._program = linker.program
        self._calls = calls = linker.calls
        self._callbacks = Callbacks(linker.program, calls, given.telling, linker.dependence, linker.crowded)
        self._stops = stops
        self._callables = given.callables
        self._reached = reached
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for function in linker.program.functions.values():
            if not calls.is_stub(function.id):
                self._by_name[function.name].append(function.id)

    def of(self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]) -> Iterator[Use]:
        """What a call with these evaluated operands calls or hands away."""
        yield from self._called(func, args, keywords)
        if isinstance(func, Func) and func.function in self._reached:
            return
        if last_name(func) in _LOOKING or _looks_only(call):
            return
        mode, cleanup = _handing_mode(call, func)
        for position, value in enumerate((*args, *(value for _, value in keywords))):
            if isinstance(func, Func) and not self._passes_on(func, args, keywords, value):
                continue
            for term in self._referenced(value):
                for use in self._handed(term, mode, cleanup):
                    handed = replace(use, handed=position)
                    yield from map(handed.through, self._callbacks.calls_of(func, args, keywords, value) or (None,))

    def _passes_on(self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]], value: Term) -> bool:
        """Whether a function of the program calls, keeps or hands on what it is given, rather than look at it."""
        function = self._program.body(func.function) if func.function in self._program.functions else None
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
                if target.function in self._program.functions and not self._stops_by_name_alone(target.function):
                    yield Use(target, candidate, Mode.NOW, given, keyed)
                elif self._stops.is_call(Attr(Const(None), self._name(target)), given, keyed):
                    yield Use(None, candidate, Mode.NOW, given, keyed)
            elif self._stops.is_call(target, given, keyed):
                yield Use(None, candidate, Mode.NOW, given, keyed)

    def _name(self, func: Func) -> str:
        function = self._program.functions.get(func.function)
        return function.name if function is not None else last_name(func)

    def _stops_by_name_alone(self, function: str) -> bool:
        """A function named as a stop call whose body shows none: trusted by name, unless the name is the API's."""
        name = self._program.functions[function].name
        if name not in self._stops.names or name == "stop_instances":
            return False
        return function not in self._reached

    def kept(self, value: Term) -> Term:
        """What a function is given, so that nothing changes it if a stop call may come of calling it."""
        if isinstance(value, (Const, Bound)) or (isinstance(value, Func) and not value.mentions):
            return value
        made = as_partial(value)
        if not any(True for _ in self.stopping(made)):
            return value
        return Bound(made if size(made) <= MAX_SIZE else unwrapped(made)[0])

    def stopping(self, value: Term) -> Iterator[Term]:
        """What ``value`` may stand for if it is called, as far as a stop call may come of that."""
        for target in self._callables.runnable(value):
            func, _, _ = unwrapped(target)
            if not isinstance(func, Func) or func.function in self._reached:
                yield func

    def _candidates(self, func: Term) -> Iterator[Term]:
        """What ``func`` may stand for when it is called."""
        for candidate in self._callables.of(func):
            yield candidate
            if isinstance(candidate, Attr) and not self._stops.is_reference(candidate):
                yield from self._by_method_name(candidate)

    def _by_method_name(self, place: Attr) -> Iterator[Term]:
        """A method of an unknown object, if every function of that name reaches a stop call."""
        reached = self._reached
        candidates = self._by_name.get(place.name, [])
        if not candidates or place.name in GENERIC_NAMES or not all(item in reached for item in candidates):
            return
        if isinstance(place.base, Var) and place.base.scope in {"import", "builtins"}:
            return
        if self._program.class_of(place.base) is not None or self._is_of_library(place.base):
            return
        for identity in candidates:
            if self._program.functions[identity].cls is not None:
                yield Func(identity, place.base)

    def _is_of_library(self, place: Term) -> bool:
        """Whether an object is made of a class that is imported from outside the project."""
        values = [place, *(definition.value for definition in self._program.definitions(place))]
        return any(map(self._is_foreign_class, map(_maker, values)))

    def _is_foreign_class(self, maker: Term | None) -> bool:
        if not (isinstance(maker, Var) and maker.scope == "import" and last_name(maker)[:1].isupper()):
            return False
        return self._program.resolve(maker) == maker and not self._program.is_own(maker.name)

    def is_known(self, func: Term, call: Call) -> bool:
        """Whether ``call``, with ``func`` for what it calls, is linked to a function or is a stop call."""
        return any(True for _ in self._called(func, call.args, call.keywords))

    def _referenced(self, value: Term) -> Iterator[Term]:
        """The callables in an argument: itself, or in a display or ``partial``."""
        value = as_partial(value)
        match value:
            case App(op="list" | "tuple" | "set" | "dict" | "pair" | "unpack" | "if" | "or" | "and", args=args):
                for arg in args:
                    yield from self._referenced(arg)
            case Func():
                yield value
            case App(op="partial") | Attr() | Var() | Item() | App(op="get") | Result(callee=Attr(name="get")):
                found = list(self._callables.runnable(value))
                yield from found or self._calls.targets(value)

    def _handed(self, term: Term, mode: Mode, cleanup: str) -> Iterator[Use]:
        target, fixed, named = unwrapped(term)
        resolved = self._program.resolve(target)
        if isinstance(resolved, Func) and resolved.function in self._program.functions:
            if self._stops_by_name_alone(resolved.function):
                yield Use(None, term, mode, fixed, named, cleanup)
            else:
                yield Use(resolved, term, mode, fixed, named, cleanup)
        elif self._stops.is_call(resolved, fixed, named):
            yield Use(None, term, mode, fixed, named, cleanup)

    def named(self, name: str) -> Sequence[str]:
        """All functions of the program that have a name, but for those that others always stand in for."""
        return self._by_name.get(name, ())


def _looks_only(call: Call) -> bool:
    """Whether a call does no more with what it is given than to show or to test it."""
    func = call.func
    if isinstance(func, Var) and func.scope == "import" and not func.name.startswith("logging."):
        return False
    return last_name(func) not in _CALLING and is_silent(call)


def _maker(value: Term | None) -> Term | None:
    """What is called to get a value."""
    match value:
        case Result(callee=callee) | App(op="call", args=(callee, *_)):
            return callee
    return None


def _handing_mode(call: Call, func: Term) -> tuple[Mode, str]:
    if cleanup := cleanup_by(call, func):
        return Mode.CLEANUP, cleanup
    return (Mode.LATER if is_registration(call) else Mode.NOW), ""

"""What functions assign that others see."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cached_property

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.code import MODULE_BODY, Definition, Function
from selfstop.flow.known import Shared, effect_of
from selfstop.flow.state import State
from selfstop.flow.terms import NONE, Attr, Func, Term, Var, mention_key
from selfstop.project.linking.returning import Returning
from selfstop.project.symbols.binding import bind
from selfstop.project.symbols.calls import Calls
from selfstop.project.symbols.table import is_receiver


class Writing:
    """The attributes and outer variables that the functions of a program assign, by themselves or by what they call."""

    def __init__(self, calls: Calls, returning: Returning) -> None:
        self._program = calls.program
        self._calls = calls
        self._returning = returning
        self._shared: dict[str, Shared] = {}
        self._writes: dict[str, tuple[tuple[Term, str], ...]] = {}

    def shared(self, scope: str) -> Shared:
        """Places that functions other than ``scope`` assign once the program runs."""
        if scope not in self._shared:
            others = {mention_key(place) for place, writers in self._writers.items() if writers - {scope}}
            own = {mention_key(place) for place, writers in self._writers.items() if scope in writers} - others
            self._shared[scope] = Shared(frozenset(others | own if own and self._calls.calls_itself(scope) else others))
        return self._shared[scope]

    def writes(self, identity: str) -> tuple[tuple[Term, str], ...]:
        """The attributes and outer variables a function assigns, and whether that raises, resets or replaces."""
        if identity not in self._writes:
            order = self._calls.callees_first(identity, self._writes)
            self._writes.update(dict.fromkeys(order, ()))
            for each in order:
                function = self._program.body(each)
                self._writes[each] = () if function is None else tuple(self._find_writes(function))
        return self._writes[identity]

    def _find_writes(self, function: Function) -> Iterator[tuple[Term, str]]:
        for number, node in enumerate(function.graph.nodes):
            match node.operation:
                case Assign(target=target, value=value) if outlives(target, function.id):
                    yield target, self._write_kind(function, number, target, value)
                case Call(func=func):
                    for item in self._calls.targets(func):
                        if item.function in self._program.functions and item.function != function.id:
                            bound = State(bind(self._program.functions[item.function], item, (), ()))
                            for place, kind in self.writes(item.function):
                                certain = not self._returning.dependence(function.id).decisive(number)
                                yield (
                                    _place(bound, place),
                                    kind if certain or kind.endswith("raised") else "replaced",
                                )

    def _write_kind(self, function: Function, number: int, target: Term, value: Term | None) -> str:
        effect = effect_of(target, value, value)
        return "replaced" if effect == "reset" and self._returning.dependence(function.id).decisive(number) else effect

    def written(self, targets: Iterable[Func]) -> Iterator[tuple[Term, str]]:
        """What functions assign that a call runs of whose arguments nothing is known."""
        for item in targets:
            yield from self.assigned(item.function, State(bind(self._program.functions[item.function], item, (), ())))

    def assigned(self, identity: str, bound: State) -> Iterator[tuple[Term, str]]:
        """What a function assigns, in the terms of the caller that gives it what is ``bound``."""
        return ((_place(bound, place), kind) for place, kind in self.writes(identity))

    @cached_property
    def _writers(self) -> Mapping[Term, Set[str]]:
        """Attributes (by name) and variables that other functions see, with the functions that assign them."""
        writers: dict[Term, set[str]] = defaultdict(set)
        for module in self._program.modules.values():
            bound = Counter(definition.target for definition in module.definitions)
            for definition in module.definitions:
                function = self._program.functions.get(definition.function)
                if function is None or not _is_seen_elsewhere(definition, function, again=bound[definition.target] > 1):
                    continue
                target = definition.target
                writers[Attr(NONE, target.name) if isinstance(target, Attr) else target].add(function.id)
        return writers


def outlives(target: Term, function: str) -> bool:
    """Whether others than a function may see what it assigns to ``target``."""
    match target:
        case Attr():
            return True
        case Var(scope=scope):
            return scope != function and not scope.startswith(f"{function}.<")
    return False


def _place(bound: State, place: Term) -> Term:
    match place:
        case Attr(base=base, name=name):
            return Attr(bound.evaluate(base), name)
    return place


def _is_seen_elsewhere(definition: Definition, function: Function, *, again: bool) -> bool:
    """Whether a binding may change what another function has found: not that of a new object, or the module's first."""
    match definition.target:
        case Attr(base=base):
            own = isinstance(base, Var) and is_receiver(function, base.name)
            return not (own and function.name == "__init__")
        case Var(scope=scope) as variable if scope == function.id:
            return variable in function.graph.captured
        case Var():
            return again or function.qualname != MODULE_BODY
    return False

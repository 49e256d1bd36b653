"""Which values are machines of the EC2 resource interface of boto3, or collections of them.

Flow aside, and through collections of all kinds. Which part of a collection is asked for is kept beside it as a path:
of a table of pairs, the machine is told from what it stands with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, last_name
from selfstop.project.symbols.assignments import Assignments, Spot
from selfstop.project.symbols.passing import COLLECTION, ELEMENT, Invocation, Parts, invocation, passed_on, selected
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.values import inside, item_part

MAX_PARTS = 4
_STUBS = frozenset({"mypy_boto3_ec2", "types_boto3_ec2", "types_aiobotocore_ec2"})
_NAMES = re.compile(r"[A-Za-z_][\w.]*")
_SERVICE = Const("ec2")

_Asked = tuple[Term, Parts]
"""A term, and the part of it that is asked for."""


class Machines:
    """Recognises machines in one program; ``is_elsewhere`` tells what evidently belongs to another cloud."""

    def __init__(self, program: Program, is_elsewhere: Callable[[Term], bool]) -> None:
        self._program = program
        self._is_elsewhere = is_elsewhere

    def has(self, term: Term) -> bool:
        """Whether ``term`` may be a machine, or a collection of them that is stopped as a whole."""
        return self._is(term, (), set())

    @cached_property
    def assignments(self) -> Assignments:
        """Where things are assigned, in all of the program."""
        return Assignments(self._program)

    def _is(self, term: Term, path: Parts, seen: set[_Asked]) -> bool:
        """It may be one if something that it may be is; what was ``seen`` on the way is not looked at again."""
        if (term, path) in seen or len(path) > MAX_PARTS or self._is_elsewhere(term):
            return False
        seen.add((term, path))
        if isinstance(term, Attr) and term.name == "instances" and self.is_ec2(term.base):
            return len(path) <= 1
        if isinstance(term, (Var, Attr)) and len(path) <= 1 and self._is_annotated(term, _is_machine_type):
            return True
        if (call := self._call(term)) is not None and (known := self._is_made(call, path, seen)) is not None:
            return known
        parts = self._parts(term, path) if call is None else self._results(call, path)
        return any(self._is(part, asked, seen) for part, asked in parts)

    def _parts(self, term: Term, path: Parts) -> Iterator[_Asked]:
        """What ``path`` of a term may come from."""
        match term:
            case Var() | Attr():
                yield from self._bound(term, path)
            case App(op="if" | "or" | "and", args=values):
                yield from ((value, path) for value in values)
            case App(op="dict" | "list" | "tuple" | "set" | "appended"):
                yield from _displayed(term, path)
            case _ if (picked := _picked(term, path)) is not None:
                yield picked

    # What a name stands for

    def _bound(self, place: Var | Attr, path: Parts) -> Iterator[_Asked]:
        """What is assigned to a variable or an attribute anywhere, or put into what it holds."""
        definitions = self._program.definitions(place)
        for definition in definitions:
            if definition.value is not None and not definition.step:
                yield definition.value, path
        if isinstance(place, Var):
            for identity in dict.fromkeys([self._program.home_of(place), *(each.function for each in definitions)]):
                function = self._program.functions.get(identity)
                assigned = () if function is None else function.graph.assignments.get(place, ())
                yield from ((each.value, path) for _, each in assigned if each.value is not None)
        if path:
            self._program.ask_who_fills(place)
        for spot in self.assignments.shared_changes(place) if path else []:
            match self._operation(spot):
                case Assign(target=Item(), value=value) if value is not None:
                    yield value, path[1:]
                case Call(func=Attr(name="extend" | "update" | "extendleft"), args=(added, *_)):
                    yield added, path
                case Call(args=(*_, added)):
                    yield added, inside(path)

    def _operation(self, spot: Spot) -> object:
        return self._program.functions[spot.function].graph.nodes[spot.node].operation

    def _is_annotated(self, place: Var | Attr, is_meant: Callable[[str], bool]) -> bool:
        """Whether a place is declared to be of a type of boto3's stubs."""
        return any(
            name.partition(".")[0] in _STUBS and is_meant(name.rpartition(".")[2])
            for function, annotation in self._annotations(place)
            for name in self._imported(function, annotation)
        )

    def _annotations(self, place: Var | Attr) -> Iterator[tuple[str, str]]:
        """What a place is declared as, each with the function in which that is done."""
        function = self._program.functions.get(place.scope) if isinstance(place, Var) else None
        if function is not None:
            declared = {parameter.name: parameter.annotation for parameter in function.parameters}
            yield function.id, declared.get(last_name(place), "")
        yield from ((definition.function, definition.annotation) for definition in self._program.definitions(place))

    def _imported(self, function: str, annotation: str) -> Iterator[str]:
        """The dotted names of imports in an annotation."""
        if not annotation:
            return
        imports = dict(self._program.modules[self._program.functions[function].module].imports)
        for written in _NAMES.findall(annotation):
            first, dot, rest = written.partition(".")
            if first in imports:
                yield f"{imports[first]}{dot}{rest}"

    # Calls

    def _call(self, term: Term) -> Invocation | None:
        match term:
            case Result(site=site, callee=callee, args=args) if callee is not None:
                call = self._program.call_at(site)
                return Invocation(callee, args, () if call is None else call.keywords)
            case App(op="call"):
                return invocation(term)
        return None

    def _is_made(self, call: Invocation, path: Parts, seen: set[_Asked]) -> bool | None:
        """Whether the API gives a machine, or machines; None for other calls."""
        match call.func:
            case Attr(base=base, name="Instance") if call.args or call.keywords:
                return not path and self.is_ec2(base)
            case Attr(base=base, name=name) if name in COLLECTION and self._is(base, (), seen):
                return len(path) <= 1
        return None

    def _results(self, call: Invocation, path: Parts) -> Iterator[_Asked]:
        yield from ((value, path) for value in self._program.returned_values(call.func))
        if path:
            yield from ((value, path[1:]) for value in self._program.yielded_values(App("call", (call.func,))))
        match call:
            case Invocation(func=Var(scope="builtins", name="filter"), args=(_, values)):
                yield values, path
            case Invocation(func=Attr(base=base, name="get"), args=(key, *default)):
                yield base, (item_part(key), *path)
                yield from ((value, path) for value in default)
            case Invocation(func=func, args=(made, values, *_)) if last_name(func) == "map" and path:
                yield App("call", (made, App("element", (values,)))), path[1:]
            case Invocation(func=Var(scope="builtins", name="next"), args=(values, *_)):
                yield values, (ELEMENT, *path)
            case _:
                yield from passed_on(call, path) or ()

    # The interface itself

    def is_ec2(self, term: Term, seen: set[Term] | None = None) -> bool:
        """Whether ``term`` is a boto3 EC2 resource: made as one, declared as one, or called so."""
        seen = set() if seen is None else seen
        if term in seen:
            return False
        seen.add(term)
        call = self._call(term)
        if call is not None:
            return last_name(call.func) == "resource" and (
                _SERVICE in call.args or call.keyword("service_name") == _SERVICE
            )
        if not isinstance(term, (Var, Attr)):
            return False
        values = [d.value for d in self._program.definitions(term) if d.value is not None]
        if any(self.is_ec2(value, seen) for value in values) or "ec2" in last_name(term).lower():
            return True
        return self._is_annotated(term, "EC2ServiceResource".__eq__)


def _picked(term: Term, path: Parts) -> _Asked | None:
    """The collection out of which a term is taken, and what is asked of that."""
    match term:
        case Item(base=base, key=App(op="slice")) | App(op="sorted" | "unpack", args=(base, *_)):
            return base, path
        case Item(base=base, key=key) | App(op="get", args=(base, key, *_)):
            return base, (item_part(key), *path)
        case App(op="element" | "max" | "min", args=(base, *_)):
            return base, (ELEMENT, *path)
    return None


def _displayed(display: App, path: Parts) -> Iterator[_Asked]:
    """What is asked of a collection that is written down."""
    if display.op == "dict":
        values = tuple(pair.args[1] for pair in display.args if isinstance(pair, App) and pair.op == "pair")
    else:
        values = selected(display.args, path)
    for value in values:
        if isinstance(value, App) and value.op == "unpack":
            yield value.args[0], path
        elif path:
            yield value, path[1:]


def _is_machine_type(name: str) -> bool:
    return name == "Instance" or name.endswith("InstancesCollection")

"""What puts something into a collection, by whatever name that goes in a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from selfstop.flow.cfg import Assign, Call, Operation, terms_of
from selfstop.flow.code import Function
from selfstop.flow.state import State
from selfstop.flow.terms import App, Attr, Item, Term, Var, walk
from selfstop.flow.vocabulary import vocabulary

ADDING = {"append": 0, "add": 0, "appendleft": 0, "extend": 0, "insert": 1}
"""Methods that add to a collection, with the position of what they add."""
_HARMLESS = vocabulary("remove discard clear pop popleft sort reverse copy index count")

UNKNOWN = App("unknown")
"""Something that is put somewhere in a way of which no more is known."""


@dataclass(frozen=True)
class Aliases:
    """The variables of a function by which one collection goes, and those bound to a display in which it stands."""

    names: frozenset[Var]
    holders: frozenset[Var]

    def may_be(self, value: Term) -> bool:
        """Whether a value may be the collection, as it is or taken out of what holds it."""
        match value:
            case App(op="element" | "get", args=(inner, *_)) | Item(base=inner):
                is_shown = inner in self.holders or self.stands_in(inner)
                return is_shown or (inner not in self.names and self.may_be(inner))
            case App(op="if", args=(_, *args)) | App(op="or" | "and", args=args):
                return any(map(self.may_be, args))
        return value in self.names

    def stands_in(self, value: Term) -> bool:
        """Whether the collection stands in a display, or in one within that."""
        match value:
            case App(op="list" | "tuple" | "set" | "dict" | "pair", args=args):
                return any(arg in self.names or self.stands_in(arg) for arg in args)
        return False


def aliases_of(place: Var, function: Function) -> Aliases:
    """The aliases of what a variable of a function is bound to, that variable among them."""
    operations = [node.operation for node in function.graph.nodes if isinstance(node.operation, Assign)]
    bound = [
        (each.target, each.value) for each in operations if isinstance(each.target, Var) and each.value is not None
    ]
    known = Aliases(frozenset({place}), frozenset())
    while True:
        holders = frozenset(target for target, value in bound if known.stands_in(value))
        known = Aliases(known.names, holders)
        names = known.names.union(target for target, value in bound if known.may_be(value))
        if names == known.names:
            return known
        known = Aliases(names, holders)


def handed_out(function: Function) -> Iterator[Term]:
    """The collections of which a function gives away a method that adds (``add = ids.append``), or calls the class."""
    for node in function.graph.nodes:
        operation = node.operation
        match operation:
            case Call(func=Attr(base=Var(scope="builtins"), name=name), args=(first, *_)) if name in ADDING:
                yield first
        given = operation.operands if isinstance(operation, Call) else terms_of(operation)
        for part in (part for term in given for part in walk(term)):
            if isinstance(part, Attr) and part.name in ADDING:
                yield part.base


def values_of(place: Var, function: Function) -> list[Term | None]:
    """What is assigned to a variable of a function; additions to what it holds are none."""
    return [each.value for _, each in function.graph.assignments.get(place, ()) if not _is_addition(each)]


def filled_at(operation: Operation, state: State) -> Var | None:
    """The variable that a name stands for in a state, where its collection is added to."""
    match operation:
        case Call(func=Attr(base=base)):
            found = state.evaluate(base)
            return found if isinstance(found, Var) and found != base else None
    return None


def adds_to(function: Function, place: Term) -> bool:
    """Whether a function adds to what a place holds."""
    return any(what_is_added(node.operation, lambda base: base == place) is not None for node in function.graph.nodes)


def _is_addition(operation: Assign) -> bool:
    match operation:
        case Assign(value=App(op="appended")):
            return True
        case Assign(target=target, value=App(op="+", args=(left, _))):
            return left == target
    return False


def what_is_added(operation: Operation, is_meant: Callable[[Term], bool]) -> Term | None:
    """What an operation adds to a collection that is meant: None for nothing."""
    match operation:
        case Assign(target=target, value=App(op="appended", args=(value,))) if is_meant(target):
            return value
        case Assign(target=target, value=App(op="+", args=(left, right))) if is_meant(target) and left == target:
            return right
        case Assign(target=Item(base=base)) if is_meant(base):
            return UNKNOWN
        case Call(func=Attr(base=base, name=name), args=args) if is_meant(base):
            if name in _HARMLESS:
                return None
            position = ADDING.get(name)
            return args[position] if position is not None and position < len(args) else UNKNOWN
    return None

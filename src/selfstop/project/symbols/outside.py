"""Objects that evidently come from outside of the program: made by imported code, or declared as of such a class.

What the program's own methods of the same name say is not said of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from selfstop.flow.terms import App, Attr, Func, Instance, Item, Result, Term, Var, last_name, walk
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.table import is_class

MAX_STEPS = 4
"""How far an object is followed to where it comes from."""

_PASSING = vocabulary(
    "get get_nowait pop popleft popitem result recv next join load loads load_object copy deepcopy cast evolve "
    "instantiate import_module import_string locate wait_for gather enter_context enter_async_context setdefault value"
)
"""Functions and methods of libraries that give back what the program put in, or objects of classes that it names."""

_FORMS = frozenset({"typing", "typing_extensions", "types", "collections", "abc"})
"""Modules whose names say in annotations how an object may be used, and not where it comes from."""


class Outside:
    """Tells which objects are none of the program's."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def has(self, place: Term, known: str | None = None) -> bool:
        """Whether an object that a place may hold evidently comes from outside.

        Not where it is only declared as of a class from which the program's class ``known`` derives.
        """
        return self._is_made(place, MAX_STEPS) or any(
            self._is_declared(annotation, module, known) for annotation, module in self._annotations(place)
        )

    def _is_made(self, term: Term, steps: int) -> bool:
        """Whether ``term`` may be what a call of imported code gave, or a part of that."""
        if steps == 0 or self._program.class_of(term) is not None:
            return False
        match term:
            case Result(callee=callee, args=args) | App(op="call", args=(callee, *args)) if callee is not None:
                return self._is_given_by(callee, args, steps) or self._may_hold(term, steps)
            case App(op="if", args=(_, *values)) | App(op="or", args=values):
                return any(self._is_made(value, steps) for value in values)
            case Attr(base=base):
                return self._may_hold(term, steps) or self._is_made(base, steps - 1)
            case Var() | Item():
                return self._may_hold(term, steps)
        return False

    def _is_given_by(self, callee: Term, args: Sequence[Term], steps: int) -> bool:
        """Whether a call is of imported code that has no object of the program to give."""
        if last_name(callee) in _PASSING or any(map(self._is_own, _parts(args))):
            return False
        if isinstance(callee, Attr):
            return self._is_made(callee.base, steps - 1)
        return self._is_foreign(callee)

    def _may_hold(self, place: Term, steps: int) -> bool:
        values = (definition.value for definition in self._program.definitions(place) if not definition.step)
        return any(self._is_made(value, steps - 1) for value in values if value is not None and value != place)

    def _is_foreign(self, name: Term) -> bool:
        if not (isinstance(name, Var) and name.scope == "import"):
            return False
        return self._program.resolve(name) == name and not self._program.is_own(name.name)

    def _is_own(self, part: Term) -> bool:
        """Whether a part of an argument leads to the program: a function, a class, an object with its methods."""
        meaning = self._program.resolve(part)
        if isinstance(meaning, (Func, Instance)) or is_class(meaning):
            return True
        return isinstance(part, (Var, Attr, Result)) and self._program.class_of(part) is not None

    def _annotations(self, place: Term) -> Iterable[tuple[str, str]]:
        """What is declared of a place, each with the module where that stands."""
        found = [(each, self._program.functions[each.function]) for each in self._program.definitions(place)]
        yield from ((each.annotation, function.module) for each, function in found if each.annotation)
        if isinstance(place, Var) and (function := self._program.functions.get(place.scope)) is not None:
            for parameter in function.parameters:
                if parameter.name == place.name and parameter.annotation:
                    yield parameter.annotation, function.module

    def _is_declared(self, annotation: str, module: str, known: str | None) -> bool:
        """Whether an annotation names a class from elsewhere."""
        name = self._program.annotated_name(module, annotation)
        if name is None or not self._is_foreign(name):
            return False
        if isinstance(name, Var) and name.name.partition(".")[0] in _FORMS:
            return False
        return known is None or name not in map(self._program.resolve, self._program.foreign_bases(known))


def _parts(args: Iterable[Term]) -> Iterable[Term]:
    return (part for arg in args for part in walk(arg))

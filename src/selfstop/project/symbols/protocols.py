"""Protocols and abstract methods: what runs instead of a method that only says which methods there are.

A class of the program conforms to a protocol that has all its methods (PEP 544), whether it names it or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from selfstop.flow.cfg import Assign, Call, Operation, Raise, Skip
from selfstop.flow.terms import Const, Item, Result, Term, Var, last_name
from selfstop.project.symbols.program import Program

MAX_STEPS = 4
"""How far an object is followed to the class that it is made of."""

_ABSTRACT = frozenset({"abstractmethod", "abstractproperty"})


class Protocols:
    """Tells for which classes a protocol stands."""

    def __init__(self, program: Program, generic: frozenset[str]) -> None:
        """``generic`` are names of methods that say nothing."""
        self._program = program
        self._generic = generic
        self._conforming: dict[str, frozenset[str]] = {}
        self._having: dict[str, set[str]] = defaultdict(set)
        """The classes that define a method of a name."""
        for cls in program.classes.values():
            for name, _ in cls.methods:
                self._having[name].add(cls.id)

    def is_protocol(self, cls: str) -> bool:
        """Whether a class is a protocol."""
        bases = self._program.classes[cls].bases
        return "Protocol" in {last_name(base.base if isinstance(base, Item) else base) for base in bases}

    def is_stub(self, function: str) -> bool:
        """Whether a method only says that there is one, and is never what runs."""
        method = self._program.functions[function]
        if method.cls is None:
            return False
        is_abstract = not _ABSTRACT.isdisjoint(map(last_name, method.decorators)) or self.is_protocol(method.cls)
        return is_abstract and all(does_nothing(node.operation) for node in method.graph.nodes)

    def classes_for(self, cls: str, place: Term) -> list[str]:
        """The classes that name no protocol ``cls``, and of which an object may be that is declared as of it.

        Where all its methods have names that say nothing, only those of which there is an object for ``place``.
        """
        if not self.is_protocol(cls):
            return []
        found = self._conforming_to(cls)
        if not found or not self._generic.issuperset(self._methods_of(cls)):
            return sorted(found)
        return sorted(found & set(self._made_for(place, MAX_STEPS)))

    def _conforming_to(self, cls: str) -> frozenset[str]:
        if cls not in self._conforming:
            self._conforming[cls] = self._find_conforming(cls)
        return self._conforming[cls]

    def _find_conforming(self, cls: str) -> frozenset[str]:
        program = self._program
        names = self._methods_of(cls)
        if not names:
            return frozenset()
        rarest = min(names, key=lambda name: len(self._having[name]))
        having = {each for found in self._having[rarest] for each in (found, *program.descendants(found))}
        named = {cls, *program.descendants(cls)}
        return frozenset(
            each
            for each in having - named
            if not self.is_protocol(each) and all(program.method(each, name) is not None for name in names)
        )

    def _methods_of(self, cls: str) -> set[str]:
        """The names of all methods of a protocol and of those that it extends; properties may be plain attributes."""
        extended = filter(self.is_protocol, self._program.ancestors(cls))
        methods = (method for each in extended for method in self._program.classes[each].methods)
        return {name for name, function in methods if not self._program.is_property(function)}

    def _made_for(self, place: Term, steps: int) -> Iterator[str]:
        """The classes of what the program gives for a place."""
        for definition in self._program.definitions(place) if steps else ():
            if definition.value is None or definition.value == place:
                continue
            cls = self._program.class_of(definition.value)
            if cls is None or self.is_protocol(cls):
                yield from self._made_for(definition.value, steps - 1)
            else:
                yield cls


def does_nothing(operation: Operation) -> bool:
    """Whether an operation may stand in a method that leaves what there is to do to others, and says no meanwhile."""
    match operation:
        case Call(func=func):
            return last_name(func) == "NotImplementedError"
        case Raise(exception=exception):
            callee = exception.callee if isinstance(exception, Result) else exception
            return last_name(callee) == "NotImplementedError"
        case Assign(target=Var(name=name), value=value) if name.startswith("$"):
            return value is None or (isinstance(value, Const) and not value.value)
    return isinstance(operation, Skip)

"""Which handlers take which exceptions, and where those of the program's own classes are made."""

from __future__ import annotations

import builtins
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from selfstop.flow.cfg import Call, Operation, Raise
from selfstop.flow.code import Function
from selfstop.flow.terms import App, Instance, Item, Result, Term, Var, last_name
from selfstop.flow.world import EXTERNAL, is_unknown
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.questions import Crowded
from selfstop.project.symbols.table import class_id, is_class


class Exceptions:
    """The exceptions of a program."""

    def __init__(self, program: Program, crowded: Crowded) -> None:
        """``crowded`` are names of which so many files speak that not all of these are known."""
        self._program = program
        self._crowded = crowded

    def class_of(self, exception: Term) -> str | None:
        """The class of the program that a raised term is, or is an instance of."""
        match exception:
            case App(op="class"):
                return class_id(exception)
            case Instance(cls=cls):
                return cls
        return self._program.class_of(exception)

    def may_be_own(self, exception: Term) -> bool:
        """Whether a raised term is of a class of the program, or comes out of a collection that may hold such."""
        match exception:
            case Item() | App(op="get" | "element"):
                return True
            case Result(callee=(Item() | App(op="get" | "element"))):
                return True
        return self.class_of(exception) is not None

    def catches(self, exception: Term, clause: Sequence[Term]) -> bool | None:
        """Whether a handler for ``clause`` takes ``exception``; None if it may or may not."""
        answers = [self._catches(exception, self._program.resolve(handled)) for handled in clause]
        if True in answers:
            return True
        return None if None in answers else False

    def _catches(self, exception: Term, handled: Term) -> bool | None:
        handled_class = class_id(handled) if is_class(handled) else None
        raised_class = self.class_of(exception)
        if last_name(handled) == "BaseException":
            return True
        if is_unknown(exception):
            return None
        if raised_class is None:
            return self._catches_foreign(exception, handled, handled_class)
        ancestors = list(self._program.ancestors(raised_class))
        if handled_class in ancestors or last_name(handled) == "Exception":
            return True
        if handled_class is not None and not isinstance(exception, (Instance, App)):
            return None if handled_class in self._program.descendants(raised_class) else False
        return self._catches_base(ancestors, handled, handled_class)

    def _catches_foreign(self, exception: Term, handled: Term, handled_class: str | None) -> bool | None:
        """A handler and an exception that is of no class of the program."""
        if handled_class is not None:
            return False if exception == EXTERNAL or _builtin_exception(exception) else None
        raised, wanted = _builtin_exception(exception), _builtin_exception(handled)
        return None if raised is None or wanted is None else issubclass(raised, wanted)

    def _catches_base(self, ancestors: Sequence[str], handled: Term, handled_class: str | None) -> bool | None:
        """A handler and an exception of the program, of whose bases some may be unknown."""
        bases = [base for cls in ancestors for base in self._program.foreign_bases(cls)]
        builtin = [_builtin_exception(base) for base in bases]
        wanted = None if handled_class is not None else _builtin_exception(handled)
        if wanted is not None and any(base is not None and issubclass(base, wanted) for base in builtin):
            return True
        if handled_class is None and last_name(handled) in {last_name(base) for base in bases}:
            return True
        return None if None in builtin else False

    @cached_property
    def are_told(self) -> bool:
        """Whether some handler takes exceptions of the program's own classes."""
        return any(map(self.handles_own, self._program.functions.values()))

    def handles_own(self, function: Function) -> bool:
        """Whether a handler in a function takes exceptions of which the program shows where they are raised."""
        return any(
            is_class(target) and self._program.classes[class_id(target)].name not in self._crowded.classes
            for target in map(self._program.resolve, function.handled)
        )

    def own_classes(self, clause: Sequence[Term]) -> list[str]:
        """The classes of what ``clause`` takes, if all are of the program and it is known where they are raised."""
        handled = [self._program.resolve(item) for item in clause]
        if not all(map(is_class, handled)):
            return []
        classes = {cls for item in handled for cls in (class_id(item), *self._program.descendants(class_id(item)))}
        if any(self._program.classes[cls].name in self._crowded.classes for cls in classes):
            return []
        return sorted(classes)

    def makers_of(self, classes: Iterable[str]) -> list[tuple[str, int]]:
        """Where objects of ``classes`` are made, or these themselves are raised: function and node."""
        return [place for cls in classes for place in self._makers.get(cls, ())]

    def ask_who_makes(self, classes: Iterable[str]) -> None:
        """Ask for all places where that is done."""
        for cls in classes:
            self._program.questions.made(self._program.classes[cls].name)

    @cached_property
    def _makers(self) -> dict[str, list[tuple[str, int]]]:
        """Where objects of each class are made, or the class itself is raised: function and node."""
        makers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for identity, function in self._program.functions.items():
            for number, node in enumerate(function.graph.nodes):
                owner = self._made_by(node.operation)
                if owner is not None:
                    makers[owner].append((identity, number))
        return makers

    def _made_by(self, operation: Operation) -> str | None:
        """The class of the program of which an operation makes an object, or which it raises as it is."""
        match operation:
            case Call() as call if (made := self._program.made_by(call)) is not None:
                return made[0]
            case Raise(exception=raised) if raised is not None:
                target = self._program.resolve(raised)
                return class_id(target) if is_class(target) else None
        return None


def _builtin_exception(term: Term) -> type[BaseException] | None:
    match term:
        case Result(callee=callee) if callee is not None:
            return _builtin_exception(callee)
        case App(op="call", args=(callee, *_)):
            return _builtin_exception(callee)
        case Var(scope="builtins", name=name):
            found = getattr(builtins, name, None)
            return found if isinstance(found, type) and issubclass(found, BaseException) else None
    return None

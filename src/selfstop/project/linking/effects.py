"""What calls leave as it is: those that change nothing, and those that run no code of the program."""

from __future__ import annotations

from collections.abc import Sequence

from selfstop.flow.cfg import Assign, Call, Effect
from selfstop.flow.code import Function
from selfstop.flow.contents import COMPUTED, VOLATILE, Contents, is_silent
from selfstop.flow.origins import is_command_line, is_configuration
from selfstop.flow.terms import App, Attr, Bound, Const, Func, Instance, Item, Result, Term, Var, walk
from selfstop.project.linking.writing import outlives
from selfstop.project.symbols.calls import Calls

MAX_LOOKS = 30
"""How many calls deep a function is looked at to see whether it changes nothing; beyond that it may."""

MAX_STEPS = 4
"""How far an object is followed to see whether it is a library's."""

_ADVANCING = frozenset({"next", "anext", "map", "filter", "iter"})


class Effects:
    """Tells of calls that they cannot change what is known."""

    def __init__(self, calls: Calls) -> None:
        self._program = calls.program
        self._calls = calls
        self._contents: dict[str, Contents] = {}
        self._silent: dict[str, bool] = {}
        self._looking = 0
        self._foreign: dict[Attr, str] = {}

    def leaves_program(self, func: Term, operands: Sequence[Term]) -> bool:
        """Whether a call evidently runs no code of the program: of a library, and without a way back."""
        callee = func.base if isinstance(func, Attr) else func
        return self._is_of_library(callee) and not any(self._leads_back(operand) for operand in operands)

    def _is_of_library(self, term: Term, depth: int = 0) -> bool:
        if depth > MAX_STEPS:
            return False
        match term:
            case Const():
                return True
            case Var(scope="import", name=name):
                return not self._program.is_own(name)
            case Var(scope="builtins", name=name):
                return name not in _ADVANCING
            case Attr(base=base) | Item(base=base) if not self._program.definitions(term):
                return self._is_of_library(base, depth + 1)
            case Result(callee=callee) if callee is not None:
                return self._is_of_library(callee, depth + 1)
            case App(op="call" | "element" | "get", args=(base, *_)):
                return self._is_of_library(base, depth + 1)
            case App(args=args):
                return all(self._is_of_library(arg, depth + 1) for arg in args)
            case Var() | Attr():
                values = [definition.value for definition in self._program.definitions(term)]
                return bool(values) and all(v is not None and self._is_of_library(v, depth + 1) for v in values)
        return False

    def _leads_back(self, operand: Term) -> bool:
        """Whether code of the program may be run by way of ``operand``: a function, or an object with methods."""
        return any(
            isinstance(part, (Func, Instance, Bound))
            or (isinstance(part, App) and part.op in {"class", "partial"})
            or (isinstance(part, Attr) and self._calls.is_method(part.name))
            or (isinstance(part, (Var, Attr, Result)) and self._program.class_of(part) is not None)
            or (isinstance(part, (Var, Attr)) and isinstance(self._program.resolve(part), Func))
            or (isinstance(part, Result) and part.callee is not None and bool(self._calls.targets(part.callee)))
            for part in walk(operand)
        )

    def contents(self, scope: str) -> Contents:
        """What the objects of a function hold, and where that may change."""
        if scope not in self._contents:
            function = self._program.functions[scope]
            parameters = [Var(scope, parameter.name) for parameter in function.parameters]
            self._contents[scope] = Contents(function.graph, parameters, self._is_silent, self._how_foreign)
        return self._contents[scope]

    def _is_silent(self, call: Call) -> bool:
        """Whether a call neither changes nor keeps what it is given, and nothing else either."""
        if isinstance(call.func, Var) and is_silent(call):
            return True
        targets = self._calls.targets(call.func)
        if not targets:
            return is_silent(call)
        return all(self._changes_nothing(target.function) for target in targets)

    def _changes_nothing(self, identity: str) -> bool:
        if identity not in self._silent:
            if self._looking >= MAX_LOOKS:
                return False
            self._silent[identity] = False
            function = self._program.functions.get(identity)
            self._looking += 1
            self._silent[identity] = function is not None and not function.decorators and self._has_no_effect(function)
            self._looking -= 1
        return self._silent[identity]

    def _has_no_effect(self, function: Function) -> bool:
        for node in function.graph.nodes:
            match node.operation:
                case Assign(target=target) if not (isinstance(target, Var) and not outlives(target, function.id)):
                    return False
                case Effect(suspends=True):
                    return False
                case Call() if not self._is_silent(node.operation):
                    return False
        return not self.contents(function.id).may_be_kept(function.graph.returned)

    def _how_foreign(self, place: Attr) -> str:
        """How an attribute may change besides by the assignments of the program."""
        if place not in self._foreign:
            self._foreign[place] = self._find_how_foreign(place)
        return self._foreign[place]

    def _find_how_foreign(self, place: Attr) -> str:
        if self._program.property_of(place) is not None:
            return COMPUTED
        if self._program.class_of(place.base) is not None:
            return "" if self._program.definitions(place) else VOLATILE
        settings = is_configuration(place.base) or is_command_line(place.base, self._program.definitions)
        return "" if settings else VOLATILE

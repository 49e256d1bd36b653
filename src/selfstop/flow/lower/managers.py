"""Context managers of which the project shows that they swallow exceptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from selfstop.flow.lower.context import ModuleContext
from selfstop.flow.lower.scopes import BUILTINS, IMPORTED, Scope
from selfstop.flow.lower.structure import Structure
from selfstop.flow.lower.walking import walk
from selfstop.flow.terms import App, Attr, Result, Term, Var, dotted

SWALLOWING = frozenset({"contextlib.suppress", "suppress", "pytest.raises"})
_ENTERING = frozenset({"enter_context", "enter_async_context"})
_EVERYTHING = Var(BUILTINS, "BaseException")


@dataclass(frozen=True)
class Swallowed:
    """The ``types`` of exceptions that a manager swallows: ``always``, or as it sees fit."""

    types: tuple[Term, ...]
    always: bool = False


class Managers:
    """What the managers that are entered in a scope swallow."""

    def __init__(self, context: ModuleContext, scope: Scope) -> None:
        self.context = context
        self.scope = scope

    def swallowed(self, manager: Term) -> Swallowed | None:
        """What ``manager`` swallows; None where nothing shows that it does."""
        match manager:
            case Result(callee=callee, args=args) if callee is not None:
                return self._made(callee, args)
            case App(op="call", args=(callee, *args)):
                return self._made(callee, args)
            case Var() | Attr():
                return self._bound(manager)
        return None

    def entered(self, stack: str, body: cst.BaseSuite) -> Swallowed | None:
        """What ``stack.enter_context(…)`` in ``body`` makes that stack swallow."""
        found: list[Swallowed] = []
        structure = Structure(self.context, self.scope)

        def enters(node: cst.CSTNode) -> bool:
            match node:
                case cst.Call(
                    func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=verb)),
                    args=[cst.Arg(value=inner)],
                ) if name == stack and verb in _ENTERING:
                    known = self.swallowed(structure.value(inner))
                    found.extend([] if known is None else [known])
            return not isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.Lambda))

        walk(body, enters)
        return Swallowed(tuple(kind for each in found for kind in each.types)) if found else None

    def _made(self, callee: Term, args: Sequence[Term]) -> Swallowed | None:
        if dotted(callee) in SWALLOWING:
            return Swallowed(tuple(args) or (_EVERYTHING,), always=True)
        match callee:
            case Var(scope=scope, name=name) if scope != BUILTINS:
                return self._shown(name)
            case Attr(base=Var(name="self" | "cls"), name=name):
                return self._shown(name)
        return None

    def _bound(self, manager: Term) -> Swallowed | None:
        """What a variable or attribute holds, by all that is bound to it."""
        if isinstance(manager, Var) and manager.scope in {self.context.name, IMPORTED}:
            return self._shown(manager.name)
        values = [each.value for each in self.context.definitions if each.target == manager]
        if not values:
            return self._shown(dotted(manager)) if isinstance(manager, Attr) else None
        types: list[Term] = []
        for value in values:
            match value:
                case App(op="call", args=(callee, *args)) if (known := self._made(callee, args)) is not None:
                    types += known.types
                case _:
                    return None
        return Swallowed(tuple(types))

    def _shown(self, name: str) -> Swallowed | None:
        kinds = self.context.swallowing.get(name)
        return None if kinds is None else Swallowed(tuple(map(_kind, kinds)))


def _kind(name: str) -> Term:
    return Var(IMPORTED if "." in name else BUILTINS, name)

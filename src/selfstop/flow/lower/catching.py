"""``try`` and ``with``: where exceptions are caught, and what is run for their sake.

Source: The Python Language Reference, sections 8.4 "The try statement" and 8.5 "The with statement".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import libcst as cst

from selfstop.flow.cfg import Dispatch, Edge, EdgeKind, Skip
from selfstop.flow.lower.builder import Frontier, Handler
from selfstop.flow.lower.expressions import acts
from selfstop.flow.lower.managers import Managers, Swallowed
from selfstop.flow.lower.syntax import is_endless, leaves
from selfstop.flow.terms import App, Term, Var

if TYPE_CHECKING:
    from selfstop.flow.lower.statements import Statements

_Handler: TypeAlias = cst.ExceptHandler | cst.ExceptStarHandler


class Catching:
    """Lowers the ``try`` and ``with`` statements of one function."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
        self.expressions = statements.expressions
        self.builder = statements.builder
        self.context = statements.context
        self.managers = Managers(statements.context, statements.scope)

    def with_block(self, node: cst.With) -> None:
        """Lower a whole ``with``, one manager inside of the other."""
        self._with_items(list(node.items), node)

    def _with_items(self, items: list[cst.WithItem], node: cst.With) -> None:
        if not items:
            self.statements.body(node.body)
            return
        manager = self.expressions.value(items[0].item)
        self.builder.effect("with", suspends=True)
        if items[0].asname is not None:
            self.expressions.bind(items[0].asname.name, manager)
            self.statements.define(items[0].asname.name, self.expressions.structure.value(items[0].item))
        swallowed = self._swallowed(manager, items[0], node)
        if swallowed is not None:
            self.statements.follows = False  # is reached for another manager's sake
            self._swallowing(swallowed, lambda: self._with_items(items[1:], node))
            return
        self._with_items(items[1:], node)

    def _swallowed(self, manager: Term, item: cst.WithItem, node: cst.With) -> Swallowed | None:
        """What a manager swallows: what the file shows, or what it must where nothing else leads to what follows."""
        known = self.managers.swallowed(manager)
        if known is None and item.asname is not None and isinstance(item.asname.name, cst.Name):
            known = self.managers.entered(item.asname.name.value, node.body)
        if known is None and (is_endless(node.body) or (self.statements.follows and leaves(node.body.body))):
            return Swallowed((Var("builtins", "BaseException"),))
        return known

    def _swallowing(self, swallowed: Swallowed, body: Callable[[], None]) -> None:
        """``body`` in a manager that swallows exceptions: what follows may be reached by one."""
        start = self.builder.emit(Skip("with"))
        dispatch = self.builder.node(Dispatch((swallowed.types,)))
        target = dispatch if swallowed.always else self.builder.node(Skip("leaving"))
        after = self.builder.node(Skip("suppressed"))
        self.builder.edges[dispatch].append(Edge(after, EdgeKind.CATCH, 0))
        self.builder.protections.append((start, target))
        self.builder.frames.append(Handler(target))
        body()
        self.builder.frames.pop()
        self.builder.connect(self.builder.frontier, after)
        self._uncaught(dispatch, [swallowed.types])
        if not swallowed.always:
            self.builder.edges[target].append(Edge(dispatch))
            self.builder.frontier = [(target, EdgeKind.NEXT)]
            self.builder.raise_(Var(self.builder.scope, "$exception"))
        self.builder.frontier = [(after, EdgeKind.NEXT)]

    def try_block(self, node: cst.Try | cst.TryStar) -> None:
        """Lower a whole ``try``; a ``finally`` is lowered once for each way into it."""
        if node.finalbody is None:
            self._try_except(node)
            return
        cleanup = node.finalbody.body
        self.builder.protect(
            lambda: self._try_except(node), lambda: self.statements.body(cleanup), self.context.line(node.finalbody)
        )

    def _try_except(self, node: cst.Try | cst.TryStar) -> None:
        handlers: Sequence[_Handler] = node.handlers
        if not handlers:
            self.statements.body(node.body)
            return
        types = [self._handler_types(handler) for handler in handlers]
        start = self.builder.emit(Skip("try"))
        dispatch = self.builder.node(Dispatch(tuple(types)))
        acting = [handler.type for handler in handlers if handler.type is not None and acts(handler.type)]
        landing = self.builder.node(Skip("types")) if acting else dispatch
        self.builder.protections.append((start, landing))
        self.builder.frames.append(Handler(landing))
        self.statements.body(node.body)
        self.builder.frames.pop()
        if acting:
            self._choose(acting, landing, dispatch)
        if node.orelse is not None:
            self.statements.body(node.orelse.body)
        done = self.builder.frontier
        ends = [self._handler(dispatch, position, handler) for position, handler in enumerate(handlers)]
        if isinstance(node, cst.TryStar):
            self._handle_the_rest(dispatch, types, ends)
        self._uncaught(dispatch, types)
        self.builder.frontier = [*done, *(way for end in ends for way in end)]

    def _handle_the_rest(self, dispatch: int, types: Sequence[tuple[Term, ...]], ends: Sequence[Frontier]) -> None:
        """Behind a handler of a group come the later ones, each for its part of it; what is left goes on outwards."""
        entries = [edge.target for edge in self.builder.edges[dispatch]]
        for position, end in enumerate(ends):
            if _takes_all(types[: position + 1]) or not end:
                continue
            later = types[position + 1 :]
            self.builder.frontier = list(end)
            self.builder.assign(Var(self.builder.scope, "$exception"), None)
            rest = self.builder.emit(Dispatch(tuple(later)))
            self.builder.edges[rest] += [
                Edge(entry, EdgeKind.CATCH, clause) for clause, entry in enumerate(entries[position + 1 :])
            ]
            self._uncaught(rest, later)

    def _choose(self, types: Sequence[cst.BaseExpression], landing: int, dispatch: int) -> None:
        """What handlers take is evaluated once there is an exception; as if each of them were asked."""
        body, self.builder.frontier = self.builder.frontier, [(landing, EdgeKind.NEXT)]
        for each in types:
            self.expressions.value(each)
        self.builder.connect(self.builder.frontier, dispatch)
        self.builder.frontier = body

    def _handler_types(self, handler: _Handler) -> tuple[Term, ...]:
        if handler.type is None:
            return ()
        term = self.expressions.structure.value(handler.type)
        match term:
            case App(op="tuple", args=args):
                return args
        return (term,)

    def _handler(self, dispatch: int, position: int, handler: _Handler) -> Frontier:
        self.builder.line = self.context.line(handler)
        entry = self.builder.node(Skip("except"))
        self.builder.edges[dispatch].append(Edge(entry, EdgeKind.CATCH, position))
        self.builder.frontier = [(entry, EdgeKind.NEXT)]
        saved = self.builder.temporary("handled")
        self.builder.assign(saved, Var(self.builder.scope, "$exception"))
        if handler.name is not None:
            self.expressions.bind(handler.name.name, saved)
        self.statements.handled.append(saved)
        self.statements.body(handler.body)
        self.statements.handled.pop()
        return self.builder.frontier

    def _uncaught(self, dispatch: int, types: Sequence[tuple[Term, ...]]) -> None:
        """What no handler takes goes on to the next one out."""
        if _takes_all(types):
            return
        outer = self.builder.node(Skip("uncaught"))
        self.builder.edges[dispatch].append(Edge(outer, EdgeKind.CATCH, len(types)))
        self.builder.frontier = [(outer, EdgeKind.NEXT)]
        self.builder.raise_(Var(self.builder.scope, "$exception"))


def _takes_all(types: Sequence[tuple[Term, ...]]) -> bool:
    """Whether handlers of ``types`` leave no exception to others."""
    return any(not clause or Var("builtins", "BaseException") in clause for clause in types)

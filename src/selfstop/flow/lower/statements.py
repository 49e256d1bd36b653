"""Statements: how control moves between the expressions of one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import libcst as cst

from selfstop.flow.cfg import Assign, Dispatch, Edge, EdgeKind, Iterate, Skip, round_of
from selfstop.flow.code import Class
from selfstop.flow.contents import holds_display, is_settled
from selfstop.flow.lower.builder import BREAK, CONTINUE, RETURN, Frontier, Handler, Loop
from selfstop.flow.lower.expressions import Expressions, acts
from selfstop.flow.lower.managers import Managers, Swallowed
from selfstop.flow.lower.patterns import Patterns
from selfstop.flow.lower.scopes import IMPORTED, Scope, bindings_of
from selfstop.flow.lower.structure import BINARY
from selfstop.flow.lower.walking import contains, walk
from selfstop.flow.terms import FALSE, NONE, TRUE, App, Const, Func, Item, Result, Term, Var

_Handler: TypeAlias = cst.ExceptHandler | cst.ExceptStarHandler
ENDING_CALLS = frozenset(
    {"sys.exit", "os._exit", "os.abort", "exit", "quit", "os.execv", "os.execl", "os.execvp", "os.execve"}
)


class Statements:
    """Lowers the statements of one function into the graph of ``expressions.builder``."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.builder = expressions.builder
        self.context = expressions.context
        self.handled: list[Var] = []
        """The saved exception of each handler around the statement, for a bare ``raise``."""
        self.follows = False
        """Whether a statement follows in the same block."""

    @property
    def scope(self) -> Scope:
        return self.expressions.scope

    @property
    def managers(self) -> Managers:
        return Managers(self.context, self.scope)

    def block(self, statements: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> None:
        """Lower statements one after the other."""
        for position, statement in enumerate(statements, 1):
            self.follows = position < len(statements)
            self.statement(statement)

    def body(self, suite: cst.BaseSuite) -> None:
        """Lower an indented block or the statements behind a colon."""
        self.block(suite.body)

    def statement(self, node: cst.BaseStatement | cst.BaseSmallStatement) -> None:
        """Lower one statement."""
        if isinstance(node, cst.SimpleStatementLine):
            self.block(node.body)
            return
        self.builder.line = self.context.line(node)
        if self.builder.frames and _may_raise(node):
            self.builder.effect()
        method = _METHODS.get(type(node))
        if method is not None:
            lower: Callable[[cst.CSTNode], None] = getattr(self, method)
            lower(node)

    # Simple statements

    def expression(self, node: cst.Expr) -> None:
        value = self.expressions.value(node.value)
        if isinstance(value, Result) and _is_ending(value.callee):
            self.builder.raise_(Var("builtins", "SystemExit"))

    def assign(self, node: cst.Assign) -> None:
        value = self.expressions.flag(node.value)
        targets = [target.target for target in node.targets]
        if len(targets) > 1 and holds_display(value):
            value = self.expressions.kept(value)  # one object for all of them
        for target, each in zip(targets, self.expressions.at_once(targets, [value] * len(targets)), strict=True):
            self._assign(target, each, node.value)

    def annotated(self, node: cst.AnnAssign) -> None:
        annotation = self.context.text(node.annotation.annotation)
        if node.value is None:
            self.context.define(
                self.expressions.place(node.target), None, self.expressions.function_id, annotation=annotation
            )
            return
        self._assign(node.target, self.expressions.flag(node.value), node.value, annotation)

    def _assign(
        self, target: cst.BaseExpression, value: Term | None, source: cst.BaseExpression, annotation: str = ""
    ) -> None:
        kept = value if isinstance(value, Func) else self.expressions.structure.value(source)
        self.expressions.bind(target, value)
        self._define(target, kept, annotation)

    def _define(self, target: cst.BaseExpression, value: Term | None, annotation: str = "") -> None:
        if isinstance(target, (cst.Tuple, cst.List)):
            parts: Sequence[Term | None] = [None] * len(target.elements)
            takes_one_each = not any(isinstance(each, cst.StarredElement) for each in target.elements)
            match value:
                case App(op="tuple" | "list", args=args) if takes_one_each and len(args) == len(target.elements):
                    parts = args
                case App(op="element") if takes_one_each:
                    parts = [Item(value, Const(position)) for position in range(len(target.elements))]
            for element, part in zip(target.elements, parts, strict=True):
                self._define(element.value, part)
            return
        place = self.expressions.place(target)
        self.context.define_ways(place, value, self.expressions.function_id, annotation=annotation)

    def augmented(self, node: cst.AugAssign) -> None:
        place = self.expressions.place(node.target)
        if isinstance(node.operator, (cst.BitOrAssign, cst.BitAndAssign)) and self.expressions.is_boolean(node.value):
            self._accumulate(place, node)
            return
        operand = self.expressions.value(node.value)
        op = BINARY[type(node.operator)]
        self.builder.assign(place, App(op, (place, operand)))
        step = op if op in {"+", "-"} else ""
        value = operand if step else App(op, (place, operand))
        self.context.define(place, value, self.expressions.function_id, step=step)

    def _accumulate(self, place: Term, node: cst.AugAssign) -> None:
        """``flag |= test`` and ``flag &= test``: what counts is the outcome, as with ``or`` and ``and``."""
        conjunction = isinstance(node.operator, cst.BitAndAssign)
        yes, no = self.expressions.branch(node.value)
        self.builder.frontier = no if conjunction else yes
        self.builder.assign(place, FALSE if conjunction else TRUE)
        self.builder.frontier = [*self.builder.frontier, *(yes if conjunction else no)]
        self.context.define(place, self.expressions.structure.value(node.value), self.expressions.function_id)

    def returns(self, node: cst.Return) -> None:
        value = NONE if node.value is None else self.expressions.flag(node.value)
        self.builder.assign(Var(self.builder.scope, "$return"), value)
        self.builder.jump(RETURN)

    def raises(self, node: cst.Raise) -> None:
        if node.exc is None:
            self.builder.raise_(self.handled[-1] if self.handled else None)
            return
        exception = self.expressions.value(node.exc)
        if node.cause is not None:
            self.expressions.value(node.cause.item)
        self.builder.raise_(exception)

    def breaks(self, node: cst.Break) -> None:
        self.builder.jump(BREAK)

    def continues(self, node: cst.Continue) -> None:
        self.builder.jump(CONTINUE)

    def imports(self, node: cst.Import | cst.ImportFrom) -> None:
        self.builder.effect("import")
        found = bindings_of([node], self.context.importer)
        own = self.scope.bindings
        for name in sorted(found.imports.keys() & (own.global_names | own.rebound)):
            place = self.scope.resolve(name)
            if isinstance(place, Var) and place.scope != IMPORTED:
                imported = Var(IMPORTED, found.imports[name])
                self.builder.assign(place, imported)
                self.context.define(place, imported, self.expressions.function_id)

    def asserts(self, node: cst.Assert) -> None:
        """``python -O`` drops assertions: nothing may be concluded from one, and its test may not even run."""
        if not any(acts(each) for each in (node.test, node.msg) if each is not None):
            self.builder.effect("assert")
            return
        dropped: Frontier = [(self.builder.emit(Skip("assert")), EdgeKind.NEXT)]
        self.expressions.value(node.test)
        self.builder.effect("assert")
        passed = self.builder.frontier
        if node.msg is not None:
            self.expressions.value(node.msg)
            self.builder.raise_(Var("builtins", "AssertionError"))
        self.builder.frontier = [*dropped, *passed]

    def deletes(self, node: cst.Del) -> None:
        targets = node.target.elements if isinstance(node.target, cst.Tuple) else [cst.Element(node.target)]
        for element in targets:
            self.expressions.bind(element.value, None)

    # Compound statements

    def conditional(self, node: cst.If) -> None:
        yes, no = self.expressions.branch(node.test)
        self.builder.frontier = yes
        self.body(node.body)
        done, self.builder.frontier = self.builder.frontier, no
        match node.orelse:
            case cst.If() as nested:
                self.statement(nested)
            case cst.Else(body=body):
                self.body(body)
        self.builder.frontier = [*done, *self.builder.frontier]

    def while_loop(self, node: cst.While) -> None:
        head = self.builder.emit(Skip("while"))
        loop = Loop(head)
        if self.builder.frames and _may_raise(node.test):
            self.builder.effect()
        yes, no = self.expressions.branch(node.test, loop=True)
        self.builder.frontier = yes
        self.builder.frames.append(loop)
        self.body(node.body)
        self.builder.connect(self.builder.frontier, head, back=True)
        self.builder.frames.pop()
        self.builder.frontier = no
        if node.orelse is not None:
            self.body(node.orelse.body)
        self.builder.frontier = [*loop.breaks, *self.builder.frontier]

    def for_loop(self, node: cst.For) -> None:
        iterable = self.expressions.value(node.iter)
        self.builder.line = self.context.line(node)
        if node.asynchronous is not None:
            self.builder.effect("async for", suspends=True)
        text = self.context.text(node.iter)
        self._define(node.target, App("element", (self.expressions.structure.value(node.iter),)))
        head = self.builder.emit(Iterate(iterable, text), may_raise=not is_settled(iterable))
        loop = Loop(head)
        self.builder.frontier = [(head, EdgeKind.TRUE)]
        self.expressions.bind(node.target, App("element", (iterable, round_of(self.builder.scope, head))))
        self.builder.frames.append(loop)
        self.body(node.body)
        self.builder.connect(self.builder.frontier, head, back=True)
        self.builder.frames.pop()
        abandons = bool(loop.breaks) if node.orelse is not None else not loop.breaks
        abandons = abandons and (bool(loop.breaks) or loop.returned)
        name = node.target.value if isinstance(node.target, cst.Name) else ""
        marks = node.orelse is None and bool(loop.breaks) and all(self._marks(source) for source, _ in loop.breaks)
        self.builder.operations[head] = Iterate(iterable, text, abandons, name, marks)
        self.builder.frontier = [(head, EdgeKind.FALSE)]
        if node.orelse is not None:
            self.body(node.orelse.body)
        self.builder.frontier = [*loop.breaks, *self.builder.frontier]

    def _marks(self, number: int) -> bool:
        match self.builder.operations[number]:
            case Assign(target=Var(), value=Const()):
                return True
        return False

    def with_block(self, node: cst.With) -> None:
        self._with_items(list(node.items), node)

    def _with_items(self, items: list[cst.WithItem], node: cst.With) -> None:
        if not items:
            self.body(node.body)
            return
        manager = self.expressions.value(items[0].item)
        self.builder.effect("with", suspends=True)
        if items[0].asname is not None:
            self.expressions.bind(items[0].asname.name, manager)
            self._define(items[0].asname.name, self.expressions.structure.value(items[0].item))
        swallowed = self._swallowed(manager, items[0], node)
        if swallowed is not None:
            self.follows = False  # is reached for another manager's sake
            self._swallowing(swallowed, lambda: self._with_items(items[1:], node))
            return
        self._with_items(items[1:], node)

    def _swallowed(self, manager: Term, item: cst.WithItem, node: cst.With) -> Swallowed | None:
        """What a manager swallows: what the file shows, or what it must where nothing else leads to what follows."""
        known = self.managers.swallowed(manager)
        if known is None and item.asname is not None and isinstance(item.asname.name, cst.Name):
            known = self.managers.entered(item.asname.name.value, node.body)
        if known is None and (_is_endless(node.body) or (self.follows and _leaves(node.body.body))):
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
        if node.finalbody is None:
            self._try_except(node)
            return
        cleanup = node.finalbody.body
        self.builder.protect(
            lambda: self._try_except(node), lambda: self.body(cleanup), self.context.line(node.finalbody)
        )

    def _try_except(self, node: cst.Try | cst.TryStar) -> None:
        handlers: Sequence[_Handler] = node.handlers
        if not handlers:
            self.body(node.body)
            return
        types = [self._handler_types(handler) for handler in handlers]
        start = self.builder.emit(Skip("try"))
        dispatch = self.builder.node(Dispatch(tuple(types)))
        acting = [handler.type for handler in handlers if handler.type is not None and acts(handler.type)]
        landing = self.builder.node(Skip("types")) if acting else dispatch
        self.builder.protections.append((start, landing))
        self.builder.frames.append(Handler(landing))
        self.body(node.body)
        self.builder.frames.pop()
        if acting:
            self._choose(acting, landing, dispatch)
        if node.orelse is not None:
            self.body(node.orelse.body)
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
        self.handled.append(saved)
        self.body(handler.body)
        self.handled.pop()
        return self.builder.frontier

    def _uncaught(self, dispatch: int, types: Sequence[tuple[Term, ...]]) -> None:
        """What no handler takes goes on to the next one out."""
        if _takes_all(types):
            return
        outer = self.builder.node(Skip("uncaught"))
        self.builder.edges[dispatch].append(Edge(outer, EdgeKind.CATCH, len(types)))
        self.builder.frontier = [(outer, EdgeKind.NEXT)]
        self.builder.raise_(Var(self.builder.scope, "$exception"))

    def match(self, node: cst.Match) -> None:
        Patterns(self).match(node)

    # Definitions

    def function(self, node: cst.FunctionDef) -> None:
        for decorator in node.decorators:
            self.expressions.value(decorator.decorator)
        self.expressions.defaults(node.params)
        term = self.expressions.nested(node, self.expressions)
        name = self.scope.bind(node.name.value)
        self.builder.assign(name, term)
        self.context.define(name, term, self.expressions.function_id)

    def class_definition(self, node: cst.ClassDef) -> None:
        for decorator in node.decorators:
            self.expressions.value(decorator.decorator)
        structure = self.expressions.structure
        bases = tuple(structure.value(base.value) for base in node.bases)
        for base in (*node.bases, *node.keywords):
            self.expressions.value(base.value)
        qualname = self._qualified(node.name.value)
        identity = self.context.unique(qualname)
        own = bindings_of(node.body.body, self.context.importer)
        scope = Scope(identity, "class", self.scope, own, own.names - own.imports.keys())
        inside = Expressions(self.context, scope, self.builder, self.expressions.function_id, self.expressions.nested)
        outer, self.expressions = self.expressions, inside
        first = len(self.context.functions)
        self.body(node.body)
        self.expressions = outer
        methods = tuple(
            (function.name, function.id) for function in self.context.functions[first:] if function.cls == identity
        )
        decorators = tuple(structure.value(decorator.decorator) for decorator in node.decorators)
        self.context.classes.append(Class(identity, node.name.value, bases, methods, decorators))
        name = self.scope.bind(node.name.value)
        term = App("class", (Const(identity),))
        self.builder.assign(name, term)
        self.context.define(name, term, self.expressions.function_id)

    def _qualified(self, name: str) -> str:
        inside = self.scope.id.partition(":")[2]
        return f"{inside}.{name}" if inside else name


def _is_ending(callee: Term | None) -> bool:
    """Whether a call ends the process: by the interpreter's functions, not by others of the same name."""
    return isinstance(callee, Var) and callee.scope in {"import", "builtins"} and callee.name in ENDING_CALLS


def _takes_all(types: Sequence[tuple[Term, ...]]) -> bool:
    """Whether handlers of ``types`` leave no exception to others."""
    return any(not clause or Var("builtins", "BaseException") in clause for clause in types)


def _is_endless(suite: cst.BaseSuite) -> bool:
    """Whether a block ends in a loop that only an exception leaves: what follows must be reached by that."""
    match suite:
        case cst.IndentedBlock(
            body=[*_, cst.While(test=cst.Name(value="True") | cst.Integer(), body=body, orelse=None)]
        ):
            return not contains(body, (cst.Break,), (cst.While, cst.For, cst.FunctionDef))
    return False


def _leaves(block: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> bool:
    """Whether control never gets to the end of a block."""
    match block[-1] if block else None:
        case cst.Return() | cst.Raise() | cst.Continue() | cst.Break():
            return True
        case cst.SimpleStatementLine(body=body) | cst.With(body=cst.IndentedBlock(body=body)):
            return _leaves(body)
        case cst.If(body=body, orelse=cst.If() as orelse):
            return _leaves(body.body) and _leaves([orelse])
        case cst.If(body=body, orelse=cst.Else(body=orelse)):
            return _leaves(body.body) and _leaves(orelse.body)
        case cst.Try(body=body, handlers=handlers, orelse=None):
            return _leaves(body.body) and all(_leaves(handler.body.body) for handler in handlers)
    return False


_RAISING = (
    cst.BinaryOperation,
    cst.AugAssign,
    cst.Attribute,
    cst.Subscript,
    cst.Comparison,
    cst.Del,
    cst.For,
    cst.Match,
    cst.FormattedStringExpression,
    cst.StarredElement,
    cst.StarredDictElement,
)
_INDENTED = (cst.IndentedBlock, cst.SimpleStatementSuite, cst.Lambda)


def _may_raise(node: cst.CSTNode) -> bool:
    """Whether a statement may raise although it calls nothing. Binding a name to a constant or a name does not."""
    if isinstance(node, (cst.While, cst.Try, cst.TryStar, cst.With, cst.FunctionDef, cst.ClassDef)):
        return False
    if isinstance(node, cst.If):
        return _may_raise(node.test)
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Name):
        return True
    if isinstance(node, cst.Assign) and any(isinstance(t.target, (cst.Tuple, cst.List)) for t in node.targets):
        return True
    return contains(node, _RAISING, _INDENTED) or _has_sign(node)


def _has_sign(node: cst.CSTNode) -> bool:
    """Whether a statement has a sign before something else than a number, which may have none."""
    signed: list[cst.UnaryOperation] = []

    def enters(part: cst.CSTNode) -> bool:
        match part:
            case cst.UnaryOperation(operator=operator, expression=operand):
                if not isinstance(operator, cst.Not) and not isinstance(operand, cst.BaseNumber):
                    signed.append(part)
        return not isinstance(part, _INDENTED)

    walk(node, enters)
    return bool(signed)


_METHODS: dict[type[cst.CSTNode], str] = {
    cst.Expr: "expression",
    cst.Assign: "assign",
    cst.AnnAssign: "annotated",
    cst.AugAssign: "augmented",
    cst.Return: "returns",
    cst.Raise: "raises",
    cst.Break: "breaks",
    cst.Continue: "continues",
    cst.Import: "imports",
    cst.ImportFrom: "imports",
    cst.Assert: "asserts",
    cst.Del: "deletes",
    cst.If: "conditional",
    cst.While: "while_loop",
    cst.For: "for_loop",
    cst.With: "with_block",
    cst.Try: "try_block",
    cst.TryStar: "try_block",
    cst.Match: "match",
    cst.FunctionDef: "function",
    cst.ClassDef: "class_definition",
}

"""Statements: how control moves between the expressions of one function."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import libcst as cst

from selfstop.flow.cfg import Assign, EdgeKind, Iterate, Skip, round_of
from selfstop.flow.code import Class
from selfstop.flow.contents import holds_display, is_settled
from selfstop.flow.lower.builder import BREAK, CONTINUE, RETURN, Frontier, Loop
from selfstop.flow.lower.catching import Catching
from selfstop.flow.lower.expressions import Expressions, acts
from selfstop.flow.lower.patterns import Patterns
from selfstop.flow.lower.scopes import IMPORTED, Scope, bindings_of
from selfstop.flow.lower.structure import BINARY
from selfstop.flow.lower.syntax import may_raise
from selfstop.flow.terms import FALSE, NONE, TRUE, App, Const, Func, Item, Result, Term, Var

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
        if self.builder.frames and may_raise(node):
            self.builder.effect()
        method = _METHODS.get(type(node))
        if method is not None:
            lower: Callable[[cst.CSTNode], None] = getattr(self, method)
            lower(node)

    # Simple statements

    def expression(self, node: cst.Expr) -> None:
        value = self.expressions.unasked(node.value)
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
        self.define(target, kept, annotation)

    def define(self, target: cst.BaseExpression, value: Term | None, annotation: str = "") -> None:
        """Tell of what ``target`` is bound to, flow aside; a tuple is taken apart."""
        if isinstance(target, (cst.Tuple, cst.List)):
            parts: Sequence[Term | None] = [None] * len(target.elements)
            takes_one_each = not any(isinstance(each, cst.StarredElement) for each in target.elements)
            match value:
                case App(op="tuple" | "list", args=args) if takes_one_each and len(args) == len(target.elements):
                    parts = args
                case App(op="element") if takes_one_each:
                    parts = [Item(value, Const(position)) for position in range(len(target.elements))]
            for element, part in zip(target.elements, parts, strict=True):
                self.define(element.value, part)
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
        if self.builder.frames and may_raise(node.test):
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
        self.define(node.target, App("element", (self.expressions.structure.value(node.iter),)))
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
        Catching(self).with_block(node)

    def try_block(self, node: cst.Try | cst.TryStar) -> None:
        Catching(self).try_block(node)

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

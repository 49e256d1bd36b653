"""Expressions with control flow: short circuits, calls, comprehensions, assignments inside expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import libcst as cst

from selfstop.flow.cfg import Call, EdgeKind, Iterate, Skip, Test, round_of
from selfstop.flow.code import COMPREHENSION
from selfstop.flow.contents import is_settled
from selfstop.flow.folding import without_answer
from selfstop.flow.lower.builder import Builder, Frontier
from selfstop.flow.lower.context import ModuleContext
from selfstop.flow.lower.scopes import BUILTINS, Bindings, Scope, target_names
from selfstop.flow.lower.structure import Structure, attribute, compare, is_method, pure_call
from selfstop.flow.lower.walking import contains
from selfstop.flow.terms import FALSE, TRUE, App, Attr, Const, Item, Result, Term, Var, mention_key

NestedFunction: TypeAlias = "Callable[[cst.Lambda | cst.FunctionDef, Expressions], Term]"


class Expressions(Structure):
    """Lowers the expressions of one function into its graph, in evaluation order."""

    def __init__(
        self,
        context: ModuleContext,
        scope: Scope,
        builder: Builder,
        function: str,
        nested: NestedFunction,
    ) -> None:
        super().__init__(context, scope)
        self.builder = builder
        self.function_id = function
        self.nested = nested
        self._comprehensions = 0

    @property
    def structure(self) -> Structure:
        """The same scope, flow aside: for definitions and decorators."""
        return Structure(self.context, self.scope)

    # Tests

    def branch(self, node: cst.BaseExpression, *, loop: bool = False) -> tuple[Frontier, Frontier]:
        """Lower ``node`` as a test; returns where control goes on when it is true and when it is false."""
        match node:
            case cst.BooleanOperation(left=left, operator=operator, right=right):
                return self._branch_boolean(left, right, conjunction=isinstance(operator, cst.And), loop=loop)
            case cst.BinaryOperation(left=left, operator=operator, right=right) if self.is_boolean(node):
                return self._branch_boolean(left, right, conjunction=isinstance(operator, cst.BitAnd), loop=loop)
            case cst.UnaryOperation(operator=cst.Not(), expression=inner):
                yes, no = self.branch(inner, loop=loop)
                return no, yes
            case cst.Comparison():
                return self._branch_comparison(node, loop=loop)
            case cst.IfExp():
                return self._branch_conditional(node, loop=loop)
            case cst.Call() if (quantified := self._branch_quantifier(node)) is not None:
                return quantified
            case cst.Call(func=cst.Name(value="bool"), args=[cst.Arg(value=inner, star="")]):
                return self.branch(inner, loop=loop)
            case _:
                self.builder.line = self.context.line(node)
                return self.test(self.value(node), self.context.text(node), loop=loop)

    def test(self, term: Term, text: str, *, loop: bool = False, negated: bool = False) -> tuple[Frontier, Frontier]:
        """Branch on ``term``, which is written as ``text``, or as its negation."""
        if (asked := without_answer(term)) != term:
            return self.test(asked, text, loop=loop, negated=negated)
        match term:
            case App(op="not", args=(inner,)):
                yes, no = self.test(inner, text, loop=loop, negated=not negated)
                return no, yes
            case Const(value=value):
                here, self.builder.frontier = self.builder.frontier, []
                return (here, []) if value else ([], here)
            case Var(scope="import", name="typing.TYPE_CHECKING"):
                here, self.builder.frontier = self.builder.frontier, []
                return [], here
        return self.builder.branch(Test(term, text, loop, negated))

    def _branch_boolean(
        self, left: cst.BaseExpression, right: cst.BaseExpression, *, conjunction: bool, loop: bool
    ) -> tuple[Frontier, Frontier]:
        yes, no = self.branch(left, loop=loop)
        self.builder.frontier = yes if conjunction else no
        second_yes, second_no = self.branch(right, loop=loop)
        if conjunction:
            return second_yes, [*no, *second_no]
        return [*yes, *second_yes], second_no

    def _branch_comparison(self, node: cst.Comparison, *, loop: bool) -> tuple[Frontier, Frontier]:
        if _is_main_test(node):
            return self._branch_main(node)
        left_node = node.left
        left = self.value(left_node)
        failures: Frontier = []
        passed: Frontier = []
        for target in node.comparisons:
            right = self.value(target.comparator)
            operator = self.context.text(target.operator)
            text = f"{self.context.text(left_node)} {operator} {self.context.text(target.comparator)}"
            self.builder.line = self.context.line(left_node)
            passed, failed = self.test(compare(left, target.operator, right), text, loop=loop)
            failures.extend(failed)
            self.builder.frontier = passed
            left, left_node = right, target.comparator
        self.builder.frontier = []
        return passed, failures

    def _branch_main(self, node: cst.Comparison) -> tuple[Frontier, Frontier]:
        """Both ways are open; the one of a script is marked, so that a witness can say so."""
        imported: Frontier = [(self.builder.emit(Skip("__name__")), EdgeKind.NEXT)]
        script: Frontier = [(self.builder.emit(Skip("__main__")), EdgeKind.NEXT)]
        self.builder.frontier = []
        negated = isinstance(node.comparisons[0].operator, cst.NotEqual)
        return (imported, script) if negated else (script, imported)

    def _branch_conditional(self, node: cst.IfExp, *, loop: bool) -> tuple[Frontier, Frontier]:
        yes, no = self.branch(node.test, loop=loop)
        self.builder.frontier = yes
        body_yes, body_no = self.branch(node.body, loop=loop)
        self.builder.frontier = no
        else_yes, else_no = self.branch(node.orelse, loop=loop)
        return [*body_yes, *else_yes], [*body_no, *else_no]

    # all() and any()

    def unasked(self, node: cst.BaseExpression) -> Term | None:
        """Lower ``node`` as a statement, whose value nobody asks; None for that of ``any(…)`` and ``all(…)``."""
        split = self._branch_quantifier(node, asked=False) if isinstance(node, cst.Call) else None
        if split is None:
            return self.value(node)
        self.builder.frontier = [*split[0], *split[1]]
        return None

    def _branch_quantifier(self, node: cst.Call, *, asked: bool = True) -> tuple[Frontier, Frontier] | None:
        """``all(…)`` and ``any(…)`` over a display are ``and`` and ``or``; over a generator they are loops.

        Such a loop counts as entered where its outcome is ``asked``: as one condition about an aggregate, ``all`` is
        the guard its element is and ``not any`` the one that its element is not; whether there is anything to
        aggregate is another question.
        """
        match node:
            case cst.Call(func=cst.Name(value="all" | "any" as name), args=[cst.Arg(value=inner, star="")]):
                if self.scope.resolve(name) != Var(BUILTINS, name):
                    return None
            case _:
                return None
        if isinstance(inner, (cst.Tuple, cst.List, cst.Set)):
            if any(isinstance(element, cst.StarredElement) for element in inner.elements):
                return None
            return self._branch_display([element.value for element in inner.elements], conjunction=name == "all")
        lazy = isinstance(inner, cst.GeneratorExp)
        if lazy or (isinstance(inner, (cst.ListComp, cst.SetComp)) and not acts(inner.elt)):
            assert isinstance(inner, (cst.GeneratorExp, cst.ListComp, cst.SetComp))
            return self._branch_loop(inner.elt, inner.for_in, conjunction=name == "all", at_least_once=asked)
        mapped = self._mapped(inner)
        if mapped is None:
            return None
        return self._branch_loop(*mapped, conjunction=name == "all", at_least_once=asked)

    def _mapped(self, node: cst.BaseExpression) -> tuple[cst.BaseExpression, cst.CompFor] | None:
        """The element and the loop of ``map(lambda x: …, xs)``, which is ``… for x in xs``."""
        match node:
            case cst.Call(
                func=cst.Name(value="map"),
                args=[
                    cst.Arg(value=cst.Lambda(params=cst.Parameters(params=[cst.Param(name=name)]), body=body)),
                    cst.Arg(value=iterable, star=""),
                ],
            ) if self.scope.resolve("map") == Var(BUILTINS, "map"):
                return body, cst.CompFor(target=name, iter=iterable)
        return None

    def _branch_display(
        self, elements: Sequence[cst.BaseExpression], *, conjunction: bool
    ) -> tuple[Frontier, Frontier]:
        """Where evaluating an element does something, all of them are evaluated before the first is asked."""
        eager = any(acts(element) for element in elements[1:])
        values = [self.flag(element) for element in elements] if eager else []
        decided: Frontier = []
        for position, element in enumerate(elements):
            yes, no = self.test(values[position], self.context.text(element)) if eager else self.branch(element)
            decided.extend(no if conjunction else yes)
            self.builder.frontier = yes if conjunction else no
        rest, self.builder.frontier = self.builder.frontier, []
        return (rest, decided) if conjunction else (decided, rest)

    def _branch_loop(
        self, each: cst.BaseExpression, clause: cst.CompFor, *, conjunction: bool, at_least_once: bool
    ) -> tuple[Frontier, Frontier]:
        decided: Frontier = []

        def element(inside: Expressions) -> None:
            yes, no = inside.branch(each)
            decided.extend(no if conjunction else yes)
            self.builder.frontier = yes if conjunction else no

        self._loop(clause, element, at_least_once=at_least_once, abandons=at_least_once)
        rest, self.builder.frontier = self.builder.frontier, []
        return (rest, decided) if conjunction else (decided, rest)

    # Values

    def flag(self, node: cst.BaseExpression) -> Term:
        """The value of ``node`` where it is about to be kept: tests become ``True`` or ``False`` by branching."""
        return self._merge(node) if self.is_boolean(node) else self.value(node)

    def is_boolean(self, node: cst.BaseExpression) -> bool:
        """Whether ``node`` is a test by its form, so that its value is ``True`` or ``False``."""
        match node:
            case cst.BinaryOperation(left=left, operator=cst.BitOr() | cst.BitAnd(), right=right):
                return self.is_boolean(left) and self.is_boolean(right) and not acts(right)
            case cst.BooleanOperation(left=left, right=right):
                return self.is_boolean(left) and self.is_boolean(right)
            case cst.Comparison() | cst.UnaryOperation(operator=cst.Not()):
                return True
            case cst.Call(func=cst.Name(value="bool" | "all" | "any" as name), args=[cst.Arg(star="")]):
                return self.scope.resolve(name) == Var(BUILTINS, name)
            case _:
                return False

    def boolean(self, node: cst.BooleanOperation) -> Term:
        return self._merge(node)

    def sequence(self, node: cst.Tuple | cst.List | cst.Set) -> Term:
        """What stands in a tuple is kept, too: ``done, idle = idle >= LIMIT, 0``."""
        if not isinstance(node, cst.Tuple) or any(isinstance(each, cst.StarredElement) for each in node.elements):
            return super().sequence(node)
        return App("tuple", tuple(self.flag(each.value) for each in node.elements))

    def conditional(self, node: cst.IfExp) -> Term:
        return self._merge(node)

    def comparison(self, node: cst.Comparison) -> Term:
        return self._merge(node) if len(node.comparisons) > 1 else super().comparison(node)

    def _merge(self, node: cst.BaseExpression) -> Term:
        merged = self.builder.temporary()
        self.context.define(merged, self.structure.value(node), self.function_id)
        self._into(node, merged)
        return merged

    def _into(self, node: cst.BaseExpression, merged: Var) -> None:
        """Emit ``merged = node``, branching where ``node`` does."""
        match node:
            case cst.BooleanOperation(left=left, operator=operator, right=right):
                conjunction = isinstance(operator, cst.And)
                yes, no = self._operand(left, merged, keep_on=not conjunction)
                done = no if conjunction else yes
                self.builder.frontier = yes if conjunction else no
                self._into(right, merged)
                self.builder.frontier = [*done, *self.builder.frontier]
            case cst.IfExp(test=test, body=body, orelse=orelse):
                yes, no = self.branch(test)
                self.builder.frontier = yes
                self._into(body, merged)
                done, self.builder.frontier = self.builder.frontier, no
                self._into(orelse, merged)
                self.builder.frontier = [*done, *self.builder.frontier]
            case _ if self.is_boolean(node):
                yes, no = self.branch(node)
                self.builder.frontier = [*self._set(yes, merged, TRUE), *self._set(no, merged, FALSE)]
            case _:
                self.builder.assign(merged, self.value(node))

    def _operand(self, node: cst.BaseExpression, merged: Var, *, keep_on: bool) -> tuple[Frontier, Frontier]:
        """Test the left operand of ``and`` or ``or``; where it decides, it is the value of the whole."""
        if self.is_boolean(node):
            yes, no = self.branch(node)
            kept: Term = Const(keep_on)
        else:
            kept = self.value(node)
            yes, no = self.test(kept, self.context.text(node))
        if keep_on:
            return self._set(yes, merged, kept), no
        return yes, self._set(no, merged, kept)

    def _set(self, frontier: Frontier, target: Term, value: Term) -> Frontier:
        outside, self.builder.frontier = self.builder.frontier, frontier
        if frontier:
            self.builder.assign(target, value)
        frontier, self.builder.frontier = self.builder.frontier, outside
        return frontier

    def walrus(self, node: cst.NamedExpr) -> Term:
        value = self.flag(node.value)
        assert isinstance(node.target, cst.Name)
        kept = self.structure.value(node.value)
        target = self.scope.bind(node.target.value)
        self.builder.assign(target, value)
        self.context.define_ways(target, kept, self.function_id)
        return target

    def awaited(self, node: cst.Await) -> Term:
        value = (
            self.call(node.expression, awaited=True)
            if isinstance(node.expression, cst.Call)
            else (self.value(node.expression))
        )
        self.builder.effect("await", suspends=True)
        return value

    def yielded(self, node: cst.Yield) -> Term:
        given = node.value.item if isinstance(node.value, cst.From) else node.value
        if given is not None:
            value = self.value(given)
            each = App("element", (value,)) if isinstance(node.value, cst.From) else value
            self.builder.assign(Var(self.builder.scope, "$yield"), each)
        self.builder.effect("yield", suspends=True)
        return self._unknown()

    def opaque(self, node: cst.BaseExpression) -> Term:
        return self._unknown()

    def _unknown(self) -> Var:
        """A value of which nothing is known, and which is another one the next time."""
        value = self.builder.temporary()
        self.builder.assign(value, None)
        return value

    def function(self, node: cst.Lambda) -> Term:
        self.defaults(node.params)
        return self.nested(node, self)

    def defaults(self, parameters: cst.Parameters) -> None:
        """Lower what parameters are by default, which is evaluated where their function is defined."""
        for parameter in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
            if parameter.default is not None:
                self.value(parameter.default)

    def attribute(self, node: cst.Attribute) -> Term:
        term = super().attribute(node)
        if not isinstance(term, Var) and not isinstance(node.value, cst.Name):
            self.builder.effect(node.attr.value)
        return term

    def subscript(self, node: cst.Subscript) -> Term:
        term = super().subscript(node)
        self.builder.effect("[…]")
        return term

    def call(self, node: cst.Call, *, awaited: bool = False) -> Term:
        if (quantified := self._quantifier_value(node)) is not None:
            return quantified
        func = self.value(node.func)
        args, keywords = self.arguments(node)
        self.builder.line = self.context.line(node)
        text = self.context.text(node.func)
        result = Result(self.builder.site(), func, args)
        call = Call(result, func, args, keywords, text, self.context.span(node), awaited)
        pure = pure_call(func, args, keywords)
        if pure is not None:
            self.builder.effect(text, asks=call if is_method(func) else None)
            return pure
        self.builder.call(call)
        self._set_by_name(node, func, args)
        return result

    def _set_by_name(self, node: cst.Call, func: Term, args: tuple[Term, ...]) -> None:
        """``setattr(base, "name", value)`` binds ``base.name``, as ``__setattr__`` of an object or a class does."""
        written = [argument.value for argument in node.args]
        match func, args:
            case (
                Var(scope="builtins", name="setattr") | Attr(base=Var(scope="builtins"), name="__setattr__"),
                (base, Const(value=str() as name), value),
            ):
                owner, kept = self.structure.value(written[0]), written[2]
            case Attr(base=base, name="__setattr__"), (Const(value=str() as name), value):
                owner, kept = base, written[1]
            case _:
                return
        self.builder.assign(attribute(base, name), value)
        self.context.define_ways(attribute(owner, name), self.structure.value(kept), self.function_id)

    def argument(self, node: cst.BaseExpression) -> Term:
        """A test that is handed on is decided before the call, so that the callee is entered knowing why."""
        return self.flag(node)

    def _quantifier_value(self, node: cst.Call) -> Term | None:
        split = self._branch_quantifier(node)
        if split is None:
            return None
        merged = self.builder.temporary()
        yes, no = split
        self.builder.frontier = [*self._set(yes, merged, TRUE), *self._set(no, merged, FALSE)]
        return merged

    # Comprehensions

    def comprehension(self, node: cst.BaseComp) -> Term:
        """Comprehensions run here and now; a generator expression is treated as if it did, too."""
        assert isinstance(node, (cst.BaseSimpleComp, cst.DictComp))

        collected = self.builder.temporary("items")

        def element(inside: Expressions) -> None:
            if isinstance(node, cst.DictComp):
                inside.value(node.key)
                inside.value(node.value)
                pair = App("pair", (inside.structure.value(node.key), inside.structure.value(node.value)))
                self.context.define(collected, App("dict", (pair,)), self.function_id)
            else:
                assert isinstance(node, cst.BaseSimpleComp)
                self.builder.assign(collected, App("appended", (inside.value(node.elt),)))
                self.context.define(collected, App("list", (inside.structure.value(node.elt),)), self.function_id)

        self.builder.assign(collected, None)
        self._loop(node.for_in, element)
        return collected

    def _loop(
        self,
        clause: cst.CompFor,
        element: Callable[[Expressions], None],
        *,
        at_least_once: bool = False,
        abandons: bool = False,
    ) -> None:
        """Emit the loops of a comprehension around ``element``; afterwards the frontier is exhaustion."""
        iterable = self.value(clause.iter)
        self._comprehensions += 1
        names = Bindings(names=set(target_names(clause.target)))
        scope = Scope(f"{self.scope.id}{COMPREHENSION}{self._comprehensions}>", "comprehension", self.scope, names)
        inside = Expressions(self.context, scope, self.builder, self.function_id, self.nested)
        self.builder.line = self.context.line(clause.iter)
        entered = self.builder.frontier
        header = self.builder.node(Iterate(iterable, self.context.text(clause.iter), abandons))
        if not is_settled(iterable):
            self.builder.may_raise(header)
        if not at_least_once:
            self.builder.connect(entered, header)
            entered = []
        self.builder.frontier = [*entered, (header, EdgeKind.TRUE)]
        inside.bind(clause.target, App("element", (iterable, round_of(self.builder.scope, header))))
        if isinstance(clause.target, (cst.Name, cst.Attribute)):
            each = App("element", (self.structure.value(clause.iter),))
            self.context.define(inside.place(clause.target), each, self.function_id)
        skipped: Frontier = []
        for condition in clause.ifs:
            yes, no = inside.branch(condition.test)
            skipped.extend(no)
            self.builder.frontier = yes
        if clause.inner_for_in is not None:
            inside._loop(clause.inner_for_in, element, at_least_once=at_least_once, abandons=abandons)
        else:
            element(inside)
        self.builder.connect([*self.builder.frontier, *skipped], header, back=True)
        self.builder.frontier = [(header, EdgeKind.FALSE)]

    # Targets

    def bind(self, target: cst.BaseExpression, value: Term | None) -> None:
        """Assign ``value`` (None: unknown) to a target, taking tuples apart where both sides are displays."""
        match target:
            case cst.Tuple(elements=elements) | cst.List(elements=elements):
                parts = self.at_once([element.value for element in elements], _parts(value, len(elements)))
                for element, part in zip(elements, parts, strict=True):
                    starred = isinstance(element, cst.StarredElement)
                    self.bind(element.value, None if starred else part)
            case _:
                self.builder.assign(self.place(target), value)

    def at_once(self, targets: Sequence[cst.BaseExpression], values: Sequence[Term | None]) -> list[Term | None]:
        """``values``, each of them as it is before the first of ``targets`` is bound."""
        bound: set[object] = set()
        before: list[Term | None] = []
        for target, value in zip(targets, values, strict=True):
            is_changed = value is not None and not bound.isdisjoint(value.mentions)
            before.append(self.kept(value) if value is not None and is_changed else value)
            bound.update(self._bound_by(target))
        return before

    def kept(self, value: Term) -> Var:
        """A pseudo-variable that holds ``value`` as it is now."""
        kept = self.builder.temporary("kept")
        self.builder.assign(kept, value)
        self.context.define(kept, value, self.function_id)
        return kept

    def _bound_by(self, target: cst.BaseExpression) -> Iterator[object]:
        """What in the mentions of a term stands for the places that an assignment to ``target`` replaces."""
        if isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                yield from self._bound_by(element.value)
        else:
            yield mention_key(self.structure.value(target))

    def place(self, target: cst.BaseExpression) -> Term:
        """The term that an assignment to ``target`` replaces."""
        match target:
            case cst.Name(value=name):
                resolved = self.scope.bind(name)
                if isinstance(resolved, Var) and resolved.scope == "import":
                    return Var(self.scope.id, name)
                return resolved
            case cst.Attribute() | cst.Subscript():
                return super().attribute(target) if isinstance(target, cst.Attribute) else super().subscript(target)
            case _:
                return self.opaque(target)


def _parts(value: Term | None, count: int) -> Sequence[Term | None]:
    match value:
        case App(op="tuple" | "list", args=args) if len(args) == count:
            if not any(isinstance(arg, App) and arg.op == "unpack" for arg in args):
                return args
    return [None if value is None else Item(value, Const(position)) for position in range(count)]


def acts(node: cst.BaseExpression) -> bool:
    """Whether evaluating ``node`` does anything, so that it matters whether it is evaluated at all."""
    return contains(node, (cst.Call, cst.Await, cst.NamedExpr), (cst.Lambda,))


def _is_main_test(node: cst.Comparison) -> bool:
    """``__name__ == "__main__"``, which is no condition: it only says how the module was started."""
    if len(node.comparisons) != 1:
        return False
    sides = (node.left, node.comparisons[0].comparator)
    return any(isinstance(side, cst.Name) and side.value == "__name__" for side in sides)

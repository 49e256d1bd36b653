"""A whole module: its body as a function, and every function, method and lambda in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from selfstop.flow.code import MODULE_BODY, Function, ModuleCode, Parameter
from selfstop.flow.lower.builder import RETURN, Builder
from selfstop.flow.lower.context import ModuleContext
from selfstop.flow.lower.expressions import Expressions
from selfstop.flow.lower.scopes import Importer, Scope, bindings_of
from selfstop.flow.lower.statements import Statements
from selfstop.flow.terms import Func, Term, Var


def lower_module(
    tree: cst.Module,
    *,
    name: str,
    path: str,
    is_package: bool = False,
    column_shifts: Mapping[int, int] = MappingProxyType({}),
    siblings: Mapping[str, str] = MappingProxyType({}),
) -> ModuleCode:
    """Lower a parsed module.

    ``name`` is its dotted name, ``path`` where it stands (relative to the root, with ``/``); ``is_package``
    tells an ``__init__`` module, from which relative imports start one level lower; ``column_shifts`` maps lines
    to what has to be added to their columns, ``siblings`` bare names of modules beside it to dotted ones. Raises
    ``RecursionError`` for trees too deep to walk.
    """
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    try:
        positions = wrapper.resolve(PositionProvider)
    except KeyError as error:
        # The provider's own clean-up fails so when it runs out of stack.
        raise RecursionError("too deep for the positions of its nodes") from error
    importer = Importer(name if is_package else name.rpartition(".")[0], siblings)
    context = ModuleContext(name, path, importer, tree, positions, column_shifts)
    bindings = bindings_of(tree.body, importer)
    bindings.names.update(_global_names(tree))
    scope = Scope(name, "module", None, bindings)
    identity = context.unique(MODULE_BODY)
    builder = Builder(identity)
    nested = Nesting(context)
    expressions = Expressions(context, scope, builder, identity, nested.lower)
    Statements(expressions).block(tree.body)
    context.functions.append(Function(identity, name, path, MODULE_BODY, 1, builder.finish()))
    return ModuleCode(
        name,
        path,
        tuple(context.functions),
        tuple(context.classes),
        tuple(context.definitions),
        tuple(sorted(bindings.imports.items())),
        tuple(bindings.stars),
    )


class Nesting:
    """Lowers functions and lambdas when their definitions are met."""

    def __init__(self, context: ModuleContext) -> None:
        self.context = context

    def lower(self, node: cst.Lambda | cst.FunctionDef, outer: Expressions) -> Term:
        """Lower a function met in the scope of ``outer``; the result is its value there."""
        name = node.name.value if isinstance(node, cst.FunctionDef) else "<lambda>"
        qualname = _qualified(outer.scope, name)
        identity = self.context.unique(qualname)
        parameters = _parameters(node.params, outer, self.context)
        body: Sequence[cst.CSTNode] = node.body.body if isinstance(node, cst.FunctionDef) else [node.body]
        bindings = bindings_of(body, self.context.importer)
        bindings.names.update(parameter.name for parameter in parameters)
        scope = Scope(identity, "function", outer.scope, bindings)
        builder = Builder(identity)
        expressions = Expressions(self.context, scope, builder, identity, self.lower)
        if isinstance(node, cst.FunctionDef):
            Statements(expressions).block(node.body.body)
        else:
            builder.line = self.context.line(node)
            builder.assign(Var(identity, "$return"), expressions.flag(node.body))
            builder.jump(RETURN)
        self.context.remember_outer(builder.operations, identity)
        returns = _annotation(node.returns, self.context) if isinstance(node, cst.FunctionDef) else ""
        decorators = (
            tuple(outer.structure.value(decorator.decorator) for decorator in node.decorators)
            if isinstance(node, cst.FunctionDef)
            else ()
        )
        self.context.functions.append(
            Function(
                identity,
                self.context.name,
                self.context.path,
                qualname,
                self.context.line(node),
                builder.finish(self.context.captured(identity)),
                parameters,
                decorators,
                outer.scope.id if outer.scope.kind == "class" else None,
                outer.function_id,
                bindings.yields,
                isinstance(node, cst.FunctionDef) and node.asynchronous is not None,
                returns.rpartition(".")[2] in {"NoReturn", "Never"},
                returns,
            )
        )
        return Func(identity)


def _qualified(scope: Scope, name: str) -> str:
    inside = scope.id.partition(":")[2]
    return f"{inside}.{name}" if inside else name


def _annotation(node: cst.Annotation | None, context: ModuleContext) -> str:
    return "" if node is None else context.text(node.annotation).strip("\"'")


def _parameters(node: cst.Parameters, outer: Expressions, context: ModuleContext) -> tuple[Parameter, ...]:
    structure = outer.structure

    def convert(params: Iterable[cst.Param], kind: str) -> list[Parameter]:
        return [
            Parameter(
                param.name.value,
                kind,
                None if param.default is None else structure.value(param.default),
                _annotation(param.annotation, context),
            )
            for param in params
        ]

    parameters = convert([*node.posonly_params, *node.params], "positional")
    if isinstance(node.star_arg, cst.Param):
        parameters += convert([node.star_arg], "*")
    parameters += convert(node.kwonly_params, "keyword")
    if node.star_kwarg is not None:
        parameters += convert([node.star_kwarg], "**")
    return tuple(parameters)


class _GlobalNames(cst.CSTVisitor):
    """The names that any function declares global: variables of the module, even if only set elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def visit_Global(self, node: cst.Global) -> None:
        self.names.update(item.name.value for item in node.names)


def _global_names(tree: cst.Module) -> set[str]:
    visitor = _GlobalNames()
    tree.visit(visitor)
    return visitor.names

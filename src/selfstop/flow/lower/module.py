"""A whole module: its body as a function, and every function, method and lambda in it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from selfstop.flow.code import MODULE_BODY, Function, FunctionCode, ModuleCode, Parameter
from selfstop.flow.lower.builder import RETURN, Builder
from selfstop.flow.lower.context import ModuleContext
from selfstop.flow.lower.expressions import Expressions
from selfstop.flow.lower.positions import positions_of
from selfstop.flow.lower.scopes import Importer, Scope, bindings_of
from selfstop.flow.lower.statements import Statements
from selfstop.flow.lower.walking import walk
from selfstop.flow.terms import Func, Term, Var


@dataclass(frozen=True)
class Frame:
    """What lowering has to know of a module: its dotted ``name``, its ``path`` (relative to the root, with ``/``).

    ``is_package`` tells an ``__init__`` module, from which relative imports start one level lower;
    ``column_shifts`` maps lines to what has to be added to their columns, ``siblings`` bare names of modules
    beside it to dotted ones, ``swallowing`` context managers that swallow exceptions (imported ones by their dotted
    names) to the dotted names of these.
    """

    name: str
    path: str
    is_package: bool = False
    column_shifts: Mapping[int, int] = field(default_factory=dict)
    siblings: Mapping[str, str] = field(default_factory=dict)
    swallowing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def importer(self) -> Importer:
        """Where imports start from."""
        return Importer(self.name if self.is_package else self.name.rpartition(".")[0], self.siblings)


@dataclass(frozen=True)
class Place:
    """Where an outlined function stands: its id, the scope around it and the function that defines it."""

    identity: str
    scope: Scope
    parent: str


@dataclass(frozen=True)
class Skeleton:
    """A lowered module, and by the line of their ``def`` where its outlined functions stand."""

    frame: Frame
    code: ModuleCode
    places: Mapping[int, Place]


def lower_module(
    tree: cst.Module,
    frame: Frame,
    *,
    lines: Sequence[int] = range(1, sys.maxsize),
    outlined: frozenset[int] = frozenset(),
    global_names: Iterable[str] = (),
) -> Skeleton:
    """Lower a parsed module.

    Where the tree is an excerpt of the file, ``lines`` gives for each of its lines the line of the file,
    ``outlined`` the lines of functions whose bodies were left out, and ``global_names`` the names that these
    declare global. Raises ``RecursionError`` for trees too deep to walk.
    """
    importer = frame.importer
    context = _context(tree, frame, lines)
    bindings = bindings_of(tree.body, importer)
    declared_global = {*_global_names(tree), *global_names}
    bindings.names.update(declared_global)
    bindings.rebind(declared_global)
    scope = Scope(frame.name, "module", None, bindings)
    identity = context.unique(MODULE_BODY)
    builder = Builder(identity)
    nesting = Nesting(context, outlined)
    expressions = Expressions(context, scope, builder, identity, nesting.lower)
    Statements(expressions).block(tree.body)
    context.functions.append(Function(identity, frame.name, frame.path, MODULE_BODY, 1, builder.finish()))
    code = ModuleCode(
        frame.name,
        frame.path,
        tuple(context.functions),
        tuple(context.classes),
        tuple(context.definitions),
        tuple(sorted(bindings.imports.items())),
        tuple(bindings.stars),
        tuple(dict.fromkeys(bindings.alternatives)),
    )
    return Skeleton(frame, code, nesting.places)


def lower_function(tree: cst.Module, frame: Frame, place: Place, *, lines: Sequence[int]) -> FunctionCode:
    """Lower a function of which the skeleton has only the header.

    ``tree`` consists of nothing else than the function, or of a block with nothing else in it; ``lines`` gives
    for each of its lines the line of the file. Raises ``RecursionError`` for trees too deep to walk.
    """
    context = _context(tree, frame, lines)
    context.reserve(place.identity)
    nesting = Nesting(context)
    outside = Expressions(context, place.scope, Builder(place.parent), place.parent, nesting.lower)
    nesting.lower(_only_function(tree), outside)
    return FunctionCode(tuple(context.functions), tuple(context.classes), tuple(context.definitions))


def _context(tree: cst.Module, frame: Frame, lines: Sequence[int]) -> ModuleContext:
    positions = positions_of(tree)
    shifts = frame.column_shifts
    return ModuleContext(frame.name, frame.path, frame.importer, tree, positions, shifts, lines, frame.swallowing)


def _only_function(tree: cst.Module) -> cst.FunctionDef:
    statement: cst.CSTNode = tree.body[0]
    if isinstance(statement, cst.If):
        statement = cst.ensure_type(statement.body, cst.IndentedBlock).body[0]
    return cst.ensure_type(statement, cst.FunctionDef)


class Nesting:
    """Lowers functions and lambdas when their definitions are met."""

    def __init__(self, context: ModuleContext, outlined: frozenset[int] = frozenset()) -> None:
        """``outlined`` are the lines of functions whose bodies are left out."""
        self.context = context
        self.outlined = outlined
        self.places: dict[int, Place] = {}

    def lower(self, node: cst.Lambda | cst.FunctionDef, outer: Expressions) -> Term:
        """Lower a function met in the scope of ``outer``; the result is its value there."""
        name = node.name.value if isinstance(node, cst.FunctionDef) else "<lambda>"
        qualname = _qualified(outer.scope, name)
        identity = self.context.unique(qualname)
        line = self.context.line(node)
        if line in self.outlined:
            self.places[line] = Place(identity, outer.scope, outer.function_id)
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
                line,
                builder.finish(self.context.captured(identity)),
                parameters,
                decorators,
                outer.scope.id if outer.scope.kind == "class" else None,
                outer.function_id,
                bindings.yields,
                isinstance(node, cst.FunctionDef) and node.asynchronous is not None,
                returns.rpartition(".")[2] in {"NoReturn", "Never"},
                returns,
                isinstance(node, cst.FunctionDef) and line in self.outlined,
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


def _global_names(tree: cst.Module) -> set[str]:
    """The names that any function declares global: variables of the module, even if only set elsewhere."""
    names: set[str] = set()

    def enters(node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Global):
            names.update(item.name.value for item in node.names)
        return not isinstance(node, cst.BaseExpression)

    walk(tree, enters)
    return names

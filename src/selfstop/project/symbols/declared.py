"""What a declaration says of a value: bounds that pydantic, annotated-types, click and typer hold it to.

As their manuals have it: pydantic's ``Field``, ``conint`` and ``PositiveInt``, annotated-types' ``Gt``, ``Ge`` and
``Interval``, click's ``IntRange`` and ``FloatRange``, typer's ``min``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from selfstop.flow.code import Definition
from selfstop.flow.linear import number
from selfstop.flow.terms import NONE, App, Const, Term, Var, last_name, walk
from selfstop.project.symbols.binding import split_arguments

_POSITIVE = frozenset({"PositiveInt", "PositiveFloat"})
_FIELDS = frozenset({"Field", "conint", "confloat", "condecimal", "Interval"})
_RANGES = frozenset({"IntRange", "FloatRange"})


def refuses_zero(definition: Definition) -> bool:
    """Whether what stands where a value is declared lets it be neither 0 nor negative, whoever sets it."""
    default = _default(definition.value)
    if default is not None and default <= 0:
        return False  # bounds are for what is given, not for what is not
    calls = [part for part in walk(definition.value) if _is_call(part)] if definition.value is not None else []
    return _is_named_positive(definition.annotation) or any(map(_is_bound, [*calls, *metadata(definition.annotation)]))


def is_positive_range(kind: Term | None) -> bool:
    """Whether the type of an option is a range without 0, as ``click.IntRange(min=1)``."""
    match kind:
        case App(op="call", args=(callee, *rest)) if last_name(callee) in _RANGES:
            args, pairs = split_arguments(rest)
            keywords = dict(pairs)
            least = number(args[0] if args else keywords.get("min", NONE))
            return least is not None and (least > 0 or (least == 0 and _is_true(keywords.get("min_open"))))
    return False


def is_bounded_below(keywords: Mapping[str, Term]) -> bool:
    """Whether an option of typer has a least value above 0."""
    return (number(keywords.get("min", NONE)) or 0) > 0


def metadata(annotation: str) -> tuple[App, ...]:
    """The calls in an annotation, as in ``Annotated[int, Field(gt=0)]``; none in one that cannot be read."""
    if "(" not in annotation:
        return ()
    return tuple(_term(node) for node in _nodes(annotation) if isinstance(node, ast.Call))


def _nodes(annotation: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(annotation.strip(), mode="eval"))
    except (SyntaxError, ValueError):
        return


def _term(node: ast.Call) -> App:
    named = (App(f"keyword:{each.arg}", (_literal(each.value),)) for each in node.keywords if each.arg)
    return App("call", (Var("import", ast.unparse(node.func)), *map(_literal, node.args), *named))


def _literal(node: ast.expr) -> Term:
    match node:
        case ast.Constant(value=bool() | int() | float() | str() as value):
            return Const(value)
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return App("list", tuple(map(_literal, elements)))
    return Var("", ast.unparse(node))


def _is_named_positive(annotation: str) -> bool:
    names = (getattr(node, "id", getattr(node, "attr", "")) for node in _nodes(annotation))
    return any(name in annotation for name in _POSITIVE) and not _POSITIVE.isdisjoint(names)


def _is_call(term: Term) -> bool:
    return isinstance(term, App) and term.op == "call"


def _is_bound(call: Term) -> bool:
    assert isinstance(call, App)
    name = last_name(call.args[0])
    args, pairs = split_arguments(call.args[1:])
    keywords = dict(pairs)
    if name in {"Gt", "Ge"}:
        return _is_above(args[0] if args else None, including=name == "Ge")
    if name not in _FIELDS:
        return False
    return _is_above(keywords.get("gt"), including=False) or _is_above(keywords.get("ge"), including=True)


def _is_above(bound: Term | None, *, including: bool) -> bool:
    value = None if bound is None else number(bound)
    return value is not None and (value > 0 if including else value >= 0)


def _is_true(term: Term | None) -> bool:
    return isinstance(term, Const) and term.value is True


def _default(value: Term | None) -> float | None:
    """The number that is there when nobody gives one, where a declaration says so."""
    match value:
        case App(op="getenv", args=(_, default)):
            return _default(default)
        case App(op="call", args=(callee, *rest)) if last_name(callee) in _FIELDS:
            args, pairs = split_arguments(rest)
            return _first(args, dict(pairs))
        case None:
            return None
    return number(value)


def _first(args: Sequence[Term], keywords: Mapping[str, Term]) -> float | None:
    return number(args[0] if args else keywords.get("default", NONE))

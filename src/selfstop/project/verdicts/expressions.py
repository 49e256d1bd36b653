"""Terms as expressions over the environment variables that their values come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from selfstop.flow.code import Definition
from selfstop.flow.linear import Comparison, Linear, comparison
from selfstop.flow.terms import NONE, App, Attr, Const, Item, Result, Term, Var, dotted, last_name, walk
from selfstop.flow.vocabulary import words
from selfstop.project.symbols.binding import split_arguments
from selfstop.ways import Choice, Expression, Guard, Literal, Open, Operation, Read

_DEPTH = 10
_CHOICES = 6
_CASTS = frozenset({"int", "float", "bool", "str"})
_READERS = frozenset({"getenv", "get_env", "env", "config", "environ", "getenv_int", "env_int", "int_env"})

Definitions = Callable[[Term], "tuple[Definition, ...]"]


def expression(term: Term, definitions: Definitions, around: tuple[Term, ...] = ()) -> Expression:
    """What ``term`` is computed from; what is not known from the code is `Open`.

    ``around`` are the terms that it is a part of, or of whose values.
    """
    if len(around) > _DEPTH:
        return Open(_name(term))

    def inner(part: Term) -> Expression:
        return expression(part, definitions, (*around, term))

    match term:
        case Const(value=value):
            return Literal(value) if value is None or isinstance(value, (bool, int, float, str)) else Open("constant")
        case App(op="getenv", args=(Const(value=str() as name), *default)):
            return Read(name, inner(default[0]) if default else None)
        case App(op="call", args=(callee, *args)):
            return _called(callee, args, inner) or _bound(term, definitions, inner, around)
        case Result(callee=callee, args=args) if callee is not None:
            return _called(callee, args, inner) or _bound(term, definitions, inner, around)
        case App(op="option", args=(default,)):
            return _typed(default, inner)
        case App(op=op, args=args):
            return Operation(op, tuple(inner(arg) for arg in args))
        case Var() | Attr() | Item():
            return _bound(term, definitions, inner, around)
    return Open(_name(term))


def _typed(default: Term, inner: Callable[[Term], Expression]) -> Expression:
    """What somebody types, or leaves at ``default``."""
    typed = Open("the command line")
    return typed if default == NONE else Choice((inner(default), typed))


def _called(callee: Term, args: Sequence[Term], inner: Callable[[Term], Expression]) -> Expression | None:
    """A call that reads a variable by name: ``config("X", default=5, cast=int)``, ``env.int("X", 5)``."""
    positional, named = split_arguments(args)
    keywords = dict(named)
    if not positional or not isinstance(positional[0], Const) or not isinstance(positional[0].value, str):
        return None
    name, base = last_name(callee), callee.base if isinstance(callee, Attr) else None
    is_reader = name in _READERS or bool(words(name) & {"env"}) or "environ" in dotted(callee)
    if not is_reader and not (name in _CASTS and base is not None and last_name(base) in _READERS):
        return None
    default = next((keywords[key] for key in ("default", "fallback") if key in keywords), None)
    if default is None and len(positional) > 1:
        default = positional[1]
    read = Read(positional[0].value, None if default is None else inner(default))
    cast = last_name(keywords["cast"]) if "cast" in keywords else name if name in _CASTS else ""
    if not cast:
        cast = next((word for word in sorted(words(name)) if word in _CASTS), "")
    return Operation("switch" if cast == "bool" else cast, (read,)) if cast in _CASTS else read


def _bound(
    term: Term, definitions: Definitions, inner: Callable[[Term], Expression], around: tuple[Term, ...]
) -> Expression:
    """What a variable is bound to, if nothing counts it up or down.

    Where its last binding is made from what it was before (``T = int(T)``), that is the one.
    """
    known = definitions(term)
    values = [found.value for found in known if found.value is not None and found.value != term]
    if not values or len(values) != len(known) or any(found.step for found in known) or len(values) > _CHOICES:
        return Open(_name(term))
    again = [value for value in values if term in walk(value)]
    if term in around:
        values = [value for value in values if value not in again]
        if not values:
            return Open(_name(term))
    elif again and values[-1] in again:
        values = values[-1:]
    options = tuple(dict.fromkeys(inner(value) for value in values))
    return options[0] if len(options) == 1 else Choice(options)


def guard(term: Term, truth: bool, thresholds: frozenset[Term], definitions: Definitions) -> Guard | None:
    """A comparison of a measure with ``thresholds`` (none: with a constant) as one with a single limit."""
    if isinstance(term, App) and term.op == "exhausted":
        return Guard(expression(term.args[0], definitions), ">=")
    found = comparison(term, truth)
    atoms = {atom for atom, _ in found.form.atoms} if found is not None else set()
    if found is None or not thresholds <= atoms:
        starts = list(dict.fromkeys(expression(item, definitions) for item in sorted(thresholds, key=repr)))
        return Guard(starts[0], ">=") if len(starts) == 1 else None
    aligned = _aligned(found, thresholds)
    limit = Linear(
        tuple((atom, -factor) for atom, factor in aligned.form.atoms if atom in thresholds), -aligned.form.constant
    )
    return Guard(_sum(limit, definitions), aligned.relation)


def _aligned(found: Comparison, thresholds: frozenset[Term]) -> Comparison:
    """The comparison with what is measured on the positive side."""
    if thresholds:
        is_turned = next(factor for atom, factor in found.form.atoms if atom in thresholds) > 0
    else:
        is_turned = found.form.constant > 0
    return found.flipped() if is_turned else found


def _sum(form: Linear, definitions: Definitions) -> Expression:
    parts: list[Expression] = []
    for atom, factor in form.atoms:
        number = Operation("number", (expression(atom, definitions),))
        parts.append(number if factor == 1 else Operation("*", (number, Literal(factor))))
    if form.constant or not parts:
        parts.append(Literal(form.constant))
    total = parts[0]
    for part in parts[1:]:
        total = Operation("+", (total, part))
    return total


def _name(term: Term) -> str:
    return dotted(term) or last_name(term) or "a value"

"""Which argument a call gives for which parameter."""

from __future__ import annotations

from collections.abc import Sequence

from selfstop.flow.code import Function
from selfstop.flow.terms import App, Bound, Func, Result, Term, last_name


def bind(
    function: Function, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
) -> dict[Term, Term]:
    """Parameter variables to argument terms; a parameter without argument has its default, if there is one."""
    receiver = [] if func.receiver is None else [func.receiver]
    values = [*receiver, *func.args, *args]
    named = dict((*func.keywords, *keywords))
    bound: dict[Term, Term] = {}
    for variable, parameter in zip(function.places, function.parameters, strict=True):
        if parameter.kind in {"*", "**"}:
            values = []
            continue
        if parameter.kind == "positional" and values:
            value = values.pop(0)
            if isinstance(value, App) and value.op == "unpack":
                return bound
            bound[variable] = value
        elif parameter.name in named:
            bound[variable] = named[parameter.name]
        elif parameter.default is not None and "**" not in named:
            bound[variable] = parameter.default
    return bound


def unwrapped(func: Term) -> tuple[Term, tuple[Term, ...], tuple[tuple[str, Term], ...]]:
    """A callable without ``partial``: what is called in the end, and the arguments fixed before."""
    match func:
        case Bound(callable=inner):
            return unwrapped(inner)
        case App(op="partial", args=(inner, *fixed)):
            target, args, keywords = unwrapped(inner)
            positional, named = split_arguments(fixed)
            return target, (*args, *positional), (*keywords, *named)
    return func, (), ()


def split_arguments(terms: Sequence[Term]) -> tuple[tuple[Term, ...], tuple[tuple[str, Term], ...]]:
    """Positional and keyword arguments of a call kept as a term, where keywords are marked."""
    positional = tuple(term for term in terms if not _keyword(term))
    named = tuple(
        (term.op.partition(":")[2], term.args[0]) for term in terms if isinstance(term, App) and _keyword(term)
    )
    return positional, named


def _keyword(term: Term) -> bool:
    return isinstance(term, App) and term.op.startswith("keyword:")


def as_partial(value: Term) -> Term:
    """A call of ``functools.partial`` as what it makes; anything else as it is, also where it was handed over."""
    match value:
        case Bound(callable=inner):
            return as_partial(inner)
        case App(op="call", args=(callee, *rest)) if last_name(callee) == "partial":
            return App("partial", tuple(rest))
        case Result(callee=callee, args=fixed) if last_name(callee) == "partial":
            return App("partial", fixed)
    return value

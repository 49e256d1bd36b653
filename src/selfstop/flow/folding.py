"""Folding: what the form of a term alone decides."""

from __future__ import annotations

from functools import lru_cache

from selfstop.flow.linear import number
from selfstop.flow.terms import COMPARISONS, NONE, App, Const, Func, Instance, Item, Term, Var, rebuild
from selfstop.flow.vocabulary import is_constant_name

_ANSWERS = COMPARISONS | {"not"}
"""Operations that give ``True`` or ``False``."""


@lru_cache(maxsize=1 << 14)
def folded(term: Term) -> Term:
    """``term`` where nothing is known: all that constants alone decide is folded."""
    return simplify(rebuild(term, folded))


def simplify(term: Term) -> Term:
    """Fold what is decided by constants alone."""
    match term:
        case App(op="not", args=(inner,)):
            known = truth_of(inner)
            return term if known is None else Const(not known)
        case App(op="==" | "is") if (asked := without_answer(term)) != term:
            return simplify(asked)
        case App(op="==" | "is" | "<" | "<=", args=(left, right)):
            decided = _compare(term.op, left, right)
            return term if decided is None else Const(decided)
        case Item(base=App(op="tuple" | "list", args=args), key=Const(value=int() as position)):
            unpacked = any(isinstance(arg, App) and arg.op == "unpack" for arg in args)
            return args[position] if 0 <= position < len(args) and not unpacked else term
        case App(op="bool", args=(Const(value=value),)):
            return Const(bool(value))
        case App(op="neg", args=(inner,)) if (amount := number(inner)) is not None:
            return Const(-amount)
    return term


def without_answer(term: Term) -> Term:
    """``a < b`` for ``(a < b) is True``, ``not a < b`` for ``(a < b) == False``; any other term as it is."""
    match term:
        case App(op="==" | "is", args=(App(op=op) as asked, Const(value=bool() as wanted))) if op in _ANSWERS:
            return asked if wanted else App("not", (asked,))
        case App(op="==" | "is", args=(Const(value=bool()) as wanted, App(op=op) as asked)) if op in _ANSWERS:
            return without_answer(App(term.op, (asked, wanted)))
    return term


def _compare(op: str, left: Term, right: Term) -> bool | None:
    """The outcome of a comparison where the forms of both sides decide it."""
    low, high = number(left), number(right)
    if low is not None and high is not None and op != "is":
        return {"<": low < high, "<=": low <= high}.get(op, low == high)
    if op in {"<", "<="}:
        return None
    if isinstance(left, Const) and isinstance(right, Const):
        return _same_constant(op, left, right)
    match left, right:
        case App(op="member", args=(one, first)), App(op="member", args=(other, second)) if one == other:
            return first == second
    if right == NONE and op == "is":
        return False if isinstance(left, Instance) or truth_of(left) is not None else None
    return None


def _same_constant(op: str, left: Const, right: Const) -> bool | None:
    """Equal constants are one object only if they are ``None``, ``True`` or ``False``."""
    if op == "==" or left.value != right.value:
        return left.value == right.value
    if left.kind != right.kind:
        return False
    return True if left.value is None or isinstance(left.value, bool) else None


def truth_of(term: Term) -> bool | None:
    """Whether ``term`` is true as a test, if its form alone decides that."""
    match term:
        case Const(value=value):
            return bool(value)
        case Func() | App(op="class" | "member"):
            return True
        case App(op="tuple" | "list" | "dict" | "set", args=args):
            return bool(args) if not any(isinstance(arg, App) and arg.op == "unpack" for arg in args) else None
    return None


def is_member(term: Term) -> bool:
    """Whether ``term`` seems to name one of several alternatives, as members of an enumeration do."""
    return isinstance(term, Var) and is_constant_name(term.name)

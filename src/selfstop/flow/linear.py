"""Linear forms: ``c1*t1 + c2*t2 + … + c`` over atomic terms.

A comparison of two expressions is one of their difference with zero, whichever side things were written on:
``now - timedelta(minutes=5) > last`` and ``last + timedelta(minutes=5) < now`` have the same form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from selfstop.flow.amounts import amount
from selfstop.flow.terms import App, Attr, Const, Result, Term, builtin_call

TRANSPARENT = frozenset({"int", "float", "round", "ceil", "timedelta", "total_seconds", "abs", "timestamp"})
"""Operations that keep sign and order of magnitude: looked through when asking what is compared with what."""

_ROUNDING = 1e-12
"""How far apart two limits may be, in proportion, that differ by how they were computed alone."""

_ROUNDED = frozenset({"//", "int", "round", "ceil", "abs", "min", "max"})
"""Operations that are no linear ones, but give numbers where they are given numbers."""

_TEXTS = frozenset({"str", "fstring", "lower", "upper", "strip", "lstrip", "rstrip", "casefold", "title"})

_UNITS = frozenset({"seconds", "days", "minutes", "hours"})


@dataclass(frozen=True)
class Linear:
    """A linear form: coefficients by atom, sorted by representation, and a constant.

    It is ``rounded`` where Python rounds what it computes of the atoms: ``0.1 * 3 > 0.3``.
    """

    atoms: tuple[tuple[Term, float], ...]
    constant: float
    rounded: bool = field(default=False, compare=False)

    def __add__(self, other: Linear) -> Linear:
        merged = dict(self.atoms)
        for atom, coefficient in other.atoms:
            merged[atom] = merged.get(atom, 0.0) + coefficient
        constants = (self.constant, other.constant)
        rounded = bool(merged) and all(constants) and not all(float(each).is_integer() for each in constants)
        return _linear(merged, self.constant + other.constant, rounded=rounded or self.rounded or other.rounded)

    def scaled(self, factor: float) -> Linear:
        """The form times ``factor``."""
        rounded = self.rounded or bool(self.atoms and not float(factor).is_integer())
        return _linear({atom: c * factor for atom, c in self.atoms}, self.constant * factor, rounded=rounded)

    def divided(self, divisor: float) -> Linear:
        """The form divided by ``divisor``; where that is whole, nobody tells it from what is computed."""
        rounded = self.rounded or bool(self.atoms and not float(divisor).is_integer())
        return replace(self.scaled(1 / divisor), rounded=rounded)

    @property
    def is_finite(self) -> bool:
        """Whether nothing in it is too large for a number."""
        return all(map(math.isfinite, (self.constant, *(coefficient for _, coefficient in self.atoms))))


@dataclass(frozen=True)
class Comparison:
    """``form relation 0``, with relation one of ``<``, ``<=``, ``>``, ``>=``, ``==``, ``!=``."""

    form: Linear
    relation: str

    def flipped(self) -> Comparison:
        """The same statement about the negated form."""
        return Comparison(self.form.scaled(-1), _MIRROR.get(self.relation, self.relation))

    @cached_property
    def limit(self) -> Limit | None:
        """The same statement about a form whose first coefficient is 1; None where that cannot be said."""
        if not self.form.atoms:
            return None
        factor = 1 / self.form.atoms[0][1]
        relation = self.relation if factor > 0 else _MIRROR.get(self.relation, self.relation)
        scaled = self.form.scaled(factor)
        if not scaled.is_finite:
            return None
        value = -scaled.constant
        return Limit(scaled.atoms, relation, value, _bounds(relation, value), self.form.rounded)


@dataclass(frozen=True)
class Limit:
    """``atoms relation value``, with the bounds between which the atoms are then, if they are between any."""

    atoms: tuple[tuple[Term, float], ...]
    relation: str
    value: float
    bounds: tuple[tuple[float, int], tuple[float, int]] | None
    rounded: bool = False

    @property
    def is_above_zero(self) -> bool:
        """Whether nothing but positive values are left."""
        return self.value >= 0 if self.relation == ">" else self.relation in {">=", "=="} and self.value > 0


_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _linear(atoms: dict[Term, float], constant: float, *, rounded: bool = False) -> Linear:
    kept = [(atom, coefficient) for atom, coefficient in atoms.items() if coefficient != 0]
    return Linear(tuple(sorted(kept, key=lambda pair: repr(pair[0]))), constant, rounded)


def number(term: Term) -> float | None:
    """The numeric value of a constant term; no booleans, infinities, and integers that ``float`` cannot tell apart."""
    match term:
        case Const(value=int() | float() as value) if not isinstance(value, bool):
            return _exact(value)
        case App(op="int" | "float", args=(Const(value=str() as text),)):
            return _read(text)
    return None


def _read(text: str) -> float | None:
    try:
        return _exact(float(text))
    except ValueError:
        return None


def _exact(value: float) -> float | None:
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and found == value else None


def linear(term: Term, *, transparent: bool = True) -> Linear:
    """The linear form of ``term``; the term itself as an atom where a number in that is too large for a float.

    With ``transparent``, conversions such as ``int`` are looked through, and ``//`` is taken for ``/``: the form says
    what is compared with what, and proves nothing.
    """
    form = _form(term, transparent=transparent)
    return form if form.is_finite else Linear(((term, 1.0),), 0.0)


def _form(term: Term, *, transparent: bool) -> Linear:
    value = _rounded(term) if (written := number(term)) is None else written
    if value is not None:
        return Linear((), value)
    match term:
        case App(op="+", args=(left, right)) if not _is_sequence(left) and not _is_sequence(right):
            return linear(left, transparent=transparent) + linear(right, transparent=transparent)
        case App(op="-", args=(left, right)):
            return linear(left, transparent=transparent) + linear(right, transparent=transparent).scaled(-1)
        case App(op="**", args=(base, exponent)) if (power := _power(number(base), number(exponent))) is not None:
            return Linear((), power)
        case App(op="neg", args=(inner,)):
            return linear(inner, transparent=transparent).scaled(-1)
        case App(op="*", args=(left, right)):
            return _product(term, left, right, transparent=transparent)
        case App(op="/" | "//" as op, args=(left, right)) if (transparent or op == "/") and (divisor := number(right)):
            return linear(left, transparent=transparent).divided(divisor)
        case App(op=op, args=(inner, *_)) if transparent and op in TRANSPARENT:
            return linear(inner, transparent=transparent)
        case Attr(base=App() as base, name=name) if transparent and name in _UNITS:
            return linear(base, transparent=transparent)
    return Linear(((term, 1.0),), 0.0)


def _is_sequence(term: Term) -> bool:
    """Whether ``term`` is evidently a text or a list, of which ``a + b`` is not ``b + a``."""
    match term:
        case Const(value=str() | bytes()) | App(op="list" | "tuple" | "sorted"):
            return True
        case App(op=op) if op in _TEXTS:
            return True
        case App(op="+", args=args):
            return any(map(_is_sequence, args))
    return False


def _is_set(term: Term) -> bool:
    """Whether ``term`` is evidently a set, of which one need not contain the other."""
    match term:
        case App(op="set") | Result(callee=Attr(name="keys"), args=()):
            return True
        case App(op="|" | "&" | "-" | "^", args=args):
            return any(map(_is_set, args))
    return builtin_call(term)[0] == "frozenset"


def _rounded(term: Term) -> float | None:
    """``45 // 60`` and ``int(0.5)``: what becomes of constants where digits are cut off, or one is chosen."""
    if not isinstance(term, App) or term.op not in _ROUNDED:
        return None
    forms = [linear(arg) for arg in term.args]
    return None if any(form.atoms for form in forms) else amount(term.op, [form.constant for form in forms])


def _power(base: float | None, exponent: float | None) -> float | None:
    """``10 ** 9``, where that is a number of common size."""
    if base is None or exponent is None or not 0 < base <= 1000 or not 0 <= exponent <= 100:
        return None
    return float(base**exponent)


def _product(term: Term, left: Term, right: Term, *, transparent: bool) -> Linear:
    a, b = linear(left, transparent=transparent), linear(right, transparent=transparent)
    if not a.atoms:
        return b.scaled(a.constant)
    if not b.atoms:
        return a.scaled(b.constant)
    return Linear(((term, 1.0),), 0.0)


_NEGATED = {"<": ">=", "<=": ">", "==": "!="}


@lru_cache(maxsize=1 << 12)
def comparison(term: Term, truth: bool, *, transparent: bool = True) -> Comparison | None:
    """What it means that the test ``term`` gave ``truth``, if it is a comparison of order or equality."""
    match term:
        case App(op="<" | "<=", args=args) if not truth and not transparent and any(map(_is_set, args)):
            return None
        case App(op="<" | "<=" | "==" as op, args=(left, right)):
            form = linear(left, transparent=transparent) + linear(right, transparent=transparent).scaled(-1)
            return Comparison(form, op if truth else _NEGATED[op]) if form.is_finite else None
    return None


def contradict(first: Comparison, second: Comparison) -> bool:
    """Whether two comparisons of the same atoms cannot both hold."""
    one, other = first.limit, second.limit
    if one is None or other is None or one.atoms != other.atoms:
        return False
    rounded = one.rounded or other.rounded
    if one.bounds is None or other.bounds is None:
        return not rounded and one.value == other.value and {one.relation, other.relation} == {"==", "!="}
    lower, upper = max(one.bounds[0], other.bounds[0]), min(one.bounds[1], other.bounds[1])
    if rounded and math.isclose(lower[0], upper[0], rel_tol=_ROUNDING, abs_tol=_ROUNDING):
        return False
    if math.isclose(lower[0], upper[0], rel_tol=_ROUNDING):  # `n / 49 >= 1` and `n <= 49`
        return lower[1] > upper[1]
    return lower > upper


def _bounds(relation: str, value: float) -> tuple[tuple[float, int], tuple[float, int]] | None:
    """Lower and upper bound as (value, strictness), in an order where a larger pair is a tighter lower bound."""
    infinity = float("inf")
    match relation:
        case "<":
            return (-infinity, 0), (value, -1)
        case "<=":
            return (-infinity, 0), (value, 0)
        case ">":
            return (value, 1), (infinity, 0)
        case ">=":
            return (value, 0), (infinity, 0)
        case "==":
            return (value, 0), (value, 0)
    return None

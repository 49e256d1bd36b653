"""What the conditions on the ways to a stop call come to under given values of the environment.

A threshold of 0 is not "off" by itself: the conditions that the code asks are evaluated, as Python would.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from selfstop.ways import Choice, Expression, Guard, Literal, Open, Operation, Read, Way, WayCondition

_MOST: Final = 64
"""Combinations of bindings that are looked at; beyond, a value counts as open."""


class Effect(StrEnum):
    """What becomes of a stop call under given values, the least alarming first."""

    OFF = "off"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    ON = "on"
    AT_ONCE = "at once"


@dataclass(frozen=True)
class Outcome:
    """An effect, and for `Effect.INVALID` the reason."""

    effect: Effect
    reason: str = ""


OFF: Final = Outcome(Effect.OFF)


@dataclass(frozen=True)
class Mark:
    """A value that is not known: ``unknown`` from the repository, or ``open`` until the program runs."""

    name: str


@dataclass(frozen=True)
class _Broken:
    """A value that cannot be computed: the program fails there."""

    reason: str


UNKNOWN: Final = Mark("unknown")
"""Stands for a setting that is not known from the repository."""

_OPEN: Final = Mark("open")

Environment = Mapping[str, "str | Mark | None"]
"""The text of each variable that is of interest, None where it is not set, `UNKNOWN` where that is not known."""

_SEVERITY = {effect: rank for rank, effect in enumerate(Effect)}
_RELATIONS: Mapping[str, tuple[Callable[[float], bool], Callable[[float], bool]]] = {
    ">=": (lambda limit: limit <= 0, lambda limit: limit == math.inf),
    ">": (lambda limit: limit < 0, lambda limit: limit == math.inf),
    "==": (lambda _: False, lambda limit: limit < 0 or limit == math.inf),
    "<": (lambda _: False, lambda limit: limit <= 0),
    "<=": (lambda _: False, lambda limit: limit < 0),
}
"""For a measure that starts at 0 and has no upper bound: when it always and when it never has that relation."""


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The most alarming of some outcomes; `Effect.OFF` without any."""
    return max(outcomes, key=lambda outcome: _SEVERITY[outcome.effect], default=OFF)


def outcome(ways: Iterable[Way], environment: Environment) -> Outcome:
    """What the ways to a stop call come to; variables that ``environment`` does not have may be anything."""
    return worst(_of_way(way, environment) for way in ways)


def _of_way(way: Way, environment: Environment) -> Outcome:
    results = [(condition, _results(condition, environment)) for condition in way.conditions]
    for _, values in results:
        failures = [found for found in values if isinstance(found, _Broken)]
        if failures and len(failures) == len(values):
            return Outcome(Effect.INVALID, failures[0].reason)
    results = [(condition, [v for v in values if not isinstance(v, _Broken)]) for condition, values in results]
    if any(all(value is False for value in values) for _, values in results):
        return OFF
    if any(condition.decides and UNKNOWN in values for condition, values in results):
        return Outcome(Effect.UNKNOWN)
    guards = [values for condition, values in results if condition.is_guard and condition.decides]
    always = bool(guards) and all(value is True for values in guards for value in values)
    return Outcome(Effect.AT_ONCE if always else Effect.ON)


def _results(condition: WayCondition, environment: Environment) -> Sequence[bool | Mark | _Broken]:
    """Whether the condition is met: every possible answer."""
    if isinstance(condition.test, Guard):
        return [_reached(limit, condition.test.relation) for limit in _values(condition.test.limit, environment)]
    return [_truth(value, holds=condition.holds) for value in _values(condition.test, environment)]


def _reached(limit: Any, relation: str) -> bool | Mark | _Broken:
    if isinstance(limit, (Mark, _Broken)):
        return limit
    if not isinstance(limit, (int, float)):
        return _OPEN
    if isinstance(limit, float) and math.isnan(limit):
        return False
    always, never = _RELATIONS[relation] if relation in _RELATIONS else _RELATIONS["=="]
    return True if always(limit) else False if never(limit) else _OPEN


def _truth(value: Any, *, holds: bool) -> bool | Mark | _Broken:
    return value if isinstance(value, (Mark, _Broken)) else bool(value) is holds


def evaluate(expression: Expression, environment: Environment) -> Sequence[object]:
    """Every value that ``expression`` may have; marks and failures are objects of their own."""
    return _values(expression, environment)


def _values(expression: Expression, environment: Environment) -> Sequence[Any]:
    match expression:
        case Literal(value=value):
            return (value,)
        case Open():
            return (_OPEN,)
        case Read(variable=name, default=default):
            return _read(name, default, environment)
        case Choice(options=options):
            return _distinct(value for option in options for value in _values(option, environment))
        case Operation(name=name, operands=operands):
            return _applied(name, [_values(operand, environment) for operand in operands])
    raise AssertionError(expression)


def _read(name: str, default: Expression | None, environment: Environment) -> Sequence[Any]:
    if name not in environment:
        return (_OPEN,)
    text = environment[name]
    if text is not None:
        return (text,)
    return (None,) if default is None else _values(default, environment)


def _applied(name: str, operands: Sequence[Sequence[Any]]) -> Sequence[Any]:
    number = 1
    for values in operands:
        number *= len(values)
    if number > _MOST:
        return (_OPEN,)
    return _distinct(_apply(name, arguments) for arguments in itertools.product(*operands))


def _distinct(values: Iterator[Any]) -> Sequence[Any]:
    found: list[Any] = []
    for value in values:
        if not any(type(value) is type(other) and value == other for other in found):
            found.append(value)
    return found


def _apply(name: str, arguments: tuple[Any, ...]) -> Any:
    if name == "if" and not isinstance(arguments[0], Mark | _Broken):
        return arguments[1] if arguments[0] else arguments[2]
    failed = next((argument for argument in arguments if isinstance(argument, _Broken)), None)
    if failed is not None:
        return failed
    if name == "or" and arguments and not isinstance(arguments[0], Mark) and arguments[0]:
        return arguments[0]
    if UNKNOWN in arguments or _OPEN in arguments:
        return UNKNOWN if UNKNOWN in arguments else _OPEN
    if name in _CASTS:
        return _cast(name, arguments[0])
    function = _FUNCTIONS.get(name)
    if function is None:
        return _OPEN
    try:
        return function(*arguments)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        return _OPEN


_CASTS: Mapping[str, Callable[[Any], Any]] = {"int": int, "float": float}


def _cast(name: str, value: Any) -> Any:
    try:
        return _CASTS[name](value)
    except (TypeError, ValueError, OverflowError) as error:
        return _Broken(f"{name}({value!r}) raises {type(error).__name__}")


def _number(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return value
    return float(value)


def _switch(value: Any) -> bool:
    """A boolean as settings libraries read it."""
    return str(value).strip().lower() in {"1", "true", "t", "yes", "y", "on"}


_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "number": _number,
    "switch": _switch,
    "bool": bool,
    "str": str,
    "lower": lambda text: text.lower(),
    "upper": lambda text: text.upper(),
    "strip": lambda text, *chars: text.strip(*chars),
    "round": round,
    "abs": abs,
    "max": max,
    "min": min,
    "neg": operator.neg,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "not": operator.not_,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "is": operator.is_,
    "in": lambda item, items: item in items,
    "or": lambda *parts: next((part for part in parts if part), parts[-1]),
    "and": lambda *parts: next((part for part in parts if not part), parts[-1]),
    "tuple": lambda *parts: parts,
    "list": lambda *parts: parts,
    "set": lambda *parts: parts,
}

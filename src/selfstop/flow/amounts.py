"""What arithmetic makes of known numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

_OPERATIONS: Mapping[str, Callable[..., float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": lambda left, right: left // right,
    "neg": lambda value: -value,
    "abs": abs,
    "float": float,
    "int": int,
    "ceil": math.ceil,
    "round": lambda value, digits=None: round(value, None if digits is None else int(digits)),
    "min": min,
    "max": max,
}

ARITHMETIC = frozenset(_OPERATIONS)


def amount(op: str, values: Sequence[float]) -> float | None:
    """What ``op`` makes of ``values``; None where that fails, or is no number."""
    try:
        found = float(_OPERATIONS[op](*values))
    except (ArithmeticError, TypeError, ValueError):
        return None
    return None if math.isnan(found) else found

"""Conditions of scripts as facts: their text, and the comparison in it where it is simple."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from selfstop.deploy.model import Comparison, Condition, Place, Value
from selfstop.deploy.read.variables import Conditions

_MAX_TEXT: Final = 120
_UNARY: Final = frozenset({"-n", "-z", "-e", "-f", "-d", "-x", "-r", "-s", "-v"})
_BINARY: Final = frozenset({"=", "==", "!=", "-eq", "-ne", "-gt", "-ge", "-lt", "-le", "=~", "<", ">"})


def condition(text: str, place: Place, test: Comparison | None = None, *, holds: bool = True) -> Condition:
    """A condition, its text on one line and not too long."""
    line = " ".join(text.split())
    if len(line) > _MAX_TEXT:
        line = line[: _MAX_TEXT - 1] + "…"
    return Condition(line, place, holds, test)


def simplified(conditions: Conditions) -> Conditions:
    """Conditions without those that follow from others: what equals one text differs from all others."""
    equal = {test.left for found in conditions if found.holds and (test := _equality(found))}
    return tuple(
        dict.fromkeys(
            found for found in conditions if found.holds or (test := _equality(found)) is None or test.left not in equal
        )
    )


def _equality(found: Condition) -> Comparison | None:
    """The comparison of a condition, if it is one with a literal."""
    test = found.test
    return test if test and test.operator == "=" and test.right.literal is not None else None


def test_of(words: Sequence[Value]) -> tuple[Comparison | None, bool]:
    """The comparison in the words of ``[ … ]``, without the brackets, and whether it must hold."""
    holds = True
    words = tuple(words)
    while words and words[0].literal == "!":
        holds, words = not holds, words[1:]
    match words:
        case (operator, operand) if operator.literal in _UNARY:
            return Comparison(operand, str(operator)), holds
        case (left, operator, right) if operator.literal in _BINARY:
            return Comparison(left, str(operator).replace("==", "="), right), holds
        case (operand,):
            return Comparison(operand, "-n"), holds
        case _:
            return None, holds

"""Linear forms: which comparisons say the same, which cannot both hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphs import lower
from writing import written

from selfstop.flow.cfg import Test
from selfstop.flow.linear import Comparison, comparison, contradict


def compared(text: str, *, transparent: bool = True) -> Comparison:
    """The comparison ``text``; a leading ``not`` is taken as the false outcome."""
    positive = text.removeprefix("not ")
    graph = lower(f"if {positive}: pass").functions[-1].graph
    ((term, turned),) = [(node.operation.term, node.edges) for node in graph.nodes if isinstance(node.operation, Test)]
    assert turned
    found = comparison(term, (positive == text) is not ("!=" in text), transparent=transparent)
    assert found is not None
    return found


def exactly(text: str) -> Comparison:
    """The comparison ``text`` as one that may contradict another."""
    return compared(text, transparent=False)


CONTRADICTIONS = {
    "greater and at most": ("T > 0", "T <= 0"),
    "the same on the other side": ("T > 0", "0 >= T"),
    "the other outcome": ("T > 0", "not T > 0"),
    "strict on both sides": ("T < 0", "T > 0"),
    "one strict": ("T < 0", "T >= 0"),
    "disjoint ranges": ("n > 5", "n < 3"),
    "equal to different numbers": ("n == 1", "n == 2"),
    "equal and beyond": ("n == 1", "n > 1"),
    "equal and unequal": ("n == 1", "n != 1"),
    "two variables": ("n >= T", "n < T"),
    "moved across": ("n - T >= 0", "T > n"),
    "scaled": ("2 * n > 10", "n < 5"),
    "scaled and rounded": ("n / 49 >= 1", "n < 49"),
    "the same whole minutes": ("n // 60 > 5", "n // 60 <= 5"),
    "with a minus": ("-n > 0", "n > 0"),
    "a sum moved across": ("now - last > 300", "last + 300 >= now"),
}
COMPATIBLE = {
    "limits that differ by rounding": ("n / 49 >= 1", "n <= 49"),
    "the same minute": ("not n // 60 > 5", "n > 300"),
    "integers that no float tells apart": ("T == 9007199254740992", "T != 9007199254740993"),
    "factors that no float has an inverse of": ("T * 1e-320 == 5", "not T * 1e-320 == 6"),
    "the same": ("T > 0", "T > 0"),
    "touching": ("T >= 0", "T <= 0"),
    "overlapping": ("n > 3", "n < 5"),
    "equal and at least": ("n == 1", "n >= 1"),
    "unequal to different numbers": ("n != 1", "n != 2"),
    "unequal and in range": ("n != 1", "n > 0"),
    "different variables": ("n > 0", "m < 0"),
    "different coefficients": ("n + m > 0", "n - m < 0"),
    "no variables": ("1 > 0", "1 < 0"),
}


@pytest.mark.parametrize(("first", "second"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions(first: str, second: str) -> None:
    assert contradict(exactly(first), exactly(second))
    assert contradict(exactly(second), exactly(first))


@pytest.mark.parametrize(("first", "second"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_no_contradiction(first: str, second: str) -> None:
    assert not contradict(exactly(first), exactly(second))
    assert not contradict(exactly(second), exactly(first))


SAME = {
    "sides swapped": ("n >= T", "T <= n"),
    "moved across": ("n - T >= 0", "n >= T"),
    "conversions are looked through": ("int(n) >= float(T)", "n >= T"),
    "a product with a number": ("n >= T * 60", "n - 60 * T >= 0"),
    "a quotient by a number": ("n / 60 >= T", "n // 60 >= T"),
    "a negated test": ("not n < T", "n >= T"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_the_same_however_it_is_written(first: str, second: str) -> None:
    one, two = compared(first), compared(second)
    assert one in (two, two.flipped())


FORMS = {
    "a product of two variables": ("x * y < 0", {"*(x, y)": 1}, 0),
    "a quotient by a variable": ("x / y < 2", {"/(x, y)": 1}, -2),
    "a quotient by nothing": ("x / 0 < 2", {"/(x, 0)": 1}, -2),
    "a product of numbers": ("2 * 3 * x < 4 * 5", {"x": 6}, -20),
    "a number times a sum": ("2 * (x + 3) < y", {"x": 2, "y": -1}, 6),
    "a sum times a number": ("(x - 3) * 2 < -y", {"x": 2, "y": 1}, -6),
    "what goes away": ("x + y < x", {"y": 1}, 0),
    "conversions in a product": ("int(x) * 2 < 0", {"x": 2}, 0),
    "conversions in another product": ("2 * int(x) < 0", {"x": 2}, 0),
    "numbers as text": ('x < int("5") + float("0.5")', {"x": 1}, -5.5),
    "text that is no number": ('x < int("five")', {"x": 1, "'five'": -1}, 0),
    "a number that is no text": ("x < True", {"x": 1, "True": -1}, 0),
    "units of a duration": ("abs(x).seconds < 5", {"x": 1}, -5),
    "another attribute": ("abs(x).size < 5", {"abs(x).size": 1}, -5),
}


@pytest.mark.parametrize(("test", "atoms", "constant"), FORMS.values(), ids=FORMS)
def test_forms(test: str, atoms: dict[str, float], constant: float) -> None:
    form = compared(test).form
    assert ({written(atom): scale for atom, scale in form.atoms}, form.constant) == (atoms, constant)


AS_WRITTEN = {
    "int(x) + int(y) < int(z)": {"int(x)": 1, "int(y)": 1, "int(z)": -1},
    "int(x) - int(y) < 0": {"int(x)": 1, "int(y)": -1},
    "-int(x) < 0": {"int(x)": -1},
    "int(x) * 2 < 2 * int(y)": {"int(x)": 2, "int(y)": -2},
    "int(x) / 2 < 0": {"int(x)": 0.5},
    "abs(x).seconds < 0": {"abs(x).seconds": 1},
    "x - (int(y) - (z - int(w))) < 0": {"x": 1, "int(y)": -1, "z": 1, "int(w)": -1},
}


@pytest.mark.parametrize(("test", "atoms"), AS_WRITTEN.items(), ids=AS_WRITTEN)
def test_conversions_may_be_left_as_they_are(test: str, atoms: dict[str, float]) -> None:
    form = compared(test, transparent=False).form
    assert {written(atom): scale for atom, scale in form.atoms} == atoms


def test_comparisons_with_numbers_only_agree_with_arithmetic() -> None:
    """Two bounds on one variable contradict each other exactly if no number meets both."""
    relations: dict[str, Callable[[float, float], bool]] = {
        "<": lambda n, c: n < c,
        "<=": lambda n, c: n <= c,
        ">": lambda n, c: n > c,
        ">=": lambda n, c: n >= c,
        "==": lambda n, c: n == c,
    }
    tried = [value / 2 for value in range(-4, 9)]
    for one, first in relations.items():
        for two, second in relations.items():
            for a in range(3):
                for b in range(3):
                    possible = any(first(n, a) and second(n, b) for n in tried)
                    assert contradict(compared(f"n {one} {a}"), compared(f"n {two} {b}")) is not possible


TOO_LARGE = ["1e999", "-1e999", "float('inf')", "float('nan')", "1e308 * 1e308", "1e999 - 1e999", "1" + "0" * 400]


@pytest.mark.parametrize("number", TOO_LARGE)
@pytest.mark.parametrize("form", ["T >= {}", "T == {}", "T * {} > 3", "T / ({}) < 3", "T * 0.5 + {} > U"])
def test_what_is_no_number_is_part_of_the_form(form: str, number: str) -> None:
    found = compared(form.format(number))
    assert found.form.is_finite
    assert len(found.form.atoms) >= 1
    assert found.limit is None or found.limit.value == found.limit.value

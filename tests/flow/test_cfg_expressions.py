"""Expressions: tests are broken up in evaluation order, and values know which way they came about."""

from __future__ import annotations

import warnings
from itertools import product

import pytest
from graphs import assert_agrees, assert_sound, disagreements, executions, lower, program_graph, traces, written_tests

from selfstop.flow.terms import Const

PROGRAMS = {
    "and": "if p() and q():\n    a()",
    "or": "if p() or q():\n    a()",
    "not": "if not p():\n    a()",
    "and, or, not": "if p() and not (q() or r()) or s():\n    a()\nelse:\n    b()",
    "a choice as a test": "if (p() if q() else r()):\n    a()",
    "a choice as a value": "a(p() if q() else r())\nb()",
    "a choice in a choice": "x = p() if q() else (r() if s() else t())\nif x:\n    a()",
    "a chained comparison as a test": "if p() <= q() < r():\n    a()\nelse:\n    b()",
    "a chained comparison kept": "x = p() <= q() < r()\nif x:\n    a()",
    "a chained comparison returned": "return p() <= q() < r()",
    "a chained comparison in and": "if p() < q() <= r() and s():\n    a()",
    "and as a value": "a(p() and q())\nb()",
    "or as a value": "x = p() or q()\nif x:\n    a()",
    "and of things that are no tests": "x = p() and q() or r()\nif not x:\n    a()",
    "a walrus in a test": "if (x := p()) and q():\n    a()\nif x:\n    b()",
    "a walrus that is not run": "x = True\nif p() and (x := q()):\n    a()\nif x:\n    b()",
    "a walrus of tests": "if (x := p() and q()) or r():\n    a()\nif x:\n    b()",
    "bool()": "if bool(p()) and bool(q()):\n    a()",
    "arguments before the call": "a(b(), c(p() and q()))\nd()",
    "keyword arguments before the call": "a(x=b(), y=c())\nd()",
    "displays in order": "x = [a(), (b(), c())]\nd()",
    "a dictionary display": "x = {a(): b(), 'k': p() and q()}\nc()",
    "an f-string": "x = f'{a()} {p() or q()}'\nb()",
    "a lambda is not run": "x = lambda: a()\nb()",
    "defaults of a lambda are": "x = lambda y=a(): b()\nc()",
    "a comprehension": "x = [a() for _ in items()]\nb()",
    "a comprehension with if": "x = [a() for _ in items() if p()]\nb()",
    "a comprehension with several ifs": "x = {a() for _ in items() if p() if q()}\nb()",
    "a comprehension in a comprehension": "x = [a() for _ in items() for _ in items() if p()]\nb()",
    "a dictionary comprehension": "x = {a(): b() for _ in items()}\nc()",
    "a walrus in a comprehension": "x = False\n[a() for _ in items() if (x := p())]\nif x:\n    b()",
    "comparison with True": "if p() == True:\n    a()",
    "comparison with is": "if p() is True or q() is not True:\n    a()",
    "membership": "if p() in (True,) and q() not in (True,):\n    a()",
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS)
def test_paths_of_the_graph_are_the_executions(body: str) -> None:
    assert_agrees(body, limit=7, r=(True, False), s=(True, False), t=(True, False))


JOINED = ["p()", "not q()", "({} and {})", "({} or {})", "({} if r() else {})", "({} < {})"]


def expressions(depth: int) -> list[str]:
    """All tests over ``p()`` and ``not q()`` with connectives ``depth`` deep."""
    if depth == 0:
        return JOINED[:2]
    below = expressions(depth - 1)
    return [*JOINED[:2], *(form.format(*pair) for form in JOINED[2:5] for pair in product(below, repeat=2))]


@pytest.mark.parametrize("use", ["if {}:\n    a()\nelse:\n    b()", "x = {}\nif x:\n    a()", "return {}", "a({})"])
@pytest.mark.parametrize("first", [0, *(pytest.param(first, marks=pytest.mark.slow) for first in (1, 2))])
def test_all_tests_two_connectives_deep(use: str, first: int) -> None:
    """Every third from the first, second or third on."""
    every_third = [use.format(expression) for expression in expressions(2)[first::3]]
    assert disagreements(every_third, limit=9, a=(None,), b=(None,)) == []


def named(trace: str) -> str:
    """A trace without the questions for one more item."""
    return " ".join(event for event in trace.split() if not event.startswith("next"))


def test_all_over_a_comprehension_counts_as_entered() -> None:
    """Whether there is anything to aggregate is another question than what holds of it."""
    body = "if all(p() for _ in items()):\n    a()\nelse:\n    b()"
    ours = {named(trace) for trace in traces(body, limit=8) if "…" not in trace}
    theirs = {named(trace) for trace in executions(body, limit=8) if "…" not in trace}
    assert {"a", "a! -> Boom"} == theirs - ours, "nothing to aggregate"


SPLIT = {
    "a measure behind a switch": ("if T > 0 and n >= T: stop()", ["T > 0", "n >= T"]),
    "a chain": ("if 0 < T <= n: stop()", ["0 < T", "T <= n"]),
    "all over a display": ("if all((T > 0, n >= T)): stop()", ["T > 0", "n >= T"]),
    "any over a display": ("if any([x, y]): stop()", ["x", "y"]),
    "all over a comprehension": ("if all(n >= T for n in ns): stop()", ["n >= T"]),
    "any over a comprehension": ("if not any(n < T for n in ns): stop()", ["n < T"]),
    "bitwise and of tests": ("if (T > 0) & (n >= T): stop()", ["T > 0", "n >= T"]),
    "bool": ("if bool(x): stop()", ["x"]),
    "not": ("if not x: stop()", ["x"]),
    "no split of arithmetic": ("if x & y: stop()", ["x & y"]),
    "no split of all, redefined": ("all = a()\nif all((x, y)): stop()", ["all((x, y))"]),
    "no split of unpacked displays": ("if all((*xs, y)): stop()", ["all((*xs, y))"]),
    "constants are decided": ("if True and x: stop()", ["x"]),
}


@pytest.mark.parametrize(("body", "expected"), SPLIT.values(), ids=SPLIT)
def test_what_a_test_is_broken_up_into(body: str, expected: list[str]) -> None:
    assert written_tests(program_graph(body)) == expected


MORE_SHAPES = {
    "all over a display of calls runs them all": "if all((p(), q())):\n    a()",
    "any over a display of calls runs them all": "if any([p(), q()]):\n    a()",
    "bitwise and of tests runs both": "if (p() == 1) & (q() == 1):\n    a()",
    "a chained comparison as an argument": "a(p() < q() < r())",
    "a chained comparison in a display": "x = [p() < q() < r()]\na()",
    "a comprehension in all runs to its end": "if all([p() for _ in items()]):\n    a()",
}


@pytest.mark.parametrize("body", MORE_SHAPES.values(), ids=MORE_SHAPES)
def test_more_shapes(body: str) -> None:
    assert_sound(body)


def test_escapes_that_python_warns_about() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = lower(r"""x = "\d" '\w'""")
    assert module.definitions[-1].value == Const(r"\d\w")

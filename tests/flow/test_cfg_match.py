"""``match``: cases are tried in order, guards after their pattern, alternatives from left to right."""

from __future__ import annotations

import pytest
from graphs import assert_agrees, program_graph, written_tests

SUBJECTS = (0, 1, 2, "x", None, (1, 2))

PROGRAMS = {
    "values": "match s():\n    case 0:\n        a()\n    case 'x':\n        b()\nc()",
    "a wildcard": "match s():\n    case 0:\n        a()\n    case _:\n        b()",
    "a wildcard with a guard": "match s():\n    case _ if p():\n        a()\n    case _:\n        b()",
    "singletons": "match s():\n    case None:\n        a()\n    case True:\n        b()\nc()",
    "alternatives": "match s():\n    case 0 | 1:\n        a()\n    case 'x' | None:\n        b()",
    "alternatives with a guard": "match s():\n    case 0 | 1 if p():\n        a()\n    case 1:\n        b()",
    "a refused guard tries the next case": (
        "match s():\n    case 1 if p():\n        a()\n    case 1 if q():\n        b()"
    ),
    "a guard with and": "match s():\n    case 1 if p() and not q():\n        a()\n    case _:\n        b()",
    "a capture": "match s():\n    case 0:\n        a()\n    case x:\n        return x",
    "a capture with a guard": "match s():\n    case x if x == 1:\n        a()\n    case x:\n        return x",
    "as": "match s():\n    case (0 | 1) as x:\n        return x\na()",
    "sequences": "match s():\n    case [x, y]:\n        a()\n    case [x]:\n        b()\n    case _:\n        c()",
    "sequences with a guard": "match s():\n    case [_, _] if p():\n        a()\n    case [1, _]:\n        b()",
    "a mapping": "match s():\n    case {'k': _}:\n        a()\n    case {}:\n        b()\nc()",
    "return in a case": "match s():\n    case 0:\n        return 1\n    case 1:\n        a()\nb()",
    "break in a case": (
        "while w():\n    match s():\n        case 0:\n            break\n        case 1:\n            continue\n    a()"
    ),
    "match in match": (
        "match s():\n    case 0:\n        match p():\n            case True:\n                a()\n"
        "    case _:\n        b()"
    ),
    "an exception in a case": "try:\n    match s():\n        case 0:\n            a()\nexcept Boom:\n    b()",
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS)
def test_paths_of_the_graph_are_the_executions(body: str) -> None:
    assert_agrees(body, limit=6, s=SUBJECTS)


def test_the_subject_is_evaluated_once() -> None:
    graph = program_graph("match s():\n    case 0:\n        a()\n    case 1:\n        b()")
    assert [call.text for _, call in graph.calls()].count("s") == 1


WRITTEN = {
    "a value": ("case 0:", ["s() == 0"]),
    "a dotted name": ("case Color.RED:", ["s() == Color.RED"]),
    "a singleton": ("case None:", ["s() is None"]),
    "alternatives": ("case 0 | 1:", ["s() == 0", "s() == 1"]),
    "a class": ("case Point(x=0):", ["s() matches Point(x=0)"]),
    "a capture": ("case x:", []),
    "a guard": ("case x if x > 1:", ["x > 1"]),
}


@pytest.mark.parametrize(("case", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_patterns_are_tests_in_words(case: str, expected: list[str]) -> None:
    assert written_tests(program_graph(f"match s():\n    {case}\n        stop()")) == expected

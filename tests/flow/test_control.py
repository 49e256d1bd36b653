"""Control dependence: which tests decide whether a call is reached, and whether some way avoids them all."""

from __future__ import annotations

import pytest
from graphs import call_node, program_graph

from selfstop.flow.cfg import Iterate, Test
from selfstop.flow.control import ControlDependence, postdominators


def deciding(body: str) -> set[str]:
    """The tests that decide about ``stop()``."""
    graph = program_graph(body)
    operations = [graph.nodes[node].operation for node in ControlDependence(graph).decisive(call_node(graph, "stop"))]
    return {item.text for item in operations if isinstance(item, (Test, Iterate))}


DECIDING = {
    "nothing": ("stop()", set()),
    "an if around it": ("if p(): stop()", {"p()"}),
    "an else": ("if p(): a()\nelse: stop()", {"p()"}),
    "an if beside it": ("if p(): a()\nstop()", set()),
    "an early return": ("if p(): return\nstop()", {"p()"}),
    "an early raise": ("if p(): raise Boom\nstop()", {"p()"}),
    "both operands of and": ("if p() and q(): stop()", {"p()", "q()"}),
    "through another decision": ("if p():\n    if q(): return\n    stop()", {"p()", "q()"}),
    "a loop that must end": ("while w(): a()\nstop()", {"w()"}),
    "in a loop": ("while w(): stop()", {"w()"}),
    "a break": ("while True:\n    if p(): break\nstop()", {"p()"}),
    "continue": ("while w():\n    if p(): continue\n    stop()", {"p()", "w()"}),
    "a for left by return": ("for i in items():\n    if p(): return\nstop()", {"items()", "p()"}),
    "a for that always runs out": ("for i in items(): a()\nstop()", set()),
    "a call before it that may raise": ("a()\nstop()", set()),
    "a handler": ("try: a()\nexcept Boom: stop()", set()),
    "an if in a try before it": ("try:\n    if p(): raise Boom\nexcept Boom: return\nstop()", {"p()"}),
    "finally": ("try:\n    a()\nfinally:\n    if p(): pass\n    b()\nif q(): stop()", {"q()"}),
}


@pytest.mark.parametrize(("body", "expected"), DECIDING.values(), ids=DECIDING)
def test_decisive_tests(body: str, expected: set[str]) -> None:
    assert deciding(body) == expected


AVOIDABLE = {
    "nothing decides": ("stop()", True),
    "a test on the only way": ("if p(): stop()", False),
    "an early return": ("if p(): return\nstop()", False),
    "an exception goes around": ("try:\n    a()\n    if p(): return\nexcept Boom: pass\nstop()", True),
    "an exception does not go around": ("a()\nif p(): return\nstop()", False),
}


@pytest.mark.parametrize(("body", "expected"), AVOIDABLE.values(), ids=AVOIDABLE)
def test_ways_around_the_deciding_tests(body: str, expected: bool) -> None:
    graph = program_graph(body)
    assert ControlDependence(graph).avoidable(call_node(graph, "stop")) is expected


def test_within_a_finally_only_its_own_tests_count() -> None:
    graph = program_graph("if p():\n    try:\n        a()\n    finally:\n        if q(): stop()")
    dependence = ControlDependence(graph)
    for node, call in graph.calls():
        if call.text == "stop":
            (number,) = graph.nodes[node].finallies
            assert not dependence.avoidable(node, within=number)
            assert dependence.avoidable(node, within=number + 1)


ENDLESS = {
    "into a loop for ever": ([[1], [1], []], [0b011, 0b010, 0b100]),
    "into a loop of two": ([[1], [2], [1], []], [0b0111, 0b0110, 0b0100, 0b1000]),
    "a loop or the end": ([[1, 3], [2], [1], []], [0b0001, 0b0110, 0b0100, 0b1000]),
    "a branch that joins": ([[1, 2], [3], [3], []], [0b1001, 0b1010, 0b1100, 0b1000]),
    "two loops": ([[1, 2], [1], [2], []], [0b0001, 0b0010, 0b0100, 0b1000]),
}


@pytest.mark.parametrize(("following", "expected"), ENDLESS.values(), ids=ENDLESS)
def test_what_comes_after_for_certain(following: list[list[int]], expected: list[int]) -> None:
    assert postdominators(following, [len(following) - 1]) == expected

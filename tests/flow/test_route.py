"""The shortest feasible way to a call."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphs import graph_of
from test_facts import LonelyFunction

from selfstop.flow import route
from selfstop.flow.cfg import Graph
from selfstop.flow.facts import Analysis, Record
from selfstop.flow.state import EMPTY, State


def lines_to_stop(*body: str, accepts: Callable[[State], bool] = lambda _: True) -> list[int] | None:
    """The lines (the body's first is 1) of the way to the last ``stop()``; None if there is none."""
    source = "def f(T, n, x, y):\n" + "".join(f"    {line}\n" for line in body)
    graph = graph_of(source, "f")
    target = max(node for node, call in graph.calls() if call.text == "stop")
    found = route.shortest(Analysis(graph, LonelyFunction(source)), entry(graph), target, accepts)
    if found is None:
        return None
    lines = [graph.nodes[record.node].line - 1 for record in route.way(found)]
    return [line for line, before in zip(lines, [0, *lines], strict=False) if line != before and line > 0]


def entry(graph: Graph) -> Record:
    return Record(graph.scope, graph.entry, EMPTY)


WAYS = {
    "straight on": (["a()", "stop()"], [1, 2]),
    "past an if": (["if x:", "    a()", "stop()"], [1, 3]),
    "into an if": (["if x:", "    stop()"], [1, 2]),
    "past a loop": (["for i in x:", "    a()", "stop()"], [1, 3]),
    "one round": (["while True:", "    a()", "    if x.ready:", "        stop()"], [1, 2, 3, 4]),
    "two rounds where the first sets what the second asks": (
        ["late = False", "while True:", "    if late:", "        stop()", "    late = True"],
        [1, 2, 3, 5, 2, 3, 4],
    ),
    "not through an exception": (["try:", "    a()", "except E:", "    return", "stop()"], [1, 2, 5]),
    "through an exception where there is no other way": (
        ["try:", "    a()", "except E:", "    stop()"],
        [1, 2, 1, 3, 4],
    ),
    "by a call that is likely to raise": (
        ["try:", "    print(x)", "    a()", "except E:", "    stop()"],
        [1, 2, 3, 1, 4, 5],
    ),
    "by the first of those": (["try:", "    a()", "    b()", "except E:", "    stop()"], [1, 2, 1, 4, 5]),
    "by a call rather than a sum": (["try:", "    n += 1", "    a()", "except E:", "    stop()"], [1, 2, 3, 1, 4, 5]),
    "by what is raised rather than by a call": (
        ["try:", "    a()", "    raise E", "except E:", "    stop()"],
        [1, 2, 3, 1, 4, 5],
    ),
    "not where a value forbids it": (
        ["late = True", "if x:", "    late = False", "if not late:", "    stop()"],
        [1, 2, 3, 4, 5],
    ),
    "the same question is answered the same": (["if x == 1:", "    a()", "if x == 1:", "    stop()"], [1, 2, 3, 4]),
}


@pytest.mark.parametrize(("body", "expected"), WAYS.values(), ids=WAYS)
def test_the_shortest_way(body: list[str], expected: list[int]) -> None:
    assert lines_to_stop(*body) == expected


NOWHERE = {
    "no way leads there": ["return", "stop()"],
    "contradicting tests": ["if x == 1:", "    if x == 2:", "        stop()"],
    "a value that is known": ["late = False", "if late:", "    stop()"],
}


@pytest.mark.parametrize("body", NOWHERE.values(), ids=NOWHERE)
def test_no_way(body: list[str]) -> None:
    assert lines_to_stop(*body) is None


def test_a_state_that_is_not_accepted_asks_for_a_detour() -> None:
    body = ["if x:", "    a()", "    y.b()", "stop()"]
    assert lines_to_stop(*body) == [1, 4]
    assert lines_to_stop(*body, accepts=lambda state: any(c.truth for c in state.conditions.values())) == [1, 2, 3, 4]
    assert lines_to_stop(*body, accepts=lambda _: False) is None


def test_many_ifs_in_a_row_are_no_explosion() -> None:
    """2 ** 40 ways, and one that has to be found: all outcomes true."""
    body = [line for number in range(40) for line in (f"if x.a{number}:", "    a()")]
    assert lines_to_stop(*body, "stop()") is not None
    assert lines_to_stop(*body, "stop()", accepts=lambda _: False) is None

"""What may still be read."""

from __future__ import annotations

import pytest
from graphs import call_node, graph_of

from selfstop.flow.liveness import live_keys
from selfstop.flow.terms import Var

LIVE = {
    "read later": ("here()\nuse(x)", {"x"}),
    "not read": ("use(x)\nhere()", set()),
    "replaced first": ("here()\nx = 1\nuse(x)", set()),
    "replaced on one way": ("here()\nif y:\n    x = 1\nuse(x)", {"x", "y"}),
    "read in the next iteration": ("while y:\n    use(x)\n    here()", {"x", "y"}),
    "read by a handler": ("try:\n    here()\nexcept Boom:\n    use(x)", {"x"}),
    "read by finally": ("try:\n    here()\nfinally:\n    use(x)", {"x"}),
    "raised first": ("here()\nx += 1\nuse(x)", {"x"}),
    "its attribute is set": ("here()\nx.name = 1", {"x"}),
    "read by a nested function": ("def inner():\n    return x\nhere()", {"x"}),
    "returned": ("here()\nreturn x", {"x"}),
}


@pytest.mark.parametrize(("body", "expected"), LIVE.values(), ids=LIVE)
def test_live_variables(body: str, expected: set[str]) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    graph = graph_of(f"def f(x, y):\n{lines}", "f")
    live = live_keys(graph)[call_node(graph, "here")]
    assert {key.name for key in live if isinstance(key, Var) and key.scope == "m:f" and key.name in "xy"} == expected


def test_results_are_live_until_they_are_used() -> None:
    graph = graph_of("def f():\n    x = first()\n    here()\n    if x:\n        stop()\n", "f")
    live = live_keys(graph)
    first = call_node(graph, "first")
    (after,) = [edge.target for edge in graph.nodes[first].edges if edge.kind.value == "next"]
    assert any(str(key).startswith("@") for key in live[after])
    assert not any(str(key).startswith("@") for key in live[call_node(graph, "here")])

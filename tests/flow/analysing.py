"""What is known at the calls of a function, case by case; ``python tests/flow/analysing.py`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cases
from graphs import graph_of
from test_facts import LonelyFunction
from writing import written

from selfstop.flow.facts import Analysis
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.state import EMPTY, State

FILE = Path(__file__).parents[1] / "expected" / "analysis.txt"


def known(source: str) -> str:
    """What is known at each call of ``f``, once for each state that is kept apart."""
    graph = graph_of(source, "f")
    analysis = Analysis(graph, LonelyFunction(source))
    analysis.enter(EMPTY)
    analysis.run()
    lines: list[str] = []
    for node, call in graph.calls():
        states = sorted(_state(record.state, graph.scope) for record in analysis.states(node))
        lines += [f"{graph.nodes[node].line} {call.text}: {state}" for state in states or ["never"]]
    return "\n".join(lines) + "\n"


def _state(state: State, scope: str) -> str:
    values = sorted(f"{written(place, scope)} = {written(value, scope)}" for place, value in state.values.items())
    return "; ".join([*sorted(map(_condition, state.conditions.values())), *values]) or "nothing"


def _condition(condition: Condition) -> str:
    return " ".join([f"[{condition.source}]", *_marks(condition), f"by {condition.line}/{condition.test[1]}"])


def _marks(condition: Condition) -> Iterator[str]:
    if condition.role.kind is not Kind.PLAIN:
        yield condition.role.kind.value
    yield from {True: (), False: ("roughly",)}[condition.exact]
    yield from {True: ("reset",), False: ()}[condition.reset]


if __name__ == "__main__":
    cases.write(FILE, known)

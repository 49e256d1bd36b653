"""Which conditions hold at a call, on every way there."""

# ruff: noqa: ARG002 - a world has methods whose arguments a lonely function has no use for
from __future__ import annotations

from collections.abc import Sequence

import pytest
from graphs import graph_of, lower

from selfstop.flow.cfg import Call
from selfstop.flow.conditions import classify
from selfstop.flow.contents import VOLATILE, Contents, is_silent
from selfstop.flow.facts import Analysis
from selfstop.flow.known import Condition, Shared
from selfstop.flow.roles import Evidence, Role
from selfstop.flow.state import EMPTY, State
from selfstop.flow.terms import Term, Var
from selfstop.flow.world import CallEffect


class LonelyFunction:
    """A world in which nothing but one module exists."""

    def __init__(self, source: str, shared: frozenset[object] = frozenset()) -> None:
        module = lower(source)
        self.definitions, self.functions = module.definitions, module.functions
        self.outside = Shared(shared)

    def resolve(self, term: Term) -> Term:
        return term

    def call(
        self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> CallEffect | None:
        return None

    def passing(
        self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]], *, writes: bool
    ) -> CallEffect | None:
        return None

    def role(self, term: Term, truth: bool, state: State, scope: str) -> Role:
        return classify(term, truth, Evidence(lambda place: tuple(d for d in self.definitions if d.target == place)))

    def implied(self, term: Term, truth: bool, scope: str) -> Sequence[Sequence[Condition]] | None:
        return None

    def constant(self, term: Term) -> Term:
        return term

    def shared(self, scope: str) -> Shared:
        return self.outside

    def raised(self, clause: Sequence[Term], scope: str) -> Sequence[Sequence[Condition]] | None:
        return None

    def is_conditional(self, clause: Sequence[Term]) -> bool:
        return False

    def leaves_program(self, func: Term, operands: Sequence[Term]) -> bool:
        return False

    tells_exceptions = True

    @property
    def telling(self) -> frozenset[object]:
        return frozenset().union(*(function.telling for function in self.functions))

    def contents(self, scope: str) -> Contents:
        function = next(item for item in self.functions if item.id == scope)
        parameters = [Var(scope, item.name) for item in function.parameters]
        return Contents(function.graph, parameters, is_silent, lambda _: VOLATILE)

    def catches(self, exception: Term, clause: Sequence[Term]) -> bool | None:
        return None


def held(body: str) -> list[set[str]] | None:
    """The conditions that hold in each state at ``stop()``; None if no feasible path leads there."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    source = f"def f(T, n, x, y):\n{lines}"
    graph = graph_of(source, "f")
    analysis = Analysis(graph, LonelyFunction(source))
    analysis.enter(EMPTY)
    analysis.run()
    found = [
        {condition.source for condition in record.state.conditions.values()}
        for node, call in graph.calls()
        if call.text == "stop"
        for record in analysis.states(node)
    ]
    return found or None


def always(body: str) -> set[str]:
    """The conditions that hold in all states at ``stop()``."""
    states = held(body)
    assert states is not None, "stop() is not reached"
    return set.intersection(*states)


HOLDS = {
    "a branch adds": ("if x: stop()", {"x"}),
    "the false branch adds, too": ("if x: a()\nelse: stop()", {"not x"}),
    "both operands": ("if x and not y: stop()", {"x", "not y"}),
    "an early return": ("if x: return\nstop()", {"not x"}),
    "a join intersects": ("if x: a()\nstop()", set()),
    "the same on both ways": ("if x:\n    if y: stop()\nelif y: stop()", {"y"}),
    "assignment drops": ("if x:\n    x = y\n    stop()", set()),
    "assignment of something else keeps": ("if x:\n    y = T\n    stop()", {"x"}),
    "a raised measure keeps": ("if n >= T:\n    n += 1\n    stop()", {"n >= T"}),
    "a lowered measure drops": ("if n >= T:\n    n -= 1\n    stop()", set()),
    "a raised limit drops": ("if n >= T:\n    T += 1\n    stop()", set()),
    "a reset between guard and call keeps": (
        "n = 0\nwhile True:\n    n += 1\n    if n >= MAX_IDLE:\n        n = 0\n        stop()",
        {"n >= MAX_IDLE"},
    ),
    "a test of while": ("while x: a()\nstop()", {"not x"}),
    "a flag set under a test": ("flag = n >= T\nif flag: stop()", {"n >= T"}),
    "a flag only set under a test": ("flag = False\nif x:\n    flag = True\nif flag: stop()", {"x"}),
    "a negated flag": ("flag = not x\nif not flag: stop()", {"x"}),
    "the normal way through finally": ("if x:\n    try:\n        a()\n    finally:\n        b()\n    stop()", {"x"}),
    "mutation drops emptiness": ("if not x:\n    x.append(1)\n    stop()", set()),
}


@pytest.mark.parametrize(("body", "expected"), HOLDS.values(), ids=HOLDS)
def test_conditions_that_hold(body: str, expected: set[str]) -> None:
    assert always(body) == expected


INFEASIBLE = {
    "a test and its opposite": "if x:\n    if not x: stop()",
    "comparisons that contradict each other": "if T > 0:\n    if T <= 0: stop()",
    "different constants": "if x is True:\n    if x is False: stop()",
    "None and true": "if x is None:\n    if x: stop()",
    "a flag never set": "flag = False\nif flag: stop()",
    "a flag set on the other way": "flag = False\nif x:\n    flag = True\nif flag and not x: stop()",
    "beyond a return": "if x:\n    return\nif x: stop()",
    "a list that nothing was put into": "ids = []\na()\nif ids: stop()",
    "a list that was only printed": "ids = []\nprint(ids, len(ids))\nif ids: stop()",
    "another list than the one passed on": "ids = []\nmore = [x]\na(more)\nif ids: stop()",
    "None passed on": "if x is None:\n    a(x)\n    if x is not None: stop()",
    "a number passed on": "if n > 5:\n    a(n)\n    if n < 5: stop()",
}


@pytest.mark.parametrize("body", INFEASIBLE.values(), ids=INFEASIBLE)
def test_no_feasible_way(body: str) -> None:
    assert held(body) is None


def test_a_string_equals_only_one_constant() -> None:
    assert held("if x == 'a':\n    if x == 'b': stop()") is None


FEASIBLE = {
    "replaced in between": "if x:\n    x = y\n    if not x: stop()",
    "comparisons that agree": "if T > 0:\n    if T <= 5: stop()",
    "another variable": "if x:\n    if not y: stop()",
    "a list passed on": "ids = []\na(ids)\nif ids: stop()",
    "a list passed on in a display": "ids = []\na({'ids': ids})\nif ids: stop()",
    "a list under another name": "ids = []\nmore = ids\nmore.append(x)\nif ids: stop()",
    "a list kept in an attribute": "ids = []\nx.ids = ids\na()\nif ids: stop()",
    "a list that a nested function has": "ids = []\ndef g(): ids.append(1)\na()\nif ids: stop()",
    "a list lent out": "ids = []\nyield ids\nif ids: stop()",
    "a list that grows by an operator under another name": "ids = []\nmore = ids\nmore += x\nif ids: stop()",
    "a list of which an item went": "ids = [x]\ndel ids[0]\nif not ids: stop()",
    "a copy of unknown length": "if not list(x): stop()",
    "a parameter passed on": "if not x:\n    a(x)\n    if x: stop()",
    "the length of a parameter passed on": "if len(x) == 0:\n    a(x)\n    if len(x) > 0: stop()",
    "an item of a dictionary passed on": "x['k'] = False\na(x)\nif x['k']: stop()",
    "an attribute after a call": "if not x.done:\n    a()\n    if x.done: stop()",
    "the environment after a call": "import os\nif not os.getenv('X'):\n    a()\n    if os.getenv('X'): stop()",
    "a value sent": "while True:\n    m = yield\n    if not m: break\nwhile True:\n    m = yield\n    if m: stop()",
    "elements of the next round": "for h in x:\n    if h.up: break\nfor h in x:\n    if not h.up: stop()",
}


@pytest.mark.parametrize("body", FEASIBLE.values(), ids=FEASIBLE)
def test_a_feasible_way(body: str) -> None:
    assert held(body) is not None


def test_a_reset_is_old_news_in_the_next_iteration() -> None:
    before = "if n < MAX_IDLE: return\nn = 0\n"
    assert "not (n < MAX_IDLE)" in always(before + "stop()")
    assert "not (n < MAX_IDLE)" not in always(before + "while True:\n    a()\n    stop()")

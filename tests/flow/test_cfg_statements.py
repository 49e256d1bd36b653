"""Statements: where control goes between them, against Python itself; what ends a path; and how graphs grow."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from graphs import (
    Boom,
    Crash,
    assert_agrees,
    assert_sound,
    call_node,
    disagreements,
    executions,
    graph_of,
    graph_traces,
    program_graph,
    reachable,
    reaches,
    traces,
    written_tests,
)

from selfstop.flow.cfg import Edge, EdgeKind, Effect, Graph, Iterate, Test

PROGRAMS = {
    "one after the other": "a(); b()\nc()",
    "nothing": "pass",
    "if": "if p():\n    a()\nb()",
    "if and else": "if p():\n    a()\nelse:\n    b()\nc()",
    "elif": "if p():\n    a()\nelif q():\n    b()\nelif r():\n    c()\nelse:\n    d()\ne()",
    "an early return": "if p():\n    return 1\na()",
    "code behind a return is dead": "a()\nreturn 1\nb()",
    "code behind a raise is dead": "raise Boom\na()",
    "while": "while w():\n    a()\nb()",
    "while with else": "while w():\n    if p():\n        break\n    a()\nelse:\n    b()\nc()",
    "while with continue": "while w():\n    if p():\n        continue\n    a()\nb()",
    "while True has no way out but break": "while True:\n    if p():\n        break\n    a()\nelse:\n    b()\nc()",
    "while 1 is endless, too": "while 1:\n    if p():\n        return 2\n    a()",
    "while not False is endless, too": "while not False:\n    if p():\n        return 2\n    a()",
    "while False never begins": "while False:\n    a()\nelse:\n    b()\nc()",
    "a loop in a loop": "while w():\n    while v():\n        if p():\n            break\n        a()\n    b()\nc()",
    "break of the outer loop in the else of the inner one": (
        "while w():\n    while v():\n        if p():\n            break\n    else:\n        break\n    a()\nb()"
    ),
    "for": "for _ in items():\n    a()\nb()",
    "for with else": "for _ in items():\n    if p():\n        break\n    a()\nelse:\n    b()\nc()",
    "for with continue": "for _ in items():\n    if p():\n        continue\n    a()\nelse:\n    b()",
    "return in a for": "for _ in items():\n    if p():\n        return 1\nelse:\n    return 2",
    "with": "with manager():\n    a()\nb()",
    "with, several managers": "with manager(), manager():\n    a()\n    if p():\n        return 1\nb()",
    "return out of with": "while w():\n    with manager():\n        if p():\n            break\n        a()\nb()",
    "suppress": "with suppress(Boom):\n    a()\n    b()\nc()",
    "suppress among others": "with manager(), suppress(Boom), manager():\n    a()\n    b()\nc()",
    "suppress in a loop": "while w():\n    with suppress(Boom):\n        a()\n        break\nb()",
    "suppress in try": "try:\n    with suppress(Boom):\n        a()\n    b()\nexcept Boom:\n    c()",
    "finally in suppress": "with suppress(Boom):\n    try:\n        a()\n    finally:\n        b()\nc()",
    "return out of suppress": "with suppress(Boom):\n    a()\n    return 1\nb()",
    "async for": "async for _ in aitems():\n    await a()\nelse:\n    await b()\nc()",
    "async with": "async with amanager():\n    await a()\nb()",
    "flags are values": "x = p()\nif x:\n    a()\nif not x:\n    b()",
    "a flag computed from tests": "x = p() and not q()\nif x:\n    a()\nif x:\n    b()",
    "several targets": "x = y = p()\nif x:\n    a()\nif not y:\n    b()",
    "tuples taken apart": "x, y = p(), q()\nif x:\n    a()\nif y:\n    b()",
    "a flag raised by |=": "x = False\nx |= p() == 1\nx |= q() == 1\nif x:\n    a()",
    "a flag lowered by &=": "x = True\nx &= p() == 1\nx &= q() == 1\nif x:\n    a()",
    "a function is not run where it is defined": "def inner():\n    a()\nb()",
    "defaults run at the definition": "def inner(x=a(), *, y=b()):\n    d()\nc()",
    "a class body runs where it stands": "class Inner:\n    a()\n    if p():\n        b()\nc()",
    "return of a test": "return p() and not q()",
    "return of a choice": "return p() if q() else r()",
}


@pytest.mark.parametrize("body", PROGRAMS.values(), ids=PROGRAMS)
def test_paths_of_the_graph_are_the_executions(body: str) -> None:
    assert_agrees(body, limit=7)


SMALL = ["a()", "if p():\n    return 1", "if q():\n    b()", "while w():\n    c()", "raise Boom", "x = p()"]


@pytest.mark.parametrize("first", SMALL)
def test_all_sequences_of_three_small_statements(first: str) -> None:
    bodies = [f"{first}\n{second}\n{third}" for second, third in product(SMALL, repeat=2)]
    assert disagreements(bodies) == []


NESTS = ["if p():\n    {}\nelse:\n    b()", "while w():\n    {}\nelse:\n    c()", "for _ in items():\n    {}\nd()"]
NESTS += ["with suppress(Boom):\n    {}\ne()", "try:\n    {}\nexcept Boom:\n    f()", "try:\n    {}\nfinally:\n    g()"]


@pytest.mark.parametrize("outer", NESTS, ids=lambda nest: nest.partition(":")[0])
def test_compound_statements_in_each_other_three_deep(outer: str) -> None:
    def put(outside: str, inside: str) -> str:
        return outside.replace("{}", inside.replace("\n", "\n    "))

    bodies = [
        put(outer, put(middle, put(inner, jump)))
        for middle, inner, jump in product(NESTS, NESTS, ["a()", "a()\nreturn"])
        if jump == "a()" or "finally" not in inner
    ]
    assert disagreements(bodies, limit=5) == []


# What ends a path

ENDED = {
    "sys.exit": "import sys\na()\nsys.exit(1)\nstop()",
    "exit": "exit()\nstop()",
    "quit": "quit()\nstop()",
    "os._exit": "import os\nos._exit(0)\nstop()",
    "os.abort, imported by name": "from os import abort\nabort()\nstop()",
    "os.execv": "import os\nos.execv('/bin/sh', [])\nstop()",
    "raise": "raise ValueError\nstop()",
    "return": "return\nstop()",
    "both branches return": "if p():\n    return\nelse:\n    raise Boom\nstop()",
    "an endless loop": "while True:\n    a()\nstop()",
    "an endless loop whose break belongs to another": "while True:\n    for _ in items():\n        break\nstop()",
    "TYPE_CHECKING": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    stop()",
    "typing.TYPE_CHECKING": "import typing\nif typing.TYPE_CHECKING:\n    stop()",
    "TYPE_CHECKING and more": "from typing import TYPE_CHECKING\nif TYPE_CHECKING and p():\n    stop()",
    "if False": "if False:\n    stop()",
    "if 0": "if 0:\n    stop()",
    "the else of if True": "if True:\n    a()\nelse:\n    stop()",
    "every case taken": "match p():\n    case True:\n        return\n    case _:\n        return\nstop()",
}


@pytest.mark.parametrize("body", ENDED.values(), ids=ENDED)
def test_no_way_leads_past_an_end(body: str) -> None:
    assert not reaches(body, "stop()")


GOES_ON = {
    "an exit that need not run": "import sys\nif p():\n    sys.exit()\nstop()",
    "a function that is merely called exit": "from lifts import exit\nexit()\nstop()",
    "a method exit": "lift = a()\nlift.exit()\nstop()",
    "an exit caught": "import sys\ntry:\n    sys.exit()\nexcept SystemExit:\n    stop()",
    "an exit in try with finally": "import sys\ntry:\n    sys.exit()\nfinally:\n    stop()",
    "an endless loop with a break": "while True:\n    if p():\n        break\nstop()",
    "not TYPE_CHECKING": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    stop()",
    "the else of TYPE_CHECKING": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    a()\nelse:\n    stop()",
    "TYPE_CHECKING from elsewhere": "TYPE_CHECKING = p()\nif TYPE_CHECKING:\n    stop()",
    "an assertion that fails": "assert False\nstop()",
    "a call handled": "try:\n    a()\nexcept Boom:\n    stop()",
    "an import handled": "try:\n    import boto3\nexcept ImportError:\n    stop()",
    "a subscript handled": "x = a()\ntry:\n    x['key']\nexcept KeyError:\n    stop()",
    "an attribute of a call handled": "try:\n    a().name\nexcept AttributeError:\n    stop()",
    "an assertion handled": "try:\n    assert p()\nexcept AssertionError:\n    stop()",
    "an await handled": "x = a()\ntry:\n    await x\nexcept Boom:\n    stop()",
}


@pytest.mark.parametrize("body", GOES_ON.values(), ids=GOES_ON)
def test_a_way_leads_on(body: str) -> None:
    assert reaches(body, "stop()")


def test_an_exit_raises_system_exit_through_finally() -> None:
    assert traces("import sys\ntry:\n    sys.exit()\nfinally:\n    a()") == {"a -> SystemExit", "a! -> Boom"}


def test_an_assertion_is_no_test() -> None:
    """``python -O`` drops assertions; neither the call in one nor its outcome is to be relied on."""
    assert written_tests(program_graph("assert p()\nstop()")) == []
    ways = traces("assert p() and a()\nb()")
    assert {"b", "p+ a b", "p- b"} <= ways


def test_while_true_has_no_test() -> None:
    graph = program_graph("while True:\n    a()")
    assert written_tests(graph) == []
    assert graph.exit not in reachable(graph)


def test_the_main_test_goes_both_ways_without_being_a_test() -> None:
    graph = graph_of("if __name__ == '__main__':\n    a()\nelse:\n    b()")
    assert written_tests(graph) == []
    assert {call_node(graph, "a"), call_node(graph, "b")} <= reachable(graph)


# Gaps: what the graph is known to lack or to invent. Each fails until it is closed.

MORE_SHAPES = {
    "suppress lets other exceptions through": ("with suppress(Boom):\n    a()\nb()", (None, Boom, Crash)),
    "falling off the end after a return was overridden": (
        "while w():\n    try:\n        return 1\n    finally:\n        break\na()",
        (None, Boom),
    ),
    "decorators run before defaults": ("@a()\ndef inner(x=b()):\n    c()", (Boom,)),
}


@pytest.mark.parametrize(("body", "outcomes"), MORE_SHAPES.values(), ids=MORE_SHAPES)
def test_more_shapes(body: str, outcomes: tuple[object, ...]) -> None:
    assert_sound(body, a=outcomes)


UNRAISED = {
    "division": "x = a()\ntry:\n    y = 1 / x\nexcept ZeroDivisionError:\n    stop()",
    "an iterator": "x = a()\ntry:\n    for y in x:\n        pass\nexcept OSError:\n    stop()",
    "comparison": "x = a()\ntry:\n    y = x < 1\nexcept TypeError:\n    stop()",
    "unpacking": "x = a()\ntry:\n    y, z = x\nexcept ValueError:\n    stop()",
    "deleting a key": "x = a()\ntry:\n    del x['key']\nexcept KeyError:\n    stop()",
    "an attribute of a variable": "x = a()\ntry:\n    x.name\nexcept AttributeError:\n    stop()",
    "an unbound name": "try:\n    x\nexcept NameError:\n    stop()",
    "setting an item": "x = a()\ntry:\n    x['key'] = 1\nexcept KeyError:\n    stop()",
    "augmented assignment": "x = a()\ntry:\n    x += 1\nexcept TypeError:\n    stop()",
    "a class pattern": (
        "x = a()\ntry:\n    match x:\n        case Boom(y):\n            pass\nexcept TypeError:\n    stop()"
    ),
}


@pytest.mark.parametrize("body", UNRAISED.values(), ids=UNRAISED)
def test_every_statement_in_a_try_may_raise(body: str) -> None:
    assert reaches(body, "stop()")


# Shape


def edges_of(graph: Graph, text: str) -> tuple[Edge, ...]:
    return graph.nodes[call_node(graph, text)].edges


def test_calls_may_raise_to_the_innermost_handler() -> None:
    graph = program_graph("a()\ntry:\n    b()\nexcept Boom:\n    c()")
    landing = {
        text: [edge.target for edge in edges_of(graph, text) if edge.kind is EdgeKind.RAISE] for text in ("a", "b", "c")
    }
    assert landing["a"] == landing["c"] == [graph.escape]
    assert landing["b"] == [graph.protections[0][1]]


def test_tests_are_atomic_with_one_true_and_one_false_edge() -> None:
    graph = program_graph("if p() and not (q() or 0 < a() <= b()):\n    c()\nwhile r():\n    d()")
    for node in graph.nodes:
        if isinstance(node.operation, (Test, Iterate)):
            assert sorted(edge.kind for edge in node.edges) == [EdgeKind.FALSE, EdgeKind.TRUE]
    assert written_tests(graph) == ["p()", "q()", "0 < a()", "a() <= b()", "r()"]


def test_only_the_tests_of_while_are_loop_tests() -> None:
    graph = program_graph("while p() and q():\n    if r():\n        a()")
    found = {node.operation.text: node.operation.loop for node in graph.nodes if isinstance(node.operation, Test)}
    assert found == {"p()": True, "q()": True, "r()": False}


def test_loops_are_closed_by_back_edges_and_nothing_else_is() -> None:
    graph = program_graph("while w():\n    if p():\n        continue\n    a()\nfor _ in items():\n    b()\nc()")
    closing = [edge for node in graph.nodes for edge in node.edges if edge.kind is EdgeKind.BACK]
    assert len(closing) == 3
    forward = dict(enumerate(graph.nodes))
    order: list[int] = []
    done: set[int] = set()

    def visit(number: int, above: frozenset[int]) -> None:
        assert number not in above, "a cycle without a back edge"
        if number not in done:
            for edge in forward[number].edges:
                if edge.kind is not EdgeKind.BACK:
                    visit(edge.target, above | {number})
            done.add(number)
            order.append(number)

    visit(graph.entry, frozenset())


ABANDONS = {
    "left by break, with else": ("for _ in items():\n    if p():\n        break\nelse:\n    a()", True),
    "left by return": ("for _ in items():\n    if p():\n        return\na()", True),
    "never left": ("for _ in items():\n    a()\nb()", False),
    "never left, with else": ("for _ in items():\n    a()\nelse:\n    b()", False),
    "left by break, and both ways meet": ("for _ in items():\n    if p():\n        break\na()", False),
    "left by a break of its own loop only": (
        "for _ in items():\n    while w():\n        if p():\n            break\nelse:\n    a()",
        False,
    ),
}


@pytest.mark.parametrize(("body", "expected"), ABANDONS.values(), ids=ABANDONS)
def test_exhaustion_of_a_loop_that_could_have_been_left(body: str, expected: bool) -> None:
    (loop,) = [node.operation for node in program_graph(body).nodes if isinstance(node.operation, Iterate)]
    assert loop.abandons is expected


SUSPENDING = {
    "await": ("await a()", {"await"}),
    "yield": ("yield 1", {"yield"}),
    "yield from": ("yield from a()", {"yield"}),
    "async for": ("async for _ in aitems():\n    pass", {"async for"}),
    "async with": ("async with amanager():\n    pass", {"with"}),
    "with": ("with manager():\n    pass", {"with"}),
    "call": ("a()", set()),
}


@pytest.mark.parametrize(("body", "expected"), SUSPENDING.values(), ids=SUSPENDING)
def test_other_code_may_run_where_a_function_waits_or_enters(body: str, expected: set[str]) -> None:
    operations = [node.operation for node in program_graph(body).nodes]
    assert {item.text for item in operations if isinstance(item, Effect) and item.suspends} == expected


def test_nodes_have_the_lines_of_the_source() -> None:
    graph = graph_of("a()\nif p():\n    b()\n\nc(\n    d(),\n)\n")
    lines = {call.text: (graph.nodes[number].line, call.span.line) for number, call in graph.calls()}
    assert lines == {"a": (1, 1), "p": (2, 2), "b": (3, 3), "c": (5, 5), "d": (6, 6)}


def test_predecessors_are_the_edges_backwards() -> None:
    graph = program_graph("while w():\n    try:\n        a()\n    finally:\n        b()\nc()")
    forwards = {(number, edge.target) for number, node in enumerate(graph.nodes) for edge in node.edges}
    backwards = {(source, number) for number, sources in enumerate(graph.predecessors) for source in sources}
    assert forwards == backwards


# Size

GROWING: dict[str, Callable[[int], str]] = {
    "statements": lambda count: "a()\n" * count,
    "elifs": lambda count: "if p():\n    a()\n" + "elif q():\n    b()\n" * count,
    "try statements": lambda count: "try:\n    a()\nexcept Boom:\n    b()\nfinally:\n    c()\n" * count,
    "loops": lambda count: "while w():\n    if p():\n        continue\n    a()\n" * count,
    "operands": lambda count: "if " + " and ".join(["p()"] * count) + ":\n    a()\n",
}


@pytest.mark.parametrize(
    ("shape", "small"),
    [("statements", 100), ("try statements", 20), ("loops", 20), ("elifs", 20), ("operands", 20)],
)
def test_graphs_grow_linearly(shape: str, small: int) -> None:
    write = GROWING[shape]
    one, two, four = (len(graph_of(write(small * factor)).nodes) for factor in (1, 2, 4))
    assert four - two == 2 * (two - one)


def test_a_thousand_statements_are_a_node_each() -> None:
    graph = graph_of("a()\n" * 1000)
    assert len(graph.nodes) == 1004


def test_five_hundred_elifs() -> None:
    """Each ``elif`` nests in the one before. A tree too deep is an error, never a graph with parts missing."""
    source = "if p():\n    a()\n" + "elif q():\n    b()\n" * 500 + "else:\n    c()\n"
    try:
        graph = graph_of(source)
    except RecursionError:
        return
    assert len(written_tests(graph)) == 501
    assert len(list(graph.calls())) == 501 + 502


# The oracle itself


def test_the_oracle_sees_what_python_does() -> None:
    assert executions("if p():\n    a()\nreturn 1") == {"p+ a -> 1", "p+ a! -> Boom", "p- -> 1"}
    assert executions("while w():\n    a()", limit=2) == {"w-", "w+ a …", "w+ a! -> Boom"}


def test_a_graph_with_an_edge_bent_is_caught() -> None:
    body = "if p():\n    a()\nelse:\n    b()"
    graph = program_graph(body)
    nodes = list(graph.nodes)
    first, second = call_node(graph, "a"), call_node(graph, "b")
    nodes[first], nodes[second] = nodes[second], nodes[first]
    bent = Graph(tuple(nodes), graph.entry, graph.exit, graph.escape, graph.scope)
    assert graph_traces(graph) == executions(body)
    assert graph_traces(bent) != executions(body)

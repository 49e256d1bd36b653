"""``try``: every way into and out of its parts, against Python itself, and how many copies ``finally`` takes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from graphs import Boom, Crash, SmallBoom, assert_agrees, assert_sound, disagreements, program_graph, traces

from selfstop.flow.cfg import EdgeKind

# What a part of a ``try`` may do. Each part calls something of its own, so that traces tell the parts apart.

WAYS = {
    "goes on": "{call}()",
    "returns": "{call}()\nreturn",
    "raises": "{call}()\nraise Boom",
    "breaks": "{call}()\nbreak",
    "continues": "{call}()\ncontinue",
    "may return": "if p():\n    return\n{call}()",
}
"""Ways for code in a loop."""

OUTSIDE_LOOPS = ("goes on", "returns", "raises", "may return")
NOTHING = "is missing"


def part(keyword: str, way: str, call: str) -> list[str]:
    """One part of a ``try`` statement, or nothing."""
    if way == NOTHING:
        return []
    again = "{call}()\nraise" if keyword.startswith("except") and way == "raises" else WAYS[way]
    return [keyword, *(f"    {line}" for line in again.format(call=call).splitlines())]


def block(opening: str, lines: list[str]) -> list[str]:
    """``lines`` under ``opening``."""
    return [opening, *(f"    {line}" for line in lines)]


def try_statement(body: str, handler: str, orelse: str, final: str) -> list[str] | None:
    """A ``try`` whose parts go the ways named; None if Python has no such statement."""
    if handler == NOTHING and (orelse != NOTHING or final == NOTHING):
        return None
    return [
        *part("try:", body, "a"),
        *part("except Boom:", handler, "b"),
        *part("else:", orelse, "c"),
        *part("finally:", final, "d"),
    ]


LOOPS = {
    "while": ["while w():"],
    "while with else": ["while w():", "else:", "    f()"],
    "for": ["for _ in items():"],
}


def looped(lines: list[str], loop: str) -> list[str]:
    """``lines`` as the body of a loop."""
    opening, *rest = LOOPS[loop]
    return [*block(opening, lines), *rest]


def programs(body: str, ways: tuple[str, ...], loop: str | None) -> list[str]:
    """All programs around one ``try`` whose body goes the way ``body``."""
    found: list[str] = []
    for handler, orelse, final in product((NOTHING, *ways), repeat=3):
        lines = try_statement(body, handler, orelse, final)
        if lines is not None:
            found.append("\n".join([*(lines if loop is None else looped(lines, loop)), "z()"]))
    return found


THIRDS = [0, *(pytest.param(first, marks=pytest.mark.slow) for first in (1, 2))]
"""Every third program from the first, second or third on: one of these is enough unless there is time."""


@pytest.mark.parametrize("way", OUTSIDE_LOOPS)
def test_every_try_statement_outside_loops(way: str) -> None:
    assert disagreements(programs(way, OUTSIDE_LOOPS, None)) == []


@pytest.mark.parametrize("first", THIRDS)
@pytest.mark.parametrize("way", WAYS)
def test_every_try_statement_in_a_while_loop(way: str, first: int) -> None:
    assert disagreements(programs(way, tuple(WAYS), "while")[first::3], limit=5) == []


@pytest.mark.parametrize("first", THIRDS)
@pytest.mark.parametrize("loop", ["while with else", "for"])
@pytest.mark.parametrize("way", WAYS)
def test_every_jump_out_of_a_try_statement_in_other_loops(way: str, loop: str, first: int) -> None:
    jumps = ("goes on", "returns", "breaks", "continues")
    assert disagreements(programs(way, jumps, loop)[first::3], limit=5) == []


def test_the_programs_are_thousands() -> None:
    jumps = ("goes on", "returns", "breaks", "continues")
    everything = [
        *(program for way in OUTSIDE_LOOPS for program in programs(way, OUTSIDE_LOOPS, None)),
        *(program for way in WAYS for program in programs(way, tuple(WAYS), "while")),
        *(program for way in WAYS for loop in LOOPS if loop != "while" for program in programs(way, jumps, loop)),
    ]
    assert len(set(everything)) == len(everything) > 3000


# Handlers

HANDLERS = {
    "the first handler that fits": "try:\n    a()\nexcept SmallBoom:\n    b()\nexcept Boom:\n    c()",
    "a handler for several types": "try:\n    a()\nexcept (SmallBoom, Crash):\n    b()",
    "a bare handler takes everything": "try:\n    a()\nexcept Crash:\n    b()\nexcept:\n    c()",
    "what no handler takes goes on outside": (
        "try:\n    try:\n        a()\n    except Crash:\n        b()\nexcept Boom:\n    c()"
    ),
    "a handler that raises again": "try:\n    a()\nexcept Boom:\n    b()\n    raise\nc()",
    "a handler that raises what it has caught": "try:\n    a()\nexcept Boom as e:\n    raise e\nc()",
    "a handler that raises something else": (
        "try:\n    try:\n        a()\n    except Boom:\n        raise Crash\nexcept Crash:\n    b()"
    ),
    "a handler that raises from what it has caught": "try:\n    a()\nexcept Boom as e:\n    raise Crash from e",
    "raising again after a try in the handler": (
        "try:\n    a()\nexcept Boom:\n    try:\n        b()\n    except Crash:\n        c()\n    raise"
    ),
    "raising again in a handler in a handler": (
        "try:\n    a()\nexcept Crash:\n    try:\n        b()\n    except Boom:\n        raise\n    c()"
    ),
    "the else is not protected by the handlers": "try:\n    a()\nexcept Boom:\n    b()\nelse:\n    c()",
    "the else is protected by finally": "try:\n    a()\nexcept Boom:\n    b()\nelse:\n    c()\nfinally:\n    d()",
    "handlers are protected by finally": "try:\n    a()\nexcept Crash:\n    b()\nfinally:\n    d()",
    "an exception kept beyond finally": "try:\n    a()\nfinally:\n    try:\n        b()\n    except Boom:\n        c()",
}
GROUP_HANDLERS = {
    "an exception group handler for a plain exception": (
        "try:\n    a()\nexcept* Crash:\n    b()\nexcept* Boom:\n    c()"
    ),
    "an exception group handler with else and finally": (
        "try:\n    a()\nexcept* Crash:\n    b()\nelse:\n    c()\nfinally:\n    d()"
    ),
}


@pytest.mark.parametrize("body", HANDLERS.values(), ids=HANDLERS)
def test_handlers(body: str) -> None:
    assert_agrees(body, a=(None, Boom, SmallBoom, Crash), b=(None, Boom, Crash))


@pytest.mark.parametrize("body", GROUP_HANDLERS.values(), ids=GROUP_HANDLERS)
def test_handlers_of_groups(body: str) -> None:
    assert_sound(body, a=(None, Boom, SmallBoom, Crash), b=(None, Boom, Crash))


def test_several_handlers_run_for_one_group() -> None:
    assert "a!Crash b c" in traces("try:\n    a()\nexcept* Crash:\n    b()\nexcept* Boom:\n    c()", a=(None, Crash))


def test_traces_of_a_finally_are_what_a_reader_expects() -> None:
    assert traces("try:\n    a()\nfinally:\n    b()\nc()") == {
        "a b c",
        "a b c! -> Boom",
        "a b! -> Boom",
        "a! b -> Boom",
        "a! b! -> Boom",
    }


# Nesting


@pytest.mark.parametrize("inner", WAYS)
def test_finally_around_finally_in_a_loop(inner: str) -> None:
    found: list[str] = []
    for middle, outer in product(WAYS, repeat=2):
        inside = [*part("try:", inner, "a"), *part("finally:", middle, "b")]
        found.append("\n".join([*looped([*block("try:", inside), *part("finally:", outer, "c")], "while"), "z()"]))
    assert disagreements(found, limit=5) == []


@pytest.mark.parametrize("inner", WAYS)
def test_a_loop_between_two_finally_blocks(inner: str) -> None:
    found: list[str] = []
    for middle, outer in product(WAYS, OUTSIDE_LOOPS):
        inside = looped([*part("try:", inner, "a"), *part("finally:", middle, "b")], "while with else")
        found.append("\n".join([*block("try:", inside), *part("finally:", outer, "c"), "z()"]))
    assert disagreements(found, limit=5) == []


def finally_in_finally(depth: int, ways: list[str]) -> list[str]:
    """``try`` in the ``finally`` of a ``try``, ``depth`` deep; the body of each goes one of ``ways``."""
    way = WAYS[ways[depth % len(ways)]].format(call="abcdefghijklmnopqrst"[depth]).splitlines()
    inside = ["z()"] if depth == 0 else finally_in_finally(depth - 1, ways)
    return [*block("try:", way), *block("finally:", inside)]


@pytest.mark.parametrize("depth", [1, 2, 3, 4], ids=lambda depth: f"{depth + 1} deep")
def test_finally_in_finally_also_where_copies_are_shared(depth: int) -> None:
    found = [
        "\n".join(looped(finally_in_finally(depth, list(ways)), "while"))
        for ways in product(("goes on", "returns", "breaks", "continues"), repeat=2)
    ]
    assert disagreements(found, limit=8) == []


# Size


def try_in_try(depth: int) -> list[str]:
    """``finally`` around ``finally``, with a return right inside."""
    if depth == 0:
        return ["if p():", "    return", "a()"]
    return [*block("try:", try_in_try(depth - 1)), *block("finally:", ["b()"])]


SHAPES: dict[str, Callable[[int], list[str]]] = {
    "finally around finally": try_in_try,
    "finally in finally": lambda depth: finally_in_finally(depth, ["may return", "returns"]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_graphs_grow_linearly_with_nested_finally(shape: str) -> None:
    for depth in range(1, 13):
        size = len(program_graph("\n".join(SHAPES[shape](depth))).nodes)
        assert size < 100 * depth, depth


def test_each_way_into_a_finally_has_a_copy_of_its_own() -> None:
    graph = program_graph(
        "while w():\n    try:\n        if p():\n            break\n        a()\n    finally:\n        b()"
    )
    copies = [number for number, call in graph.calls() if call.text == "b"]
    assert len(copies) == 3, "normal, exception, break"
    assert {graph.nodes[number].finallies for number in copies} == {(1,)}


def test_nodes_know_the_finally_blocks_around_them() -> None:
    graph = program_graph("try:\n    a()\nfinally:\n    try:\n        b()\n    finally:\n        c()")
    around = {call.text: graph.nodes[number].finallies for number, call in graph.calls()}
    assert around["a"] == ()
    assert len(around["b"]) == 1
    assert around["c"][0] == around["b"][0]
    assert len(around["c"]) == 2


def test_exceptions_in_a_protected_body_are_recorded_as_one_way_of_the_whole() -> None:
    graph = program_graph("try:\n    a()\n    b()\nexcept Boom:\n    c()")
    ((start, landing),) = graph.protections
    raising = {
        edge.target
        for number, call in graph.calls()
        if call.text in {"a", "b"}
        for edge in graph.nodes[number].edges
        if edge.kind is EdgeKind.RAISE
    }
    assert raising == {landing}
    assert start != landing

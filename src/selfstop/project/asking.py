"""What the analysis will want to know: asked of the program before it runs, so that it need not run twice.

The questions are answered by loading more (`demand`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from selfstop.flow.cfg import Call, Test
from selfstop.flow.code import Function
from selfstop.flow.terms import NONE, App, last_name, walk
from selfstop.project.linker import MAX_DEPTH, Linker
from selfstop.project.program import Program, class_id
from selfstop.project.reach import Reach
from selfstop.project.turning import focus_of


def ask_about_calls(reach: Reach) -> None:
    """Ask what the calls of interest mean: those in functions that reach a stop call.

    And those of functions of the same name on an object that nobody knows yet.
    """
    reach.program.ask()
    names = reach.stops.words | {reach.program.functions[identity].name for identity in reach.functions}
    for identity, function in reach.program.functions.items():
        for _, call in function.graph.calls():
            if identity in reach.functions or last_name(call.func) in names:
                for _ in reach.uses(call, call.func, call.args, call.keywords):
                    pass


def ask_about_ways(reach: Reach) -> None:
    """Ask about all that decides on the ways to a stop call, as far down as summaries go.

    Of a call that decides nothing it only matters whether it ever returns.
    """
    program, linker = reach.program, reach.linker
    seen = set(reach.functions)
    level: set[str] = set()
    for identity in sorted(reach.functions):
        function = program.body(identity)
        if function is None:
            continue
        nodes = focus_of(reach, identity).deciding
        if linker.tells_exceptions:
            nodes = frozenset(range(len(function.graph.nodes)))
        _ask_about_tests(program, linker, function, nodes)
        level.update(_callees(program, linker, function, nodes))
        for callee in _callees(program, linker, function, range(len(function.graph.nodes))):
            program.body(callee)
    for _ in range(MAX_DEPTH - 1):
        level -= seen
        seen |= level
        bodies = [body for identity in sorted(level) if (body := program.body(identity)) is not None]
        level = set()
        for body in bodies:
            nodes = range(len(body.graph.nodes))
            _ask_about_tests(program, linker, body, nodes)
            level.update(_callees(program, linker, body, nodes))


def _ask_about_tests(program: Program, linker: Linker, function: Function, nodes: Iterable[int]) -> None:
    """Ask for whatever the conditions of a function speak of, so that its analysis finds it loaded."""
    for number in nodes:
        operation = function.graph.nodes[number].operation
        if not isinstance(operation, Test):
            continue
        for part in walk(operation.term):
            linker.resolve(part)
            for definition in program.definitions(part):
                for inner in walk(definition.value or NONE):
                    linker.resolve(inner)
                    program.ask_about(inner)


def _callees(program: Program, linker: Linker, function: Function, nodes: Iterable[int]) -> Iterator[str]:
    for number in nodes:
        call = function.graph.nodes[number].operation
        if isinstance(call, Call):
            yield from (func.function for func in linker.targets(call.func) if func.function in program.functions)
            made = program.resolve(call.func)
            init = program.method(class_id(made), "__init__") if isinstance(made, App) and made.op == "class" else None
            if init is not None:
                yield init

"""What the analysis will want to know: asked of the program before it runs, so that it need not run twice.

The questions are answered by loading more (`answers`, and `calling` for what is ``spoken``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from selfstop.flow.cfg import Call, Test
from selfstop.flow.code import Function
from selfstop.flow.focus import ends_of
from selfstop.flow.terms import NONE, Attr, Item, Term, Var, last_name, walk
from selfstop.project.callgraph.holders import Holders
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.turning import deciding_in
from selfstop.project.linking.linker import MAX_DEPTH
from selfstop.project.symbols.program import Program


def ask_about_calls(reach: Reach) -> None:
    """Ask what the calls of interest mean: those in functions that reach a stop call.

    And those of functions of the same name on an object that nobody knows yet.
    """
    program = reach.program
    for identity in reach.given.by_default:
        program.body(identity)
    names = reach.stops.words | {program.functions[identity].name for identity in reach.functions}
    given = reach.stops.names | {name for name, _ in reach.aliases()}
    for identity, function in program.functions.items():
        names_given = not given.isdisjoint(function.spoken_names)
        if not (names_given or identity in reach.functions) and names.isdisjoint(function.called_names):
            continue
        for _, call in function.graph.calls():
            if last_name(call.func) in reach.stops.names and isinstance(call.func, Attr):
                _ask_about_receiver(program, call.func.base)
            if identity in reach.functions or last_name(call.func) in names:
                for _ in reach.uses.of(call, call.func, call.args, call.keywords):
                    pass
            if names_given:
                _ask_who_is_told(reach, call)


def ask_about_holders(reach: Reach) -> None:
    """Ask for what holds objects with methods that reach a stop call: who calls them may show only from there."""
    holders = Holders(reach)
    for module in holders.modules:
        reach.program.questions.speaking(module, holders.names)
    for call in holders.handing:
        for func in holders.takers(call):
            reach.program.body(func.function)


def _ask_about_receiver(program: Program, receiver: Term) -> None:
    """Ask for the table out of which an object comes whose method is called: it may be none of an API's clients."""
    for value in (receiver, *(found.value for found in program.definitions(receiver))):
        table = value
        while isinstance(table, Item):
            table = table.base
        if isinstance(table, Var) and table.scope == "import" and table != value and program.is_own(table.name):
            program.questions.source(table.name)


def _ask_who_is_told(reach: Reach, call: Call) -> None:
    """Ask for the body of a helper that is given a stop call, or the name of one: it may call that."""
    if any(reach.stops_if_called(part) for operand in call.operands for part in walk(operand)):
        for callee in _called_by(reach, call):
            reach.program.body(callee)


def ask_about_ways(reach: Reach) -> None:
    """Ask about all that decides on the ways to a stop call, as far down as summaries go.

    Of a call that decides nothing it only matters whether it ever returns; or what it raises, where that is handled.
    """
    program = reach.program
    seen = set(reach.functions)
    level: set[str] = set()
    for identity in sorted(reach.functions):
        function = program.body(identity)
        if function is None:
            continue
        _ask_what_looks_pure(program, function)
        everything = range(len(function.graph.nodes))
        nodes = deciding_in(reach, identity)
        _ask_about_tests(reach, function, nodes)
        for callee in _callees(reach, function, everything):
            program.body(callee)
        level.update(_callees(reach, function, nodes))
    for _ in range(MAX_DEPTH - 1):
        bodies = [body for identity in sorted(level - seen) if (body := program.body(identity)) is not None]
        seen |= level
        level = set()
        for body in bodies:
            _ask_what_looks_pure(program, body)
            nodes = reach.linker.deciding(body.id, ends_of(body.graph))
            _ask_about_tests(reach, body, nodes)
            level.update(_callees(reach, body, nodes))


def _ask_what_looks_pure(program: Program, function: Function) -> None:
    """Ask for the classes of objects whose methods have the names of pure ones."""
    for _, call in function.graph.asking:
        program.resolve(call.func)


def _ask_about_tests(reach: Reach, function: Function, nodes: Iterable[int]) -> None:
    """Ask for whatever the conditions of a function speak of, so that its analysis finds it loaded."""
    for number in nodes:
        operation = function.graph.nodes[number].operation
        if not isinstance(operation, Test):
            continue
        for part in walk(operation.term):
            reach.linker.resolve(part)
            for definition in reach.program.definitions(part):
                for inner in walk(definition.value or NONE):
                    reach.linker.resolve(inner)
                    reach.program.ask_about(inner)


def _callees(reach: Reach, function: Function, nodes: Iterable[int]) -> Iterator[str]:
    for number in nodes:
        call = function.graph.nodes[number].operation
        if isinstance(call, Call):
            yield from _called_by(reach, call)


def _called_by(reach: Reach, call: Call) -> Iterator[str]:
    """The functions of the program that a call may run, constructors among them."""
    for func in reach.linker.calls.run_by(call):
        if func.function in reach.program.functions:
            yield func.function

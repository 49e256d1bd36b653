"""One concrete path to a stop call, as lines of source."""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.flow.cfg import EdgeKind, Skip, Test
from selfstop.flow.facts import Record
from selfstop.model import WitnessStep
from selfstop.project.program import Program
from selfstop.project.propagation import Origin

MAX_STEPS = 40


def witness(program: Program, record: Record, call: WitnessStep) -> tuple[WitnessStep, ...]:
    """The tests taken and the calls made from the program's entry to ``record``, ending in ``call``."""
    steps = [call, *_backwards(program, record)]
    steps.reverse()
    kept: list[WitnessStep] = []
    for step in steps:
        if not kept or kept[-1] != step:
            kept.append(step)
    return tuple(kept) if len(kept) <= MAX_STEPS else (*kept[:1], *kept[1 - MAX_STEPS :])


def _backwards(program: Program, record: Record) -> Iterator[WitnessStep]:
    current: Record | None = record
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        if current.parent is not None:
            yield from _step(program, current.parent, current.kind)
            current = current.parent
            continue
        function = program.functions[current.scope]
        yield WitnessStep(function.path, function.line, f"enter {function.qualname}")
        origin = current.origin
        if not isinstance(origin, Origin):
            return
        caller = program.functions[origin.function]
        node = caller.graph.nodes[origin.record.node]
        text = getattr(node.operation, "text", "")
        yield WitnessStep(caller.path, node.line, f"call {text}()")
        current = origin.record


def _step(program: Program, record: Record, kind: EdgeKind) -> Iterator[WitnessStep]:
    function = program.functions[record.scope]
    node = function.graph.nodes[record.node]
    match node.operation:
        case Test(text=text) if text:
            outcome = "true" if kind is EdgeKind.TRUE else "false"
            yield WitnessStep(function.path, node.line, f"{text} is {outcome}")
        case Skip(label=label) if label.startswith("finally on"):
            yield WitnessStep(function.path, node.line, f"the block is left by {label.rpartition(' ')[2]}")
        case _ if kind is EdgeKind.RAISE:
            yield WitnessStep(function.path, node.line, "an exception is raised")
        case Skip(label="except"):
            yield WitnessStep(function.path, node.line, "the exception is handled")

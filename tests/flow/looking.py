"""What matters at each node of a function, case by case; ``python tests/flow/looking.py`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cases
from graphs import lower
from writing import written

from selfstop.flow.cfg import Call, Test
from selfstop.flow.contents import COMPUTED, VOLATILE, Contents, is_silent
from selfstop.flow.control import ControlDependence
from selfstop.flow.focus import focus
from selfstop.flow.liveness import live_keys
from selfstop.flow.terms import Attr, Item, Var

FILE = Path(__file__).parents[1] / "expected" / "looking.txt"


def foreign(attribute: Attr) -> str:
    """Attributes called ``size`` are computed at each look, those called ``moving`` may differ."""
    return {"size": COMPUTED, "moving": VOLATILE}.get(attribute.name, "")


def seen(source: str) -> str:
    """For each node of ``f`` what may still be read, what is touched there, and how it matters to ``stop()``."""
    (function,) = [each for each in lower(source).functions if each.qualname == "f"]
    graph = function.graph
    contents = Contents(graph, function.places, is_silent, foreign)
    dependence = ControlDependence(graph)
    live = live_keys(graph)
    targets = [node for node, call in graph.calls() if call.text == "stop"]
    sliced = focus(graph, dependence, targets, exceptions="except" in source)
    lines = [f"telling {names(function.telling, graph.scope)}"]
    for target in targets:
        decisive = [str(node) for node in sorted(dependence.decisive(target))]
        avoidable = " avoidable" * dependence.avoidable(target)
        lines.append(f"stop at {target} decided by {' '.join(decisive) or 'nothing'}{avoidable}")
    for number, node in enumerate(graph.nodes):
        notes = [f"live {names(live[number], graph.scope)}"]
        notes += [f"touches {names(contents.touched(number), graph.scope)}"] if contents.touched(number) else []
        notes += ["silent"] if isinstance(node.operation, Call) and is_silent(node.operation) else []
        if isinstance(node.operation, Test):
            notes.append(f"depends on {names(contents.of_test(node.operation.term), graph.scope)}")
        if number in sliced.nodes:
            deciding = "deciding" if number in sliced.deciding else "on the way"
            notes.append(f"{deciding}, telling {names(sliced.telling[number], graph.scope)}")
        lines.append(f"{number}. line {node.line} {type(node.operation).__name__}: {'; '.join(notes)}")
    return "\n".join(lines) + "\n"


def names(keys: Iterable[object], scope: str) -> str:
    """Mention keys, in order."""
    found = sorted(
        written(key, scope) if isinstance(key, Var | Attr | Item) else str(key).replace(scope, "") for key in keys
    )
    return "{" + ", ".join(found) + "}"


if __name__ == "__main__":
    cases.write(FILE, seen)

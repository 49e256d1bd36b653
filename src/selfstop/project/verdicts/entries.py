"""Who enters the program where a witness begins."""

from __future__ import annotations

from collections.abc import Iterable

from selfstop.flow.cfg import Graph, Skip
from selfstop.flow.code import MODULE_BODY, Function
from selfstop.flow.terms import App, Term, dotted, last_name
from selfstop.project.callgraph.reach import Reach

_CLEANUP = {
    "__exit__": "runs whenever a `with` block is left",
    "__aexit__": "runs whenever an `async with` block is left",
    "__del__": "runs whenever the object is disposed of",
}


def entered(reach: Reach, function: Function, nodes: Iterable[int]) -> str:
    """Who enters ``function`` from outside; ``nodes`` are those of the way on from there."""
    if function.qualname == MODULE_BODY:
        return _started(function, nodes)
    if reach.cleanup_of(function.id):
        known = _CLEANUP.get(function.name) if function.cls else None
        return known or "registered by `@atexit.register`"
    number = reach.registering(function.id)
    if number is not None:
        return f"registered by `@{_name(function.decorators[number])}`"
    if function.id in reach.declared:
        return reach.declared[function.id].words
    if reach.is_exposed(function.id):
        return "the signature of a serverless handler"
    if reach.callers_of(function.id):
        return "no way leads to the calls of it"
    return "no call of it was found"


def _started(body: Function, nodes: Iterable[int]) -> str:
    """How the body of a module comes to run."""
    package, _, name = body.module.rpartition(".")
    if package and name.rstrip("~") == "__main__":
        return f"run by `python -m {package}`"
    return "run as a script" if _is_script(body.graph, nodes) else "imported, or run as a script"


def _is_script(graph: Graph, nodes: Iterable[int]) -> bool:
    return any(graph.nodes[node].operation == Skip("__main__") for node in nodes)


def _name(decorator: Term) -> str:
    match decorator:
        case App(op="call", args=(callee, *_)):
            return dotted(callee) or last_name(callee)
    return dotted(decorator) or last_name(decorator)

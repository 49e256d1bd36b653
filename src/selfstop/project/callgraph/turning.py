"""Calls that may lead to a stop call, whatever the values on the way turn out to be.

`reach` links calls as they are written; the must-analysis sees more, once it knows what a variable holds. What is
left aside here must not come to a stop call by either, so only what is evidently something else is left aside.
"""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.flow.cfg import Assign, Call, Operation
from selfstop.flow.code import Function, spoken_in
from selfstop.flow.focus import Focus
from selfstop.flow.terms import App, Attr, Const, Func, Instance, Result, Term, Var, children, last_name
from selfstop.project.callgraph.reach import Reach

_ADDING = frozenset({"append", "add", "appendleft", "extend"})


def focus_of(reach: Reach, identity: str) -> Focus:
    """What matters in a function: how it gets to the calls that may lead to a stop call."""
    program = reach.program
    function = program.functions[identity]
    below = frozenset().union(*(program.functions[callee].telling for callee in _below(reach, identity)))
    return reach.linker.focus(identity, turning_points(reach, function), below)


def deciding_in(reach: Reach, identity: str) -> frozenset[int]:
    """The nodes of a function on which it depends how it gets to the calls that may lead to a stop call."""
    return reach.linker.deciding(identity, turning_points(reach, reach.program.functions[identity]))


def _below(reach: Reach, identity: str) -> set[str]:
    """The functions that are reached from a function on ways to a stop call."""
    found: set[str] = set()
    stack = [identity]
    while stack:
        for callee in reach.callees_of(stack.pop()):
            if callee not in found:
                found.add(callee)
                stack.append(callee)
    return found


def turning_points(reach: Reach, function: Function) -> frozenset[int]:
    """The nodes of ``function`` where a stop call may be led to, or something be collected that one is given."""
    if _is_told(reach, function):
        return frozenset(number for number, _ in function.graph.calls())
    given = frozenset(_given_functions(reach, function))
    return frozenset(
        number
        for number, node in enumerate(function.graph.nodes)
        if _collects(node.operation) or (isinstance(node.operation, Call) and _may_lead(reach, node.operation, given))
    )


def _is_told(reach: Reach, function: Function) -> bool:
    """Whether callers may give the function something that leads to a stop call."""
    return (
        "getattr" in function.spoken_names
        or bool(reach.telling.telling(function))
        or any(map(reach.given.is_passed, function.places))
    )


def _collects(operation: Operation) -> bool:
    match operation:
        case Assign(value=App(op="appended")):
            return True
        case Call(func=Attr(name=name)):
            return name in _ADDING
    return False


def _given_functions(reach: Reach, function: Function) -> Iterator[Term]:
    """Variables that may hold a function that a call gave."""
    for node in function.graph.nodes:
        match node.operation:
            case Assign(target=target, value=Result(callee=callee)) if _gives_function(reach, callee):
                yield target


def _gives_function(reach: Reach, callee: Term | None) -> bool:
    """Whether a call of the program's own code may give back something that can be called."""
    return callee is not None and any(
        not isinstance(part, (Const, Instance)) and (isinstance(reach.program.resolve(part), Func) or _is_open(part))
        for target in reach.linker.calls.targets(callee)
        for value in reach.program.returned_values(target)
        for part in _held(value)
    )


def _is_open(part: Term) -> bool:
    """Whether what a term stands for only shows once it is known who calls."""
    return isinstance(part, Var) and part.scope not in {"import", "builtins"}


def _held(value: Term) -> Iterator[Term]:
    """A value, or what it is chosen from or made of."""
    match value:
        case App(op="if" | "or" | "and" | "tuple" | "list" | "dict" | "pair", args=args):
            for arg in args:
                yield from _held(arg)
        case _:
            yield value


def _may_lead(reach: Reach, call: Call, given: frozenset[Term]) -> bool:
    return any(_is_handed(reach, operand, given) for operand in call.operands) or _may_stop(reach, call.func, given)


def _is_handed(reach: Reach, operand: Term, given: frozenset[Term]) -> bool:
    """Whether something that leads to a stop call may be handed away by ``operand``."""
    stack = [operand]
    while stack:
        part = stack.pop()
        if part in given:
            return True
        if isinstance(part, Result) and last_name(part.callee) != "partial":
            # What it gave is handed away, not what was called.
            if _gives_function(reach, part.callee):
                return True
            continue
        if not reach.names.isdisjoint(spoken_in([part])):
            return True
        stack.extend(children(part))
    return False


def _may_stop(reach: Reach, func: Term, given: frozenset[Term]) -> bool:
    """Whether calling ``func`` may lead to a stop call."""
    meaning = reach.program.resolve(func)
    match meaning:
        case Func():
            return _leads(reach, meaning)
        case App(op="class"):
            return False
        case _ if meaning in given or not reach.names.isdisjoint(spoken_in([func])):
            return True
        case Var(scope="import" | "builtins"):
            return False
        case Var() | Attr():
            values = [definition.value for definition in reach.program.definitions(meaning)]
            return not (isinstance(meaning, Attr) or values) or any(
                value is None or value == meaning or _is_kept_stop(reach, value) for value in values
            )
    return True


def _leads(reach: Reach, func: Func) -> bool:
    targets = {target.function for target in reach.linker.calls.targets(func)}
    return not targets.isdisjoint(reach.functions) or any(_name(target) in reach.stops.names for target in targets)


def _name(function: str) -> str:
    return function.rpartition(":")[2].rpartition(".")[2].partition("#")[0]


def _is_kept_stop(reach: Reach, value: Term) -> bool:
    """Whether what a variable is bound to may lead to a stop call, or does not show what it is."""
    meaning = reach.program.resolve(value)
    match meaning:
        case Func():
            return _leads(reach, meaning)
        case App(op="class"):
            return False
    return True

"""Decorators of the program, and the wrappers that they put in a function's place."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from selfstop.flow.cfg import Assign, Call, EdgeKind, Graph, Iterate, Test
from selfstop.flow.code import Function
from selfstop.flow.terms import App, Func, Term, Var, last_name
from selfstop.project.symbols.program import Program

_COPYING = frozenset({"wraps", "update_wrapper"})


@dataclass(frozen=True)
class Wrapper:
    """A function that stands for the ``decorated`` one, a variable that it closes over, and its ``calls`` of that."""

    function: str
    decorated: Var
    calls: tuple[int, ...]

    def may_return_without(self, program: Program, *, exhausted: bool) -> bool:
        """Whether it may return although the decorated function has not: it does not call it, or takes what it raises.

        With ``exhausted`` the ways count on which a loop has come to its end, as one that tries again may.
        """
        graph = program.functions[self.function].graph
        seen = {graph.entry}
        stack = [graph.entry]
        while stack:
            for target in _followed(graph, stack.pop(), self.calls, exhausted=exhausted):
                if target not in seen:
                    seen.add(target)
                    stack.append(target)
        return graph.exit in seen


def _followed(graph: Graph, number: int, calls: Container[int], *, exhausted: bool) -> Iterator[int]:
    node = graph.nodes[number]
    is_loop = isinstance(node.operation, Iterate) or (isinstance(node.operation, Test) and node.operation.loop)
    for edge in node.edges:
        returns = number in calls and edge.kind is not EdgeKind.RAISE
        if not returns and (exhausted or not is_loop or edge.kind is not EdgeKind.FALSE):
            yield edge.target


def may_return_without(program: Program, function: Function) -> bool:
    """Whether a call of a decorated function may return although the function itself does not."""
    wrappers = filter(None, (wrapper_of(program, decorator) for decorator in function.decorators))
    return any(wrapper.may_return_without(program, exhausted=False) for wrapper in wrappers)


def wrapper_of(program: Program, decorator: Term) -> Wrapper | None:
    """The wrapper that a decorator of the program puts in a function's place, if it does nothing but call it."""
    decorating = decorating_function(program, decorator)
    returned = [] if decorating is None else [program.resolve(v) for v in program.returned_values(Func(decorating.id))]
    if decorating is None or not decorating.parameters or len(set(returned)) != 1:
        return None
    (wrapper,) = set(returned)
    function = program.body(wrapper.function) if isinstance(wrapper, Func) else None
    if function is None or function.parent != decorating.id:
        return None
    decorated = Var(decorating.id, decorating.parameters[0].name)
    members = program.modules[decorating.module].functions
    family = [each for each in members if each.parent in {decorating.id, function.id}]
    if any(_is_handed_on(each, decorated) for each in (decorating, *family)):
        return None
    calls = tuple(number for number, call in function.graph.calls() if call.func == decorated)
    return Wrapper(function.id, decorated, calls) if calls else None


def decorating_function(program: Program, decorator: Term) -> Function | None:
    """The function of the program that is given the decorated one: the decorator, or what calling that gives."""
    match decorator:
        case App(op="call", args=(factory, *_)):
            returned = {program.resolve(value) for value in program.returned_values(factory)}
            target = returned.pop() if len(returned) == 1 else None
        case _:
            target = program.resolve(decorator)
    return program.body(target.function) if isinstance(target, Func) and target.function in program.functions else None


def _is_handed_on(function: Function, decorated: Var) -> bool:
    """Whether a function gives the decorated one to something else that may call it."""
    for node in function.graph.nodes:
        match node.operation:
            case Call(func=func, args=args, keywords=keywords) if last_name(func) not in _COPYING:
                if decorated in {*args, *(value for _, value in keywords)}:
                    return True
            case Assign(value=value) if value == decorated:
                return True
    return False

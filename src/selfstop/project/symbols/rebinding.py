"""Code that comes to speak of what imported names mean, where that takes more than one module to tell.

A variable that other modules bind: ``state.ready = True`` binds what the module ``state`` calls ``ready``. So that what
one module says of it is what all others mean, they all speak of the variable itself. And a function that is imported
from one place, and in an ``except`` or ``else`` from another: that is either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from selfstop.flow.cfg import Assign, Call, Dispatch, Graph, Iterate, Operation, Raise, Test
from selfstop.flow.code import Definition, Function, ModuleCode
from selfstop.flow.terms import App, Result, Term, substitute

Places = Mapping[Term, Term]
"""Imported names, with what each of them means."""


def speaking_of(module: ModuleCode, places: Mapping[str, Places]) -> ModuleCode:
    """``module`` with the functions, given by id, that speak of ``places`` speaking of what these mean."""
    return replace(
        module,
        functions=tuple(_function(each, places[each.id]) if each.id in places else each for each in module.functions),
        definitions=tuple(
            _definition(each, places[each.function]) if each.function in places else each for each in module.definitions
        ),
    )


def _definition(definition: Definition, places: Places) -> Definition:
    value = definition.value
    return replace(
        definition,
        target=_place(definition.target, places),
        value=None if value is None else substitute(value, places),
    )


def _place(target: Term, places: Places) -> Term:
    """What is bound; a name that means one of several functions is bound as itself."""
    meaning = places.get(target)
    return target if isinstance(meaning, App) else substitute(target, places)


def _function(function: Function, places: Places) -> Function:
    graph: Graph = function.graph
    nodes = tuple(replace(node, operation=_operation(node.operation, places)) for node in graph.nodes)
    return replace(function, graph=replace(graph, nodes=nodes))


def _operation(operation: Operation, places: Places) -> Operation:
    def changed(term: Term) -> Term:
        return substitute(term, places)

    match operation:
        case Assign(target=target, value=value):
            return Assign(_place(target, places), None if value is None else changed(value))
        case Call(result=result, func=func, args=args, keywords=keywords):
            seen = changed(result)
            return replace(
                operation,
                result=seen if isinstance(seen, Result) else result,
                func=changed(func),
                args=tuple(map(changed, args)),
                keywords=tuple((name, changed(value)) for name, value in keywords),
            )
        case Test(term=term):
            return replace(operation, term=changed(term))
        case Iterate(iterable=iterable):
            return replace(operation, iterable=changed(iterable))
        case Raise(exception=exception):
            return operation if exception is None else Raise(changed(exception))
        case Dispatch(clauses=clauses):
            return Dispatch(tuple(tuple(map(changed, clause)) for clause in clauses))
    return operation

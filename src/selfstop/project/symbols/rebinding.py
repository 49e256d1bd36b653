"""Code that comes to speak of what names mean, where that takes more than one module to tell.

A variable that other modules bind: ``state.ready = True`` binds what the module ``state`` calls ``ready``. So that what
one module says of it is what all others mean, they all speak of the variable itself. And a function that is imported
from one place, and in an ``except`` or ``else`` from another: that is either. And calls of methods of the program that
were taken for those of Python's own objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from selfstop.flow.cfg import Assign, Call, Dispatch, Graph, Iterate, Operation, Raise, Test
from selfstop.flow.code import Definition, Function, ModuleCode
from selfstop.flow.terms import App, Attr, Const, Func, Result, Term, Var, last_name, substitute

if TYPE_CHECKING:
    from selfstop.project.symbols.program import Program

Places = Mapping[Term, Term]
"""Imported names, with what each of them means."""

_SOME_IMPORT = App("opaque", (Const("import"),))

# Names that are imported from one place or another


def speak_of_alternatives(program: Program) -> None:
    """Let modules that import a function from one place or another speak of either."""
    modules = [module for module in program.modules.values() if module.others]
    _let_speak(program, [(module, partial(_meaning_either, program, module)) for module in modules])


def _meaning_either(program: Program, module: ModuleCode, function: Function) -> Places:
    """The names of functions in a function of a module that may be imported from several places, with all these."""
    found: dict[Term, Term] = {}
    for name in function.imported:
        for path, others in module.others.items():
            if name.name == path or name.name.startswith(f"{path}."):
                found[name] = either(program, name, others, name.name.removeprefix(path))
    return {name: meaning for name, meaning in found.items() if meaning != name}


def either(program: Program, name: Var, others: Sequence[Term], rest: str = "") -> Term:
    """The function of an imported name or, each with the ``rest`` of that name, one of others; else the name."""
    known = program.resolve(name)
    if not isinstance(known, Func):
        return name
    meaning: Term = name
    for other in reversed(others):
        alternative = Var("import", other.name + rest) if isinstance(other, Var) else other
        if (rest == "" or isinstance(other, Var)) and program.resolve(alternative) != known:
            meaning = App("if", (_SOME_IMPORT, alternative, meaning))
    return meaning


# Variables that other modules bind


def speak_of_rebound(program: Program) -> None:
    """Let modules that bind variables of others, and attributes of what these hold, speak of the variables.

    A name that a module imports and binds anew is not one of these.
    """
    bound = [definition for module in program.modules.values() for definition in module.rebinding]
    places = {each.target: place for each in bound if (place := _place_of(program, each.target)) is not None}
    if not places:
        return
    for definition in bound:
        if definition.target in places:
            program.add(replace(definition, target=places[definition.target]))
    program.resolve_anew()
    names = {last_name(target) for target in places}
    meanings = partial(_meaning_one_of, program, names, frozenset(places.values()))
    _let_speak(program, [(module, meanings) for module in program.modules.values()])


def _place_of(program: Program, name: Term) -> Var | Attr | None:
    """The variable or attribute of the program that a name bound through an import is; no function and no class.

    Whoever replaces one of these changes what the program does, and not what it knows.
    """
    assert isinstance(name, Var)
    meaning = program.imported(name.name)
    if meaning is None:
        dotted, _, variable = name.name.rpartition(".")
        module = program.module_named(dotted)
        return None if module is None else Var(module, variable)
    root = meaning
    while isinstance(root, Attr):
        root = root.base
    known = isinstance(root, Var) and root.scope not in {"import", "builtins"}
    return meaning if known and isinstance(meaning, (Var, Attr)) else None


def _meaning_one_of(program: Program, names: Set[str], meant: Set[Term], function: Function) -> Places:
    """The imported names in a function that mean one of certain variables and attributes, with what they mean."""
    found = {name: program.resolve(name) for name in function.imported if last_name(name) in names}
    return {name: meaning for name, meaning in found.items() if meaning in meant}


# Methods that have the names of pure ones


def call_own_methods(program: Program) -> None:
    """Let modules call the functions of the program that were taken for pure methods of Python's own objects."""
    named = {function.name for function in program.functions.values()}
    changed: list[ModuleCode] = []
    for module in program.modules.values():
        calling = {each.id: found for each in module.functions if (found := _own_calls(program, each, named))}
        if calling:
            functions = (_calling(each, calling[each.id]) if each.id in calling else each for each in module.functions)
            changed.append(replace(module, functions=tuple(functions)))
    if changed:
        program.replace_modules(changed)
        program.resolve_anew()


def _own_calls(program: Program, function: Function, named: Set[str]) -> Mapping[int, Call]:
    calls = ((number, call) for number, call in function.graph.asking if last_name(call.func) in named)
    return {number: call for number, call in calls if isinstance(program.resolve(call.func), Func)}


def _calling(function: Function, calls: Mapping[int, Call]) -> Function:
    graph = function.graph
    nodes = (replace(node, operation=calls.get(number, node.operation)) for number, node in enumerate(graph.nodes))
    return replace(function, graph=replace(graph, nodes=tuple(nodes)))


# Code in other terms


def _let_speak(program: Program, modules: Sequence[tuple[ModuleCode, Callable[[Function], Places]]]) -> None:
    """Put in the functions of modules what names in them mean in the place of these."""
    changed = []
    for module, meanings in modules:
        spoken = {function.id: found for function in module.functions if (found := meanings(function))}
        if spoken:
            changed.append(_speaking_of(module, spoken))
    if changed:
        program.replace_modules(changed)
        program.resolve_anew()


def _speaking_of(module: ModuleCode, places: Mapping[str, Places]) -> ModuleCode:
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

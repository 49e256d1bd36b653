"""Calls that may lead to a stop call, but for the class of an object, or a name, that the code does not show.

Such a call is matched by name only where every function of that name reaches a stop call and the name says
something. Otherwise it is left alone, and counted here, so that nobody takes silence for an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.flow.cfg import Call
from selfstop.flow.code import Function
from selfstop.flow.terms import App, Attr, Const, Func, Item, Result, Term, Var, dotted, last_name
from selfstop.flow.world import callable_of
from selfstop.model import Place, UnresolvedCall
from selfstop.project.callgraph.holders import Holders
from selfstop.project.callgraph.propagation import Propagation
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.told import looked_up
from selfstop.project.symbols.calls import GENERIC_NAMES

_DEPTH = 4
_LAZY = "its package looks the name up when it is asked for"
_OPEN_NAME = "the name that is looked up is not known"
_BUILT_IN = frozenset({"list", "dict", "tuple", "set", "fstring", "str", "int", "float", "sorted", "timedelta"})


def unresolved(reach: Reach, propagation: Propagation) -> Iterator[UnresolvedCall]:
    """The calls that may reach a stop call, as far as nobody knows what they run.

    Those of methods of unknown objects that have the name of a method which does; of names that are looked up, by
    ``getattr`` or by a package that does so when it is asked for them.
    """
    holders = Holders(reach)
    inside = frozenset(part for name in reach.program.modules for part in name.split("."))
    for function in reach.program.functions.values():
        for node, call in function.graph.calls():
            if _is_looked_up(reach, call) and propagation.is_feasible(function.id, node):
                yield UnresolvedCall(function.path, call.span, function.qualname, call.text, _OPEN_NAME)
            meaning = reach.program.resolve(call.func)
            place = call.func if isinstance(meaning, Func) else meaning
            stoppers = _looked_for(reach, place) or _methods_meant(reach, holders, function, place, inside)
            if not stoppers or not propagation.is_feasible(function.id, node):
                continue
            if not _is_linked(propagation, function, node, call):
                yield _described(reach, function, call, place, stoppers)


def _methods_meant(
    reach: Reach, holders: Holders, function: Function, place: Term, inside: frozenset[str]
) -> tuple[str, ...]:
    """The methods that reach a stop call and that calling ``place`` may mean, where its object is not known."""
    if not isinstance(place, Attr) or place.name in reach.stops.names:
        return ()
    stoppers = reach.stoppers_named(place.name)
    if not stoppers or holders.holds(place.base):
        return stoppers
    if not _is_open(reach, reach.program.resolve(place), inside):
        return ()
    is_near = function.module in holders.modules or _is_near(reach, function.module, stoppers)
    return () if place.name in GENERIC_NAMES and not is_near else stoppers


def _is_open(reach: Reach, method: Term, inside: frozenset[str]) -> bool:
    """Whether the code does not show what a method runs: that of an unknown object, or one that is only declared."""
    return _is_stub(reach, method) or (isinstance(method, Attr) and not _is_known(reach, method.base, inside))


def _is_stub(reach: Reach, func: Term) -> bool:
    """Whether what is called is a method that never runs, and none is known that runs in its place."""
    if not isinstance(func, Func):
        return False
    return all(reach.linker.calls.is_stub(target.function) for target in reach.linker.calls.targets(func))


def _is_looked_up(reach: Reach, call: Call) -> bool:
    """Whether a method of an EC2 client is looked up by a name that is not known, and may be that of a stop call."""
    values = [call.func, *(found.value for found in reach.program.definitions(call.func))]
    for value in values:
        lookup = None if value is None else looked_up(value)
        if lookup is None:
            continue
        base, name = lookup
        if reach.stops.is_ec2_client(base) and reach.telling.is_open(name) and reach.stops.may_be_named(name):
            return True
    return False


def _looked_for(reach: Reach, place: Term) -> tuple[str, ...]:
    """The functions that reach a stop call among what a package may look up under the name that is called."""
    package, _, name = _imported_name(place).rpartition(".")
    module = reach.program.looking_up(package)
    if module is None:
        return ()
    found = (reach.program.functions[identity] for identity in reach.uses.named(name) if identity in reach.functions)
    return tuple(each.id for each in found if each.cls is None and each.module.startswith(f"{module}."))


def _imported_name(place: Term) -> str:
    """The dotted name of what is imported, or empty."""
    root = place
    while isinstance(root, Attr):
        root = root.base
    return dotted(place) if isinstance(root, Var) and root.scope == "import" else ""


def _is_near(reach: Reach, module: str, stoppers: tuple[str, ...]) -> bool:
    """Whether a module defines or imports what has the stoppers. For others a common name says nothing at all."""
    found = [reach.program.functions[stopper] for stopper in stoppers]
    if any(function.module == module for function in found):
        return True
    owners = {function.module.rpartition(".")[2] for function in found}
    owners |= {reach.program.classes[function.cls].name for function in found if function.cls is not None}
    code = reach.program.modules[module]
    imported = [*code.star_imports, *(path for _, path in code.imports)]
    return any(not owners.isdisjoint(path.split(".")) for path in imported)


def _is_known(reach: Reach, term: Term, inside: frozenset[str], depth: int = 0) -> bool:
    """Whether an object is of a class of the program, or evidently of one from outside."""
    if reach.program.class_of(term) is not None:
        return True
    match term:
        case Const() | App(op="class"):
            return True
        case App(op=op) if op in _BUILT_IN:
            return True
        case Var(scope="builtins"):
            return True
        case Var(scope="import", name=name) if name.partition(".")[0] not in inside:
            return True
        case Result(callee=callee) | App(op="call", args=(callee, *_)) if callee is not None:
            return callee == Var("builtins", "super") or _is_known(reach, callee, inside, depth)
    values = [found.value for found in reach.program.definitions(term)]
    if values and depth < _DEPTH:
        return all(value is not None and _is_known(reach, value, inside, depth + 1) for value in values)
    return isinstance(term, (Attr, Item)) and _is_known(reach, term.base, inside, depth)


def _is_linked(propagation: Propagation, function: Function, node: int, call: Call) -> bool:
    """Whether what is called is known, by its definitions or by the values on the way."""
    reach = propagation.reach
    functions = [call.func]
    analysis = propagation.analyses.get(function.id)
    if analysis is not None:
        functions += [callable_of(propagation.linker, record.state, call.func) for record in analysis.states(node)]
    return any(
        reach.uses.is_known(func, call) and not _is_stub(reach, reach.program.resolve(func)) for func in functions
    )


def _described(reach: Reach, function: Function, call: Call, place: Term, stoppers: tuple[str, ...]) -> UnresolvedCall:
    found = [reach.program.functions[stopper] for stopper in stoppers]
    places = tuple(sorted(Place(item.path, item.line, item.qualname) for item in found))
    reason = _reason(len(stoppers), len(reach.uses.named(last_name(place)))) if found[0].cls else _LAZY
    return UnresolvedCall(function.path, call.span, function.qualname, call.text, reason, places)


def _reason(stoppers: int, total: int) -> str:
    if stoppers == total:
        return "the name is too common to go by"
    return f"{stoppers} of {total} functions of that name {'reaches' if stoppers == 1 else 'reach'} a stop call"

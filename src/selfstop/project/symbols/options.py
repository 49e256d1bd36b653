"""Options of the command line: what a setting is when nobody types it.

As argparse, optparse, click and typer declare them (their manuals: ``add_argument``'s ``dest`` and ``default``, click's
"Parameter names" and "Values from Environment Variables", typer's ``Option``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from selfstop.flow.code import Definition, Function, Parameter
from selfstop.flow.origins import is_command_line
from selfstop.flow.terms import NONE, App, Attr, Const, Result, Term, Var, dotted, last_name
from selfstop.project.symbols.binding import split_arguments
from selfstop.project.symbols.declared import is_bounded_below, is_positive_range, metadata
from selfstop.project.symbols.program import Program

_DECLARING = ("add_argument", "add_option")
_DECORATORS = frozenset({"option", "argument"})
_COMMANDS = frozenset({"command", "callback"})
_TYPER = frozenset({"typer.Option", "typer.Argument"})
_LONG = re.compile(r"--?(?P<name>[A-Za-z][\w-]*)")

_PARSERS = frozenset({"ArgumentParser", "OptionParser", "add_parser"})
_EXITS = frozenset({"error", "exit"})

Keywords = Mapping[str, Term]


class Options:
    """What the command lines of a program give for its variables and attributes."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def of(self, place: Term) -> tuple[Definition, ...]:
        """What options give for ``place``: ``option(default)``, or the variable of the environment it is read from."""
        match place:
            case Var(scope=scope, name=name) if scope in self._program.functions:
                return tuple(_of_parameter(self._program.functions[scope], name))
            case Attr(base=base, name=name) if is_command_line(base, self._program.definitions):
                for declaring in _DECLARING:
                    self._program.questions.call_of(declaring)
                return tuple(Definition(place, value, function) for value, function in self._declared(base, name))
        return ()

    def _declared(self, base: Term, name: str) -> list[tuple[Term, str]]:
        """What the parsers of the same module declare for an attribute; those of other modules where that has none."""
        module = self._module_of(base)
        found = self._options.get(name, [])
        near = [each for each in found if self._program.functions[each[1]].module == module]
        return near or (found if len({value for value, _ in found}) == 1 else [])

    def _module_of(self, base: Term) -> str:
        while isinstance(base, Attr):
            base = base.base
        scope = base.scope if isinstance(base, Var) else ""
        return self._program.functions[scope].module if scope in self._program.functions else scope

    @cached_property
    def _options(self) -> Mapping[str, list[tuple[Term, str]]]:
        found: dict[str, list[tuple[Term, str]]] = defaultdict(list)
        for function in self._program.functions.values():
            for _, call in function.graph.calls():
                if last_name(call.func) in _DECLARING:
                    keywords = dict(call.keywords)
                    found[_destination(call.args, keywords)].append((_value(keywords), function.id))
        return found


def is_exit(program: Program, func: Term) -> bool:
    """Whether a call ends the program because a parser of the command line refuses it: ``parser.error(…)``."""
    if not isinstance(func, Attr) or func.name not in _EXITS:
        return False
    values = [func.base, *(found.value for found in program.definitions(func.base) if found.value is not None)]
    return any(_makes_parser(value) for value in values)


def _makes_parser(value: Term) -> bool:
    match value:
        case Result(callee=callee) | App(op="call", args=(callee, *_)):
            return last_name(callee) in _PARSERS
    return False


def _of_parameter(function: Function, name: str) -> Iterator[Definition]:
    """What decorators of click, or typer by its default or annotation, declare for a parameter."""
    place = Var(function.id, name)
    for callee, rest in filter(None, map(_call, function.decorators)):
        args, keywords = split_arguments(rest)
        if last_name(callee) in _DECORATORS and _destination(args, dict(keywords)) == name:
            yield Definition(place, _value(dict(keywords)), function.id)
    parameter = next((each for each in function.parameters if each.name == name), None)
    if parameter is not None and _is_command(function):
        value = _typer_value(parameter)
        if value is not None:
            yield Definition(place, value, function.id)


def _call(term: Term | None) -> tuple[Term, Sequence[Term]] | None:
    match term:
        case App(op="call", args=(callee, *rest)):
            return callee, rest
    return None


def _is_command(function: Function) -> bool:
    """Whether a decorator makes a function a command whose parameters are its options."""
    names = {last_name(found[0] if (found := _call(each)) else each) for each in function.decorators}
    return not _COMMANDS.isdisjoint(names)


def _typer_value(parameter: Parameter) -> Term | None:
    """What typer makes of a parameter: an option even where nothing but a default says so; None without any."""
    for declared in (parameter.default, *metadata(parameter.annotation)):
        found = _call(declared)
        if found is not None and dotted(found[0]) in _TYPER:
            args, pairs = split_arguments(found[1])
            default = parameter.default if declared is not parameter.default else args[0] if args else NONE
            return _value({"default": default or NONE, **dict(pairs)})
    return None if parameter.default is None else App("option", (parameter.default,))


def _destination(args: Sequence[Term], keywords: Keywords) -> str:
    """The attribute or parameter that an option is for: the one named, else that of its first long name."""
    names = list(_texts([keywords["dest"]] if "dest" in keywords else args))
    plain = [name for name in names if name.isidentifier()]
    spelled = [name for name in names if name.startswith("--")] or names
    found = _LONG.match(spelled[0]) if spelled else None
    return plain[0] if plain else found["name"].replace("-", "_") if found else ""


def _texts(terms: Iterable[Term]) -> Iterator[str]:
    for term in terms:
        match term:
            case Const(value=str() as text):
                yield text


def _value(keywords: Keywords) -> Term:
    value = _unbounded(keywords)
    is_positive = is_positive_range(keywords.get("type")) or is_bounded_below(keywords)
    return App("max", (Const(1), value)) if is_positive else value


def _unbounded(keywords: Keywords) -> Term:
    default = keywords.get("default", NONE)
    match keywords.get("envvar"):
        case (Const(value=str()) as variable) | App(op="list" | "tuple", args=(Const(value=str()) as variable, *_)):
            return App("getenv", (variable, default))
    return App("option", (default,))

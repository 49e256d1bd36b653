"""What a module consists of once its syntax tree has been lowered: functions with graphs, classes, definitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from selfstop.flow.cfg import Assign, Call, Dispatch, Graph, terms_of
from selfstop.flow.telling import telling_keys
from selfstop.flow.terms import Attr, Const, Func, Term, Var, last_name, walk

MODULE_BODY = "<module>"
COMPREHENSION = ".<for"
"""What the scope of a comprehension has behind that of the function around it."""

Link: TypeAlias = "tuple[frozenset[str], Definition]"


def around(scope: str) -> str:
    """The scope of the function in whose graph a scope lives: that around comprehensions, which have no graph."""
    return scope.partition(COMPREHENSION)[0]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: ``kind`` is ``positional``, ``keyword``, ``*`` or ``**``; ``annotation`` its source text."""

    name: str
    kind: str = "positional"
    default: Term | None = None
    annotation: str = ""


@dataclass(frozen=True)
class Function:
    """A function, method, lambda or module body.

    ``id`` is unique in the program: ``module:qualified.name``, with ``#2`` and so on for redefinitions.
    ``cls`` is the class it is a method of, ``parent`` the function it is nested in. Of an ``outlined`` function
    only the header was read: nothing is known of what it does.
    """

    id: str
    module: str
    path: str
    qualname: str
    line: int
    graph: Graph
    parameters: tuple[Parameter, ...] = ()
    decorators: tuple[Term, ...] = ()
    cls: str | None = None
    parent: str | None = None
    is_generator: bool = False
    is_async: bool = False
    never_returns: bool = False
    returns: str = ""
    outlined: bool = False

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]

    @cached_property
    def places(self) -> tuple[Var, ...]:
        """The variables of its parameters."""
        return tuple(Var(self.id, parameter.name) for parameter in self.parameters)

    @cached_property
    def telling(self) -> frozenset[object]:
        """The places whose values may decide what the function does; see ``flow.telling``."""
        return telling_keys(self.graph)

    @cached_property
    def handled(self) -> frozenset[Term]:
        """What its ``except`` clauses name."""
        dispatches = [node.operation for node in self.graph.nodes if isinstance(node.operation, Dispatch)]
        return frozenset(handled for each in dispatches for clause in each.clauses for handled in clause)

    @cached_property
    def called_names(self) -> frozenset[str]:
        """What a reader would call that which its calls run."""
        return frozenset(last_name(call.func) for _, call in self.graph.calls())

    @cached_property
    def called_imports(self) -> frozenset[str]:
        """The dotted names of imports in what its calls run."""
        return frozenset(
            part.name
            for _, call in self.graph.calls()
            for part in walk(call.func)
            if isinstance(part, Var) and part.scope == "import"
        )

    @cached_property
    def reads(self) -> Mapping[str, Sequence[tuple[Attr, int | None]]]:
        """The attributes by name that it calls, each with the node, or does something else with than to test them."""
        found: dict[str, list[tuple[Attr, int | None]]] = defaultdict(list)
        for number, node in enumerate(self.graph.nodes):
            operands: list[Term] = []
            match node.operation:
                case Call(func=func, args=args, keywords=keywords):
                    operands = [*args, *(value for _, value in keywords)]
                    if isinstance(func, Attr):
                        found[func.name].append((func, number))
                        operands.append(func.base)
                    else:
                        operands.append(func)
                case Assign(value=value) if value is not None:
                    operands = [value]
            for part in (part for operand in operands for part in walk(operand)):
                if isinstance(part, Attr):
                    found[part.name].append((part, None))
        return found

    @cached_property
    def imported(self) -> frozenset[Var]:
        """The imported names that it speaks of."""
        return frozenset(
            part
            for node in self.graph.nodes
            for term in terms_of(node.operation)
            for part in walk(term)
            if isinstance(part, Var) and part.scope == "import"
        )

    @cached_property
    def spoken_names(self) -> frozenset[str]:
        """The names and strings in its calls: a call of anything goes by one of them, flow aside."""
        found: set[str] = set()
        for _, call in self.graph.calls():
            found |= spoken_in((call.func, *call.operands))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Definition:
    """One binding of a variable or attribute, flow aside.

    ``step`` is ``+`` or ``-`` where the binding raises or lowers what was there before (``n += 1``), and
    ``value`` is then the step. ``annotation`` is source text; ``function`` is where the binding stands.
    """

    target: Term
    value: Term | None
    function: str
    step: str = ""
    annotation: str = ""


@dataclass(frozen=True)
class Class:
    """A class: bases as terms, methods by name (function ids; several when redefined)."""

    id: str
    name: str
    bases: tuple[Term, ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    decorators: tuple[Term, ...] = ()


@dataclass(frozen=True)
class ModuleCode:
    """A lowered module.

    ``imports`` maps its imported names to dotted ones, ``alternatives`` some of them to others which they may be
    instead; ``star_imports`` are the modules whose public names it takes over wholesale.
    """

    name: str
    path: str
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    definitions: tuple[Definition, ...]
    imports: tuple[tuple[str, str], ...] = ()
    star_imports: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, str], ...] = ()

    @cached_property
    def rebinding(self) -> tuple[Definition, ...]:
        """Its bindings of what belongs to modules and objects that it imports, not of the names that it imports."""
        imported = frozenset(path for _, path in self.imports)
        return tuple(
            definition
            for definition in self.definitions
            if isinstance(definition.target, Var)
            and definition.target.scope == "import"
            and definition.target.name not in imported
        )

    @cached_property
    def others(self) -> Mapping[str, Sequence[Term]]:
        """What else its imported names, dotted, may be: other imported names, or functions of its own."""
        names = dict(self.imports)
        found: dict[str, list[Term]] = defaultdict(list)
        for local, other in self.alternatives:
            found[names[local]].append(Var("import", other))
        imported = frozenset(names.values())
        for definition in self.definitions:
            target = definition.target
            if isinstance(target, Var) and target.scope == "import" and target.name in imported:
                found[target.name] += [definition.value] if isinstance(definition.value, Func) else []
        return {name: tuple(terms) for name, terms in found.items() if terms}

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Its definitions by the names in their values."""
        return _links(self.definitions)

    @cached_property
    def speakers(self) -> Mapping[str, frozenset[str]]:
        """Its functions, by id, in whose calls each name is spoken."""
        found: dict[str, set[str]] = defaultdict(set)
        for function in self.functions:
            for name in function.spoken_names:
                found[name].add(function.id)
        return {name: frozenset(identities) for name, identities in found.items()}

    @cached_property
    def links_by_name(self) -> Mapping[str, tuple[int, ...]]:
        """The positions in ``links`` at which each name is spoken."""
        found: dict[str, list[int]] = defaultdict(list)
        for position, (spoken, _) in enumerate(self.links):
            for name in spoken:
                found[name].append(position)
        return {name: tuple(positions) for name, positions in found.items()}

    def links_of(self, names: Set[str]) -> Iterator[Definition]:
        """Its definitions in whose values one of ``names`` is spoken, in their order."""
        known = self.links_by_name
        positions = {position for name in names & known.keys() for position in known[name]}
        return (self.links[position][1] for position in sorted(positions))

    def completed(self, parts: Iterable[FunctionCode]) -> ModuleCode:
        """The module with some of its outlined functions in full."""
        parts = list(parts)
        if not parts:
            return self
        whole = {part.functions[-1].id for part in parts}
        kept = tuple(function for function in self.functions if function.id not in whole)
        whole_module = replace(
            self,
            functions=(*(function for part in parts for function in part.functions), *kept),
            classes=(*self.classes, *(cls for part in parts for cls in part.classes)),
            definitions=(*self.definitions, *(definition for part in parts for definition in part.definitions)),
        )
        # What was computed for the parts need not be computed again for the whole.
        whole_module.__dict__["links"] = (*self.links, *(link for part in parts for link in part.links))
        return whole_module


@dataclass(frozen=True)
class FunctionCode:
    """A function that was lowered on its own; it is the last of ``functions``, behind those nested in it."""

    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    definitions: tuple[Definition, ...]

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Its definitions by the names in their values."""
        return _links(self.definitions)


def spoken_in(operands: Iterable[Term]) -> set[str]:
    """The names and strings in ``operands``."""
    return {_spoken(part) for operand in operands for part in walk(operand)}


def _links(definitions: Iterable[Definition]) -> tuple[Link, ...]:
    return tuple(
        (frozenset(_spoken(part) for part in walk(definition.value)), definition)
        for definition in definitions
        if definition.value is not None
    )


def _spoken(term: Term) -> str:
    match term:
        case Const(value=str() as text):
            return text
        case Var(name=name) | Attr(name=name):
            return name.rpartition(".")[2]
        case Func(function=function):
            return function.rpartition(":")[2].rpartition(".")[2]
    return ""

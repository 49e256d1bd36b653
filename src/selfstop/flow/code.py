"""What a module consists of once its syntax tree has been lowered: functions with graphs, classes, definitions."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.flow.cfg import Graph
from selfstop.flow.terms import Term

MODULE_BODY = "<module>"


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
    ``cls`` is the class it is a method of, ``parent`` the function it is nested in.
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

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]


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

    ``imports`` maps its imported names to dotted ones,
    ``star_imports`` are the modules whose public names it takes over wholesale.
    """

    name: str
    path: str
    functions: tuple[Function, ...]
    classes: tuple[Class, ...]
    definitions: tuple[Definition, ...]
    imports: tuple[tuple[str, str], ...] = ()
    star_imports: tuple[str, ...] = ()

"""Terms: the small expression language in which the analysis speaks of a program's values.

A term is a frozen tree. Two expressions that compute the same thing from the same variables become equal
terms, which is what lets a condition in one place answer a question in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Term: TypeAlias = "Const | Var | Attr | Item | App | Result | Func | Instance"


@dataclass(frozen=True, slots=True)
class Const:
    """A literal. The type takes part in equality, because ``True == 1`` in Python."""

    value: bool | int | float | complex | str | bytes | None
    kind: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", type(self.value).__name__)


@dataclass(frozen=True, slots=True)
class Var:
    """A variable of a scope: a function's id, a module's name, or ``builtins``."""

    scope: str
    name: str


@dataclass(frozen=True, slots=True)
class Attr:
    """``base.name``."""

    base: Term
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """``base[key]``."""

    base: Term
    key: Term


@dataclass(frozen=True, slots=True)
class App:
    """A pure operation: arithmetic, comparison, display, or a call known to have no effect."""

    op: str
    args: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What the call (or other opaque expression) at ``site`` gave when it last ran.

    ``callee`` and ``args`` tell what was called; the names in them serve as evidence of what was measured.
    """

    site: str
    callee: Term | None = None
    args: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Func:
    """A function of the program, with the receiver it is bound to and arguments fixed by ``partial``."""

    function: str
    receiver: Term | None = None
    args: tuple[Term, ...] = ()
    keywords: tuple[tuple[str, Term], ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the program, made at ``site``."""

    cls: str
    site: str


TRUE = Const(True)
FALSE = Const(False)
NONE = Const(None)

COMPARISONS = frozenset({"<", "<=", "==", "in", "is"})
MAX_SIZE = 60
"""Terms larger than this are not tracked: they never occur in guards and would make loops grow terms forever."""


def children(term: Term) -> tuple[Term, ...]:
    """The direct subterms of ``term``, in order of evaluation."""
    match term:
        case Attr(base=base):
            return (base,)
        case Item(base=base, key=key):
            return (base, key)
        case App(args=args):
            return args
        case Result(callee=callee, args=args):
            return args if callee is None else (callee, *args)
        case Func(receiver=receiver, args=args, keywords=keywords):
            bound = () if receiver is None else (receiver,)
            return (*bound, *args, *(value for _, value in keywords))
        case _:
            return ()


def walk(term: Term) -> Iterator[Term]:
    """``term`` and all its subterms, outermost first."""
    stack = [term]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def size(term: Term) -> int:
    """The number of nodes of ``term``."""
    return sum(1 for _ in walk(term))


def rebuild(term: Term, change: Callable[[Term], Term]) -> Term:
    """``term`` with ``change`` applied to each direct subterm."""
    match term:
        case Attr(base=base, name=name):
            return Attr(change(base), name)
        case Item(base=base, key=key):
            return Item(change(base), change(key))
        case App(op=op, args=args):
            return App(op, tuple(change(arg) for arg in args))
        case Result(site=site, callee=callee, args=args):
            return Result(site, None if callee is None else change(callee), tuple(change(arg) for arg in args))
        case Func(function=function, receiver=receiver, args=args, keywords=keywords):
            return Func(
                function,
                None if receiver is None else change(receiver),
                tuple(change(arg) for arg in args),
                tuple((name, change(value)) for name, value in keywords),
            )
        case _:
            return term


def last_name(term: Term | None) -> str:
    """The name a reader would call ``term`` by: a variable's, an attribute's, a constant key's, a callee's."""
    match term:
        case Var(name=name) | Attr(name=name):
            return name
        case Item(key=Const(value=str() as key)):
            return key
        case Result(callee=callee) if callee is not None:
            return last_name(callee)
        case Func(function=function):
            return function.rpartition(":")[2].rpartition(".")[2]
        case App(op=op):
            return op
        case _:
            return ""


def dotted(term: Term | None) -> str:
    """``a.b.c`` for a chain of attributes on a variable, else the empty string."""
    names: list[str] = []
    while isinstance(term, Attr):
        names.append(term.name)
        term = term.base
    if not isinstance(term, Var):
        return ""
    return ".".join([term.name, *reversed(names)])

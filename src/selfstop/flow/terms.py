"""Terms: the small expression language in which the analysis speaks of a program's values.

A term is a frozen tree. Two expressions that compute the same thing from the same variables become equal
terms, which is what lets a condition in one place answer a question in another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from operator import is_
from typing import TypeAlias

Term: TypeAlias = "Const | Var | Attr | Item | App | Result | Func | Instance | Bound"


class _Tree:
    """What all terms share: hash and mentions are computed once, from those of the subterms.

    ``mentions`` holds what an assignment could change: variables, attributes (as ``.name``, whatever the
    object), results of calls and objects made by them (as ``@site``).
    """

    __slots__ = ()
    mentions: frozenset[object]
    _hash: int
    _identity: tuple[object, ...]

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Unequal terms are told apart by their hashes, before anything below them is looked at."""
        if self is other:
            return True
        if not isinstance(other, _Tree):
            return NotImplemented
        return self._hash == other._hash and self._identity == other._identity

    def __reduce__(self) -> tuple[object, ...]:
        values = tuple(getattr(self, item.name) for item in fields(self) if item.init)  # type: ignore[arg-type]
        return type(self), values

    def _remember(self, identity: tuple[object, ...], mentions: frozenset[object]) -> None:
        object.__setattr__(self, "_identity", identity)
        object.__setattr__(self, "_hash", hash(identity))
        object.__setattr__(self, "mentions", mentions)


_NOTHING: frozenset[object] = frozenset()


def _mentions_of(*terms: Term | None) -> frozenset[object]:
    found = _NOTHING
    for term in terms:
        if term is not None and term.mentions:
            found = found | term.mentions if found else term.mentions
    return found


@dataclass(frozen=True, eq=False)
class Const(_Tree):
    """A literal. The type takes part in equality, because ``True == 1`` in Python."""

    value: bool | int | float | complex | str | bytes | None
    kind: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", type(self.value).__name__)
        self._remember(("const", self.kind, self.value), _NOTHING)


@dataclass(frozen=True, eq=False)
class Var(_Tree):
    """A variable of a scope: the id of a function, class or comprehension, a module's, ``builtins`` or ``import``."""

    scope: str
    name: str

    def __post_init__(self) -> None:
        self._remember(("var", self.scope, self.name), _NOTHING)
        if self.scope != "import":
            object.__setattr__(self, "mentions", frozenset((self,)))


@dataclass(frozen=True, eq=False)
class Attr(_Tree):
    """``base.name``."""

    base: Term
    name: str

    def __post_init__(self) -> None:
        self._remember(("attr", self.base, self.name), self.base.mentions | {f".{self.name}"})


@dataclass(frozen=True, eq=False)
class Item(_Tree):
    """``base[key]``."""

    base: Term
    key: Term

    def __post_init__(self) -> None:
        self._remember(("item", self.base, self.key), _mentions_of(self.base, self.key))


@dataclass(frozen=True, eq=False)
class App(_Tree):
    """A pure operation: arithmetic, comparison, display, or a call known to have no effect."""

    op: str
    args: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        self._remember(("app", self.op, self.args), _mentions_of(*self.args))


@dataclass(frozen=True, eq=False)
class Result(_Tree):
    """What the call (or other opaque expression) at ``site`` gave when it last ran.

    ``callee`` and ``args`` tell what was called; the names in them serve as evidence of what was measured.
    ``frames`` are the call sites through which that was done, outermost first, as seen from where it is spoken of: what
    one call of a function has found out stays true of that when another calls it anew. ``name`` is what it was called
    first: evidence of what was measured that goes with it wherever it is handed.
    """

    site: str
    callee: Term | None = None
    args: tuple[Term, ...] = ()
    frames: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        outermost = frozenset(f"@{site}" for site in self.frames[:1])
        mentions = _mentions_of(self.callee, *self.args) | {f"@{self.place}"} | outermost
        self._remember(("result", self.place, self.callee, self.args, self.name), mentions)

    @property
    def place(self) -> str:
        """The call sites through which it came, and its own."""
        return ">".join((*self.frames, self.site))


@dataclass(frozen=True, eq=False)
class Func(_Tree):
    """A function of the program, with the receiver it is bound to and arguments fixed by ``partial``."""

    function: str
    receiver: Term | None = None
    args: tuple[Term, ...] = ()
    keywords: tuple[tuple[str, Term], ...] = ()

    def __post_init__(self) -> None:
        mentions = _mentions_of(self.receiver, *self.args, *(value for _, value in self.keywords))
        self._remember(("func", self.function, self.receiver, self.args, self.keywords), mentions)


@dataclass(frozen=True, eq=False)
class Instance(_Tree):
    """An object of a class of the program, made at ``site``."""

    cls: str
    site: str

    def __post_init__(self) -> None:
        self._remember(("instance", self.cls, self.site), frozenset((f"@{self.site}",)))


@dataclass(frozen=True, eq=False)
class Bound(_Tree):
    """A callable as it was when it was handed over: what runs if it is called is not changed by anything since."""

    callable: Term

    def __post_init__(self) -> None:
        self._remember(("bound", self.callable), _NOTHING)


TRUE = Const(True)
FALSE = Const(False)
NONE = Const(None)

_NUMERIC = frozenset({"+", "-", "*", "/", "//", "int", "ceil", "float", "round", "abs"})
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
    return sum(size(part.callable) if isinstance(part, Bound) else 1 for part in walk(term))


def rebuild(term: Term, change: Callable[[Term], Term]) -> Term:
    """``term`` with ``change`` applied to each direct subterm; ``term`` itself where that changes none."""
    before = children(term)
    after = tuple(map(change, before))
    if all(map(is_, before, after)):
        return term
    match term:
        case Attr(name=name):
            return Attr(after[0], name)
        case Item():
            return Item(*after)
        case App(op=op):
            return App(op, after)
        case Result(site=site, callee=callee, frames=frames, name=name):
            called, args = (None, after) if callee is None else (after[0], after[1:])
            return Result(site, called, args, frames, name)
        case Func(function=function, receiver=receiver, args=args, keywords=keywords):
            bound, rest = (None, after) if receiver is None else (after[0], after[1:])
            named = zip((name for name, _ in keywords), rest[len(args) :], strict=True)
            return Func(function, bound, rest[: len(args)], tuple(named))
        case _:
            return term


def builtin_call(term: Term) -> tuple[str, tuple[Term, ...]]:
    """The name and the arguments of a call of something built in, run or only written; empty for all else."""
    match term:
        case Result(callee=Var(scope="builtins", name=name), args=args):
            return name, args
        case App(op="call", args=(Var(scope="builtins", name=name), *rest)):
            return name, tuple(rest)
    return "", ()


def substitute(term: Term, values: Mapping[Term, Term]) -> Term:
    """``term`` with ``values`` put in for the variables they are given for."""
    known = values.get(term)
    if known is not None:
        return known
    if isinstance(term, (Const, Var, Instance, Bound)):
        return term
    return rebuild(term, lambda part: substitute(part, values))


def framed(term: Term, scope: str, site: str) -> Term:
    """``term``, which speaks of what function ``scope`` has computed, as seen from the call ``site`` of it."""
    if not any(isinstance(key, str) and key.startswith(f"@{scope}@") for key in term.mentions):
        return term
    seen = rebuild(term, lambda part: framed(part, scope, site))
    if isinstance(seen, Result) and seen.place.startswith(f"{scope}@"):
        return replace(seen, frames=(site, *seen.frames))
    return seen


def named(term: Term, name: str) -> Term:
    """``term`` once it is kept under ``name``, where what was measured has none yet."""
    match term:
        case Result(name=""):
            return replace(term, name=name)
        case App(op=op) if op in _NUMERIC:
            return rebuild(term, lambda part: named(part, name))
    return term


def mention_key(place: Term) -> object:
    """What in a term's ``mentions`` stands for ``place``."""
    match place:
        case Attr(name=name):
            return f".{name}"
        case Result(place=site) | Instance(site=site):
            return f"@{site}"
        case Item(base=base):
            return mention_key(base)
        case _:
            return place


def last_name(term: Term | None) -> str:
    """The name a reader would call ``term`` by: a variable's, an attribute's, a constant key's, a callee's."""
    match term:
        case Var(scope="import", name=name):
            return name.rpartition(".")[2]
        case Var(name=name) | Attr(name=name):
            return name
        case Item(key=Const(value=str() as key)):
            return key
        case Result(callee=callee) if callee is not None:
            return last_name(callee)
        case Func(function=function):
            return function.rpartition(":")[2].rpartition(".")[2]
        case Bound(callable=inner):
            return last_name(inner)
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

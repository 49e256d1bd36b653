"""The control-flow graph of one function: plain data, built by ``lower`` and asked by everything else.

A node holds one operation over terms; edges say where control goes afterwards. Tests are atomic: ``and``,
``or``, ``not``, chained comparisons and conditional expressions have become edges, in evaluation order.
A ``finally`` body occurs once for each way into it, as CPython compiles it; one that is nested deep in others
occurs once for all of them (``COPY_DEPTH`` in ``lower.builder``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TypeAlias

from selfstop.flow.terms import Result, Term, Var
from selfstop.model import Span


class EdgeKind(Enum):
    """Why control takes an edge."""

    NEXT = "next"
    TRUE = "true"
    FALSE = "false"
    BACK = "back"
    RAISE = "raise"
    CATCH = "catch"

    def __lt__(self, other: EdgeKind) -> bool:
        return self.value < other.value


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge to node ``target``; ``clause`` is the position of the handler on ``CATCH`` edges."""

    target: int
    kind: EdgeKind = EdgeKind.NEXT
    clause: int = -1


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing happens: entry, exits and joins."""

    label: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """Something opaque that may raise: an operator, an import, or (``suspends``) something that lets other code run.

    That is ``await``, ``yield``, and entering a ``with``. ``asks`` is a call that is taken for one of Python's own pure
    methods, by its name (``x.get("name")``).
    """

    text: str = ""
    suspends: bool = False
    asks: Call | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """``target = value``; with ``value`` None the target is bound to something unknown."""

    target: Term
    value: Term | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call; ``result`` names its outcome, ``awaited`` tells that the outcome is awaited at once.

    A keyword of name ``**`` or an argument under ``App("unpack")`` is unpacked.
    """

    result: Result
    func: Term
    args: tuple[Term, ...]
    keywords: tuple[tuple[str, Term], ...]
    text: str
    span: Span
    awaited: bool = False

    @property
    def operands(self) -> tuple[Term, ...]:
        """All that it is given, by position or by name."""
        return *self.args, *(value for _, value in self.keywords)


@dataclass(frozen=True, slots=True)
class Test:
    """An atomic test with a true and a false edge; ``loop`` if it is the header of a ``while``.

    ``text`` is the test as it is written, of which ``term`` is the opposite if it is ``negated`` (``!=``, ``is not``).
    """

    __test__ = False

    term: Term
    text: str
    loop: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Iterate:
    """A loop header: the true edge leads to the body with the next item, the false edge is exhaustion.

    A generator may raise instead.

    ``abandons`` tells that what follows exhaustion is reached no other way, though the body can leave the loop.
    ``name`` is what an item is called, if it has one name. ``marks`` tells that whatever else leads behind the loop
    has just set a variable to a constant, by which the two can be told apart (``found = True``, ``break``).
    """

    iterable: Term
    text: str
    abandons: bool = False
    name: str = ""
    marks: bool = False


COMPUTED = "t"
"""The label of pseudo-variables that hold what an expression, such as ``a if b else c``, has come to."""


def is_computed(term: Term) -> bool:
    """Whether all that is known of a value is the expression that it comes from."""
    return isinstance(term, Var) and term.name.startswith(f"${COMPUTED}")


def round_of(scope: str, node: int) -> Var:
    """The pseudo-variable that stands for the current round of the loop whose header is ``node``."""
    return Var(scope, f"$round{node}")


@dataclass(frozen=True, slots=True)
class Raise:
    """``raise``: the pending exception becomes ``exception`` (a class, an instance, or a saved one)."""

    exception: Term | None


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Chooses the handler for the pending exception. Each clause lists its types, () for a bare ``except:``."""

    clauses: tuple[tuple[Term, ...], ...]


Operation: TypeAlias = "Skip | Effect | Assign | Call | Test | Iterate | Raise | Dispatch"


def terms_of(operation: Operation) -> Iterator[Term]:
    """The terms that an operation speaks of, without those that choose a handler."""
    match operation:
        case Assign(target=target, value=value):
            yield target
            if value is not None:
                yield value
        case Call(func=func, args=args, keywords=keywords):
            yield func
            yield from args
            yield from (value for _, value in keywords)
        case Test(term=term) | Iterate(iterable=term):
            yield term
        case Raise(exception=exception) if exception is not None:
            yield exception


@dataclass(frozen=True, slots=True)
class Node:
    """One operation at ``line``, inside the ``finally`` blocks named by ``finallies`` (outermost first)."""

    operation: Operation
    line: int
    edges: tuple[Edge, ...]
    finallies: tuple[int, ...] = ()


@dataclass(frozen=True)
class Graph:
    """A control-flow graph. Node numbers are positions in ``nodes``."""

    nodes: tuple[Node, ...]
    entry: int
    exit: int
    escape: int
    scope: str
    protections: tuple[tuple[int, int], ...] = ()
    """Pairs of the node where a ``try`` begins and the node to which exceptions in its body go."""

    captured: frozenset[Var] = frozenset()
    """Variables of this scope that nested functions read or write."""

    @cached_property
    def pending(self) -> Var:
        """The pseudo-variable that holds the exception in flight."""
        return Var(self.scope, "$exception")

    @cached_property
    def returned(self) -> Var:
        """The pseudo-variable that holds the value returned."""
        return Var(self.scope, "$return")

    @property
    def yielded(self) -> Var:
        """The pseudo-variable that holds what a generator yields, one item at a time."""
        return Var(self.scope, "$yield")

    @cached_property
    def predecessors(self) -> tuple[tuple[int, ...], ...]:
        """For each node the nodes with an edge to it."""
        sources: list[list[int]] = [[] for _ in self.nodes]
        for number, node in enumerate(self.nodes):
            for edge in node.edges:
                sources[edge.target].append(number)
        return tuple(tuple(group) for group in sources)

    @cached_property
    def assignments(self) -> Mapping[Term, Sequence[tuple[int, Assign]]]:
        """The assignments in it by what they assign to, each with its node."""
        found: dict[Term, list[tuple[int, Assign]]] = {}
        for number, node in enumerate(self.nodes):
            if isinstance(node.operation, Assign):
                found.setdefault(node.operation.target, []).append((number, node.operation))
        return found

    def calls(self) -> tuple[tuple[int, Call], ...]:
        """All calls with their node numbers."""
        return self._calls

    @cached_property
    def asking(self) -> tuple[tuple[int, Call], ...]:
        """The calls that are taken for pure, by the names of methods, with their node numbers."""
        found = ((number, node.operation) for number, node in enumerate(self.nodes))
        return tuple((n, each.asks) for n, each in found if isinstance(each, Effect) and each.asks is not None)

    @cached_property
    def _calls(self) -> tuple[tuple[int, Call], ...]:
        return tuple(
            (number, node.operation) for number, node in enumerate(self.nodes) if isinstance(node.operation, Call)
        )

"""Graphs read as sets of traces, and an oracle: the same traces, found by running the program.

A program is the body of a function over opaque calls. Calls of plain names are events; what a call does is decided
afresh each time, in every possible way:

    a, b, c, …                  return None, or raise ``Boom``           ``a``   ``a!``
    p, q, r, w, …  (TESTS)      return True or False                     ``p+``  ``p-``
    ``for … in items()``        give one more item or none               ``next+``  ``next-``

A trace ends with what the function returns or raises, if anything: ``p+ a! -> Boom``, ``p- -> 1``. Traces longer
than a limit are cut off (``…``), so that loops have finitely many. ``traces`` are those of paths through the graph,
``executions`` those of Python itself: where nothing else is said, the two are equal, which means that the graph has
every path that the program can take (soundness) and no other (precision).
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import operator
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from textwrap import dedent, indent
from typing import Any, TypeAlias

import libcst as cst

from selfstop.flow.cfg import Assign, Call, Dispatch, Edge, EdgeKind, Graph, Iterate, Raise, Test
from selfstop.flow.code import MODULE_BODY, ModuleCode
from selfstop.flow.lower import Frame, lower_module
from selfstop.flow.terms import App, Const, Result, Term, Var

Outcomes: TypeAlias = "Mapping[str, Sequence[object]]"
LIMIT = 6


class Boom(Exception):
    """What calls raise."""


class SmallBoom(Boom):
    """A kind of ``Boom``."""


class Crash(Exception):
    """No kind of ``Boom``."""


RAISED: tuple[type[BaseException], ...] = (Boom, SmallBoom, Crash)
TESTS = frozenset("pqrstuvw")
SILENT = frozenset({"items", "aitems", "manager", "amanager", "suppress", "IGNORED"})
CALL, TEST, NEXT = (None, Boom), (True, False), (True, False)


# Lowering


def lower(source: str) -> ModuleCode:
    """A module as the analysis sees it; its body is ``m:<module>``."""
    try:
        return lower_module(cst.parse_module(dedent(source)), Frame("m", "m.py")).code
    except (RecursionError, KeyError):  # LibCST's positions turn the one into the other
        error = RecursionError("the tree is too deep")
    raise error  # without the trees in the frames below, which pytest would take minutes to print


def graph_of(source: str, function: str = MODULE_BODY) -> Graph:
    """The graph of one function of a module, by default that of the module's body."""
    return next(item.graph for item in lower(source).functions if item.qualname == function)


def wrapped(body: str, name: str = "program") -> str:
    """``body`` as a function without parameters, asynchronous if it needs to be."""
    keyword = "async def" if "await " in body or "async " in body else "def"
    return f"{keyword} {name}():\n{indent(dedent(body).strip(), '    ')}\n"


def program_graph(body: str) -> Graph:
    """The graph of the program ``body``."""
    return graph_of(wrapped(body), "program")


def reaches(body: str, call: str) -> bool:
    """Whether the graph of ``body`` has any way from its entry to ``call``, written ``stop()``."""
    graph = program_graph(body)
    return any(node in reachable(graph) for node, found in graph.calls() if f"{found.text}()" == call)


def reachable(graph: Graph) -> set[int]:
    """The nodes that can be reached from the entry."""
    seen = {graph.entry}
    stack = [graph.entry]
    while stack:
        for edge in graph.nodes[stack.pop()].edges:
            if edge.target not in seen:
                seen.add(edge.target)
                stack.append(edge.target)
    return seen


def call_node(graph: Graph, text: str) -> int:
    """The one node at which ``text`` is called."""
    (node,) = [number for number, call in graph.calls() if call.text == text]
    return node


def written_tests(graph: Graph) -> list[str]:
    """The atomic tests of a graph, as written, in the order in which they were lowered."""
    return [node.operation.text for node in graph.nodes if isinstance(node.operation, Test)]


# Traces of the graph


@dataclass
class Position:
    """A point of an execution of a graph: the next node, what places hold, and the events so far."""

    node: int
    values: dict[object, object] = field(default_factory=dict)
    events: tuple[str, ...] = ()

    def at(self, node: int, place: object = None, value: object = None, event: str | None = None) -> Position:
        """The same execution, gone on to ``node`` with ``value`` in ``place``."""
        values = self.values if place is None else {**self.values, place: value}
        return Position(node, values, self.events if event is None else (*self.events, event))


UNKNOWN = object()


def traces(body: str, *, limit: int = LIMIT, **outcomes: Sequence[object]) -> set[str]:
    """The traces of the feasible paths through the graph of ``body``."""
    return graph_traces(program_graph(body), limit=limit, outcomes=outcomes)


def graph_traces(graph: Graph, *, limit: int = LIMIT, outcomes: Outcomes = {}) -> set[str]:  # noqa: B006
    """The traces of the feasible paths through ``graph``: its tests are decided by the values they test."""
    found: set[str] = set()
    stack = [Position(graph.entry)]
    steps = 0
    while stack:
        position = stack.pop()
        steps += 1
        assert steps < 200_000, "too many paths; does a loop have no event?"
        if len(position.events) > limit:
            found.add(" ".join([*position.events[:limit], "…"]))
        elif position.node in (graph.exit, graph.escape):
            place = graph.returned if position.node == graph.exit else graph.pending
            found.add(_trace(position.events, position.values.get(place)))
        else:
            stack.extend(_steps(graph, position, outcomes))
    return found


def _trace(events: Sequence[str], result: object) -> str:
    """A finished trace; ``result`` is what was returned or the class that was raised."""
    parts = list(events)
    if result is not None:
        parts.append(f"-> {result.__name__ if isinstance(result, type) else '?' if result is UNKNOWN else result}")
    return " ".join(parts)


def _steps(graph: Graph, position: Position, outcomes: Outcomes) -> Iterator[Position]:
    node = graph.nodes[position.node]
    match node.operation:
        case Call() as call:
            yield from _call(graph, position, call, outcomes)
        case Test(term=term):
            value = evaluate(term, position.values)
            for way in (True, False) if value is UNKNOWN else (bool(value),):
                yield from (position.at(edge.target) for edge in _along(node.edges, truth=way))
        case Iterate():
            for truth in outcomes.get("next", NEXT):
                yield from (
                    position.at(edge.target, event=label("next", truth)) for edge in _along(node.edges, truth=truth)
                )
        case Assign(target=target, value=assigned):
            known = UNKNOWN if assigned is None else evaluate(assigned, position.values)
            yield from (position.at(edge.target, target, known) for edge in node.edges)
        case Raise(exception=exception):
            raised = evaluate(graph.pending if exception is None else exception, position.values)
            yield from (position.at(edge.target, graph.pending, raised) for edge in node.edges)
        case Dispatch(clauses=clauses):
            thrown = position.values.get(graph.pending)
            taken = None if thrown is UNKNOWN else _clause(clauses, thrown, position.values)
            yield from (position.at(edge.target) for edge in node.edges if taken in {None, edge.clause})
        case _:
            yield from (position.at(edge.target) for edge in node.edges if edge.kind is not EdgeKind.RAISE)


def _call(graph: Graph, position: Position, call: Call, outcomes: Outcomes) -> Iterator[Position]:
    for edge in graph.nodes[position.node].edges:
        if not is_event(call.text):
            if edge.kind is not EdgeKind.RAISE:
                value = evaluate(call.func, position.values) if call.text in _CLASSES else UNKNOWN
                yield position.at(edge.target, call.result, value)
            continue
        for outcome in outcomes.get(call.text, default(call.text)):
            raises = isinstance(outcome, type)
            if raises is (edge.kind is EdgeKind.RAISE):
                place = graph.pending if raises else call.result
                yield position.at(edge.target, place, outcome, label(call.text, outcome))


def _along(edges: Sequence[Edge], *, truth: object) -> list[Edge]:
    return [edge for edge in edges if edge.kind is (EdgeKind.TRUE if truth else EdgeKind.FALSE)]


def _clause(clauses: Sequence[Sequence[Term]], raised: object, values: Mapping[object, object]) -> int:
    """The clause that takes an exception of class ``raised``; their number if none does."""
    assert isinstance(raised, type)
    for position, clause in enumerate(clauses):
        handled = [evaluate(term, values) for term in clause]
        if not clause or any(isinstance(item, type) and issubclass(raised, item) for item in handled):
            return position
    return len(clauses)


def is_event(text: str) -> bool:
    """Whether a call shows in traces: that of a plain name which is neither built in nor one of the oracle's own."""
    return text.isidentifier() and text not in SILENT and text not in _CLASSES and not hasattr(builtins, text)


def default(name: str) -> Sequence[object]:
    """What a call of ``name`` may do if the test does not say."""
    return TEST if name in TESTS else NEXT if name == "next" else CALL


def label(name: str, outcome: object) -> str:
    """The event of a call of ``name``."""
    if isinstance(outcome, type):
        return f"{name}!" if outcome is Boom else f"{name}!{outcome.__name__}"
    if isinstance(outcome, bool):
        return f"{name}+" if outcome else f"{name}-"
    return name if outcome is None else f"{name}={outcome}"


@cache
def _matcher(pattern: str) -> Callable[[object], bool]:
    namespace: dict[str, Any] = {}
    exec(f"def matches(s):\n match s:\n  case {pattern}:\n   return True\n return False", namespace)
    found: Callable[[object], bool] = namespace["matches"]
    return found


_CLASSES = {cls.__name__: cls for cls in (*RAISED, Exception, BaseException, SystemExit, KeyboardInterrupt)}
_OPERATORS: dict[str, Callable[..., object]] = {
    "not": operator.not_,
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    "is": operator.is_,
    "in": lambda left, right: left in right,
    "+": operator.add,
    "bool": bool,
    "tuple": lambda *parts: parts,
    "matches": lambda subject, pattern: _matcher(pattern)(subject),
}


def evaluate(term: Term, values: Mapping[object, object]) -> object:
    """The value of ``term``, or ``UNKNOWN``."""
    if term in values:
        return values[term]
    match term:
        case Const(value=value):
            return value
        case Var(name=name):
            return _CLASSES.get(name, UNKNOWN)
        case App(op=op, args=args) if op in _OPERATORS:
            parts = [evaluate(arg, values) for arg in args]
            return UNKNOWN if UNKNOWN in parts else _OPERATORS[op](*parts)
        case Result(callee=Var(name=name)):
            return _CLASSES.get(name, UNKNOWN)
    return UNKNOWN


# Traces of Python


class Cut(BaseException):
    """Ends a run of which the limit has been seen."""


class Run:
    """One run of a program: the first decisions are given, for all others the first possibility is taken."""

    def __init__(self, given: tuple[int, ...], limit: int, outcomes: Outcomes) -> None:
        self.given, self.limit, self.outcomes = given, limit, outcomes
        self.decisions: list[tuple[int, int]] = []
        self.events: list[str] = []
        self.late = 0

    def decide(self, name: str) -> object:
        """What the call of ``name`` does this time."""
        if len(self.events) >= self.limit:
            self.late += 1
            if self.late > 40:
                raise Cut
            return False
        options = self.outcomes.get(name, default(name))
        position = len(self.decisions)
        chosen = self.given[position] if position < len(self.given) else 0
        self.decisions.append((chosen, len(options)))
        self.events.append(label(name, options[chosen]))
        return options[chosen]

    def call(self, name: str) -> object:
        """``name()``."""
        outcome = self.decide(name)
        if isinstance(outcome, type):
            raise outcome
        return outcome

    @property
    def untried(self) -> Iterator[tuple[int, ...]]:
        """The decisions with which to reach what this run has not taken."""
        taken = tuple(chosen for chosen, _ in self.decisions)
        for position in range(len(self.given), len(taken)):
            for other in range(1, self.decisions[position][1]):
                yield (*taken[:position], other)


def executions(body: str, *, limit: int = LIMIT, **outcomes: Sequence[object]) -> set[str]:
    """The traces of all runs of ``body`` by Python."""
    return python_traces(compiled(wrapped(body)), "program", limit=limit, outcomes=outcomes)


def compiled(source: str) -> dict[str, Any]:
    """The namespace of ``source``, with calls that ask ``namespace["$run"]`` what to do."""
    namespace: dict[str, Any] = {}
    asynchronous = {
        node.value.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and is_event(node.func.id):
            make = _coroutine if node.func.id in asynchronous else _function
            namespace[node.func.id] = make(node.func.id, namespace)
    namespace |= dict(_CLASSES) | _managers() | _iterables(namespace)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        exec(compile(source, "<program>", "exec"), namespace)
    return namespace


def _function(name: str, namespace: dict[str, Any]) -> Callable[..., object]:
    return lambda *_, **__: namespace["$run"].call(name)


def _coroutine(name: str, namespace: dict[str, Any]) -> Callable[..., object]:
    async def call(*_: object) -> object:
        return namespace["$run"].call(name)

    return call


def _managers() -> dict[str, Any]:
    @contextlib.asynccontextmanager
    async def amanager() -> AsyncIterator[None]:
        yield

    return {"manager": contextlib.nullcontext, "amanager": amanager, "suppress": contextlib.suppress}


def _iterables(namespace: dict[str, Any]) -> dict[str, Any]:
    def items() -> Iterator[int]:
        while namespace["$run"].call("next"):
            yield 1

    async def aitems() -> AsyncIterator[int]:
        while namespace["$run"].call("next"):
            yield 1

    return {"items": items, "aitems": aitems}


def python_traces(namespace: dict[str, Any], name: str, *, limit: int = LIMIT, outcomes: Outcomes = {}) -> set[str]:  # noqa: B006
    """The traces of all runs of the function ``name`` of a namespace made by ``compiled``."""
    found: set[str] = set()
    pending: list[tuple[int, ...]] = [()]
    while pending:
        namespace["$run"] = run = Run(pending.pop(), limit, outcomes)
        result = _result(namespace[name])
        found.add(" ".join([*run.events, "…"]) if run.late else _trace(run.events, result))
        pending.extend(run.untried)
    return found


def _result(function: Callable[[], Any]) -> object:
    """What ``function`` returns, or the class of what it raises; groups of one are that one."""
    try:
        value = function()
        if hasattr(value, "send"):
            return _driven(value)
    except BaseExceptionGroup as group:
        return type(group.exceptions[0])
    except BaseException as raised:  # noqa: BLE001 - the program under test may raise anything
        return type(raised)
    return value


def _driven(coroutine: Any) -> object:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("the oracle's coroutines never wait")


# Comparing the two


def disagreements(bodies: Sequence[str], *, limit: int = LIMIT, **outcomes: Sequence[object]) -> list[str]:
    """The programs whose graph's traces are not those of Python, each with the difference; parsed in one go."""
    source = "\n".join(wrapped(body, f"program_{number}") for number, body in enumerate(bodies))
    graphs = {function.qualname: function.graph for function in lower(source).functions}
    namespace = compiled(source)
    found: list[str] = []
    for number, body in enumerate(bodies):
        name = f"program_{number}"
        ours = graph_traces(graphs[name], limit=limit, outcomes=outcomes)
        theirs = python_traces(namespace, name, limit=limit, outcomes=outcomes)
        if ours != theirs:
            missed, invented = sorted(theirs - ours), sorted(ours - theirs)
            found.append(f"{dedent(body).strip()}\nmissed: {missed}\ninvented: {invented}")
    return found


def assert_agrees(body: str, *, limit: int = LIMIT, **outcomes: Sequence[object]) -> None:
    """Fail unless the paths of the graph of ``body`` are exactly the executions of ``body``."""
    assert traces(body, limit=limit, **outcomes) == executions(body, limit=limit, **outcomes)


def assert_sound(body: str, *, limit: int = LIMIT, **outcomes: Sequence[object]) -> None:
    """Fail unless every execution of ``body`` is a path of its graph, which may have more."""
    assert executions(body, limit=limit, **outcomes) <= traces(body, limit=limit, **outcomes)

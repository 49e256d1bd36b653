"""Builds a graph node by node, keeping track of where control comes from and where jumps and exceptions go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from selfstop.flow.cfg import COMPUTED, Assign, Call, Edge, EdgeKind, Effect, Graph, Node, Operation, Raise, Skip, Test
from selfstop.flow.terms import App, Const, Term, Var

Frontier: TypeAlias = "list[tuple[int, EdgeKind]]"
"""Edges that lead to whatever is emitted next: source node and kind."""

COPY_DEPTH = 2
"""How deep ``finally`` bodies nested in ``finally`` bodies are copied; below, all ways share one copy."""


@dataclass
class Loop:
    """A loop being built: ``continue`` goes to ``head``, ``break`` joins ``breaks``."""

    head: int
    breaks: Frontier = field(default_factory=list)
    returned: bool = False


@dataclass
class Handler:
    """A place to which exceptions go: a ``Dispatch`` node, or the statement after a swallowing ``with``."""

    target: int


@dataclass
class Cleanup:
    """A ``finally`` body being protected: one landing node for each way into it."""

    number: int
    landings: dict[str, int] = field(default_factory=dict)


Frame: TypeAlias = "Loop | Handler | Cleanup"

RETURN, BREAK, CONTINUE, RAISE = "return", "break", "continue", "raise"


class Builder:
    """Mutable construction state of one graph. ``frontier`` empty means that control does not get here."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.operations: list[Operation] = []
        self.lines: list[int] = []
        self.finallies: list[tuple[int, ...]] = []
        self.edges: list[list[Edge]] = []
        self.frames: list[Frame] = []
        self.line = 0
        self.inside: tuple[int, ...] = ()
        self.copy_depth = 0
        self.protections: list[tuple[int, int]] = []
        self._temporaries = 0
        self._cleanups = 0
        self.exit = self.node(Skip("exit"))
        self.escape = self.node(Skip("escape"))
        self.entry = self.node(Skip("entry"))
        self.frontier: Frontier = [(self.entry, EdgeKind.NEXT)]

    def node(self, operation: Operation) -> int:
        """A new node without incoming edges."""
        self.operations.append(operation)
        self.lines.append(self.line)
        self.finallies.append(self.inside)
        self.edges.append([])
        return len(self.operations) - 1

    def connect(self, sources: Frontier, target: int, *, back: bool = False) -> None:
        """Let ``sources`` lead to ``target``; ``back`` marks the edge that closes a loop."""
        for source, kind in sources:
            if back:
                join = self.node(Skip("again"))
                self.edges[source].append(Edge(join, kind))
                self.edges[join].append(Edge(target, EdgeKind.BACK))
            else:
                self.edges[source].append(Edge(target, kind))

    def emit(self, operation: Operation, *, may_raise: bool = False) -> int:
        """Append a node to the frontier; it becomes the new frontier."""
        number = self.node(operation)
        self.connect(self.frontier, number)
        self.frontier = [(number, EdgeKind.NEXT)]
        if may_raise:
            self.may_raise(number)
        return number

    def may_raise(self, number: int) -> None:
        """Let an exception lead from a node to the innermost handler."""
        self.edges[number].append(Edge(self._raise_target(), EdgeKind.RAISE))

    def assign(self, target: Term, value: Term | None) -> None:
        """``target = value``; ``None`` binds something unknown."""
        self.emit(Assign(target, value))

    def effect(self, text: str = "", *, suspends: bool = False, asks: Call | None = None) -> None:
        """Something opaque that may raise; with ``suspends`` other code runs meanwhile."""
        self.emit(Effect(text, suspends, asks), may_raise=True)

    def call(self, operation: Call) -> None:
        """A call, which may raise."""
        self.emit(operation, may_raise=True)

    def branch(self, operation: Operation) -> tuple[Frontier, Frontier]:
        """A node with a true and a false edge; the frontier is left empty."""
        number = self.emit(operation)
        self.frontier = []
        return [(number, EdgeKind.TRUE)], [(number, EdgeKind.FALSE)]

    def temporary(self, label: str = COMPUTED) -> Var:
        """A fresh pseudo-variable."""
        self._temporaries += 1
        return Var(self.scope, f"${label}{self._temporaries}")

    def site(self) -> str:
        """The name of the node about to be emitted, unique in the program."""
        return f"{self.scope}@{len(self.operations)}"

    # Jumps

    def raise_(self, exception: Term | None) -> None:
        """``raise``: control leaves for the innermost handler."""
        self.may_raise(self.emit(Raise(exception)))
        self.frontier = []

    def jump(self, way: str) -> None:
        """``return``, ``break`` or ``continue``, through every ``finally`` on the way."""
        self._jump_from(len(self.frames) - 1, way)

    def _jump_from(self, depth: int, way: str) -> None:
        for index in range(depth, -1, -1):
            frame = self.frames[index]
            if isinstance(frame, Cleanup):
                self.connect(self.frontier, self._landing(frame, way))
                self.frontier = []
                return
            if isinstance(frame, Loop) and way != RETURN:
                if way == BREAK:
                    frame.breaks.extend(self.frontier)
                else:
                    self.connect(self.frontier, frame.head, back=True)
                self.frontier = []
                return
            if isinstance(frame, Loop):
                frame.returned = True
        self.connect(self.frontier, self.exit)
        self.frontier = []

    def _raise_target(self) -> int:
        for frame in reversed(self.frames):
            if isinstance(frame, Handler):
                return frame.target
            if isinstance(frame, Cleanup):
                return self._landing(frame, RAISE)
        return self.escape

    def _landing(self, frame: Cleanup, way: str) -> int:
        if way not in frame.landings:
            frame.landings[way] = self.node(Skip(f"finally on {way}"))
        return frame.landings[way]

    # Cleanup

    def protect(self, body: Callable[[], None], cleanup: Callable[[], None], line: int) -> None:
        """``try: body() finally: cleanup()``, with a copy of the clean-up for each way into it.

        From ``COPY_DEPTH`` on, one copy serves them all, and tests afterwards by which way it was entered.
        """
        self._cleanups += 1
        frame = Cleanup(self._cleanups)
        start = self.emit(Skip("try"))
        self.frames.append(frame)
        body()
        self.frames.pop()
        if RAISE in frame.landings:
            self.protections.append((start, frame.landings[RAISE]))
        normal = self.frontier
        landings = sorted(frame.landings.items())
        if self.copy_depth >= COPY_DEPTH:
            self._shared_cleanup(frame, normal, landings, cleanup, line)
            return
        after: Frontier = []
        for way, landing in [("", -1), *landings]:
            self.frontier = normal if landing < 0 else [(landing, EdgeKind.NEXT)]
            if not self.frontier:
                continue
            saved = self._save_pending(way)
            self._run_cleanup(frame, cleanup, line)
            after.extend(self._resume(way, saved))
        self.frontier = after

    def _run_cleanup(self, frame: Cleanup, cleanup: Callable[[], None], line: int) -> None:
        outside, self.inside = self.inside, (*self.inside, frame.number)
        self.copy_depth += 1
        self.line = line
        self.emit(Skip("finally"))
        cleanup()
        self.copy_depth -= 1
        self.inside = outside

    def _save_pending(self, way: str) -> Var | None:
        if way != RAISE:
            return None
        saved = self.temporary("pending")
        self.assign(saved, Var(self.scope, "$exception"))
        return saved

    def _resume(self, way: str, saved: Var | None) -> Frontier:
        """Go on with the way that led into the clean-up; what falls out normally is returned."""
        if way == "":
            return self.frontier
        if not self.frontier:
            return []
        if way == RAISE:
            self.raise_(saved)
        else:
            self.jump(way)
        return []

    def _shared_cleanup(
        self,
        frame: Cleanup,
        normal: Frontier,
        landings: list[tuple[str, int]],
        cleanup: Callable[[], None],
        line: int,
    ) -> None:
        chosen = self.temporary("way")
        saved = self.temporary("pending")
        entries: Frontier = []
        for way, landing in [("", -1), *landings]:
            self.frontier = normal if landing < 0 else [(landing, EdgeKind.NEXT)]
            if not self.frontier:
                continue
            self.assign(chosen, Const(way))
            if way == RAISE:
                self.assign(saved, Var(self.scope, "$exception"))
            entries.extend(self.frontier)
        self.frontier = entries
        self._run_cleanup(frame, cleanup, line)
        for way, _ in landings:
            if not self.frontier:
                return
            taken, other = self.branch(Test(App("==", (chosen, Const(way))), ""))
            self.frontier = taken
            self._resume(way, saved)
            self.frontier = other

    def finish(self, captured: frozenset[Var] = frozenset()) -> Graph:
        """The finished graph; control at the end of the body returns. ``captured`` are nested functions' uses."""
        if self.frontier:
            self.assign(Var(self.scope, "$return"), Const(None))
        self.connect(self.frontier, self.exit)
        self.frontier = []
        nodes = tuple(
            Node(operation, line, tuple(edges), finallies)
            for operation, line, edges, finallies in zip(
                self.operations, self.lines, self.edges, self.finallies, strict=True
            )
        )
        return Graph(nodes, self.entry, self.exit, self.escape, self.scope, tuple(self.protections), captured)

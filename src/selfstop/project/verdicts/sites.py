"""Where a stop is decided, and every class of paths that gets there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from selfstop.flow.cfg import Call
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.state import State
from selfstop.flow.terms import Attr, Bound, Const, Func, Term, Var
from selfstop.model import Span
from selfstop.project.callgraph.paths import Path, Site, entry_of, joined, without_stale, without_void
from selfstop.project.callgraph.propagation import Propagation
from selfstop.project.callgraph.uses import Use
from selfstop.project.symbols.binding import bind
from selfstop.project.verdicts.data import GuardedData

_DEPTH = 8


@dataclass(frozen=True)
class _Collected:
    call: Call
    paths: list[Path]
    uses: list[Use]


class Sites:
    """The places of a program where a stop is decided."""

    def __init__(self, propagation: Propagation) -> None:
        self._propagation = propagation
        self._reach = propagation.reach
        self._program = self._reach.program
        self._data = GuardedData(self._reach.linker)
        self._inner: dict[object, tuple[tuple[Condition, ...], ...]] = {}
        self._running: set[str] = set()
        self._handed_up: dict[str, bool] = {}

    def of(self, identity: str) -> Iterator[Site]:
        """Those in a function."""
        found: dict[tuple[int, Span], _Collected] = {}
        hands_up = self.hands_up(identity)
        if hands_up and not (self._reach.is_exposed(identity) or self._reach.cleanup_of(identity)):
            return
        for node, record, use in self._propagation.uses(identity):
            if hands_up and entry_of(record).origin is not None:
                continue  # of what its callers know, that call of theirs is judged
            alternatives = self.alternatives(use)
            if alternatives is None:
                continue
            call = self._program.functions[identity].graph.nodes[node].operation
            assert isinstance(call, Call)
            collected = found.setdefault((node, call.span), _Collected(call, [], []))
            collected.uses.append(use)
            base = tuple(record.state.conditions.values())
            for inserted in self._data.alternatives(_operands(use), self._propagation.analyses):
                collected.paths.extend(
                    Path(record, use, joined(joined(inserted, base), inner)) for inner in alternatives
                )
        yield from self._merged(identity, found)

    @staticmethod
    def _merged(identity: str, found: dict[tuple[int, Span], _Collected]) -> Iterator[Site]:
        """One site a call, though ``finally`` copies may have given it several nodes."""
        by_span: dict[Span, list[tuple[int, _Collected]]] = {}
        for (node, span), collected in found.items():
            if collected.paths:
                by_span.setdefault(span, []).append((node, collected))
        for span in sorted(by_span):
            group = by_span[span]
            nodes = tuple(node for node, _ in group)
            paths = without_void(without_stale([path for _, collected in group for path in collected.paths]))
            uses = tuple(use for _, collected in group for use in collected.uses)
            yield Site(identity, nodes, group[0][1].call, paths, uses)

    def hands_up(self, identity: str) -> bool:
        """Whether the question is the callers': a stopper that says so by its name, or was told what to call."""
        if identity not in self._handed_up:
            self._handed_up[identity] = False
            self._handed_up[identity] = self._is_handing_up(identity)
        return self._handed_up[identity]

    def _is_handing_up(self, identity: str) -> bool:
        if not any(caller in self._propagation.analyses for caller, _, _ in self._reach.callers_of(identity)):
            return False
        if not (self._reach.says_stop(identity) or self._is_told(identity)):
            return False
        alternatives = self._inner_paths(Func(identity), (), ())
        if self._is_told(identity):
            return True
        return any(not any(c.role.kind is Kind.GUARD for c in conditions) for conditions in alternatives)

    def _is_told(self, identity: str) -> bool:
        """Whether the function calls what its caller names: a string given to ``getattr``, or a callable."""
        function = self._program.functions[identity]
        own = {Var(identity, parameter.name) for parameter in function.parameters}
        return not own.isdisjoint(self._reach.telling.telling(function))

    def alternatives(self, use: Use) -> Sequence[tuple[Condition, ...]] | None:
        """What holds in addition once a use stops the machine; None if the decision is not made here."""
        inner: Sequence[tuple[Condition, ...]] = [()]
        if use.func is not None:
            identity = use.func.function
            if identity not in self._reach.functions or not self.hands_up(identity) or self._lands_further_on(use):
                return None
            inner = self._inner_paths(use.func, use.args, use.keywords)
        called = self._propagation.held_when_called(use)
        return [joined(held, conditions) for held, conditions in product(called, inner)]

    def _lands_further_on(self, use: Use) -> bool:
        """Whether a helper is given a function that is reported at its own stop call."""
        found = [list(self._reach.uses.stopping(value)) for value in (*use.args, *(v for _, v in use.keywords))]
        return any(targets and all(map(self._is_reported_itself, targets)) for targets in found)

    def _is_reported_itself(self, target: Term) -> bool:
        return isinstance(target, Func) and not self.hands_up(target.function)

    def _inner_paths(
        self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> tuple[tuple[Condition, ...], ...]:
        """For each class of paths from the function's entry to a stop call: what was established on the way."""
        identity = func.function
        told = self.told(func, args, keywords)
        key = (identity, frozenset(told.values.items()))
        if key not in self._inner:
            if identity in self._running or len(self._running) > _DEPTH:
                return ()
            self._running.add(identity)
            self._inner[key] = self._find_inner(identity, told)
            self._running.discard(identity)
        return self._inner[key]

    def told(self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]) -> State:
        """What a function learns from its arguments about what it is to stop: names, callables and switches."""
        bound = bind(self._program.functions[func.function], func, args, keywords)
        resolved = {place: self._reach.uses.kept(self._program.resolve(value)) for place, value in bound.items()}
        return State(
            {
                place: value
                for place, value in resolved.items()
                if isinstance(value, (Const, Func, Bound)) or any(True for _ in self._reach.telling.names(value))
            }
        )

    def _find_inner(self, identity: str, entry: State) -> tuple[tuple[Condition, ...], ...]:
        graph = self._program.functions[identity].graph
        analysis = self._propagation.begun(identity, entry)
        analyses = {**self._propagation.analyses, identity: analysis}
        found: dict[frozenset[tuple[Term, bool]], tuple[Condition, ...]] = {}
        for node, call in graph.calls():
            for record in analysis.states(node):
                for use in self._propagation.uses_at(call, record.state):
                    inner: Iterable[tuple[Condition, ...]] = [()]
                    if use.func is not None:
                        if use.func.function not in self._reach.functions:
                            continue
                        inner = self._inner_paths(use.func, use.args, use.keywords)
                    base = tuple(record.state.conditions.values())
                    inserted = self._data.alternatives(_operands(use), analyses)
                    called = self._propagation.held_when_called(use)
                    for filled, kept, conditions in product(inserted, called, inner):
                        held = joined(joined(joined(filled, base), kept), conditions)
                        found[frozenset(condition.key for condition in held)] = held
        return tuple(found.values())


def _operands(use: Use) -> list[Term]:
    """What a use is given, with the object whose method it calls.

    A list that an object keeps may be empty, and a function of the program stop the machine in spite of that: of what
    such a function is given only what it is a part of counts.
    """
    receiver = [use.term.base] if isinstance(use.term, Attr) else []
    given = [*use.args, *(value for _, value in use.keywords)]
    if use.func is not None:
        given = [value.base if isinstance(value, Attr) else value for value in given]
    return [*given, *receiver]

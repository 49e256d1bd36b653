"""What is known at the entry of each function that reaches a stop call: what its callers know.

States flow from call sites into callees until nothing changes, so that a verdict at a stop call looks at
every caller, however far up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from selfstop.flow.cfg import Call
from selfstop.flow.facts import Analysis, Record
from selfstop.flow.known import Condition
from selfstop.flow.state import State
from selfstop.flow.terms import Func, Term, Var, walk
from selfstop.flow.world import callable_of
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.turning import focus_of
from selfstop.project.callgraph.uses import Mode, Use
from selfstop.project.linking.wrappers import Wrappers
from selfstop.project.symbols.binding import as_partial, bind


@dataclass(frozen=True, eq=False)
class Origin:
    """The call site through which an entry state came."""

    function: str
    record: Record
    use: Use


class Propagation:
    """The analyses of all functions that reach a stop call, fed by their callers."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.linker = reach.linker
        self.program = reach.program
        self.analyses: dict[str, Analysis] = {}
        self._wrappers = Wrappers(reach.linker)
        self._work: deque[str] = deque()
        self._sent: set[tuple[int, Record, Func]] = set()
        self._run()

    def _run(self) -> None:
        for identity in sorted(self.reach.functions):
            if self.reach.is_entry(identity) or self.reach.cleanup_of(identity):
                self._enter(identity, self._unasked(identity), None, self.reach.registering(identity) or 0)
        self._settle()
        for identity in sorted(self.reach.functions):
            if identity not in self.analyses and self._is_left_over(identity):
                self._enter(identity, self._unasked(identity), None)
                self._settle()

    def _unasked(self, identity: str) -> State:
        """What a function knows that something outside of the program calls: the stop calls that it has by default."""
        function = self.program.functions[identity]
        defaults = {place: each.default for place, each in zip(function.places, function.parameters, strict=True)}
        stops = {p: value for p, value in defaults.items() if value and self.reach.given.is_stop_call(value)}
        return State({place: self.reach.uses.kept(as_partial(value)) for place, value in stops.items()})

    def _is_left_over(self, identity: str) -> bool:
        """Whether nobody is known to call a function: not at all, or by what turned out to call something else."""
        calls = [(caller, node) for caller, node, _ in self.reach.callers_of(identity) if caller in self.analyses]
        return not calls or any(self.is_feasible(caller, node) for caller, node in calls)

    def is_feasible(self, identity: str, node: int) -> bool:
        """Whether control may come to a node of a function; it may where that was not looked at."""
        analysis = self.analyses.get(identity)
        return analysis is None or not analysis.covers(node) or any(True for _ in analysis.states(node))

    def _settle(self) -> None:
        while self._work:
            identity = self._work.popleft()
            analysis = self.analyses[identity]
            analysis.run()
            for number, record, use in self.uses(identity):
                if use.func is not None and use.func.function in self.reach.functions:
                    self._send(identity, number, record, use)

    def _send(self, caller: str, number: int, record: Record, use: Use) -> None:
        assert use.func is not None
        key = (number, record, use.func)
        if key in self._sent:
            return
        self._sent.add(key)
        callee = self.program.functions[use.func.function]
        state = State() if use.mode is not Mode.NOW else self.entry_state(record.state, use)
        for held in self.held_when_called(use):
            known = State(state.values, {**state.conditions, **{each.key: each for each in held}})
            self._enter(callee.id, known, Origin(caller, record, use))

    def held_when_called(self, use: Use) -> list[tuple[Condition, ...]]:
        """What holds in addition when an object calls what it keeps, for each class of paths to that call."""
        if use.kept is None or use.mode is Mode.CLEANUP:
            return [()]
        return self.linker.held_at(use.kept.function, use.kept.node)

    def entry_state(self, state: State, use: Use) -> State:
        """What a caller in ``state`` knows, in the callee's terms."""
        assert use.func is not None
        callee = self.program.functions[use.func.function]
        # States are kept apart by the functions that they hold, which an imported name would hide.
        bound = {
            place: self.reach.uses.kept(self.linker.resolve(value))
            for place, value in bind(callee, use.func, use.args, use.keywords).items()
        }
        values = {
            place: value
            for place, value in state.values.items()
            if not isinstance(place, Var) or self._visible(place, callee.id)
        }
        given = {place: value for place, value in bound.items() if value != place and not _speaks_of(value, place)}
        entry = State({**values, **given}, state.conditions)
        return entry.without_scope(callee.id)

    def _visible(self, place: Var, callee: str) -> bool:
        """Whether a callee sees a variable of a function around it. Its module's are known by their definitions."""
        if place.name.startswith("$"):
            return False
        scope: str | None = callee
        while scope is not None:
            scope = self.program.functions[scope].parent if scope in self.program.functions else None
            if scope == place.scope:
                return True
        return False

    def begun(self, identity: str, state: State) -> Analysis:
        """The analysis of a function on its own that is called in ``state``."""
        analysis = Analysis(self.program.functions[identity].graph, self.linker)
        for entered in self._wrappers.states(identity, state):
            analysis.enter(entered)
        analysis.run()
        return analysis

    def _enter(self, identity: str, state: State, origin: Origin | None, beneath: int = 0) -> None:
        if identity not in self.analyses:
            graph = self.program.functions[identity].graph
            self.analyses[identity] = Analysis(graph, self.linker, focus_of(self.reach, identity))
        for entered in self._wrappers.states(identity, state, beneath):
            self.analyses[identity].enter(entered, origin)
        if identity not in self._work:
            self._work.append(identity)

    def uses(self, identity: str) -> Iterator[tuple[int, Record, Use]]:
        """All feasible uses in a function, with the record in which they happen."""
        analysis = self.analyses.get(identity)
        if analysis is None:
            return
        for number, call in self.program.functions[identity].graph.calls():
            for record in list(analysis.states(number)):
                for use in self.uses_at(call, record.state):
                    yield number, record, use

    def uses_at(self, call: Call, state: State) -> Iterator[Use]:
        """What a call uses in ``state``."""
        func = callable_of(self.linker, state, call.func)
        args = [state.evaluate(arg) for arg in call.args]
        keywords = [(name, state.evaluate(value)) for name, value in call.keywords]
        yield from self.reach.uses.of(call, func, args, keywords)


def _speaks_of(value: Term, place: Term) -> bool:
    return any(part == place for part in walk(value))

"""Decorators of the program that ask something before they call what they decorate.

A call of a decorated function runs the wrapper that its decorator returns. What has been established where the
wrapper calls the function holds at the function's entry, whoever called it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.state import EMPTY, State
from selfstop.flow.terms import App, Func, Term
from selfstop.project.linking.linker import Linker
from selfstop.project.linking.outcomes import common, inexact
from selfstop.project.symbols.binding import bind, split_arguments
from selfstop.project.symbols.decorators import Wrapper, wrapper_of

MAX_ALTERNATIVES = 12
Alternatives = Sequence[tuple[Condition, ...]]


class Wrappers:
    """What is known at the entry of functions because of their decorators."""

    def __init__(self, linker: Linker) -> None:
        self._linker = linker
        self._known: dict[tuple[str, int], Alternatives] = {}

    def states(self, identity: str, state: State, beneath: int = 0) -> list[State]:
        """The states in which a function begins that is called in ``state``.

        Where one of its decorators has called what is ``beneath`` it, those above it, by number, ask nothing.
        """
        alternatives = self._alternatives(identity, beneath)
        return [State(state.values, {**{c.key: c for c in known}, **state.conditions}) for known in alternatives]

    def _alternatives(self, identity: str, beneath: int) -> Alternatives:
        key = (identity, beneath)
        if key not in self._known:
            decorators = self._linker.program.functions[identity].decorators[beneath:]
            found = [wrapped for decorator in decorators if (wrapped := self._established(decorator))]
            joined = [sum(chosen, ()) for chosen in product(*found)]
            self._known[key] = joined if len(joined) <= MAX_ALTERNATIVES else [common(joined)]
        return self._known[key]

    def _established(self, decorator: Term) -> Alternatives:
        """What holds where the wrapper calls the function: one tuple for each way; none where that is unknown."""
        wrapper = wrapper_of(self._linker.program, decorator)
        if wrapper is None or self._linker.is_running(wrapper.function):
            return []
        return [
            self._asked(record.state, entry)
            for entry in self._around(wrapper, decorator)
            for record in self._linker.states_at(wrapper.function, wrapper.calls, entry)
        ]

    @staticmethod
    def _asked(state: State, entry: State) -> tuple[Condition, ...]:
        """What holds where a wrapper calls; what was known around it before says nothing but of guards."""
        known = state.conditions if state.held else state.conditions.keys() - entry.conditions.keys()
        return inexact(state.conditions[key] for key in state.conditions if key in known)

    def _around(self, wrapper: Wrapper, decorator: Term) -> list[State]:
        """What is known around the wrapper that one use of a decorator makes: the arguments are those of this use."""
        program = self._linker.program
        entries = [EMPTY]
        match decorator:
            case App(op="call", args=(factory, *args)):
                func = program.resolve(factory)
                if isinstance(func, Func) and program.body(func.function) is not None:
                    given = bind(program.functions[func.function], func, *split_arguments(args))
                    known = {place: self._linker.resolve(value) for place, value in given.items()}
                    entries = self._left(func.function, State(known))
        decorating = program.functions[wrapper.function].parent
        return [left for entry in entries for left in self._left(decorating or "", entry)]

    def _left(self, identity: str, entry: State) -> list[State]:
        """What a function that begins in ``entry`` leaves to those that it makes, for each way on which it returns."""
        program = self._linker.program
        if self._linker.is_running(identity):
            return [EMPTY]
        exit_node = program.functions[identity].graph.exit
        found = [record.state for record in self._linker.states_at(identity, [exit_node], entry)]
        if not 0 < len(found) <= MAX_ALTERNATIVES:
            return [EMPTY]
        return [
            State(
                {place: value for place, value in state.values.items() if program.is_settled(place)},
                # What was counted or timed by then is old news when the wrapper runs.
                {c.key: c for c in inexact(state.conditions.values()) if c.role.kind is Kind.OFF_SWITCH},
            )
            for state in found
        ]

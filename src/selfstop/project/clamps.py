"""Settings that a module corrects when it is imported: ``if LIMIT < 1: LIMIT = 5``, ``if LIMIT <= 0: raise …``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from selfstop.flow.cfg import Test
from selfstop.flow.code import MODULE_BODY
from selfstop.flow.linear import number
from selfstop.flow.roles import Kind
from selfstop.flow.state import State
from selfstop.flow.terms import Term, Var, walk
from selfstop.project.program import Program


class Clamps:
    """Tells which variables of modules are positive once their module has been imported."""

    def __init__(self, program: Program, ends: Callable[[str, Var], Sequence[State]]) -> None:
        """``ends`` gives the states in which a module body ends, as far as they matter to a variable."""
        self._program = program
        self._ends = ends
        self._known: dict[Var, bool] = {}

    def is_positive(self, place: Term) -> bool:
        """Whether a threshold can be neither 0 nor negative, because its module sees to that."""
        targets = {definition.target for definition in self._program.definitions(place)}
        target = targets.pop() if len(targets) == 1 else None
        if not isinstance(target, Var) or target.scope not in self._program.modules:
            return False
        if target not in self._known:
            body = f"{target.scope}:{MODULE_BODY}"
            self._known[target] = False  # for whoever asks while the module is looked at
            ends = self._ends(body, target) if self._is_settled_in(target, body) else ()
            self._known[target] = bool(ends) and all(_is_positive(target, state) for state in ends)
        return self._known[target]

    def _is_settled_in(self, variable: Var, body: str) -> bool:
        """Whether a module body tests a variable, and nothing else assigns it."""
        if any(definition.function != body for definition in self._program.definitions(variable)):
            return False
        tests = [node.operation for node in self._program.functions[body].graph.nodes]
        return any(variable in walk(test.term) for test in tests if isinstance(test, Test))


def _is_positive(variable: Var, state: State) -> bool:
    value = number(state.evaluate(variable))
    if value is not None:
        return value > 0
    known = [condition.role for condition in state.conditions.values()]
    return any(role.kind is Kind.OFF_SWITCH and variable in role.thresholds for role in known)

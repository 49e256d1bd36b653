"""What the analysis of one function asks of the rest of the program, and what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from selfstop.flow.cfg import Call
from selfstop.flow.contents import Contents
from selfstop.flow.known import Condition, Shared
from selfstop.flow.roles import Role
from selfstop.flow.state import State
from selfstop.flow.terms import App, Attr, Func, Term, Var

EXTERNAL = App("external")
"""An exception that no code of the program has raised. Of one that it may have raised no value is known."""


@dataclass(frozen=True)
class Outcome:
    """One way a call of the program's own code ends: its result and what is then known.

    ``renewed`` are the mention keys of what the call computed on its way to ``value``: another call computes it anew.
    """

    value: Term | None
    conditions: tuple[Condition, ...] = ()
    renewed: frozenset[object] = frozenset()


@dataclass(frozen=True)
class CallEffect:
    """What calling a function of the program does.

    ``returns`` lists the ways it returns (empty: it never does), ``raises`` the exceptions of the program it
    may raise, each with what is then known; ``writes`` the shared places it assigns, with the effect.
    """

    returns: tuple[Outcome, ...]
    raises: tuple[tuple[Term, Outcome], ...] = ()
    writes: tuple[tuple[Term, str], ...] = ()
    scope: str = ""


class World(Protocol):
    """What the analysis of one function asks of the rest of the program."""

    def resolve(self, term: Term) -> Term:
        """``term`` with names of functions, classes and methods of the program put in."""

    def call(
        self, call: Call, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> CallEffect | None:
        """The effect of a call of the program's own code; None for a call of anything else."""

    def passing(
        self,
        call: Call,
        func: Term,
        args: Sequence[Term],
        keywords: Sequence[tuple[str, Term]],
        *,
        writes: bool,
    ) -> CallEffect | None:
        """The effect of a call where neither what it gives back nor what it raises decides anything.

        What it assigns is only wanted with ``writes``.
        """

    def role(self, term: Term, truth: bool, state: State, scope: str) -> Role:
        """What a condition is worth."""

    def implied(self, term: Term, truth: bool, scope: str) -> Sequence[Sequence[Condition]] | None:
        """What the outcome of testing a shared flag or a property implies: one list for each way it came about."""

    def constant(self, term: Term) -> Term:
        """The number that a constant of a module stands for, or ``term`` itself."""

    def shared(self, scope: str) -> Shared:
        """Attributes and outer variables that functions other than ``scope`` assign."""

    def raised(self, clause: Sequence[Term], scope: str) -> Sequence[Sequence[Condition]] | None:
        """The conditions under which others than ``scope`` raise what ``clause`` takes; None if these are unknown."""

    def is_conditional(self, clause: Sequence[Term]) -> bool:
        """Whether what ``clause`` takes is only raised by the program, and never without a condition."""

    def leaves_program(self, func: Term, operands: Sequence[Term]) -> bool:
        """Whether a call of unknown effect evidently runs no code of the program."""

    @property
    def tells_exceptions(self) -> bool:
        """Whether some handler of the program takes exceptions of the program's own classes, and not all others."""

    @property
    def telling(self) -> frozenset[object]:
        """The places whose values may decide anything; see ``flow.telling``."""

    def contents(self, scope: str) -> Contents:
        """What the objects of function ``scope`` hold, and where that may change."""

    def catches(self, exception: Term, clause: Sequence[Term]) -> bool | None:
        """Whether a handler for ``clause`` takes ``exception``; None if that is open."""


def callable_of(world: World, state: State, func: Term) -> Term:
    """What calling ``func`` runs: by the value of its object, else by the class that the code says it has."""
    found = world.resolve(state.evaluate(func))
    if isinstance(found, Attr) and isinstance(func, Attr):
        declared = world.resolve(func)
        if isinstance(declared, Func) and declared.receiver == func.base:
            return replace(declared, receiver=found.base)
    return found


def is_unknown(exception: Term) -> bool:
    """Whether a pending exception may be any that the program raises, or one from outside."""
    return isinstance(exception, Var) and exception.name.startswith("$")

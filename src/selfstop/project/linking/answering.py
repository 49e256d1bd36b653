"""What decorators make of the answers of what they decorate.

A wrapper may turn an answer around, give one of its own, or take an exception for an answer. What it does around a
call that it hands on, such as to log, to measure or to try again, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from selfstop.flow.known import Condition
from selfstop.flow.terms import NONE, App, Const, Result, Term, Var, rebuild
from selfstop.flow.world import Outcome
from selfstop.project.symbols.decorators import Wrapper
from selfstop.project.symbols.program import Program

_LOGIC = frozenset({"not", "bool", "and", "or", "if"})


Answering: TypeAlias = "Callable[[Sequence[Outcome], bool], Iterable[tuple[Condition, ...]]]"
"""What holds in those outcomes whose value may be true, or false."""


def answered(
    program: Program, wrapper: Wrapper, around: Sequence[Outcome], own: Sequence[Outcome], answering: Answering
) -> list[Outcome]:
    """The outcomes of a decorated function, of which its ``own`` are known, and those ``around`` it of the wrapper."""
    skips = wrapper.may_return_without(program, exhausted=False)
    hands_on = any(_speaks_of(outcome.value, wrapper.decorated) for outcome in around)
    found: list[Outcome] = []
    for outcome in around:
        truth = _asked(outcome, wrapper.decorated)
        value = outcome.value if isinstance(outcome.value, Const) else None
        if _speaks_of(outcome.value, wrapper.decorated):
            found += [replace(each, value=_put_in(outcome.value, wrapper.decorated, each.value)) for each in own]
        elif truth is not None:
            found += [Outcome(value, held) for held in answering(own, truth)]
        elif skips:
            found.append(Outcome(value))
        elif not (hands_on and _is_given_up(outcome, wrapper, program)):
            found += [replace(each, value=value) for each in own]
    return list(dict.fromkeys(found))


def _asked(outcome: Outcome, decorated: Var) -> bool | None:
    """Whether the decorated function has answered something true, where that was tested."""
    tested = (each for each in outcome.conditions if isinstance(each.term, Result) and each.term.callee == decorated)
    return next((condition.truth for condition in tested), None)


def _is_given_up(outcome: Outcome, wrapper: Wrapper, program: Program) -> bool:
    """Whether it is what a loop that tries again comes to in the end, where it is not left before."""
    return outcome.value == NONE and wrapper.may_return_without(program, exhausted=True)


def _speaks_of(value: Term | None, decorated: Var) -> bool:
    match value:
        case Result(callee=callee):
            return callee == decorated
        case App(op=op, args=args) if op in _LOGIC:
            return any(_speaks_of(arg, decorated) for arg in args)
    return False


def _put_in(value: Term | None, decorated: Var, answer: Term | None) -> Term | None:
    """What a wrapper answers, with the answer of the decorated function in it; None where nothing is known of that."""
    if answer is None or value is None:
        return None

    def put_in(term: Term) -> Term:
        if isinstance(term, Result):
            return answer if term.callee == decorated else term
        return rebuild(term, put_in) if isinstance(term, App) and term.op in _LOGIC else term

    return put_in(value)

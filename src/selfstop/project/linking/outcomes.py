"""What a call may come to: several outcomes, put together or held to a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from selfstop.flow.cfg import Call
from selfstop.flow.folding import truth_of
from selfstop.flow.known import Condition
from selfstop.flow.terms import Term, framed
from selfstop.flow.world import CallEffect, Outcome

MAX_OUTCOMES = 12


def united(effects: Sequence[CallEffect]) -> CallEffect:
    """The effect of a call that may run any of several functions."""
    return CallEffect(
        tuple(outcome for effect in effects for outcome in effect.returns),
        tuple(item for effect in effects for item in effect.raises),
        tuple(item for effect in effects for item in effect.writes),
    )


def guessed(effect: CallEffect) -> CallEffect:
    """The effect of a call that probably runs a function: conditions count, but rule nothing out."""
    truths = {None if outcome.value is None else truth_of(outcome.value) for outcome in effect.returns}
    outcomes = [replace(outcome, conditions=inexact(outcome.conditions)) for outcome in effect.returns]
    if len(truths) == 1:
        outcomes = [replace(outcome, value=None) for outcome in outcomes]
    return replace(effect, returns=tuple(outcomes) or (Outcome(None),))


def seen_from(outcome: Outcome, function: str, call: Call) -> Outcome:
    """An outcome of ``function`` in which what that has computed is told from what other calls of it compute."""

    def seen(term: Term) -> Term:
        return framed(term, function, call.result.site)

    def said(condition: Condition) -> Condition:
        term, places = seen(condition.term), frozenset(map(seen, condition.places))
        if term is condition.term and places == condition.places:
            return condition
        role = replace(condition.role, thresholds=frozenset(map(seen, condition.role.thresholds)))
        return replace(condition, term=term, places=places, role=role)

    value = None if outcome.value is None else seen(outcome.value)
    return replace(outcome, value=value, conditions=tuple(map(said, outcome.conditions)))


def inexact(conditions: Iterable[Condition]) -> tuple[Condition, ...]:
    """Conditions that held, of which it is open whether they still do word for word."""
    return tuple(replace(condition, exact=False) for condition in conditions)


def limited(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """At most ``MAX_OUTCOMES``; beyond that only what holds in all of them."""
    if len(outcomes) <= MAX_OUTCOMES:
        return tuple(outcomes)
    return (Outcome(None, common([outcome.conditions for outcome in outcomes])),)


def common(alternatives: Sequence[tuple[Condition, ...]]) -> tuple[Condition, ...]:
    """What holds in all of several cases."""
    common = set(alternatives[0]).intersection(*alternatives[1:])
    return tuple(condition for condition in alternatives[0] if condition in common)

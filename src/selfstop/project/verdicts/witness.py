"""A witness: one concrete way to a stop call, told so that a reader can check it line by line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.model import StepKind, WitnessStep
from selfstop.project.callgraph.paths import Judgement
from selfstop.project.verdicts.legs import Legs, legs_of, marks
from selfstop.project.verdicts.narration import Narration
from selfstop.project.verdicts.notes import Notes
from selfstop.project.verdicts.verdict import Verdicts

MAX_STEPS = 40
_CAN_GO = frozenset({StepKind.TEST, StepKind.GIVEN})


def witness(verdicts: Verdicts, judgement: Judgement) -> tuple[WitnessStep, ...]:
    """The way that shows ``judgement``: from where the program is entered to the call that stops the machine."""
    steps = list(dict.fromkeys(_steps(Notes(verdicts, judgement, legs_of(verdicts, judgement)))))
    # Also where the way down to the call of the API is not in sight, the last call is the one that stops.
    steps[-1] = replace(steps[-1], kind=StepKind.STOP)
    return tuple(_shortened(steps))


def _steps(notes: Notes) -> Iterator[WitnessStep]:
    told: set[object] = set()
    for number, leg in enumerate(notes.way.legs):
        narration = Narration(notes, leg, told)
        yield narration.enter(first=number == 0)
        yield from narration.on_the_way()
        if number == notes.way.landing:
            yield from narration.known_besides(_besides(notes))
        yield narration.leave()


def _besides(notes: Notes) -> Iterator[Condition]:
    """The conditions that a reader of the message looks for, wherever they were established, but below."""
    below = _below(notes.way)
    for condition in notes.judgement.dominating:
        named = condition.role.kind is not Kind.PLAIN or notes.judgement.code == "SST103"
        if named and below.isdisjoint(marks(condition)):
            yield condition


def _below(way: Legs) -> set[object]:
    """The conditions that are only established after the place of the finding."""
    states = [leg.end.state for leg in way.legs[way.landing + 1 :]]
    return {mark for state in states for condition in state.conditions.values() for mark in marks(condition)}


def _shortened(steps: Sequence[WitnessStep]) -> list[WitnessStep]:
    """At most ``MAX_STEPS`` where that is possible without breaking the way: the first conditions go."""
    surplus = len(steps) - MAX_STEPS
    kept = []
    for step in steps:
        if surplus > 0 and step.kind in _CAN_GO:
            surplus -= 1
        else:
            kept.append(step)
    return kept

"""What a finding says in one line: the rule's message and, in brackets, the calls that lead to the stop call."""

from __future__ import annotations

from typing import Final

from selfstop.model import Finding, StepKind, WitnessStep

MAX_CALLS: Final = 4
MAX_MESSAGE: Final = 1000
"""Of how many characters a message is shown: it quotes conditions, and a line of code may have megabytes."""

_MAX_NAME: Final = 40
_CALLS: Final = frozenset({StepKind.CALL, StepKind.STOP})
_ARROW: Final = " -> "  # plain ASCII: flake8 prints it in whatever encoding the terminal has


def one_line(finding: Finding) -> str:
    """The message and the way in short form. flake8 and the concise format print the same."""
    short = way(finding)
    message = finding.message if len(finding.message) <= MAX_MESSAGE else f"{finding.message[:MAX_MESSAGE]} ..."
    return f"{message} [way: {short}]" if short else message


def way(finding: Finding) -> str:
    """The calls from the program's entry to the stop call, each with its place; empty if the finding's is the only one.

    Of a long way the first and the last calls are shown. Paths are left out within the finding's file.
    """
    calls = [step for step in finding.witness if step.kind in _CALLS]
    if len(calls) < 2:
        return ""
    told = [_told(step, finding) for step in calls]
    if len(told) > MAX_CALLS:
        told = [*told[:2], "...", *told[-2:]]
    return _ARROW.join(told)


def _told(step: WitnessStep, finding: Finding) -> str:
    place = f"line {step.line}" if step.path == finding.call.path else f"{step.path}:{step.line}"
    what = step.text.removeprefix("call ")
    return f"{place} {what if len(what) <= _MAX_NAME else what.rpartition('.')[2][:MAX_MESSAGE]}"

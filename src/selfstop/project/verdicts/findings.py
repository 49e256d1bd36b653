"""Judgements in the words of the rules: findings and guarded calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from selfstop import rules
from selfstop.flow.known import Condition
from selfstop.model import Finding, StopCall, Target
from selfstop.project.callgraph.paths import GUARDED, Judgement, Path
from selfstop.project.symbols.program import Program
from selfstop.project.targets.target import Aim
from selfstop.project.verdicts.notes import threshold_name
from selfstop.project.verdicts.verdict import Verdicts
from selfstop.project.verdicts.witness import witness

_REPLACED: Final = ", so that every replacement machine stops itself too"
"""What comes of a stop call without a condition, unless it is known to stop another machine than its own."""


def stop_call(program: Program, judgement: Judgement, aim: Aim) -> StopCall:
    """The call that a judgement is about, with the machine it stops."""
    site = judgement.site
    function = program.functions[site.function]
    held = asked_on_every_way(judgement.site.paths) if judgement.code == GUARDED else judgement.dominating
    conditions = tuple(dict.fromkeys(condition.source for condition in held if condition.text))
    span, text = site.call.span, site.call.text
    return StopCall(function.path, span, function.qualname, text, conditions, aim.target, aim.sources)


def asked_on_every_way(paths: Sequence[Path]) -> tuple[Condition, ...]:
    """The conditions that the same tests established on all the paths.

    What a test says may differ from path to path: after ``last = time.monotonic()`` in a loop, ``now - last > LIMIT``
    speaks of another reading of the clock than it does in the first round.
    """
    every = [frozenset(map(_asked, path.conditions)) for path in paths]
    return tuple(condition for condition in paths[0].conditions if all(_asked(condition) in asked for asked in every))


def _asked(condition: Condition) -> tuple[object, ...]:
    """What tells a test and its outcome apart from others, whatever its variables hold.

    Not its node: a ``finally`` occurs once for each way into it.
    """
    if not condition.text:
        return condition.key
    function, _ = condition.test
    return function, condition.line, condition.text, condition.outcome


def findings(verdicts: Verdicts, judgement: Judgement, call: StopCall) -> list[Finding]:
    """What the rules say of one judgement: nothing, one finding, or one more for a default that switches on."""
    found = []
    if judgement.code != GUARDED:
        message = rules.message(judgement.code, **_arguments(call, judgement, verdicts))
        found.append(Finding(call, judgement.code, message, witness(verdicts, judgement)))
    if judgement.defaults:
        default = judgement.defaults[0]
        shown = next(path for path in judgement.site.paths if default.key in {guard.key for guard in path.guards})
        origin = default.role.origin
        message = rules.message(
            "SST201",
            callee=call.callee,
            threshold=threshold_name(default),
            variable=origin.variable or "its variable",
            default=origin.default,
        )
        switched = replace(judgement, code="SST201", path=shown, culprit=default)
        found.append(Finding(call, "SST201", message, witness(verdicts, switched)))
    return found


def _arguments(call: StopCall, judgement: Judgement, verdicts: Verdicts) -> dict[str, str]:
    texts = call.conditions or verdicts.deciding_texts(judgement.site)
    arguments = {
        "callee": call.callee,
        "conditions": ", ".join(f"`{text}`" for text in texts) or "a condition that no longer holds",
        "cleanup": judgement.cleanup,
        "consequence": "" if call.target is Target.OTHER else _REPLACED,
    }
    if judgement.culprit is not None:
        arguments["guard"] = judgement.culprit.source
        arguments["threshold"] = threshold_name(judgement.culprit)
    return arguments

"""Judgements in the words of the rules: findings and guarded calls."""

from __future__ import annotations

from selfstop import rules
from selfstop.flow.state import Condition
from selfstop.flow.terms import last_name
from selfstop.model import Finding, StopCall, WitnessStep
from selfstop.project.program import Program
from selfstop.project.verdict import GUARDED, Judgement, Path, Verdicts
from selfstop.project.witness import witness


def stop_call(program: Program, judgement: Judgement) -> StopCall:
    """The call that a judgement is about."""
    site = judgement.site
    function = program.functions[site.function]
    conditions = tuple(dict.fromkeys(condition.source for condition in judgement.dominating if condition.text))
    return StopCall(function.path, site.call.span, function.qualname, site.call.text, conditions)


def findings(program: Program, verdicts: Verdicts, judgement: Judgement) -> list[Finding]:
    """What the rules say of one judgement: nothing, one finding, or one more for a default that switches on."""
    call = stop_call(program, judgement)
    found = []
    if judgement.code != GUARDED:
        message = rules.message(judgement.code, **_arguments(call, judgement, verdicts))
        found.append(Finding(call, judgement.code, message, _witness(program, call, judgement.path)))
    if judgement.defaults:
        default = judgement.defaults[0]
        origin = default.role.origin
        message = rules.message(
            "SST201",
            callee=call.callee,
            threshold=_threshold(default),
            variable=origin.variable or "its variable",
            default=origin.default,
        )
        found.append(Finding(call, "SST201", message, _witness(program, call, judgement.path)))
    return found


def _witness(program: Program, call: StopCall, path: Path) -> tuple[WitnessStep, ...]:
    return witness(program, path.record, WitnessStep(call.path, call.span.line, f"call {call.callee}()"))


def _arguments(call: StopCall, judgement: Judgement, verdicts: Verdicts) -> dict[str, str]:
    texts = call.conditions or verdicts.deciding_texts(judgement.site)
    arguments = {
        "callee": call.callee,
        "conditions": ", ".join(f"`{text}`" for text in texts) or "a condition that no longer holds",
        "cleanup": judgement.cleanup,
    }
    if judgement.culprit is not None:
        arguments["guard"] = judgement.culprit.source
        arguments["threshold"] = _threshold(judgement.culprit)
    return arguments


def _threshold(condition: Condition) -> str:
    """The threshold of a guard as the reader knows it: the shortest name among its atoms."""
    names = sorted(
        filter(None, (last_name(atom) for atom in condition.role.thresholds)),
        key=lambda n: (n == "getenv", len(n), n),
    )
    written = [name for name in names if name in condition.text]
    return (written or names or ["the threshold"])[0]

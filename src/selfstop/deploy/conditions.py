"""Conditions of shell scripts under what is known of the variables in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from selfstop.deploy.images import BuiltImage
from selfstop.deploy.model import Comparison, Condition, Run, Setting, Unresolved, Value

_OPERATORS = {"=": True, "==": True, "-eq": True, "!=": False, "-ne": False}


def feasible(conditions: Iterable[Condition], run: Run, built: BuiltImage | None) -> bool:
    """Whether the conditions under which a program is started may hold, with the settings of its run and image."""
    known: dict[str, str | None] = {}
    for setting in built.settings if built is not None else ():
        known[setting.name] = setting.value.literal
    for source in run.sources:
        if isinstance(source, Setting):
            known[source.name] = source.value.literal
    complete = all(isinstance(source, Setting) for source in run.sources)
    return all(_may_hold(condition, known, complete) for condition in conditions)


def _may_hold(condition: Condition, known: Mapping[str, str | None], complete: bool) -> bool:
    if condition.test is None:
        return True
    answer = _answer(condition.test, known, complete)
    return answer is None or answer is condition.holds


def _answer(test: Comparison, known: Mapping[str, str | None], complete: bool) -> bool | None:
    left = _text(test.left, known, complete)
    if left is None:
        return None
    if test.operator in {"-n", "-z"}:
        return bool(left) is (test.operator == "-n")
    right = _text(test.right, known, complete)
    if right is None or test.operator not in _OPERATORS:
        return None
    return (left == right) is _OPERATORS[test.operator]


def _text(value: Value, known: Mapping[str, str | None], complete: bool) -> str | None:
    texts: list[str] = []
    for part in value.parts:
        text = part if isinstance(part, str) else _variable(part, known, complete)
        if text is None:
            return None
        texts.append(text)
    return "".join(texts)


def _variable(part: Unresolved, known: Mapping[str, str | None], complete: bool) -> str | None:
    """The text of a variable; where it is not set at all, its default or nothing."""
    if part.name in known:
        text = known[part.name]
        if text == "" and part.default is not None and part.default_if_empty:
            return part.default.literal
        return text
    if not complete:
        return None
    return "" if part.default is None else part.default.literal

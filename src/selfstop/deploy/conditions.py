"""Conditions of shell scripts under what is known of the variables in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Final

from selfstop.deploy.images import BuiltImage
from selfstop.deploy.model import Comparison, Condition, Origin, Run, Setting, SettingsFile, Unresolved, Value
from selfstop.deploy.programs import Program

_MOST: Final = 16
_OF_SHELL: Final = re.compile(
    r"BASH\w*|(?:E|PP)?U?ID|GROUPS|HOME|HOST(?:NAME|TYPE)|IFS|LANG|LINENO|LOGNAME|MACHTYPE|OLDPWD|OPT(?:ARG|IND)|OSTYPE|PATH|PWD"
    r"|RANDOM|REPLY|SECONDS|SHELL|SHLVL|TERM|USER|_"
)
"""Variables that a shell or a container has without anybody who sets them in the repository."""

_OPERATORS = {"=": True, "==": True, "-eq": True, "!=": False, "-ne": False}


def feasible(program: Program, run: Run, built: BuiltImage | None) -> bool:
    """Whether the conditions under which a program is started may hold, with the settings of its run and image."""
    known: dict[str, str | None] = {}
    for setting in built.settings if built is not None else ():
        known[setting.name] = setting.value.literal
    for source in run.sources:
        if isinstance(source, Setting):
            known[source.name] = source.value.literal
    complete = all(isinstance(source, Setting) for source in run.sources)
    complete = complete and not any(isinstance(source, SettingsFile) for source in program.script)
    return all(_may_hold(condition, known, complete) for condition in program.conditions)


def _may_hold(condition: Condition, known: Mapping[str, str | None], complete: bool) -> bool:
    if condition.test is None:
        return True
    answer = _answer(condition.test, known, complete)
    return answer is None or answer is condition.holds


def _answer(test: Comparison, known: Mapping[str, str | None], complete: bool) -> bool | None:
    """The answer, where all texts that may be compared agree on it."""
    found = {
        _compared(left, test.operator, right)
        for left in _texts(test.left, known, complete)
        for right in _texts(test.right, known, complete)
    }
    return found.pop() if len(found) == 1 else None


def _compared(left: str | None, operator: str, right: str | None) -> bool | None:
    if left is None:
        return None
    if operator in {"-n", "-z"}:
        return bool(left) is (operator == "-n")
    if right is None or operator not in _OPERATORS:
        return None
    return (left == right) is _OPERATORS[operator]


def _texts(value: Value, known: Mapping[str, str | None], complete: bool) -> list[str | None]:
    """The texts that a value may be; None for one that is not known."""
    options = [[part] if isinstance(part, str) else _options(part, known, complete) for part in value.parts]
    found: list[str | None] = []
    for parts, _ in zip(product(*options), range(_MOST), strict=False):
        texts = [part for part in parts if part is not None]
        found.append("".join(texts) if len(texts) == len(parts) else None)
    return found


def _options(part: Unresolved, known: Mapping[str, str | None], complete: bool) -> list[str | None]:
    """The texts of a variable: what the script assigns to it, and, unless that is all, what it is given."""
    assigned: list[str | None] = [_filled(text, part) for text in part.candidates]
    return assigned if part.complete else [*assigned, _given(part, known, complete)]


def _given(part: Unresolved, known: Mapping[str, str | None], complete: bool) -> str | None:
    """What a variable is given by run and image; where it is not set at all, its default or nothing."""
    if part.origin is not Origin.VARIABLE or part.computed:
        return None
    if part.name in known:
        text = known[part.name]
        return None if text is None else _filled(text, part)
    if not complete or not part.name.isidentifier() or _OF_SHELL.fullmatch(part.name):
        return None
    return "" if part.default is None else part.default.literal


def _filled(text: str, part: Unresolved) -> str | None:
    is_replaced = text == "" and part.default is not None and part.default_if_empty
    return part.default.literal if is_replaced and part.default is not None else text

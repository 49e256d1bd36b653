"""What is counted or timed, and whether it grows while nothing happens."""

from __future__ import annotations

from collections.abc import Iterable

from selfstop.flow.linear import TRANSPARENT, Linear, linear, number
from selfstop.flow.roles import Evidence
from selfstop.flow.terms import App, Attr, Item, Result, Term, Var, dotted, last_name, walk
from selfstop.flow.vocabulary import (
    CALENDAR_FIELDS,
    CLOCKS,
    GROWING_WORDS,
    LEVEL_WORDS,
    NO_MEASURE_WORDS,
    START_WORDS,
    UNIT_WORDS,
    is_constant_name,
    words,
)


def never_measured(atom: Term) -> bool:
    """Retries, versions, exit codes and the calendar are compared with numbers, too."""
    if is_constant_name(last_name(atom)) and isinstance(atom, (Var, Attr)):
        return False
    for part in walk(atom):
        name = last_name(part)
        if name in CALENDAR_FIELDS or dotted(part) in {"sys.argv", "sys.version_info", "sys.platform"}:
            return True
    inner = atom
    while isinstance(inner, App) and inner.op in TRANSPARENT | {"len"} and inner.args:
        inner = inner.args[0]
    return counts_tries(last_name(inner))


def counts_tries(name: str) -> bool:
    """Whether what is called so counts no idleness, but attempts and the like."""
    return bool(words(name) & NO_MEASURE_WORDS)


def is_growing(form: Linear, measures: Iterable[Term], evidence: Evidence) -> bool:
    """Whether the measure grows while nothing happens: a counter that is raised, a time that has passed."""
    signs = dict(form.atoms)
    atoms = list(measures)
    if any(is_clock(atom, evidence) for atom in atoms) and len(atoms) > 1:
        return True
    if any(is_clock(atom, evidence) and signs.get(atom, 0) > 0 for atom in atoms):
        return True
    if any(is_start(atom, evidence) and signs.get(atom, 0) < 0 for atom in atoms):
        return True
    return any(grows(atom, evidence) for atom in atoms)


def grows(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` grows, by the way it is set or else by its name."""
    if grows_by_definition(atom, evidence):
        return True
    found = all_words(atom)
    if found & LEVEL_WORDS:
        return False
    return bool(found & GROWING_WORDS) or bool(words(last_name(atom)) & GROWING_WORDS)


def grows_by_definition(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is raised somewhere, or set to a time that has passed."""
    if not isinstance(atom, (Var, Attr, Item)):
        return False
    return any(
        _raises(item.step, item.value, evidence) or _counts_on(item.value, item.target)
        for item in evidence.definitions(atom)
    )


def _counts_on(value: Term | None, counter: Term) -> bool:
    """Whether a counter may become one more than it was: ``0 if work else n + 1``, ``min(n + 1, 5)``."""
    match value:
        case App(op="if", args=(_, *parts)) | App(op="min", args=parts):
            return any(_counts_on(part, counter) for part in parts)
        case App(op="+", args=(left, right)) if counter in {left, right}:
            return (number(right if left == counter else left) or 0) > 0
    return False


def _raises(step: str, value: Term | None, evidence: Evidence) -> bool:
    if step == "+":
        return True
    if step or value is None:
        return False
    parts = sorted(linear(value).atoms, key=lambda pair: pair[1])
    if len(parts) != 2 or not parts[0][1] < 0 < parts[1][1]:
        return False
    before, now = parts[0][0], parts[1][0]
    return is_clock(now, evidence) or (isinstance(now, Result) and bool(words(last_name(before)) & START_WORDS))


def is_deadline(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is a moment to come: the present plus something, wherever it is set."""
    values = [item.value for item in evidence.definitions(atom) if item.value is not None]
    return bool(values) and all(_reaches_ahead(value, evidence) for value in values)


def _reaches_ahead(value: Term, evidence: Evidence) -> bool:
    form = linear(value)
    if not all(sign > 0 for _, sign in form.atoms) or not any(is_clock(part, evidence) for part, _ in form.atoms):
        return False
    return len(form.atoms) > 1 or form.constant > 0


def is_clock(atom: Term, evidence: Evidence, depth: int = 0) -> bool:
    """Whether ``atom`` is the present time, read directly or through a variable named ``now``."""
    match atom:
        case Result(callee=callee) if callee is not None:
            return dotted(callee) in CLOCKS or (dotted(callee).endswith(".time") and "loop" in dotted(callee))
        case App(op="call", args=(callee, *_)):
            return dotted(callee) in CLOCKS
        case App(op="timestamp", args=(inner, *_)):
            return is_clock(inner, evidence, depth)
        case Var(name=name) if depth < 3 and not words(name) & START_WORDS:
            values = [item.value for item in evidence.definitions(atom) if item.value is not None]
            if values and all(is_clock(value, evidence, depth + 1) for value in values):
                return True
            return words(name) <= {"now", "current", "time", "ts", "utc"} and "now" in words(name)
    return False


def is_start(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is a moment in the past."""
    if words(last_name(atom)) & START_WORDS:
        return True
    values = [item.value for item in evidence.definitions(atom) if item.value is not None]
    return bool(values) and any(is_clock(value, evidence) for value in values)


def is_time(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is a time, by its value or by its name."""
    return is_clock(atom, evidence) or bool(words(last_name(atom)) & (UNIT_WORDS | {"elapsed", "uptime", "age"}))


def all_words(atom: Term) -> frozenset[str]:
    """The words of all names in ``atom``, without those of the receiver ``self``."""
    found: set[str] = set()
    for part in walk(atom):
        if isinstance(part, (Var, Attr, Item, Result)):
            found |= words(last_name(part))
        if isinstance(part, Result):
            found |= words(part.name)
    return frozenset(found)

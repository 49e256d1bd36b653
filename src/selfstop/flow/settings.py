"""One setting, however it is read: ``getenv("T", "0")`` and ``environ["T"]``, ``cfg.get("t", 0)`` and ``cfg["t"]``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from selfstop.flow.linear import number
from selfstop.flow.roles import Role
from selfstop.flow.terms import NONE, App, Const, Item, Term, dotted, rebuild

Default: TypeAlias = "Term | None"


def switches(switch: Role, guard: Role) -> bool:
    """Whether an off switch is one for the threshold of a guard. One without a threshold is for all."""
    return not switch.thresholds or not asked(switch.thresholds).isdisjoint(needed(guard.thresholds))


def needed(thresholds: Iterable[Term]) -> frozenset[Term]:
    """What a switch has to test for a guard with ``thresholds``.

    Where a setting is 0 for the guard unless it is there, it has to be off for the switch, too.
    """
    return frozenset(form for term in thresholds for form in (term, _setting(term, _stops_at_once)))


def asked(thresholds: Iterable[Term]) -> frozenset[Term]:
    """The settings that a switch tests, as ``needed`` tells them."""
    return frozenset(
        form for term in thresholds for form in (term, _setting(term, _never), _setting(term, _switches_off))
    )


def _setting(term: Term, is_marked: Callable[[Default], bool]) -> Term:
    """``term`` with settings as they are without a default, marked by what that is."""
    read = _read(term)
    if read is None:
        return rebuild(term, lambda part: _setting(part, is_marked))
    place, default = read
    return App("unset", (place,)) if is_marked(default) else place


def _read(term: Term) -> tuple[Term, Default] | None:
    match term:
        case App(op="getenv", args=(name, *rest)):
            return App("getenv", (name,)), rest[0] if rest else None
        case Item(base=base, key=name) if dotted(base) == "os.environ":
            return App("getenv", (name,)), None
        case App(op="get", args=(base, key, *rest)):
            return Item(_plain(base), key), rest[0] if rest else None
        case Item(base=base, key=key):
            return Item(_plain(base), key), None
    return None


def _plain(term: Term) -> Term:
    return _setting(term, _never)


def _never(_: Default) -> bool:
    return False


def _stops_at_once(default: Default) -> bool:
    """Whether a guard may hold at once where a setting is not there, and nothing fails."""
    return not _is_nothing(default) and not _amount(default, -1) > 0


def _switches_off(default: Default) -> bool:
    """Whether a switch is off where a setting is not there."""
    return _is_nothing(default) or _amount(default, 1) <= 0


def _is_nothing(default: Default) -> bool:
    return default in {None, NONE, Const(""), App("dict")}


def _amount(default: Default, unknown: float) -> float:
    """The number that a default is, also as a text; ``unknown`` where that cannot be told."""
    match default:
        case Const(value=str()):
            default = App("float", (default,))
    found = None if default is None else number(default)
    return unknown if found is None else found

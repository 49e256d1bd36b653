"""Changes parts of facts, wherever in them they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar, cast

_Whole = TypeVar("_Whole")
_Part = TypeVar("_Part")


def mapped(whole: _Whole, kind: type[_Part], change: Callable[[_Part], _Part]) -> _Whole:
    """``whole``, a dataclass or a tuple, with ``change`` applied to all parts of a ``kind`` in it, the inner first."""
    return cast("_Whole", _mapped(whole, kind, change))


def _mapped(thing: Any, kind: type[Any], change: Callable[[Any], Any]) -> Any:
    if isinstance(thing, tuple):
        parts = tuple(_mapped(part, kind, change) for part in thing)
        return thing if all(new is old for new, old in zip(parts, thing, strict=True)) else parts
    if not dataclasses.is_dataclass(thing) or isinstance(thing, type):
        return thing
    changed = {}
    for each in dataclasses.fields(thing):
        old = getattr(thing, each.name)
        new = _mapped(old, kind, change)
        if new is not old:
            changed[each.name] = new
    whole = dataclasses.replace(thing, **changed) if changed else thing
    return change(whole) if isinstance(whole, kind) else whole

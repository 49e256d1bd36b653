"""What scripts are called with by other scripts, put into the facts of those that are called."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from selfstop.deploy import names
from selfstop.deploy.collect import Collected, Unit
from selfstop.deploy.model import Origin, ScriptCall, Strength, Unresolved, Value

_T = TypeVar("_T")
_OPEN = frozenset({Origin.VARIABLE, Origin.ARGUMENTS})


def with_arguments(collected: Collected, files: Collection[str]) -> list[Unit]:
    """The units, with the texts that callers give to the parameters of their scripts as candidates."""
    given: dict[str, dict[str, tuple[str, ...]]] = {}
    for unit in collected.units:
        for fact in unit.facts:
            if isinstance(fact, ScriptCall) and max(fact.strength, unit.strength) < Strength.DOCUMENT:
                path = names.find_file(fact.script, files, names.bases_of(fact.place.path))
                if path is not None:
                    _add(given.setdefault(path, {}), fact)
    return [
        dataclasses.replace(unit, facts=tuple(filled(fact, given[unit.place.path]) for fact in unit.facts))
        if unit.place.path in given
        else unit
        for unit in collected.units
    ]


def _add(known: dict[str, tuple[str, ...]], call: ScriptCall) -> None:
    for name, value in call.arguments:
        text = names.plain(value)
        if text is not None:
            known[name.lower()] = tuple(dict.fromkeys((*known.get(name.lower(), ()), text)))


def filled(thing: _T, given: Mapping[str, tuple[str, ...]]) -> _T:
    """A fact in which the open variables that ``given`` (lower case) knows have its texts as candidates."""
    return _filled(thing, given)  # type: ignore[no-any-return]


def _filled(thing: Any, given: Mapping[str, tuple[str, ...]]) -> Any:
    if isinstance(thing, Unresolved):
        texts = given.get(thing.name.lower(), ())
        if thing.origin in _OPEN and texts and not thing.complete:
            return dataclasses.replace(thing, candidates=tuple(dict.fromkeys((*thing.candidates, *texts))))
        return thing
    if isinstance(thing, Value):
        return Value(tuple(_filled(part, given) for part in thing.parts)) if thing.unresolved else thing
    if isinstance(thing, tuple):
        return tuple(_filled(part, given) for part in thing)
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        changed = {
            each.name: new
            for each in dataclasses.fields(thing)
            if (new := _filled(old := getattr(thing, each.name), given)) is not old and new != old
        }
        return dataclasses.replace(thing, **changed) if changed else thing
    return thing

"""What is given to scripts by those that call them, and to Terraform's files by others of their directory."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from selfstop.deploy import names
from selfstop.deploy.collect import Unit
from selfstop.deploy.model import Origin, Parameter, ScriptCall, Strength, Unresolved
from selfstop.deploy.parameters import filled as with_values
from selfstop.deploy.walk import mapped

_T = TypeVar("_T")
_OPEN = frozenset({Origin.VARIABLE, Origin.ARGUMENTS})


def with_parameters(units: Sequence[Unit]) -> list[Unit]:
    """The units with Terraform's variables and locals filled in."""
    facts = iter(with_values(fact for unit in units for fact in unit.facts))
    return [
        dataclasses.replace(unit, facts=tuple(next(facts) for fact in unit.facts if not isinstance(fact, Parameter)))
        for unit in units
    ]


def with_arguments(units: Sequence[Unit], files: Collection[str]) -> list[Unit]:
    """The units, with the texts that callers give to the parameters of their scripts as candidates."""
    given: dict[str, dict[str, tuple[str, ...]]] = {}
    for unit in units:
        for fact in unit.facts:
            if isinstance(fact, ScriptCall) and max(fact.strength, unit.strength) < Strength.DOCUMENT:
                path = names.find_file(fact.script, files, names.bases_of(fact.place.path))
                if path is not None:
                    _add(given.setdefault(path, {}), fact)
    return [
        dataclasses.replace(unit, facts=tuple(filled(fact, given[unit.place.path]) for fact in unit.facts))
        if unit.place.path in given
        else unit
        for unit in units
    ]


def _add(known: dict[str, tuple[str, ...]], call: ScriptCall) -> None:
    for name, value in call.arguments:
        text = names.plain(value)
        if text is not None:
            known[name.lower()] = tuple(dict.fromkeys((*known.get(name.lower(), ()), text)))


def filled(thing: _T, given: Mapping[str, tuple[str, ...]]) -> _T:
    """A fact in which the open variables that ``given`` (lower case) knows have its texts as candidates."""

    def fill(part: Unresolved) -> Unresolved:
        texts = given.get(part.name.lower(), ())
        if part.origin not in _OPEN or not texts or part.complete:
            return part
        return dataclasses.replace(part, candidates=tuple(dict.fromkeys((*part.candidates, *texts))))

    return mapped(thing, Unresolved, fill)

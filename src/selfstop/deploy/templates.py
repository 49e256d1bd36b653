"""What Terraform's ``templatefile`` fills in, put into the facts of the template."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from selfstop.deploy import names
from selfstop.deploy.collect import Unit
from selfstop.deploy.model import Fact, Origin, Unresolved, UserData, Value
from selfstop.deploy.read.parts import joined
from selfstop.deploy.walk import mapped

_Table = Mapping[str, Sequence[Value]]
"""What each variable of a template is given, by name."""


def with_templates(units: Sequence[Unit], files: Collection[str]) -> list[Unit]:
    """The units, in those of templates for user data the variables put in that Terraform gives them.

    Where several calls give a variable different values, these are all that it can be.
    """
    given: dict[str, dict[str, list[Value]]] = defaultdict(lambda: defaultdict(list))
    for data in (getattr(fact, "user_data", None) for unit in units for fact in unit.facts):
        if isinstance(data, UserData) and data.file is not None and data.variables:
            path = names.find_file(data.file, files, names.bases_of(data.place.path))
            for name, value in data.variables if path is not None else ():
                given[path or ""][name].append(value)
    return [
        dataclasses.replace(unit, facts=tuple(_filled(fact, given[unit.place.path]) for fact in unit.facts))
        if unit.place.path in given
        else unit
        for unit in units
    ]


def _filled(fact: Fact, table: _Table) -> Fact:
    return mapped(fact, Value, lambda value: joined(part for piece in value.parts for part in _parts(piece, table)))


def _parts(piece: str | Unresolved, table: _Table) -> tuple[str | Unresolved, ...]:
    if isinstance(piece, str) or piece.name not in table or piece.origin not in {Origin.VARIABLE, Origin.TEMPLATE}:
        return (piece,)
    values = list(dict.fromkeys(table[piece.name]))
    if len(values) == 1:
        return values[0].parts
    literals = tuple(value.literal for value in values if value.literal is not None)
    return (dataclasses.replace(piece, candidates=literals, complete=len(literals) == len(values)),)

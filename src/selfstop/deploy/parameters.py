"""Terraform's variables and locals, put in where other files of the same directory use them."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from selfstop.deploy.model import Fact, Parameter, Place, Unresolved, Value
from selfstop.deploy.read.parts import joined
from selfstop.deploy.walk import mapped

_LOADED: Final = re.compile(r"(?:terraform|.*\.auto)\.tfvars")
"""The files of values that Terraform reads by itself; they win over defaults."""

_Table = Mapping[str, Sequence[Parameter]]


def filled(facts: Iterable[Fact]) -> list[Fact]:
    """The facts with locals put in, and with what variables are given in the same directory as candidates.

    A variable's candidates are what the files say that Terraform reads by itself, else its default and whatever other
    ``.tfvars`` files give it. None of it is certain: the command line and the environment come last. Parameters
    themselves are left out.
    """
    facts = list(facts)
    tables: dict[str, dict[str, list[Parameter]]] = defaultdict(lambda: defaultdict(list))
    for fact in facts:
        if isinstance(fact, Parameter):
            tables[fact.directory][fact.name].append(fact)
    return [
        _filled(fact, tables.get(posixpath.dirname(_path(fact)), {}))
        for fact in facts
        if not isinstance(fact, Parameter)
    ]


def _path(fact: Fact) -> str:
    place = getattr(fact, "place", None)
    return place.path if isinstance(place, Place) else str(getattr(fact, "path", ""))


def _filled(fact: Fact, table: _Table) -> Fact:
    """A fact with the values in it filled in."""
    if not table:
        return fact
    return mapped(fact, Value, lambda value: joined(part for piece in value.parts for part in _parts(piece, table)))


def _parts(piece: str | Unresolved, table: _Table) -> tuple[str | Unresolved, ...]:
    if isinstance(piece, str) or piece.name not in table or piece.complete:
        return (piece,)
    given = table[piece.name]
    if given[0].settled:
        return given[0].value.parts
    loaded = [each for each in given if _LOADED.fullmatch(posixpath.basename(each.place.path))]
    literals = [each.value.literal for each in loaded or given]
    candidates = tuple(dict.fromkeys(literal for literal in literals if literal is not None))
    return (dataclasses.replace(piece, candidates=candidates),)

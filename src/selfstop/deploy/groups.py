"""Scaling groups with what they launch: template, user data, and who else sets their capacity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from selfstop.deploy import names
from selfstop.deploy.collect import Collected
from selfstop.deploy.images import Gap
from selfstop.deploy.model import (
    CapacityWrite,
    Instance,
    LaunchTemplate,
    Place,
    ScalingGroup,
    ScriptCall,
    Strength,
    UserData,
    Value,
)

_T = TypeVar("_T")


@dataclass(frozen=True)
class Capacity:
    """A capacity as it is written, as a number where that is known, and where it is set."""

    text: str
    number: int | None
    place: Place


@dataclass(frozen=True)
class Group:
    """A scaling group, or, without capacities and with ``alone``, machines that are started outside of one.

    ``units`` are the texts that its machines run at their start, ``hosts`` what these are tagged as ``Name``.
    ``floor`` is the least number of machines it keeps, None where that is not known. Where it is not ``is_named``,
    ``name`` is no name that AWS knows, but how its file refers to it, or a variable.
    """

    name: str
    place: Place
    minimum: Capacity | None = None
    desired: Capacity | None = None
    maximum: Capacity | None = None
    template: str = ""
    user_data: Place | None = None
    profile: Value | None = None
    hosts: tuple[str, ...] = ()
    units: frozenset[int] = frozenset()
    writers: tuple[CapacityWrite, ...] = ()
    gaps: tuple[Gap, ...] = ()
    strength: Strength = Strength.OPERATOR
    alone: bool = False
    is_named: bool = True

    @property
    def floor(self) -> int | None:
        """How many machines are kept at least, by any of those who set the capacity."""
        given = [each.number for each in (self.minimum, self.desired) if each is not None]
        given += [
            names.number(value)
            for writer in self.writers
            for value in (writer.minimum, writer.desired)
            if value is not None
        ]
        known = [number for number in given if number is not None]
        if any(number > 0 for number in known):
            return max(known)
        return None if None in given or not known else 0


def groups(collected: Collected, files: Collection[str]) -> list[Group]:
    """The scaling groups of a repository, by name; several statements about one are put together."""
    statements: dict[str, list[ScalingGroup]] = {}
    for fact in _facts(collected, ScalingGroup):
        if fact.strength < Strength.DOCUMENT:
            statements.setdefault(names.shown(fact.name), []).append(fact)
    templates = [fact for fact in _facts(collected, LaunchTemplate) if fact.strength < Strength.DOCUMENT]
    writers = [fact for fact in _facts(collected, CapacityWrite) if fact.strength < Strength.DOCUMENT]
    return [
        _group(name, sorted(found, key=lambda fact: fact.update), templates, writers, collected, files)
        for name, found in sorted(statements.items())
    ]


def _group(
    name: str,
    found: Sequence[ScalingGroup],
    templates: Sequence[LaunchTemplate],
    writers: Sequence[CapacityWrite],
    collected: Collected,
    files: Collection[str],
) -> Group:
    decisive = [found[0], *(each for each in found[1:] if _replaces(each, found[0]))]
    wanted = _last(fact.template for fact in found)
    matching = [each for each in templates if wanted is not None and is_meant(wanted, each.name, each.label)]
    gaps: list[Gap] = []
    place = found[0].place
    if wanted is None:
        gaps.append(Gap(f"which launch template {name} uses is not known here", place))
    elif not matching:
        gaps.append(Gap(f"the launch template {names.shown(wanted)} of {name} is not in this repository", place))
    data = [each.user_data for each in matching if each.user_data is not None]
    units: set[int] = set()
    for each in data:
        units |= units_of(each, collected, files)
    if matching and not units:
        gaps.append(Gap(f"the user data of {name} comes from elsewhere", matching[0].place))
    return Group(
        name,
        place,
        _capacity(decisive, lambda fact: fact.minimum),
        _capacity(decisive, lambda fact: fact.desired),
        _capacity(decisive, lambda fact: fact.maximum),
        names.shown(wanted),
        _place_of(data, files),
        _last(each.profile for each in matching),
        tuple(dict.fromkeys(host for each in matching if (host := names.plain(each.host)) is not None)),
        frozenset(units),
        (
            *(each for each in writers if is_meant(each.group, Value.of(name), found[0].label)),
            *(_writer(each) for each in found if each not in decisive),
        ),
        tuple(gaps),
        min(fact.strength for fact in found),
        is_named=is_name(found[0].name, found[0].label),
    )


def _replaces(later: ScalingGroup, first: ScalingGroup) -> bool:
    """Whether a statement certainly comes after the first, whose capacities it replaces: further down in its file."""
    return later.place.path == first.place.path and later.place.line > first.place.line and not later.conditions


def _writer(update: ScalingGroup) -> CapacityWrite:
    """A statement of which nobody knows when it is made, as one who sets the capacity now and then."""
    return CapacityWrite(
        update.name, update.place, "an update", update.minimum, update.desired, update.maximum, update.strength
    )


def instances(collected: Collected, files: Collection[str]) -> list[Group]:
    """Machines that are started outside of any group, each as a group of its own."""
    found = []
    for fact in _facts(collected, Instance):
        if fact.strength >= Strength.DOCUMENT or fact.user_data is None:
            continue
        units = units_of(fact.user_data, collected, files)
        name = names.shown(fact.host) or "one instance"
        place = _place_of([fact.user_data], files)
        found.append(Group(name, fact.place, user_data=place, profile=fact.profile, units=frozenset(units), alone=True))
    return found


def units_of(data: UserData, collected: Collected, files: Collection[str]) -> set[int]:
    """The texts that user data consists of."""
    starts: set[int] = set()
    if data.file is not None:
        path = names.find_file(data.file, files, names.bases_of(data.place.path))
        starts = {number for number, unit in enumerate(collected.units) if unit.place.path == path}
    elif data.script is not None:
        place = data.script.place
        starts = {
            number for number, unit in enumerate(collected.units) if unit.place == place and unit.parent is not None
        }
    return _with_called({inner for start in starts for inner in collected.below(start)}, collected, files)


def _with_called(units: set[int], collected: Collected, files: Collection[str]) -> set[int]:
    """The texts, and the scripts of the repository that they call."""
    pending = list(units)
    while pending:
        for fact in collected.units[pending.pop()].facts:
            path = called(fact, files) if isinstance(fact, ScriptCall) else None
            for number, unit in enumerate(collected.units):
                if path is not None and unit.place.path == path and number not in units:
                    units.add(number)
                    pending.append(number)
    return units


def called(call: ScriptCall, files: Collection[str]) -> str | None:
    """The script that a call means; on a machine it may lie anywhere, with the same directory and name at the end."""
    found = names.find_file(call.script, files, names.bases_of(call.place.path))
    text = names.plain(call.script)
    if found is not None or text is None or not text.startswith("/"):
        return found
    tail = "/".join(text.split("/")[-2:])
    matching = [path for path in files if f"/{path}".endswith(f"/{tail}")]
    return matching[0] if len(matching) == 1 else None


def _place_of(data: Sequence[UserData], files: Collection[str]) -> Place | None:
    for each in data:
        if each.file is not None:
            path = names.find_file(each.file, files, names.bases_of(each.place.path))
            if path is not None:
                return Place(path, 1)
        elif each.script is not None:
            return each.script.place
    return data[0].place if data else None


def is_name(written: Value, label: str) -> bool:
    """Whether a name is known, and more than the label by which its file refers to what it does not name."""
    return names.plain(written) not in {None, label}


def is_meant(written: Value, name: Value | None, label: str) -> bool:
    """Whether a reference means what has that name or label."""
    text = names.plain(written)
    if text is None:
        return name is not None and str(written) == str(name)
    return (name is not None and text == names.plain(name)) or (bool(label) and text == label)


def _capacity(found: Sequence[ScalingGroup], pick: Callable[[ScalingGroup], Value | None]) -> Capacity | None:
    for fact in reversed(found):
        value = pick(fact)
        if value is not None:
            return Capacity(names.shown(value), names.number(value), fact.place)
    return None


def _last(values: Iterable[_T | None]) -> _T | None:
    known = [value for value in values if value is not None]
    return known[-1] if known else None


def _facts(collected: Collected, kind: type[_T]) -> list[_T]:
    return [fact for fact in collected.facts if isinstance(fact, kind)]

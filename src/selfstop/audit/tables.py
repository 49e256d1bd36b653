"""The tables of the report, from exposures, groups and roles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from selfstop.audit import words
from selfstop.audit.model import Exposure, GroupRow, RoleRow, SettingRow, SiteRow, Unread
from selfstop.audit.visits import visits
from selfstop.deploy.groups import Group
from selfstop.deploy.images import Gap
from selfstop.deploy.launches import Launch
from selfstop.deploy.model import Place, Strength
from selfstop.deploy.resolve import Deployment
from selfstop.deploy.values import Resolved, State
from selfstop.evaluation import Effect
from selfstop.ways import Entry, StopSite


def place_of(site: StopSite) -> Place:
    """Where a stop call stands."""
    return Place(site.call.path, site.call.span.line)


# Groups


def group_rows(
    deployment: Deployment, exposures: Sequence[Exposure], unread: Sequence[Unread], *, any_stops: bool
) -> Iterator[GroupRow]:
    """Each group with each program that its machines run; of those without one only if there is a stop call at all."""
    for group in deployment.groups:
        own = [each for each in exposures if group in each.groups]
        rows = [_exposed(group, each, _visitors(deployment, group, each, exposures)) for each in own]
        seen = {(row.run, row.entry) for row in rows}
        for launch in deployment.launches:
            if launch.unit in group.units:
                rows += [row for row in _silent(group, launch, unread) if (row.run, row.entry) not in seen]
        if not rows and not group.alone and any_stops:
            note = group.gaps[0].text if group.gaps else "its machines start nothing that is known here"
            rows = [GroupRow(group.name, group.place, words.capacity(group), verdict="unknown", note=note)]
        yield from (row for row in dict.fromkeys(rows) if not group.alone or row.stop_call is not None)


def _visitors(deployment: Deployment, group: Group, exposure: Exposure, exposures: Sequence[Exposure]) -> Iterator[str]:
    """What is said of scripts that look for machines by the name of a group's, to start the image there anew."""
    for other in exposures:
        run = other.launch.run
        if other.launch.image != exposure.launch.image or group in other.groups or not other.is_deployed:
            continue
        if visits(deployment, group, other.launch):
            value = words.value(other.values[0], other.site) if other.values else "no threshold"
            verdict = words.effect(other)
            yield f"{run.place} looks for machines of that name and starts the image with {value} ({verdict})"


def _exposed(group: Group, exposure: Exposure, visitors: Iterable[str]) -> GroupRow:
    launch = exposure.launch
    value = exposure.values[0] if exposure.values else None
    return GroupRow(
        group.name,
        group.place,
        words.capacity(group),
        words.image(launch),
        launch.run.place,
        words.entry(exposure),
        place_of(exposure.site),
        words.guard(exposure.site),
        "none read" if value is None else words.value(value, exposure.site),
        "" if value is None else words.source(value, launch),
        words.effect(exposure),
        "; ".join(filter(None, (_note(exposure, value), *dict.fromkeys(visitors)))),
    )


def _note(exposure: Exposure, value: Resolved | None) -> str:
    notes = []
    if exposure.effect is Effect.OFF and value is not None and any(group.floor for group in exposure.groups):
        notes.append("safe by this setting only")
    if exposure.missing:
        notes.append(f"the image does not contain {', '.join(exposure.missing)}")
    if value is not None and (text := words.shadowed(value, exposure.launch)):
        notes.append(text)
    if exposure.effect is Effect.INVALID:
        notes.append(exposure.outcome.reason)
    if exposure.perhaps:
        notes.append("no call of it was found, only an import")
    notes += [
        f"{text} with {words.quoted(trial.text) if trial.text is not None else 'the default of the code'}"
        for trial in exposure.trials
        if (text := words.EFFECTS[trial.outcome.effect]) and trial.outcome.effect is not Effect.UNKNOWN
    ]
    if text := words.conditions(exposure):
        notes.append(f"if {text}")
    return "; ".join(dict.fromkeys(notes))


def _silent(group: Group, launch: Launch, unread: Sequence[Unread]) -> Iterator[GroupRow]:
    """A run of a group that reaches no stop call."""
    for program in launch.programs or ():
        set_here = next((each for each in unread if each.launch is launch and each.program is program), None)
        threshold = "" if set_here is None else f"{words.value(set_here.value)}, never read"
        verdict = "no stop call" if program.file is not None else "unknown"
        yield GroupRow(
            group.name,
            group.place,
            words.capacity(group),
            words.image(launch),
            launch.run.place,
            program.text,
            threshold=threshold,
            source="" if set_here is None else words.source(set_here.value, launch),
            verdict=verdict,
            note=program.gap,
        )
    if not launch.programs:
        note = launch.gaps[0].text if launch.gaps else "what it runs is not known here"
        yield GroupRow(
            group.name,
            group.place,
            words.capacity(group),
            words.image(launch),
            launch.run.place,
            verdict="unknown",
            note=note,
        )


# Stop calls


def site_rows(sites: Sequence[StopSite], exposures: Sequence[Exposure]) -> Iterator[SiteRow]:
    """Each stop call with what reaches it."""
    for site in sites:
        own = [each for each in exposures if each.site is site and each.is_deployed]
        reaching = [each for each in own if not each.missing]
        verdict = words.rule(site)
        if not reaching:
            verdict += ", not in the image that would start it" if own else ", nothing here starts it"
        yield SiteRow(
            place_of(site),
            site.call.function,
            site.call.callee,
            words.reached_when(site),
            site.call.target.value,
            verdict,
            tuple(dict.fromkeys(_entry(entry) for entry in site.entries)),
            len({each.launch.run.place for each in reaching}),
        )


def _entry(entry: Entry) -> str:
    return entry.path if entry.function == "<module>" else f"{entry.path} {entry.function}"


# Settings


def setting_rows(exposures: Sequence[Exposure], unread: Sequence[Unread]) -> Iterator[SettingRow]:
    """Each run that ought to set a threshold, strongest first, and what it comes to there."""
    drifting = drift(exposures)
    rows: list[tuple[Strength, SettingRow]] = []
    rows += [
        (exposure.launch.strength, _setting_row(exposure, value, drifting))
        for exposure in exposures
        for value in exposure.values
    ]
    for each in unread:
        given = each.value.given
        row = SettingRow(
            each.launch.run.place if given is None else given.place,
            words.started(each.launch),
            words.image(each.launch),
            each.value.variable,
            words.value(each.value),
            words.source(each.value, each.launch),
            "never read",
        )
        rows.append((each.launch.strength, row))
    seen: set[SettingRow] = set()
    for _, row in sorted(rows, key=lambda pair: (pair[0], pair[1].place)):
        if row not in seen:
            seen.add(row)
            yield row


def _setting_row(exposure: Exposure, value: Resolved, drifting: frozenset[tuple[str, str]]) -> SettingRow:
    launch = exposure.launch
    known = value.given.place if value.state is State.KNOWN and value.given is not None else None
    return SettingRow(
        known or launch.run.place,
        words.started(launch),
        words.image(launch),
        value.variable,
        words.value(value, exposure.site),
        words.source(value, launch),
        words.effect(exposure),
        (launch.image, value.variable) in drifting and exposure.is_deployed,
        _note(exposure, value),
    )


def drift(exposures: Iterable[Exposure]) -> frozenset[tuple[str, str]]:
    """The images and variables that get different values from different runs."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for exposure in exposures:
        if exposure.is_deployed and exposure.launch.image and not exposure.missing:
            for value in exposure.values:
                found[exposure.launch.image, value.variable].add(words.value(value, exposure.site))
    return frozenset(key for key, values in found.items() if len(values) > 1)


# Roles and gaps


def role_rows(deployment: Deployment) -> Iterator[RoleRow]:
    """The roles of the groups."""
    rows: dict[str, RoleRow] = {}
    for group in deployment.groups:
        found = deployment.role_of(group)
        if found is None or group.profile is None:
            continue
        known = rows.get(found.role)
        names = (*(known.groups if known is not None else ()), group.name)
        places = (*found.policies, *found.removed)
        rows[found.role] = RoleRow(
            found.role, tuple(dict.fromkeys(names)), found.permission.value, found.reason, places
        )
    yield from rows.values()


def gaps(deployment: Deployment, exposures: Sequence[Exposure]) -> Iterator[Gap]:
    """What is missing, once each: of the groups and of what reaches, or might reach, a stop call."""
    images = {exposure.launch.image for exposure in exposures}
    units = {unit for group in deployment.groups for unit in group.units}
    found: list[Gap] = [gap for group in deployment.groups for gap in group.gaps]
    mutable = {f"{e.launch.image}:{e.launch.tag or '?'}" for e in exposures if e.is_deployed and e.launch.mutable}
    if mutable:
        found.append(Gap(f"which version of the code runs: {', '.join(sorted(mutable))} may be any"))
    found += [gap for exposure in exposures if exposure.is_deployed for gap in exposure.gaps]
    for launch in deployment.launches:
        if launch.unit in units or launch.image in images:
            found += launch.gaps
    found += deployment.unexplained()
    yield from dict.fromkeys(found)

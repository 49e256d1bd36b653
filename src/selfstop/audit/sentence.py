"""The verdict in one sentence: what an engineer who was woken up wants to know first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from selfstop.audit import stories
from selfstop.audit.model import Exposure
from selfstop.deploy.groups import Group
from selfstop.deploy.model import Strength
from selfstop.deploy.resolve import Deployment
from selfstop.evaluation import Effect
from selfstop.model import StopCall
from selfstop.rules import Severity
from selfstop.ways import StopSite

_STOPS = frozenset({Effect.ON, Effect.AT_ONCE})
_UNGUARDED: Final = frozenset({"SST101", "SST102", "SST103", "SST105", "SST106"})


def sentence(
    deployment: Deployment,
    exposures: Sequence[Exposure],
    sites: Sequence[StopSite],
    reported: Collection[tuple[StopCall, str]],
) -> tuple[str, Severity | None]:
    """What there is to say in one sentence, and how alarming that is.

    ``reported`` are the calls that are shown, and under which rules.
    """
    if not sites:
        return "No code here stops the machine it runs on.", None
    reached = [each for each in exposures if each.is_deployed and not each.missing]
    groups = [group for group in deployment.groups if not group.alone]
    kept = [group for group in groups if group.floor != 0]
    looping = _with(kept, reached, _STOPS)
    if looping:
        said = f"{_names(looping)} {_verb(looping, 'stops its', 'stop their')} own instances"
        at_once = _with(looping, reached, {Effect.AT_ONCE})
        when = ", at the first check" if at_once == looping else ""
        rest = _with([group for group in kept if group not in looping], reached, {Effect.UNKNOWN})
        more = f"; {_names(rest)} may do so, which is not known from this repository" if rest else ""
        replaces = _verb(looping, "replaces", "replace")
        return f"LOOP: {said}{when}, and {replaces} them without end{more}.", Severity.ERROR
    unknown = _with(kept, reached, {Effect.UNKNOWN})
    if unknown:
        said = f"{_names(unknown)} may stop {_verb(unknown, 'its', 'their')} own instances"
        return f"{said}: whether that is switched off is not known from this repository.", Severity.WARNING
    emptied = _with(groups, reached, _STOPS)
    if emptied:
        said = f"{_names(emptied)} {_verb(emptied, 'stops its', 'stop their')} own instances"
        when = ", at the first check," if _with(emptied, reached, {Effect.AT_ONCE}) == emptied else ""
        return f"{said}{when} whenever {_verb(emptied, 'it has', 'they have')} any.", Severity.ERROR
    dark = [group for group in kept if not any(group in deployment.groups_of(each) for each in deployment.launches)]
    said, alarm = _outside(groups, dark, reached)
    asleep = [
        site for site in sites if (site.call, site.code) in reported and all(each.site is not site for each in reached)
    ]
    return _with_asleep(said, alarm, asleep, groups, dark, reached)


def _with_asleep(
    said: str,
    alarm: Severity | None,
    asleep: Sequence[StopSite],
    groups: Sequence[Group],
    dark: Sequence[Group],
    reached: Sequence[Exposure],
) -> tuple[str, Severity | None]:
    """The sentence with the stop calls that rules report and that nothing here starts."""
    if not asleep:
        return said, alarm
    codes = {site.code for site in asleep}
    lack = "a guard" if codes <= _UNGUARDED else "an off switch" if codes == {"SST104"} else "a guard or an off switch"
    calls = f"{_count(len(asleep), 'stop call')} without {lack}"
    if reached:
        return f"{said.removesuffix('.')}; nothing here starts {calls}.", Severity.WARNING
    them = "it" if len(asleep) == 1 else "them"
    where = "no scaling group stops its own instances" if groups else "no scaling group is known here"
    if dark:
        where = f"what {_names(dark)} {_verb(dark, 'runs', 'run')} is not known here"
    return f"{calls}; {where}, and nothing here starts {them}.", Severity.WARNING


def _outside(
    groups: Sequence[Group], dark: Sequence[Group], reached: Sequence[Exposure]
) -> tuple[str, Severity | None]:
    """Where no group is known to stop its own instances; of the ``dark`` ones it is not known what they run."""
    on = _strongest([each for each in reached if each.effect in _STOPS])
    perhaps = [each for each in reached if each.effect is Effect.UNKNOWN]
    broken = [each for each in reached if each.effect is Effect.INVALID]
    safe = _with(groups, reached, {Effect.OFF})
    start = "No scaling group stops its own instances"
    if safe:
        start += f": in {_names(safe)} the settings switch it off"
    elif not groups:
        start = "No scaling group is known here"
    if dark:
        rest = f"; in {_names(safe)} the settings switch it off" if safe else ""
        start = f"What {_names(dark)} {_verb(dark, 'runs', 'run')} is not known here{rest}"
    if on:
        return f"{start}; {'but ' if groups else ''}{_running(on, 'other run' if groups else 'run')}.", Severity.WARNING
    if perhaps:
        places = len({each.launch.run.place for each in perhaps})
        return f"{start}; for {_count(places, 'run')} it is not known.", Severity.WARNING
    if broken:
        return (
            f"{start}; {_count(len(broken), 'run')} cannot read the threshold and fails at its start.",
            Severity.WARNING,
        )
    alarm = Severity.WARNING if dark else Severity.NOTE
    if not reached:
        return f"{start}; nothing that is started here reaches a stop call.", alarm
    return f"{start}.", alarm


def _running(on: Sequence[Exposure], noun: str) -> str:
    """What the runs outside of groups do that stop their machines."""
    places = sorted({each.launch.run.place for each in on})
    images = sorted({each.launch.image or each.program.text for each in on})
    runs = f"{_count(len(places), noun)} of {_list(images)}"
    if all(each.values for each in on):
        return f"{runs} {'switches' if len(places) == 1 else 'switch'} it ON"
    if len(places) == len(images) == 1:
        does = list(dict.fromkeys(_bare(each) for each in on))
        return f"{images[0]}, started at {places[0]}, {_list(does)}"
    verb = "makes" if len(places) == 1 else "make"
    return f"{runs} {verb} a stop call{'' if any(each.values for each in on) else ' that no setting switches off'}"


def _bare(exposure: Exposure) -> str:
    """What a program does that no setting keeps from its stop call, or none that is told of here."""
    how = "without a threshold" if exposure.site.code in _UNGUARDED else "once its condition holds"
    return f"{stories.stops(exposure.site)} {how}"


def _strongest(exposures: Sequence[Exposure]) -> list[Exposure]:
    """Those that are more than local, if there are any."""
    strong = [each for each in exposures if each.launch.strength <= Strength.OPERATOR]
    return strong or list(exposures)


def _with(groups: Iterable[Group], exposures: Sequence[Exposure], effects: Iterable[Effect]) -> list[Group]:
    wanted = set(effects)
    return [group for group in groups if any(group in each.groups and each.effect in wanted for each in exposures)]


def _names(groups: Sequence[Group]) -> str:
    return _list([group.name for group in groups])


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _verb(groups: Sequence[Group], one: str, several: str) -> str:
    return one if len(groups) == 1 else several


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

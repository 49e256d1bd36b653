"""What a chain comes to, told in two or three sentences to somebody who reads nothing else."""

from __future__ import annotations

from typing import Final

from selfstop.audit import words
from selfstop.audit.model import Exposure
from selfstop.deploy.groups import Group
from selfstop.deploy.model import Strength
from selfstop.evaluation import Effect
from selfstop.model import Target
from selfstop.rules import Severity
from selfstop.ways import StopSite

_HOW: Final = {
    "SST101": "without any condition",
    "SST102": "whenever its clean-up runs, also after an error or a signal, without having counted to a threshold",
    "SST103": "under conditions that count nothing",
    "SST105": "as soon as it is switched on, without having counted to a threshold",
    "SST106": "while the measure is still below the threshold",
}

_WHAT: Final = {
    Target.SELF: "its own machine",
    Target.OTHER: "another machine",
    Target.UNKNOWN: "a machine (which one is not known)",
}


def _stop(site: StopSite) -> str:
    return f"stop {_WHAT[site.call.target]}"


def stops(site: StopSite) -> str:
    """Which machine a stop call stops."""
    return f"stops {_WHAT[site.call.target]}"


def guard(site: StopSite) -> str:
    """The guard of a stop call as the gate of a picture says it."""
    text = words.guard(site)
    if site.code == "SST102":
        return "no guard: it is clean-up"
    if text != "none":
        return text
    when = words.reached_when(site)
    return "no threshold guard" + ("" if when == "always" else f", only: {when}")


def story(exposure: Exposure, group: Group | None, *, is_visit: bool) -> str:
    """What happens, why, and what the group does then."""
    parts = (_beginning(exposure, group, is_visit=is_visit), _cause(exposure), _end(exposure, group, is_visit=is_visit))
    return " ".join(filter(None, parts))


def _beginning(exposure: Exposure, group: Group | None, *, is_visit: bool) -> str:
    launch, entry = exposure.launch, words.entry(exposure)
    if group is None:
        return f"{launch.run.place} starts {entry} ({words.started(launch)})."
    if is_visit:
        return (
            f"{launch.run.place} looks for the machines of {group.name} by their name, and starts {entry} there "
            f"({words.started(launch)})."
        )
    return f"{group.name} runs {entry}." if group.alone else f"The machines of {group.name} run {entry}."


def _cause(exposure: Exposure) -> str:
    value = exposure.values[0] if exposure.values else None
    if exposure.effect is None:
        return f"The stop call is not reached: the image does not contain {', '.join(exposure.missing)}."
    if exposure.effect is Effect.INVALID:
        return f"It fails at its start: {exposure.outcome.reason}."
    if value is None or (exposure.site.code in _HOW and exposure.effect is not Effect.OFF):
        return f"It {_bare(exposure)}."
    given = f"{value.variable} is {words.value(value, exposure.site)} ({words.source(value, exposure.launch)})"
    return f"{given}: {_meaning(exposure)}"


def _bare(exposure: Exposure) -> str:
    """What a program does by which no setting decides."""
    match exposure.effect:
        case Effect.OFF:
            return "never makes its stop call: the condition cannot hold"
        case Effect.UNKNOWN:
            return f"may {_stop(exposure.site)}: its condition is not known"
    return f"{stops(exposure.site)} {_HOW.get(exposure.site.code, 'once its condition holds')}"


def _meaning(exposure: Exposure) -> str:
    """What the value of a setting means."""
    match exposure.effect:
        case Effect.OFF:
            return "that switches the stop call off."
        case Effect.UNKNOWN:
            return f"whether it {stops(exposure.site)} is not known.{_trials(exposure)}"
        case Effect.AT_ONCE:
            return f"that is true from the start, so it {stops(exposure.site)} at the first check."
    return f"it {stops(exposure.site)} once that is reached."


def _trials(exposure: Exposure) -> str:
    found = [
        f"{'unset' if trial.text is None else words.quoted(trial.text)} means {words.EFFECTS[trial.outcome.effect]}"
        for trial in exposure.trials
        if trial.outcome.effect is not Effect.UNKNOWN
    ]
    return f" It would be: {', '.join(dict.fromkeys(found))}." if found else ""


def replaces(group: Group) -> bool:
    """Whether a group launches another machine for one that stopped, at least while it is scaled out."""
    has_room = group.maximum is None or group.maximum.number != 0
    return not group.alone and has_room


def _end(exposure: Exposure, group: Group | None, *, is_visit: bool) -> str:
    if group is None or not replaces(group):
        return ""
    name = group.name
    if is_visit:
        return f"{name} replaces each machine that stopped by one that starts anew." if exposure.may_stop else ""
    match exposure.effect:
        case Effect.ON | Effect.AT_ONCE if group.floor == 0:
            return f"While {name} is scaled out, it replaces each machine that stopped; the next one stops too: a loop."
        case Effect.ON | Effect.AT_ONCE:
            return f"{_keeping(group)}, so it replaces each machine that stopped, and the next one stops too: a loop."
        case Effect.UNKNOWN:
            return f"If it does, {name} replaces each machine that stopped, and the next one stops too: a loop."
        case Effect.OFF if exposure.values:
            return "Only this setting keeps it from a loop."
    return ""


def _keeping(group: Group) -> str:
    if group.floor is None:
        return f"{group.name} keeps its capacity"
    return f"{group.name} keeps at least {group.floor} machine{'' if group.floor == 1 else 's'}"


def unreached(site: StopSite) -> str:
    """Of a stop call that nothing leads to."""
    if site.code:
        how = _HOW.get(site.code, "though nothing makes 0 mean never")
        return f"Once started, it {stops(site)} {how}. Nothing that this repository starts leads here."
    return "It is guarded, and nothing that this repository starts leads here."


def alarm(exposure: Exposure, group: Group | None, *, is_visit: bool) -> Severity | None:
    """How alarming a chain is: an error where a group replaces for certain what stops."""
    if exposure.missing or exposure.effect is Effect.OFF:
        return None
    if exposure.launch.strength >= Strength.LOCAL:
        return Severity.NOTE
    is_on = exposure.effect in {Effect.ON, Effect.AT_ONCE}
    comes_back = group is not None and replaces(group) and not is_visit
    return Severity.ERROR if is_on and comes_back else Severity.WARNING

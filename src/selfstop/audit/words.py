"""How the audit speaks of values, sources, launchers and verdicts: the same words in every output."""

from __future__ import annotations

import re
from typing import Final

from selfstop.audit.model import Exposure
from selfstop.deploy.groups import Capacity, Group
from selfstop.deploy.launches import Launch
from selfstop.deploy.model import Launcher, Layer, Strength
from selfstop.deploy.values import Given, Resolved, State
from selfstop.evaluation import Effect
from selfstop.rules import RULES
from selfstop.ways import Choice, Expression, Literal, Operation, StopSite, WayCondition

GAP: Final = "not reached"
"""The verdict where a file on the way is not where the program runs."""

EFFECTS: Final = {
    Effect.OFF: "off",
    Effect.ON: "ON",
    Effect.AT_ONCE: "ON, AT ONCE",
    Effect.UNKNOWN: "unknown, may stop",
    Effect.INVALID: "fails at start",
}
STRENGTHS: Final = {
    Strength.UNATTENDED: "unattended",
    Strength.OPERATOR: "by hand",
    Strength.LOCAL: "local",
    Strength.TEMPLATE: "template",
    Strength.DOCUMENT: "document",
    Strength.PRINTED: "printed",
}
_LAYERS: Final = {
    (Launcher.DOCKER, Layer.TABLE): "-e",
    (Launcher.DOCKER, Layer.FILE): "--env-file",
    (Launcher.COMPOSE, Layer.TABLE): "environment:",
    (Launcher.COMPOSE, Layer.FILE): "env_file:",
    (Launcher.COMPOSE, Layer.OVERRIDE): "run -e",
    (Launcher.KUBERNETES, Layer.TABLE): "env:",
    (Launcher.KUBERNETES, Layer.FILE): "envFrom:",
    (Launcher.ECS, Layer.TABLE): "environment",
    (Launcher.ECS, Layer.FILE): "environmentFiles",
    (Launcher.SYSTEMD, Layer.TABLE): "Environment=",
    (Launcher.SYSTEMD, Layer.FILE): "EnvironmentFile=",
}
_SECRET: Final = re.compile(r"secret|token|passw|credential|api_?key|private", re.IGNORECASE)


def effect(exposure: Exposure) -> str:
    """The verdict on an exposure."""
    return GAP if exposure.effect is None else EFFECTS[exposure.effect]


def value(resolved: Resolved, site: StopSite | None = None) -> str:
    """A value as the report shows it: ``0``, ``unset: 5`` (the code's default), ``unknown: 5 unless set``."""
    match resolved.state:
        case State.KNOWN:
            return quoted(resolved.text or "")
        case State.UNSET:
            default = default_of(resolved.variable, site)
            return f"unset: {default}" if default is not None else "unset"
    texts = [_candidate(each, resolved.variable, site) for each in resolved.candidates]
    listed = " or ".join(dict.fromkeys(text for text in texts if text))
    if resolved.complete:
        return listed
    return f"unknown: {listed} unless set" if listed else "unknown"


def _candidate(given: Given | None, variable: str, site: StopSite | None) -> str:
    if given is None or given.text is None:
        return default_of(variable, site) or ""
    return quoted(given.text)


def value_unset(resolved: Resolved, site: StopSite) -> str:
    """What it means that a variable is not set."""
    default = default_of(resolved.variable, site)
    return "unset" if default is None else f"unset ({default})"


def quoted(text: str) -> str:
    """A value as it is, with quotes where it would be misread."""
    return text if re.fullmatch(r"[^\s'\"]+", text) else repr(text)


def source(resolved: Resolved, launch: Launch) -> str:
    """Where a value comes from, in words."""
    if resolved.state is State.UNKNOWN:
        return "; ".join(dict.fromkeys(_reason(each, launch) for each in resolved.reasons)) or "set in branches"
    if resolved.given is None:
        return "default in the code"
    text = f"{layer(resolved.given, launch)} {resolved.given.place}"
    return f"{text} {resolved.given.note}".strip()


def _reason(given: Given, launch: Launch) -> str:
    note = given.note or "is not known here"
    return f"{layer(given, launch)} at {given.place}: {note}"


def layer(given: Given, launch: Launch) -> str:
    """How a launcher is told a value."""
    return _LAYERS.get((launch.run.launcher, given.layer), _PLAIN.get(given.layer, given.layer.value))


_PLAIN: Final = {Layer.IMAGE: "ENV", Layer.SCRIPT: "export", Layer.PROGRAM: "the program"}


def shadowed(resolved: Resolved, launch: Launch) -> str:
    """The weaker sources that do not matter."""
    parts = []
    for given in resolved.shadowed:
        said = "" if given.text is None else f" = {quoted(given.text)}"
        parts.append(f"{layer(given, launch)} {given.place}{said}")
    return f"shadows {', '.join(dict.fromkeys(parts))}" if parts else ""


def default_of(variable: str, site: StopSite | None) -> str | None:
    """The default that the code has for a variable."""
    for way in site.ways if site is not None else ():
        for condition in way.conditions:
            for read in condition.reads:
                if read.variable == variable and read.default is not None:
                    return _text(read.default)
    return None


def _text(expression: Expression) -> str | None:
    match expression:
        case Literal(value=found):
            return str(found)
        case Operation(operands=(first, *_)):
            return _text(first)
        case Choice(options=(first, *_)):
            return _text(first)
    return None


def guard(site: StopSite) -> str:
    """The guard of a stop call, as it stands in the code."""
    if site.code == "SST102":
        return "none: in clean-up"
    deciding = [condition for way in site.ways[:1] for condition in way.conditions if condition.decides]
    return " and ".join(dict.fromkeys(condition.text for condition in deciding)) or "none"


def rule(site: StopSite) -> str:
    """What the rules say of a stop call."""
    return f"{site.code} {RULES[site.code].name}" if site.code else "guarded"


def reached_when(site: StopSite) -> str:
    """The conditions under which a stop call is reached."""
    if site.code == "SST102":
        return "always: it is clean-up"
    texts = [condition.text for way in site.ways[:1] for condition in way.conditions if _is_telling(condition)]
    return " and ".join(dict.fromkeys(texts)) or " and ".join(site.call.conditions) or "always"


def _is_telling(condition: WayCondition) -> bool:
    return condition.decides or condition.is_guard


def conditions(exposure: Exposure) -> str:
    """The conditions of scripts under which a program is started."""
    found = [*exposure.launch.run.conditions, *exposure.program.conditions]
    texts = []
    for condition in found:
        if not _SECRET.search(condition.text):
            text = " ".join(condition.text.split())
            texts.append(text if condition.holds else f"not ({text})")
    return " and ".join(dict.fromkeys(texts))


def entry(exposure: Exposure) -> str:
    """The program as its command names it."""
    return exposure.program.text


def capacity(group: Group) -> str:
    """Minimum, desired and maximum as ``1/1/20``."""
    if group.alone:
        return "no group"
    return "/".join(_number(each) for each in (group.minimum, group.desired, group.maximum))


def _number(found: Capacity | None) -> str:
    return "?" if found is None else str(found.number) if found.number is not None else found.text


def started(launch: Launch) -> str:
    """How and how strongly a run is started."""
    return f"{launch.run.launcher.value}, {STRENGTHS[launch.strength]}"


def image(launch: Launch) -> str:
    """The image, or that there is none."""
    return launch.image or "(no image)"

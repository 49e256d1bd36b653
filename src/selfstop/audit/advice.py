"""The smallest repair that fits what was found."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from selfstop.audit import words
from selfstop.audit.model import Exposure, Unread
from selfstop.deploy import names
from selfstop.deploy.groups import Group
from selfstop.deploy.model import Launcher, Origin, Setting
from selfstop.deploy.roles import RoleVerdict
from selfstop.deploy.values import Resolved, State
from selfstop.evaluation import Effect, outcome
from selfstop.ways import StopSite

DENY: Final = (
    '{"Version": "2012-10-17", "Statement": [',
    '  {"Effect": "Deny", "Action": "ec2:StopInstances", "Resource": "*"}]}',
)
"""A policy that forbids it, in two lines."""

_SCALE_IN: Final = (
    "let the group scale in instead: terminate_instance_in_auto_scaling_group(InstanceId=…, "
    "ShouldDecrementDesiredCapacity=True), or set_desired_capacity with one less"
)
_GUARD: Final = "THRESHOLD > 0 and idle_rounds >= THRESHOLD"
_SETTING: Final = {
    Launcher.DOCKER: "add `-e {variable}=0` before the image",
    Launcher.COMPOSE: "write `{variable}: 0` under `environment:`",
    Launcher.KUBERNETES: "set {variable} to 0 under `env:`",
    Launcher.ECS: "set {variable} to 0 under `environment`",
    Launcher.SYSTEMD: "set {variable}=0 in the last `EnvironmentFile=`",
    Launcher.PROCESS: "export {variable}=0 before it is started",
}


def zero(exposure: Exposure, value: Resolved) -> str:
    """How a run is told 0, or, where 0 does not mean "never" yet, what comes first."""
    if outcome(exposure.ways, {value.variable: "0"}).effect is not Effect.OFF:
        where = f"{exposure.site.call.path}:{exposure.site.call.span.line}"
        return f"repair the guard at {where} first: with the code as it is, {value.variable}=0 does not mean never"
    if value.state is State.KNOWN and value.given is not None:
        return f"set {value.variable} to 0 at {value.given.place}"
    text = _SETTING[exposure.launch.run.launcher].format(variable=value.variable)
    return f"{text} ({exposure.launch.run.place})"


def for_loop(exposure: Exposure, group: Group) -> Iterator[str]:
    """Repairs of a group that replaces what stops itself."""
    yield from for_unguarded(exposure.site)
    for value in exposure.values:
        yield zero(exposure, value)
    yield _SCALE_IN
    is_known = group.is_named and group.name.isprintable()
    name = shlex.quote(group.name) if is_known else "GROUP_NAME"
    said = "" if is_known else f" (GROUP_NAME: what AWS calls the group of {group.place})"
    yield "\n".join(
        (
            f"until then, keep the group from replacing what stopped{said}:",
            f"aws autoscaling suspend-processes --auto-scaling-group-name {name} \\",
            "  --scaling-processes ReplaceUnhealthy",
        )
    )


def for_at_once(exposure: Exposure, value: Resolved) -> Iterator[str]:
    """The missing half of the guard."""
    guard = words.guard(exposure.site)
    name = threshold(guard)
    where = f"{exposure.site.call.path}:{exposure.site.call.span.line}"
    yield f"guard the stop call at {where} with `{name} > 0 and {guard}`, so that {value.variable}=0 means never"


def threshold(guard: str) -> str:
    """The name of the threshold in a guard: what it is compared with."""
    for sign in (">=", "<=", ">", "<", "=="):
        left, found, right = guard.partition(sign)
        if found:
            return right.strip() if sign.startswith(">") or sign == "==" else left.strip()
    return "THRESHOLD"


def for_drift(pairs: Sequence[tuple[Exposure, Resolved]]) -> Iterator[str]:
    """One value for all launchers."""
    for exposure, value in pairs:
        if exposure.may_stop:
            yield zero(exposure, value)


def for_unknown(exposure: Exposure, value: Resolved) -> Iterator[str]:
    """A stronger source than the one that is not known."""
    parts = [
        part
        for source in exposure.launch.run.sources
        if isinstance(source, Setting) and source.name == value.variable
        for part in source.value.unresolved
    ]
    if any(part.origin is Origin.HOST for part in parts):
        default = f"${{{value.variable}:-0}}"
        yield f"write the value out, or give it the default 0: `{default}` ({exposure.launch.run.place})"
        return
    yield zero(exposure, value)


def for_unguarded(site: StopSite) -> Iterator[str]:
    """What the rule about the stop call asks for."""
    where = f"{site.call.path}:{site.call.span.line}"
    if site.code == "SST102":
        yield f"take the stop call at {where} out of the clean-up, and call it under `{_GUARD}`"
    elif site.code == "SST104":
        guard = words.guard(site)
        yield f"guard the stop call at {where} with `{threshold(guard)} > 0 and {guard}`"
    elif site.code:
        yield f"call {site.call.callee}() at {where} under `{_GUARD}` only"


def for_role(role: RoleVerdict, exposures: Sequence[Exposure]) -> Iterator[str]:
    """A Deny, with what it does to the containers."""
    if role.is_named and role.role.isprintable():
        command = (
            f"aws iam put-role-policy --role-name {shlex.quote(role.role)} --policy-name no-self-stop \\",
            f"  --policy-document '{DENY[0]}",
            f"  {DENY[1]}'",
        )
        yield "\n".join(("deny it:", *command))
    else:
        yield "\n".join(("deny it in an inline policy of the role:", *DENY))
    yield from after_denial(exposures)


def after_denial(exposures: Sequence[Exposure]) -> Iterator[str]:
    """What becomes of the containers once the stop call fails."""
    by_text: dict[str, list[str]] = {}
    for exposure in exposures:
        images = by_text.setdefault(_afterwards(exposure), [])
        if words.image(exposure.launch) not in images:
            images.append(words.image(exposure.launch))
    for text, images in by_text.items():
        yield text.format(", ".join(images))


def _afterwards(exposure: Exposure) -> str:
    run = exposure.launch.run
    policy = names.plain(run.restart) or ""
    if run.launcher in {Launcher.ECS, Launcher.KUBERNETES}:
        return f"then the call fails, and if the program ends, {run.launcher.value} starts {{}} again"
    if policy.startswith(("unless-stopped", "always")):
        return f"then the call fails, and if the program ends, `{policy}` starts {{}} again and again"
    if policy.startswith("on-failure"):
        return f"then the call fails, and if the program ends with status 0, `{policy}` leaves {{}} down"
    return "then the call fails, and if the program ends, {} stays down: it has no restart policy"


def for_unused(unread: Unread) -> Iterator[str]:
    """The setting goes, or its name is corrected."""
    yield f"remove {unread.value.variable} here, or correct its name if the program reads another"


def for_invalid(exposure: Exposure, value: Resolved) -> Iterator[str]:
    """A plain number."""
    place = value.given.place if value.given is not None else exposure.launch.run.place
    yield f"write a plain number without quotes, such as {value.variable}=0 ({place})"

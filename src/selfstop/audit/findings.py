"""What the rules SST301 to SST308 say of a deployment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from selfstop import rules
from selfstop.audit import advice, words
from selfstop.audit.model import AuditFinding, Exposure, Unread
from selfstop.audit.tables import drift, place_of
from selfstop.deploy.groups import Group
from selfstop.deploy.model import Place
from selfstop.deploy.permission import Permission
from selfstop.deploy.resolve import Deployment
from selfstop.deploy.values import Resolved, State
from selfstop.evaluation import Effect
from selfstop.rules import RULES, Severity

_UNGUARDED = frozenset({"SST101", "SST102", "SST103", "SST105", "SST106"})


def findings(
    deployment: Deployment, exposures: Sequence[Exposure], unread: Sequence[Unread]
) -> tuple[AuditFinding, ...]:
    """All findings, the severest first, then by place."""
    deployed = [exposure for exposure in exposures if exposure.is_deployed and not exposure.missing]
    found = [
        *_loops(deployed),
        *_at_once(deployed),
        *_drifts(deployed),
        *_unknown(deployed),
        *_unguarded(deployed),
        *_allowed(deployment, deployed),
        *_unused(unread),
        *_invalid(deployed),
    ]
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (order[each.severity], each.code, each.place)))


def _finding(
    code: str,
    place: Place,
    related: Sequence[tuple[Place, str]],
    advised: Iterable[str],
    *,
    severity: Severity | None = None,
    exposure: Exposure | None = None,
    **arguments: str,
) -> AuditFinding:
    return AuditFinding(
        code,
        rules.message(code, **arguments),
        place,
        severity or RULES[code].severity,
        tuple(dict.fromkeys((where, text) for where, text in related if where != place)),
        tuple(dict.fromkeys(advised)),
        exposure.site.witness if exposure is not None else (),
    )


def _settled_by(exposure: Exposure) -> Place:
    """The place of the setting that decides, or of the run."""
    for value in exposure.values:
        if value.given is not None:
            return value.given.place
    return exposure.launch.run.place


def _cause(exposure: Exposure) -> str:
    if exposure.site.code in _UNGUARDED:
        return f"{exposure.site.code} {RULES[exposure.site.code].name}"
    parts = [f"{value.variable} = {words.value(value, exposure.site)}" for value in exposure.values]
    return ", ".join(parts) or "no setting switches it off"


def _chain(exposure: Exposure, group: Group | None = None) -> Iterator[tuple[Place, str]]:
    """The places from the group down to the stop call."""
    if group is not None:
        yield group.place, f"the group {group.name} ({words.capacity(group)})"
        if group.user_data is not None:
            yield group.user_data, "its user data"
    launch = exposure.launch
    yield launch.run.place, f"starts {words.image(launch)}"
    if launch.built is not None:
        yield launch.built.place, f"{launch.image} is built here"
    yield exposure.program.place, f"runs {words.entry(exposure)}"
    for value in exposure.values:
        if value.given is not None:
            yield value.given.place, f"{value.variable} = {words.value(value, exposure.site)}"
    yield place_of(exposure.site), f"stops its own machine: {exposure.site.call.callee}()"


def _loops(exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    for exposure in exposures:
        if exposure.effect not in {Effect.ON, Effect.AT_ONCE}:
            continue
        for group in exposure.groups:
            if group.alone:
                continue
            keeps, consequence, severity = _keeping(group)
            yield _finding(
                "SST301",
                exposure.launch.run.place,
                list(_chain(exposure, group)),
                advice.for_loop(exposure, group),
                exposure=exposure if exposure.site.code else None,
                severity=severity,
                group=group.name,
                keeps=keeps,
                consequence=consequence,
                program=words.entry(exposure),
                cause=_cause(exposure),
            )


def _keeping(group: Group) -> tuple[str, str, Severity]:
    """How many machines a group keeps, what comes of it if these stop themselves, and how bad that is."""
    if group.floor == 0:
        consequence = "whenever it is scaled out, it replaces them until it is scaled in again"
        return "keeps no machine of its own accord", consequence, Severity.NOTE
    if group.floor is None:
        return "keeps a number of machines that is not known here", "it replaces what stops", Severity.WARNING
    machines = "machine" if group.floor == 1 else "machines"
    return f"keeps at least {group.floor} {machines}", "the group replaces it without end", Severity.ERROR


def _at_once(exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    for exposure in exposures:
        value = _always(exposure)
        if exposure.effect is Effect.AT_ONCE and value is not None:
            yield _finding(
                "SST302",
                _settled_by(exposure),
                list(_chain(exposure)),
                advice.for_at_once(exposure, value),
                variable=value.variable,
                value=words.value(value, exposure.site),
                guard=words.guard(exposure.site),
                threshold=advice.threshold(words.guard(exposure.site)),
                site=str(place_of(exposure.site)),
                program=words.entry(exposure),
            )


def _always(exposure: Exposure) -> Resolved | None:
    """The value that makes a guard always true."""
    return exposure.values[0] if exposure.values else None


def _drifts(exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    by_image: dict[tuple[str, str], list[tuple[Exposure, Resolved]]] = defaultdict(list)
    drifting = drift(exposures)
    for exposure in exposures:
        for value in exposure.values:
            if (exposure.launch.image, value.variable) in drifting:
                by_image[exposure.launch.image, value.variable].append((exposure, value))
    for (image, variable), pairs in sorted(by_image.items()):
        said: dict[str, list[str]] = defaultdict(list)
        for exposure, value in pairs:
            place = value.given.place if value.state is State.KNOWN and value.given else exposure.launch.run.place
            said[f"{words.value(value, exposure.site)} ({words.effect(exposure)})"].append(str(place))
        values = "; ".join(f"{text} at {', '.join(dict.fromkeys(places))}" for text, places in said.items())
        reference = words.value(pairs[0][1], pairs[0][0].site)
        differing = next(each for each, value in pairs if words.value(value, each.site) != reference)
        related = [
            (each.launch.run.place, f"{variable} = {words.value(value, each.site)}, {words.started(each.launch)}")
            for each, value in pairs
        ]
        yield _finding(
            "SST303",
            _settled_by(differing),
            related,
            advice.for_drift(pairs),
            image=image,
            variable=variable,
            values=values,
        )


def _unknown(exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    for exposure in exposures:
        value = next((each for each in exposure.values if each.state is State.UNKNOWN), None)
        if exposure.effect is not Effect.UNKNOWN or value is None:
            continue
        trials = [
            f"{words.quoted(trial.text) if trial.text is not None else words.value_unset(value, exposure.site)}"
            f" means {words.EFFECTS[trial.outcome.effect]}"
            for trial in exposure.trials
            if trial.outcome.effect is not Effect.UNKNOWN
        ]
        yield _finding(
            "SST304",
            exposure.launch.run.place,
            list(_chain(exposure)),
            advice.for_unknown(exposure, value),
            variable=value.variable,
            program=words.entry(exposure),
            image=words.image(exposure.launch),
            reason=words.source(value, exposure.launch),
            candidates=f": {', '.join(dict.fromkeys(trials))}" if trials else "",
        )


def _unguarded(exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    by_site: dict[tuple[Place, str], list[Exposure]] = defaultdict(list)
    for exposure in exposures:
        if exposure.site.code in RULES and exposure.effect is not Effect.OFF:
            by_site[place_of(exposure.site), words.entry(exposure)].append(exposure)
    for (site, entry), group in by_site.items():
        first, *others = group
        related = list(_chain(first))
        related += [(each.launch.run.place, f"starts it, too: {words.started(each.launch)}") for each in others]
        code = first.site.code
        yield _finding(
            "SST305",
            first.launch.run.place,
            related,
            advice.for_unguarded(first.site),
            exposure=first,
            program=entry,
            how=words.started(first.launch),
            others=f", and by {len(others)} more" if others else "",
            callee=first.site.call.callee,
            site=str(site),
            rule=f"{code} {RULES[code].name}",
        )


def _allowed(deployment: Deployment, exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    by_role: dict[str, list[Group]] = defaultdict(list)
    for exposure in exposures:
        for group in exposure.groups:
            role = deployment.role_of(group)
            if role is not None and group.profile is not None and group not in by_role[role.role]:
                by_role[role.role].append(group)
    for name, groups in sorted(by_role.items()):
        role = deployment.role_of(groups[0])
        if role is None or role.permission in {Permission.DENIED, Permission.NOT_ALLOWED}:
            continue
        related = [(statement.place, "this statement decides") for statement in role.statements]
        related += [(place, "a policy of it") for place in role.policies]
        place = role.statements[0].place if role.statements else groups[0].place
        yield _finding(
            "SST306",
            place,
            related,
            advice.for_role(role, [each for each in exposures if set(each.groups) & set(groups)]),
            role=name or "(unnamed)",
            groups=", ".join(group.name for group in groups),
            permission=role.permission.value,
            reason=role.reason,
        )


def _unused(unread: Sequence[Unread]) -> Iterator[AuditFinding]:
    for each in unread:
        place = each.value.given.place if each.value.given is not None else each.launch.run.place
        yield _finding(
            "SST307",
            place,
            [(each.launch.run.place, f"starts {words.image(each.launch)}")],
            advice.for_unused(each),
            variable=each.value.variable,
            value=words.value(each.value),
            program=each.program.text,
        )


def _invalid(exposures: Sequence[Exposure]) -> Iterator[AuditFinding]:
    for exposure in exposures:
        if exposure.effect is Effect.INVALID and exposure.values:
            value = exposure.values[0]
            yield _finding(
                "SST308",
                _settled_by(exposure),
                list(_chain(exposure)),
                advice.for_invalid(exposure, value),
                variable=value.variable,
                value=words.value(value, exposure.site),
                program=words.entry(exposure),
                reason=exposure.outcome.reason,
            )

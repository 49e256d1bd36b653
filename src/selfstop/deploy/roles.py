"""The roles of machines: which policies they have, and whether these let them stop an instance."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from selfstop.deploy import names
from selfstop.deploy.collect import Collected
from selfstop.deploy.groups import is_meant, is_name
from selfstop.deploy.model import (
    InstanceProfile,
    Place,
    Policy,
    Role,
    RolePolicy,
    Statement,
    Strength,
    Value,
)
from selfstop.deploy.permission import Permission, judge


@dataclass(frozen=True)
class RoleVerdict:
    """Whether a role may call ``ec2:StopInstances``: ``reason`` in words, ``policies`` those that were seen.

    ``statements`` are those that decide. ``removed`` are places where a policy is taken away from the role. Where it is
    not ``is_named``, ``role`` is no name that AWS knows.
    """

    role: str
    permission: Permission
    reason: str
    policies: tuple[Place, ...] = ()
    statements: tuple[Statement, ...] = ()
    removed: tuple[Place, ...] = ()
    place: Place | None = None
    is_named: bool = False


def verdict(profile: Value | None, collected: Collected, files: Collection[str]) -> RoleVerdict:
    """What the role behind an instance profile may do, as far as the repository says."""
    if profile is None:
        return RoleVerdict("", Permission.UNKNOWN, "no instance profile is named")
    facts = collected.facts
    named = [fact for fact in facts if isinstance(fact, InstanceProfile) and is_meant(profile, fact.name, fact.label)]
    role = next((fact.role for fact in named if fact.role is not None), profile)
    declared = next((fact for fact in facts if isinstance(fact, Role) and is_meant(role, fact.name, fact.label)), None)
    given = [
        fact
        for fact in facts
        if isinstance(fact, RolePolicy) and fact.strength < Strength.DOCUMENT and _concerns(fact, role, declared)
    ]
    attached = [fact for fact in given if not fact.removed]
    found = [(fact, list(_policies(fact, collected, files))) for fact in attached]
    policies = list(dict.fromkeys(policy for _, each in found for policy in each))
    elsewhere = [fact for fact, each in found if not each]
    complete = declared is not None and declared.complete and not elsewhere
    boundary: Sequence[Policy] | None = None
    if declared is not None and declared.boundary is not None:
        boundary = [fact for fact in facts if isinstance(fact, Policy) and _is_boundary(declared.boundary, fact)]
    judged = judge(policies, complete=complete, boundary=boundary)
    written = declared.name if declared is not None and names.shown(declared.name) else role
    return RoleVerdict(
        names.shown(written),
        judged.permission,
        _reason(judged.permission, policies, elsewhere, declared),
        tuple(dict.fromkeys(policy.place for policy in policies)),
        judged.statements,
        tuple(fact.place for fact in given if fact.removed),
        declared.place if declared is not None else None,
        is_name(written, "" if declared is None else declared.label),
    )


def _concerns(fact: RolePolicy, role: Value, declared: Role | None) -> bool:
    return is_meant(fact.role, role, declared.label if declared is not None else "") or (
        declared is not None and is_meant(fact.role, declared.name, declared.label)
    )


def _is_boundary(boundary: Value, policy: Policy) -> bool:
    text = names.plain(boundary) or str(boundary)
    return bool(policy.name) and text.rpartition("/")[2] in {policy.name, policy.label}


def _policies(fact: RolePolicy, collected: Collected, files: Collection[str]) -> Iterator[Policy]:
    """The documents that a role is given by one statement, as far as they are here."""
    if fact.policy is not None:
        yield fact.policy
    elif fact.script is not None:
        yield from _in(collected, fact.script.place.path, fact.script.place.line)
    elif fact.file is not None:
        path = names.find_file(fact.file, files, names.bases_of(fact.place.path))
        if path is not None:
            yield from _in(collected, path, None)
    elif fact.reference is not None:
        wanted = (names.plain(fact.reference) or str(fact.reference)).rpartition("/")[2]
        for known in collected.facts:
            if isinstance(known, Policy) and wanted and wanted in {known.name, known.label}:
                yield known


def _in(collected: Collected, path: str, line: int | None) -> Iterator[Policy]:
    for unit in collected.units:
        if unit.place.path == path and (line is None or unit.place.line == line):
            yield from (fact for fact in unit.facts if isinstance(fact, Policy))


def _reason(
    permission: Permission, policies: Sequence[Policy], elsewhere: Sequence[RolePolicy], declared: Role | None
) -> str:
    seen = f"{len(policies)} polic{'y' if len(policies) == 1 else 'ies'} seen here"
    match permission:
        case Permission.ALLOWED:
            return "a statement allows it"
        case Permission.CONDITIONAL:
            return "it depends on a Condition or on the resource"
        case Permission.DENIED:
            return "a statement denies it"
        case Permission.NOT_ALLOWED:
            return f"{seen}, all that the role has; none allows it"
    without = (
        f"{seen}, none of which speaks of ec2:StopInstances" if policies else "no policy of it is in this repository"
    )
    if elsewhere:
        kept = ", ".join(sorted({names.shown(fact.reference) or fact.name or "one" for fact in elsewhere}))
        return f"{without}; others are kept elsewhere ({kept})"
    return f"{without}; scripts only add policies, so there may be others" if declared is None or policies else without

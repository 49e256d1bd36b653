"""Whether the policies of a role let it make a call.

Source: IAM User Guide, "Policy evaluation logic": an explicit Deny wins over any Allow, and what nothing allows is
denied implicitly. Service control policies and session policies are not in a repository and not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from selfstop.deploy.model import Policy, Statement

STOP: Final = "ec2:StopInstances"
INSTANCE: Final = "arn:aws:ec2:*:*:instance/*"
"""The resource that ``ec2:StopInstances`` is checked against: any instance."""

_PARTITION: Final = re.compile(r"arn:aws(?:-[a-z-]+)?:")


class Permission(StrEnum):
    """What comes of a call."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    """Allowed or denied under a Condition, or for some resources only."""
    DENIED = "denied"
    """Denied explicitly."""
    NOT_ALLOWED = "not allowed"
    """All policies of the role are known, and none allows it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Judgement:
    """What comes of a call, and the statements that make it so."""

    permission: Permission
    statements: tuple[Statement, ...] = ()


def judge(
    policies: Iterable[Policy],
    *,
    complete: bool,
    boundary: Sequence[Policy] | None = None,
    action: str = STOP,
    resource: str = INSTANCE,
) -> Judgement:
    """What comes of ``action`` on any resource of the form ``resource`` for a role with these policies.

    ``complete`` says that there are no others. ``boundary`` is the permissions boundary: ``None`` where there is none,
    empty where it is not known. Trust policies allow nothing.
    """
    policies = [policy for policy in policies if not policy.trust]
    own = _judge(policies, complete=complete and all(p.complete for p in policies), action=action, resource=resource)
    if boundary is None or own.permission not in {Permission.ALLOWED, Permission.CONDITIONAL}:
        return own
    known = bool(boundary) and all(policy.complete for policy in boundary)
    limit = _judge(boundary, complete=known, action=action, resource=resource)
    if limit.permission is Permission.ALLOWED:
        return own
    if limit.permission is Permission.CONDITIONAL:
        return Judgement(Permission.CONDITIONAL, (*own.statements, *limit.statements))
    return limit if limit.permission is not Permission.UNKNOWN else Judgement(Permission.UNKNOWN, own.statements)


def _judge(policies: Sequence[Policy], *, complete: bool, action: str, resource: str) -> Judgement:
    concerned = [
        (statement, _extent(statement, resource))
        for policy in policies
        for statement in policy.statements
        if _speaks_of(statement, action)
    ]
    denials = [(statement, whole) for statement, whole in concerned if not statement.allow and whole is not None]
    grants = [(statement, whole) for statement, whole in concerned if statement.allow and whole is not None]
    settled = tuple(statement for statement, whole in denials if whole and not statement.conditions)
    if settled:
        return Judgement(Permission.DENIED, settled)
    if not grants:
        return Judgement(Permission.NOT_ALLOWED if complete else Permission.UNKNOWN)
    free = tuple(statement for statement, whole in grants if whole and not statement.conditions)
    if free and not denials:
        return Judgement(Permission.ALLOWED, free)
    return Judgement(Permission.CONDITIONAL, tuple(statement for statement, _ in (*denials, *grants)))


def _speaks_of(statement: Statement, action: str) -> bool:
    if statement.not_actions:
        return not any(matches(pattern, action) for pattern in statement.not_actions)
    return any(matches(pattern, action) for pattern in statement.actions)


def _extent(statement: Statement, resource: str) -> bool | None:
    """``True``: of every such resource; ``False``: of some; ``None``: of none."""
    if statement.not_resources:
        spared = [pattern for pattern in statement.not_resources if _concerns(pattern, resource)]
        if any(_covers(pattern, resource) for pattern in spared):
            return None
        return not spared
    reached = [pattern for pattern in statement.resources if _concerns(pattern, resource)]
    if any(_covers(pattern, resource) for pattern in reached):
        return True
    return False if reached or not statement.resources else None


def _concerns(pattern: str, resource: str) -> bool:
    """Whether it names some such resource. The fields of an ARN are told apart: only the last may hold colons."""
    opened = _opened(pattern)
    ours, theirs = opened.split(":", 5), resource.split(":", 5)
    if len(ours) == len(theirs) == 6:
        return all(overlap(one, other) for one, other in zip(ours, theirs, strict=True))
    return overlap(opened, resource)


def _covers(pattern: str, resource: str) -> bool:
    """Whether it names all such resources, the region and the account left aside: they are those of the machine."""
    if matches(pattern, resource):
        return True
    pattern = _PARTITION.sub("arn:aws:", pattern, count=1)
    ours, theirs = pattern.split(":", 5), resource.split(":", 5)
    return len(ours) == len(theirs) == 6 and ours[2] == theirs[2] and matches(ours[5], theirs[5])


def _opened(pattern: str) -> str:
    """The pattern in the common partition, with an asterisk for what is filled in (``${aws:username}``, ``{{X}}``)."""
    opened: list[str] = []
    rest = _PARTITION.sub("arn:aws:", pattern, count=1)
    while rest:
        before, sign, after = rest.partition("{")
        opened.append(before.removesuffix("$") if sign else before)
        if not sign:
            break
        rest = after.partition("}")[2].lstrip("}")
        opened.append("*")
    return "".join(opened)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with ``*`` (any text) and ``?`` (any character) matches a text, upper and lower case alike.

    The text's own asterisks are characters like others. Takes at most the product of both lengths.
    """
    pattern, text = pattern.lower(), text.lower()
    at, star, mark, position = 0, -1, 0, 0
    while position < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, position
            at += 1
        elif at < len(pattern) and pattern[at] in {"?", text[position]}:
            at += 1
            position += 1
        elif star >= 0:
            mark += 1
            at, position = star + 1, mark
        else:
            return False
    return pattern[at:].strip("*") == ""


def overlap(first: str, second: str) -> bool:
    """Whether some text is matched by both patterns, upper and lower case alike."""
    first, second = first.lower(), second.lower()
    reachable = {0}
    for position in range(len(first) + 1):
        reachable = _along(first[position] if position < len(first) else "", second, reachable)
        if not reachable:
            return False
    return len(second) in reachable


def _along(sign: str, second: str, reachable: set[int]) -> set[int]:
    """The positions in ``second`` that may be reached once ``sign`` of the first pattern is matched ("": the end)."""
    start = _skipping_stars(second, reachable)
    if sign == "":
        return start
    if sign == "*":
        return set(range(min(start), len(second) + 1)) if start else set()
    after: set[int] = set()
    for position in start:
        if position < len(second) and second[position] == "*":
            after.add(position)
        elif position < len(second) and (second[position] in {"?", sign} or sign == "?"):
            after.add(position + 1)
    return after


def _skipping_stars(second: str, positions: set[int]) -> set[int]:
    """The positions, and those behind the asterisks there, which may stand for nothing."""
    reached = set(positions)
    for position in positions:
        ahead = position
        while ahead < len(second) and second[ahead] == "*":
            ahead += 1
            reached.add(ahead)
    return reached

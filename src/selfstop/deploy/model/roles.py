"""What a machine may do: policies, roles and profiles."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.deploy.model.scripts import Script
from selfstop.deploy.model.settings import Strength
from selfstop.deploy.model.values import Place, Value


@dataclass(frozen=True)
class Statement:
    """A statement of a policy: patterns as written. ``conditions`` is the source text of its Condition, "" without."""

    allow: bool
    place: Place
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: str = ""


@dataclass(frozen=True)
class Policy:
    """A policy document. ``trust`` marks one that says who may take on a role, which allows no calls.

    ``complete`` is false where parts of it are unresolved or broken.
    """

    place: Place
    statements: tuple[Statement, ...]
    name: str = ""
    trust: bool = False
    complete: bool = True
    label: str = ""


@dataclass(frozen=True)
class Role:
    """A role that is created; ``boundary`` is its permissions boundary, ``complete`` whether all its policies are here.

    Terraform and CloudFormation list a role's policies, commands of the aws CLI only add some.
    """

    name: Value
    place: Place
    label: str = ""
    boundary: Value | None = None
    complete: bool = False
    strength: Strength = Strength.OPERATOR


@dataclass(frozen=True)
class RolePolicy:
    """A policy that is given to a role, or, with ``removed``, taken away from it.

    Exactly one of: ``policy`` (the document itself), ``script`` (its JSON, still to be read), ``file`` (in the
    repository), ``reference`` (an ARN, a name or a label of a policy elsewhere); none if it is only named.
    """

    role: Value
    place: Place
    policy: Policy | None = None
    file: Value | None = None
    reference: Value | None = None
    name: str = ""
    removed: bool = False
    strength: Strength = Strength.OPERATOR
    script: Script | None = None


@dataclass(frozen=True)
class InstanceProfile:
    """An instance profile and the role in it."""

    name: Value
    place: Place
    role: Value | None = None
    label: str = ""

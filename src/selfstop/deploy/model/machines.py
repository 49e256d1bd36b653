"""Machines and what starts them anew: templates, groups, instances."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.deploy.model.runs import Condition
from selfstop.deploy.model.scripts import Script
from selfstop.deploy.model.settings import Strength
from selfstop.deploy.model.values import Place, Value


@dataclass(frozen=True)
class UserData:
    """What a machine runs at its first start: a ``file`` of the repository, or the text itself in ``script``.

    With neither, it comes from elsewhere, and ``text`` says how that is written. ``variables`` are what the marks of a
    template ``file`` are filled with.
    """

    place: Place
    file: Value | None = None
    script: Script | None = None
    text: str = ""
    variables: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class LaunchTemplate:
    """A launch template or launch configuration, or a new version of it; ``label`` is how its file refers to it.

    ``name`` is ``None`` where it is known by its label only (``aws_launch_template.worker``, a logical id).
    ``profile`` names an instance profile, or its label; ``host`` is the value of the tag ``Name``.
    """

    name: Value | None
    place: Place
    label: str = ""
    user_data: UserData | None = None
    profile: Value | None = None
    host: Value | None = None
    strength: Strength = Strength.OPERATOR


@dataclass(frozen=True)
class Instance:
    """Machines that are started outside of any group (``run-instances``, ``aws_instance``)."""

    place: Place
    host: Value | None = None
    user_data: UserData | None = None
    profile: Value | None = None
    strength: Strength = Strength.OPERATOR


@dataclass(frozen=True)
class ScalingGroup:
    """An EC2 Auto Scaling group that is created, or, with ``update``, changed.

    ``None`` where the command does not speak of a property. ``template`` names a launch template or launch
    configuration, or is its label.
    """

    name: Value
    place: Place
    minimum: Value | None = None
    desired: Value | None = None
    maximum: Value | None = None
    template: Value | None = None
    update: bool = False
    label: str = ""
    strength: Strength = Strength.OPERATOR
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class CapacityWrite:
    """Another way by which the capacity of a group is set: ``by`` says which (a scheduled action, a call of boto3)."""

    group: Value
    place: Place
    by: str
    minimum: Value | None = None
    desired: Value | None = None
    maximum: Value | None = None
    strength: Strength = Strength.OPERATOR
    conditions: tuple[Condition, ...] = ()

"""All that one file says."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.deploy.model.images import Dockerfile, ImageBuild, ImageTag
from selfstop.deploy.model.machines import CapacityWrite, Instance, LaunchTemplate, ScalingGroup
from selfstop.deploy.model.roles import InstanceProfile, Policy, Role, RolePolicy
from selfstop.deploy.model.runs import Run
from selfstop.deploy.model.scripts import Script, ScriptCall, WrittenFile
from selfstop.deploy.model.settings import ConfigMap, EnvFile, Parameter
from selfstop.deploy.model.values import Problem

Fact = (
    Run
    | Dockerfile
    | ImageBuild
    | ImageTag
    | EnvFile
    | ConfigMap
    | Script
    | ScriptCall
    | WrittenFile
    | LaunchTemplate
    | Instance
    | ScalingGroup
    | CapacityWrite
    | Policy
    | Role
    | RolePolicy
    | InstanceProfile
    | Parameter
)


@dataclass(frozen=True)
class Reading:
    """What a reader made of a text.

    ``missing_library`` is the distribution without which the format cannot be read; there are no facts then.
    """

    facts: tuple[Fact, ...] = ()
    problems: tuple[Problem, ...] = ()
    missing_library: str = ""

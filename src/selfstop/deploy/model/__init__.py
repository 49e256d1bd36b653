"""What the files of a deployment say: facts, each with its place, before anything is joined.

A reader turns the text of one file into a `Reading`. It does no more than that: it opens no other file, calls no
other reader and raises nothing; what it could not make sense of is a `Problem`. Text that holds another language
(user data in a template, the steps of a workflow, code in Markdown, a policy in a here-string) is handed on as a
`Script`, which is read in its turn with the line it begins at. A reader is a function

    read(path, text, *, line=1, strength=Strength.OPERATOR) -> Reading

where ``line`` is the line of ``path`` at which ``text`` begins (that of env files takes the names asked for, too).

How formats map to facts:

===========================  =========================================================================================
shell, PowerShell, batch     `Run` for each start of a container or a process, `ImageBuild`, `ImageTag`; what aws CLI
                             commands create (below); `Script` for here-documents and quoted commands of ``ssh``
aws CLI                      ``autoscaling create/update-…``: `ScalingGroup`; ``put-scheduled-…``,
                             ``set-desired-capacity``: `CapacityWrite`; ``create-launch-template…``: `LaunchTemplate`;
                             ``run-instances``: `Instance`; ``iam …``: `RolePolicy`, `Role`, `InstanceProfile`
Dockerfile                   one `Dockerfile` with its `Stage`s
compose                      `Run` and `ImageBuild` for each service, ``name`` being the service
env files                    `EnvFile`, in the dialect of whoever reads it, with the values of the names asked for only
IAM JSON                     `Policy`
Terraform, CloudFormation    `ScalingGroup`, `CapacityWrite`, `LaunchTemplate`, `Policy`, `RolePolicy`, `Role`,
                             `InstanceProfile`, `Run` (task definitions)
GitHub Actions               `ImageBuild` for build actions, `Script` for ``run:``
systemd                      `Run`, whose launcher is systemd
Kubernetes, ECS              `Run`; `ConfigMap`
cloud-init                   `Script` for ``runcmd`` and ``write_files``, `WrittenFile` for the latter, too
Markdown                     `Script` of strength `Strength.DOCUMENT`
===========================  =========================================================================================
"""

from selfstop.deploy.model.images import Copy, Dockerfile, ImageBuild, ImageTag, Stage
from selfstop.deploy.model.machines import CapacityWrite, Instance, LaunchTemplate, ScalingGroup, UserData
from selfstop.deploy.model.reading import Fact, Reading
from selfstop.deploy.model.roles import InstanceProfile, Policy, Role, RolePolicy, Statement
from selfstop.deploy.model.runs import Command, Comparison, Condition, Extends, Launcher, Mount, Run
from selfstop.deploy.model.scripts import Language, Script, ScriptCall, WrittenFile
from selfstop.deploy.model.settings import (
    ConfigMap,
    Dialect,
    EnvFile,
    Extra,
    Layer,
    Parameter,
    Removal,
    Setting,
    SettingsFile,
    Source,
    Strength,
)
from selfstop.deploy.model.values import Origin, Place, Problem, Unresolved, Value

__all__ = [
    "CapacityWrite",
    "Command",
    "Comparison",
    "Condition",
    "ConfigMap",
    "Copy",
    "Dialect",
    "Dockerfile",
    "EnvFile",
    "Extends",
    "Extra",
    "Fact",
    "ImageBuild",
    "ImageTag",
    "Instance",
    "InstanceProfile",
    "Language",
    "LaunchTemplate",
    "Launcher",
    "Layer",
    "Mount",
    "Origin",
    "Parameter",
    "Place",
    "Policy",
    "Problem",
    "Reading",
    "Removal",
    "Role",
    "RolePolicy",
    "Run",
    "ScalingGroup",
    "Script",
    "ScriptCall",
    "Setting",
    "SettingsFile",
    "Source",
    "Stage",
    "Statement",
    "Strength",
    "Unresolved",
    "UserData",
    "Value",
    "WrittenFile",
]

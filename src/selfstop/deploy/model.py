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

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file: ``path`` relative to the root with ``/``, ``line`` from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, order=True)
class Problem:
    """Something that could not be read, and why. ``line`` is 0 where the whole file is meant."""

    path: str
    line: int
    reason: str


class Origin(StrEnum):
    """Who fills in an unresolved part of a value."""

    VARIABLE = "variable"
    """A variable of the script that contains it, or of the shell, host or build that runs it."""
    HOST = "host"
    """The environment of whoever starts it: ``-e X`` without a value, compose's ``${X}`` and ``- X``."""
    TEMPLATE = "template"
    """A mark that is replaced before the file is used: ``{{X}}``, ``__X__``, ``${var.x}``, ``${{ x }}``."""
    COMMAND = "command"
    """The output of a command."""
    SECRET = "secret"  # noqa: S105
    """A secret store, a Kubernetes Secret or a parameter store."""
    CONFIG_MAP = "config map"
    """A key of a Kubernetes ConfigMap; ``name`` is ``MAP/KEY``."""
    ARGUMENTS = "arguments"
    """The arguments of the script or image: ``"$@"``, ``$1``."""


@dataclass(frozen=True)
class Unresolved:
    """A part of a value that the file leaves open.

    ``text`` is it as written (``${X:-5}``), ``name`` the variable, without marks. ``default`` is what stands in
    if the variable is unset, and, where ``default_if_empty``, also if it is empty. ``required`` says that its
    absence is an error (``${X:?}``). ``candidates`` are the literal texts that the same file assigns to the variable;
    where ``complete``, they are all it can be at that place.
    """

    text: str
    name: str
    origin: Origin = Origin.VARIABLE
    default: Value | None = None
    default_if_empty: bool = True
    required: bool = False
    candidates: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True)
class Value:
    """A text of which parts may be unresolved; an empty text has no parts."""

    parts: tuple[str | Unresolved, ...] = ()

    @classmethod
    def of(cls, text: str) -> Value:
        """The value that is exactly ``text``."""
        return cls((text,) if text else ())

    @property
    def literal(self) -> str | None:
        """The whole text, ``None`` where a part of it is unresolved."""
        if any(isinstance(part, Unresolved) for part in self.parts):
            return None
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def unresolved(self) -> tuple[Unresolved, ...]:
        """The parts that are left open."""
        return tuple(part for part in self.parts if isinstance(part, Unresolved))

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


class Strength(IntEnum):
    """How sure it is that what a file says happens in production, the strongest first."""

    UNATTENDED = 0
    """User data, services, orchestrators, task definitions: nobody has to do anything."""
    OPERATOR = 1
    """A script that somebody runs."""
    LOCAL = 2
    """Compose and scripts for development."""
    TEMPLATE = 3
    """Something that is filled in or copied first, such as ``*.example``."""
    DOCUMENT = 4
    """Documentation."""
    PRINTED = 5
    """Text that a script prints, logs or replaces."""


class Layer(StrEnum):
    """Where a setting takes effect. Which layer wins depends on the launcher; see `selfstop.deploy.values`."""

    PROGRAM = "program"
    """Assigned by the program itself before it is read."""
    SCRIPT = "entry script"
    """Exported by the script that starts the program."""
    OVERRIDE = "override"
    """``docker compose run -e``, overrides of an ECS task run."""
    TABLE = "environment"
    """The launcher's own table: ``-e``, ``environment:``, ``env:``, ``Environment=``."""
    FILE = "env file"
    """``--env-file``, ``env_file:``, ``envFrom``, ``environmentFiles``, ``EnvironmentFile=``."""
    IMAGE = "image"
    """``ENV`` of the Dockerfile."""
    CODE = "code"
    """The default in the code."""


@dataclass(frozen=True)
class Setting:
    """An environment variable that is given a value.

    A name that is taken over from the host (``-e X``) has a `Value` with one `Unresolved` part of
    `Origin.HOST`. ``layer`` says how it is given.
    """

    name: str
    value: Value
    layer: Layer
    place: Place


class Dialect(StrEnum):
    """Whose rules for quotes, comments and interpolation an env file follows."""

    DOCKER = "docker"
    COMPOSE = "compose"
    SYSTEMD = "systemd"
    DOTENV = "python-dotenv"
    SHELL = "shell"


@dataclass(frozen=True)
class SettingsFile:
    """A file of settings that a launcher is told to read.

    ``file`` is its path as written, relative to ``base`` (a directory relative to the root; ``None`` where that is
    not known, such as the working directory of a script). For Kubernetes' ``envFrom`` it is the name of the
    `ConfigMap`, or, with ``secret``, of a Secret. ``required`` is false where the launcher does without it. Where the
    same script is seen to write the file from elsewhere (``aws ssm … > FILE``), ``written_by`` says how.
    """

    file: Value
    dialect: Dialect
    place: Place
    base: str | None = None
    required: bool = True
    secret: bool = False
    config_map: bool = False
    prefix: str = ""
    written_by: str = ""
    layer: Layer = Layer.FILE


@dataclass(frozen=True)
class Extra:
    """A word among a launcher's options that is unresolved and may stand for further settings.

    ``alternatives`` are the settings of each text that the same file assigns to it; where ``complete``, there are
    no other texts that it can be.
    """

    word: Value
    place: Place
    alternatives: tuple[tuple[Setting | SettingsFile, ...], ...] = ()
    complete: bool = False


Source = Setting | SettingsFile | Extra


@dataclass(frozen=True)
class Comparison:
    """A comparison in a shell condition: ``operator`` is ``=``, ``!=``, ``-n``, ``-z``, ``-eq`` … as ``[`` has them."""

    left: Value
    operator: str
    right: Value = field(default_factory=Value)


@dataclass(frozen=True)
class Condition:
    """Something that has to be so (or, if not ``holds``, must not be so) for a command to be run.

    ``test`` is what it compares, where that is simple.
    """

    text: str
    place: Place
    holds: bool = True
    test: Comparison | None = None


@dataclass(frozen=True)
class Command:
    """A command line: its words, or, in shell form, one word that a shell reads.

    ``arguments`` of an entry script that end in ``"$@"`` are an `Unresolved` of `Origin.ARGUMENTS`.
    """

    words: tuple[Value, ...]
    place: Place
    shell: bool = False


class Launcher(StrEnum):
    """Who starts a program, which decides about precedence."""

    DOCKER = "docker run"
    COMPOSE = "compose"
    ECS = "ECS"
    KUBERNETES = "Kubernetes"
    SYSTEMD = "systemd"
    PROCESS = "process"


@dataclass(frozen=True)
class Mount:
    """A volume that covers a path in the container; ``source`` is a path on the host or a volume's name."""

    source: Value
    target: Value


@dataclass(frozen=True)
class Extends:
    """The compose service that another one extends, in ``file`` (relative to the compose file) or in the same one."""

    service: str
    file: Value | None = None


@dataclass(frozen=True)
class Run:
    """One start of a container or of a process.

    ``image`` is the reference as written, ``None`` for a process on the host (`Launcher.PROCESS`) and for a
    compose service without ``image`` (then ``name`` is that of an `ImageBuild`). ``sources`` are all that sets
    variables, in the order written. ``entrypoint`` and ``command`` are those of the launcher, ``None`` where it leaves
    them to the image. ``name`` is the container's, service's or unit's. ``restart`` is the restart policy as written.
    ``place`` is the line where the start begins. ``workdir`` is the directory it is started in.
    """

    launcher: Launcher
    place: Place
    image: Value | None = None
    sources: tuple[Source, ...] = ()
    entrypoint: Command | None = None
    command: Command | None = None
    name: Value | None = None
    restart: Value | None = None
    mounts: tuple[Mount, ...] = ()
    workdir: Value | None = None
    strength: Strength = Strength.OPERATOR
    conditions: tuple[Condition, ...] = ()
    profiles: tuple[str, ...] = ()
    scheduled: bool = False
    extends: Extends | None = None


@dataclass(frozen=True)
class Copy:
    """``COPY`` or ``ADD``: ``sources`` relative to the context, or within stage or image ``stage``.

    ``workdir`` is the one that a relative ``target`` starts from, ``None`` for the base image's.
    """

    sources: tuple[Value, ...]
    target: Value
    place: Place
    stage: Value | None = None
    workdir: Value | None = None


@dataclass(frozen=True)
class Stage:
    """One ``FROM`` of a Dockerfile and what follows; ``settings`` are its ``ENV``, ``arguments`` its ``ARG``.

    ``ENTRYPOINT`` and ``CMD`` are the last of the stage, ``shell`` is its ``SHELL``. ``on_build`` holds the
    instructions that a child image runs.
    """

    base: Value
    place: Place
    name: str = ""
    settings: tuple[Setting, ...] = ()
    arguments: tuple[Setting, ...] = ()
    copies: tuple[Copy, ...] = ()
    entrypoint: Command | None = None
    command: Command | None = None
    workdir: Value | None = None
    user: Value | None = None
    shell: tuple[Value, ...] = ()
    on_build: Stage | None = None


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile; ``arguments`` are the ``ARG`` before its first ``FROM`` (one without a default has no parts)."""

    path: str
    stages: tuple[Stage, ...]
    arguments: tuple[Setting, ...] = ()


@dataclass(frozen=True)
class ImageBuild:
    """An image and what it is built from: names as written, with registry and tag.

    ``context`` and ``dockerfile`` are relative to ``base`` (a directory relative to the root, ``None`` where it is not
    known), ``dockerfile`` to the context in compose (then ``dockerfile_in_context``). ``None``: not given.
    ``service`` is the compose service, whose image has the name ``PROJECT-SERVICE`` if ``images`` is empty.
    """

    images: tuple[Value, ...]
    place: Place
    context: Value | None = None
    dockerfile: Value | None = None
    dockerfile_in_context: bool = False
    base: str | None = None
    target: Value | None = None
    arguments: tuple[Setting, ...] = ()
    service: str = ""
    strength: Strength = Strength.OPERATOR
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class ImageTag:
    """``docker tag``: ``target`` becomes another name of ``source``."""

    source: Value
    target: Value
    place: Place


@dataclass(frozen=True)
class EnvFile:
    """An env file, read by the rules of ``dialect``: all names, but the values of those asked for only.

    Other values hold secrets and are never kept. ``template`` says that its name marks it as one to copy.
    """

    path: str
    dialect: Dialect
    names: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    template: bool = False


@dataclass(frozen=True)
class ConfigMap:
    """A Kubernetes ConfigMap with its values."""

    name: str
    settings: tuple[Setting, ...]
    place: Place


class Language(StrEnum):
    """The language of a text, as far as readers exist."""

    SHELL = "shell"
    POWERSHELL = "powershell"
    BATCH = "batch"
    DOCKERFILE = "dockerfile"
    YAML = "yaml"
    JSON = "json"
    CLOUD_CONFIG = "cloud-config"
    TERRAFORM = "terraform"
    SYSTEMD = "systemd"
    MARKDOWN = "markdown"
    ENV = "env file"
    USER_DATA = "user data"
    """Whatever EC2 user data may be: a script by its ``#!`` line, ``#cloud-config``, MIME multipart."""


@dataclass(frozen=True)
class Script:
    """Text in another language inside a file; its first line is at ``place``.

    Unresolved parts of it are written into ``text`` as they stand in the file, marks included; ``variables`` says what
    the surrounding script knows of its variables. ``conditions`` are those under which it is run at all. With
    ``one_line``, the lines of ``text`` are no lines of the file (a text in JSON): all of it stands at ``place``.
    """

    language: Language
    text: str
    place: Place
    strength: Strength = Strength.OPERATOR
    name: str = ""
    conditions: tuple[Condition, ...] = ()
    variables: tuple[tuple[str, Value], ...] = ()
    one_line: bool = False


@dataclass(frozen=True)
class ScriptCall:
    """A script of the repository that another one calls, with the values it gives to the parameters.

    A name is that of a PowerShell parameter, or the position of an argument, from "1".
    """

    script: Value
    place: Place
    arguments: tuple[tuple[str, Value], ...] = ()
    strength: Strength = Strength.OPERATOR
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class WrittenFile:
    """A file that a script or cloud-init writes on the machine; ``text`` only where it is literal."""

    file: Value
    place: Place
    script: Script | None = None
    source: str = ""


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


@dataclass(frozen=True)
class Parameter:
    """An input variable or local of Terraform, named as it is referred to (``var.x``, ``local.x``).

    Its value fills the `Unresolved` of that name in all files of ``directory``; where ``settled``, nothing can
    override it. See `selfstop.deploy.parameters`.
    """

    name: str
    directory: str
    value: Value
    place: Place
    settled: bool = False


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

"""Variables that a deployment sets: by whom, and in which order they count."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from selfstop.deploy.model.values import Place, Value


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


@dataclass(frozen=True)
class Removal:
    """A variable that is taken out of the environment (``unset X``); not ``sure``: only under some condition."""

    name: str
    place: Place
    sure: bool = True
    layer: Layer = Layer.SCRIPT


Source = Setting | SettingsFile | Removal | Extra


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

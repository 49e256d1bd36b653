"""What is started: containers, processes and services, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from selfstop.deploy.model.settings import Source, Strength
from selfstop.deploy.model.values import Place, Value


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

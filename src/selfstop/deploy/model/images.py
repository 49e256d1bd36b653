"""Images: how they are built, and what is in them."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.deploy.model.runs import Command, Condition
from selfstop.deploy.model.settings import Setting, Strength
from selfstop.deploy.model.values import Place, Value


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

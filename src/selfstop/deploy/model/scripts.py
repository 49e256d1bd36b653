"""Text in another language that a file holds, and calls of files that hold scripts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from selfstop.deploy.model.runs import Condition
from selfstop.deploy.model.settings import Strength
from selfstop.deploy.model.values import Place, Value


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

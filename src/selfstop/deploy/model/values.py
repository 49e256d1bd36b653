"""Texts of deployment files, as far as they are known, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    where ``complete``, they are all it can be at that place. ``computed`` says that the file assigns something else
    to it, so that it need not be what whoever starts it says.
    """

    text: str
    name: str
    origin: Origin = Origin.VARIABLE
    default: Value | None = None
    default_if_empty: bool = True
    required: bool = False
    candidates: tuple[str, ...] = ()
    complete: bool = False
    computed: bool = False


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

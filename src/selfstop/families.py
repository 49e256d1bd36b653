"""The kinds of stop calls, and the names that each goes by. Whoever looks for stop calls takes the names from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True)
class StopNames:
    """The names of what stops a machine."""

    calls: frozenset[str] = frozenset()
    """Functions, and methods of a client."""

    methods: frozenset[str] = frozenset()
    """Methods of the machines of boto3's resource interface."""

    commands: frozenset[str] = frozenset()
    """Commands of the operating system."""

    subcommands: frozenset[str] = frozenset()
    """Commands of ``aws ec2``."""

    def __or__(self, other: StopNames) -> StopNames:
        return StopNames(
            self.calls | other.calls,
            self.methods | other.methods,
            self.commands | other.commands,
            self.subcommands | other.subcommands,
        )


ALWAYS: Final = StopNames(methods=frozenset({"stop"}))
"""What is looked for whatever is configured, beside the configured names."""

_OF_THE_SYSTEM: Final = "os"

FAMILIES: Final[Mapping[str, StopNames]] = MappingProxyType(
    {
        _OF_THE_SYSTEM: StopNames(
            commands=frozenset({"shutdown", "poweroff", "halt"}), subcommands=frozenset({"stop-instances"})
        ),
        "sagemaker": StopNames(calls=frozenset({"stop_notebook_instance"})),
        "terminate": StopNames(
            calls=frozenset({"terminate_instances", "terminate_instance_in_auto_scaling_group"}),
            methods=frozenset({"terminate"}),
            subcommands=frozenset({"terminate-instances"}),
        ),
    }
)
"""Kinds of stop calls that have to be asked for."""

API: Final = frozenset({"stop_instances"}) | FAMILIES["terminate"].calls
"""The API's own calls that are given ids of machines."""


def stop_names(calls: Iterable[str], families: Iterable[str]) -> StopNames:
    """All names under a configuration: those of configured ``calls``, and of the ``families`` that are asked for."""
    chosen = frozenset(families)
    found = ALWAYS | StopNames(calls=frozenset(calls))
    for family in sorted(chosen & FAMILIES.keys()):
        found |= FAMILIES[family]
    return found if _OF_THE_SYSTEM in chosen else StopNames(found.calls, found.methods)

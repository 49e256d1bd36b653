"""Configuration (interface stub: the front-end work fills this in)."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineOptions:
    """The part of the configuration the analysis needs."""

    stop_calls: frozenset[str] = frozenset({"stop_instances", "_stop_self_ec2"})
    families: frozenset[str] = frozenset()
    include_tests: bool = False

"""The configuration that is in effect, as a table that could stand in ``pyproject.toml``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from selfstop.config import DEFAULT_STOP_CALLS, PYPROJECT, TABLE, Config
from selfstop.output.escape import escape
from selfstop.rules import RULES


def render(config: Config, origins: Mapping[str, str], root: Path, *, has_file: bool) -> str:
    """Render each key with its value and, as a comment, where that comes from (``origins``, by key).

    ``has_file`` tells whether the root has a ``pyproject.toml`` at all.
    """
    keys = {key: item.name for item in fields(Config) if (key := item.metadata.get("key"))}
    values = {key: getattr(config, name) for key, name in keys.items()}
    values["select"] = _default_rules() if config.select is None else config.select
    values["stop-calls"] = sorted(DEFAULT_STOP_CALLS) if config.stop_calls is None else config.stop_calls
    values["per-file-ignores"] = dict(config.per_file_ignores)
    lines = {key: f"{key} = {_toml(value)}" for key, value in values.items()}
    width = min(max(map(len, lines.values())), 60)
    is_configured = PYPROJECT in origins.values()
    silent = f"sets nothing under [{TABLE}]" if has_file else "there is none"
    head = [
        f"# root: {escape(root.as_posix())}",
        f"# {PYPROJECT}: {'read' if is_configured else silent}",
        f"[{TABLE}]",
    ]
    return "\n".join([*head, *(f"{line:<{width}}  # {origins[key]}" for key, line in lines.items())]) + "\n"


def _default_rules() -> list[str]:
    return [rule.code for rule in RULES.values() if rule.default_on and not rule.is_run_error]


def _toml(value: Any) -> str:
    """Write a value of the configuration; a string in JSON is one in TOML, too."""
    if isinstance(value, bool | str):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(codes)}" for key, codes in value.items()) + "}"
    return "[" + ", ".join(map(json.dumps, value)) + "]"

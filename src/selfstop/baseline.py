"""The baseline: findings that are known already, so that only new ones count.

It is a file in JSON, made to be committed: sorted, one object a finding, without line numbers. A finding is known
by its fingerprint; the rest of an object is for those who read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from selfstop.config import Config, ConfigError
from selfstop.model import Finding, Known

DEFAULT_NAME: Final = "selfstop-baseline.json"
"""Where a baseline is written if the configuration names no file."""

_VERSION: Final = 1


def path_of(root: Path, config: Config) -> Path | None:
    """Where the baseline is; ``None`` if there is to be none."""
    return root / config.baseline if config.baseline else None


def read(root: Path, config: Config) -> tuple[Known, ...]:
    """Read the configured baseline; nothing where none is configured. What cannot be read is a `ConfigError`."""
    path = path_of(root, config)
    if path is None:
        return ()
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        reason = "there is no such file; `selfstop check --write-baseline` writes it"
        raise ConfigError(f"`baseline`: {config.baseline}: {reason}") from error
    except OSError as error:
        raise ConfigError(f"`baseline`: {config.baseline}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"`baseline`: {config.baseline}: not valid JSON: {error}") from error
    try:
        return _entries(data)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"`baseline`: {config.baseline}: not a baseline: {error!r}") from error


def render(entries: Iterable[Known]) -> str:
    """Render a baseline."""
    findings = [
        {
            "code": entry.code,
            "path": entry.path,
            "function": entry.function,
            "call": entry.call,
            "fingerprint": entry.fingerprint,
        }
        for entry in sorted(set(entries))
    ]
    return json.dumps({"version": _VERSION, "findings": findings}, indent=2) + "\n"


def known(findings: Iterable[Finding]) -> tuple[Known, ...]:
    """What is to be remembered of findings."""
    return tuple(
        Known(finding.call.path, finding.code, finding.call.function, finding.call.callee, finding.fingerprint)
        for finding in findings
    )


def renewed(
    old: Iterable[Known], findings: Iterable[Finding], is_judged_again: Callable[[Known], bool]
) -> tuple[Known, ...]:
    """The entries of a baseline after a run: those of ``findings``, and the old ones that it says nothing of.

    ``is_judged_again`` tells of an entry whether the run would have found it again.
    """
    kept = [entry for entry in old if not is_judged_again(entry)]
    return tuple(sorted({*kept, *known(findings)}))


def _entries(data: Any) -> tuple[Known, ...]:
    if data["version"] != _VERSION:
        raise ValueError(f"version {data['version']!r} is not {_VERSION}")
    names = ("path", "code", "function", "call", "fingerprint")
    entries = []
    for item in data["findings"]:
        values = [item[name] for name in names]
        if not all(isinstance(value, str) for value in values):
            raise ValueError(f"not all of {', '.join(names)} are strings")
        entries.append(Known(*values))
    return tuple(entries)

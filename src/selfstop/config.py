"""The configuration: ``[tool.selfstop]`` in ``pyproject.toml``, and what a front end puts on top of it.

A front end's options have the names and the types of the table's keys. `load` lays them over the table and
checks the result once, so that an option and a key can neither mean nor accept different things.
"""

from __future__ import annotations

import difflib
import string
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from selfstop import source
from selfstop.families import FAMILIES, StopNames, stop_names
from selfstop.rules import PREFIX, RULES

TARGETS: Final = ("any", "self")
"""Which stop calls are reported: all, or all but those that demonstrably stop another machine."""

DEFAULT_STOP_CALLS: Final = frozenset({"stop_instances", "_stop_self_ec2"})

PYPROJECT: Final = "pyproject.toml"
TABLE: Final = "tool.selfstop"

_LONGEST: Final = 400
"""Of how many characters words of the configuration are shown."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_T = TypeVar("_T")


class ConfigError(Exception):
    """The configuration says something that selfstop does not understand."""


@dataclass(frozen=True)
class EngineOptions:
    """The part of the configuration the analysis needs."""

    stop_calls: frozenset[str] = DEFAULT_STOP_CALLS
    families: frozenset[str] = frozenset()
    include_tests: bool = False

    @property
    def stop_names(self) -> StopNames:
        """The names of what stops a machine."""
        return stop_names(self.stop_calls, self.families)


def _key(name: str, default: _T) -> _T:
    """Declare a configuration key with its spelling in the table."""
    value: _T = field(default=default, metadata={"key": name})
    return value


@dataclass(frozen=True, kw_only=True)
class Config:
    """A checked configuration. ``select`` is ``None`` where nothing was selected: all rules on by default."""

    select: tuple[str, ...] | None = _key("select", None)
    extend_select: tuple[str, ...] = _key("extend-select", ())
    ignore: tuple[str, ...] = _key("ignore", ())
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = _key("per-file-ignores", ())
    exclude: tuple[str, ...] = _key("exclude", ())
    stop_calls: tuple[str, ...] | None = _key("stop-calls", None)
    extend_stop_calls: tuple[str, ...] = _key("extend-stop-calls", ())
    target: str = _key("target", "any")
    include_tests: bool = _key("include-tests", False)
    families: tuple[str, ...] = _key("families", ())
    baseline: str = _key("baseline", "")
    surveyed: tuple[str, ...] = ()
    """Rules that are on without being selected, until they are ignored; no key of the table."""

    @property
    def engine_options(self) -> EngineOptions:
        """The part of the configuration the analysis needs."""
        stop_calls = DEFAULT_STOP_CALLS if self.stop_calls is None else frozenset(self.stop_calls)
        return EngineOptions(
            stop_calls=stop_calls | frozenset(self.extend_stop_calls),
            families=frozenset(self.families),
            include_tests=self.include_tests,
        )


def load(root: Path, overrides: Mapping[str, Any] = _NOTHING) -> Config:
    """Read the table of ``root``'s ``pyproject.toml`` and lay ``overrides`` (key to value) over it."""
    values = _checked(_table(root / PYPROJECT) or {}, f"{PYPROJECT}, [{TABLE}]")
    return Config(**values | _checked(overrides, "the options"))


def origins(root: Path, overrides: Mapping[str, Any] = _NOTHING) -> dict[str, str]:
    """Say for each key where its value comes from: the default, ``root``'s ``pyproject.toml``, or an option."""
    table = _table(root / PYPROJECT) or {}
    return {key: "option" if key in overrides else PYPROJECT if key in table else "default" for key in _KEYS}


def find_root(path: Path) -> Path:
    """Find the directory that the project of ``path`` starts at.

    That is the nearest directory upwards whose ``pyproject.toml`` has a table ``[tool.selfstop]``, else that
    of the repository, else ``path`` itself or, if it is a file, its directory. Nothing above the repository
    is looked at.
    """
    start = path.absolute()
    if not start.is_dir():
        start = start.parent
    repository = find_repository(start)
    for directory in (start, *start.parents):
        if _table(directory / PYPROJECT) is not None:
            return directory
        if directory == repository:
            break
    return repository or start


def find_repository(start: Path) -> Path | None:
    """Find the nearest directory from ``start`` upwards that git knows as a work tree."""
    return next((directory for directory in (start, *start.parents) if (directory / ".git").exists()), None)


def is_project(root: Path) -> bool:
    """Whether ``root`` is a project: a repository, or a directory with a configuration of its own."""
    return (root / ".git").exists() or _table(root / PYPROJECT) is not None


def _table(pyproject: Path) -> Mapping[str, Any] | None:
    """Read the table ``[tool.selfstop]``; ``None`` where there is none."""
    try:
        pyproject.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{pyproject}: cannot be read: {error.strerror}") from error
    try:
        data = source.read(pyproject)
    except source.NotAnalysable as error:
        raise ConfigError(f"{pyproject}: {error}") from error
    if b"selfstop" not in data:  # most projects; their syntax is none of our business
        return None
    try:
        tool = tomllib.loads(data.decode("utf-8")).get("tool", {})
    except ValueError as error:  # not only tomllib's own: it lets through those of numbers that are too long
        raise ConfigError(f"{pyproject}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{pyproject}: nested too deep") from error
    if not isinstance(tool, dict) or "selfstop" not in tool:
        return None
    if not isinstance(tool["selfstop"], dict):
        raise ConfigError(f"{pyproject}: `{TABLE}` is a table: write [{TABLE}] and its keys below")
    return tool["selfstop"]


def _checked(raw: Mapping[str, Any], origin: str) -> dict[str, Any]:
    """Turn keys and raw values into fields and values, or say what is wrong with them."""
    values = {}
    for key, value in raw.items():
        if key not in _KEYS:
            raise ConfigError(f"{origin}: unknown key `{_cut(key)}`{_did_you_mean(key, _KEYS)}")
        name, check = _KEYS[key]
        try:
            values[name] = check(value)
        except ValueError as error:
            raise ConfigError(f"{origin}: `{key}`: {_cut(str(error))}") from error
    return values


def _cut(text: str) -> str:
    """``text``, or of a long one as much as says what is meant: nobody wants to see a file in a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        raise ValueError(f'a list of strings is wanted here: write ["{value}"]')  # noqa: TRY004
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"a list of strings is wanted here, not {value!r}")
    return tuple(item.strip() for item in value)


def _codes(value: object) -> tuple[str, ...]:
    codes = _strings(value)
    for code in codes:
        if not code.startswith(PREFIX) or not any(known.startswith(code) for known in RULES):
            raise ValueError(f"unknown rule `{_cut(code)}`{_meant_rule(code)}")
    return codes


def _names(value: object) -> tuple[str, ...]:
    names = _strings(value)
    for name in names:
        if not name.isidentifier():
            hint = f": write `{name.rpartition('.')[2]}`" if "." in name else ""
            raise ValueError(f"`{name}` is not the plain name of a function or method{hint}")
    return names


def _families(value: object) -> tuple[str, ...]:
    families = _strings(value)
    for family in families:
        if family not in FAMILIES:
            raise ValueError(f"unknown family `{family}`{_did_you_mean(family, FAMILIES)}")
    return families


def _patterns(value: object) -> tuple[str, ...]:
    patterns = _strings(value)
    if not all(patterns):
        raise ValueError("an empty pattern matches nothing: leave it out")
    return patterns


def _per_file(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, Mapping):
        raise ValueError(f"a table of patterns and rules is wanted here, not {value!r}")  # noqa: TRY004
    return tuple(zip(_patterns(list(value)), map(_codes, value.values()), strict=True))


def _target(value: object) -> str:
    if value not in TARGETS:
        raise ValueError(f'"any" or "self" is wanted here, not {value!r}{_did_you_mean(str(value), TARGETS)}')
    return str(value)


def _path(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"the path of a file is wanted here, not {value!r}")  # noqa: TRY004
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is wanted here, not {value!r}")  # noqa: TRY004
    return value


def _meant_rule(word: str) -> str:
    """Propose the rule that somebody means by another spelling or by its name; numbers are never guessed."""
    named = [rule.code for rule in RULES.values() if rule.name == word.lower()]
    number = word[:_LONGEST].upper().lstrip(string.ascii_uppercase + "-_ ")
    spelt = [f"{PREFIX}{number}"] if number and any(code == f"{PREFIX}{number}" for code in RULES) else []
    found = [*named, *spelt]
    return f": did you mean `{found[0]}`?" if found else "; `selfstop rule` lists them"


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    """Propose the nearest of the known words, or list them all where nothing is near."""
    words = sorted(known)
    near = difflib.get_close_matches(word[:_LONGEST], words, n=1, cutoff=0.6)
    return f": did you mean `{near[0]}`?" if near else f": known are {', '.join(words)}"


_CHECKS: Final[Mapping[str, Callable[[object], Any]]] = MappingProxyType(
    {
        "select": _codes,
        "extend-select": _codes,
        "ignore": _codes,
        "per-file-ignores": _per_file,
        "exclude": _patterns,
        "stop-calls": _names,
        "extend-stop-calls": _names,
        "target": _target,
        "include-tests": _flag,
        "families": _families,
        "baseline": _path,
    }
)

_KEYS: Final = MappingProxyType(
    {key: (item.name, _CHECKS[key]) for item in fields(Config) if (key := item.metadata.get("key"))}
)
"""For each key of the table, the field of `Config` and what turns the raw value into the field's."""

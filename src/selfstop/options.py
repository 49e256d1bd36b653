"""The options of the command line that have the names and meanings of the keys of ``[tool.selfstop]``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from selfstop.config import TARGETS
from selfstop.families import FAMILIES

_Command = TypeVar("_Command", bound=Callable[..., Any])


def configuration(command: _Command) -> _Command:
    """Add an option for each key."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def overrides(given: Mapping[str, Any]) -> dict[str, Any]:
    """From parameters of a command to keys and values, without those that were not given."""
    return {name.replace("_", "-"): value for name, value in given.items() if value is not None}


def _split(_context: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[str] | None:
    """Take lists apart that are given with commas, in several options, or both."""
    if not values:
        return None
    items = [item.strip() for value in values for item in value.split(",") if item.strip()]
    if not items and parameter.name not in ("select", "stop_calls"):
        return None
    return items


def _split_per_file(
    _context: click.Context, _parameter: click.Parameter, values: Sequence[str]
) -> Mapping[str, list[str]] | None:
    if not values:
        return None
    table: dict[str, list[str]] = {}
    for value in values:
        pattern, colon, codes = value.rpartition(":")
        if not colon:
            raise click.BadParameter(f"{value!r} is not of the form PATTERN:CODE,CODE")
        table.setdefault(pattern, []).extend(code.strip() for code in codes.split(",") if code.strip())
    return table


def _list_option(name: str, metavar: str, text: str) -> Callable[[_Command], _Command]:
    return click.option(name, multiple=True, metavar=metavar, callback=_split, help=text)


def _absolute(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> str | None:
    """A path on the command line starts in the current directory, one in the configuration at the root."""
    return None if value is None else value.absolute().as_posix()


if TYPE_CHECKING:
    _Choice = click.Choice[str]
else:
    _Choice = click.Choice  # not generic before click 8.2


class Format(_Choice):
    """The name of a format; of one that only the other command has, that is said."""

    def __init__(self, names: Sequence[str], elsewhere: Mapping[str, str]) -> None:
        super().__init__(names)
        self._elsewhere = elsewhere

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Fail with the name of the command that has the format, where there is one."""
        if value not in self.choices and value in self._elsewhere:
            self.fail(f"{value!r} is a format of {self._elsewhere[value]}; here there are {', '.join(self.choices)}.")
        return super().convert(value, param, ctx)


_OPTIONS = (
    _list_option(
        "--select",
        "CODES",
        "Report these rules, by code or prefix, separated by commas, instead of those on by default.",
    ),
    _list_option("--extend-select", "CODES", "Report these rules, too."),
    _list_option("--ignore", "CODES", "Do not report these rules."),
    click.option(
        "--per-file-ignores",
        multiple=True,
        metavar="PATTERN:CODES",
        callback=_split_per_file,
        help="Do not report these rules in files that match the pattern.",
    ),
    _list_option("--exclude", "PATTERNS", "Leave these files and directories out, even if they are named."),
    _list_option("--stop-calls", "NAMES", "What stops a machine, instead of the known functions."),
    _list_option("--extend-stop-calls", "NAMES", "Functions and methods that stop a machine, too."),
    _list_option("--families", "NAMES", f"Kinds of stop calls to look for, too: {', '.join(FAMILIES)}."),
    click.option("--target", type=click.Choice(TARGETS), help="`self`: not what stops another machine."),
    click.option("--include-tests/--no-include-tests", default=None, help="Whether to check test code."),
    click.option(
        "--baseline",
        type=click.Path(path_type=Path, dir_okay=False),
        callback=_absolute,
        help="The file of known findings, which are counted and not shown.",
    ),
)

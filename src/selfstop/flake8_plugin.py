"""The door through which flake8 comes in.

flake8 hands over one file at a time, in one process per job. The plugin asks for the same run that ``selfstop
check`` would make of flake8's command line, once per process, and gives flake8 what belongs to the file. ``#
noqa`` and flake8's own options for selection are applied by flake8, the keys of ``[tool.selfstop]`` before.

flake8 itself reports files that this Python cannot parse (E999) or read (E902), and asks no plugin about
them.
"""

from __future__ import annotations

import argparse
import ast
import functools
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from selfstop import __version__, baseline
from selfstop.config import TARGETS, ConfigError, find_root, load
from selfstop.families import FAMILIES
from selfstop.output.escape import escape
from selfstop.output.message import one_line
from selfstop.rules import PREFIX
from selfstop.session import STDIN_NAME, Outcome, Request, common_ancestor, run

if TYPE_CHECKING:
    from flake8.options.manager import OptionManager

_LISTS: Final = {
    "exclude": "Leave these files and directories out.",
    "stop-calls": "Functions and methods that stop a machine, instead of the known ones.",
    "extend-stop-calls": "Functions and methods that stop a machine, too.",
    "families": f"Kinds of stop calls to look for, too: {', '.join(FAMILIES)}.",
}
"""The keys of ``[tool.selfstop]`` that are lists and that flake8 has no option of its own for."""

_Overrides = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Settings:
    """What flake8's command line and configuration mean for selfstop."""

    paths: tuple[Path, ...] = (Path(),)
    overrides: _Overrides = ()
    stdin_name: Path | None = None


class Plugin:
    """Checks one file for flake8."""

    name: ClassVar[str] = "selfstop"
    version: ClassVar[str] = __version__
    settings: ClassVar[Settings] = Settings()

    def __init__(self, tree: ast.AST, filename: str, lines: Sequence[str]) -> None:
        """Take what flake8 gives; ``tree`` only tells flake8 what kind of plugin this is."""
        del tree
        self.filename = filename
        self.lines = lines

    @classmethod
    def add_options(cls, manager: OptionManager) -> None:
        """Tell flake8 about the options; in its configuration file they are spelled with ``_``."""
        for key, text in _LISTS.items():
            manager.add_option(
                f"--selfstop-{key}",
                parse_from_config=True,
                comma_separated_list=True,
                metavar="NAMES",
                help=text,
            )
        manager.add_option(
            "--selfstop-target",
            parse_from_config=True,
            metavar="|".join(TARGETS),
            help="`self` leaves out what demonstrably stops another machine.",
        )
        manager.add_option(
            "--selfstop-include-tests",
            parse_from_config=True,
            action="store_true",
            default=None,
            help="Check test code, too.",
        )

    @classmethod
    def parse_options(cls, manager: OptionManager, options: argparse.Namespace, args: Sequence[str]) -> None:
        """Take what flake8 was told, check it at once, and keep it for all files of this process."""
        del manager, args
        from flake8.exceptions import ExecutionError

        settings = _settings(options)
        try:
            root = find_root(common_ancestor(settings.paths))
            baseline.read(root, load(root, dict(settings.overrides)))
        except ConfigError as error:
            raise ExecutionError(f"selfstop: {escape(str(error))}") from error
        cls.settings = settings

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """Yield line (from 1), column (from 0) and text of what is to be reported in the file."""
        outcome = self._outcome()
        path = _path_in(outcome, Path(self.filename))
        for finding in outcome.report.findings:
            if finding.call.path == path:
                span = finding.call.span
                yield span.line, span.column - 1, f"{finding.code} {escape(one_line(finding))}", type(self)
        for error in outcome.report.errors:
            if error.path == path:
                yield max(error.line, 1), 0, f"{error.code} {escape(error.message)}", type(self)

    def _outcome(self) -> Outcome:
        if self.settings.stdin_name is None:
            return _run_once(self.settings)
        request = Request(
            paths=(self.settings.stdin_name,),
            overrides=dict(self.settings.overrides),
            stdin=_bytes_of(self.lines),
            honour_noqa=False,
        )
        return run(request)


@functools.lru_cache(maxsize=1)
def _run_once(settings: Settings) -> Outcome:
    """Make the run of a whole command line, on behalf of the first file of each process that asks."""
    return run(Request(paths=settings.paths, overrides=dict(settings.overrides), honour_noqa=False))


def _settings(options: argparse.Namespace) -> Settings:
    keys = [*_LISTS, "target", "include-tests"]
    given = [(key, getattr(options, f"selfstop_{key.replace('-', '_')}")) for key in keys]
    overrides = [(key, tuple(value) if isinstance(value, list) else value) for key, value in given if value is not None]
    overrides += _opted_in(options)
    filenames = tuple(Path(name) for name in options.filenames) or (Path(),)
    if "-" not in options.filenames:
        return Settings(filenames, tuple(overrides))
    name = options.stdin_display_name
    path = Path(STDIN_NAME if name in (None, "stdin") else name)
    return Settings((path,), tuple(overrides), stdin_name=path)


def _opted_in(options: argparse.Namespace) -> _Overrides:
    """Read which rules that are off by default flake8's own selection asks for."""
    chosen = [*(options.select or ()), *(options.extend_select or ())]
    codes = tuple(code for code in chosen if code.startswith(PREFIX) and code != PREFIX)
    return (("extend-select", codes),) if codes else ()


def _path_in(outcome: Outcome, path: Path) -> str:
    from selfstop.project.repository.discovery import relative

    return relative(path, outcome.root)


def _bytes_of(lines: Sequence[str]) -> bytes:
    """Encode standard input again, which flake8 has read and decoded; lost line ends do no harm."""
    remaining = iter(line.encode("latin-1", "replace") for line in lines)
    try:
        encoding = tokenize.detect_encoding(lambda: next(remaining, b""))[0]
    except SyntaxError:
        encoding = "utf-8"
    text = "".join(lines)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:  # it cannot be in the encoding that it declares: flake8 has taken it for UTF-8
        return text.encode()

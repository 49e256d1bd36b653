"""How results leave the program: to standard output or to a file, and with which words it fails."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from selfstop.config import ConfigError

if TYPE_CHECKING:
    from selfstop.output.style import Style
    from selfstop.session import Outcome

FAILED: Final = 2
"""The status where the run failed or a file could not be analysed."""

_FOR_TERMINALS: Final = frozenset({"text", "concise"})


class Failure(click.ClickException):
    """The run cannot go on; the message says why."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        """Print the message, without what a terminal would obey."""
        from selfstop.output.escape import escape

        click.echo(f"selfstop: {escape(self.format_message())}", file=file, err=file is None)


class ClosedPipe(Exception):
    """Nobody reads the output any more."""


def style(output_format: str, output_file: Path | None) -> Style:
    """Colours are for terminals, and for formats that are read there."""
    from selfstop.output.style import PLAIN, style_for

    return style_for(sys.stdout, os.environ) if output_format in _FOR_TERMINALS and output_file is None else PLAIN


def rendered(outcome: Outcome, output_format: str, style: Style) -> str:
    """Render a run in one of the formats."""
    from selfstop import output
    from selfstop.output.view import View
    from selfstop.project.repository.revision import provenance
    from selfstop.session import display_path, repository_path

    view = View(
        report=outcome.report,
        display=functools.cache(functools.partial(display_path, root=outcome.root)),
        source_lines=functools.cache(outcome.source_lines),
        in_repository=functools.cache(functools.partial(repository_path, root=outcome.root)),
        provenance=functools.partial(provenance, outcome.root),
        suppressed=outcome.selection.suppressed,
        comparison=outcome.comparison,
        style=style,
    )
    return output.FORMATS[output_format](view)


def write_baseline(outcome: Outcome) -> str:
    """Write the baseline, and say what was written and what is left to do."""
    from selfstop import baseline
    from selfstop.output.remarks import count
    from selfstop.session import display_path

    configured = baseline.path_of(outcome.root, outcome.config)
    path = configured or outcome.root / baseline.DEFAULT_NAME
    try:
        old = baseline.read(outcome.root, outcome.config) if path == configured and path.exists() else ()
    except ConfigError as error:
        raise Failure(str(error)) from error
    entries = baseline.renewed(old, outcome.report.findings, outcome.is_judged_again)
    write(baseline.render(entries), path)
    name = display_path(path.as_posix(), outcome.root)
    written = f"wrote {count(len(entries), 'finding')} to {name}"
    if configured is None:
        return f'{written}; to use it, set `baseline = "{baseline.DEFAULT_NAME}"` in [tool.selfstop]'
    return written


def write(text: str, file: Path | None, *, coloured: bool = False) -> None:
    """Write ``text`` as UTF-8 to ``file``, or to standard output. Raises `Failure` and `ClosedPipe`."""
    if file is not None:
        try:
            file.write_bytes(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise Failure(f"cannot write {file}: {error.strerror}") from error
        return
    try:
        if coloured:
            click.echo(text, nl=False, color=True)  # it knows the terminals of Windows
        else:
            sys.stdout.write(text)
            sys.stdout.flush()
    except BrokenPipeError as error:
        raise ClosedPipe from error

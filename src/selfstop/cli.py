"""The command line. What it prints, and with which status it ends, is its contract.

Findings go to standard output, everything said about the run to standard error. The status is 0 where nothing
was found, 1 where something was, 2 where the run failed or a file could not be analysed, and 130 after
Control-C.
"""

from __future__ import annotations

import functools
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from selfstop import __version__
from selfstop.config import FAMILIES, TARGETS, ConfigError
from selfstop.progress import Progress

if TYPE_CHECKING:
    from selfstop.audit.run import Audit
    from selfstop.model import UnresolvedCall
    from selfstop.session import Outcome, Request

FOUND_NOTHING: Final = 0
FOUND_SOMETHING: Final = 1
FAILED: Final = 2
INTERRUPTED: Final = 130

_FORMATS: Final = ("text", "concise", "json")
_AUDIT_FORMATS: Final = ("text", "markdown", "json", "concise")
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Failure(click.ClickException):
    """The run cannot go on; the message says why."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        """Print the message, without what a terminal would obey."""
        from selfstop.output.escape import escape

        click.echo(f"selfstop: {escape(self.format_message())}", file=file, err=file is None)


class _ClosedPipe(Exception):
    """Nobody reads the output any more."""


def main() -> None:
    """Run the command line and end the process with its status."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its status; errors and interruptions are said in one line."""
    _speak_utf8()
    try:
        status = cli.main(arguments, prog_name="selfstop", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("selfstop: interrupted", err=True)
        return INTERRUPTED
    except _ClosedPipe:
        # The interpreter flushes standard output once more when it ends, into nothing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception:  # noqa: BLE001 - a bug of ours must not look like "findings", Python's status for it is 1
        traceback.print_exc(limit=-10)
        return FAILED
    return int(status or 0)


def _speak_utf8() -> None:
    """Write UTF-8 whatever the locale is, and never fail over a name that is no text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="selfstop")
def cli() -> None:
    """Find code that stops the machine it runs on without having counted to a threshold first."""


@cli.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@_list_option("--select", "CODES", "Report these rules, by code or prefix, instead of those on by default.")
@_list_option("--extend-select", "CODES", "Report these rules, too.")
@_list_option("--ignore", "CODES", "Do not report these rules.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="PATTERN:CODES",
    callback=_split_per_file,
    help="Do not report these rules in files that match the pattern.",
)
@_list_option("--exclude", "PATTERNS", "Leave these files and directories out, even if they are named.")
@_list_option("--stop-calls", "NAMES", "What stops a machine, instead of the known functions.")
@_list_option("--extend-stop-calls", "NAMES", "Functions and methods that stop a machine, too.")
@_list_option("--families", "NAMES", f"Kinds of stop calls to look for, too: {', '.join(FAMILIES)}.")
@click.option("--target", type=click.Choice(TARGETS), help="`self`: not what stops another machine.")
@click.option("--include-tests/--no-include-tests", default=None, help="Whether to check test code.")
@click.option("--output-format", type=click.Choice(_FORMATS), default=_FORMATS[0], show_default=True)
@click.option("--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write findings to this file.")
@click.option("--stdin-filename", type=click.Path(path_type=Path), help="What standard input (`-`) is called.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="number of processors",
    help="Parse in up to so many processes, where that pays.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Say what was left out, what is guarded, and what could not be resolved."
)
@click.pass_context
def check(
    context: click.Context,
    /,
    *,
    paths: tuple[Path, ...],
    output_format: str,
    output_file: Path | None,
    stdin_filename: Path | None,
    jobs: int,
    verbose: bool,
    **options: Any,
) -> None:
    """Check Python files; directories are searched. Without PATHS, check the current directory.

    The options below have the names and meanings of the keys of [tool.selfstop] in pyproject.toml, and win
    over it.
    """
    from selfstop import session

    overrides = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    request = _request(paths, stdin_filename, overrides)
    try:
        with Progress(sys.stderr) as progress:
            outcome = session.run(replace(request, jobs=jobs, progress=progress.show))
    except ConfigError as error:
        raise Failure(str(error)) from error
    _write(_rendered(outcome, output_format), output_file)
    for line in _remarks(outcome, verbose=verbose):
        click.echo(f"selfstop: {line}", err=True)
    context.exit(_status(outcome))


@cli.command()
@click.argument("root", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@_list_option("--select", "CODES", "Report these rules, by code or prefix, instead of those on by default.")
@_list_option("--extend-select", "CODES", "Report these rules, too.")
@_list_option("--ignore", "CODES", "Do not report these rules.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    metavar="PATTERN:CODES",
    callback=_split_per_file,
    help="Do not report these rules in files that match the pattern.",
)
@_list_option("--exclude", "PATTERNS", "Leave these files and directories out, even if they are named.")
@_list_option("--stop-calls", "NAMES", "What stops a machine, instead of the known functions.")
@_list_option("--extend-stop-calls", "NAMES", "Functions and methods that stop a machine, too.")
@_list_option("--families", "NAMES", f"Kinds of stop calls to look for, too: {', '.join(FAMILIES)}.")
@click.option("--target", type=click.Choice(TARGETS), help="`self`: not what stops another machine.")
@click.option("--include-tests/--no-include-tests", default=None, help="Whether to check test code.")
@click.option("--output-format", type=click.Choice(_AUDIT_FORMATS), default=_AUDIT_FORMATS[0], show_default=True)
@click.option("--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file.")
@click.option(
    "--cloudtrail",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `aws cloudtrail lookup-events` printed: who stopped which instance.",
)
@click.option(
    "--scaling-activities",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `aws autoscaling describe-scaling-activities` printed.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="number of processors",
    help="Parse in up to so many processes, where that pays.",
)
@click.pass_context
def audit(
    context: click.Context,
    /,
    *,
    root: Path | None,
    output_format: str,
    output_file: Path | None,
    cloudtrail: Path | None,
    scaling_activities: Path | None,
    jobs: int,
    **options: Any,
) -> None:
    """Audit a repository: which scaling group can stop its own instances, and why. Without ROOT, the current directory.

    Looks at the deployment (scripts, Dockerfiles, compose, policies, Terraform ...) as well as at the Python code, and
    needs neither AWS nor Docker. The status is that of `check`.
    """
    from selfstop.audit.evidence import EvidenceError
    from selfstop.audit.run import audit as run_audit
    from selfstop.session import Request

    overrides = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    request = Request(paths=(root or Path(),), root=root or Path(), overrides=overrides, jobs=jobs)
    try:
        with Progress(sys.stderr) as progress:
            done = run_audit(
                replace(request, progress=progress.show), cloudtrail=cloudtrail, activities=scaling_activities
            )
    except (ConfigError, EvidenceError) as error:
        raise Failure(str(error)) from error
    _write(_rendered_audit(done, output_format), output_file)
    for line in _remarks_on_audit(done):
        click.echo(f"selfstop: {line}", err=True)
    context.exit(_status(done.outcome) or (FOUND_SOMETHING if done.report.findings else FOUND_NOTHING))


@cli.command()
@click.argument("code", required=False)
def rule(code: str | None) -> None:
    """Explain the rule CODE, or list all rules."""
    from selfstop.output import rules as explained
    from selfstop.rules import RULES

    if code is None:
        _write(explained.overview(), None)
        return
    wanted = {known.code: known for known in RULES.values()} | {known.name: known for known in RULES.values()}
    found = wanted.get(code.upper()) or wanted.get(code.lower())
    if found is None:
        raise Failure(f"there is no rule {code}; `selfstop rule` lists them")
    _write(explained.explanation(found), None)


def _request(paths: tuple[Path, ...], stdin_filename: Path | None, overrides: Mapping[str, Any]) -> Request:
    from selfstop.session import STDIN_NAME, Request

    if Path("-") not in paths:
        if stdin_filename is not None:
            raise click.UsageError("--stdin-filename names standard input: give `-` as the only path.")
        return Request(paths=paths or (Path(),), overrides=overrides)
    if len(paths) > 1:
        raise click.UsageError("`-`, standard input, cannot be mixed with other paths.")
    if sys.stdin is None:
        raise Failure("standard input is closed")
    name = stdin_filename or Path(STDIN_NAME)
    return Request(paths=(name,), overrides=overrides, stdin=sys.stdin.buffer.read())


def _rendered(outcome: Outcome, output_format: str) -> str:
    from selfstop.output import FORMATS
    from selfstop.output.view import View
    from selfstop.session import display_path

    view = View(
        report=outcome.report,
        display=lambda path: display_path(path, outcome.root),
        source_lines=functools.cache(outcome.source_lines),
    )
    return FORMATS[output_format](view)


def _rendered_audit(done: Audit, output_format: str) -> str:
    from selfstop.output.audit_formats import AUDIT_FORMATS
    from selfstop.output.audit_view import AuditView

    view = AuditView(done.report)
    return AUDIT_FORMATS[output_format](view)


def _remarks_on_audit(done: Audit) -> Iterator[str]:
    """Yield what is to be said about the run of an audit."""
    from selfstop.output.escape import escape

    report = done.report
    found = len(report.findings) + len(report.code.findings)
    parts = [
        _count(found, "finding"),
        f"{_count(report.code.files_checked, 'Python file')} checked",
        f"{report.files_read} of {_count(report.files_known, 'deployment file')} read",
    ]
    if report.code.errors:
        parts.append(f"{_count(len(report.code.errors), 'file')} not analysed")
    if report.suppressed:
        parts.append(f"{report.suppressed} suppressed by `# noqa`")
    if done.outcome.root != Path.cwd():
        yield f"paths are relative to {escape(done.outcome.root.as_posix())}"
    yield ", ".join(parts) + _left_out(done.outcome)


def _write(text: str, file: Path | None) -> None:
    if file is not None:
        try:
            file.write_bytes(text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise Failure(f"cannot write {file}: {error.strerror}") from error
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise _ClosedPipe from error


def _status(outcome: Outcome) -> int:
    if outcome.report.errors or outcome.found_nothing_to_check:
        return FAILED
    return FOUND_SOMETHING if outcome.report.findings else FOUND_NOTHING


def _remarks(outcome: Outcome, *, verbose: bool) -> Iterator[str]:
    """Yield what is to be said about the run as a whole."""
    from selfstop.output.escape import escape
    from selfstop.output.target import described

    left_out = outcome.discovered
    if verbose:
        yield f"root {escape(outcome.root.as_posix())}"
        yield from (f"excluded {escape(path)}" for path in left_out.excluded)
        yield from (f"ignored by git {escape(path)}" for path in left_out.ignored)
        yield from (f"left out as test code {escape(path)}" for path in left_out.tests)
        for call in outcome.report.guarded:
            place = f"{call.path}:{call.span.line}:{call.span.column}"
            target = described(call, str)
            yield escape(f"guarded {place} {call.callee}: {' and '.join(call.conditions)}") + (target and f"; {target}")
        yield from (escape(_unresolved(call)) for call in outcome.report.unresolved)
    if outcome.found_nothing_to_check:
        yield "nothing to check: there is no Python file under the given paths"
    elif not left_out.files and not left_out.errors:
        yield f"nothing to check: everything was left out{_left_out(outcome)}"
    else:
        yield _summary(outcome, verbose=verbose)


def _unresolved(call: UnresolvedCall) -> str:
    stoppers = ", ".join(f"{item.function} ({item.path}:{item.line})" for item in call.stoppers)
    place = f"{call.path}:{call.span.line}:{call.span.column}"
    return f"unresolved {place} {call.callee}: {call.reason}: {stoppers}"


def _summary(outcome: Outcome, *, verbose: bool) -> str:
    report, suppressed = outcome.report, outcome.selection.suppressed
    parts = [_count(len(report.findings), "finding"), f"{_count(report.files_checked, 'file')} checked"]
    if report.errors:
        parts.append(f"{_count(len(report.errors), 'file')} not analysed")
    if verbose:
        parts.append(f"{_count(len(report.unresolved), 'call')} unresolved")
    if suppressed:
        parts.append(f"{suppressed} suppressed by `# noqa`")
    return ", ".join(parts) + _left_out(outcome)


def _left_out(outcome: Outcome) -> str:
    excluded, tests = len(outcome.discovered.excluded), len(outcome.discovered.tests)
    reasons = []
    if tests:
        reasons.append(f"{_count(tests, 'test file')} left out (--include-tests checks them)")
    if outcome.discovered.ignored:
        reasons.append(f"{_count(len(outcome.discovered.ignored), 'file')} ignored by git")
    if excluded:
        reasons.append(f"{_count(excluded, 'path')} excluded by configuration")
    return "".join(f", {reason}" for reason in reasons)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

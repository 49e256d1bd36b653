"""The command line. What it prints, and with which status it ends, is its contract.

Findings go to standard output, everything said about the run to standard error. The status is 0 where nothing
was found, 1 where something was, 2 where the run failed or a file could not be analysed, and 130 after
Control-C.
"""

from __future__ import annotations

import functools
import gc
import io
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from selfstop import __version__, delivery, options
from selfstop.config import ConfigError
from selfstop.delivery import FAILED
from selfstop.progress import Progress

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from selfstop.audit.run import Audit
    from selfstop.session import Outcome, Request

FOUND_NOTHING: Final = 0
FOUND_SOMETHING: Final = 1
INTERRUPTED: Final = 130

FORMATS: Final = ("text", "concise", "json", "sarif", "github", "gitlab", "junit", "rdjson")
"""The names of the formats, here as well because the modules behind them are imported late."""
AUDIT_FORMATS: Final = ("text", "markdown", "json", "concise", "html", "dot", "mermaid")
"""Likewise for audits."""

_SHELLS: Final = ("bash", "fish", "zsh")
_COMPLETE: Final = "_SELFSTOP_COMPLETE"


def main() -> None:
    """Run the command line and end the process with its status."""
    # Most of what an analysis makes lives as long as it does: looking through it less often saves a tenth of the time.
    gc.set_threshold(50_000)
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
    except delivery.ClosedPipe:
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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="selfstop")
def cli() -> None:
    """Find code that stops the machine it runs on without having counted to a threshold first.

    \b
    Start with
      selfstop check              what is wrong below the current directory, and the way that leads there
      selfstop rule SST102        what a finding means, with an example and the repair

    \b
    Then, for a team with old code,
      selfstop check --write-baseline          accept what is there, report what is new from now on
      selfstop check --diff-base origin/main   report what this branch introduces, and what it fixes

    The status is 0 if nothing was found, 1 if something was, and 2 if the run failed or a file could not be analysed.
    """  # noqa: D301 - click wants a backspace character, which keeps the lines of a paragraph apart


@cli.command(
    epilog="`# noqa: SST102` at the end of a line hides that finding, as in flake8. `selfstop config` shows which "
    "settings are in effect."
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@options.configuration
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write all findings to the baseline instead of showing them; the summary counts them.",
)
@click.option("--diff-base", metavar="REV", help="Report only what is new since the work tree left this git revision.")
@click.option(
    "--output-format",
    type=options.Format(FORMATS, dict.fromkeys(AUDIT_FORMATS, "`selfstop audit`")),
    default=FORMATS[0],
    show_default=True,
    help="For humans: text, concise. For programs: the others.",
)
@click.option("--output-file", type=click.Path(path_type=Path, dir_okay=False), help="Write findings to this file.")
@click.option("--stdin-filename", type=click.Path(path_type=Path), help="What standard input (`-`) is called.")
@click.option("--exit-zero", is_flag=True, help="End with status 0 even if something was found.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="number of processors",
    help="Parse in up to so many processes, where that pays.",
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Say what was left out, what is guarded, what could not be resolved, and how long it took.",
)
@click.pass_context
def check(
    context: click.Context,
    /,
    *,
    paths: tuple[Path, ...],
    write_baseline: bool,
    diff_base: str | None,
    output_format: str,
    output_file: Path | None,
    stdin_filename: Path | None,
    exit_zero: bool,
    jobs: int,
    verbose: bool,
    **given: Any,
) -> None:
    """Check Python files; directories are searched. Without PATHS, check the current directory.

    \b
    Examples
      selfstop check src                                 a directory
      selfstop check --select SST102 src                 one rule
      selfstop check --output-format sarif --output-file selfstop.sarif

    Options from --select to --baseline have the names and meanings of the keys of [tool.selfstop] in
    pyproject.toml, and win over them.
    """  # noqa: D301 - click wants a backspace character, which keeps the lines of a paragraph apart
    from selfstop.output.remarks import remarks

    if write_baseline and (diff_base is not None or Path("-") in paths):
        raise click.UsageError("--write-baseline goes neither with --diff-base nor with standard input.")
    request = replace(
        _request(paths, stdin_filename, options.overrides(given)), diff_base=diff_base, use_baseline=not write_baseline
    )
    start = time.monotonic()
    outcome = _run(request, jobs)
    analysed = time.monotonic()
    if write_baseline:
        click.echo(f"selfstop: {delivery.write_baseline(outcome)}", err=True)
    else:
        style = delivery.style(output_format, output_file)
        delivery.write(delivery.rendered(outcome, output_format, style), output_file, coloured=bool(style.codes))
    asked = [*(given["select"] or ()), *(given["extend_select"] or ())]
    for line in remarks(outcome, verbose=verbose, asked=asked):
        click.echo(f"selfstop: {line}", err=True)
    if verbose:
        now = time.monotonic()
        click.echo(f"selfstop: {analysed - start:.2f} s to analyse, {now - analysed:.2f} s to report", err=True)
    context.exit(_status(outcome, accepted=write_baseline or exit_zero))


@cli.command("config")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@options.configuration
def show_configuration(paths: tuple[Path, ...], **given: Any) -> None:
    """Show the configuration that a check of PATHS would use, and where each value comes from.

    The options are those of `selfstop check`.
    """
    from selfstop.config import PYPROJECT, find_root, load, origins
    from selfstop.output.configuration import render
    from selfstop.session import common_ancestor

    overrides = options.overrides(given)
    try:
        root = find_root(common_ancestor(paths or (Path(),)))
        config = load(root, overrides)
        has_file = (root / PYPROJECT).exists()
        delivery.write(render(config, origins(root, overrides), root, has_file=has_file), None)
    except ConfigError as error:
        raise delivery.Failure(str(error)) from error


def _directory(_context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    if value is not None and not value.is_dir():
        raise click.BadParameter(
            f"{value} is no directory, and an audit looks at a whole repository; `selfstop check` checks single files."
        )
    return value


@cli.command()
@click.argument("root", required=False, type=click.Path(path_type=Path, exists=True), callback=_directory)
@options.configuration
@click.option(
    "--output-format",
    type=options.Format(AUDIT_FORMATS, dict.fromkeys(FORMATS, "`selfstop check`, without the deployment")),
    default=AUDIT_FORMATS[0],
    show_default=True,
)
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
    **given: Any,
) -> None:
    """Audit a repository: which scaling group can stop its own instances, and why. Without ROOT, the current directory.

    Looks at the deployment (scripts, Dockerfiles, compose, policies, Terraform ...) as well as at the Python code, and
    needs neither AWS nor Docker. The status is that of `check`.
    """
    from selfstop.audit.evidence import EvidenceError
    from selfstop.audit.run import audit as run_audit
    from selfstop.output.remarks import audit_remarks
    from selfstop.session import Request

    request = Request(paths=(root or Path(),), root=root or Path(), overrides=options.overrides(given), jobs=jobs)
    try:
        with Progress(sys.stderr) as progress:
            done = run_audit(
                replace(request, progress=progress.show), cloudtrail=cloudtrail, activities=scaling_activities
            )
    except (ConfigError, EvidenceError) as error:
        raise delivery.Failure(str(error)) from error
    delivery.write(_rendered_audit(done, output_format), output_file)
    for line in audit_remarks(done):
        click.echo(f"selfstop: {line}", err=True)
    context.exit(_status(done.outcome, accepted=False) or (FOUND_SOMETHING if done.report.findings else FOUND_NOTHING))


@cli.command()
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options and codes of rules.

    \b
    bash: selfstop completion bash > ~/.local/share/bash-completion/completions/selfstop
    fish: selfstop completion fish > ~/.config/fish/completions/selfstop.fish
    zsh:  selfstop completion zsh > ~/.zfunc/_selfstop, where ~/.zfunc is in $fpath
    """  # noqa: D301 - click wants a backspace character, which keeps the lines of a paragraph apart
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    delivery.write(kind(cli, {}, "selfstop", _COMPLETE).source() + "\n", None)


def _complete_code(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from selfstop.rules import RULES

    return [CompletionItem(code, help=rule.name) for code, rule in RULES.items() if code.startswith(incomplete.upper())]


@cli.command()
@click.argument("code", required=False, shell_complete=_complete_code)
def rule(code: str | None) -> None:
    """Explain the rule CODE, or list all rules."""
    from selfstop.output import rules as explained
    from selfstop.rules import RULES

    if code is None:
        delivery.write(explained.overview(), None)
        return
    wanted = {known.code: known for known in RULES.values()} | {known.name: known for known in RULES.values()}
    found = wanted.get(code.upper()) or wanted.get(code.lower())
    if found is None:
        raise delivery.Failure(f"there is no rule {code}; `selfstop rule` lists them")
    delivery.write(explained.explanation(found), None)


def _request(paths: tuple[Path, ...], stdin_filename: Path | None, overrides: Mapping[str, Any]) -> Request:
    from selfstop.session import STDIN_NAME, Request

    if Path("-") not in paths:
        if stdin_filename is not None:
            raise click.UsageError("--stdin-filename names standard input: give `-` as the only path.")
        return Request(paths=paths or (Path(),), overrides=overrides)
    if len(paths) > 1:
        raise click.UsageError("`-`, standard input, cannot be mixed with other paths.")
    if sys.stdin is None:
        raise delivery.Failure("standard input is closed")
    name = stdin_filename or Path(STDIN_NAME)
    return Request(paths=(name,), overrides=overrides, stdin=sys.stdin.buffer.read())


def _rendered_audit(done: Audit, output_format: str) -> str:
    from selfstop.output.audit_formats import AUDIT_FORMATS
    from selfstop.output.audit_view import AuditView

    view = AuditView(done.report, functools.cache(done.outcome.source_lines))
    return AUDIT_FORMATS[output_format](view)


def _run(request: Request, jobs: int) -> Outcome:
    from selfstop import session
    from selfstop.project.repository.revision import NoRevision

    try:
        with Progress(sys.stderr) as progress:
            return session.run(replace(request, jobs=jobs, progress=progress.show))
    except (ConfigError, NoRevision) as error:
        raise delivery.Failure(str(error)) from error


def _status(outcome: Outcome, *, accepted: bool) -> int:
    if outcome.report.errors or outcome.found_nothing_to_check:
        return FAILED
    return FOUND_SOMETHING if outcome.report.findings and not accepted else FOUND_NOTHING

"""``python -m tests.oracle``: a campaign, with its figures and the smallest programs that show what went wrong."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from tests.oracle.apart import missed_apart
from tests.oracle.campaign import KINDS, Failure, Tally, generated, mutated, projects, run, shrunk, size_of
from tests.oracle.comparison import Worth
from tests.oracle.execution import Bounds
from tests.oracle.forms import Form

MOST_SHOWN = 5
FIXTURES = Path(__file__).parents[2] / "fixtures"


@click.command()
@click.option("--programs", default=2000, show_default=True, help="How many programs to generate.")
@click.option("--seed", default=0, show_default=True, help="The number of the first of them.")
@click.option("--all", "kind", type=click.Choice([*KINDS]), help="All small `try` statements instead.")
@click.option("--apart", is_flag=True, help="The same programs in one file and in three, without running them.")
@click.option("--mutants", is_flag=True, help="All mutants of the silent fixtures instead.")
@click.option("--jobs", default=1, show_default=True, help="How many processes to use.")
@click.option("--decisions", default=Bounds.decisions, show_default=True, help="How many decisions a run may take.")
@click.option("--runs", default=Bounds.runs, show_default=True, help="How many runs to make of a program.")
def main(
    programs: int, seed: int, kind: str | None, apart: bool, mutants: bool, jobs: int, decisions: int, runs: int
) -> None:
    """Check the engine's verdicts on generated programs by running these."""
    if mutants:
        _mutants()
    if apart:
        _apart(seed, programs)
    bounds = Bounds(decisions, runs)
    first, count = (0, size_of(kind)) if kind else (seed, programs)
    started = time.perf_counter()
    with click.progressbar(length=count, file=sys.stderr) as bar:
        found = run(kind or "", first, count, bounds, jobs, lambda tally: bar.update(tally.programs - bar.pos))
    for line in figures(found, time.perf_counter() - started):
        click.echo(line)
    for failure in found.missed[:MOST_SHOWN]:
        show(shrunk(failure, bounds))
    for failure in found.crashes[:MOST_SHOWN]:
        show(failure)
    sys.exit(0 if found.is_clean else 1)


def _apart(first: int, count: int) -> NoReturn:
    """Name the programs of which something is reported in one file, and not in several."""
    wrong = 0
    with click.progressbar(generated(first, count), length=count, file=sys.stderr) as bar:
        for name, source in bar:
            if lines := missed_apart(source):
                wrong += 1
                show(Failure(name, source, f"silent in several files: lines {', '.join(map(str, sorted(lines)))}"))
    click.echo(f"{wrong} of {count} programs with something that is silent in several files")
    sys.exit(1 if wrong else 0)


def _mutants() -> NoReturn:
    """Take the guards of the silent fixtures away, file by file, then project by project."""
    wrong: list[str] = []
    rules = FIXTURES / "rules"
    with click.progressbar(sorted(rules.glob("*/*.py")), file=sys.stderr) as bar:
        for path in bar:
            wrong += mutated(path.relative_to(rules).as_posix(), path.read_text(encoding="utf-8"))
    with click.progressbar(list(projects(FIXTURES)), file=sys.stderr) as folders:
        for project in folders:
            wrong += project.wrong()
    click.echo("\n".join([*wrong, f"{len(wrong)} mutants with a wrong verdict"]))
    sys.exit(1 if wrong else 0)


def figures(found: Tally, seconds: float) -> list[str]:
    """The sums of a campaign, a line each."""
    findings = sum(found.alarms.values())
    lines = [
        f"programs           {found.programs:>9,}   {found.programs / seconds:.0f} a second",
        f"runs               {found.runs:>9,}   in {found.complete:,} programs all that there are",
        f"guarded calls      {found.guarded:>9,}",
        f"findings           {findings:>9,}",
    ]
    for worth in Worth:
        number = found.count(worth)
        lines.append(f"  {number / max(findings, 1):>6.2%}         {number:>9,}   {worth.value}")
        said = "another way than that of the witness: " if worth is Worth.ALARM else ""
        of_worth = [(form, found.forms[worth, form]) for form in Form if found.forms[worth, form]]
        lines += [f"                   {many:>9,}       {said}{form.value}" for form, many in of_worth]
    checked = found.real[True] + found.real[False]
    lines.append(f"witnesses taken    {found.real[True]:>9,}   of {checked:,}")
    lines.append(f"missed alarms      {len(found.missed):>9,}   programs")
    lines.append(f"failures           {len(found.crashes):>9,}   programs")
    for title, names in (("false alarms", found.false), ("witnesses not taken", found.unreal)):
        if names:
            lines.append(f"{title} in {', '.join(names[:20])}")
    return lines


def show(failure: Failure) -> None:
    """Print a failure with the lines of its program numbered."""
    click.echo(f"\n{failure.name}: {failure.what}")
    for number, line in enumerate(failure.source.splitlines(), 1):
        click.echo(f"{number:4} {line}")


if __name__ == "__main__":
    main()

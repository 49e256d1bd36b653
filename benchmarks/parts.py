"""The parts of the benchmark: what is measured, on what, against what. Each gives one block of the document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks import figures, measure, report
from benchmarks.corpus import Corpus, mentions_stop, python_files, shuffled
from benchmarks.figures import Target
from benchmarks.measure import Command, Failed, Sample
from benchmarks.packages import FIXED_PART, GENERATED, MIXED
from benchmarks.report import Row
from benchmarks.tools import Tools
from benchmarks.workers import findings, pair

MEMORY_LIMIT: Final = 150e6
"""Bytes. The target says 150 MB."""

LINEAR: Final = Target(1.2, is_maximum=True)
"""The exponent up to which growth counts as linear: 1, and what measuring adds to it."""

FLEET_SIZES: Final = (1, 50, 100, 200, 400)
"""Stop calls where candidates grow, each in a pair of modules. The first one makes LibCST load, once and for all."""

FLEET_FILES: Final = 4000
"""Files of a tree in which candidates grow: always as many."""

FLAT: Final = Target(1.25, is_maximum=True)
"""How much more memory a repository may take that is larger by all of the quiet files."""

SHARES: Final = (0, 1 / 8, 1 / 4, 1 / 2, 1)
"""Parts of the quiet files that are added where files grow."""

CHEAP: Final = Target(0.1, is_maximum=True)
"""What a format may cost, as a share of the analysis."""

FILES_WITH_FINDINGS: Final = 100
FINDINGS_IN_A_FILE: Final = 50

FLAKE8_FILES: Final = 2000
FLAKE8_ORIGINS: Final = ("django/", "homeassistant/")
"""Where they come from: applications with small files, so that what the plugin does for each file counts."""


@dataclass(frozen=True)
class Bench:
    """What a part works with."""

    corpus: Corpus
    tools: Tools
    runs: int
    incident: Path | None = None

    def quiet(self) -> Path:
        """The tree without stop calls."""
        return self.corpus.of_packages("quiet", MIXED, mentions=False)

    def mixed(self) -> Path:
        """The same tree with them."""
        return self.corpus.of_packages("mixed", MIXED, mentions=True)


@dataclass(frozen=True)
class Block:
    """What a part found out: Markdown, and the programs that it is about."""

    text: str
    programs: Sequence[str]


Rivals = Mapping[str, tuple[Callable[[Path], Command], Target | None]]
"""Other linters by name: their command for a tree, and what is to be reached against them."""


def quiet(bench: Bench) -> Block:
    """A repository without stop calls, against a byte search and the start of an interpreter."""
    tree = bench.quiet()
    tools = bench.tools
    ours, search, start = commands = [tools.check(tree), tools.git_grep(tree), tools.click(tree)]
    for command in commands:
        measure.run(command)
    samples = measure.rounds(commands, bench.runs)
    floor = figures.together(samples[search.name], samples[start.name])
    result = figures.compare(samples[ours.name], floor, theirs_by_ours=False)
    row = Row(_described(tree), "`git grep` + `import click`", figures.at_most(2), result)
    return Block(report.comparisons([row]), ["selfstop", "git"])


def mixed(bench: Bench) -> Block:
    """The same with files that call, define or mention stop calls, against other linters."""
    tools = bench.tools
    rivals = {
        "ruff": (tools.ruff, figures.faster()),
        "semgrep": (tools.semgrep, figures.at_least(8)),
        "ast-grep": (tools.ast_grep, figures.at_least(8)),
    }
    rows, found = _race(bench, bench.mixed(), rivals)
    tree = bench.corpus.of_packages("generated", GENERATED, mentions=True)
    more, _ = _race(bench, tree, {"ruff": (tools.ruff, None)})
    return Block(f"{report.comparisons([*rows, *more])}\n\n{found}", ["selfstop", *rivals])


def incident(bench: Bench) -> Block:
    """The repository of the incident, against rules of other linters."""
    tools = bench.tools
    rivals = {
        "semgrep": (tools.semgrep, figures.at_least(5)),
        "fixit": (tools.fixit, figures.at_least(40)),
    }
    if bench.incident is None:
        reason = "no checkout was given (`--incident`)"
        rows = [Row("the incident repository", name, target, reason) for name, (_, target) in rivals.items()]
        return Block(report.comparisons(rows), [])
    rows, found = _race(bench, bench.corpus.of_checkout("incident", bench.incident), rivals)
    return Block(f"{report.comparisons(rows)}\n\n{found}", ["selfstop", *rivals])


def flake8(bench: Bench) -> Block:
    """flake8 with and without the plugin, with one process and with its default of one for each processor."""
    rows = []
    for tree in _flake8_trees(bench):
        for words, options in (("", ()), (", `--jobs 1`", ("--jobs", "1"))):
            ours = bench.tools.flake8(tree, *options, plugin=True)
            theirs = bench.tools.flake8(tree, *options, plugin=False)
            measure.run(ours)
            measure.run(theirs)
            samples = measure.rounds([ours, theirs], bench.runs)
            result = figures.compare(samples[ours.name], samples[theirs.name], theirs_by_ours=False)
            rows.append(Row(_described(tree) + words, "without the plugin", figures.slower_by(0.01), result))
    return Block(report.comparisons(rows), ["selfstop", "flake8"])


def memory(bench: Bench) -> Block:
    """The most memory that a check of the large repositories holds at a time."""
    head = ("measured", "all processes", "the largest one", "target", "reached")
    rows = []
    for tree, limit in ((bench.mixed(), MEMORY_LIMIT), (bench.quiet(), None)):
        peaks = [measure.memory(bench.tools.check(tree)) for _ in range(3)]
        highest = max(peaks, key=lambda peak: peak.peak)
        cells = [report.megabytes(highest.all_processes), report.megabytes(highest.largest_process)]
        target = [f"< {report.megabytes(limit)}", report.yes(highest.peak < limit)] if limit else ["none", ""]
        rows.append([_described(tree), *cells, *target])
    return Block(report.table(head, rows), ["selfstop"])


def files(bench: Bench) -> Block:
    """More and more files around the same candidates."""
    origin = bench.quiet()
    everything = bench.mixed()
    fixed = {path: everything / path for path in python_files(everything) if path.startswith(f"{FIXED_PART}/")}
    others = shuffled(path for path in python_files(origin) if path not in fixed)
    sizes = [int(len(others) * share) for share in SHARES]
    trees = [
        bench.corpus.of_files(f"files-{size}", fixed | {path: origin / path for path in others[:size]})
        for size in sizes
    ]
    return _growth(bench, "files added", sizes, trees, flat_memory=True)


def candidates(bench: Bench) -> Block:
    """More and more candidates among as many files."""
    origin = bench.quiet()
    others = shuffled(python_files(origin))
    trees = []
    for size in FLEET_SIZES:
        fleet = {path: text for number in range(size) for path, text in pair(number).items()}
        filler = {path: origin / path for path in others[: FLEET_FILES - len(fleet)]}
        trees.append(bench.corpus.of_files(f"candidates-{size}", filler, fleet))
    return _growth(bench, "stop calls", FLEET_SIZES, trees, flat_memory=False)


def outputs(bench: Bench) -> Block:
    """Every format on thousands of findings, against the analysis that found them, in one process."""
    texts = {f"old_{number}.py": findings(number, FINDINGS_IN_A_FILE) for number in range(FILES_WITH_FINDINGS)}
    command = bench.tools.rendering(bench.corpus.of_files("outputs", {}, texts))
    told = [json.loads(measure.output(command)) for _ in range(bench.runs)]
    rows = []
    for name in told[0]["formats"]:
        share = figures.spread([run["formats"][name] / run["analysis"] for run in told])
        cells = [report.short(value) for value in (share.median, share.low, share.high)]
        rows.append([name, *cells, str(CHEAP), report.yes(CHEAP.reached(share.median))])
    table = report.table(("format", "share of the analysis", "least", "most", "target", "reached"), rows)
    return Block(f"{told[0]['findings']:,} findings.\n\n{table}", ["selfstop"])


PARTS: Final[Mapping[str, Callable[[Bench], Block]]] = {
    part.__name__: part for part in (quiet, mixed, incident, flake8, memory, files, candidates, outputs)
}


def _race(bench: Bench, tree: Path, rivals: Rivals) -> tuple[list[Row], str]:
    """Run selfstop and other linters over a tree. Who cannot take part is told with the reason."""
    described = _described(tree)
    ours = bench.tools.check(tree)
    found = {"selfstop": _places(measure.output(ours))}
    commands, reasons = [ours], {}
    for name, (maker, _) in rivals.items():
        try:
            command = maker(tree)
            found[name] = _places(measure.output(command))
        except Failed as failure:
            reasons[name] = str(failure)
        else:
            commands.append(command)
    samples = measure.rounds(commands, bench.runs)
    rows = []
    for name, (_, target) in rivals.items():
        result: figures.Comparison | str
        if name in reasons:
            result = reasons[name]
        else:
            result = figures.compare(samples[ours.name], samples[name], theirs_by_ours=True)
        rows.append(Row(described, name, target, result))
    return rows, "Lines reported: " + ", ".join(f"{name} {count}" for name, count in found.items()) + "."


def _growth(bench: Bench, unit: str, sizes: Sequence[int], trees: Sequence[Path], *, flat_memory: bool) -> Block:
    """What each size costs, over what the first tree costs, the smallest."""
    checks = [bench.tools.check(tree) for tree in trees]
    commands = [replace(check, name=check.directory.name) for check in checks]
    for command in commands:
        measure.run(command)
    samples = measure.rounds(commands, bench.runs)
    peaks = [measure.memory(command).peak for command in commands]
    times = [samples[command.name] for command in commands]
    steps = [size - sizes[0] for size in sizes[1:]]
    added = [_added(time, times[0]) for time in times[1:]]
    costs = [[report.short(cost), report.short(1000 * cost / step)] for cost, step in zip(added, steps, strict=True)]
    rows = [
        [f"{size:,}", report.seconds(figures.spread([run.seconds for run in time])), *cost, report.megabytes(peak)]
        for size, time, cost, peak in zip(sizes, times, [["", ""], *costs], peaks, strict=True)
    ]
    slope = figures.exponent(steps, [max(cost, _SHORTEST) for cost in added])
    lines = [_line("Growth of the seconds added, as an exponent (1 is linear)", slope, LINEAR)]
    if flat_memory:
        lines.append(_line("Memory in the largest tree by memory in the smallest", peaks[-1] / peaks[0], FLAT))
    head = (unit, "selfstop", "seconds added", "for each 1,000", "peak memory")
    return Block("\n".join([report.table(head, rows), "", *lines]), ["selfstop"])


def _line(what: str, value: float, target: Target) -> str:
    return f"{what}: {value:.2f}; target {target}; reached: {report.yes(target.reached(value))}."


def _added(samples: Sequence[Sample], base: Sequence[Sample]) -> float:
    """The median of what runs took longer than those of the base in the same round."""
    return figures.spread([run.seconds - first.seconds for run, first in zip(samples, base, strict=True)]).median


def _flake8_trees(bench: Bench) -> list[Path]:
    """2,000 files without candidates, and 2,000 with as many as there are among so many files of the mixed tree."""
    origin, everything = bench.quiet(), bench.mixed()
    known = set(python_files(origin))
    mentioning = shuffled(path for path in python_files(everything) if path not in known)
    count = round(FLAKE8_FILES * len(mentioning) / len(known))
    silent = shuffled(path for path in known if path.startswith(FLAKE8_ORIGINS))[:FLAKE8_FILES]
    usual = [*mentioning[:count], *silent[: FLAKE8_FILES - count]]
    return [
        bench.corpus.of_files("flake8-quiet", {path: origin / path for path in silent}),
        bench.corpus.of_files("flake8-usual", {path: everything / path for path in usual}),
    ]


def _described(tree: Path) -> str:
    """What a tree is, in numbers."""
    count = mentioning = lines = 0
    for path in python_files(tree):
        count += 1
        data = (tree / path).read_bytes()
        if mentions_stop(data):
            mentioning += 1
            lines += data.count(b"\n")
    some = f"{mentioning:,} with stop calls ({lines:,} lines)" if mentioning else "no stop call"
    return f"{tree.name}: {count:,} files, {some}"


_SHORTEST: Final = 0.001
"""Seconds. What measuring cannot tell from nothing still has a logarithm."""

_PLACE: Final = re.compile(r"^\S+?:\d+:", re.MULTILINE)


def _places(output: str) -> int:
    """How many lines of an output begin with a place in a file."""
    return len(_PLACE.findall(output))

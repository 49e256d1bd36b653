"""The robustness campaign: ``python -m benchmarks.robustness``; ``--help`` tells the options.

Everything that selfstop can do is done with every file of the standard library, its test suite included, and of some
packages: nothing may crash, be passed over in silence, or take for ever. Nothing is imported or run.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.__main__ import user_cache
from benchmarks.corpus import Corpus
from benchmarks.everything import STAGES, End, Examined, examine
from benchmarks.measure import tell
from benchmarks.packages import ROBUSTNESS, Package

SECONDS_FOR_A_FILE: Final = 60.0
SECONDS_FOR_A_PACKAGE: Final = 1800.0
_PATIENCE: Final = 20
"""By how much a process may take longer than its time on the processor before it is given up."""

_SLOWEST: Final = 5
_EACH: Final = 500


@dataclass(frozen=True)
class Tree:
    """Files under one name: the standard library, or a package."""

    name: str
    top: Path
    paths: Sequence[Path]

    def contents(self, paths: Iterable[Path]) -> dict[str, bytes]:
        """The contents of some of the files, by path below the top."""
        return {path.relative_to(self.top).as_posix(): path.read_bytes() for path in paths}


@dataclass
class Totals:
    """What came of one stage."""

    ends: Counter[End] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    functions: int = 0
    nodes: int = 0
    calls: int = 0
    seconds: float = 0.0
    slowest: list[Examined] = field(default_factory=list)

    def add(self, done: Examined) -> None:
        """Count a file, or a package."""
        self.ends[done.end] += 1
        if done.end is End.REFUSED:
            self.codes[done.why] += 1
        self.lines += done.lines
        self.functions += done.functions
        self.nodes += done.nodes
        self.calls += done.calls
        self.seconds += done.seconds
        self.slowest = sorted([*self.slowest, done], key=lambda each: -each.seconds)[:_SLOWEST]

    @property
    def failed(self) -> int:
        """How often something happened that must not happen."""
        return sum(self.ends[end] for end in (End.SKIPPED, End.CRASHED, End.OUT_OF_TIME))

    def __str__(self) -> str:
        ends = ", ".join(f"{number:,} {end}" for end, number in sorted(self.ends.items()))
        codes = ", ".join(f"{code} {number}" for code, number in sorted(self.codes.items()))
        slowest = "; ".join(f"{each.path} ({each.lines:,} lines) {each.seconds:.1f} s" for each in self.slowest)
        return (
            f"{ends}{f' ({codes})' if codes else ''}; {self.lines:,} lines, {self.functions:,} functions, "
            f"{self.nodes:,} nodes, {self.calls:,} stop calls; {self.seconds:,.0f} s, slowest: {slowest}"
        )


class Worker:
    """A process that examines; if it dies or hangs, that is a result, and the next one takes over."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def examine(self, stage: str, name: str, files: dict[str, bytes], limit: float) -> Examined:
        """Examine in the process, and see that it lives."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        try:
            return self._pool.submit(examine, stage, name, files, limit).result(limit * _PATIENCE)
        except BrokenProcessPool:
            self.end()
            return Examined(name, End.CRASHED, "the process died")
        except TimeoutError:
            self.end()
            return Examined(name, End.OUT_OF_TIME, "the process hangs")

    def end(self) -> None:
        """End the process, whatever it does."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())  # noqa: SLF001 - there is no other way to a hanging one
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()


def main() -> int:
    """Run the campaign. The status is 1 if anything crashed, was passed over in silence or took too long."""
    options = _options()
    trees = [*([standard_library()] if options.library else []), *_packages(options.packages, options.cache)]
    failed = 0
    for stage in options.stages:
        failed += run(stage, trees).failed
    return int(failed > 0)


def run(stage: str, trees: Iterable[Tree]) -> Totals:
    """Run one stage over all trees; tell what must not happen as it happens."""
    totals = Totals()
    worker = Worker()
    try:
        for tree in trees:
            of_tree = Totals()
            for done in _examined(worker, stage, tree):
                totals.add(done)
                of_tree.add(done)
                if done.end not in {End.ANALYSED, End.REFUSED}:
                    print(f"{stage} {tree.name} {done.path}: {done.end}\n{done.why}", flush=True)
                if not sum(totals.ends.values()) % _EACH:
                    tell(f"{stage} {tree.name}: {of_tree}")
            print(f"{stage} {tree.name}: {of_tree}", flush=True)
    finally:
        worker.end()
    print(f"{stage} in all: {totals}", flush=True)
    return totals


def _examined(worker: Worker, stage: str, tree: Tree) -> Iterator[Examined]:
    if stage == "together":
        yield worker.examine(stage, tree.name, tree.contents(tree.paths), SECONDS_FOR_A_PACKAGE)
        return
    for path in tree.paths:
        files = tree.contents([path])
        yield worker.examine(stage, next(iter(files)), files, SECONDS_FOR_A_FILE)


def standard_library() -> Tree:
    """The standard library of this Python."""
    top = Path(sysconfig.get_path("stdlib"))
    paths = [path for path in sorted(top.rglob("*.py")) if "site-packages" not in path.relative_to(top).parts]
    if top / "test" / "test_grammar.py" not in paths:
        sys.exit(f"the standard library at {top} comes without its test suite: take another Python")
    return Tree("standard library", top, paths)


def _packages(packages: Iterable[Package], cache: Path) -> Iterator[Tree]:
    corpus = Corpus(cache.resolve())
    for package in packages:
        top = corpus.of_packages(f"robustness-{package.name}", [package], mentions=True)
        yield Tree(package.requirement, top, sorted(top.rglob("*.py")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness", description="Try to make selfstop fail.")
    parser.add_argument("--stages", type=_stages, default=list(STAGES), help=f"of {', '.join(STAGES)}")
    parser.add_argument("--packages", type=_requirements, default=ROBUSTNESS, help="NAME==VERSION,…; empty for none")
    parser.add_argument("--no-library", dest="library", action="store_false", help="leave the standard library out")
    parser.add_argument("--cache", type=Path, default=user_cache(), help="where packages are kept")
    return parser.parse_args()


def _stages(text: str) -> list[str]:
    stages = text.split(",")
    unknown = [stage for stage in stages if stage not in STAGES]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(STAGES)}")
    return stages


def _requirements(text: str) -> list[Package]:
    pairs = [item.partition("==") for item in text.split(",") if item]
    return [Package(name, version, "asked for") for name, _, version in pairs]


if __name__ == "__main__":
    sys.exit(main())

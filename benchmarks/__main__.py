"""Run the benchmarks: ``python -m benchmarks``; ``--help`` tells the options."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import signal
import sys
import time
from pathlib import Path

from benchmarks import report
from benchmarks.corpus import Corpus
from benchmarks.measure import Failed, tell
from benchmarks.parts import PARTS, Bench, Block
from benchmarks.tools import PROJECT, Tools


def main() -> int:
    """Measure what the command line asks for. The status is 1 where a part could not be measured."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # what was started is ended, too
    options = _options()
    cache = options.cache.resolve()
    if cache.is_relative_to(PROJECT):
        sys.exit("the cache must lie outside of the repository")
    bench = Bench(Corpus(cache), Tools(cache), options.runs, options.incident)
    failed = False
    for name in options.only:
        tell(f"{name} …")
        start = time.monotonic()
        try:
            block = PARTS[name](bench)
            blocks = {name: f"{block.text}\n\n{_circumstances(bench, block)}".strip()}
        except Failed as failure:
            blocks = {name: f"Not measured: {failure}."}
            failed = True
        print(f"\n## {name}\n\n{blocks[name]}\n", flush=True)
        tell(f"{name} took {time.monotonic() - start:.0f} s")
        if options.write:
            report.write(options.document, blocks)
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure selfstop against its targets.")
    parser.add_argument("--only", type=_parts, default=list(PARTS), metavar="PARTS", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--runs", type=_runs, default=5, help="paired runs of each measurement (default 5)")
    parser.add_argument("--cache", type=Path, default=user_cache(), help="where packages, trees and programs are kept")
    parser.add_argument("--incident", type=Path, help="a checkout of guswls3028-art/academy-backend")
    parser.add_argument("--document", type=Path, default=PROJECT / "docs" / "performance.md", help="what to write to")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _parts(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return names


def _runs(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least one run")
    return number


def user_cache() -> Path:
    """Where packages, trees and programs are kept if nothing else is said."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "selfstop-benchmarks"


def _circumstances(bench: Bench, block: Block) -> str:
    """Tell when, on what kind of machine and with what a block was measured."""
    if not block.programs:
        return ""
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    programs = ", ".join(bench.tools.version(name) for name in block.programs)
    return f"{today}; {machine}; {programs}; {bench.runs} rounds."


if __name__ == "__main__":
    sys.exit(main())

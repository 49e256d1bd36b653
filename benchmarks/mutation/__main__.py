"""Mutation testing of ``flow/``: ``python -m benchmarks.mutation``; ``--help`` tells the options.

mutmut makes the mutants and has the tests judge them; here a sample is drawn, and the score is counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.stats import status_by_exit_code

from benchmarks.mutation.judging import QUICK
from benchmarks.mutation.sample import Change, change_of, drawn, interval, mutants_by_module

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
KILLED = frozenset({"killed", "timeout", "segfault", "suspicious"})


@dataclass(frozen=True)
class Score:
    """What came of the mutants of a module, or of all."""

    killed: int
    survived: int
    equivalent: int

    @property
    def raw(self) -> float:
        """The share of all mutants that the tests tell from the code, in percent."""
        return 100 * self.killed / max(1, self.killed + self.survived + self.equivalent)

    @property
    def score(self) -> float:
        """The same, of those that are not known to be equivalent."""
        return 100 * self.killed / max(1, self.killed + self.survived)

    def __add__(self, other: Score) -> Score:
        return Score(self.killed + other.killed, self.survived + other.survived, self.equivalent + other.equivalent)


def main() -> int:
    """Draw, judge, count."""
    options = _parser().parse_args()
    mutants = mutants_by_module()
    wanted = frozenset(drawn(mutants, options.mutants, options.seed))
    print(f"{len(wanted)} of {sum(map(len, mutants.values()))} mutants, seed {options.seed}")
    if not options.only_count:
        for quickly in (True, False):
            _judge(wanted - killed(statuses(mutants, wanted)), options.jobs, quickly=quickly)
    judged = statuses(mutants, wanted)
    print(f"{len(judged)} judged")
    equivalent = known_equivalents()
    for name in sorted(judged.keys() - killed(judged)):
        change = change_of(name)
        if change not in equivalent:
            print(f"survived: {name}\n    - {change.before}\n    + {change.after}")
    _tell({path: _score(judged, names, equivalent) for path, names in mutants.items()})
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation", description=__doc__)
    parser.add_argument("--mutants", type=int, default=650, help="about how many; 100000 for all")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at a time")
    parser.add_argument("--only-count", action="store_true", help="judge nothing anew")
    return parser


def _judge(names: Iterable[str], jobs: int, *, quickly: bool) -> None:
    """Have mutmut run the tests on mutants; without the longest tests, if ``quickly``."""
    if names := sorted(names):
        environment = {**os.environ, **({QUICK: "1"} if quickly else {})}
        command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", str(jobs), *names]
        subprocess.run(command, check=True, env=environment)


def statuses(mutants: Mapping[str, Iterable[str]], wanted: frozenset[str]) -> dict[str, str]:
    """How the tests have judged the wanted mutants, in the words of mutmut."""
    found: dict[str, str] = {}
    for path in mutants:
        data = SourceFileMutationData(path=Path(path))
        data.load()
        codes = {name: code for name, code in data.exit_code_by_key.items() if name in wanted and code is not None}
        found |= {name: status_by_exit_code[code] for name, code in codes.items()}
    return found


def killed(judged: Mapping[str, str]) -> frozenset[str]:
    """Those that the tests told from the code."""
    return frozenset(name for name, status in judged.items() if status in KILLED)


def known_equivalents() -> frozenset[Change]:
    """The changes that have been looked at, and change nothing that anybody could see."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["equivalent"]
    return frozenset(Change(entry["function"], entry["before"], entry["after"]) for entry in entries)


def _score(judged: Mapping[str, str], names: Iterable[str], equivalent: frozenset[Change]) -> Score:
    mine = {name: judged[name] for name in names if name in judged}
    left = mine.keys() - killed(mine)
    same = sum(change_of(name) in equivalent for name in left)
    return Score(len(mine) - len(left), len(left) - same, same)


def _tell(scores: Mapping[str, Score]) -> None:
    whole = sum(scores.values(), Score(0, 0, 0))
    for path, each in [*scores.items(), ("all", whole)]:
        print(f"{path:45} {each.killed:5} killed {each.survived:5} survived {each.equivalent:5} equivalent", end="")
        print(f"  raw {each.raw:5.1f} %  score {each.score:5.1f} %")
    low, high = interval(whole.killed, whole.killed + whole.survived)
    print(f"95 % interval of the score: {low:.1f} % to {high:.1f} %")


if __name__ == "__main__":
    sys.exit(main())

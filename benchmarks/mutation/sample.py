"""Which mutants there are, a sample of them, and what each of them changes."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import sqrt
from pathlib import Path

from mutmut.mutation.file_mutation import mutate_file_contents
from mutmut.utils.format_utils import get_mutant_name

FLOW = Path("src/selfstop/flow")


@dataclass(frozen=True)
class Change:
    """What a mutant does: the lines of a function that it replaces, and those it puts there, without indentation."""

    function: str
    before: str
    after: str


def mutants_by_module() -> dict[str, tuple[str, ...]]:
    """The names of all mutants, by the file that they are made from, relative to the repository."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(FLOW.rglob("*.py")):
        names = mutate_file_contents(str(path), path.read_text(encoding="utf-8")).mutant_names
        if names:
            found[path.as_posix()] = tuple(get_mutant_name(path, name) for name in names)
    return found


def drawn(mutants: Mapping[str, Sequence[str]], number: int, seed: int) -> list[str]:
    """About ``number`` mutants, of each module in proportion to how many it has, one at least; the same for a seed.

    What is drawn hangs on the names only: where the code changes, most of the sample stays.
    """
    share = number / sum(map(len, mutants.values()))
    found: list[str] = []
    for names in mutants.values():
        found += sorted(names, key=lambda name: sha256(f"{seed} {name}".encode()).digest())[
            : max(1, round(share * len(names)))
        ]
    return found


def change_of(mutant: str) -> Change:
    """What ``mutant`` does, read from the files that mutmut has written."""
    module, _, name = mutant.rpartition(".")
    source = Path("mutants/src", *module.split(".")).with_suffix(".py").read_text(encoding="utf-8")
    stem, _, _ = name.rpartition("__mutmut_")
    before, after = (_body(source, each) for each in (f"{stem}__mutmut_orig", name))
    lines = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    removed, put = (" / ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return Change(f"{module}.{stem[2:].replace('ǁ', '.')}", removed, put)


def _body(source: str, name: str) -> list[str]:
    """The lines of a function in a module, or in a class."""
    start = re.search(rf"^( *)(?:async )?def {re.escape(name)}\b", source, re.MULTILINE)
    if start is None:
        raise LookupError(name)
    lines = source[start.start() :].split("\n")
    ends = (number for number, line in enumerate(lines[1:], 1) if line.strip() and not _is_inside(line, start[1]))
    return textwrap.dedent("\n".join(lines[: next(ends, len(lines))])).replace(name, "").split("\n")


def _is_inside(line: str, indentation: str) -> bool:
    return line.startswith((indentation + " ", indentation + ")"))


def interval(killed: int, judged: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share, in percent, after Wilson (1927)."""
    z = 1.96
    share = killed / judged
    centre = (share + z * z / (2 * judged)) / (1 + z * z / judged)
    half = z * sqrt(share * (1 - share) / judged + z * z / (4 * judged**2)) / (1 + z * z / judged)
    return 100 * (centre - half), 100 * (centre + half)

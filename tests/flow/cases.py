"""Files of cases: a name, a source, and what has to come of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

CASE, RESULT = "=== ", "---\n"


def read(file: Path) -> dict[str, tuple[str, str]]:
    """Each case by its name: the source, and what has to come of it."""
    found: dict[str, tuple[str, str]] = {}
    for block in file.read_text(encoding="utf-8").split(CASE)[1:]:
        name, _, text = block.partition("\n")
        source, _, result = text.partition(RESULT)
        found[name] = source, result
    return found


def write(file: Path, become: Callable[[str], str]) -> None:
    """Write what comes of each case."""
    blocks = [f"{CASE}{name}\n{source}{RESULT}{become(source)}" for name, (source, _) in read(file).items()]
    file.write_text("".join(blocks), encoding="utf-8")

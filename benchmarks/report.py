"""Tables in Markdown, and their places in a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Comparison, Spread, Target


@dataclass(frozen=True)
class Row:
    """One line of a comparison. ``result`` is the reason why where nothing was measured."""

    what: str
    against: str
    target: Target | None
    result: Comparison | str


_COMPARISON = ("measured", "against", "selfstop", "the other", "ratio", "of processor time", "target", "reached")


def comparisons(rows: Sequence[Row]) -> str:
    """A table of comparisons; seconds are medians with minima, ratios medians with their range."""
    return table(_COMPARISON, [_cells(row) for row in rows])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its columns as wide as their widest cell."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def seconds(value: Spread) -> str:
    """A median with its minimum."""
    return f"{short(value.median)} s (min {short(value.low)})"


def megabytes(value: float) -> str:
    """Bytes in words."""
    return f"{value / 1e6:.0f} MB"


def yes(reached: bool) -> str:
    """Whether a target was reached, in a word that is found by eye."""
    return "yes" if reached else "**no**"


def short(value: float) -> str:
    """A number with three digits that count."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def placed(document: str, blocks: Mapping[str, str]) -> str:
    """Put blocks between the markers of their names in a document. Raises ``ValueError`` where there are none."""
    for name, block in blocks.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        before, *rest = document.split(begin)
        if len(rest) != 1 or end not in rest[0]:
            raise ValueError(f"the document has not one place for {name}: {begin} … {end}")
        document = f"{before}{begin}\n{block}\n{end}{rest[0].partition(end)[2]}"
    return document


def write(path: Path, blocks: Mapping[str, str]) -> None:
    """Replace blocks of a document."""
    path.write_text(placed(path.read_text(encoding="utf-8"), blocks), encoding="utf-8")


def _times(ratio: float) -> str:
    """A ratio, exact enough for a target of one in a hundred."""
    return f"{ratio:.3f}" if ratio < 2 else short(ratio)


def _cells(row: Row) -> list[str]:
    target = str(row.target) if row.target else "none"
    if isinstance(row.result, str):
        return [row.what, row.against, "", "", "", "", target, f"not measured: {row.result}"]
    ratio = row.result.ratio
    return [
        row.what,
        row.against,
        seconds(row.result.ours),
        seconds(row.result.theirs),
        f"{_times(ratio.median)} ({_times(ratio.low)} to {_times(ratio.high)})",
        _times(row.result.cpu),
        target,
        yes(row.target.reached(ratio.median)) if row.target else "",
    ]

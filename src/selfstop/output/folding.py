"""Text in lines of a width that is known without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from selfstop.output.cells import width
from selfstop.output.escape import escape

_BREAKS: Final = (re.compile(r"\S+ ?"), re.compile(r"[^/]+/?|/"), re.compile(r"[^._:,=-]+[._:,=-]?|[._:,=-]"))
"""Where a line may end, in the order of preference: behind blanks, behind slashes, behind other signs."""

MOST: Final = 12
"""Lines of one text that are drawn."""


def folded(text: str, cells: int) -> list[str]:
    """``text`` made safe to show, in lines of at most ``cells``; what is beyond the twelfth line is left out."""
    lines = [""]
    for piece in _fitting(escape(" ".join(text.split())), cells, _BREAKS):
        if lines[-1] and width(lines[-1] + piece.rstrip()) > cells:
            lines.append("")
        lines[-1] += piece
    found = [line.strip() for line in lines if line.strip()]
    return found if len(found) <= MOST else [*found[: MOST - 1], "…"]


def _fitting(text: str, cells: int, breaks: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """The pieces of a text, none of them longer than a line; wide characters take two cells."""
    if not breaks:
        half = max(cells // 2, 1)
        yield from (text[at : at + half] for at in range(0, len(text), half))
        return
    for piece in breaks[0].findall(text):
        if width(piece.rstrip()) <= cells:
            yield piece
        else:
            yield from _fitting(piece, cells, breaks[1:])

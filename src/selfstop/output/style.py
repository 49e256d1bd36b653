"""Colours and weights on a terminal, by what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TextIO

_RESET: Final = "\x1b[0m"

_ANSI: Final = {
    "place": "\x1b[1m",
    "code": "\x1b[1;31m",
    "mark": "\x1b[31m",
    "heading": "\x1b[1m",
    "quiet": "\x1b[2m",
    "path": "\x1b[36m",
}


@dataclass(frozen=True)
class Style:
    """What to write before a text, by the meaning of the text; nothing where nothing is known."""

    codes: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, meaning: str, text: str) -> str:
        """Give ``text``, which is escaped already, the look of its meaning."""
        start = self.codes.get(meaning)
        return f"{start}{text}{_RESET}" if start and text else text


PLAIN: Final = Style()
COLOURED: Final = Style(_ANSI)


def style_for(stream: TextIO | None, environment: Mapping[str, str]) -> Style:
    """Choose: `NO_COLOR` forbids colours, `FORCE_COLOR` wants them, else they are for terminals that have them.

    https://no-color.org and https://force-color.org: a variable counts if it is not empty.
    """
    if environment.get("NO_COLOR"):
        return PLAIN
    if environment.get("FORCE_COLOR"):
        return COLOURED
    is_terminal = stream is not None and stream.isatty() and environment.get("TERM") != "dumb"
    return COLOURED if is_terminal else PLAIN

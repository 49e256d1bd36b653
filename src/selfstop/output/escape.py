"""Names and source text that are safe to show.

File names and source may contain escape sequences that a terminal would obey, line ends that would forge
findings, bidirectional controls that reorder what is read, and bytes that are no text at all.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: controls, formatting (bidirectional controls), surrogates, and what has no agreed
shape."""


def escape(text: str) -> str:
    r"""Replace what must not be shown as it is by ``\x1b``, ``\u202e`` and the like."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")

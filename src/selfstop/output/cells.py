"""How many cells of a terminal text takes."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_PIECES: Final = re.compile(r"[^\s`]*`[^`\n]{1,70}`[^\s`]*|\S+")
"""Words, and source text between backticks, which is not to be broken."""


def width(text: str) -> int:
    """Count the cells that ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def padded(text: str, cells: int) -> str:
    """``text`` filled up with blanks to a number of cells."""
    return text + " " * max(cells - width(text), 0)


def wrapped(text: str, cells: int, *, first: str = "", rest: str = "") -> list[str]:
    """``text`` broken into lines of at most ``cells``, where words permit; ``first`` and ``rest`` begin the lines.

    A word that is too long for a line is broken behind a slash if it has one: paths are.
    """
    lines: list[str] = []
    current, empty = first, True
    for piece in _words(text, max(cells - width(rest), 8)):
        gap = "" if empty or piece.startswith("\0") else " "
        word = piece.removeprefix("\0")
        if not empty and width(current) + len(gap) + width(word) > cells:
            lines.append(current.rstrip())
            current, gap = rest, ""
        current += gap + word
        empty = False
    lines.append(current.rstrip())
    return lines


def _words(text: str, cells: int) -> list[str]:
    """The words of a text; pieces of one that is too long are marked as belonging together by a NUL in front."""
    found: list[str] = []
    for word in _PIECES.findall(text):
        piece = ""
        is_first = True
        for part in _parts(word) if width(word) > cells else [word]:
            if piece and width(piece + part) > cells:
                found.append(piece if is_first else f"\0{piece}")
                piece, is_first = "", False
            piece += part
        found.append(piece if is_first else f"\0{piece}")
    return found


def _parts(word: str) -> list[str]:
    parts = word.split("/")
    return [f"{part}/" for part in parts[:-1]] + [parts[-1]]

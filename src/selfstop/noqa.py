r"""``# noqa`` comments, with the meaning that flake8 gives them.

Some of it surprises, and is kept, since a comment must not mean two things in one project:

- ``# noqa: sst102`` suppresses nothing, codes are compared as they are written; ``# noqa : SST102`` and ``#
  noqa:  SST102`` (two spaces) are bare ``# noqa``, which suppresses everything;
- a code suppresses every code that starts with it;
- a comment works for all lines of a statement that is continued by ``\\`` or inside of a string, but not for
  those of one that is continued inside of brackets;
- ``# flake8: noqa`` on a line of its own leaves the whole file out, whatever follows it on that line.
"""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from selfstop import source

_COMMENT: Final = re.compile(r"# noqa(?::\s?(?P<codes>(?:[A-Z]+[0-9]+[,\s]*)+))?", re.IGNORECASE)
_WHOLE_FILE: Final = re.compile(r"\s*# flake8[:=]\s*noqa", re.IGNORECASE)
_CODE: Final = re.compile(r"[^,\s]+")
_BETWEEN_CODES: Final = re.compile(r"[,\s]+")
_LINE_ENDS: Final = frozenset({tokenize.NL, tokenize.NEWLINE})
_BETWEEN_LINES: Final = frozenset({tokenize.ENDMARKER, tokenize.DEDENT})


@dataclass(frozen=True)
class Given:
    """A code in a ``# noqa`` comment: its place, from 1, and the lines for which the comment works."""

    code: str
    line: int
    column: int
    lines: range


@dataclass(frozen=True)
class Suppressions:
    """The ``# noqa`` comments of one file, given as decoded text."""

    text: str

    def suppresses(self, code: str, line: int) -> bool:
        """Whether a finding of rule ``code`` on ``line`` (from 1) is not to be shown."""
        return self.whole_file or suppresses(self._text_for(line), code)

    @cached_property
    def whole_file(self) -> bool:
        """Whether the file as a whole is left out."""
        return any(_WHOLE_FILE.match(line) for line in self._lines)

    def given(self, prefix: str) -> list[Given]:
        """List the codes that start with ``prefix`` in comments that count, in order.

        Text that only looks like a comment, in a string, is left out; so are files that are left out as a whole,
        and files that this Python cannot take apart.
        """
        if prefix not in self.text or self.whole_file or not self._stretches:
            return []
        stretches = dict.fromkeys(self._stretches.values())
        return [given for lines in stretches for given in self._given_in(lines, prefix)]

    def _given_in(self, lines: range, prefix: str) -> Iterator[Given]:
        text = self._text_for(lines.start)
        found = _COMMENT.search(text)
        if found is None or found["codes"] is None:
            return
        for code in _CODE.finditer(found["codes"]):
            before = text[: found.start("codes") + code.start()]
            line = max(lines.start, 1) + before.count("\n")
            column = len(before) - (before.rfind("\n") + 1) + 1
            if code[0].startswith(prefix) and self._is_comment(line, column):
                yield Given(code[0], line, column, lines)

    def _is_comment(self, line: int, column: int) -> bool:
        return column > self._comments.get(line, column)

    @cached_property
    def _comments(self) -> dict[int, int]:
        """The column (from 1) at which each line's comment starts."""
        remaining = iter(self._lines)
        tokens = tokenize.generate_tokens(lambda: next(remaining, ""))
        return {token.start[0]: token.start[1] + 1 for token in tokens if token.type == tokenize.COMMENT}

    @cached_property
    def _lines(self) -> Sequence[str]:
        return source.lines_of(self.text)

    @cached_property
    def _stretches(self) -> dict[int, range]:
        """Map each line to the lines (from 1) in which a comment for it may stand."""
        try:
            return {line: stretch for stretch in _stretches(self._lines) for line in stretch}
        except (tokenize.TokenError, SyntaxError):  # newer syntax than this Python's: each line is on its own
            return {}

    def _text_for(self, line: int) -> str:
        stretch = self._stretches.get(line, range(line, line + 1))
        return "".join(self._lines[max(stretch.start - 1, 0) : stretch.stop - 1])


def suppresses(text: str, code: str) -> bool:
    """Whether a comment in ``text``, one or several lines of a file in whatever language, suppresses ``code``."""
    found = _COMMENT.search(text)
    if found is None:
        return False
    if found["codes"] is None:
        return True
    return code.startswith(tuple(filter(None, _BETWEEN_CODES.split(found["codes"]))))


def _stretches(lines: Sequence[str]) -> Iterator[range]:
    """Group the lines of a file so that each group ends where the tokenizer sees the end of a line."""
    remaining = iter(lines)
    first = last = 0
    for token in tokenize.generate_tokens(lambda: next(remaining, "")):
        if token.type in _BETWEEN_LINES:
            continue
        first = min(first or token.start[0], token.start[0])
        last = max(last, token.end[0])
        if token.type in _LINE_ENDS:
            yield range(first, last + 1)
            first = last = 0

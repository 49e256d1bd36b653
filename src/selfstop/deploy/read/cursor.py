"""A position in a text, for scanners that go over it once."""

from __future__ import annotations

import re
from bisect import bisect_right


class TooDeep(Exception):
    """The text nests deeper than scanners follow."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Cursor:
    """A text and how far it has been read. The position never goes back.

    ``document_start`` is the line end behind which here-documents stand, ``document_end`` where they end.
    """

    MAX_DEPTH = 40

    def __init__(self, text: str, first_line: int = 1) -> None:
        self.text = text
        self.position = 0
        self.first_line = first_line
        self.depth = 0
        self.document_start = self.document_end = -1
        self.faults: list[tuple[int, str]] = []
        self._ends = [found.start() for found in re.finditer("\n", text)]

    @property
    def line(self) -> int:
        """The line of the position, from `first_line`."""
        return self.line_at(self.position)

    def line_at(self, position: int) -> int:
        """The line of any position."""
        return self.first_line + bisect_right(self._ends, position - 1)

    @property
    def here(self) -> str:
        """The next character, "" at the end."""
        return self.text[self.position : self.position + 1]

    @property
    def ended(self) -> bool:
        """Whether everything has been read."""
        return self.position >= len(self.text)

    def at(self, text: str) -> bool:
        """Whether ``text`` comes next."""
        return self.text.startswith(text, self.position)

    def take(self, pattern: re.Pattern[str]) -> str:
        """Read what matches ``pattern`` here; "" if nothing does."""
        found = pattern.match(self.text, self.position)
        if not found:
            return ""
        self.position = found.end()
        return found.group()

    def accept(self, text: str) -> bool:
        """Read ``text`` if it comes next."""
        if not self.at(text):
            return False
        self.position += len(text)
        return True

    def fault(self, position: int, reason: str) -> None:
        """Note, once for each reason, that the text is not well formed."""
        if all(reason != known for _, known in self.faults):
            self.faults.append((self.line_at(position), reason))

    def deeper(self) -> None:
        """Enter one more level of nesting; `TooDeep` if that is one too many."""
        self.depth += 1
        if self.depth > self.MAX_DEPTH:
            raise TooDeep(self.line)

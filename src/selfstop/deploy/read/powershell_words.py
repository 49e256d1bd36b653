"""Strings and words of PowerShell: what is expanded in them, and what a backtick escapes (about_Quoting_Rules)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from selfstop.deploy.read import powershell_tree as tree
from selfstop.deploy.read.cursor import Cursor

VARIABLE: Final = re.compile(r"\$(?:\{(?P<braced>[^}\n]{0,200})\}|(?P<name>(?:\w+:)?\w+)|(?P<special>[$?^]))")
_SINGLE: Final = re.compile(r"(?:[^'\u2018\u2019]|'')*")
_DOUBLE: Final = re.compile(r"[^\"$`]+")
_HERE: Final = re.compile(r"@(?P<quote>[\"'])[ \t]*\n")
_HERE_TEXT: Final = re.compile(r"[^$`]+")
_WORD: Final = re.compile(r"[^\s\"'$`;|(){}&,#><]+|#|[,&>](?=[^\s;|(){}\"'$&>])")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "", "a": "\a", "b": "\b", "e": "\x1b", "\n": ""}

Statements = Callable[[Cursor], tree.Sequence]
Parts = list[str | tree.Variable | tree.Subexpression]


class Words:
    """Reads strings and words at a cursor; ``statements`` reads a subexpression, its parenthesis included."""

    def __init__(self, cursor: Cursor, statements: Statements) -> None:
        self.cursor = cursor
        self._statements = statements

    def string(self) -> tree.String | None:
        """The string that begins here, if one does."""
        cursor = self.cursor
        line = cursor.line
        if found := _HERE.match(cursor.text, cursor.position):
            return self._here_string(found)
        if cursor.accept("'"):
            text = cursor.take(_SINGLE).replace("''", "'")
            self._close("'")
            return tree.String((text,), line)
        if cursor.accept('"'):
            parts: Parts = []
            self._double(parts, len(cursor.text))
            return tree.String(tuple(parts), line)
        return None

    def _close(self, quote: str) -> None:
        if not self.cursor.accept(quote) and not (
            self.cursor.here in "\u2018\u2019" and self.cursor.accept(self.cursor.here)
        ):
            self.cursor.fault(self.cursor.position, "a quote is not closed")

    def _here_string(self, found: re.Match[str]) -> tree.String:
        cursor = self.cursor
        quote = found["quote"]
        cursor.position = found.end()
        line = cursor.line
        end = cursor.text.find(f"\n{quote}@", cursor.position - 1)
        if end < 0:
            cursor.fault(cursor.position, "a here-string is not closed")
            end = len(cursor.text)
        if quote == "'":
            text = cursor.text[cursor.position : end]
            cursor.position = min(end + 3, len(cursor.text))
            return tree.String((text,), line)
        parts: Parts = []
        while cursor.position < end:
            self._expandable(parts, _HERE_TEXT, end)
        cursor.position = max(cursor.position, min(end + 3, len(cursor.text)))
        return tree.String(tuple(parts), line)

    def _double(self, parts: Parts, end: int) -> None:
        cursor = self.cursor
        opening = cursor.position - 1
        while not cursor.ended:
            if cursor.accept('""'):
                parts.append('"')
            elif cursor.accept('"'):
                return
            else:
                self._expandable(parts, _DOUBLE, end)
        cursor.fault(opening, "a quote is not closed")

    def _expandable(self, parts: Parts, plain: re.Pattern[str], end: int) -> None:
        """Read one piece of an expandable string that ends at ``end`` at the latest."""
        cursor = self.cursor
        found = plain.match(cursor.text, cursor.position, end)
        if found:
            parts.append(found.group())
            cursor.position = found.end()
        elif cursor.accept("`"):
            parts.append(_ESCAPES.get(cursor.here, cursor.here))
            cursor.position += 1
        else:
            parts.append(self.expansion())

    def expansion(self) -> str | tree.Variable | tree.Subexpression:
        """What a dollar sign begins; the sign itself where it begins nothing."""
        cursor = self.cursor
        start = cursor.position
        if cursor.accept("$("):
            body = self._statements(cursor)
            return tree.Subexpression(body, cursor.text[start : cursor.position])
        if variable := self.variable():
            return variable
        cursor.position += 1
        return "$"

    def variable(self) -> tree.Variable | None:
        """The variable that begins here."""
        found = VARIABLE.match(self.cursor.text, self.cursor.position)
        if not found:
            return None
        self.cursor.position = found.end()
        return tree.Variable(found["braced"] or found["name"] or found["special"] or "", found.group())

    def word(self) -> tree.String | None:
        """A bare word with what is expanded in it."""
        cursor = self.cursor
        line, start = cursor.line, cursor.position
        parts: Parts = []
        while not cursor.ended:
            if plain := cursor.take(_WORD):
                parts.append(plain)
            elif cursor.at("`\n"):
                break
            elif cursor.accept("`"):
                parts.append(_ESCAPES.get(cursor.here, cursor.here))
                cursor.position += 1
            elif cursor.at("$"):
                parts.append(self.expansion())
            elif cursor.position > start and (cursor.at('"') or cursor.at("'")):
                inner = self.string()
                parts.extend(inner.parts if inner else ())
            else:
                break
        return tree.String(tuple(parts), line, bare=True) if cursor.position > start else None

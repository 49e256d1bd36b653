"""Words of shell scripts: quotes, expansions, here-documents, as bash reads them (its manual, 3.1 and 3.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.shell_tree import Part, Sequence, Substitution, Text, Variable, Word

_PLAIN: Final = re.compile(r"[^\s'\"\\$`;&|<>()]+")
_SINGLE: Final = re.compile(r"[^']*")
_DOUBLE: Final = re.compile(r"[^\"\\$`]+")
_BODY: Final = re.compile(r"[^\\$`]+")
_ANSI: Final = re.compile(r"(?:[^'\\]|\\.)*", re.DOTALL)
_ANSI_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ANSI_MEANING: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b"}
_NAME: Final = re.compile(r"[A-Za-z_]\w*|[0-9]|[@*#?$!-]")
_BRACED_NAME: Final = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!-]")
_OPERATOR: Final = re.compile(r":?[-=?+]")
_INDEX: Final = re.compile(r"\[[^\]\n]{0,200}\]")
_BACKTICKS: Final = re.compile(r"(?:[^`\\]|\\.)*", re.DOTALL)

Commands = Callable[[Cursor], Sequence]


class Words:
    """Reads words at a cursor; ``commands`` reads the commands of a substitution up to its closing parenthesis."""

    def __init__(self, cursor: Cursor, commands: Commands) -> None:
        self.cursor = cursor
        self._commands = commands

    def word(self) -> Word | None:
        """The word that begins here, if one does."""
        line = self.cursor.line
        parts: list[Part] = []
        start = self.cursor.position
        while self._piece(parts):
            pass
        return Word(tuple(parts), line) if self.cursor.position > start else None

    def _piece(self, parts: list[Part]) -> bool:
        """Read one piece of a word onto ``parts``; false at the end of the word."""
        cursor = self.cursor
        if plain := cursor.take(_PLAIN):
            parts.append(Text(plain))
        elif cursor.at("'"):
            parts.append(Text(self._single(), quoted=True))
        elif cursor.accept('"'):
            self._double(parts)
        elif cursor.accept("\\"):
            self._escaped(parts)
        elif cursor.at("$") or cursor.at("`"):
            parts.append(self._expansion(quoted=False))
        elif cursor.at("<(") or cursor.at(">("):
            parts.append(self._process())
        else:
            return False
        return True

    def _single(self) -> str:
        opening = self.cursor.position
        self.cursor.position += 1
        text = self.cursor.take(_SINGLE)
        if not self.cursor.accept("'"):
            self.cursor.fault(opening, "a quote is not closed")
        return text

    def _escaped(self, parts: list[Part]) -> None:
        if not self.cursor.accept("\n") and not self.cursor.ended:
            parts.append(Text(self.cursor.here, quoted=True))
            self.cursor.position += 1

    def _double(self, parts: list[Part]) -> None:
        opening = self.cursor.position - 1
        parts.append(Text("", quoted=True))
        while not self.cursor.accept('"'):
            if self.cursor.ended:
                self.cursor.fault(opening, "a quote is not closed")
                return
            if text := self.cursor.take(_DOUBLE):
                parts.append(Text(text, quoted=True))
            elif self.cursor.accept("\\"):
                self._escaped_inside(parts, '$`"\\')
            else:
                parts.append(self._expansion(quoted=True))

    def _escaped_inside(self, parts: list[Part], special: str) -> None:
        """A backslash within quotes or a here-document, where it escapes ``special`` and line ends only."""
        character = self.cursor.here
        self.cursor.position += len(character)
        if character and character in special:
            parts.append(Text(character, quoted=True))
        elif character != "\n":
            parts.append(Text("\\" + character, quoted=True))

    def body(self) -> Word:
        """The rest of the text as the body of a here-document with expansions."""
        line = self.cursor.line
        parts: list[Part] = []
        while not self.cursor.ended:
            if text := self.cursor.take(_BODY):
                parts.append(Text(text, quoted=True))
            elif self.cursor.accept("\\"):
                self._escaped_inside(parts, "$`\\")
            else:
                parts.append(self._expansion(quoted=True))
        return Word(tuple(parts), line)

    def _process(self) -> Substitution:
        start = self.cursor.position
        self.cursor.position += 2
        body = self._commands(self.cursor)
        return Substitution(self.cursor.text[start : self.cursor.position], body)

    def _expansion(self, *, quoted: bool) -> Part:
        cursor = self.cursor
        start = cursor.position
        if cursor.accept("`"):
            return self._backticks(start, quoted=quoted)
        cursor.position += 1
        if cursor.at("(("):
            return self._arithmetic(start, quoted=quoted)
        if cursor.accept("("):
            body = self._commands(cursor)
            return Substitution(cursor.text[start : cursor.position], body, quoted)
        if cursor.accept("{"):
            return self._braced(start, quoted=quoted)
        if not quoted and cursor.at("'"):
            return self._ansi()
        if name := cursor.take(_NAME):
            return Variable(name, cursor.text[start : cursor.position], quoted)
        return Text("$", quoted)

    def _ansi(self) -> Text:
        opening = self.cursor.position
        self.cursor.position += 1
        text = self.cursor.take(_ANSI)
        if not self.cursor.accept("'"):
            self.cursor.fault(opening, "a quote is not closed")
        return Text(_ANSI_ESCAPE.sub(lambda found: _ANSI_MEANING.get(found[1], found[1]), text), quoted=True)

    def _backticks(self, start: int, *, quoted: bool) -> Substitution:
        cursor = self.cursor
        line = cursor.line
        text = cursor.take(_BACKTICKS)
        if not cursor.accept("`"):
            cursor.fault(start, "a backtick is not closed")
        inner = Cursor(re.sub(r"\\([$`\\])", r"\1", text), line)
        inner.depth = cursor.depth
        body = self._commands(inner)
        return Substitution(cursor.text[start : cursor.position], body, quoted)

    def _arithmetic(self, start: int, *, quoted: bool) -> Substitution:
        skip_parentheses(self.cursor)
        return Substitution(self.cursor.text[start : self.cursor.position], (), quoted)

    def _braced(self, start: int, *, quoted: bool) -> Variable:
        """``${…}`` after its opening brace; operators other than those for defaults are not followed."""
        cursor = self.cursor
        prefix = cursor.accept("!") or (cursor.at("#") and not cursor.at("#}") and cursor.accept("#"))
        name = cursor.take(_BRACED_NAME)
        index = cursor.take(_INDEX)
        operator = cursor.take(_OPERATOR)
        plain = not prefix and bool(name) and index in {"", "[@]", "[*]"}
        if cursor.accept("}"):
            operator, word = (operator if plain else "other"), None
        else:
            cursor.deeper()
            word = self._alternative(start)
            cursor.depth -= 1
            operator = operator if plain and operator else "other"
        return Variable(name, cursor.text[start : cursor.position], quoted, operator, word, bool(index))

    def _alternative(self, start: int) -> Word:
        """The word of a default, up to the closing brace."""
        cursor = self.cursor
        line = cursor.line
        parts: list[Part] = []
        while not cursor.accept("}"):
            if cursor.ended:
                cursor.fault(start, "a brace is not closed")
                break
            if not self._piece_of_alternative(parts):
                parts.append(Text(cursor.here))
                cursor.position += 1
        return Word(tuple(parts), line)

    def _piece_of_alternative(self, parts: list[Part]) -> bool:
        if text := self.cursor.take(_IN_BRACES):
            parts.append(Text(text))
            return True
        return self._piece(parts)


_IN_BRACES: Final = re.compile(r"[^'\"\\$`}]+")
_PARENTHESES: Final = re.compile(r"[^()]+")


def skip_parentheses(cursor: Cursor) -> None:
    """Skip from an opening parenthesis to the one that closes it."""
    start = cursor.position
    level = 0
    while not cursor.ended:
        if cursor.accept("("):
            level += 1
        elif cursor.accept(")"):
            level -= 1
            if not level:
                return
        else:
            cursor.take(_PARENTHESES)
    cursor.fault(start, "a parenthesis is not closed")

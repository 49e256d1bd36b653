"""Expressions of PowerShell, and the arguments of commands, which are expressions or bare words."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import Final

from selfstop.deploy.read import powershell_tree as tree
from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.powershell_words import Words

_BLANK: Final = re.compile(r"(?:[ \t]|`\n|<#(?:[^#]|#(?!>))*(?:#>|$))+")
_SPACE: Final = re.compile(r"(?:\s|`\n|<#(?:[^#]|#(?!>))*(?:#>|$)|#[^\n]*)+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_OPERATOR: Final = re.compile(
    r"-(?:[ic]?(?:eq|ne|gt|ge|lt|le|match|notmatch|like|notlike|contains|notcontains|in|notin|replace|split)|join|and|or"
    r"|xor|is|isnot|as|f|band|bor|bxor|shl|shr)(?![\w-])|\?\?|\.\.|[+*/%](?!=)|-(?=[\s$(\d])(?!=)",
    re.IGNORECASE,
)
_UNARY: Final = re.compile(r"-not\b|!|-join\b|-split\b|-bnot\b|\+\+|--|[-+](?=[$(\d])|,", re.IGNORECASE)
_TYPE: Final = re.compile(r"\[(?P<name>[A-Za-z_][\w.]{0,100}(?:\[[\w., \[\]]{0,100}\])?)\]")
_MEMBER: Final = re.compile(r"(?:::|\?\.|\.)(?=[A-Za-z_$\"'])")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_NUMBER: Final = re.compile(r"[+-]?\d[\w.]*")
_BRACKETS: Final = re.compile(r"[^\[\]\"']+")
_ENDS_WORD: Final = re.compile(r"[\s;|(){},&>]|$")
_NAMED: Final = re.compile(r"-[A-Za-z_][\w-]*:?")


class Expressions(ABC):
    """Reads expressions at a cursor."""

    words: Words

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor

    @abstractmethod
    def statements(self, cursor: Cursor) -> tree.Sequence:
        """Statements up to a parenthesis, which is read, too."""

    @abstractmethod
    def block(self) -> tree.Sequence:
        """``{ … }``."""

    @abstractmethod
    def statement(self) -> tree.Node | None:
        """One statement."""

    @abstractmethod
    def separators(self) -> None:
        """Skip what stands between statements."""

    def blank(self) -> bool:
        """Skip blanks, continued lines and comments within a line."""
        skipped = bool(self.cursor.take(_BLANK))
        if self.cursor.at("#"):
            skipped = bool(self.cursor.take(_COMMENT))
        return skipped

    def space(self) -> bool:
        """Skip line ends, too."""
        return bool(self.cursor.take(_SPACE))

    def skip_brackets(self) -> bool:
        """Skip an attribute or type in brackets, with what is nested in it."""
        cursor = self.cursor
        if not cursor.at("["):
            return False
        level = 0
        while not cursor.ended:
            if cursor.accept("["):
                level += 1
            elif cursor.accept("]"):
                level -= 1
                if not level:
                    break
            elif not (cursor.take(_BRACKETS) or self.words.string()):
                cursor.position += 1
        return True

    def expression(self, *, listed: bool = True) -> tree.Expression | None:
        """An expression; without ``listed``, a comma ends it."""
        left = self._operand(listed=listed)
        while left is not None:
            self._blank_before_operator()
            operator = self.cursor.take(_OPERATOR)
            if not operator:
                break
            self.space()
            right = self._operand(listed=listed)
            left = tree.Operation(operator.lower(), left, right or tree.Unknown())
        return left

    def _blank_before_operator(self) -> None:
        self.cursor.take(_BLANK)

    def _operand(self, *, listed: bool) -> tree.Expression | None:
        """A value, or several with commas between them."""
        first = self._unary()
        if first is None or not listed:
            return first
        items = [first]
        while True:
            self.cursor.take(_BLANK)
            if not self.cursor.accept(","):
                break
            self.space()
            item = self._unary()
            if item is None:
                break
            items.append(item)
        return tree.Items(tuple(items)) if len(items) > 1 else first

    def _unary(self) -> tree.Expression | None:
        cursor = self.cursor
        operators: list[str] = []
        while operator := cursor.take(_UNARY):
            operators.append(operator.lower())
            self.space()
        cursor.deeper()
        value = self._postfix()
        cursor.depth -= 1
        for operator in reversed(operators[:16]):
            value = tree.Operation(operator, None, value or tree.Unknown())
        return value

    def _postfix(self) -> tree.Expression | None:
        value = self._primary()
        if isinstance(value, tree.TypeName) and not self.cursor.at("::"):
            self.cursor.take(_BLANK)
            return self._unary() or value
        return self._members(value)

    def _members(self, value: tree.Expression | None) -> tree.Expression | None:
        cursor = self.cursor
        count = 0
        while value is not None and count < 64:
            if cursor.take(_MEMBER):
                value = self._member(value)
            elif cursor.at("["):
                cursor.position += 1
                self.space()
                key = self.expression() or tree.Unknown()
                self.space()
                cursor.accept("]")
                value = tree.Index(value, key)
            else:
                break
            count += 1
        return value

    def _member(self, target: tree.Expression) -> tree.Member:
        cursor = self.cursor
        name = cursor.take(_NAME)
        if not name:
            quoted = self.words.string() if cursor.here in "\"'" else None
            name = (quoted.literal or "") if quoted else ""
            if not quoted:
                self.words.expansion()
        if not cursor.accept("("):
            return tree.Member(target, name)
        arguments: list[tree.Expression] = []
        cursor.deeper()
        while True:
            self.space()
            if cursor.ended or cursor.accept(")"):
                break
            position = cursor.position
            argument = self.expression(listed=False)
            if argument is not None:
                arguments.append(argument)
            self.space()
            if not cursor.accept(",") and cursor.position == position:
                cursor.position += 1
        cursor.depth -= 1
        return tree.Member(target, name, tuple(arguments))

    def _primary(self) -> tree.Expression | None:
        cursor = self.cursor
        start = cursor.position
        if string := self.words.string():
            return string
        if cursor.accept("(") or cursor.accept("@("):
            listed = cursor.text[start] == "@"
            body = self.statements(cursor)
            return tree.Subexpression(body, cursor.text[start : cursor.position], listed)
        if cursor.accept("@{"):
            return self._table()
        if cursor.at("{"):
            return tree.Block(self.block())
        if cursor.at("$") or cursor.at("@"):
            return self._variable()
        if found := _TYPE.match(cursor.text, start):
            cursor.position = found.end()
            return tree.TypeName(found["name"].lower())
        if number := cursor.take(_NUMBER):
            return tree.String((number,), cursor.line)
        return None

    def _variable(self) -> tree.Expression | None:
        cursor = self.cursor
        if found := re.compile(r"@(\w+)").match(cursor.text, cursor.position):
            cursor.position = found.end()
            return tree.Variable(found[1], found.group(), splatted=True)
        if not cursor.at("$"):
            return None
        expansion = self.words.expansion()
        return tree.String((expansion,), cursor.line) if isinstance(expansion, str) else expansion

    def _table(self) -> tree.Table:
        cursor = self.cursor
        line = cursor.line
        pairs: list[tuple[tree.Expression, tree.Node]] = []
        cursor.deeper()
        while True:
            self.separators()
            if cursor.ended or cursor.accept("}"):
                break
            position = cursor.position
            key = self._key()
            self.space()
            if cursor.accept("="):
                self.space()
                value = self.statement()
                if value:
                    pairs.append((key, value))
            if cursor.position == position:
                cursor.position += 1
        cursor.depth -= 1
        return tree.Table(tuple(pairs), line)

    def _key(self) -> tree.Expression:
        if name := self.cursor.take(re.compile(r"[\w-]+")):
            return tree.String((name,), self.cursor.line)
        return self._primary() or tree.Unknown()

    def argument(self) -> tree.Expression | None:
        """One argument of a command: a value with its members, or a bare word."""
        cursor = self.cursor
        start = cursor.position
        if cursor.here and cursor.here in "$\"'(@{[":
            value = self._argument_value()
            if value is not None and _ENDS_WORD.match(cursor.text, cursor.position):
                return value
            if value is not None and not isinstance(value, tree.Variable | tree.String):
                return value
            return self._continued(value, start)
        return self.words.word()

    def _argument_value(self) -> tree.Expression | None:
        """A value at the beginning of an argument; a variable is one only if nothing but members follow."""
        cursor = self.cursor
        cursor.deeper()
        if cursor.at("["):
            value = None
        elif cursor.at("$") and not cursor.at("$("):
            value = self._members(self._variable())
        else:
            value = self._members(self._primary())
        cursor.depth -= 1
        return value

    def _continued(self, value: tree.Expression | None, start: int) -> tree.Expression | None:
        """A word that goes on behind a variable or a string."""
        line = self.cursor.line_at(start)
        before = value.parts if isinstance(value, tree.String) else (value,) if isinstance(value, tree.Variable) else ()
        if value is None and self.cursor.here and self.cursor.here in "@{[":
            before = (self.cursor.here,)
            self.cursor.position += 1
        rest = self.words.word()
        if rest is None and not before:
            return None
        return tree.String((*before, *(rest.parts if rest else ())), line, bare=True)

"""How deep source text nests, estimated without a parser.

The native parser under LibCST recurses for each level of an expression. Given 3,000 nested brackets it
overflows the stack, which ends the process; given 10,000 chained operators it takes minutes. So the text is
measured first, in one linear pass over its tokens. The estimate may be too high, never too low: every open
bracket, every operator since the last separator inside each of them, and every ``elif`` of a chain counts as
a level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 2500
"""The weight that the parser copes with on a stack of two megabytes, the smallest that Python is started with
(on Windows)."""

DEEP_LIMIT: Final = 12_500
"""The weight for `stack.with_deep_stack`. There is room for more, but the parser takes ever longer for it."""

_LEVEL: Final = 5
"""What an operator weighs: 500 chained ones are the limit."""

_BRACKET: Final = 25
"""What a bracket weighs: the parser goes through the whole grammar for it. Python allows 200 of them."""

_BLOCK: Final = 40
"""What an indented block weighs. Python allows 100 of them."""

_STRING: Final = 2
"""What a string weighs: hundreds of adjacent ones make one long text, and the parser takes little stack for
that."""

_CODE: Final = re.compile(
    r"""
      (?P<skip>\#[^\n]*|\\\n)
    | (?P<fstring>(?<!\w)(?:[fFtT][rR]?|[rR][fFtT])(?:\"\"\"|'''|"|'))
    | (?P<string>\"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*(?:\"{3})?
               | '{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*(?:'{3})?
               | "[^"\\\n]*(?:\\.[^"\\\n]*)*"?
               | '[^'\\\n]*(?:\\.[^'\\\n]*)*'?)
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<separator>[,;])
    | (?P<colon>:)
    | \n(?P<indent>[ \t\f]*)(?P<first>elif\b|(?=[^\s\#\\]))?
    | (?P<operator>(?<![^\W\d])(?:and|or|not|if|else|in|is|lambda|await|yield|async|for)\b|[-+*/%@&|^~.!=<>]+)
    """,
    re.VERBOSE | re.DOTALL,
)
"""What counts in code. A keyword may follow a digit directly (``1or 2``)."""

_TEXT: Final = re.compile(r"\\[^{}]|\{\{|\}\}|\{|\}|\"\"\"|'''|\"|'|\n", re.DOTALL)
"""What counts in the text of an f-string; a backslash does not keep ``{`` from opening a field."""

_ENDS_OF_TEXT: Final = {
    "field": ("}",),
    "'": ("'", "\n"),
    '"': ('"', "\n"),
    "'''": ("'''",),
    '"""': ('"""',),
}
"""What ends the text of an f-string, by its quotes, or that of a field's format."""


@dataclass
class _Frame:
    """Something open: the module (``""``), a bracket, a field, or the text of an f-string (its quotes)."""

    opener: str
    is_text: bool = False
    weight: int = 0
    lambdas: int = 0


class _Meter:
    """The state of one pass: what is open, and how much all of it weighs."""

    def __init__(self) -> None:
        self.stack = [_Frame("")]
        self.depth = 0
        self.blocks = {0: 0}  # the weight of each open block, with its chain of `elif`, by its column

    def feed(self, match: re.Match[str]) -> None:
        """Account for one token of the kind that the innermost frame consists of."""
        if self.stack[-1].is_text:
            self._text(match.group())
        elif match["indent"] is not None:
            self._newline(len(match["indent"]), match["first"])
        else:
            handle = getattr(self, f"_{match.lastgroup}")
            handle(match.group())

    def _push(self, frame: _Frame, weight: int) -> None:
        frame.weight = weight
        self.depth += weight
        self.stack.append(frame)

    def _pop(self) -> None:
        """Close the innermost frame; what it closes may be a link of a chain (``a()()``, ``"a" "b"``)."""
        closed = self.stack.pop()
        self.depth -= closed.weight
        self._add(_STRING if closed.is_text else _LEVEL)

    def _add(self, weight: int) -> None:
        self.stack[-1].weight += weight
        self.depth += weight

    def _reset(self) -> None:
        frame = self.stack[-1]
        base = _BRACKET if frame.opener else 0
        self.depth -= frame.weight - base
        frame.weight = base
        frame.lambdas = 0

    def _skip(self, _piece: str) -> None:
        """Pass over a comment or a continued line."""

    def _string(self, _piece: str) -> None:
        self._add(_STRING)

    def _fstring(self, piece: str) -> None:
        self._push(_Frame(piece.lstrip("fFtTrR"), is_text=True), _STRING)

    def _open(self, piece: str) -> None:
        self._push(_Frame(piece), _BRACKET)

    def _close(self, _piece: str) -> None:
        if len(self.stack) > 1:
            self._pop()

    def _separator(self, _piece: str) -> None:
        if not self.stack[-1].lambdas:  # `lambda a, b: …` goes on after the comma
            self._reset()

    def _colon(self, _piece: str) -> None:
        frame = self.stack[-1]
        if frame.lambdas:
            frame.lambdas -= 1
        elif frame.opener == "field":  # what follows is the format, text again
            frame.is_text = True
        else:
            self._add(_LEVEL)

    def _operator(self, piece: str) -> None:
        if piece == "lambda":
            self.stack[-1].lambdas += 1
            self._add(2 * _LEVEL)
        else:
            self._add(_LEVEL if piece.isalpha() else _LEVEL * len(piece))

    def _newline(self, indent: int, first: str | None) -> None:
        if first is None or len(self.stack) > 1:  # a blank line, or one inside brackets
            return
        self._reset()
        left = [column for column in self.blocks if column >= indent]
        weight = _BLOCK if indent else 0
        if first:
            weight = self.blocks.get(indent, weight) + _LEVEL
        self.depth += weight - sum(self.blocks.pop(column) for column in left)
        self.blocks[indent] = weight

    def _text(self, piece: str) -> None:
        frame = self.stack[-1]
        if piece == "{":
            self._push(_Frame("field"), _BRACKET)
        elif piece in _ENDS_OF_TEXT[frame.opener]:
            self._pop()


def too_deep(text: str, limit: int = LIMIT) -> int:
    r"""Find the first line at which ``text``, with ``\n`` as line ends, nests too deep; 0 if none does."""
    meter = _Meter()
    position = 0
    while match := (_TEXT if meter.stack[-1].is_text else _CODE).search(text, position):
        position = match.end()
        meter.feed(match)
        if meter.depth > limit:
            return text.count("\n", 0, position) + 1
    return 0

"""From JSON to nodes.

The standard library's parser says no lines and recurses. A bare ``{{Mark}}`` of a template is taken for a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from selfstop.deploy.read.nodes import DEPTH, NODES, Mapping, Node, NotReadable, Scalar, Sequence

_TOKEN: Final = re.compile(
    r"""[ \t\n]*(?:
        (?P<text>"[^"\\]*(?:\\.[^"\\]*)*")
      | (?P<mark>\{\{[^\n{}"]*\}\})
      | (?P<sign>[\[\]{},:])
      | (?P<word>[A-Za-z0-9+\-.$<>_]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPACE: Final = re.compile(r"[ \t\n]*")
_WORDS: Final = re.compile(r"true|false|null|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def read_json(text: str) -> Node:
    """The one value in ``text``; `NotReadable` is raised if it is not JSON, nests too deeply or has too many nodes."""
    builder = _Builder()
    line = 1
    for line, kind, piece in _tokens(text):
        builder.take(line, kind, piece)
    if builder.result is None:
        raise NotReadable(line, "is not JSON: ends too early")
    return builder.result


def _tokens(text: str) -> Iterator[tuple[int, str, str]]:
    position, line = 0, 1
    end = len(text.rstrip(" \t\n"))
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            space = _SPACE.match(text, position)
            line += space[0].count("\n") if space else 0
            raise NotReadable(line, "is not JSON: has what no value begins with")
        kind = match.lastgroup or ""
        line += text.count("\n", position, match.start(kind))
        yield line, kind, match[kind]
        line += match[kind].count("\n")
        position = match.end()


@dataclass(slots=True)
class _Open:
    """A list or object that has not ended yet; ``key`` is the one whose value comes next."""

    line: int
    is_object: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    key: Scalar | None = None
    expects: str = "first"
    """What comes next: "first" (an item, a key or the end), "item" (an item or key), "colon", "value", "comma"."""


class _Builder:
    def __init__(self) -> None:
        self.result: Node | None = None
        self._open: list[_Open] = []
        self._nodes = 0

    def take(self, line: int, kind: str, piece: str) -> None:
        if self.result is not None:
            raise NotReadable(line, "is not JSON: goes on after its end")
        if kind != "sign":
            self._put(_scalar(line, kind, piece))
        elif piece in "[{":
            self._start(line, is_object=piece == "{")
        elif not self._open:
            raise NotReadable(line, f"is not JSON: unexpected {piece}")
        elif piece in "]}":
            self._end(line, piece)
        else:
            self._separate(line, piece)

    def _start(self, line: int, *, is_object: bool) -> None:
        if len(self._open) >= DEPTH:
            raise NotReadable(line, f"nests deeper than {DEPTH} levels")
        if self._open and not self._takes_value(self._open[-1]):
            raise NotReadable(line, "is not JSON: a value where none belongs")
        self._open.append(_Open(line, is_object))

    def _takes_value(self, last: _Open) -> bool:
        return last.expects == "value" if last.is_object else last.expects in {"first", "item"}

    def _put(self, node: Node) -> None:
        self._nodes += 1
        if self._nodes > NODES:
            raise NotReadable(node.line, f"has more than {NODES} nodes")
        if not self._open:
            self.result = node
            return
        last = self._open[-1]
        if self._takes_value(last):
            if last.key is not None:
                last.entries[last.key.text] = last.key, node
            else:
                last.items.append(node)
            last.key, last.expects = None, "comma"
        elif last.is_object and last.expects in {"first", "item"} and isinstance(node, Scalar) and not node.plain:
            last.key, last.expects = node, "colon"
        else:
            raise NotReadable(node.line, "is not JSON: a value where none belongs")

    def _end(self, line: int, piece: str) -> None:
        last = self._open[-1]
        if last.is_object != (piece == "}") or last.expects not in {"first", "comma"}:
            raise NotReadable(line, f"is not JSON: unexpected {piece}")
        self._open.pop()
        if last.is_object:
            self._put(Mapping(tuple(last.entries.values()), last.line))
        else:
            self._put(Sequence(tuple(last.items), last.line))

    def _separate(self, line: int, piece: str) -> None:
        last = self._open[-1]
        if last.expects != ("comma" if piece == "," else "colon"):
            raise NotReadable(line, f"is not JSON: unexpected {piece}")
        last.expects = "item" if piece == "," else "value"


def _scalar(line: int, kind: str, piece: str) -> Scalar:
    if kind == "text":
        try:
            return Scalar(json.loads(piece, strict=False), line, plain=False, first=line)
        except ValueError as error:
            raise NotReadable(line, "is not JSON: a text with an unknown escape") from error
    if kind == "word" and not _WORDS.fullmatch(piece):
        raise NotReadable(line, "is not JSON: a word without quotes")
    return Scalar(piece, line, first=line)

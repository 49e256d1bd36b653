"""Walking over a tree without its layout.

More than half of the nodes of a LibCST tree are white space, commas and parentheses. Questions about meaning
need not look at them, and a plain loop is many times faster than a visitor that asks at each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import cache

import libcst as cst

_LAYOUT = ("whitespace", "leading_lines", "lines_after", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace")
_PUNCTUATION = frozenset(
    ("comma", "semicolon", "colon", "dot", "equal", "header", "footer", "indent", "newline", "trailing_whitespace")
)


def parts(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The direct subnodes of ``node`` that mean something, in the order of the source."""
    for name in _meaningful(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            yield value
        elif isinstance(value, (list, tuple)):
            for item in value:
                if isinstance(item, cst.CSTNode):
                    yield item


def walk(node: cst.CSTNode, enters: Callable[[cst.CSTNode], bool]) -> None:
    """Call ``enters`` for ``node`` and, wherever it returns true, for what is below."""
    pending = [node]
    while pending:
        current = pending.pop()
        if enters(current):
            pending.extend(reversed(list(parts(current))))


def contains(node: cst.CSTNode, wanted: tuple[type[cst.CSTNode], ...], closed: tuple[type[cst.CSTNode], ...]) -> bool:
    """Whether one of the kinds ``wanted`` occurs in ``node``, without looking inside of those that are ``closed``."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, wanted):
            return True
        if not isinstance(current, closed):
            pending.extend(parts(current))
    return False


@cache
def _meaningful(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    names = (item.name for item in fields(kind))
    return tuple(name for name in names if name not in _PUNCTUATION and not name.startswith(_LAYOUT))

"""The tree that YAML and JSON files are read into: raw texts with their lines, nothing constructed from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

DEPTH: Final = 64
"""Nothing that people write nests deeper."""

NODES: Final = 200_000
"""Larger trees are not read, aliases and merges counted as if written out."""


CHARACTERS: Final = 1 << 22
"""Nor are those whose aliases stand for more text than that."""


class NotReadable(Exception):
    """The text is not of its format, or beyond a limit; ``line`` is where, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text as written, without its quotes; ``plain`` if there were none.

    ``tag`` is its YAML tag (``!Sub``), "" without. ``first`` is the line where the text itself begins, which for a
    block (``|``) is the one below ``line``; ``folded`` says that lines of ``text`` are not lines of the file.
    """

    text: str
    line: int
    tag: str = ""
    plain: bool = True
    first: int = 0
    folded: bool = True

    @property
    def null(self) -> bool:
        """Whether it stands for no value at all."""
        return self.plain and self.tag in {"", "tag:yaml.org,2002:null"} and self.text in _NULLS

    @property
    def true(self) -> bool:
        """Whether it is the plain ``true``."""
        return self.plain and self.text in {"true", "True", "TRUE"}

    @property
    def false(self) -> bool:
        """Whether it is the plain ``false``."""
        return self.plain and self.text in {"false", "False", "FALSE"}


_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    line: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys, each once, and their values in the order written; what ``<<`` merges in comes last."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    tag: str = ""

    def get(self, name: str) -> Node | None:
        """The value of the key, ``None`` without one."""
        return next((value for key, value in self.entries if key.text == name), None)

    def key(self, name: str) -> Scalar | None:
        """The key itself, which says where it is."""
        return next((key for key, _ in self.entries if key.text == name), None)


Node = Scalar | Sequence | Mapping


def child(node: Node | None, *names: str) -> Node | None:
    """What is found below ``node`` along the keys, ``None`` where there is no such thing."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node


def entries(node: Node | None) -> tuple[tuple[Scalar, Node], ...]:
    """The entries of a mapping; none of anything else."""
    return node.entries if isinstance(node, Mapping) else ()


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; none of anything else, such as the arguments of a function (``!Join [a, b]``)."""
    return node.items if isinstance(node, Sequence) and not is_function(node) else ()


def is_function(node: Node) -> bool:
    """Whether a tag makes something else of a node than what it holds. Compose's tags only say how it is merged."""
    return node.tag.startswith("!") and node.tag not in {"!override", "!reset"}


def one_or_more(node: Node | None) -> tuple[Node, ...]:
    """The items of a list, or the one thing that stands in its place; a null is nothing."""
    if node is None or (isinstance(node, Scalar) and node.null):
        return ()
    return node.items if isinstance(node, Sequence) and not is_function(node) else (node,)


def text(node: Node | None) -> str | None:
    """The text of a scalar that is not null."""
    return node.text if isinstance(node, Scalar) and not node.null else None


def texts(node: Node | None) -> tuple[str, ...]:
    """The texts of a list of scalars, or of one scalar."""
    return tuple(each.text for each in one_or_more(node) if isinstance(each, Scalar))


def descend(node: Node) -> Iterator[Node]:
    """The node and all below it, each as often as it occurs, in the order written."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Sequence):
            pending.extend(reversed(node.items))
        elif isinstance(node, Mapping):
            pending.extend(value for _, value in reversed(node.entries))

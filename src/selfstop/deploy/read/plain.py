"""Values of files that know no variables of their own: all that may be open in them are template marks."""

from __future__ import annotations

from collections.abc import Callable

from selfstop.deploy.model import Command, Place, Value
from selfstop.deploy.read import marks
from selfstop.deploy.read.nodes import Node, one_or_more, text

Evaluate = Callable[[Node | None], Value | None]
"""What a node says in its format, ``None`` where there is none, or nothing that is a text."""


def plain(node: Node | None) -> Value | None:
    """The text of a node with its template marks unresolved."""
    found = text(node)
    return None if found is None else marks.value(found)


def command(node: Node | None, place: Place, evaluate: Evaluate = plain) -> Command | None:
    """The words of a list, each an argument of its own."""
    if node is None:
        return None
    return Command(tuple(value for item in one_or_more(node) if (value := evaluate(item)) is not None), place)

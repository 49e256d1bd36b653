"""Where the nodes of a tree stand.

LibCST tells positions by writing the tree out. Its provider keeps what it writes and looks into every token for line
ends with a regular expression; here only the place where the next token would go is kept. Positions are those of
``libcst.metadata.PositionProvider``: without the white space around a node.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import NamedTuple

import libcst as cst
from libcst.metadata.position_provider import PositionProvidingCodegenState


class Extent(NamedTuple):
    """The lines of a node's first and last character, from 1, and its columns, from 0; the last is one after it."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int


def positions_of(tree: cst.Module) -> Mapping[cst.CSTNode, Extent]:
    """The extents of all expressions, statements and other parts of a module that are more than white space."""
    state = _Position(tree.default_indent, tree.default_newline, None)
    tree._codegen(state)  # noqa: SLF001 - LibCST offers no other way to write a tree with a state of one's own
    return state.found


class _Position(PositionProvidingCodegenState):
    """The place that writing the tree has come to, and the extents of the nodes that are written."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.found: dict[cst.CSTNode, Extent] = {}
        self._begun: list[tuple[int, int]] = []

    def add_indent_tokens(self) -> None:
        self.column += sum(map(len, self.indent_tokens))

    def add_token(self, value: str) -> None:
        if "\n" in value or "\r" in value:
            self._update_position(value)
        else:
            self.column += len(value)

    def before_codegen(self, node: cst.CSTNode) -> None:
        self._begun.append((self.line, self.column))

    def after_codegen(self, node: cst.CSTNode) -> None:
        line, column = self._begun.pop()
        if node.__class__ not in _LEFT_OUT and node not in self.found:
            self.found[node] = Extent(line, column, self.line, self.column)

    def record_syntactic_position(  # type: ignore[override]  # any context manager serves
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> AbstractContextManager[None]:
        return _Recorded(self, node, start_node, end_node)


class _Recorded(AbstractContextManager[None]):
    """Records the extent of ``node``, from and to where it begins and ends or what is given in its place."""

    def __init__(
        self, state: _Position, node: cst.CSTNode, first: cst.CSTNode | None, last: cst.CSTNode | None
    ) -> None:
        self._state = state
        self._node = node
        self._first = first
        self._last = last
        self._start = (state.line, state.column)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        state, found = self._state, self._state.found
        start = self._start if self._first is None else found[self._first][:2]
        end = (state.line, state.column) if self._last is None else found[self._last][2:]
        found[self._node] = Extent(*start, *end)


_LEFT_OUT = frozenset(
    {
        cst.Module,
        cst.SimpleWhitespace,
        cst.ParenthesizedWhitespace,
        cst.TrailingWhitespace,
        cst.EmptyLine,
        cst.Newline,
        cst.Comment,
    }
)

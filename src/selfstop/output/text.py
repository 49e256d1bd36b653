"""For humans: the line that the concise format prints, below it the code and the path that leads there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from selfstop.model import Finding, Span
from selfstop.output.concise import sorted_lines
from selfstop.output.escape import escape
from selfstop.output.view import View

_LINES_BEFORE = 2
_MARGIN = " " * 4


def render(view: View) -> str:
    """Render findings and errors, sorted by place, each with an empty line behind it."""
    blocks = []
    for line, item in sorted_lines(view):
        details = [*_frame(item, view), *_witness(item, view)] if isinstance(item, Finding) else []
        blocks.append("\n".join([line, *details]) + "\n\n")
    return "".join(blocks)


def _frame(finding: Finding, view: View) -> Iterator[str]:
    """Yield the first line of the call, underlined, and what stands above it."""
    span = finding.call.span
    width = len(str(span.line))
    for number in range(max(span.line - _LINES_BEFORE, 1), span.line + 1):
        text = _shown(view.line(finding.call.path, number))
        yield f"{_MARGIN}{number:>{width}} | {text}".rstrip()
    underlined = _underline(view.line(finding.call.path, span.line), span)
    yield f"{_MARGIN}{'':>{width}} | {underlined}"


def _underline(text: str, span: Span) -> str:
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(text.rstrip())
    before, marked = _shown(text[:start]), _shown(text[start:end])
    return " " * _width(before) + "^" * max(_width(marked), 1)


def _witness(finding: Finding, view: View) -> Iterator[str]:
    """Yield the steps of the witness, the places in a column."""
    steps = [(f"{escape(view.display(step.path))}:{step.line}", escape(step.text)) for step in finding.witness]
    width = max((_width(place) for place, _ in steps), default=0)
    if steps:
        yield f"{_MARGIN}how it gets there:"
    for place, text in steps:
        yield f"{_MARGIN}  {place}{' ' * (width - _width(place))}  {text}".rstrip()


def _shown(text: str) -> str:
    return escape(text.expandtabs(4).replace("\f", " "))


def _width(text: str) -> int:
    """Count the cells that ``text`` takes on a terminal."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )

"""For humans: the line that the concise format prints, below it the code, the target and the path that leads there."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from selfstop.model import Finding, Span, StepKind, WitnessStep
from selfstop.output.concise import sorted_lines
from selfstop.output.escape import escape
from selfstop.output.target import described
from selfstop.output.view import View

_LINES_BEFORE = 2
_MARGIN = " " * 4
_WIDTH = 100
_MAX_LINE = 400
_MAX_LEFT = 44
_MAX_TEXT = 76
_MIN_RIGHT = 30
_GAP = 3


def render(view: View) -> str:
    """Render findings and errors, sorted by place, each with an empty line behind it."""
    blocks = []
    for line, item in sorted_lines(view):
        details = (
            [*_frame(item, view), *_target(item, view), *_witness(item, view)] if isinstance(item, Finding) else []
        )
        blocks.append("\n".join([line, *details]) + "\n\n")
    return "".join(blocks)


def _frame(finding: Finding, view: View) -> Iterator[str]:
    """Yield the first line of the call, underlined, and what stands above it."""
    span = finding.call.span
    width = len(str(span.line))
    for number in range(max(span.line - _LINES_BEFORE, 1), span.line + 1):
        text = _shown(view.line(finding.call.path, number)[:_MAX_LINE])
        yield f"{_MARGIN}{number:>{width}} | {text}".rstrip()
    space, mark = _underline(view.line(finding.call.path, span.line)[:_MAX_LINE], span)
    yield f"{_MARGIN}{'':>{width}} | {space}{view.style('mark', mark)}"


def _underline(text: str, span: Span) -> tuple[str, str]:
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(text.rstrip())
    before, marked = _shown(text[:start]), _shown(text[start:end])
    return " " * _width(before), "^" * max(_width(marked), 1)


def _target(finding: Finding, view: View) -> Iterator[str]:
    """Yield which machine the call stops, if that is known."""
    text = described(finding.call, view.display)
    if text:
        yield f"{_MARGIN}{text}"


def _witness(finding: Finding, view: View) -> Iterator[str]:
    """Yield the steps of the witness, by files: the line, what happens there, and what there is to say of it."""
    steps = finding.witness
    if not steps:
        return
    yield f"{_MARGIN}{view.style('heading', 'how it gets there:')}"
    digits = max(len(str(step.line)) for step in steps)
    noted = [_width(_what(step)) for step in steps if step.note]
    left = min(max(noted, default=0), _MAX_LEFT)
    path = ""
    for step in steps:
        elsewhere = step.kind is StepKind.GIVEN and step.path != path
        if step.path != path and not elsewhere:
            path = step.path
            yield f"{_MARGIN}  {view.style('path', escape(view.display(path)))}"
        number = "" if elsewhere else step.line
        place = f" ({escape(view.display(step.path))}:{step.line})" if elsewhere else ""
        start = f"{_MARGIN}    {number:>{digits}}  "
        yield from _two_columns(start, _what(step), f"{escape(step.note)}{place}", left)


def _what(step: WitnessStep) -> str:
    text = step.text if len(step.text) <= _MAX_TEXT else f"{step.text[: _MAX_TEXT - 4]} ..."
    return escape(f"  where {text}" if step.kind is StepKind.GIVEN else text)


def _two_columns(start: str, what: str, note: str, left: int) -> Iterator[str]:
    """Yield ``what`` with ``note`` on its right, broken to the width; below it, where it reaches too far."""
    indented = len(start) + left + _GAP
    lines = textwrap.wrap(note, max(_WIDTH - indented, _MIN_RIGHT), break_long_words=False, break_on_hyphens=False)
    if lines and _width(what) <= left:
        yield f"{start}{what}{' ' * (left - _width(what) + _GAP)}{lines.pop(0)}"
    else:
        yield f"{start}{what}".rstrip()
    yield from (f"{' ' * indented}{line}" for line in lines)


def _shown(text: str) -> str:
    return escape(text.expandtabs(4).replace("\f", " "))


def _width(text: str) -> int:
    """Count the cells that ``text`` takes on a terminal."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )

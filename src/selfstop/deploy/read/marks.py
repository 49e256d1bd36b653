"""Template marks: places of a script that something fills in before it is used.

A scanner must neither take ``<NAME>`` for a redirection nor ``${var.idle}`` for an expansion. So each mark is hidden
behind one character of a private use plane while a text is scanned, and brought back as an unresolved part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value

_FIRST: Final = 0xF0000
_LAST: Final = 0xFFFFD
_PRIVATE: Final = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
_MARK: Final = re.compile(
    r"""
    \$\{\{ [^{}\n]{0,200} \}\}                          # ${{ X }} of workflows
  | \{\{ [^{}\n]{0,200} \}\}                            # {{X}} of most template engines
  | \$\{ [A-Za-z_]\w{0,60} \. [\w.\[\]"*-]{1,200} \}    # ${var.x} of Terraform
  | (?<![\w$]) __[A-Z][A-Z0-9_]{0,60}?__ (?!\w)         # __X__
  | (?<![<\w]) < [A-Za-z][\w-]{0,60} >                  # <NAME>
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Marked:
    """A text with its marks hidden, and what they were, by character."""

    text: str
    marks: dict[str, str]

    def restore(self, text: str) -> str:
        """A piece of the text as it stands in the file."""
        if not self.marks:
            return text
        return _PRIVATE.sub(lambda found: self.marks.get(found.group(), found.group()), text)

    def parts(self, text: str) -> Iterator[str | Unresolved]:
        """A piece of the text as parts of a `Value`, the marks unresolved."""
        if not self.marks:
            if text:
                yield text
            return
        position = 0
        for found in _PRIVATE.finditer(text):
            if found.start() > position:
                yield text[position : found.start()]
            yield unresolved(self.marks.get(found.group(), found.group()))
            position = found.end()
        if position < len(text):
            yield text[position:]


def hide(text: str) -> Marked:
    """Hide the marks of a text. Private characters that are in it already become replacement characters."""
    if _PRIVATE.search(text):
        text = _PRIVATE.sub("\ufffd", text)
    marks: dict[str, str] = {}
    characters: dict[str, str] = {}

    def hidden(found: re.Match[str]) -> str:
        mark = found.group()
        if mark not in characters:
            if len(characters) > _LAST - _FIRST:
                return mark
            characters[mark] = chr(_FIRST + len(characters))
            marks[characters[mark]] = mark
        return characters[mark]

    return Marked(_MARK.sub(hidden, text), marks)


def unresolved(mark: str) -> Unresolved:
    """A mark as a part that is left open; its name is what stands between its signs."""
    return Unresolved(mark, mark.strip("${}<>_ "), Origin.TEMPLATE)


def value(text: str) -> Value:
    """A text that has no other syntax than marks."""
    marked = hide(text)
    return Value(tuple(marked.parts(marked.text)))

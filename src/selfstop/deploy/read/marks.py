"""Template marks: places of a script that something fills in before it is used.

A scanner must neither take ``<NAME>`` for a redirection nor ``${var.idle}`` for an expansion. So each mark is hidden
behind one character of a private use plane while a text is scanned, and brought back as an unresolved part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
    marks: dict[str, Unresolved]

    def restore(self, text: str) -> str:
        """A piece of the text as it stands in the file."""
        return _PRIVATE.sub(lambda found: self._mark(found).text, text) if self.marks else text

    def parts(self, text: str) -> Iterator[str | Unresolved]:
        """A piece of the text as parts of a `Value`, the marks unresolved."""
        position = 0
        for found in _PRIVATE.finditer(text) if self.marks else ():
            if found.start() > position:
                yield text[position : found.start()]
            yield self._mark(found)
            position = found.end()
        if position < len(text):
            yield text[position:]

    def _mark(self, found: re.Match[str]) -> Unresolved:
        return self.marks.get(found.group()) or Unresolved(found.group(), found.group())


def hide(text: str, variables: Iterable[tuple[str, Value]] = ()) -> Marked:
    """Hide the marks of a text, and the unresolved parts of what a surrounding script knows of its ``variables``.

    Private characters that are in the text already become replacement characters.
    """
    text = _PRIVATE.sub("\ufffd", text)
    known = {part.text: part for _, value in variables for part in value.unresolved if part.text}
    characters: dict[str, str] = {}

    def hidden(found: re.Match[str]) -> str:
        mark = found.group()
        if mark not in characters:
            if len(characters) > _LAST - _FIRST:
                return mark
            characters[mark] = chr(_FIRST + len(characters))
        return characters[mark]

    if known:
        text = _any_of(known).sub(hidden, text)
    text = _MARK.sub(hidden, text)
    return Marked(text, {character: known.get(mark) or unresolved(mark) for mark, character in characters.items()})


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern for texts as they are written; ``$X`` is not the beginning of ``$XY``."""
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile("|".join(re.escape(text) + (r"(?!\w)" if text[-1].isalnum() else "") for text in longest_first))


def unresolved(mark: str) -> Unresolved:
    """A mark as a part that is left open; its name is what stands between its signs."""
    return Unresolved(mark, mark.strip("${}<>_ "), Origin.TEMPLATE)


def value(text: str) -> Value:
    """A text that has no other syntax than marks."""
    marked = hide(text)
    return Value(tuple(marked.parts(marked.text)))

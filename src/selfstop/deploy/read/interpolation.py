"""Compose's ``${X}``: what stands in a compose file for a variable of whoever starts it.

The grammar is that of the Compose specification, "Interpolation": ``$X``, ``${X}``, and ``:-``, ``-``, ``:?``, ``?``,
``:+``, ``+`` with a word that may itself hold variables; ``$$`` is a dollar sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value
from selfstop.deploy.read.parts import joined

_DEPTH: Final = 16
_TOKEN: Final = re.compile(
    r"\$\$|\$\{(?P<braced>[A-Za-z_]\w*)(?P<operator>:?[-?+])?|\$(?P<bare>[A-Za-z_]\w*)|\$|\}|[^$}]+", re.ASCII
)


@dataclass(slots=True)
class _Cursor:
    text: str
    position: int = 0


def interpolate(text: str) -> Value:
    """The text with its variables unresolved, each with what stands in for it; what is malformed stays as it is."""
    if "$" not in text:
        return Value.of(text)
    return joined(_parts(_Cursor(text), 0))


def _parts(cursor: _Cursor, depth: int) -> list[str | Unresolved]:
    """The parts up to the end, or, within a variable (``depth`` above 0), up to its closing brace."""
    parts: list[str | Unresolved] = []
    while match := _TOKEN.match(cursor.text, cursor.position):
        if match[0] == "}" and depth:
            break
        cursor.position = match.end()
        if match[0] == "$$":
            parts.append("$")
        elif match["bare"]:
            parts.append(Unresolved(match[0], match["bare"], Origin.HOST, default=Value()))
        elif match["braced"]:
            parts.append(_braced(cursor, match, depth))
        else:
            parts.append(match[0])
    return parts


def _braced(cursor: _Cursor, match: re.Match[str], depth: int) -> Unresolved:
    name, operator = match["braced"], match["operator"] or ""
    word = joined(_parts(cursor, depth + 1)) if operator and depth < _DEPTH else Value()
    if not cursor.text.startswith("}", cursor.position):
        malformed = cursor.text[match.start() :]
        cursor.position = len(cursor.text)
        return Unresolved(malformed, name, Origin.HOST)
    cursor.position += 1
    text = cursor.text[match.start() : cursor.position]
    if_empty = operator != "-" and operator != "?"
    if operator.endswith("?"):
        return Unresolved(text, name, Origin.HOST, default_if_empty=if_empty, required=True)
    if operator.endswith("+"):
        there = word.literal
        return Unresolved(text, name, Origin.HOST, candidates=("", *filter(None, [there])), complete=there is not None)
    return Unresolved(text, name, Origin.HOST, default=word, default_if_empty=if_empty)

"""Values with unresolved parts, handed through parsers that know plain text only.

Each unresolved part stands as one private character in the text, and comes back as a part in what the parser made.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Unresolved, Value
from selfstop.deploy.read.variables import value_of

_FIRST: Final = 0x100000
_LAST: Final = 0x10FFFD
_HOLE: Final = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
_STRING_OR_HOLE: Final = re.compile(rf'"(?:[^"\\]|\\.)*"|{_HOLE.pattern}', re.DOTALL)
_MAX_JSON: Final = 256 << 10


@dataclass(frozen=True)
class OpenText:
    """The text, and the parts behind its private characters."""

    text: str
    holes: tuple[Unresolved, ...]

    @classmethod
    def of(cls, value: Value) -> OpenText:
        """The text of a value."""
        pieces: list[str] = []
        holes: list[Unresolved] = []
        for part in value.parts:
            if isinstance(part, str):
                pieces.append(_HOLE.sub("\ufffd", part))
            elif len(holes) <= _LAST - _FIRST:
                pieces.append(chr(_FIRST + len(holes)))
                holes.append(part)
            else:
                pieces.append(part.text)
        return cls("".join(pieces), tuple(holes))

    def value(self, text: str) -> Value:
        """A piece of the text as a value again."""
        parts: list[str | Unresolved] = []
        position = 0
        for found in _HOLE.finditer(text):
            parts.append(text[position : found.start()])
            parts.append(self.holes[ord(found.group()) - _FIRST])
            position = found.end()
        return value_of((*parts, text[position:]))

    def plain(self, text: str) -> str:
        """A piece of the text with its unresolved parts as they are written."""
        return str(self.value(text))


Json = Value | bool | int | float | None | list["Json"] | dict[str, "Json"]


def load_json(value: Value) -> Json:
    """The JSON in a value: its strings and unresolved parts are values. `ValueError` where it is none."""
    opened = OpenText.of(value)
    if len(opened.text) > _MAX_JSON:
        raise ValueError("too long")
    quoted = _STRING_OR_HOLE.sub(lambda found: found[0] if found[0].startswith('"') else f'"{found[0]}"', opened.text)
    try:
        return _restored(_loaded(quoted), opened)
    except ValueError:
        without = _STRING_OR_HOLE.sub(lambda found: _without_members(found, opened.text), opened.text)
        return _restored(_loaded(without), opened)


def _loaded(text: str) -> object:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _without_members(found: re.Match[str], text: str) -> str:
    """A string as it is, a variable for a value as a string; nothing for one that stands for further members."""
    if found[0].startswith('"'):
        return found[0]
    before = text[max(found.start() - 80, 0) : found.start()].rstrip()[-1:]
    return f'"{found[0]}"' if before in {":", "["} else ""


def _restored(item: object, opened: OpenText) -> Json:
    if isinstance(item, str):
        return opened.value(item)
    if isinstance(item, list):
        return [_restored(element, opened) for element in item]
    if isinstance(item, dict):
        return {opened.plain(str(key)): _restored(element, opened) for key, element in item.items()}
    assert item is None or isinstance(item, bool | int | float)
    return item


def text_at(item: Json, *keys: str) -> Value | None:
    """The text or number under keys of nested objects; ``None`` if it is not there."""
    for key in keys:
        item = item.get(key) if isinstance(item, dict) else None
    if isinstance(item, bool) or item is None or isinstance(item, list | dict):
        return None
    return item if isinstance(item, Value) else Value.of(str(item))

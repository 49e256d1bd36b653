"""Values put together from parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Unresolved, Value

_MOST: Final = 1 << 23
_OPEN: Final = 4096


@dataclass
class Allowance:
    """The characters that texts are put together from in all of a file, as references to references make them many."""

    spare: int = _MOST

    def concatenated(self, values: Iterable[Value], longest: int) -> Value | None:
        """The values, one behind the other, ``None`` if they come to more than ``longest`` or than what is left."""
        parts: list[str | Unresolved] = []
        length = unresolved = 0
        for part in (part for value in values for part in value.parts):
            parts.append(part)
            unresolved += isinstance(part, Unresolved)
            more = len(part if isinstance(part, str) else part.text)
            length += more
            self.spare -= more
            if length > longest or unresolved > _OPEN or self.spare < 0:
                return None
        return joined(parts)


def joined(parts: Iterable[str | Unresolved]) -> Value:
    """The parts as a value: neighbouring texts are one, empty ones none."""
    together: list[str | Unresolved] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if text := "".join(texts):
            together.append(text)
        texts.clear()
        together.append(part)
    if text := "".join(texts):
        together.append(text)
    return Value(tuple(together))

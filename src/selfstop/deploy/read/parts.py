"""Values put together from parts."""

from __future__ import annotations

from collections.abc import Iterable

from selfstop.deploy.model import Unresolved, Value


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


def concatenated(values: Iterable[Value]) -> Value:
    """The values, one behind the other."""
    return joined(part for value in values for part in value.parts)

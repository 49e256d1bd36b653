"""From the bytes of a deployment file to its text, within limits."""

from __future__ import annotations

import codecs
from typing import Final

LIMIT: Final = 1 << 20
"""Files above this number of bytes are not read."""

SCRIPT_LIMIT: Final = 256 << 10
"""Nor are scripts above this one: nobody writes such by hand."""

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotText(Exception):
    """The bytes are not the text of a deployment file; the message says why."""


def decode(data: bytes, *, limit: int = LIMIT) -> str:
    """The text of a file: byte order mark taken off, line ends all line feeds.

    UTF-16 needs its mark. What is not UTF-8 is read as Latin-1, since comments in other encodings must not keep a
    script from being read. `NotText` is raised for NUL characters and for more than ``limit`` bytes.
    """
    if len(data) > limit:
        raise NotText(f"larger than {limit // 1024} KiB")
    text = _decoded(data)
    if "\0" in text:
        raise NotText("contains NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as error:
                raise NotText(f"is not valid {encoding}") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")

"""Names in deployment files: images without registry and tag, files by their path as written."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value

_OPEN: Final = "\0"
"""Stands for an unresolved part while a value is taken apart; no text of a file contains it."""

_MOST: Final = 8
_DIGITS: Final = 18
"""Python refuses to read numbers of thousands of digits."""

_HARMLESS: Final = re.compile(r"[$%@_{}<>\[\]\w.\s:-]{1,60}|\$\{\w+:?[-?=+]?[\w./$:-]{0,40}\}|\$[@*?#!-]")
"""Variables and marks of templates, also with a short default."""


@dataclass(frozen=True)
class ImageName:
    """An image by its name, without registry; ``tag`` is None where it is not known."""

    name: str
    tag: str | None = "latest"

    @property
    def is_mutable(self) -> bool:
        """Whether another image may have that name and tag tomorrow."""
        return self.tag is None or self.tag in {"latest", "main", "master", "stable", "prod", "production", "dev"}


def image_names(reference: Value) -> Iterator[ImageName]:
    """The images that a reference means: none where its name is unresolved, several where a variable has several."""
    for text in texts(reference):
        found = _image(text)
        if found is not None:
            yield found


def texts(value: Value) -> list[str]:
    """The texts of ``value``, with what the file itself assigns to its variables; a NUL where a part stays open."""
    found = [""]
    for part in value.parts:
        if isinstance(part, str):
            options: Iterable[str] = (part,)
        elif part.candidates:
            options = part.candidates
        elif part.default is not None:
            options = texts(part.default)
        else:
            options = (_OPEN,)
        found = [before + option for before in found for option in options][:_MOST]
    return found


def _image(text: str) -> ImageName | None:
    text = text.strip().partition("@")[0]
    head, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        head, tag = text, "latest"
    parts = head.split("/")
    if len(parts) > 1 and (_OPEN in parts[0] or re.search(r"[.:]|^localhost$", parts[0])):
        parts = parts[1:]
    while len(parts) > 1 and _OPEN in parts[0]:
        parts = parts[1:]
    name = "/".join(parts).lower()
    if not name or _OPEN in name or not re.fullmatch(r"[\w./-]+", name):
        return None
    return ImageName(name, None if _OPEN in tag else tag)


def same_image(one: str, other: str) -> bool:
    """Whether two image names may mean one image: equal, or one with an organisation or project in front."""
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def plain(value: Value | None) -> str | None:
    """The text of a value where it is known, or the only text that its file gives it."""
    if value is None:
        return None
    found = texts(value)
    return found[0] if len(found) == 1 and _OPEN not in found[0] else None


def shown(value: Value | None) -> str:
    """A value as a reader of the report is to see it: resolved where that is possible, else as written."""
    if value is None:
        return ""
    return plain(value) or "".join(part if isinstance(part, str) else written(part) for part in value.parts)


def written(part: Unresolved) -> str:
    """An unresolved part as it is written, without what a command or a long default in it may give away."""
    if part.origin is Origin.COMMAND:
        return "$(...)"
    if _HARMLESS.fullmatch(part.text):
        return part.text
    return f"${{{part.name}...}}" if part.name else "..."


def find_file(written: Value, files: Collection[str], bases: Iterable[str | None]) -> str | None:
    """The file of the repository that a path means, as it is written in a file.

    ``bases`` are directories it may be relative to, the likeliest first. What stands before the last unresolved part
    (``$REPO/``) is taken for a directory that is not known; then the only file that ends so is meant.
    """
    for text in texts(written):
        path = re.sub(r"^(?:file|fileb)://", "", text.strip()).replace("\\", "/")
        found = _find(path, files, [base for base in bases if base is not None])
        if found is not None:
            return found
    return None


def _find(path: str, files: Collection[str], bases: Iterable[str]) -> str | None:
    is_open = _OPEN in path
    tail = path.rpartition(_OPEN)[2].lstrip("/") if is_open else path
    if not tail or tail.endswith("/"):
        return None
    if not is_open and not path.startswith("/"):
        for base in bases:
            candidate = posixpath.normpath(posixpath.join(base, tail))
            if candidate in files:
                return candidate
    tail = posixpath.normpath(tail.lstrip("/"))
    if tail in files:
        return tail
    while tail.startswith("../"):
        tail = tail[3:]
    if not is_open and "/" not in tail:
        return None
    matching = [file for file in files if file == tail or file.endswith(f"/{tail}")]
    return matching[0] if len(matching) == 1 else None


def directory(path: str) -> str:
    """The directory of a file, "." for the root."""
    return posixpath.dirname(path) or "."


def bases_of(path: str) -> list[str]:
    """The directories that paths in a file may be relative to: the root, its own, and those between."""
    own = directory(path)
    found = [".", own]
    while own not in {".", ""}:
        own = directory(own)
        found.append(own)
    return list(dict.fromkeys(found))


def is_open(value: Value | None) -> bool:
    """Whether a value is not even known by what its file assigns."""
    return value is not None and any(_OPEN in text for text in texts(value))


def unresolved_names(value: Value) -> tuple[str, ...]:
    """The variables in a value that stay open."""
    return tuple(part.text for part in value.parts if isinstance(part, Unresolved) and not part.candidates)


def number(value: Value | None) -> int | None:
    """A capacity as a number."""
    return whole(plain(value) or "")


def whole(text: str) -> int | None:
    """The number that digits are, ``None`` where there are others or more of them than anybody counts to."""
    digits = text.strip()
    return int(digits) if digits.isdecimal() and len(digits) <= _DIGITS else None

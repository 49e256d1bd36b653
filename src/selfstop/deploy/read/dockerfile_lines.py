"""From the lines of a Dockerfile to its instructions: continuations, comments, directives and here-documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_DIRECTIVE: Final = re.compile(r"#\s*(?P<name>[a-z]+)\s*=\s*(?P<value>\S+)\s*$", re.IGNORECASE)
_INSTRUCTION: Final = re.compile(r"\s*(?P<name>[A-Za-z]+)(?:\s+(?P<text>.*))?$", re.DOTALL)
_DOCUMENT: Final = re.compile(r"(?<!<)<<(?P<strip>-?)(?P<quote>['\"]?)(?P<name>[A-Za-z_]\w*)(?P=quote)(?=\s|$)")
_WITH_DOCUMENTS: Final = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True)
class Document:
    """A here-document: its text begins at ``line``."""

    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Instruction:
    """One instruction, its continued lines joined; ``name`` is in upper case."""

    name: str
    text: str
    line: int
    documents: tuple[Document, ...] = ()

    def inner(self) -> Instruction:
        """The instruction within ``ONBUILD``."""
        found = _INSTRUCTION.match(self.text)
        if not found:
            return Instruction("", "", self.line)
        return Instruction(found["name"].upper(), found["text"] or "", self.line, self.documents)


def instructions(text: str, first_line: int = 1) -> Iterator[Instruction]:
    """The instructions of a Dockerfile in order."""
    lines = text.split("\n")
    escape = _escape(lines)
    position = 0
    while position < len(lines):
        line = first_line + position
        joined, position = _logical_line(lines, position, escape)
        found = _INSTRUCTION.match(joined)
        if not found:
            continue
        name, rest = found["name"].upper(), found["text"] or ""
        documents: list[Document] = []
        kind = name if name != "ONBUILD" else rest.split(None, 1)[0].upper() if rest.split() else ""
        if kind in _WITH_DOCUMENTS:
            for document in _DOCUMENT.finditer(rest):
                start = position
                body, position = _body(lines, position, document["name"], strip=bool(document["strip"]))
                documents.append(Document(document["name"], body, first_line + start))
        yield Instruction(name, rest, line, tuple(documents))


def _escape(lines: list[str]) -> str:
    """The character that continues lines: a backslash unless a directive before all else says otherwise."""
    for line in lines:
        found = _DIRECTIVE.match(line.strip())
        if not found:
            break
        if found["name"].lower() == "escape" and found["value"] in {"\\", "`"}:
            return found["value"]
    return "\\"


def _logical_line(lines: list[str], position: int, escape: str) -> tuple[str, int]:
    """The line at a position with those that continue it, and the position behind them.

    Comments and blank lines do not end a continuation.
    """
    pieces: list[str] = []
    while position < len(lines):
        line = lines[position]
        position += 1
        stripped = line.strip()
        if stripped.startswith("#") or not stripped:
            if pieces:
                continue
            break
        end = line.rstrip()
        if not end.endswith(escape):
            pieces.append(line)
            break
        pieces.append(end[: -len(escape)])
    return "".join(pieces), position


def _body(lines: list[str], position: int, name: str, *, strip: bool) -> tuple[str, int]:
    body: list[str] = []
    while position < len(lines):
        line = lines[position].lstrip("\t") if strip else lines[position]
        position += 1
        if line == name:
            break
        body.append(line)
    return "".join(f"{line}\n" for line in body), position

"""cloud-init's ``#cloud-config``: commands that a machine runs at its first start, and files that are written for it.

Source: cloud-init documentation, modules "Runcmd", "Bootcmd" and "Write Files": cloud-init makes one shell script of
all items of ``runcmd``, a list among them being the words of one command.
"""

from __future__ import annotations

import base64
import gzip
import shlex
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from selfstop.deploy.model import Language, Place, Problem, Reading, Script, Strength, Value, WrittenFile
from selfstop.deploy.read.languages import language_of
from selfstop.deploy.read.nodes import Node, Scalar, Sequence, child, items, text, texts
from selfstop.deploy.read.plain import plain
from selfstop.deploy.read.yaml_nodes import read_documents

_UNPACKED_LIMIT: Final = 256 << 10


def read(path: str, text: str, *, line: int = 1, strength: Strength = Strength.UNATTENDED) -> Reading:
    """The script of ``bootcmd`` and that of ``runcmd``, and what ``write_files`` writes."""
    documents = read_documents(text)
    facts = [fact for node in documents.nodes for fact in _facts(path, node, line - 1, strength)]
    fault = documents.fault
    problems = (Problem(path, fault.line + line - 1 if fault.line else 0, fault.reason),) if fault else ()
    return Reading(tuple(facts), problems)


def _facts(path: str, node: Node, above: int, strength: Strength) -> Iterator[Script | WrittenFile]:
    for item in items(child(node, "write_files")):
        file = plain(child(item, "path"))
        if file is not None:
            written = _content(path, item, file, above, strength)
            yield WrittenFile(file, Place(path, item.line + above), written)
            if written is not None:
                yield written
    for name in ("bootcmd", "runcmd"):
        commands = items(child(node, name))
        if commands:
            yield _script(path, commands, name, above, strength)


def _script(path: str, commands: tuple[Node, ...], name: str, above: int, strength: Strength) -> Script:
    """One script of all commands, each on the line of the file where it stands, as far as they come in order."""
    first = _first(commands[0])
    lines: list[str] = []
    for command in commands:
        lines.extend([""] * (_first(command) - first - len(lines)))
        lines.extend(_source(command).rstrip("\n").split("\n"))
    return Script(Language.SHELL, "\n".join(lines) + "\n", Place(path, first + above), strength, name)


def _first(node: Node) -> int:
    return node.first if isinstance(node, Scalar) else node.line


def _source(command: Node) -> str:
    if isinstance(command, Sequence):
        return shlex.join(texts(command))
    return text(command) or ""


def _content(path: str, item: Node, file: Value, above: int, strength: Strength) -> Script | None:
    content = child(item, "content")
    if not isinstance(content, Scalar):
        return None
    encoding = text(child(item, "encoding")) or ""
    unpacked = _decoded(content.text, encoding)
    if unpacked is None:
        return None
    return Script(
        language_of(str(file), unpacked),
        unpacked,
        Place(path, content.first + above),
        strength,
        str(file),
        one_line=content.folded or unpacked is not content.text,
    )


def _decoded(content: str, encoding: str) -> str | None:
    """The text of a file given in one of cloud-init's encodings, ``None`` if it is not text in that encoding."""
    if encoding in {"", "text/plain"}:
        return content
    try:
        data = content.encode() if encoding in {"gz", "gzip"} else base64.b64decode(content, validate=False)
        if encoding not in {"b64", "base64"}:
            with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
                data = packed.read(_UNPACKED_LIMIT)
        return data.decode()
    except (ValueError, OSError, EOFError, zlib.error):
        return None

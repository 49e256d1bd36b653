"""Files of environment variables. Their dialects differ in quotes, comments and expansion, and so in the value.

docker
    ``docker run --env-file``: the rest of the line as it is, quotes and all; ``export X=1`` is an error.
compose, python-dotenv
    Quotes are taken off, `` #`` begins a comment, ``${X:-default}`` is expanded, ``export`` is allowed; compose expands
    ``$X``, too, but nothing in single quotes.
systemd
    ``EnvironmentFile=``: quotes are taken off, lines may be continued, nothing is expanded.
shell
    Assignments of a script that is sourced.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import (
    Dialect,
    EnvFile,
    Layer,
    Origin,
    Place,
    Problem,
    Reading,
    Setting,
    Unresolved,
    Value,
)
from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.marks import value as marked_value
from selfstop.deploy.read.shell_parser import Parser
from selfstop.deploy.read.shell_tree import Assignment, Command, Text
from selfstop.deploy.read.variables import value_of

_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*")
_DOTENV: Final = re.compile(
    r"[ \t]*(?:export[ \t]+)?(?P<quote>'?)(?P<name>[^\s=#'\"]+)(?P=quote)[ \t]*(?P<sign>[=:]?)[ \t]*"
    r"(?P<value>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\n]*)[^\n]*"
)
_EXPANSION: Final = re.compile(
    r"\$\{(?P<name>[A-Za-z_]\w*)(?:(?P<operator>:?-)(?P<default>[^{}]*))?\}|\$(?P<plain>[A-Za-z_]\w*)"
)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_TEMPLATE: Final = re.compile(r"example|sample|template|\.dist\b|\btmpl\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Line:
    name: str
    value: Value
    line: int


def read(path: str, text: str, dialect: Dialect, wanted: Collection[str] = ()) -> Reading:
    """The names in an env file, and the values of those that are ``wanted``; no other value is kept."""
    text = text.removeprefix("\ufeff")
    problems: list[Problem] = []
    lines = list(_READERS[dialect](path, text, problems))
    settings = tuple(
        Setting(each.name, each.value, Layer.FILE, Place(path, each.line)) for each in lines if each.name in wanted
    )
    names = tuple(dict.fromkeys(each.name for each in lines))
    template = bool(_TEMPLATE.search(path.rpartition("/")[2]))
    return Reading((EnvFile(path, dialect, names, settings, template),), tuple(problems))


def _docker(path: str, text: str, problems: list[Problem]) -> Iterator[_Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.lstrip()
        if not content or content.startswith("#"):
            continue
        name, sign, rest = content.partition("=")
        if not name or re.search(r"\s", name.rstrip() if not sign else name):
            problems.append(Problem(path, number, "docker refuses a name with blanks in it"))
        elif sign:
            yield _Line(name, marked_value(rest), number)
        else:
            name = name.rstrip()
            yield _Line(name, Value((Unresolved(name, name, Origin.HOST),)), number)


def _compose(path: str, text: str, problems: list[Problem]) -> Iterator[_Line]:
    return _dotenv(path, text, problems, literal=True)


def _python(path: str, text: str, problems: list[Problem]) -> Iterator[_Line]:
    return _dotenv(path, text, problems, literal=False)


def _dotenv(path: str, text: str, problems: list[Problem], *, literal: bool) -> Iterator[_Line]:
    """The two dialects with quotes; single ones make a text ``literal`` for compose only."""
    known: dict[str, Value] = {}
    position, number = 0, 1
    while position < len(text):
        found = _DOTENV.match(text, position) if text[position] not in "#\n" else None
        end = text.find("\n", found.end() if found else position)
        end = len(text) if end < 0 else end
        if found:
            name = found["name"]
            value = _dotenv_value(found["value"], known, literal=literal) if found["sign"] else _from_host(name)
            known[name] = value
            yield _Line(name, value, number)
        elif text[position:end].strip() and not text[position:end].lstrip().startswith("#"):
            problems.append(Problem(path, number, "is no assignment"))
        number += text.count("\n", position, end + 1)
        position = end + 1


def _from_host(name: str) -> Value:
    return Value((Unresolved(name, name, Origin.HOST),))


def _dotenv_value(text: str, known: dict[str, Value], *, literal: bool) -> Value:
    if text.startswith("'") and text.endswith("'") and len(text) > 1:
        inner = re.sub(r"\\(['\\])", r"\1", text[1:-1])
        return marked_value(inner) if literal else _expanded(inner, known, bare=False)
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        inner = _ESCAPE.sub(
            lambda found: _ESCAPES.get(found[1], found[1] if found[1] in "\\\"'$" else found[0]), text[1:-1]
        )
        return _expanded(inner, known, bare=literal)
    comment = re.search(r"(?:^|(?<=\s))#", text)
    return _expanded((text[: comment.start()] if comment else text).strip(), known, bare=literal)


def _expanded(text: str, known: dict[str, Value], *, bare: bool) -> Value:
    """``${X}``, and with ``bare`` also ``$X``: what the file says of it so far, else whatever reads the file finds."""
    parts: list[str | Unresolved] = []
    position = size = 0
    for found in _EXPANSION.finditer(text):
        if found["plain"] and not bare:
            continue
        parts.extend(marked_value(text[position : found.start()]).parts)
        position = found.end()
        name = found["name"] or found["plain"]
        value = known.get(name)
        if value is not None and size < _LONGEST:
            size += len(str(value))
            parts.extend(value.parts)
            continue
        default = Value.of(found["default"]) if found["operator"] else None
        parts.append(Unresolved(found.group(), name, Origin.HOST, default, found["operator"] != "-"))
    parts.extend(marked_value(text[position:]).parts)
    return value_of(parts)


_LONGEST: Final = 4096


def _systemd(path: str, text: str, problems: list[Problem]) -> Iterator[_Line]:
    lines = text.split("\n")
    position = 0
    while position < len(lines):
        number = position + 1
        pieces = [lines[position]]
        while pieces[-1].endswith("\\") and position + 1 < len(lines):
            position += 1
            pieces[-1] = pieces[-1][:-1]
            pieces.append(lines[position])
        position += 1
        content = "".join(pieces).strip()
        if not content or content[0] in "#;":
            continue
        name, sign, rest = content.partition("=")
        if sign and _NAME.fullmatch(name):
            yield _Line(name, marked_value(_unquoted(rest.strip())), number)
        else:
            problems.append(Problem(path, number, "is no assignment"))


def _unquoted(text: str) -> str:
    """Quotes taken off, and what a backslash escapes, outside of single quotes."""
    return re.sub(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"|\\(.)", _piece, text)


def _piece(found: re.Match[str]) -> str:
    if found[1] is not None:
        return found[1]
    if found[2] is not None:
        return re.sub(r"\\([\"\\`$])", r"\1", found[2])
    return found[3]


def _shell(path: str, text: str, problems: list[Problem]) -> Iterator[_Line]:
    cursor = Cursor(text)
    nodes = Parser().script(cursor)
    problems.extend(Problem(path, line, reason) for line, reason in cursor.faults)
    for node in nodes:
        if isinstance(node, Command) and (not node.words or node.words[0].bare in {"export", "declare", "readonly"}):
            for assignment in node.assignments:
                yield _Line(assignment.name, _assigned(assignment), assignment.line)


def _assigned(assignment: Assignment) -> Value:
    parts: list[str | Unresolved] = []
    for part in assignment.word.parts:
        if isinstance(part, Text):
            parts.extend(marked_value(part.text).parts)
        else:
            parts.append(Unresolved(part.source, getattr(part, "name", part.source)))
    return value_of(parts)


_READERS: Final = {
    Dialect.DOCKER: _docker,
    Dialect.COMPOSE: _compose,
    Dialect.DOTENV: _python,
    Dialect.SYSTEMD: _systemd,
    Dialect.SHELL: _shell,
}

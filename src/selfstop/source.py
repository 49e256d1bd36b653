"""From the bytes of a file to its text and its syntax tree, as Python itself reads them.

Whatever is in the way of that is raised as `NotAnalysable`, with the code of the rule that names it.
"""

from __future__ import annotations

import ast
import codecs
import errno
import io
import os
import re
import stat
import tokenize
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from selfstop import nesting, rules
from selfstop.stack import is_deep

if TYPE_CHECKING:
    import libcst

    from selfstop.model import Span

_FIRST_TWO_LINES: Final = re.compile(rb"(?:[^\r\n]*(?:\r\n|\r|\n)){0,2}[^\r\n]*")
_CONTINUED_INDENT: Final = re.compile(r"(?<!\\\n)^[ \t\f]*(?:\\\n[ \t\f]*)+", re.MULTILINE)
"""Lines that are a backslash only, before a statement, and its indentation."""

_FORM_FEED_INDENT: Final = re.compile(r"^[ \t\f]*\f", re.MULTILINE)

_READING: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_REASONS: Final = {
    errno.ENOENT: "there is no such file or directory",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ELOOP: "its symbolic link leads back to itself",
    errno.ENAMETOOLONG: "its name is too long",
}


class NotAnalysable(Exception):
    """A file that cannot be analysed: the code of a rule SST0xx, its message, and the line or 0."""

    def __init__(self, code: str, message: str, line: int = 0) -> None:
        super().__init__(code, message, line)
        self.code = code
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return self.message


def not_analysable(code: str, reason: str, line: int = 0) -> NotAnalysable:
    """Make the exception for rule ``code`` with the catalogue's message."""
    return NotAnalysable(code, rules.message(code, reason=reason), line)


def too_deep(line: int = 0) -> NotAnalysable:
    """Make the exception for code nested too deep; also for a walker's `RecursionError`."""
    return not_analysable("SST004", "the code is nested too deep; break the expression up", line)


def read(path: str | Path) -> bytes:
    """Read a regular file, without ever waiting for a pipe or a device."""
    try:
        refuse_irregular(os.stat(path).st_mode)  # noqa: PTH116 - called for every file of a repository
        descriptor = os.open(path, _READING)
        try:
            status = os.fstat(descriptor)
            refuse_irregular(status.st_mode)
            return _whole(descriptor, status.st_size)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise unreadable(Path(path), error) from error


def _whole(descriptor: int, size: int) -> bytes:
    """Everything in a file that is probably ``size`` bytes long."""
    contents = os.read(descriptor, size + 1)
    if len(contents) == size:
        return contents
    parts = [contents]
    while parts[-1]:
        parts.append(os.read(descriptor, max(size, 65536)))
    return b"".join(parts)


def refuse_irregular(mode: int) -> None:
    """Raise `NotAnalysable` unless ``mode`` is a regular file's."""
    if stat.S_ISDIR(mode):
        raise not_analysable("SST001", "it is a directory")
    if not stat.S_ISREG(mode):
        raise not_analysable("SST001", "it is not a regular file")


def unreadable(path: Path, error: OSError | ValueError) -> NotAnalysable:
    """Say why ``path`` cannot be read. A `ValueError` is a name that no file can have."""
    if isinstance(error, ValueError):
        return not_analysable("SST001", f"no file can have that name ({error})")
    if error.errno == errno.ENOENT and path.is_symlink():
        return not_analysable("SST001", "it is a symbolic link to a file that does not exist")
    fallback = error.strerror or type(error).__name__
    return not_analysable("SST001", _REASONS.get(error.errno or 0, fallback))


def decode(data: bytes) -> str:
    r"""Decode as Python does: the byte order mark, else the cookie, else UTF-8.

    Line ends become ``\n``, and a byte order mark is dropped, so that lines and columns count as Python's do.
    """
    encoding = encoding_of(data)
    try:
        text = data.decode(encoding)
        text.encode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"byte {error.object[error.start]:#04x} is not {_plain(error.encoding)}"
        raise not_analysable("SST002", reason, len(_lines_before(error.object, error.start))) from error
    except (LookupError, ValueError) as error:
        raise not_analysable("SST002", f"{encoding}: {error}", 1) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if "\0" in text:
        raise not_analysable("SST002", "it contains a NUL byte", text.count("\n", 0, text.index("\0")) + 1)
    return text


def encoding_of(data: bytes) -> str:
    """Name the codec of a file; ``utf-8-sig`` with a byte order mark."""
    found = _FIRST_TWO_LINES.match(data)
    head = found.group() if found else b""
    unified = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return tokenize.detect_encoding(io.BytesIO(unified).readline)[0]
    except SyntaxError as error:
        # Also raised for a first line that is not UTF-8; decoding everything says where.
        if "invalid or missing" in str(error):
            return "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"
        raise not_analysable("SST002", str(error), 1) from error


def lines_of(text: str) -> list[str]:
    """Split decoded text into lines with their ends, as Python counts them: a form feed ends none."""
    return io.StringIO(text).readlines()


def excerpt(data: bytes, span: Span) -> str:
    """The source of an expression in a file, on one line and without comments."""
    lines = lines_of(decode(data))[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    for number, column in _comments(lines):
        lines[number - 1] = lines[number - 1][:column]
    text = ""
    for line in filter(None, (" ".join(line.split()) for line in lines)):
        if line[0] in ")]}":
            text = text.removesuffix(",")
        text += line if not text or line[0] in ")]}" or text[-1] in "([{" else f" {line}"
    return text


def parse(text: str) -> libcst.Module:
    """Parse decoded text. Its positions are Python's, except as `column_shifts` says.

    The native parser must never see what overflows its stack, hence the look at the nesting before.
    """
    if line := nesting.too_deep(text, nesting.DEEP_LIMIT if is_deep() else nesting.LIMIT):
        raise too_deep(line)

    import libcst

    try:
        return libcst.parse_module(_FORM_FEED_INDENT.sub("", _without_continued_indents(text)))
    except libcst.ParserSyntaxError as error:
        raise _syntax_error(text, error) from error
    except RecursionError as error:
        raise too_deep() from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a native parser that gives up; no subclass of Exception
            raise
        raise not_analysable("SST003", "the parser gave up on it") from error


def column_shifts(text: str) -> dict[int, int]:
    """Map lines whose indentation `parse` changes to what has to be added to their columns in the tree.

    Python starts counting indentation anew at a form feed, and goes on with it behind a backslash. LibCST does not
    know the former, and leaves out a line that begins with the latter. So `parse` makes such indentation plain. It is
    rare: the mapping is empty for almost every file.
    """
    shifts: dict[int, int] = {}
    for match in _CONTINUED_INDENT.finditer(text) if "\\\n" in text else ():
        given = match.group().rpartition("\n")[2]
        shifts[text.count("\n", 0, match.end()) + 1] = len(given) - len(_indent_of(match))
    if "\f" not in text:
        return shifts
    plain = _without_continued_indents(text)
    for match in _FORM_FEED_INDENT.finditer(plain):
        line = plain.count("\n", 0, match.start()) + 1
        shifts[line] = shifts.get(line, 0) + len(match.group())
    return shifts


def _without_continued_indents(text: str) -> str:
    if "\\\n" not in text:
        return text
    return _CONTINUED_INDENT.sub(lambda match: "\n" * match.group().count("\n") + _indent_of(match), text)


def _indent_of(match: re.Match[str]) -> str:
    """What counts as the indentation: that of the first line that has any, as in CPython's tokenizer."""
    indents = match.group().split("\\\n")
    return next((indent for indent in indents if indent.rpartition("\f")[2]), indents[-1])


def mentions(data: bytes, names: Iterable[str]) -> bool:
    """Whether any of ``names`` occurs anywhere in a file, found without decoding or parsing it."""
    return any(name.encode("utf-8") in data for name in names)


def _comments(lines: list[str]) -> list[tuple[int, int]]:
    """Where comments begin. There are none in what this Python cannot read."""
    try:
        tokens = list(tokenize.generate_tokens(iter(lines).__next__))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token.start for token in tokens if token.type == tokenize.COMMENT]


def _lines_before(data: bytes, position: int) -> list[bytes]:
    return (data[:position] + b".").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def _plain(encoding: str) -> str:
    return "UTF-8" if encoding.lower().replace("_", "-") in ("utf-8", "utf-8-sig", "utf8") else encoding


def _syntax_error(text: str, error: libcst.ParserSyntaxError) -> NotAnalysable:
    """Prefer Python's own words; where this Python knows a syntax less than LibCST, take LibCST's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except SyntaxError as own:
            return not_analysable("SST003", own.msg, own.lineno or 0)
        except (RecursionError, MemoryError):
            return too_deep()
    return not_analysable("SST003", error.message.removeprefix("parser error: "), error.raw_line)

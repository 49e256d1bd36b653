"""What has to hold of any bytes. A target returns, or raises what shows a mistake; hangs and crashes show one, too."""

from __future__ import annotations

import argparse
import ast
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.util import decode_source
from pathlib import Path
from typing import Final, TypeAlias

import libcst
from flake8.processor import FileProcessor
from flake8.violation import Violation
from libcst.metadata import MetadataWrapper, PositionProvider

from selfstop import config, source
from selfstop.families import FAMILIES
from selfstop.noqa import Suppressions

Place: TypeAlias = "tuple[int, int]"
CODES: Final = ("SST101", "SST102", "SST003")
REFUSED: Final = ("unexpected end of file after a line continuation",)
"""What LibCST says of files that Python reads, and that nobody writes."""

MOST_LINES: Final = 50
LONGEST_MESSAGE: Final = 2000
FLAKE8: Final = argparse.Namespace(
    hang_closing=False,
    indent_size=4,
    max_line_length=79,
    max_doc_length=None,
    verbose=0,
    disable_noqa=False,
    stdin_display_name="stdin",
)


def read_source(data: bytes) -> None:
    """Text is decoded and parsed, or refused with a rule. Where Python reads it, too, it has the same calls."""
    tree = _python(data)
    try:
        text = source.decode(data)
    except source.NotAnalysable as refused:
        if refused.code != "SST002" or tree is not None:
            raise
        return
    assert "\r" not in text
    assert "\0" not in text
    assert "".join(source.lines_of(text)) == text
    if tree is not None:
        assert ast.dump(tree) == ast.dump(ast.parse(text)), "not what Python reads"
    source.column_shifts(text)
    try:
        parsed = source.parse(text)
    except source.NotAnalysable as refused:
        if refused.code not in {"SST003", "SST004"} or not _has(text, refused.line):
            raise
        if refused.code == "SST003" and tree is not None and not any(known in refused.message for known in REFUSED):
            raise
        return
    if tree is not None:
        assert _calls(parsed, source.column_shifts(text)) == _calls_of(tree, source.lines_of(text)), "calls elsewhere"


def _calls(tree: libcst.Module, shifts: Mapping[int, int]) -> list[Place]:
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    found = wrapper.resolve(PositionProvider).items()
    starts = [span.start for node, span in found if isinstance(node, libcst.Call)]
    return sorted((start.line, start.column + shifts.get(start.line, 0)) for start in starts)


def _calls_of(tree: ast.Module, lines: Sequence[str]) -> list[Place]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted((node.lineno, len(lines[node.lineno - 1].encode()[: node.col_offset].decode())) for node in nodes)


def _has(text: str, line: int) -> bool:
    """Whether an error may be said to be in a line; 0 is none, and Python is surprised by the end one line later."""
    return 0 <= line <= text.count("\n") + 2


def _python(data: bytes) -> ast.Module | None:
    """What Python reads; a lone carriage return ends a line in files, which are not what its parser is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(decode_source(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")))
        except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
            return None


def read_comments(data: bytes) -> None:
    """Comments mean what they mean to flake8, and codes stand where they are said to stand."""
    try:
        text = source.decode(data)
    except source.NotAnalysable:
        return
    lines = source.lines_of(text)
    comments = Suppressions(text)
    processor = FileProcessor("stdin", FLAKE8, lines=[*lines])
    whole_file = processor.should_ignore_file()
    assert comments.whole_file == whole_file
    for number in range(1, min(len(lines), MOST_LINES) + 1):
        line = (
            processor.noqa_line_for(number) or lines[number - 1]
        )  # flake8 looks into the file for what it has not read
        for code in CODES:
            ignored = whole_file or Violation(code, "stdin", number, 1, "", line).is_inline_ignored(False)
            assert comments.suppresses(code, number) == ignored, (code, number)
    for given in comments.given("SST"):
        assert lines[given.line - 1].startswith(given.code, given.column - 1), given
        assert given.line in given.lines, given
        assert all(comments.suppresses(given.code, number) for number in given.lines), given


_FOLDER: Final = tempfile.TemporaryDirectory(prefix="fuzz-")


def read_configuration(data: bytes) -> None:
    """A ``pyproject.toml`` gives a configuration or says what is wrong with it, and not at length."""
    root = Path(_FOLDER.name)
    (root / config.PYPROJECT).write_bytes(data)
    try:
        found = config.load(root)
    except config.ConfigError as error:
        if not 0 < len(str(error)) < LONGEST_MESSAGE + len(str(root)):
            raise
        return
    assert found.engine_options.families <= set(FAMILIES)
    assert found.target in config.TARGETS
    assert config.origins(root).keys() >= {"select", "baseline"}
    assert config.find_root(root) == root


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "source": read_source,
    "noqa": read_comments,
    "config": read_configuration,
}

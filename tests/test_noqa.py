"""`# noqa` means what it means in flake8: every case is given to flake8 itself, too."""

from __future__ import annotations

import itertools

import pytest
from flake8.processor import FileProcessor
from flake8.violation import Violation
from hypothesis import example, given, settings
from hypothesis import strategies as st

from selfstop import source
from selfstop.noqa import Suppressions
from tests.fuzz.targets import FLAKE8

CODES = ("SST101", "SST102", "SST201", "SST003")

COMMENTS = [
    "",
    "# noqa",
    "#noqa",
    "#  noqa",
    "# NoQA",
    "# noqa:SST101",
    "# noqa: SST101",
    "# noqa:  SST101",
    "# noqa : SST101",
    "# noqa:\tSST101",
    "# noqa: sst101",
    "# NOQA: SST101",
    "# noqa: SST1",
    "# noqa: SST",
    "# noqa: S",
    "# noqa: S1",
    "# noqa: SST1011",
    "# noqa: E501",
    "# noqa: E501,SST101",
    "# noqa: E501, SST101",
    "# noqa: E501 SST101",
    "# noqa: E501 , SST101",
    "# noqa: E501,,SST101",
    "# noqa: E501;SST101",
    "# noqa: E501SST101",
    "# noqa: SST101 because of a reason",
    "# noqa: because of a reason",
    "# noqa: SST102, because",
    "# noqa:SST102,SST201",
    "# noqa:",
    "# noqa:,SST101",
    "# noqa-SST101",
    "# noqaSST101",
    "# a reason # noqa: SST101",
    "# noqa: SST102 # noqa: SST101",
    "# noqa # noqa: SST102",
    "# type: ignore  # noqa",
    "'# noqa'",
    "# noqa: \u017fST101",
    "# noqa: SST\u0661",
    "# flake8: noqa",
    "# flake8: noqa: SST101",
    "# flake8:noqa",
    "# flake8=noqa",
    "# FLAKE8: NOQA",
    "# flake8:  noqa",
    "#flake8: noqa",
    "# flake8 noqa",
    "# flake8: noqa-ish",
    "# see # flake8: noqa",
]

SHAPES = {
    "behind the call": "x = 1\nstop() {}\ny = 2\n",
    "alone on a line": "x = 1\n{}\nstop()\n",
    "indented": "if x:\n    {}\n    stop()\n",
    "inside brackets": "stop(\n    a, {}\n    b,\n)\n",
    "behind the brackets": "stop(\n    a,\n    b,\n) {}\n",
    "in a multi-line string": 'stop("""\n{}\nb\n""", 1)\n',
    "behind a multi-line string": 'stop("""\na\nb\n""") {}\nx = 1\n',
    "at the end of a string continued": "stop('a \\\nb') {}\nx = 1\n",
    "behind a continued line": "x = 1 + \\\n    stop() + \\\n    2 {}\ny = 1\n",
    "in a docstring": 'def f():\n    """Doc.\n\n    {}\n    """\n    stop()\n',
    "in a file without an end of line": "x = 1\nstop() {}",
    "with carriage returns": "x = 1\r\nstop() {}\r\ny = 2\r\n",
    "with carriage returns alone": "x = 1\rstop() {}\ry = 2\r",
    "with form feeds": "x = 1\n\f\nstop() {}\n\fy = 2\n",
    "with a byte order mark": "\ufeff{}\nstop()\n",
    "with other line separators": "x = '\u2028\x0b\x1c'\nstop() {}\n",
    "in a file that is no Python": "x = (\nstop() {}\n",
    "in a file that ends inside a string": 'x = """\nstop() {}\n',
    "in a file with odd indentation": "if x:\n        a\n    stop() {}\n",
}


def flake8_suppresses(directory, data: bytes) -> set[tuple[str, int]]:
    """Ask flake8's own classes, the way its checker does."""
    path = directory / "case.py"
    path.write_bytes(data)
    processor = FileProcessor(str(path), FLAKE8)
    whole_file = processor.should_ignore_file()
    return {
        (code, line)
        for code, line in itertools.product(CODES, range(1, len(processor.lines) + 1))
        if whole_file or Violation(code, str(path), line, 1, "", processor.noqa_line_for(line)).is_inline_ignored(False)
    }


def we_suppress(data: bytes) -> set[tuple[str, int]]:
    text = source.decode(data)
    comments = Suppressions(text)
    lines = range(1, len(source.lines_of(text)) + 1)
    return {(code, line) for code, line in itertools.product(CODES, lines) if comments.suppresses(code, line)}


@pytest.fixture(autouse=True)
def _forget_lines():
    """Make flake8's fall-back to `linecache` see each case's file."""
    import linecache

    linecache.clearcache()


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_table_agrees_with_flake8(tmp_path, shape):
    import linecache

    for comment in COMMENTS:
        data = shape.replace("{}", comment).encode("utf-8")
        linecache.clearcache()
        assert we_suppress(data) == flake8_suppresses(tmp_path, data), comment


PIECES = st.sampled_from(
    [
        *COMMENTS,
        "stop()",
        "\n",
        "\n",
        "\r\n",
        "\\\n",
        '"""',
        "'",
        "(",
        ")",
        ",",
        "    ",
        "if x:",
        "f'",
        "\f",
        ":",
        " ",
    ]
)


@settings(max_examples=400, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14))
@example(pieces=['"""', "# noqa: SST101", "\n", '"""'])
def test_anything_agrees_with_flake8(tmp_path_factory, pieces):
    import linecache

    linecache.clearcache()
    data = "".join(pieces).encode("utf-8")
    directory = tmp_path_factory.getbasetemp()
    assert we_suppress(data) == flake8_suppresses(directory, data)


PLAIN = {
    "everything": ("stop()  # noqa\n", True),
    "this rule": ("stop()  # noqa: SST101\n", True),
    "its group": ("stop()  # noqa: SST1\n", True),
    "another rule": ("stop()  # noqa: SST102\n", False),
    "the next line": ("stop()\n# noqa\n", False),
    "nothing": ("stop()\n", False),
    "the file": ("stop()\n# flake8: noqa\n", True),
}


@pytest.mark.parametrize(("text", "expected"), PLAIN.values(), ids=PLAIN)
def test_the_usual_cases(text, expected):
    assert Suppressions(text).suppresses("SST101", 1) is expected

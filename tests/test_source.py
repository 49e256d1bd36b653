"""Files are read as Python reads them, and what cannot be read is said, with its line."""

from __future__ import annotations

import ast
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import run
from selfstop import nesting, source
from selfstop.model import Span
from selfstop.source import NotAnalysable

CALL = b"stop()"

READABLE = {
    "empty": b"",
    "one empty line": b"\n",
    "no end of line": CALL,
    "byte order mark": b"\xef\xbb\xbfstop()\n",
    "byte order mark and cookie": b"\xef\xbb\xbf# coding: utf-8\nstop()\n",
    "CRLF": b"x = 1\r\nstop()\r\n",
    "lone CR": b"x = 1\rstop()\r",
    "mixed line ends": b"x = 1\ry = 2\r\nstop()\n",
    "CR in a string": b's = """a\rb\r\nc"""\nstop()\n',
    "form feed on its own": b"x = 1\n\f\nstop()\n",
    "form feed before code": b"x = 1\n\fstop()\n",
    "form feed in the indentation": b"if x:\n  \f  stop()\n  \f  stop()\n",
    "form feed in one line of a block": b"if x:\n\f    stop()\n    stop()\n",
    "form feed in a string": b"s = '''\n\f'''; stop()\n",
    "tabs": b"if x:\n\tstop()\n",
    "Latin-1 cookie": b"# -*- coding: latin-1 -*-\n'\xe9'; stop()\n",
    "cookie in the second line": b"#!/usr/bin/env python\n# vim: set fileencoding=cp1252 :\n'\x80'; stop()\n",
    "cookie behind a lone CR": b"#!/usr/bin/env python\r# coding: latin-1\r'\xe9'; stop()\r",
    "no cookie in the third line": b"\n\n# coding: klingon\nstop()\n",
    "no cookie behind code": b"x = 1\n# coding: klingon\nstop()\n",
    "shift_jis": "# coding: shift_jis\n'表'; stop()\n".encode("shift_jis"),
    "wide characters before the call": "'日本'; stop()\n".encode(),
    "astral characters before the call": "'😀'; stop()\n".encode(),
    "line separators of other tribes": "s = '\u2028\x0b\x1c\x85'; stop()\n".encode(),
    "backslash before a statement": b"x = 1\n\\\nstop()\n",
    "backslashes before a statement": b"if x:\n  \\\n\\\n      stop()\n  stop()\n",
    "backslash and form feed before a statement": b"if x:\n  \\\n \fstop()\n\f  \\\nstop()\n",
    "backslash without indentation": b"if x:\n\\\n    stop()\n    stop()\n",
    "backslashes of which the second is indented": b"if x:\n\\\n  \\\n      stop()\n  stop()\n",
    "backslash in front of everything": b"\\\nstop()\n",
    "backslash between backslashes": b"x = \\\n  \\\n  stop()\n",
    "backslash in a bracket": b"stop(\n  \\\n    1); stop()\n",
    "backslash in a string": b"s = '''\n \\\n     '''; stop()\n",
    "continued line": b"x = \\\n    stop()\n",
    "call in an f-string": b"f'{stop()}'\n",
}


def python_places(data: bytes) -> list[tuple[int, int]]:
    """Where Python's own parser sees calls; it reads files, so lone CRs are line ends."""
    text = source.decode(data)
    lines = source.lines_of(text)
    return sorted(
        (node.lineno, len(lines[node.lineno - 1].encode()[: node.col_offset].decode()) + 1)
        for node in ast.walk(ast.parse(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")))
        if isinstance(node, ast.Call)
    )


def our_places(data: bytes) -> list[tuple[int, int]]:
    import libcst
    from libcst.metadata import MetadataWrapper, PositionProvider

    wrapper = MetadataWrapper(source.parse(source.decode(data)))
    shifts = source.column_shifts(source.decode(data))
    positions = wrapper.resolve(PositionProvider)
    return sorted(
        (place.start.line, place.start.column + 1 + shifts.get(place.start.line, 0))
        for node, place in positions.items()
        if isinstance(node, libcst.Call)
    )


@pytest.mark.parametrize("data", READABLE.values(), ids=READABLE)
def test_places_are_pythons(data):
    assert our_places(data) == python_places(data)
    assert bool(our_places(data)) is (CALL in data)


NEWER = {
    "except without parentheses (3.14)": b"try:\n    stop()\nexcept A, B:\n    pass\n",
    "template string (3.14)": b"t'{stop()}'\n",
    "nested quotes in an f-string (3.12)": b"f'{x['a']}'; stop()\n",
    "type statement (3.12)": b"type X = int\nstop()\n",
    "except* (3.11)": b"try:\n    stop()\nexcept* A:\n    pass\n",
}


@pytest.mark.parametrize("data", NEWER.values(), ids=NEWER)
def test_newer_syntax_is_read_whatever_python_runs(data):
    assert our_places(data)


BROKEN = {
    "syntax error": (b"x = 1\nstop(\n", "SST003", 2),
    "syntax error after a form feed": (b"x = 1\f\nstop(]\n", "SST003", 2),
    "Python 2: print": (b"stop()\nprint 'x'\n", "SST003", 2),
    "Python 2: exec": (b"exec 'x'\n", "SST003", 1),
    "Python 2: raise": (b"raise E, 'x'\n", "SST003", 1),
    "Python 2: backticks": (b"`x`\n", "SST003", 1),
    "Python 2: octal": (b"x = 0777\n", "SST003", 1),
    "Python 2: unicode": (b"ur'x'\n", "SST003", 1),
    "unexpected indentation": (b"x = 1\n  y = 2\n", "SST003", 2),
    "tabs and spaces": (b"if x:\n\ty\n        z\n", "SST003", 3),
    "unterminated string": (b"x = 1\ny = '\n", "SST003", 2),
    "backslash at the end": (b"x = 1 \\\n", "SST003", 1),
    "control Z": (b"x = 1\n\x1a\n", "SST003", 2),
    "merge conflict": (b"<<<<<<< HEAD\nx = 1\n", "SST003", 1),
    "NUL byte": (b"x = 1\ny = '\0'\n", "SST002", 2),
    "bad byte": (b"x = 1\r\ny = 2\r# \xff\n", "SST002", 3),
    "bad byte in the first line": (b"# \xff\n", "SST002", 1),
    "bad byte behind a cookie": (b"# coding: utf-8\nx = '\xe9'\n", "SST002", 2),
    "bad byte behind a byte order mark": (b"\xef\xbb\xbfx = 1\n# \xff\n", "SST002", 2),
    "bad byte for ASCII": (b"# coding: ascii\n\n# \xc3\xa9\n", "SST002", 3),
    "unknown cookie": (b"# coding: klingon\n", "SST002", 1),
    "cookie that is no encoding of text": (b"# coding: rot13\nfgbc()\n", "SST002", 1),
    "cookie against the byte order mark": (b"\xef\xbb\xbf# coding: latin-1\n", "SST002", 1),
    "UTF-16": ("stop()\n".encode("utf-16"), "SST002", 1),
    "lone surrogate": (b"# coding: unicode_escape\n'\\ud800'\n", "SST002", 1),
}


@pytest.mark.parametrize(("data", "code", "line"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_python_is_said_with_its_line(data, code, line):
    with pytest.raises(NotAnalysable) as caught:
        source.parse(source.decode(data))
    assert (caught.value.code, caught.value.line) == (code, line)
    assert "\n" not in caught.value.message
    assert str(caught.value) == caught.value.message


@pytest.mark.parametrize("megabytes", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_megabytes_are_read(megabytes):
    line = b"x = {'key': [1, 2, 3], 'other': (4, 5)}  # and a comment that makes the line somewhat longer\n"
    data = line * (megabytes * 1_000_000 // len(line)) + b"stop()\n"
    assert source.mentions(data, ["stop"])
    assert nesting.too_deep(source.decode(data)) == 0


DEEP = {
    "brackets": lambda n: "(" * n + ")" * n,
    "lists": lambda n: "[" * n + "]" * n,
    "calls": lambda n: "f(" * n + ")" * n,
    "plus": lambda n: "x = " + " + ".join(["1"] * n),
    "plus over lines": lambda n: "x = (" + "\n + ".join(["1"] * n) + ")",
    "minus signs": lambda n: "x = " + "-" * n + "1",
    "not": lambda n: "x = " + "not " * n + "1",
    "powers": lambda n: "x = " + "**".join(["1"] * n),
    "and": lambda n: "x = " + " and ".join(["a"] * n),
    "keywords behind digits": lambda n: "x = " + "1or " * n + "1",
    "attributes": lambda n: "x" + ".y" * n,
    "empty calls": lambda n: "x" + "()" * n,
    "subscripts": lambda n: "x" + "[0]" * n,
    "subscripts with commas": lambda n: "x" + "[0, 0]" * n,
    "lambdas": lambda n: "x = " + "lambda: " * n + "1",
    "lambdas with two arguments": lambda n: "x = " + "lambda a, b: " * n + "1",
    "conditional expressions": lambda n: "x = " + "a if b else " * n + "1",
    "elif": lambda n: "if a: pass\n" + "elif b: pass\n" * n,
    "indented elif": lambda n: "if x:\n  if a: pass\n" + "  elif b: pass\n" * n,
    "elif behind comments": lambda n: "if a: pass\n" + "# \\\nelif b: pass\n" * n,
    "strings": lambda n: "x = " + "'a' " * n,
    "f-string": lambda n: "x = f'{" + "+".join(["1"] * n) + "}'",
    "f-string with a format": lambda n: "x = f'{a:\">{" + "+".join(["1"] * n) + "}}'",
    "f-string with nested quotes": lambda n: "x = f'{'' + " + "(" * n + ")" * n + "}'",
    "raw f-string": lambda n: "x = rf'\\{" + "-" * n + "1}'",
    "continued lines": lambda n: "x = 1" + " + \\\n 1" * n,
}


@pytest.mark.parametrize("shape", DEEP.values(), ids=DEEP)
def test_whatever_nests_deep_is_refused_in_time(shape):
    for depth in (5_000, 100_000):
        with pytest.raises(NotAnalysable) as caught:
            source.parse(shape(depth))
        assert caught.value.code == "SST004"


@pytest.mark.parametrize("shape", DEEP.values(), ids=DEEP)
def test_moderate_nesting_is_read(shape):
    assert nesting.too_deep(shape(60)) == 0


FLAT = {
    "long list": "x = [" + "-1, " * 20_000 + "]",
    "long table": "x = {\n" + "    'a': (1.5 + 2, -3),\n" * 20_000 + "}",
    "many statements": "x = a + b * c\n" * 20_000,
    "many statements on a line": "x = a + b; " * 20_000,
    "many separate if statements": "if a: pass\nelif b: pass\nelse: pass\n" * 5_000,
    "brackets in a string": f"x = '{'(' * 20_000}'",
    "brackets in a long string": f'x = """\n{"(" * 20_000}\n"""',
    "brackets in a comment": f"# {'(' * 20_000}\nx = 1",
    "operators in the text of an f-string": f"x = f'{'+-(' * 20_000}'",
    "doubled braces of an f-string": f"x = f'{'{{' * 20_000}'",
    "many fields of an f-string": f"x = f'{'{a.b}' * 200}'",
    "escaped quotes in a string that never ends": 'x = """' + '\\"""x ' * 50_000,
    "hundreds of adjacent strings": "x = (" + "\n    'text'" * 600 + ")",
}


@pytest.mark.parametrize("text", FLAT.values(), ids=FLAT)
def test_what_is_only_long_is_not_deep(text):
    assert nesting.too_deep(text) == 0


def test_the_line_that_nests_too_deep_is_found():
    with pytest.raises(NotAnalysable) as caught:
        source.parse("x = 1\n\ny = " + "(" * 300 + ")" * 300)
    assert caught.value.line == 3


PARSE_WITH_LITTLE_STACK = """
import ast, sys, threading
from selfstop import source
threading.stack_size(2 * 1024 * 1024)
for text in ast.literal_eval(sys.stdin.read()):
    thread = threading.Thread(target=source.parse, args=(text,))
    thread.start()
    thread.join()
    print("survived", flush=True)
"""


def test_what_is_let_through_does_not_overflow_a_small_stack(tmp_path):
    texts = []
    for shape in DEEP.values():
        low, high = 10, 5_000
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if nesting.too_deep(shape(middle)) else (middle, high)
        texts.append(shape(low).encode())
    finished = run(sys.executable, "-c", PARSE_WITH_LITTLE_STACK, cwd=tmp_path, stdin=repr(texts).encode())
    survivors = finished.out.count("survived")
    assert survivors == len(texts), f"{list(DEEP)[survivors]}: {finished.err[-300:]}"
    assert finished.status == 0


@given(st.text(alphabet="()[]{}:,;'\"f#\\\n +.=xelif lambda", max_size=60))
def test_any_text_is_measured(text):
    assert nesting.too_deep(text) == 0


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(data):
    assert code_of(data) in {"", "SST002", "SST003"}


def code_of(data: bytes) -> str:
    try:
        source.parse(source.decode(data))
    except NotAnalysable as error:
        return error.code
    return ""


def test_mentions_is_a_search_for_bytes():
    assert source.mentions(b"# \xff stop_instances", ["other", "stop_instances"])
    assert not source.mentions(b"stop_instance", ["stop_instances"])
    assert not source.mentions(b"anything", [])


def refusal(path) -> str:
    with pytest.raises(NotAnalysable) as caught:
        source.read(path)
    assert caught.value.code == "SST001"
    return caught.value.message


def test_read(tmp_path):
    (tmp_path / "a.py").write_bytes(b"\r\n\0")
    assert source.read(tmp_path / "a.py") == b"\r\n\0"


def test_read_refuses_what_is_missing_or_no_file(tmp_path):
    (tmp_path / "a.py").write_bytes(b"")
    assert "there is no such file" in refusal(tmp_path / "missing.py")
    assert "it is a directory" in refusal(tmp_path)
    assert "not a directory" in refusal(tmp_path / "a.py" / "b.py")
    assert "name is too long" in refusal(tmp_path / ("a" * 1000))
    assert "no file can have that name" in refusal(tmp_path / "a\0b.py")


@pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and devices")
class TestPosix:
    def test_read_refuses_broken_links_and_loops(self, tmp_path):
        (tmp_path / "broken.py").symlink_to("nowhere.py")
        (tmp_path / "loop.py").symlink_to("loop.py")
        assert "symbolic link to a file that does not exist" in refusal(tmp_path / "broken.py")
        assert "leads back to itself" in refusal(tmp_path / "loop.py")

    def test_read_never_waits_for_a_pipe_or_a_device(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.py")
        program = "from pathlib import Path; from selfstop import source; source.read(Path('pipe.py'))"
        done = run(sys.executable, "-c", program, cwd=tmp_path, timeout=20)
        assert "it is not a regular file" in done.err
        (tmp_path / "zero.py").symlink_to("/dev/zero")
        assert "it is not a regular file" in refusal(tmp_path / "zero.py")

    @pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
    def test_read_refuses_what_is_closed(self, tmp_path):
        (tmp_path / "a.py").write_bytes(b"")
        (tmp_path / "a.py").chmod(0)
        assert "permission denied" in refusal(tmp_path / "a.py")


@pytest.mark.parametrize(
    ("data", "span", "expected"),
    [
        (b"x = f(1)\n", Span(1, 5, 1, 9), "f(1)"),
        (b"x = f(\n    1,\n    2,\n)\ny = 2\n", Span(1, 5, 4, 2), "f(1, 2)"),
        (b"x = f(\r\n    a,\r\n    [\r\n    ],\r\n)", Span(1, 5, 5, 2), "f(a, [])"),
        (b"x = f(  # why\n    '#',  # so\n    # and so on\n)", Span(1, 5, 4, 2), "f('#')"),
        (b"x = '\xc3\xa9'; f( 1 )\n", Span(1, 10, 1, 16), "f( 1 )"),
    ],
    ids=["one line", "many lines", "other line ends", "without comments", "columns are characters"],
)
def test_an_excerpt_is_on_one_line(data: bytes, span: Span, expected: str) -> None:
    assert source.excerpt(data, span) == expected

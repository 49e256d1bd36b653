"""Positions are those that LibCST's own provider gives."""

from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from selfstop.flow.lower.positions import positions_of

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "rules").glob("sst10*/*.py"))

HARD = {
    "white space": (
        "\n\n# first\nx = (  # why\n    a +\n    b)  # end\n\n\n"
        "def f( a , *, b = 1 ) -> int :\n    # alone\n    return a\n# last\n"
    ),
    "continued": "x = a \\\n    + b; y = 1\n",
    "several lines": 'x = """one\ntwo"""\ncall(x)\n',
    "decorated": "@a\n\n@b\nasync def f():\n\tasync with a as b, c:\n\t\tawait d\n",
    "line ends of Windows": "if a:\r\n    b()\r\nelse:\r\n    c()\r\n",
    "line ends in texts": 'x = """one\rtwo"""; call(x)\ny = """one\r\ntwo\nthree"""; call(y)\n',
    "no end of line": "a(b(c))",
    "match": "match a:\n    case [1, *rest] if b:\n        c()\n    case {'x': y}:\n        pass\n",
    "expressions": "x = [i for i in a if b] + [not a, -b, a if b else c, lambda: d, f'{a!r:>{b}}', a[1:2], *e]\n",
}


@pytest.mark.parametrize(
    "text",
    [*HARD.values(), *(path.read_text("utf-8") for path in FIXTURES)],
    ids=[*HARD, *(f"{path.parent.name}/{path.name}" for path in FIXTURES)],
)
def test_positions_are_those_of_libcst(text: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    expected = wrapper.resolve(PositionProvider)
    found = positions_of(wrapper.module)
    assert found
    for node, (first_line, first_column, last_line, last_column) in found.items():
        there = expected[node]
        assert (there.start.line, there.start.column) == (first_line, first_column)
        assert (there.end.line, there.end.column) == (last_line, last_column)


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_only_white_space_has_no_position(text: str) -> None:
    wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    missing = wrapper.resolve(PositionProvider).keys() - positions_of(wrapper.module).keys()
    assert {type(node).__name__ for node in missing} <= {
        "Module",
        "SimpleWhitespace",
        "ParenthesizedWhitespace",
        "TrailingWhitespace",
        "EmptyLine",
        "Newline",
        "Comment",
    }

"""Code of any size is analysed in bounded work, or refused with a code: never a crash, never silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flow.graphs import graph_of
from selfstop.config import EngineOptions
from selfstop.engine import check

STOP = "ec2.stop_instances()\n"


def nested_finally(depth: int) -> str:
    """Each ``finally`` stands in the one around it, and is reached in every way."""
    text = "def program(ec2):\n    while go():\n"
    for level in range(depth):
        indent = "    " * (level + 2)
        body = "".join(f"{indent}    if {way[0]}{level}(): {way}\n" for way in ("return", "break", "continue"))
        text += f"{indent}try:\n{body}{indent}    work()\n{indent}finally:\n"
    return text + "    " * (depth + 2) + STOP


def chain(length: int) -> str:
    return "".join(f"def f{i}(x):\n    f{i + 1}(x)\n\n" for i in range(length)) + f"def f{length}(ec2):\n    {STOP}"


def branching_chain(length: int) -> str:
    calls = "".join(f"def f{i}(x):\n    f{i + 1}(x)\n    f{i + 1}(x)\n\n" for i in range(length))
    return f"{calls}def f{length}(ec2):\n    {STOP}"


def elifs(number: int) -> str:
    tests = "".join(f"    elif x == {i}: work()\n" for i in range(1, number))
    return f"def f(x, ec2):\n    if x == 0: work()\n{tests}    else: {STOP}"


def terms(number: int) -> str:
    return f"def f(x, ec2):\n    if {' and '.join(f'x{i}' for i in range(number))}: {STOP}"


def long_function(lines: int) -> str:
    return "def f(x, ec2):\n" + "".join(f"    a{i} = g(x)\n" for i in range(lines)) + f"    {STOP}"


def aliases(number: int) -> str:
    return "s0 = ec2.stop_instances\n" + "".join(f"s{i} = s{i - 1}\n" for i in range(1, number)) + f"s{number - 1}()\n"


def codes(text: str) -> list[str]:
    report = check({"a.py": text.encode()}, EngineOptions())
    return [finding.code for finding in report.findings] + [error.code for error in report.errors]


def test_copies_of_nested_finally_blocks_grow_linearly() -> None:
    sizes = [len(graph_of(nested_finally(depth), "program").nodes) for depth in (4, 8, 12)]
    assert sizes[2] - sizes[1] == sizes[1] - sizes[0]


SIZES = {
    "a chain of 50 calls": (chain, 50, "SST101"),
    "a chain of calls that branch and meet 40 times": (branching_chain, 40, "SST101"),
    "nested finally": (nested_finally, 4, "SST102"),
    "200 elifs": (elifs, 200, "SST103"),
    "5,000 elifs": (elifs, 5000, "SST004"),
    "300 terms": (terms, 300, "SST103"),
    "10,000 terms": (terms, 10_000, "SST004"),
    "1,000 lines": (long_function, 1000, "SST101"),
    "names of names": (aliases, 4, "SST101"),
    "200 names of names": (aliases, 200, "SST101"),
}

LARGE = {
    "a chain of 300 calls": (chain, 300, "SST101"),
    "500 elifs": (elifs, 500, "SST103"),
    "1,000 terms": (terms, 1000, "SST103"),
    "5,000 lines": (long_function, 5000, "SST101"),
    "1,000 names of names": (aliases, 1000, "SST101"),
}


@pytest.mark.parametrize(("shape", "size", "expected"), SIZES.values(), ids=SIZES)
def test_a_verdict_or_a_refusal(shape: Callable[[int], str], size: int, expected: str) -> None:
    assert codes(shape(size)) == [expected]


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "size", "expected"), LARGE.values(), ids=LARGE)
def test_a_verdict_on_what_is_large(shape: Callable[[int], str], size: int, expected: str) -> None:
    assert codes(shape(size)) == [expected]


def test_numbers_of_more_digits_than_python_writes() -> None:
    """Hexadecimal digits may be read without a limit, but not written as decimal ones."""
    source = (
        "def main(rounds, ec2):\n    if rounds == NUMBER:\n        ec2.stop_instances()\n"
        "    if rounds >= 30 and rounds != -NUMBER:\n        ec2.stop_instances()\n"
    ).replace("NUMBER", "0x" + "f" * 3_700)
    report = check({"a.py": source.encode()}, EngineOptions())
    assert [(finding.code, finding.call.span.line) for finding in report.findings] == [("SST103", 3)]
    assert [call.span.line for call in report.guarded] == [5]

"""A fingerprint stays the same while the finding does, and only then."""

from __future__ import annotations

import pytest

from commands import write
from selfstop import session
from selfstop.fingerprint import fingerprinted, normalised
from selfstop.model import Finding, Span, StopCall
from selfstop.session import Request

PLAIN = """\
def leave(ec2, ids):
    ec2.stop_instances(InstanceIds=ids)
"""

SAME = {
    "lines above": f"import os\n\n\n{PLAIN}",
    "a sibling above": f"def other():\n    pass\n\n\n{PLAIN}",
    "another layout": PLAIN.replace("(InstanceIds=ids)", "(\n        InstanceIds = ids,  # all of them\n    )"),
    "more in the function": PLAIN.replace("):\n", "):\n    print('leaving')\n"),
    "carriage returns": PLAIN.replace("\n", "\r\n"),
}
ANOTHER = {
    "the function renamed": PLAIN.replace("leave", "go"),
    "moved into a class": "class Worker:\n" + PLAIN.replace("def", "    def").replace("    ec2", "        ec2"),
    "other arguments": PLAIN.replace("=ids", "=[ids]"),
    "another receiver": PLAIN.replace("ec2", "client"),
}


def prints(directory, source: str, name: str = "a.py") -> list[str]:
    write(directory, {name: source, ".git/HEAD": ""})
    return [finding.fingerprint for finding in session.run(Request(paths=(directory,))).report.findings]


@pytest.mark.parametrize("source", SAME.values(), ids=SAME)
def test_it_survives(tmp_path, source):
    (before,) = prints(tmp_path, PLAIN)
    assert prints(tmp_path, source) == [before]


@pytest.mark.parametrize("source", ANOTHER.values(), ids=ANOTHER)
def test_it_is_another_with(tmp_path, source):
    (before,) = prints(tmp_path, PLAIN)
    (after,) = prints(tmp_path, source)
    assert after != before


def test_it_is_another_in_another_file(tmp_path):
    (first,) = prints(tmp_path, PLAIN)
    assert len({first, *prints(tmp_path, PLAIN, "b.py")}) == 2


def test_it_does_not_depend_on_the_machine_or_the_version(tmp_path):
    assert prints(tmp_path, PLAIN) == ["3f99db1236bc5463116efdad1ba223bf"]


def found(*places: tuple[int, int], path: str = "a.py", code: str = "SST101") -> list[Finding]:
    return [Finding(StopCall(path, Span(line, 1, line, 7), "f", "stop", ()), code, "") for line, _ in places]


def test_equal_calls_are_told_apart_by_their_order():
    findings = found((1, 0), (2, 0)) + found((1, 0), code="SST201")
    marked = fingerprinted(findings, lambda _path: ["stop()\n", "stop( )\n"])
    assert len({finding.fingerprint for finding in marked}) == 3
    again = fingerprinted(found((5, 0)), lambda _path: ["\n"] * 4 + ["stop()\n"])
    assert again[0].fingerprint == marked[0].fingerprint


def test_a_place_outside_of_the_file_is_known_by_the_name_of_the_call():
    outside, inside = found((9, 0)), found((1, 0))
    marked = [fingerprinted(each, lambda _path: ["stop"])[0].fingerprint for each in (outside, inside)]
    assert marked[0] == marked[1]


LAYOUTS = {
    "spaces": ("f( a , b )", "f(a,b)"),
    "lines": ("f(\n    a,\n    b,\n)", "f(a,b)"),
    "a continued line": ("f(a, \\\n  b)", "f(a,b)"),
    "comments": ("f(a,  # it's (the first)\n  b)", "f(a,b)"),
    "quotes": ("f('a')", 'f("a")'),
    "quotes that have to stay": ("f('\"')", "f('\"')"),
    "a hash in a string": ('f("# a", b)', 'f("# a",b)'),
    "an escaped quote": (r'f("\" # a", b)', r'f("\" # a",b)'),
    "three quotes": ('f("""a "b" # c""", d)', 'f("""a "b" # c""",d)'),
    "an open string": ("f('a", "f('a"),
}


@pytest.mark.parametrize(("text", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_layout_is_left_out(text, expected):
    assert normalised(text) == expected

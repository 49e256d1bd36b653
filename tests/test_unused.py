"""SST011: comments that hide nothing are reported if that is asked for, and those of others never."""

from __future__ import annotations

import pytest

from commands import UNGUARDED, write
from inprocess import flake8, selfstop
from selfstop.rules import RULES

STOP = "def f(ec2):\n    ec2.stop_instances(InstanceIds=[]){}\n"


def check(directory, source, *arguments, select="SST011"):
    write(directory, {".git/HEAD": "", "a.py": source})
    return selfstop("check", "--output-format", "concise", "--extend-select", select, *arguments, cwd=directory)


REPORTED = {
    "nothing to hide": ("x = 1  # noqa: SST101\n", ["a.py:1:16: SST011"]),
    "another rule": (STOP.format("  # noqa: SST102"), ["a.py:2:49: SST011", "a.py:2:5: SST101"]),
    "one of two": (STOP.format("  # noqa: SST101,SST102"), ["a.py:2:56: SST011"]),
    "two of two": ("x = 1  # noqa: SST101, SST102\n", ["a.py:1:16: SST011", "a.py:1:24: SST011"]),
    "beside a code of another tool": ("import os  # noqa: F401,SST1\n", ["a.py:1:25: SST011"]),
    "a line too early": ("# noqa: SST101\n" + STOP.format(""), ["a.py:1:9: SST011", "a.py:3:5: SST101"]),
    "behind a string over lines": ('x = """\n"""  # noqa: SST101\n', ["a.py:2:14: SST011"]),
    "in capitals": ("x = 1  # NOQA: SST101\n", ["a.py:1:16: SST011"]),
    "a file with an off-by-default rule": ("x = 1  # noqa: SST201\n", ["a.py:1:16: SST011"]),
}


@pytest.mark.parametrize(("source", "places"), REPORTED.values(), ids=REPORTED)
def test_reported(tmp_path, source, places):
    done = check(tmp_path, source)
    assert (done.status, done.places) == (1, places)


SILENT = {
    "it hides a finding": STOP.format("  # noqa: SST101"),
    "it hides one of several rules by their prefix": STOP.format("  # noqa: SST1"),
    "bare": "x = 1  # noqa\n",
    "codes of other tools": "x = 1  # noqa: E501,F401\n",
    "a code that only looks like ours": "x = 1  # noqa: S101\n",
    "in a docstring": '"""Write `# noqa: SST101` behind the call."""\n',
    "in a string over lines": 'x = """\n# noqa: SST101\n"""\n',
    "in a comment that is none of its kind": "x = 1  # SST101 is not hidden\n",
    "lower case, which is no code": "x = 1  # noqa: sst101\n",
    "itself": "x = 1  # noqa: SST101, SST011\n",
    "the file is left out": "# flake8: noqa\nx = 1  # noqa: SST101\n",
}


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_silent(tmp_path, source):
    done = check(tmp_path, source)
    assert (done.status, done.out) == (0, "")


def test_a_rule_that_is_off_now_is_still_hidden(tmp_path):
    source = RULES["SST201"].bad.rstrip() + "  # noqa: SST201\n"
    assert check(tmp_path, source).status == 0
    assert check(tmp_path, STOP.format("  # noqa: SST101"), "--ignore", "SST101").status == 0


def test_it_is_off_unless_it_is_asked_for(tmp_path):
    source = "x = 1  # noqa: SST101\n"
    assert check(tmp_path, source, select="SST201").status == 0
    assert check(tmp_path, source, "--select", "SST").status == 1
    assert check(tmp_path, source, "--ignore", "SST011").status == 0


def test_of_a_broken_file_nothing_is_said_but_that(tmp_path):
    done = check(tmp_path, "stop_instances(  # noqa: SST101\n")
    assert "SST011" not in done.out


def test_test_code_is_left_out_as_ever(tmp_path):
    write(tmp_path, {"test_a.py": "x = 1  # noqa: SST101\n"})
    assert check(tmp_path, "").status == 0


def test_examples_of_the_catalogue(tmp_path):
    rule = RULES["SST011"]
    assert check(tmp_path, rule.bad).places == ["a.py:3:24: SST011"]
    assert check(tmp_path, rule.good).status == 0


def test_flake8_reports_it_too(tmp_path):
    write(tmp_path, {".git/HEAD": "", "a.py": "x = 1  # noqa: SST101\n", "b.py": UNGUARDED})
    done = flake8("--select=SST101,SST011", cwd=tmp_path)
    assert done.places == ["./a.py:1:16: SST011", "./b.py:2:5: SST101"]

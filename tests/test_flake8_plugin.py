"""The plugin inside real flake8: in this process where it is not the process that matters."""

from __future__ import annotations

import sys

import pytest

from commands import HARMLESS, UNGUARDED, run, write
from commands import check as check_as_process
from commands import flake8 as flake8_as_process
from inprocess import check, flake8

ON_BY_DEFAULT = b"""\
import os

LIMIT = int(os.getenv("IDLE_LIMIT", "5"))


def work(ec2, ids, idle_rounds):
    if LIMIT > 0 and idle_rounds >= LIMIT:
        ec2.stop_instances(InstanceIds=ids)
"""


def test_findings_are_printed_and_counted(tmp_path):
    done = flake8_as_process("--select", "SST", "a.py", cwd=write(tmp_path, {"a.py": UNGUARDED}))
    assert (done.status, done.places) == (1, ["a.py:2:5: SST101"])


def test_is_on_without_being_selected(tmp_path):
    done = flake8("a.py", cwd=write(tmp_path, {"a.py": UNGUARDED}))
    assert "a.py:2:5: SST101" in done.places


def test_messages_are_those_of_check(tmp_path):
    write(tmp_path, {"a.py": UNGUARDED})
    assert flake8_as_process("--select=SST", "a.py", cwd=tmp_path).out == check_as_process("a.py", cwd=tmp_path).out


ENCODED = {
    "CRLF": b"x = 1\r\nec2.stop_instances()\r\n",
    "lone CR": b"x = 1\rec2.stop_instances()\r",
    "byte order mark": b"\xef\xbb\xbfec2.stop_instances()\n",
    "form feed": b"if x:\n\f    ec2.stop_instances()\n    ec2.stop_instances()\n",
    "latin-1": b"# coding: latin-1\n'\xe9'; ec2.stop_instances()\n",
    "wide characters": "'日本😀'; ec2.stop_instances()\n".encode(),
    "no end of line": b"ec2.stop_instances()",
    "in a multi-line string": b'x = f"""\n{ec2.stop_instances()}"""\n',
}


def test_places_are_those_of_check(tmp_path):
    write(tmp_path, {f"{name.replace(' ', '_')}.py": data for name, data in ENCODED.items()})
    names = sorted(path.name for path in tmp_path.iterdir())
    expected = check_as_process(*names, cwd=tmp_path).out.splitlines()
    assert len({line.partition(":")[0] for line in expected}) == len(ENCODED)
    assert sorted(flake8_as_process("--select=SST", *names, cwd=tmp_path).out.splitlines()) == sorted(expected)


@pytest.mark.parametrize("name", ["lone CR", "byte order mark", "latin-1"])
def test_places_in_standard_input_are_those_of_check(tmp_path, name):
    data = ENCODED[name]
    expected = check("-", cwd=tmp_path, stdin=data).places
    assert expected
    assert flake8("--select=SST", "-", cwd=tmp_path, stdin=data).places == expected


def test_standard_input_that_is_not_in_the_encoding_it_declares(tmp_path):
    data = b"# coding: ascii\nx = '\xc3\xa9'\n" + UNGUARDED
    done = flake8_as_process("--select=SST", "-", cwd=tmp_path, stdin=data)
    assert "Traceback" not in done.err
    assert done.places == check("-", cwd=tmp_path, stdin=data).places


def test_jobs_find_the_same(tmp_path):
    write(tmp_path, {f"worker{number}.py": UNGUARDED for number in range(20)})
    one, many = (flake8_as_process("--select=SST", f"--jobs={jobs}", ".", cwd=tmp_path) for jobs in (1, 2))
    assert len(one.places) == 20
    assert one.out == many.out


class TestSelection:
    CASES = {
        "off by default": ([], 0),
        "selected too": (["--extend-select=SST201"], 1),
        "selected alone": (["--select=SST201"], 1),
        "selected by a near prefix": (["--select=SST2"], 1),
        "the prefix of all": (["--select=SST"], 0),
        "ignored again": (["--extend-select=SST201", "--ignore=SST201"], 0),
    }

    @pytest.mark.parametrize(("arguments", "count"), CASES.values(), ids=CASES)
    def test_rule_that_is_off_by_default(self, tmp_path, arguments, count):
        done = flake8(*arguments, "a.py", cwd=write(tmp_path, {"a.py": ON_BY_DEFAULT}))
        assert done.out.count("SST201") == count

    def test_is_read_from_flake8s_configuration(self, tmp_path):
        write(tmp_path, {"a.py": ON_BY_DEFAULT, ".flake8": "[flake8]\nextend-select = SST201\n"})
        assert "SST201" in flake8("a.py", cwd=tmp_path).out

    def test_is_read_from_pyproject(self, tmp_path):
        write(tmp_path, {"a.py": ON_BY_DEFAULT, "pyproject.toml": '[tool.selfstop]\nextend-select = ["SST201"]'})
        assert "SST201" in flake8("a.py", cwd=tmp_path).out

    def test_per_file_ignores_of_flake8(self, tmp_path):
        write(tmp_path, {"a.py": UNGUARDED, "b.py": UNGUARDED})
        done = flake8("--select=SST", "--per-file-ignores=a.py:SST101", ".", cwd=tmp_path)
        assert done.places == ["./b.py:2:5: SST101"]

    def test_noqa_and_its_switch(self, tmp_path):
        write(tmp_path, {"a.py": UNGUARDED.rstrip() + b"  # noqa: SST1\n"})
        assert flake8("--select=SST", "a.py", cwd=tmp_path).status == 0
        assert flake8("--select=SST", "--disable-noqa", "a.py", cwd=tmp_path).places == ["a.py:2:5: SST101"]


class TestConfiguration:
    TABLES = {
        "ignore": 'ignore = ["SST101"]',
        "per-file-ignores": 'per-file-ignores = {"a.py" = ["SST101"]}',
        "exclude": 'exclude = ["a.py"]',
        "stop-calls": 'stop-calls = ["halt_it"]',
        "select": 'select = ["SST102"]',
    }

    @pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
    def test_the_table_counts(self, tmp_path, table):
        write(tmp_path, {"a.py": UNGUARDED, "pyproject.toml": f"[tool.selfstop]\n{table}"})
        assert flake8("--select=SST", "a.py", cwd=tmp_path).out == ""

    OPTIONS = {
        "stop calls": (["--selfstop-stop-calls=halt_it"], []),
        "more stop calls": (
            ["--selfstop-extend-stop-calls=print,halt_it"],
            ["a.py:2:5: SST101", "b.py:1:1: SST101"],
        ),
        "exclude": (["--selfstop-exclude=a.py"], []),
        "target": (["--selfstop-target=self"], ["a.py:2:5: SST101"]),
        "tests": (["--selfstop-include-tests", "test_c.py"], ["a.py:2:5: SST101", "test_c.py:2:5: SST101"]),
        "no tests": (["test_c.py"], ["a.py:2:5: SST101"]),
    }

    @pytest.mark.parametrize(("arguments", "expected"), OPTIONS.values(), ids=OPTIONS)
    def test_options_mirror_the_table(self, tmp_path, arguments, expected):
        write(tmp_path, {"a.py": UNGUARDED, "b.py": HARMLESS, "test_c.py": UNGUARDED})
        assert flake8("--select=SST", *arguments, "a.py", "b.py", cwd=tmp_path).places == expected

    def test_options_may_stand_in_flake8s_configuration(self, tmp_path):
        config = "[flake8]\nselfstop-stop-calls =\n    halt_it\n    print\nselfstop_include_tests = true\n"
        write(tmp_path, {"a.py": UNGUARDED, "test_b.py": HARMLESS, ".flake8": config})
        assert flake8("--select=SST", ".", cwd=tmp_path).places == ["./test_b.py:1:1: SST101"]

    WRONG = {
        "in the table": ("[tool.selfstop]\nselct = []", [], "unknown key `selct`: did you mean `select`?"),
        "in an option": ("", ["--selfstop-families=termniate"], "did you mean `terminate`?"),
        "in the target": ("", ["--selfstop-target=slef"], "did you mean `self`?"),
    }

    @pytest.mark.parametrize(("table", "arguments", "said"), WRONG.values(), ids=WRONG)
    def test_what_is_wrong_is_said(self, tmp_path, table, arguments, said):
        write(tmp_path, {"a.py": UNGUARDED, "pyproject.toml": table})
        done = flake8(*arguments, "a.py", cwd=tmp_path)
        assert done.status == 1
        assert said in done.out
        assert "Traceback" not in done.out + done.err


def test_what_only_we_cannot_analyse_is_reported(tmp_path):
    write(tmp_path, {"a.py": b"stop_instances(x" + b" and x" * 2600 + b")\n"})
    done = flake8("--select=SST", "a.py", cwd=tmp_path)
    assert (done.status, done.places) == (1, ["a.py:1:1: SST004"])


def test_what_python_cannot_parse_is_flake8s_to_report(tmp_path):
    done = flake8("--select=SST,E9", "a.py", cwd=write(tmp_path, {"a.py": b"stop_instances(\n"}))
    assert [place.split()[1] for place in done.places] == ["E999"]


def test_standard_input_has_its_name_and_its_contents(tmp_path):
    write(tmp_path, {"a.py": HARMLESS})
    done = flake8_as_process("--select=SST", "--stdin-display-name=a.py", "-", cwd=tmp_path, stdin=UNGUARDED)
    assert done.places == ["a.py:2:5: SST101"]


def test_libcst_is_imported_only_where_a_stop_call_is_named(tmp_path):
    program = (
        "import sys; from flake8.main.cli import main; main(['--select=SST', '--jobs=1', 'a.py']);"
        "print('libcst' in sys.modules, file=sys.stderr)"
    )
    for contents, expected in ((HARMLESS, "False"), (UNGUARDED, "True")):
        write(tmp_path, {"a.py": contents})
        assert run(sys.executable, "-c", program, cwd=tmp_path).err.strip() == expected

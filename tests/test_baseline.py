"""A team with old code: what is known is counted, what is new fails, what is gone is named."""

from __future__ import annotations

import json

import pytest

from commands import UNGUARDED, write
from inprocess import flake8, selfstop

CONFIG = '[tool.selfstop]\nbaseline = "known.json"\n'
ANOTHER = b"\n\ndef halt(client):\n    client.stop_instances(InstanceIds=[1])\n"


@pytest.fixture
def project(tmp_path):
    """A project whose two findings are known."""
    write(tmp_path, {"pyproject.toml": CONFIG, "a.py": UNGUARDED, "sub/b.py": UNGUARDED})
    done = selfstop("check", "--write-baseline", cwd=tmp_path)
    assert (done.status, done.out) == (0, "")
    assert "wrote 2 findings to known.json" in done.err
    return tmp_path


def check(directory, *arguments):
    return selfstop("check", "--output-format", "concise", *arguments, cwd=directory)


def entries(directory, name="known.json"):
    return [(entry["path"], entry["function"]) for entry in json.loads((directory / name).read_bytes())["findings"]]


def test_known_findings_are_counted_and_not_shown(project):
    done = check(project)
    assert (done.status, done.out) == (0, "")
    assert "0 findings, 2 files checked, 0 suppressed by `# noqa`, 2 by the baseline" in done.err


def test_the_file_has_no_line_numbers_and_says_what_is_meant(project):
    document = json.loads((project / "known.json").read_bytes())
    assert document["version"] == 1
    first = {"code": "SST101", "path": "a.py", "function": "finish", "call": "ec2.stop_instances"}
    assert document["findings"][0] == {**first, "fingerprint": document["findings"][0]["fingerprint"]}


SURVIVED = {
    "moved lines": b"import os\n\n\n" + UNGUARDED,
    "a renamed sibling": b"def renamed():\n    pass\n\n\n" + UNGUARDED,
    "another layout": UNGUARDED.replace(b"(InstanceIds=ids)", b"(\n        InstanceIds=ids,\n    )"),
}


@pytest.mark.parametrize("source", SURVIVED.values(), ids=SURVIVED)
def test_it_survives(project, source):
    write(project, {"a.py": source})
    assert check(project).status == 0


def test_new_findings_fail(project):
    write(project, {"a.py": UNGUARDED + ANOTHER})
    done = check(project)
    assert (done.status, done.places) == (1, ["a.py:6:5: SST101"])
    assert "1 finding, " in done.err


def test_a_second_call_like_a_known_one_is_new(project):
    write(project, {"a.py": UNGUARDED + UNGUARDED.splitlines(keepends=True)[1]})
    assert check(project).places == ["a.py:3:5: SST101"]


def test_entries_without_a_finding_are_named(project):
    write(project, {"a.py": b""})
    (project / "sub" / "b.py").unlink()
    done = check(project)
    assert done.status == 0
    stale = [line for line in done.err.splitlines() if "stale in the baseline" in line]
    assert [line.rpartition("any more: ")[2] for line in stale] == [
        "a.py: SST101 ec2.stop_instances() in finish",
        "sub/b.py: SST101 ec2.stop_instances() in finish",
    ]


def test_of_files_that_were_not_checked_nothing_is_stale(project):
    assert "stale" not in check(project, "sub").err
    write(project, {"a.py": b"stop_instances("})
    done = check(project)
    assert (done.status, "stale" in done.err) == (2, False)


def test_what_is_hidden_in_another_way_is_not_stale(project):
    assert "stale" not in check(project, "--select", "SST102").err
    write(project, {"a.py": UNGUARDED.rstrip() + b"  # noqa: SST101\n"})
    done = check(project)
    assert "stale" not in done.err
    assert "1 suppressed by `# noqa`, 1 by the baseline" in done.err


class TestWriting:
    def test_it_takes_out_what_is_gone(self, project):
        write(project, {"a.py": b""})
        selfstop("check", "--write-baseline", cwd=project)
        assert entries(project) == [("sub/b.py", "finish")]

    def test_a_run_on_some_files_keeps_the_others(self, project):
        write(project, {"a.py": UNGUARDED + ANOTHER})
        selfstop("check", "--write-baseline", "a.py", cwd=project)
        assert entries(project) == [("a.py", "finish"), ("a.py", "halt"), ("sub/b.py", "finish")]

    def test_a_run_with_some_rules_keeps_the_others(self, project):
        selfstop("check", "--write-baseline", "--select", "SST102", cwd=project)
        assert len(entries(project)) == 2

    def test_twice_gives_the_same_bytes(self, project):
        first = (project / "known.json").read_bytes()
        selfstop("check", "--write-baseline", cwd=project)
        assert (project / "known.json").read_bytes() == first

    def test_without_a_configuration_it_says_what_to_add(self, tmp_path):
        write(tmp_path, {".git/HEAD": "", "a.py": UNGUARDED})
        done = selfstop("check", "--write-baseline", cwd=tmp_path)
        assert 'set `baseline = "selfstop-baseline.json"` in [tool.selfstop]' in done.err
        assert entries(tmp_path, "selfstop-baseline.json") == [("a.py", "finish")]
        assert check(tmp_path, "--baseline", "selfstop-baseline.json").status == 0

    def test_a_broken_file_is_status_2(self, project):
        write(project, {"c.py": b"stop_instances("})
        done = selfstop("check", "--write-baseline", cwd=project)
        assert (done.status, "1 file not analysed" in done.err) == (2, True)

    @pytest.mark.parametrize("others", [["--diff-base", "HEAD"], ["-"]], ids=["a comparison", "standard input"])
    def test_it_does_not_go_with(self, project, others):
        done = selfstop("check", "--write-baseline", *others, cwd=project)
        assert (done.status, "--write-baseline goes neither with" in done.err) == (2, True)


def test_an_option_starts_in_the_current_directory(project):
    done = selfstop("check", "--baseline", "../known.json", cwd=project / "sub")
    assert done.status == 0


def test_json_counts(project):
    document = json.loads(selfstop("check", "--output-format", "json", cwd=project).out)
    assert document["suppressed"] == {"noqa": 0, "baseline": 2}


def test_flake8_knows_it_too(project):
    write(project, {"a.py": UNGUARDED + ANOTHER})
    assert flake8("--select=SST", cwd=project).places == ["./a.py:6:5: SST101"]


BROKEN = {
    "missing": (None, "there is no such file; `selfstop check --write-baseline` writes it"),
    "no JSON": ("{", "not valid JSON"),
    "nested too deep": ("[" * 200_000, "not valid JSON"),
    "no object": ("[]", "not a baseline"),
    "another version": ('{"version": 2, "findings": []}', "version 2 is not 1"),
    "an entry without a fingerprint": ('{"version": 1, "findings": [{"code": "SST101"}]}', "not a baseline"),
    "a number for a text": (
        '{"version": 1, "findings": [{"path": 1, "code": "", "function": "", "call": "", "fingerprint": ""}]}',
        "are strings",
    ),
}


@pytest.mark.parametrize(("contents", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_baseline_is_status_2_and_said(tmp_path, contents, said):
    write(tmp_path, {"pyproject.toml": CONFIG, "a.py": UNGUARDED})
    if contents is not None:
        write(tmp_path, {"known.json": contents})
    done = check(tmp_path)
    assert (done.status, done.out) == (2, "")
    assert "known.json: " in done.err
    assert said in done.err


def test_a_broken_baseline_ends_flake8(tmp_path):
    write(tmp_path, {"pyproject.toml": CONFIG, "a.py": UNGUARDED})
    done = flake8("--select=SST", cwd=tmp_path)
    assert done.status == 1
    assert "selfstop: `baseline`: known.json: there is no such file" in done.err + done.out
    assert "Traceback" not in done.err

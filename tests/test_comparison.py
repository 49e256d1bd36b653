"""`--diff-base REV`: what a change introduces is reported, what it fixes is named, what was there is counted."""

from __future__ import annotations

import json
import shutil

import pytest

from commands import HARMLESS, UNGUARDED, run, write
from inprocess import selfstop

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

ANOTHER = b"\n\ndef halt(client):\n    client.stop_instances(InstanceIds=[1])\n"


def git(directory, *arguments):
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    done = run("git", *settings, *arguments, cwd=directory)
    assert done.status == 0, done.err
    return done.out.strip()


def commit(directory, files=None):
    write(directory, files or {})
    git(directory, "add", "--all", ".")
    git(directory, "commit", "--quiet", "--allow-empty", "--message=x")
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=main", ".")
    commit(tmp_path, {"a.py": UNGUARDED, "b.py": UNGUARDED, "readme.md": "stop_instances"})
    return tmp_path


def check(directory, *arguments, base="main"):
    return selfstop("check", "--output-format", "concise", "--diff-base", base, *arguments, cwd=directory)


def told(done, word):
    return [line.partition(f" {word}: ")[2] for line in done.err.splitlines() if f" {word}: " in line]


def test_without_a_change_nothing_is_reported(repository):
    done = check(repository)
    assert (done.status, done.out) == (0, "")
    assert "0 findings, 2 files checked, 0 suppressed by `# noqa`, 2 unchanged since " in done.err
    assert done.err.rstrip().endswith(", 0 fixed")


CHANGES = {
    "lines moved": ({"a.py": b"import os\n\n" + UNGUARDED}, [], []),
    "a call added": ({"a.py": UNGUARDED + ANOTHER}, ["a.py:6:5: SST101"], []),
    "a file added": ({"c.py": UNGUARDED}, ["c.py:2:5: SST101"], []),
    "a call taken out": ({"a.py": HARMLESS}, [], ["a.py: SST101 ec2.stop_instances() in finish"]),
    "hidden by a comment, which fixes nothing": ({"a.py": UNGUARDED.rstrip() + b"  # noqa\n"}, [], []),
    "another rule": (
        {"a.py": b"def finish(ec2, ids):\n    if not ids:\n        ec2.stop_instances(InstanceIds=ids)\n"},
        ["a.py:3:9: SST103"],
        ["a.py: SST101 ec2.stop_instances() in finish"],
    ),
}


@pytest.mark.parametrize(("files", "places", "fixed"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_work_tree(repository, files, places, fixed):
    write(repository, files)
    done = check(repository)
    assert (done.status, done.places) == (int(bool(places)), places)
    assert told(done, "fixed") == fixed


def test_a_guard_taken_away_in_another_file_is_a_change(repository):
    caller = "from c import stop_host\n\n\ndef work(idle):\n    {}stop_host()\n"
    callee = "def stop_host():\n    ec2.stop_instances()\n"
    commit(repository, {"c.py": callee, "d.py": caller.format("if idle >= 5:\n        ")})
    write(repository, {"d.py": caller.format("")})
    assert check(repository).places == ["d.py:5:5: SST101"]


def test_a_moved_file_is_no_change(repository):
    git(repository, "mv", "a.py", "sub.py")
    done = check(repository)
    assert (done.status, done.out, told(done, "fixed")) == (0, "", [])
    write(repository, {"sub.py": UNGUARDED + ANOTHER})
    assert check(repository).places == ["sub.py:6:5: SST101"]


def test_a_copied_file_is_new(repository):
    write(repository, {"copy.py": UNGUARDED})
    assert check(repository).places == ["copy.py:2:5: SST101"]


def test_a_deleted_file_is_fixed(repository):
    (repository / "a.py").unlink()
    assert told(check(repository), "fixed") == ["a.py: SST101 ec2.stop_instances() in finish"]
    assert told(check(repository, "b.py"), "fixed") == []


def test_it_is_compared_with_where_the_branch_left(repository):
    """What was fixed on the main branch meanwhile is nothing that this branch introduces."""
    left = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "-b", "topic")
    commit(repository, {"c.py": HARMLESS})
    git(repository, "checkout", "--quiet", "main")
    commit(repository, {"a.py": HARMLESS})
    git(repository, "checkout", "--quiet", "topic")
    done = check(repository)
    assert (done.status, done.out) == (0, "")
    assert f"2 unchanged since {left[:12]}" in done.err


def test_a_root_below_the_repository(repository):
    commit(repository, {"app/pyproject.toml": "[tool.selfstop]\n", "app/c.py": UNGUARDED})
    write(repository, {"app/c.py": UNGUARDED + ANOTHER})
    assert check(repository / "app").places == ["c.py:6:5: SST101"]


def test_todays_configuration_counts(repository):
    commit(repository, {"tests/test_a.py": UNGUARDED, "vendor/v.py": UNGUARDED})
    assert "2 unchanged" in check(repository, "--exclude", "vendor").err
    assert "4 unchanged" in check(repository, "--include-tests").err


def test_files_that_could_not_be_analysed_then_are_told(repository):
    commit(repository, {"a.py": b"stop_instances("})
    write(repository, {"a.py": UNGUARDED})
    done = check(repository)
    assert done.places == ["a.py:2:5: SST101"]
    assert "1 file could not be analysed at " in done.err


def test_json_has_the_comparison(repository):
    base = git(repository, "rev-parse", "HEAD")
    write(repository, {"a.py": HARMLESS})
    comparison = json.loads(selfstop("check", "--diff-base", "HEAD", "--output-format", "json", cwd=repository).out)[
        "comparison"
    ]
    assert (comparison["revision"], comparison["unchanged"], comparison["unreadable"]) == (base, 1, 0)
    assert [(entry["path"], entry["code"], entry["callee"]) for entry in comparison["fixed"]] == [
        ("a.py", "SST101", "ec2.stop_instances")
    ]


@pytest.mark.parametrize("base", ["nowhere", "--all", "HEAD:a.py", ""])
def test_no_such_commit_is_2_and_said(repository, base):
    done = check(repository, base=base)
    assert (done.status, done.out) == (2, "")
    assert "git knows no commit" in done.err


def test_outside_of_a_repository_it_is_2_and_said(tmp_path):
    done = check(write(tmp_path, {"a.py": UNGUARDED}))
    assert (done.status, "git knows no commit" in done.err) == (2, True)

"""What git ignores is left out; a repository cannot make that run its programs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands import check as check_as_process
from inprocess import check
from selfstop.project.repository import git as asked
from selfstop.project.repository.git import Repository

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

STOP = "import boto3\n\nboto3.client('ec2').stop_instances(InstanceIds=['i-1'])\n"


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    for name in ("kept.py", "generated/made.py", "also/ignored_one.py", "also/tracked.py"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STOP, encoding="utf-8")
    (root / ".gitignore").write_text("generated/\nignored_*.py\ntracked.py\n", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "add", "--force", "also/tracked.py")
    return root


def checked(root: Path, *arguments: str) -> list[str]:
    done = check(*arguments, cwd=root)
    return [line.partition(":")[0] for line in done.out.splitlines()]


def test_ignored_files_are_left_out_and_tracked_ones_are_not(repository):
    assert checked(repository) == ["also/tracked.py", "kept.py"]
    assert check_as_process(cwd=repository).out == check(cwd=repository).out


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (["generated"], ["generated/made.py"]),
        (["generated/made.py"], ["generated/made.py"]),
        (["also"], ["also/tracked.py"]),
        (["also/ignored_one.py", "kept.py"], ["also/ignored_one.py", "kept.py"]),
    ],
)
def test_what_is_named_is_checked(repository, named, found):
    assert checked(repository, *named) == found


def test_ignored_files_are_said_when_asked_for(repository):
    done = check("--verbose", cwd=repository)
    assert "selfstop: ignored by git generated/made.py" in done.err
    assert "2 files ignored by git" in done.err


def test_nothing_is_ignored_outside_of_a_repository(tmp_path):
    (tmp_path / ".gitignore").write_text("*.py\n", encoding="utf-8")
    with Repository(tmp_path, ["a"]) as outside:
        assert outside.ignored() == frozenset()
        assert outside.unseen() is None
        assert outside.search(["a"]) is None


def test_names_may_be_anything(repository):
    (repository / "generated" / "a\nb.py").write_text(STOP, encoding="utf-8")
    (repository / "ignored_ü \n.py").write_text(STOP, encoding="utf-8")
    with Repository(repository, ["a"]) as inside:
        assert inside.ignored() == {"generated", "also/ignored_one.py", "ignored_ü \n.py"}


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a shell script")
@pytest.mark.parametrize("key", ["core.fsmonitor", "core.pager", "core.editor", "diff.external", "core.sshCommand"])
def test_the_configuration_of_a_repository_runs_nothing(repository, tmp_path, key):
    trace = tmp_path / "trace"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n", encoding="utf-8")
    program.chmod(0o755)
    git(repository, "config", key, str(program))
    assert checked(repository) == ["also/tracked.py", "kept.py"]
    assert not trace.exists()


def test_a_broken_repository_ignores_nothing(repository):
    (repository / ".git" / "HEAD").write_text("nonsense", encoding="utf-8")
    assert len(checked(repository)) == 4


@pytest.fixture
def searched_by_git(monkeypatch):
    """Every repository counts as large, for runs in this process."""
    monkeypatch.setattr(asked, "_LARGE_INDEX_IN_BYTES", 0)


def found_in_process(root: Path) -> list[str]:
    from selfstop.session import Request, run

    return [finding.call.path for finding in run(Request(paths=(root,))).report.findings]


def test_search_by_git_finds_what_a_search_of_all_files_finds(repository, searched_by_git):
    (repository / "new ü.py").write_text(STOP, encoding="utf-8")
    inner = repository / "inner"
    inner.mkdir()
    (inner / "own.py").write_text(STOP, encoding="utf-8")
    git(inner, "init", "--quiet")
    (repository / "harmless.py").write_text("print(1)\n", encoding="utf-8")
    git(repository, "add", "harmless.py", "kept.py")
    git(repository, "update-index", "--assume-unchanged", "harmless.py")
    (repository / "harmless.py").write_text(STOP, encoding="utf-8")
    (repository / "kept.py").unlink()
    expected = ["also/tracked.py", "harmless.py", "inner/own.py", "new ü.py"]
    with Repository(repository, ["stop_instances"]) as large:
        assert large.unseen() == {"also/tracked.py"}
        assert large.search(["stop_instances"]) == {"harmless.py", "new ü.py"}
        assert large.search(["boto3", "nothing"]) == {"harmless.py", "new ü.py"}
        assert large.search(["no such word"]) == frozenset()
    assert found_in_process(repository) == expected
    assert checked(repository) == expected

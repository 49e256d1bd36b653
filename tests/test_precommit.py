"""The hooks, run by pre-commit in a repository of their own."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from commands import HARMLESS, UNGUARDED, Finished, run, write

PROJECT = Path(__file__).parent.parent
HOOKS = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(*arguments: str, cwd: Path) -> None:
    settings = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    done = run("git", *settings, *arguments, cwd=cwd)
    assert done.status == 0, done.err


def pre_commit(*arguments: str, cwd: Path, home: Path, timeout: float = 60) -> Finished:
    env = {"PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "PATH": _path_with_selfstop()}
    return run(sys.executable, "-m", "pre_commit", *arguments, cwd=cwd, env=env, timeout=timeout)


def _path_with_selfstop() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with our hooks, run from where this test suite's selfstop is installed."""
    local = [{**hook, "language": "system"} for hook in HOOKS]
    config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": local}]})
    directory = write(tmp_path / "repository", {".pre-commit-config.yaml": config, "readme.md": ""})
    git("init", "--quiet", ".", cwd=directory)
    return directory


def commit(repository: Path, **files: bytes) -> None:
    write(repository, {f"{name}.py": contents for name, contents in files.items()})
    git("add", ".", cwd=repository)
    git("commit", "--quiet", "--no-verify", "--message=x", cwd=repository)


def findings(done: Finished) -> list[str]:
    return sorted(line.split(" ")[0] for line in done.out.splitlines() if " SST" in line)


def test_changed_files_are_checked(repository, tmp_path):
    commit(repository, old=UNGUARDED)
    write(repository, {"new.py": UNGUARDED, "harmless.py": HARMLESS})
    git("add", ".", cwd=repository)
    done = pre_commit("run", "selfstop", cwd=repository, home=tmp_path / "home")
    assert (done.status, findings(done)) == (1, ["new.py:2:5:"])


def test_the_whole_repository_is_checked_once(repository, tmp_path):
    commit(repository, old=UNGUARDED)
    write(repository, {"new.py": UNGUARDED})
    git("add", ".", cwd=repository)
    done = pre_commit("run", "selfstop-all", cwd=repository, home=tmp_path / "home")
    assert (done.status, findings(done)) == (1, ["new.py:2:5:", "old.py:2:5:"])


@pytest.mark.parametrize("hook", ["selfstop", "selfstop-all"])
def test_nothing_found_passes(repository, tmp_path, hook):
    commit(repository, a=HARMLESS)
    done = pre_commit("run", hook, "--all-files", cwd=repository, home=tmp_path / "home")
    assert (done.status, findings(done)) == (0, [])
    assert "Passed" in done.out


def test_changed_test_code_alone_passes(repository, tmp_path):
    commit(repository, test_a=UNGUARDED)
    assert pre_commit("run", "selfstop", "--all-files", cwd=repository, home=tmp_path / "home").status == 0


def test_many_files_are_reported_once_each(repository, tmp_path):
    commit(repository, **{f"worker_{number:03}": UNGUARDED for number in range(120)})
    done = pre_commit("run", "selfstop", "--all-files", cwd=repository, home=tmp_path / "home")
    assert len(findings(done)) == len(set(findings(done))) == 120


@pytest.mark.slow
def test_pre_commit_installs_us(tmp_path):
    """As users get it: pre-commit clones the project and installs it into an environment of its own."""
    clone = tmp_path / "selfstop"
    ignored = shutil.ignore_patterns(".git", ".venv", "*cache*", ".hypothesis", "*.egg-info")
    shutil.copytree(PROJECT, clone, ignore=ignored)
    git("init", "--quiet", ".", cwd=clone)
    git("add", ".", cwd=clone)
    git("commit", "--quiet", "--message=x", cwd=clone)
    user = write(tmp_path / "user", {"a.py": UNGUARDED})
    git("init", "--quiet", ".", cwd=user)
    git("add", ".", cwd=user)
    done = pre_commit("try-repo", str(clone), "selfstop", "--all-files", cwd=user, home=tmp_path / "home", timeout=300)
    assert (done.status, findings(done)) == (1, ["a.py:2:5:"]), done.err

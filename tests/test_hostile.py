"""A repository that is checked cannot run code, read what lies outside of it, hang the program or flood its output."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from commands import HARMLESS, PLACE_OF_UNGUARDED, UNGUARDED, Finished, check, flake8, run, write
from inprocess import selfstop
from selfstop.config import EngineOptions
from selfstop.engine import check as engine_check
from selfstop.output import FORMATS
from selfstop.output.message import MAX_MESSAGE
from selfstop.project.loading import workers
from selfstop.project.repository import git as asked
from selfstop.session import Request
from selfstop.session import run as session_run

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes, sockets and scripts")
NEEDS_GIT = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

STOP = UNGUARDED.decode()
SHADOWED = ("ast", "boto3", "click", "concurrent", "conftest", "json", "libcst", "multiprocessing", "runpy", "signal")
SHADOWED += ("sitecustomize", "socket", "struct", "tomllib", "types", "usercustomize")

IMPORTED_BY_PYTHON = ("types",)
"""What Python itself imports from the current directory with ``-m``, before anything of ours runs."""

CHECK_AS_THE_SCRIPT_DOES = "import sys; sys.argv[0] = 'selfstop'; from selfstop.cli import main; main()"


def traps(trace: Path) -> dict[str, str]:
    """Modules under the names of those that selfstop imports, each of which leaves a trace when it is imported."""
    code = f"open({str(trace)!r}, 'a', encoding='utf-8').write(__name__)\n"
    return {f"{name}.py": code for name in SHADOWED} | {"setup.py": code, "worker.py": code + STOP}


def checked(root: Path, *arguments: str) -> Finished:
    """Run as the installed script does, which does not import from the current directory."""
    code = ["-P", "-c", CHECK_AS_THE_SCRIPT_DOES, "check", "--output-format", "concise", *arguments]
    return run(sys.executable, *code, cwd=root)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True)


class TestNothingIsRun:
    def test_modules_in_the_repository_are_not_imported(self, tmp_path):
        trace = tmp_path / "trace"
        root = write(tmp_path / "repository", traps(trace))
        assert checked(root).places == ["worker.py:3:5: SST101"]
        assert not trace.exists()

    def test_nor_when_selfstop_is_run_as_a_module(self, tmp_path):
        trace = tmp_path / "trace"
        files = traps(trace)
        for name in IMPORTED_BY_PYTHON:
            del files[f"{name}.py"]
        root = write(tmp_path / "repository", files)
        assert check(cwd=root).places == ["worker.py:3:5: SST101"]
        assert not trace.exists()

    def test_nor_by_the_processes_that_parse(self, tmp_path):
        trace = tmp_path / "trace"
        root = write(tmp_path / "repository", {**traps(trace), "a.py": STOP, "b.py": STOP})
        code = f"from selfstop.project.loading import workers; workers.WORTHWHILE_LINES = 0; {CHECK_AS_THE_SCRIPT_DOES}"
        # As a script: without -P, which new processes would inherit, and without the current directory.
        script = tmp_path / "elsewhere" / "script.py"
        write(script.parent, {script.name: f"if __name__ == '__main__':\n    {code}\n"})
        done = run(sys.executable, script, "check", "--jobs", "2", "--output-format", "concise", cwd=root)
        assert done.places == ["a.py:2:5: SST101", "b.py:2:5: SST101", "worker.py:3:5: SST101"], done.err
        assert not trace.exists()

    def test_the_safe_path_of_new_processes_is_ours_alone(self, monkeypatch):
        for before in (None, "", "1"):
            if before is not None:
                monkeypatch.setenv("PYTHONSAFEPATH", before)
            with workers._nothing_imported_from_here():
                assert os.environ["PYTHONSAFEPATH"] == "1"
            assert os.environ.get("PYTHONSAFEPATH") == before

    def test_code_under_scrutiny_is_only_read(self, tmp_path):
        trace = tmp_path / "trace"
        code = f"open({str(trace)!r}, 'w')\n{STOP}\nfinish(None, exit(7))\n"
        write(tmp_path / "a", {"a.py": code, "__init__.py": code, "pyproject.toml": "[tool.selfstop]\n"})
        assert check(cwd=tmp_path / "a").places == ["a.py:3:5: SST101", "__init__.py:3:5: SST101"][::-1]
        assert flake8("--select=SST", "a.py", cwd=tmp_path / "a").places == ["a.py:3:5: SST101"]
        assert not trace.exists()


@POSIX
@NEEDS_GIT
class TestGit:
    @pytest.fixture
    def program(self, tmp_path):
        """A program that leaves a trace when it is run."""
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'trace'}\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    @pytest.fixture
    def repository(self, tmp_path, monkeypatch):
        """A repository that git searches, as if it were large, with one finding."""
        monkeypatch.setattr(asked, "_LARGE_INDEX_IN_BYTES", 0)
        root = write(tmp_path / "repository", {"a.py": STOP, ".gitattributes": "*.py diff=trap filter=trap\n"})
        git(root, "init", "--quiet")
        git(root, "add", "--all")
        return root

    @staticmethod
    def found(root: Path) -> list[str]:
        return [finding.call.path for finding in session_run(Request(paths=(root,))).report.findings]

    @pytest.mark.parametrize(
        "key",
        [
            "core.fsmonitor",
            "core.pager",
            "pager.grep",
            "diff.trap.textconv",
            "diff.trap.command",
            "filter.trap.clean",
            "filter.trap.process",
            "filter.trap.smudge",
            "alias.grep",
            "alias.ls-files",
            "core.sshCommand",
            "core.gitProxy",
            "credential.helper",
        ],
    )
    def test_no_setting_runs_a_program(self, repository, program, key):
        git(repository, "config", key, f"!{program}" if key.startswith("alias.") else str(program))
        (repository / "a.py").write_text(f"# changed\n{STOP}", encoding="utf-8")
        assert self.found(repository) == ["a.py"]
        assert not (program.parent / "trace").exists()

    def test_neither_do_included_settings_nor_hooks(self, repository, program):
        (repository / "more").write_text(f"[core]\n\tfsmonitor = {program}\n", encoding="utf-8")
        git(repository, "config", "include.path", "../more")
        git(repository, "config", "core.hooksPath", ".")
        for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit"):
            shutil.copy(program, repository / hook)
        assert self.found(repository) == ["a.py"]
        assert not (program.parent / "trace").exists()

    def test_a_partial_clone_fetches_nothing(self, repository, program):
        write(repository, {"b/.gitignore": "x\n", "b/c.py": STOP})
        git(repository, "add", "--all")
        git(repository, "update-index", "--skip-worktree", "b/.gitignore")
        (repository / "b" / ".gitignore").unlink()
        blob = subprocess.check_output(["git", "-C", repository, "rev-parse", ":b/.gitignore"], text=True).strip()
        (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        for key, value in {
            "core.repositoryFormatVersion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": "ext::program",
            "protocol.ext.allow": "always",
        }.items():
            git(repository, "config", key, value.replace("program", str(program)))
        assert self.found(repository) == ["a.py", "b/c.py"]
        assert not (program.parent / "trace").exists()

    @pytest.mark.parametrize(
        "name",
        [
            ".gitignore",
            ".git/index",
            *(pytest.param(name, marks=pytest.mark.slow) for name in (".git/config", ".git/HEAD", ".git/info/exclude")),
        ],
    )
    def test_git_is_not_called_where_it_would_wait_for_a_pipe(self, repository, name):
        (repository / name).unlink(missing_ok=True)
        os.mkfifo(repository / name)
        assert check(cwd=repository, timeout=30).places == [f"a.py{PLACE_OF_UNGUARDED}".strip()]

    @pytest.mark.parametrize("contents", ["gitdir: /nowhere\n", "gitdir: .\n", "nonsense\n", "", "gitdir: \x1b[2J\n"])
    def test_a_git_file_that_leads_nowhere_ignores_nothing(self, tmp_path, contents):
        root = write(tmp_path / "repository", {"a.py": STOP, ".git": contents, ".gitignore": "a.py\n"})
        assert self.found(root) == ["a.py"]

    def test_nested_repositories_and_submodules_are_checked_like_directories(self, repository):
        for name in ("nested", "module"):
            write(repository / name, {"n.py": STOP, ".gitignore": "left.py\n", "left.py": STOP})
            git(repository / name, "init", "--quiet")
        (repository / "module" / ".git").rename(repository / ".git" / "modules")
        (repository / "module" / ".git").write_text("gitdir: ../.git/modules\n", encoding="utf-8")
        (repository / ".gitmodules").write_text('[submodule "module"]\n\tpath = module\n', encoding="utf-8")
        assert {"a.py", "module/n.py", "nested/n.py"} <= set(self.found(repository))


class TestConfiguration:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            pytest.param("[tool.selfstop]\nselect = " + "[" * 20_000, "nested too deep", id="deep"),
            pytest.param("[tool.selfstop]\nselect = " + "9" * 5_000, "not valid TOML", id="a number too long to read"),
            pytest.param("[tool.selfstop]\n" + "k" * 100_000 + " = 1", "unknown key `kkk", id="a key too long to show"),
            pytest.param('[tool.selfstop]\nselect = "' + "k" * 100_000 + '"', "list of strings", id="a long value"),
            pytest.param('[tool.selfstop]\n"\\u001b[2J\\u202e" = 1', "`\\x1b[2J\\u202e`", id="escape sequences"),
            pytest.param('[tool.selfstop]\n"a\\nb.py:1:1: SST101" = 1', "a\\nb.py", id="line ends"),
        ],
    )
    def test_what_is_wrong_is_said_in_one_short_line(self, tmp_path, text, said):
        done = selfstop("check", cwd=write(tmp_path, {"pyproject.toml": text, "a.py": HARMLESS}))
        assert done.status == 2
        assert said in done.err
        assert len(done.err.splitlines()) == 1
        assert len(done.err) < 1_500

    def test_patterns_do_not_take_for_ever(self, tmp_path):
        pattern = "*a" * 200 + "b"
        files = {"pyproject.toml": f'[tool.selfstop]\nexclude = ["{pattern}", "[z-a]", "[", "**/**/**"]\n'}
        done = check(cwd=write(tmp_path, {**files, f"{'a' * 200}.py": STOP}), timeout=30)
        assert (done.status, len(done.places)) == (1, 1)

    @POSIX
    @pytest.mark.parametrize("kind", ["pipe", "device", "directory", "socket", "loop"])
    def test_it_is_read_from_a_file_only(self, tmp_path, kind):
        root = write(tmp_path, {"a.py": STOP})
        self.make(root / "pyproject.toml", kind)
        done = check(cwd=root, timeout=30)
        assert done.status == 2
        assert "pyproject.toml: cannot" in done.err

    @staticmethod
    def make(path: Path, kind: str) -> None:
        match kind:
            case "pipe":
                os.mkfifo(path)
            case "device":
                path.symlink_to("/dev/zero")
            case "directory":
                path.mkdir()
            case "socket":
                with socket.socket(socket.AF_UNIX) as bound:
                    bound.bind(os.path.relpath(path))
            case "loop":
                path.symlink_to(path.name)


@POSIX
class TestFiles:
    def test_pipes_devices_sockets_and_loops_are_said_and_not_waited_for(self, tmp_path, monkeypatch):
        root = write(tmp_path / "r", {"a.py": STOP, "d/b.py": STOP})
        monkeypatch.chdir(root)
        os.mkfifo("pipe.py")
        Path("self.py").symlink_to("self.py")
        Path("d/up").symlink_to("..")
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind("socket.py")
        done = check(cwd=root, timeout=30)
        assert done.status == 2
        assert done.places == [
            "a.py:2:5: SST101",
            "d/b.py:2:5: SST101",
            "pipe.py:1:1: SST001",
            "self.py:1:1: SST001",
            "socket.py:1:1: SST001",
        ]

    def test_nothing_outside_of_the_root_is_read(self, tmp_path):
        write(tmp_path, {"secret.py": STOP, "secrets/x.py": STOP})
        root = write(tmp_path / "r", {"a.py": HARMLESS, "pyproject.toml": "[tool.selfstop]\n"})
        for link, target in {
            "one.py": "../secret.py",
            "two": "../secrets",
            "zero.py": "/dev/zero",
            "abs.py": str(tmp_path / "secret.py"),
        }.items():
            (root / link).symlink_to(target)
        done = check(cwd=root, timeout=30)
        assert (done.status, done.out) == (0, "")

    def test_directories_too_deep_for_a_path_are_said(self, tmp_path, monkeypatch):
        root = write(tmp_path / "r", {"a.py": STOP, "pyproject.toml": "[tool.selfstop]\n"})
        monkeypatch.chdir(root)
        for _ in range(30):
            Path("d" * 200).mkdir()
            os.chdir("d" * 200)
        done = check(cwd=root)
        assert done.status == 2
        assert "its name is too long" in done.out
        assert "a.py:2:5: SST101" in done.out

    NAMES = {
        "line end": ("a\nb.py:1:1: SST101 x.py", "a\\nb.py"),
        "escape sequence": ("\x1b]0;owned\x07\x1b[2J.py", "\\x1b]0;owned\\x07"),
        "bidirectional controls": ("\u202eyp.exe\u2066.py", "\\u202eyp.exe\\u2066"),
        "no text": (b"\xff\xfe.py".decode("utf-8", "surrogateescape"), "\\udcff\\udcfe"),
        "option": ("--output-file=x.py", "--output-file=x.py"),
        "command": ("$(touch trace);`touch trace`.py", "$(touch trace);`touch trace`.py"),
        "quotes": ("\"'.py", "\"'.py"),
    }

    @pytest.mark.parametrize("output_format", FORMATS)
    def test_no_name_deceives_in_any_format(self, tmp_path, output_format):
        root = write(tmp_path, {"pyproject.toml": "[tool.selfstop]\n"})
        for name, _ in self.NAMES.values():
            (root / name).write_text(STOP, encoding="utf-8")
        done = selfstop("check", "--verbose", "--output-format", output_format, cwd=root)
        assert done.status == 1
        shown = done.out + done.err
        assert all(ch == "\n" or ch.isprintable() for ch in shown)
        assert f"{len(self.NAMES)} findings" in done.err
        if output_format == "json":
            assert sorted(each["path"] for each in json.loads(done.out)["findings"]) == sorted(
                name for name, _ in self.NAMES.values()
            )
        elif output_format in {"text", "concise"}:
            assert all(escaped in done.out for _, escaped in self.NAMES.values())
        assert not (root / "x.py").exists()
        assert not (root / "trace").exists()


class TestGiantLines:
    SOURCE = "def f(ec2, x):\n    if x == '" + "x" * 500_000 + "': ec2.stop_instances(); y = '" + "\x1b" * 1000 + "'\n"

    @pytest.mark.parametrize("output_format", ["text", "concise"])
    def test_a_line_of_megabytes_does_not_flood_the_terminal(self, tmp_path, output_format):
        root = write(tmp_path, {"a.py": self.SOURCE})
        done = selfstop("check", "--output-format", output_format, cwd=root)
        assert "a.py:2:" in done.out
        assert len(done.out) < 6 * MAX_MESSAGE
        assert "\x1b" not in done.out

    def test_nor_does_a_file_that_is_one_line(self):
        source = b"x = 1; " * 1_000 + b"ec2.stop_instances()\n"
        (finding,) = engine_check({"a.py": source}, EngineOptions()).findings
        assert finding.call.span.column == 7_001


@pytest.mark.slow
def test_a_hundred_thousand_files(tmp_path):
    for directory in range(100):
        (tmp_path / str(directory)).mkdir()
        for name in range(1000):
            (tmp_path / str(directory) / f"m{name}.py").write_bytes(HARMLESS)
    write(tmp_path, {"7/m7.py": STOP, "pyproject.toml": "[tool.selfstop]\n"})
    done = check(cwd=tmp_path, timeout=300)
    assert done.places == ["7/m7.py:2:5: SST101"]
    assert "100000 files checked" in done.err

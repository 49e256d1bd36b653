"""What makes a day with it easier: effective configuration, completion, colours, help, statuses to choose."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tomllib

import pytest

from commands import UNGUARDED, run, write
from inprocess import selfstop
from selfstop import cli, session
from selfstop.config import Config, load
from selfstop.output import FORMATS
from selfstop.output.style import COLOURED, PLAIN, style_for
from selfstop.rules import RULES


@pytest.fixture
def project(tmp_path):
    return write(tmp_path, {".git/HEAD": "", "a.py": UNGUARDED})


def test_the_names_of_the_formats_are_the_same_in_both_places():
    assert tuple(FORMATS) == cli.FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_goes_to_a_file(project, name):
    done = selfstop("check", "--output-format", name, "--output-file", "out", cwd=project)
    assert (done.status, done.out) == (1, "")
    assert "SST101" in (project / "out").read_text(encoding="utf-8")


class TestConfig:
    TABLE = (
        '[tool.selfstop]\nignore = ["SST103"]\ntarget = "self"\n\n[tool.selfstop.per-file-ignores]\n"a b" = ["SST1"]\n'
    )

    def test_each_value_says_where_it_comes_from(self, project):
        write(project, {"pyproject.toml": self.TABLE})
        done = selfstop("config", "--target", "any", cwd=project)
        lines = {line.partition(" = ")[0]: " ".join(line.split()) for line in done.out.splitlines() if " = " in line}
        assert done.status == 0
        assert lines["target"] == 'target = "any" # option'
        assert lines["ignore"] == 'ignore = ["SST103"] # pyproject.toml'
        assert lines["exclude"] == "exclude = [] # default"
        assert lines["per-file-ignores"] == 'per-file-ignores = {"a b" = ["SST1"]} # pyproject.toml'
        assert done.out.startswith(f"# root: {project.as_posix()}\n# pyproject.toml: read\n[tool.selfstop]\n")

    def test_it_is_a_table_that_means_the_same(self, project, tmp_path_factory):
        write(project, {"pyproject.toml": self.TABLE})
        shown = selfstop("config", cwd=project).out
        assert tomllib.loads(shown)
        again = load(write(tmp_path_factory.mktemp("again"), {"pyproject.toml": shown}))
        assert (again.ignore, again.target, again.per_file_ignores) == (("SST103",), "self", (("a b", ("SST1",)),))
        assert again.engine_options == Config(target="self").engine_options

    def test_all_defaults_are_a_table_that_finds_the_same(self, project):
        shown = selfstop("config", cwd=project).out
        assert "# pyproject.toml: there is none\n" in shown
        before = session.run(session.Request(paths=(project,))).report
        write(project, {"pyproject.toml": shown})
        assert session.run(session.Request(paths=(project,))).report == before

    def test_a_file_without_the_table_sets_nothing(self, project):
        write(project, {"pyproject.toml": "[project]\nname = 'x'\n"})
        assert "# pyproject.toml: sets nothing under [tool.selfstop]\n" in selfstop("config", cwd=project).out

    def test_a_path_that_does_not_exist_is_2_and_said(self, project):
        done = selfstop("config", "nosuch", cwd=project)
        assert (done.status, done.out) == (2, "")
        assert "'nosuch' does not exist" in done.err

    def test_what_is_wrong_is_said(self, project):
        write(project, {"pyproject.toml": "[tool.selfstop]\nx = 1\n"})
        done = selfstop("config", cwd=project)
        assert (done.status, "unknown key `x`" in done.err) == (2, True)


class TestCompletion:
    @pytest.mark.parametrize("shell", ["fish", "zsh", "bash"])
    def test_each_shell_gets_its_script(self, project, shell):
        done = selfstop("completion", shell, cwd=project)
        assert done.status == 0
        assert f"_SELFSTOP_COMPLETE={shell}_complete" in done.out

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            pytest.param("selfstop co", {"config", "completion"}, id="commands"),
            pytest.param("selfstop check --exit", {"--exit-zero"}, id="options"),
            pytest.param("selfstop check --output-format s", {"sarif"}, id="values"),
            pytest.param("selfstop rule sst20", {code for code in RULES if code.startswith("SST20")}, id="codes"),
        ],
    )
    def test_what_is_completed(self, project, words, expected):
        given = {
            "_SELFSTOP_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        done = run(sys.executable, "-c", "from selfstop.cli import main; main()", cwd=project, env=given)
        assert {line.partition(",")[2] for line in done.out.split()} == expected

    @pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
    def test_bash_accepts_its_script(self, project):
        write(project, {"complete.sh": selfstop("completion", "bash", cwd=project).out})
        assert run("bash", "-n", "complete.sh", cwd=project).status == 0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestColours:
    CHOICES = {
        "a terminal": (Terminal(), {}, COLOURED),
        "a pipe": (io.StringIO(), {}, PLAIN),
        "nothing": (None, {}, PLAIN),
        "a terminal, but NO_COLOR": (Terminal(), {"NO_COLOR": "1"}, PLAIN),
        "a terminal, and NO_COLOR is empty": (Terminal(), {"NO_COLOR": ""}, COLOURED),
        "a pipe, but FORCE_COLOR": (io.StringIO(), {"FORCE_COLOR": "1"}, COLOURED),
        "both": (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, PLAIN),
        "a dumb terminal": (Terminal(), {"TERM": "dumb"}, PLAIN),
    }

    @pytest.mark.parametrize(("stream", "environment", "expected"), CHOICES.values(), ids=CHOICES)
    def test_they_are_chosen(self, stream, environment, expected):
        assert style_for(stream, environment) is expected

    @pytest.mark.parametrize("name", ["text", "concise"])
    def test_they_change_nothing_but_the_look(self, project, monkeypatch, name):
        monkeypatch.delenv("FORCE_COLOR", raising=False)
        plain = selfstop("check", "--output-format", name, cwd=project).out
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.delenv("NO_COLOR", raising=False)
        coloured = selfstop("check", "--output-format", name, cwd=project).out
        assert "\x1b[1;31mSST101\x1b[0m" in coloured
        for code in (*COLOURED.codes.values(), "\x1b[0m"):
            coloured = coloured.replace(code, "")
        assert coloured == plain

    def test_programs_and_files_get_none(self, project, monkeypatch):
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b" not in selfstop("check", "--output-format", "github", cwd=project).out
        selfstop("check", "--output-file", "out", cwd=project)
        assert b"\x1b" not in (project / "out").read_bytes()


def test_exit_zero_accepts_findings_and_nothing_else(project):
    done = selfstop("check", "--exit-zero", cwd=project)
    assert (done.status, "SST101" in done.out) == (0, True)
    write(project, {"b.py": b"stop_instances("})
    assert selfstop("check", "--exit-zero", cwd=project).status == 2


def test_verbose_says_how_many_and_how_long(project):
    lines = selfstop("check", "--verbose", cwd=project).err.splitlines()
    assert "1 finding, 1 file checked, 0 calls guarded, 0 calls unresolved, 0 suppressed by `# noqa`" in lines[-2]
    assert lines[-1].endswith(" s to report")


def test_the_summary_always_counts_suppressions(project):
    assert "1 finding, 1 file checked, 0 suppressed by `# noqa`" in selfstop("check", cwd=project).err


def test_help_names_the_first_steps(project):
    text = selfstop("--help", cwd=project).out
    for command in ("selfstop check", "selfstop rule SST102", "--write-baseline", "--diff-base origin/main"):
        assert command in text
    assert "status is 0" in " ".join(text.split())


def test_progress_and_colours_need_no_standard_error(project):
    if os.name == "nt":
        pytest.skip("file descriptors are closed by a shell")
    done = run("sh", "-c", f'"{sys.executable}" -m selfstop check 2>&-', cwd=project)
    assert done.out.startswith("a.py:2:5: SST101")

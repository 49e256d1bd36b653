"""The contract of the command line, shown by running it: in this process where it is not the process that is shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

import selfstop as package
from commands import HARMLESS, PLACE_OF_UNGUARDED, UNGUARDED, run, write
from commands import check as check_as_process
from commands import selfstop as selfstop_as_process
from inprocess import check, selfstop
from selfstop.cli import cli as package_cli
from selfstop.rules import RULES

POSIX = sys.platform != "win32"


class TestStatus:
    def test_nothing_found_is_0(self, tmp_path):
        done = check_as_process(cwd=write(tmp_path, {"a.py": HARMLESS}))
        assert (done.status, done.out) == (0, "")
        assert "0 findings, 1 file checked" in done.err

    def test_findings_are_1(self, tmp_path):
        done = check_as_process(cwd=write(tmp_path, {"a.py": UNGUARDED, "b.py": HARMLESS}))
        assert (done.status, done.places) == (1, ["a.py:2:5: SST101"])

    def test_a_file_not_analysed_is_2_and_the_others_are_reported(self, tmp_path):
        done = check_as_process(cwd=write(tmp_path, {"a.py": UNGUARDED, "b.py": b"stop_instances("}))
        assert (done.status, done.places) == (2, ["a.py:2:5: SST101", "b.py:1:1: SST003"])
        assert "1 file not analysed" in done.err

    def test_a_missing_path_is_2_and_the_others_are_reported(self, tmp_path):
        done = check("a.py", "missing.py", "nowhere/", cwd=write(tmp_path, {"a.py": UNGUARDED}))
        assert (done.status, done.places) == (
            2,
            ["a.py:2:5: SST101", "missing.py:1:1: SST001", "nowhere:1:1: SST001"],
        )

    def test_a_missing_path_is_not_counted_as_checked(self, tmp_path):
        assert "0 findings, 0 files checked, 1 file not analysed" in check("nosuch", cwd=tmp_path).err

    @pytest.mark.parametrize(
        ("arguments", "table", "codes"),
        [
            pytest.param(["--select", "SST301"], "", "SST301 is", id="option"),
            pytest.param(["--extend-select", "SST3,SST301,SST1"], "", "SST3, SST301 are", id="prefix among others"),
            pytest.param([], 'select = ["SST301"]', "SST301 is", id="nothing else in the table"),
        ],
    )
    def test_rules_of_audits_are_named_where_they_are_asked_for(self, tmp_path, arguments, table, codes):
        write(tmp_path, {"a.py": HARMLESS, "pyproject.toml": f"[tool.selfstop]\n{table}\n"})
        done = check(*arguments, cwd=tmp_path)
        assert done.status == 0
        assert f"selfstop: {codes} about deployments: only `selfstop audit` reports that" in done.err

    @pytest.mark.parametrize("arguments", [[], ["--select", "SST1"], ["--extend-select", "SST"]])
    def test_rules_of_audits_are_not_named_elsewhere(self, tmp_path, arguments):
        write(tmp_path, {"a.py": HARMLESS, "pyproject.toml": '[tool.selfstop]\nselect = ["SST1", "SST3"]\n'})
        assert "selfstop audit" not in check(*arguments, cwd=tmp_path).err

    def test_syntax_without_a_stop_call_is_none_of_our_business(self, tmp_path):
        assert check(cwd=write(tmp_path, {"a.py": b"print 'x'"})).status == 0

    def test_no_python_file_is_2_and_said(self, tmp_path):
        done = check_as_process(cwd=write(tmp_path, {"readme.md": ""}))
        assert (done.status, done.out) == (2, "")
        assert "nothing to check: there is no Python file" in done.err

    @pytest.mark.parametrize(
        ("files", "arguments", "said"),
        [
            pytest.param({"a.py": UNGUARDED}, ["--exclude", "a.py"], "1 path excluded", id="excluded"),
            pytest.param({"test_a.py": UNGUARDED}, ["test_a.py"], "1 test file left out", id="test code"),
        ],
    )
    def test_everything_left_out_is_0_and_said(self, tmp_path, files, arguments, said):
        done = check(*arguments, cwd=write(tmp_path, files))
        assert (done.status, done.out) == (0, "")
        assert "nothing to check: everything was left out" in done.err
        assert said in done.err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            pytest.param(["--select", "SST109"], "unknown rule `SST109`", id="unknown rule"),
            pytest.param(
                ["--select", "sst101"], "unknown rule `sst101`: did you mean `SST101`?", id="in small letters"
            ),
            pytest.param(["--select", "unguarded-stop"], "did you mean `SST101`?", id="name of a rule"),
            pytest.param(["--select", "E501"], "unknown rule `E501`; `selfstop rule` lists them", id="another tool's"),
            pytest.param(["--output-format", "html"], "a format of `selfstop audit`", id="format of audits"),
            pytest.param(["--output-format", "xml"], "'xml' is not one of", id="unknown format"),
            pytest.param(["--target", "other"], "'other' is not one of", id="unknown target"),
            pytest.param(["--frobnicate"], "No such option", id="unknown option"),
            pytest.param(["--per-file-ignores", "SST101"], "PATTERN:CODE,CODE", id="no pattern"),
            pytest.param(["-", "a.py"], "cannot be mixed", id="standard input and files"),
            pytest.param(["--stdin-filename", "a.py"], "give `-`", id="name without standard input"),
            pytest.param(["--output-file", "no/such/place"], "cannot write", id="output nowhere"),
        ],
    )
    def test_wrong_options_are_2_and_said(self, tmp_path, arguments, said):
        done = check(*arguments, cwd=write(tmp_path, {"a.py": UNGUARDED}))
        assert (done.status, done.out) == (2, "")
        assert said in done.err
        assert "Traceback" not in done.err

    def test_wrong_configuration_is_2_and_said(self, tmp_path):
        done = check_as_process(
            cwd=write(tmp_path, {"pyproject.toml": "[tool.selfstop]\nselct = []", "a.py": UNGUARDED})
        )
        assert (done.status, done.out) == (2, "")
        assert "unknown key `selct`: did you mean `select`?" in done.err


class TestOptions:
    FILES = {
        "a.py": UNGUARDED,
        "sub/b.py": UNGUARDED.replace(b"stop_instances", b"halt_it"),
        "tests/c.py": UNGUARDED,
    }
    CASES = {
        "select another": (["--select", "SST102,SST103"], []),
        "select by prefix": (["--select", "SST1"], ["a.py"]),
        "ignore": (["--ignore", "SST101"], []),
        "ignore in a file": (["--per-file-ignores", "a.py:SST101,SST102"], []),
        "ignore in another file": (["--per-file-ignores", "sub/*:SST101"], ["a.py"]),
        "exclude": (["--exclude", "tests,a.py"], []),
        "stop calls": (["--stop-calls", "halt_it"], ["sub/b.py"]),
        "more stop calls": (["--extend-stop-calls", "halt_it"], ["a.py", "sub/b.py"]),
        "tests": (["--include-tests"], ["a.py", "tests/c.py"]),
        "one directory": (["sub", "--extend-stop-calls=halt_it"], ["sub/b.py"]),
        "target": (["--target", "self"], ["a.py"]),
    }

    @pytest.mark.parametrize(("arguments", "expected"), CASES.values(), ids=CASES)
    def test_option(self, tmp_path, arguments, expected):
        done = check(*arguments, cwd=write(tmp_path, self.FILES))
        assert [line.partition(":")[0] for line in done.out.splitlines()] == expected

    def test_keys_of_the_table_mean_the_same(self, tmp_path):
        table = '[tool.selfstop]\nextend-stop-calls = ["halt_it"]\ninclude-tests = true\nexclude = ["a.py"]'
        write(tmp_path, {**self.FILES, "pyproject.toml": table})
        done = check(cwd=tmp_path)
        assert done.places == ["sub/b.py:2:5: SST101", "tests/c.py:2:5: SST101"]

    def test_options_win_over_the_table(self, tmp_path):
        write(tmp_path, {**self.FILES, "pyproject.toml": "[tool.selfstop]\ninclude-tests = true"})
        assert check("--no-include-tests", cwd=tmp_path).places == ["a.py:2:5: SST101"]

    def test_verbose_says_what_was_left_out_and_guarded(self, tmp_path):
        write(tmp_path, {**self.FILES, "vendor/d.py": ""})
        done = check("-v", "--exclude", "vendor", cwd=tmp_path)
        assert "excluded vendor" in done.err
        assert "left out as test code tests/c.py" in done.err

    def test_verbose_says_which_machine_a_guarded_call_stops(self, tmp_path):
        guarded = """\
            from ec2_metadata import ec2_metadata
            def finish(ec2, idle, ids):
                if idle >= 5:
                    ec2.stop_instances(InstanceIds=[ec2_metadata.instance_id])
                    ec2.stop_instances(InstanceIds=ids)
            """
        done = check("-v", cwd=write(tmp_path, {"a.py": dedent(guarded)}))
        lines = [line for line in done.err.splitlines() if " guarded " in line]
        assert lines == [
            "selfstop: guarded a.py:4:9 ec2.stop_instances: idle >= 5; stops itself: the instance id is read at a.py:4",
            "selfstop: guarded a.py:5:9 ec2.stop_instances: idle >= 5",
        ]

    @pytest.mark.parametrize("ending", ["", "continue"], ids=["elif", "continue"])
    def test_verbose_shows_the_comparison_of_clocks_that_decides(self, tmp_path, ending):
        """Its term is another one after each reading; the test is the same."""
        branch = "elif" if not ending else f"    {ending}\n                    if"
        guarded = f"""\
            import os, time
            LIMIT = int(os.environ.get("LIMIT", "0"))
            def main(ec2, q, ids):
                last = time.monotonic()
                while True:
                    if q.receive():
                        last = time.monotonic()
                    {branch} LIMIT > 0 and time.monotonic() - last > LIMIT:
                        return ec2.stop_instances(InstanceIds=ids)
            """
        done = check("-v", cwd=write(tmp_path, {"a.py": dedent(guarded)}))
        assert "ec2.stop_instances: not q.receive() and LIMIT > 0 and time.monotonic() - last > LIMIT\n" in done.err

    def test_verbose_shows_no_condition_that_only_some_ways_ask(self, tmp_path):
        guarded = """\
            def finish(ec2, idle, late, ids):
                if idle >= 5:
                    if not late:
                        print("early")
                    ec2.stop_instances(InstanceIds=ids)
            """
        done = check("-v", cwd=write(tmp_path, {"a.py": dedent(guarded)}))
        assert "ec2.stop_instances: idle >= 5\n" in done.err

    def test_noqa_suppresses_and_is_counted(self, tmp_path):
        done = check(cwd=write(tmp_path, {"a.py": UNGUARDED.rstrip() + b"  # noqa: SST101\n"}))
        assert (done.status, done.out) == (0, "")
        assert "1 suppressed by `# noqa`" in done.err


class TestPlaces:
    def test_paths_are_relative_to_where_one_is(self, tmp_path):
        write(tmp_path, {".git/HEAD": "", "app/a.py": UNGUARDED, "elsewhere/readme": ""})
        assert check(cwd=tmp_path).places == ["app/a.py:2:5: SST101"]
        assert check(cwd=tmp_path / "app").places == ["a.py:2:5: SST101"]
        outside = check(tmp_path / "app", cwd=tmp_path / "elsewhere")
        assert outside.places == [f"{(tmp_path / 'app' / 'a.py').as_posix()}:2:5: SST101"]

    def test_json_paths_are_relative_to_the_root(self, tmp_path):
        write(tmp_path, {".git/HEAD": "", "app/a.py": UNGUARDED})
        done = selfstop("check", "--output-format", "json", cwd=tmp_path / "app")
        assert [finding["path"] for finding in json.loads(done.out)["findings"]] == ["app/a.py"]

    def test_only_what_was_asked_for_is_reported(self, tmp_path):
        write(tmp_path, {".git/HEAD": "", "a.py": UNGUARDED, "b.py": UNGUARDED, "c.py": b"stop_instances("})
        assert check("b.py", cwd=tmp_path).places == ["b.py:2:5: SST101"]


class TestStandardInput:
    def test_is_checked(self, tmp_path):
        done = check("-", cwd=tmp_path, stdin=UNGUARDED)
        assert (done.status, done.places) == (1, ["stdin:2:5: SST101"])

    def test_has_the_name_that_it_is_given(self, tmp_path):
        done = check("-", "--stdin-filename", "app/a.py", cwd=tmp_path, stdin=UNGUARDED)
        assert done.places == ["app/a.py:2:5: SST101"]

    def test_stands_in_for_the_file_of_that_name(self, tmp_path):
        write(tmp_path, {"a.py": UNGUARDED})
        assert check("-", "--stdin-filename", "a.py", cwd=tmp_path, stdin=HARMLESS).status == 0

    def test_is_left_out_under_an_excluded_name(self, tmp_path):
        write(tmp_path, {"pyproject.toml": '[tool.selfstop]\nexclude = ["app"]'})
        done = check("-", "--stdin-filename", "app/a.py", cwd=tmp_path, stdin=UNGUARDED)
        assert (done.status, done.out) == (0, "")

    def test_is_read_as_bytes(self, tmp_path):
        done = check_as_process("-", cwd=tmp_path, stdin=b"# coding: latin-1\r'\xe9'\rec2.stop_instances()\r")
        assert done.places == ["stdin:3:1: SST101"]

    def test_that_is_broken_is_2(self, tmp_path):
        done = check("-", cwd=tmp_path, stdin=b"stop_instances(")
        assert (done.status, done.places) == (2, ["stdin:1:1: SST003"])


class TestBadInput:
    def test_each_is_named_and_the_rest_goes_on(self, tmp_path):
        write(
            tmp_path,
            {
                "good.py": UNGUARDED,
                "bytes.py": b"# \xff stop_instances\n",
                "cookie.py": b"# coding: klingon\nstop_instances()\n",
                "deep.py": b"stop_instances(" + b"(" * 100_000,
                "long.py": b"stop_instances(" + b"1 + " * 5_000 + b"1)\n",
                "nul.py": b"stop_instances(\0)\n",
                "syntax.py": b"x = 1\nstop_instances(]\n",
                "two.py": b"print 'stop_instances'\n",
                "x.py/readme": b"",
            },
        )
        done = check_as_process(cwd=tmp_path)
        assert done.status == 2
        assert done.places == [
            "bytes.py:1:1: SST002",
            "cookie.py:1:1: SST002",
            "deep.py:1:1: SST004",
            "good.py:2:5: SST101",
            "long.py:1:1: SST004",
            "nul.py:1:1: SST002",
            "syntax.py:2:1: SST003",
            "two.py:1:1: SST003",
            "x.py:1:1: SST001",
        ]

    @pytest.mark.skipif(not POSIX, reason="needs links and pipes")
    def test_links_and_pipes(self, tmp_path):
        write(tmp_path, {"good.py": UNGUARDED})
        (tmp_path / "broken.py").symlink_to("nowhere.py")
        (tmp_path / "loop.py").symlink_to("loop.py")
        (tmp_path / "round").symlink_to(".")
        os.mkfifo(tmp_path / "pipe.py")
        done = check_as_process(cwd=tmp_path)
        assert done.status == 2
        assert done.places == [
            "broken.py:1:1: SST001",
            "good.py:2:5: SST101",
            "loop.py:1:1: SST001",
            "pipe.py:1:1: SST001",
        ]

    @pytest.mark.skipif(sys.platform != "linux", reason="needs file names that are no text")
    @pytest.mark.parametrize("output_format", ["text", "concise", "json"])
    def test_names_that_are_no_text_or_deceive(self, tmp_path, output_format):
        for name in (b"byte\xff.py", b"escape\x1b[31m.py", b"line\nend.py"):
            (tmp_path / os.fsdecode(name)).write_bytes(UNGUARDED)
        done = selfstop_as_process("check", "--output-format", output_format, cwd=tmp_path)
        assert done.status == 1
        assert "Traceback" not in done.err
        assert "\x1b" not in done.out
        assert done.out.count("SST101") == 3


class TestOutput:
    def test_text_begins_like_the_concise_format(self, tmp_path):
        write(tmp_path, {"a.py": UNGUARDED})
        concise, text = check(cwd=tmp_path).out, selfstop("check", cwd=tmp_path).out
        assert concise.startswith(f"a.py{PLACE_OF_UNGUARDED}")
        assert text.startswith(concise)
        assert "    2 |     ec2.stop_instances(InstanceIds=ids)\n" in text

    def test_output_file_holds_the_findings(self, tmp_path):
        write(tmp_path, {"a.py": UNGUARDED})
        done = check_as_process("--output-file", "out.txt", cwd=tmp_path)
        assert (done.status, done.out) == (1, "")
        assert (tmp_path / "out.txt").read_bytes().startswith(b"a.py:2:5: SST101 ")

    def test_is_utf8_whatever_the_locale(self, tmp_path):
        write(tmp_path, {"größe.py": UNGUARDED})
        done = check_as_process("größe.py", cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"})
        assert done.places == ["größe.py:2:5: SST101"]

    @pytest.mark.skipif(not POSIX, reason="needs a pipe that closes")
    def test_a_closed_pipe_is_no_traceback(self, tmp_path):
        write(tmp_path, {f"{'long' * 40}{number}.py": UNGUARDED for number in range(300)})
        with subprocess.Popen(
            [sys.executable, "-m", "selfstop", "check"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            process.stdout.close()
            said = process.stderr.read()
        assert b"Traceback" not in said
        assert b"Exception" not in said
        assert process.returncode == 2

    @pytest.mark.skipif(not POSIX, reason="needs signals")
    def test_control_c_ends_cleanly(self, tmp_path):
        with subprocess.Popen(
            [sys.executable, "-m", "selfstop", "check", "-"],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Tests that run in the background of a shell inherit that it is ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        ) as process:
            time.sleep(1.5)  # until it waits for standard input
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
            process.stdin.close()
        assert process.returncode == 130
        assert said.decode().split() == ["selfstop:", "interrupted"]


class TestRule:
    def test_explains_offline_with_both_examples(self, tmp_path):
        done = selfstop("rule", "SST104", cwd=tmp_path)
        assert done.status == 0
        for part in (
            "SST104 no-off-switch",
            "Repair:",
            "Reported:",
            "Not reported:",
            "IDLE_STOP_THRESHOLD > 0 and",
        ):
            assert part in done.out

    @pytest.mark.parametrize("name", ["sst104", "no-off-switch"])
    def test_understands_other_spellings(self, tmp_path, name):
        assert selfstop("rule", name, cwd=tmp_path).out.startswith("SST104 ")

    def test_lists_all(self, tmp_path):
        done = selfstop("rule", cwd=tmp_path)
        assert (done.status, len(done.out.splitlines())) == (0, len(RULES))

    def test_unknown_is_2(self, tmp_path):
        done = selfstop("rule", "SST999", cwd=tmp_path)
        assert (done.status, done.out) == (2, "")
        assert "there is no rule SST999" in done.err


class TestImports:
    """LibCST takes longer to import than most repositories take to search."""

    COMMANDS = {
        "help": (["--help"], set()),
        "version": (["--version"], set()),
        "rule": (["rule", "SST101"], set()),
        "check without a candidate": (["check"], set()),
        "check with one": (["check", "--extend-stop-calls", "print"], {"libcst"}),
    }

    @pytest.mark.parametrize(("arguments", "expected"), COMMANDS.values(), ids=COMMANDS)
    def test_what_is_imported(self, tmp_path, arguments, expected):
        write(tmp_path, {"a.py": HARMLESS})
        program = (
            "import sys; from selfstop.cli import run; run(sys.argv[1:]);"
            "print(*sys.modules, sep='\\n', file=sys.stderr)"
        )
        done = run(sys.executable, "-c", program, *arguments, cwd=tmp_path)
        assert {"libcst", "flake8"} & set(done.err.split()) == expected

    def test_flake8_is_not_needed(self, tmp_path):
        write(tmp_path, {"a.py": UNGUARDED})
        program = "import sys; sys.modules['flake8'] = None; from selfstop.cli import main; main()"
        done = run(sys.executable, "-c", program, "check", cwd=tmp_path)
        assert (done.status, done.out.startswith(f"a.py{PLACE_OF_UNGUARDED}")) == (1, True)


def test_version(tmp_path):
    assert selfstop_as_process("--version", cwd=tmp_path).out.strip() == f"selfstop, version {package.__version__}"


def test_the_script_is_installed(tmp_path):
    script = Path(sys.executable).parent / "selfstop"
    assert run(script, "--version", cwd=tmp_path).status == 0


class TestHelp:
    """click keeps the lines of a paragraph below a backspace character; written as two characters, it is printed."""

    COMMANDS = ((), *((name,) for name in sorted(package_cli.commands)))

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_shows_no_markup_of_its_own(self, tmp_path, command):
        done = selfstop(*command, "--help", cwd=tmp_path)
        assert done.status == 0
        assert "\\b" not in done.out
        assert "\b" not in done.out

    EXAMPLES = {
        (): ("  selfstop rule SST102 ", "  selfstop check --write-baseline "),
        ("check",): ("  selfstop check src ", "  selfstop check --select SST102 src "),
        ("completion",): ("bash: selfstop ", "fish: selfstop ", "zsh:  selfstop "),
    }

    @pytest.mark.parametrize(("command", "starts"), EXAMPLES.items(), ids=map(" ".join, EXAMPLES))
    def test_examples_have_lines_of_their_own(self, tmp_path, command, starts):
        lines = selfstop(*command, "--help", cwd=tmp_path).out.splitlines()
        for start in starts:
            assert sum(line.removeprefix("  ").startswith(start) for line in lines) == 1

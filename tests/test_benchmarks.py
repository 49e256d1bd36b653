"""The benchmarks measure what they say: statistics, tables, processes and corpora, in small."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import figures, measure, report
from benchmarks.corpus import Corpus, git, mentions_stop, python_files, shuffled, wanted
from benchmarks.figures import Target
from benchmarks.measure import Command, Failed, Sample
from benchmarks.packages import MIXED, STOP_NAMES, Package
from benchmarks.parts import PARTS
from benchmarks.report import Row
from benchmarks.tools import PROJECT, RULES
from benchmarks.workers import pair
from commands import write
from selfstop.config import EngineOptions
from selfstop.engine import check

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the benchmarks need a Unix")


def runs(*seconds: float) -> list[Sample]:
    return [Sample(value, value / 2) for value in seconds]


def python(code: str, directory: Path, *, name: str = "it", ends: frozenset[int] = frozenset({0})) -> Command:
    return Command(name, (sys.executable, "-c", code), directory, ends)


def working_directories() -> list[str]:
    """Where the processes of this machine are, as far as that can be seen."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            found.append(str(process.readlink()))
    return found


class TestFigures:
    def test_a_ratio_is_taken_within_each_pair(self) -> None:
        # The machine was three times slower in the second round; both felt it.
        result = figures.compare(runs(1, 3, 1), runs(2, 6, 2.2), theirs_by_ours=True)
        assert result.ratio == figures.Spread(2, 2, 2.2)
        assert (result.ours, result.theirs) == (figures.Spread(1, 1, 3), figures.Spread(2.2, 2, 6))

    def test_it_can_be_turned(self) -> None:
        assert figures.compare(runs(1, 2), runs(4, 4), theirs_by_ours=False).ratio == figures.Spread(0.375, 0.25, 0.5)

    def test_runs_that_are_no_pairs_are_refused(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            figures.compare(runs(1, 2), runs(1), theirs_by_ours=True)

    def test_two_programs_count_as_one(self) -> None:
        assert figures.together(runs(1, 2), runs(10, 20)) == runs(11, 22)

    @pytest.mark.parametrize(
        ("target", "reached", "missed"),
        [
            (figures.at_most(2), 2.0, 2.01),
            (figures.at_least(8), 8.0, 7.99),
            (figures.faster(), 1.01, 1.0),
            (figures.slower_by(0.01), 1.01, 1.02),
        ],
        ids=str,
    )
    def test_targets(self, target: Target, reached: float, missed: float) -> None:
        assert target.reached(reached)
        assert not target.reached(missed)

    @pytest.mark.parametrize(("power", "constant"), [(1, 3.0), (2, 0.1), (0, 5.0)])
    def test_growth_is_an_exponent(self, power: int, constant: float) -> None:
        sizes = [10, 20, 40, 80]
        assert figures.exponent(sizes, [constant * size**power for size in sizes]) == pytest.approx(power)


class TestReport:
    def row(self, ratio: float, target: Target | None) -> Row:
        return Row("tree", "other", target, figures.compare(runs(1), runs(ratio), theirs_by_ours=True))

    @pytest.mark.parametrize(
        ("ratio", "target", "cells"),
        [
            (9, figures.at_least(8), ["9 (9 to 9)", "9", ">= 8", "yes"]),
            (7, figures.at_least(8), ["7 (7 to 7)", "7", ">= 8", "**no**"]),
            (7, None, ["7 (7 to 7)", "7", "none", ""]),
            (1.0125, figures.slower_by(0.01), ["1.012 (1.012 to 1.012)", "1.012", "<= 1.01", "**no**"]),
        ],
    )
    def test_the_ratio_stands_beside_its_target(self, ratio: float, target: Target | None, cells: list[str]) -> None:
        line = report.comparisons([self.row(ratio, target)]).splitlines()[-1]
        assert [cell.strip() for cell in line.split("|")][1:-1] == [
            "tree", "other", "1 s (min 1)", f"{ratio:.3g} s (min {ratio:.3g})", *cells,
        ]  # fmt: skip

    def test_what_was_not_measured_says_why(self) -> None:
        line = report.comparisons([Row("tree", "other", figures.faster(), "not to be had")]).splitlines()[-1]
        assert "> 1" in line
        assert "not measured: not to be had" in line
        assert "yes" not in line

    def test_columns_are_aligned(self) -> None:
        assert report.table(["a", "bb"], [["long", "x"]]) == "| a    | bb |\n| ---- | -- |\n| long | x  |"

    @pytest.mark.parametrize(
        ("value", "text"), [(0.01234, "0.0123"), (0.4567, "0.457"), (12.34, "12.3"), (1234.5, "1234")]
    )
    def test_three_digits_count(self, value: float, text: str) -> None:
        assert report.short(value) == text

    def test_a_block_is_put_between_its_markers(self) -> None:
        document = "by hand\n<!-- begin a -->\nold\n<!-- end a -->\n<!-- begin b -->\nkept\n<!-- end b -->\n"
        once = report.placed(document, {"a": "new"})
        assert once == document.replace("old", "new")
        assert report.placed(once, {"a": "new"}) == once

    @pytest.mark.parametrize("document", ["", "<!-- end a --><!-- begin a -->", "<!-- begin a --><!-- end a -->" * 2])
    def test_a_document_without_one_place_is_left_alone(self, document: str) -> None:
        with pytest.raises(ValueError, match="not one place for a"):
            report.placed(document, {"a": "new"})

    def test_the_document_has_a_place_for_each_part(self) -> None:
        document = (PROJECT / "docs" / "performance.md").read_text(encoding="utf-8")
        assert report.placed(document, dict.fromkeys(PARTS, "measured")).count("measured\n<!-- end") == len(PARTS)


class TestMeasure:
    def test_a_run_has_a_time(self, tmp_path: Path) -> None:
        sample = measure.run(python("import time; time.sleep(0.1)", tmp_path))
        assert sample.seconds >= 0.1
        assert sample.cpu > 0

    def test_the_time_of_children_is_counted(self, tmp_path: Path) -> None:
        burn = "import time\nwhile time.process_time() < 0.3: pass"
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
        assert measure.run(python(code, tmp_path)).cpu >= 0.3

    @pytest.mark.parametrize(
        ("code", "ends", "message"),
        [
            ("import sys; sys.exit('no file')", {0}, "it ended with status 1: no file"),
            ("raise ValueError('a bug')", {0, 1}, "ValueError: a bug"),
        ],
        ids=["wrong status", "a crash that has the status of findings"],
    )
    def test_a_program_that_fails_is_not_measured(
        self, code: str, ends: set[int], message: str, tmp_path: Path
    ) -> None:
        with pytest.raises(Failed, match=message):
            measure.run(python(code, tmp_path, ends=frozenset(ends)))

    def test_a_program_that_does_not_say_that_it_worked(self, tmp_path: Path) -> None:
        with pytest.raises(Failed, match="nothing to check"):
            measure.run(
                replace(python("import sys; print('nothing to check', file=sys.stderr)", tmp_path), says="files")
            )

    def test_a_program_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(Failed, match="nothing does not start: No such file"):
            measure.run(Command("nothing", (str(tmp_path / "nothing"),), tmp_path))

    def test_a_program_that_does_not_end_is_given_up(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(measure, "TIME_LIMIT", 0.2)
        with pytest.raises(Failed, match="given up"):
            measure.run(python("import time; time.sleep(60)", tmp_path))

    def test_an_interrupted_measurement_leaves_nothing_behind(self, tmp_path: Path) -> None:
        child = "import time; time.sleep(60)"
        code = (
            "import signal, sys; from pathlib import Path; from benchmarks.measure import Command, run\n"
            "signal.signal(signal.SIGALRM, lambda *_: sys.exit('interrupted'))\n"
            "signal.setitimer(signal.ITIMER_REAL, 0.5)\n"
            f"run(Command('it', (sys.executable, '-c', {child!r}), Path({str(tmp_path)!r})))"
        )
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=30)
        assert "interrupted" in done.stderr
        assert time.monotonic() - started < 20
        # A process that has been killed is gone as soon as the system gets round to it.
        while any(str(tmp_path) in where for where in working_directories()) and time.monotonic() - started < 40:
            time.sleep(0.05)
        assert not any(str(tmp_path) in where for where in working_directories())

    def test_rounds_are_interleaved_and_move_on(self, tmp_path: Path) -> None:
        code = "import pathlib; f = pathlib.Path('log').open('a'); f.write('{}')"
        commands = [python(code.format(name), tmp_path, name=name) for name in "abc"]
        samples = measure.rounds(commands, 2)
        assert (tmp_path / "log").read_text() == "abcbca"
        assert {name: len(series) for name, series in samples.items()} == {"a": 2, "b": 2, "c": 2}

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
    def test_memory_is_that_of_all_processes(self, tmp_path: Path) -> None:
        child = "import time; held = bytearray(60_000_000); time.sleep(0.4)"
        code = (
            f"import subprocess, sys; held = bytearray(90_000_000); subprocess.run([sys.executable, '-c', {child!r}])"
        )
        found = measure.memory(python(code, tmp_path))
        assert found.all_processes >= 150_000_000
        assert 90_000_000 <= found.largest_process < 150_000_000
        assert found.peak == found.all_processes


class TestCorpus:
    @pytest.mark.parametrize("name", ["a/b.py", "a.py", "a/contest.py", "testing/a.py", "a/latest.py"])
    def test_files_of_a_tree(self, name: str) -> None:
        assert wanted(name)

    @pytest.mark.parametrize(
        "name",
        [
            "a/b.pyi",
            "a.json",
            "tests/b.py",
            "test_b.py",
            "b_test.py",
            "conftest.py",
            "build/a.py",
            ".a/b.py",
            "../a.py",
        ],
    )
    def test_files_that_some_tool_would_leave_out(self, name: str) -> None:
        assert not wanted(name)

    def test_an_order_that_is_always_the_same(self) -> None:
        names = [f"a/{number}.py" for number in range(20)]
        assert shuffled(names) == shuffled(reversed(names))
        assert shuffled(names) != names

    @pytest.fixture
    def corpus(self, tmp_path: Path) -> Corpus:
        """A cache with one wheel in it."""
        directory = tmp_path / "wheels" / "pump==1.0"
        directory.mkdir(parents=True)
        with zipfile.ZipFile(directory / "pump-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("pump/valve.py", "ec2.stop_instances()\n")
            wheel.writestr("pump/hose.py", "length = 3\n")
            wheel.writestr("pump/tests/valve.py", "length = 3\n")
            wheel.writestr("pump-1.0.dist-info/METADATA", "Name: pump\n")
        return Corpus(tmp_path)

    PUMP = (Package("pump", "1.0", "made here"),)

    def test_a_tree_is_a_repository_of_what_all_tools_look_at(self, corpus: Corpus) -> None:
        tree = corpus.of_packages("all", self.PUMP, mentions=True)
        assert list(python_files(tree)) == ["pump/hose.py", "pump/valve.py"]
        tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=tree, capture_output=True, text=True, check=True)
        assert tracked.stdout.split() == ["pump/hose.py", "pump/valve.py"]

    def test_the_quiet_tree_mentions_no_stop_call(self, corpus: Corpus) -> None:
        tree = corpus.of_packages("quiet", self.PUMP, mentions=False)
        assert list(python_files(tree)) == ["pump/hose.py"]

    def test_a_tree_is_kept_until_it_is_to_be_another_one(self, corpus: Corpus) -> None:
        kept = corpus.of_packages("tree", self.PUMP, mentions=False) / "kept"
        kept.touch()
        assert corpus.of_packages("tree", self.PUMP, mentions=False) == kept.parent
        assert kept.exists()
        corpus.of_packages("tree", self.PUMP, mentions=True)
        assert not kept.exists()

    def test_a_checkout_is_copied_and_left_alone(self, tmp_path: Path) -> None:
        checkout = write(tmp_path / "checkout", {"a.py": "", "docs/b.txt": "", ".git/c.py": "", "tests/d.py": ""})
        tree = Corpus(tmp_path / "cache").of_checkout("incident", checkout)
        assert list(python_files(tree)) == ["a.py"]
        (tree / "a.py").write_text("changed")
        assert (checkout / "a.py").read_text() == ""
        assert not (checkout / ".git" / "HEAD").exists()

    def test_a_tree_of_files_from_elsewhere_and_of_texts(self, corpus: Corpus) -> None:
        hose = corpus.of_packages("all", self.PUMP, mentions=True) / "pump" / "hose.py"
        tree = corpus.of_files("some", {"x/hose.py": hose}, {"y/new.py": "text\n"})
        assert list(python_files(tree)) == ["x/hose.py", "y/new.py"]
        assert (tree / "x" / "hose.py").read_text() == "length = 3\n"
        git(tree, "status", "--short")

    def test_packages_have_one_version_and_a_reason(self) -> None:
        assert all(package.version and package.reason for package in MIXED)
        assert len({package.name for package in MIXED}) == len(MIXED)


class TestWorkers:
    def test_pairs_are_what_selfstop_looks_for(self) -> None:
        pairs = [pair(number) for number in range(4)]
        files = {path: text.encode() for modules in pairs for path, text in modules.items()}
        assert len(files) == 8
        assert sum(mentions_stop(data) for data in files.values()) == 4
        result = check(files, EngineOptions())
        assert result.errors == ()
        assert [call.path[-7:] for call in result.guarded] == ["0000.py"]
        reported = {finding.call.path[-7:] for finding in result.findings if finding.code != "SST201"}
        assert reported == {"0001.py", "0002.py", "0003.py"}

    @pytest.mark.parametrize("rules", sorted(path.name for path in RULES.iterdir() if path.is_file()))
    def test_rules_for_others_know_the_same_names(self, rules: str) -> None:
        data = (RULES / rules).read_bytes()
        assert all(name in data for name in STOP_NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "quite"], "unknown: quite; there are quiet, mixed"),
        (["--runs", "0"], "at least one run"),
        (["--cache", str(PROJECT / "cache")], "outside of the repository"),
    ],
)
def test_command_lines_that_make_no_sense(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode != 0
    assert message in done.stderr

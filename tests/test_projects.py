"""Small repositories, one a mechanism: marked calls get their verdict, and every door says the same of them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from commands import check as check_as_process
from commands import flake8 as flake8_as_process
from commands import hook_entry, run
from commands import selfstop as selfstop_as_process
from expectations import (
    Expectations,
    differences,
    differences_of_targets,
    parse_expectations,
    unused_births,
)
from inprocess import check as check_in_process
from inprocess import flake8, selfstop
from reported import FIXTURES, files_of, manifests_of, report_of
from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.model import Target
from selfstop.output.message import one_line

PROJECTS = FIXTURES / "projects"
FOLDERS = sorted(path for path in PROJECTS.iterdir() if path.is_dir())
OPT_IN = "SST201"
CONFIGURATION = "[tool.selfstop]\n"

of_every_project = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def of_every_third_project(first: int) -> pytest.MarkDecorator:
    """From the ``first`` on; the others are for the slow tests. That the engine is right is tested of every project."""
    quick = FOLDERS[first::3]
    cases = [pytest.param(each, marks=() if each in quick else pytest.mark.slow) for each in FOLDERS]
    return pytest.mark.parametrize("folder", cases, ids=lambda folder: folder.name)


def expectations_of(folder: Path) -> dict[str, Expectations]:
    return {path: parse_expectations(source) for path, source in files_of(folder).items()}


def described(path: str, lines: list[str]) -> list[str]:
    return [path, *lines] if lines else []


@of_every_project
def test_verdicts(folder: Path) -> None:
    report = report_of(folder)
    assert report.errors == ()
    different: list[str] = []
    for path, source in files_of(folder).items():
        found = {(each.call.span.line, each.code) for each in report.findings if each.call.path == path}
        wanted = parse_expectations(source).findings
        reported = {(line, code) for line, code in found if code != OPT_IN}
        different += described(path, differences(source, wanted, reported))
    assert not different, "\n".join(["", *different])


@of_every_project
def test_guarded_calls_are_listed(folder: Path) -> None:
    """Silence has two reasons, and the report tells them apart: only guarded calls are listed."""
    different: list[str] = []
    for path, source in files_of(folder).items():
        expected = parse_expectations(source)
        listed = {call.span.line for call in report_of(folder).guarded if call.path == path}
        missing = differences(source, {(line, "guarded") for line in expected.guarded - listed}, ())
        mistaken = differences(source, (), {(line, "guarded") for line in expected.no_stop & listed})
        different += described(path, missing + mistaken)
    assert not different, "\n".join(["", *different])


@of_every_project
def test_targets(folder: Path) -> None:
    report = report_of(folder)
    calls = [*(each.call for each in report.findings), *report.guarded]
    different = differences_of_targets(files_of(folder), calls)
    assert not different, "\n".join(["", *different])
    assert unused_births(files_of(folder)) == set()


@of_every_project
def test_every_project_has_reported_and_silent_calls(folder: Path) -> None:
    judged = expectations_of(folder).values()
    assert 3 <= len(judged) <= 8
    assert sum(each.reported_calls for each in judged) > 0
    assert sum(each.silent_calls for each in judged) > 0


@of_every_project
def test_marks_stand_on_the_first_line_of_a_call(folder: Path) -> None:
    for path, source in files_of(folder).items():
        wrapper = MetadataWrapper(libcst.parse_module(source), unsafe_skip_copy=True)
        positions = wrapper.resolve(PositionProvider)
        calls = {span.start.line for node, span in positions.items() if isinstance(node, libcst.Call)}
        assert parse_expectations(source).lines <= calls, path


def copied(folder: Path, directory: Path) -> Path:
    """A copy of a project that is a repository of its own, with an empty configuration."""
    target = directory / folder.name
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = target / "pyproject.toml"
    if not manifest.exists():
        manifest.write_text(CONFIGURATION, encoding="utf-8")
    assert CONFIGURATION in manifest.read_text(encoding="utf-8")
    return target


def checked(*arguments: str) -> list[str]:
    """The lines of `selfstop check`, run in the working directory within this process."""
    done = check_in_process(*arguments, cwd=Path())
    assert done.status in (0, 1), done.err
    return sorted(done.out.splitlines())


def linted(jobs: int) -> list[str]:
    """The lines of flake8, run in the working directory within this process (but for its jobs)."""
    done = flake8("--isolated", "--select=SST", f"--jobs={jobs}", ".", cwd=Path())
    assert done.status in (0, 1), done.err
    return sorted(line.removeprefix("./") for line in done.out.splitlines())


def told(folder: Path) -> list[str]:
    """The lines of the findings that the engine has in a project, without those of the rule that is off by default."""
    return sorted(
        f"{each.call.path}:{each.call.span.line}:{each.call.span.column}: {each.code} {one_line(each)}"
        for each in report_of(folder).findings
        if each.code != OPT_IN
    )


@pytest.fixture
def project(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = copied(folder, tmp_path)
    monkeypatch.chdir(copy)
    return copy


@of_every_project
def test_check_says_what_the_engine_says(folder: Path, project: Path) -> None:
    assert told(folder)
    assert checked() == told(folder)


def audited() -> list[str]:
    """What `selfstop audit` says of the code of the working directory, without the rule that it switches on."""
    done = selfstop("audit", "--output-format", "concise", cwd=Path())
    assert done.status in (0, 1), done.err
    return sorted(line for line in done.out.splitlines() if f": {OPT_IN} " not in line)


@of_every_third_project(0)
def test_audit_says_what_check_says(folder: Path, project: Path) -> None:
    """The projects deploy nothing, so that nothing but code can be reported."""
    assert audited() == told(folder)


@of_every_third_project(1)
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])  # test_doors has both, for all at once
def test_flake8_says_what_check_says(folder: Path, project: Path, jobs: int) -> None:
    assert linted(jobs) == told(folder)


@pytest.mark.slow
def test_projects_below_one_root_do_not_disturb_each_other() -> None:
    """Many of them have packages of the same name. What is matched by name alone is matched in all of them."""
    folders = [folder for folder in FOLDERS if folder.name != "name_only_matches"]
    together = check(
        {f"deep/{each.name}/{path}": source for each in folders for path, source in files_of(each).items()},
        EngineOptions(),
        manifests=lambda: {
            f"deep/{each.name}/{path}": text for each in folders for path, text in manifests_of(each).items()
        },
    )
    expected = {
        (f"deep/{each.name}/{finding.call.path}", finding.call.span.line, finding.code)
        for each in folders
        for finding in report_of(each).findings
    }
    assert {(each.call.path, each.call.span.line, each.code) for each in together.findings} == expected


@of_every_third_project(2)
def test_every_file_alone_says_what_all_files_say(folder: Path, project: Path) -> None:
    for path in files_of(folder):
        assert checked(path) == [line for line in told(folder) if line.startswith(f"{path}:")], path


TARGETS = [folder for folder in FOLDERS if folder.name.startswith("targets_")]


@pytest.mark.parametrize("folder", TARGETS, ids=lambda folder: folder.name)
def test_every_door_leaves_out_what_stops_another_machine(folder: Path, project: Path) -> None:
    """With `target = "self"`, and with nothing else: what is unknown is reported."""
    (project / "pyproject.toml").write_text(f'{CONFIGURATION}target = "self"\n', encoding="utf-8")
    others = {
        f"{each.call.path}:{each.call.span.line}:{each.call.span.column}: {each.code} {one_line(each)}"
        for each in report_of(folder).findings
        if each.call.target is Target.OTHER
    }
    expected = sorted(set(told(folder)) - others)
    assert checked() == expected
    assert linted(1) == expected
    for path in files_of(folder):
        assert checked(path) == [line for line in expected if line.startswith(f"{path}:")], path


def test_other_machines_are_among_the_projects() -> None:
    targets = {each.call.target for folder in TARGETS for each in report_of(folder).findings}
    assert targets == set(Target)


@pytest.mark.skipif(sys.platform == "win32", reason="paths are compared as text")
@pytest.mark.slow
def test_real_processes_say_the_same_of_all_projects_at_once(tmp_path: Path) -> None:
    """One tree with every project in it, each below a configuration of its own."""
    for folder in FOLDERS:
        copied(folder, tmp_path)
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION, encoding="utf-8")
    done = check_as_process(*(folder.name for folder in FOLDERS), cwd=tmp_path)
    assert done.status == 1, done.err
    expected = sorted(done.out.splitlines())
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.py"))
    for door in ([*hook_entry("selfstop"), *names], hook_entry("selfstop-all")):
        assert sorted(run(*door, cwd=tmp_path).out.splitlines()) == expected
    audited_as_process = selfstop_as_process("audit", "--output-format=concise", f"--ignore={OPT_IN}", cwd=tmp_path)
    assert sorted(audited_as_process.out.splitlines()) == expected
    for jobs in (1, 2):
        options = ("--isolated", "--select=SST", f"--jobs={jobs}")
        linted_lines = flake8_as_process(*options, *(folder.name for folder in FOLDERS), cwd=tmp_path).out.splitlines()
        assert sorted(linted_lines) == expected

"""The fixtures are the specification: marked calls get the verdict they are marked with, other calls none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from expectations import Expectations, MarkError, differences, parse_expectations
from selfstop.config import EngineOptions
from selfstop.engine import check

if TYPE_CHECKING:
    from selfstop.model import Report

FIXTURES = Path(__file__).parent.parent / "fixtures"
STOP_ON_BY_DEFAULT = "SST201"

SINGLE_FILES = sorted([*FIXTURES.glob("rules/*/*.py"), *FIXTURES.glob("syntax/*.py")])
ACADEMY = FIXTURES / "academy"
ACADEMY_FILES = sorted(ACADEMY.rglob("*.py"))
ALL_FILES = [*SINGLE_FILES, *ACADEMY_FILES]
FOLDERS = sorted({path.parent for path in SINGLE_FILES})


def name_of(path: Path) -> str:
    return path.relative_to(FIXTURES).as_posix()


def expectations_of(path: Path) -> Expectations:
    return parse_expectations(path.read_bytes())


def verdicts(report: Report, path: str, *, with_defaults: bool) -> set[tuple[int, str]]:
    """(line, code) of the findings in one file; SST201 is opt-in and counts only where it is asked for."""
    return {
        (finding.call.span.line, finding.code)
        for finding in report.findings
        if finding.call.path == path and (with_defaults or finding.code != STOP_ON_BY_DEFAULT)
    }


def check_alone(path: Path) -> Report:
    return check({name_of(path): path.read_bytes()}, EngineOptions())


@pytest.mark.parametrize("path", SINGLE_FILES, ids=name_of)
def test_verdicts(path: Path) -> None:
    report = check_alone(path)
    assert report.errors == ()
    found = verdicts(report, name_of(path), with_defaults=path.parent.name.startswith("sst201"))
    different = differences(path.read_bytes(), expectations_of(path).findings, found)
    assert not different, "\n".join([name_of(path), *different])


@pytest.mark.parametrize("path", SINGLE_FILES, ids=name_of)
def test_guarded_calls_are_listed(path: Path) -> None:
    """Silence has two reasons, and the report tells them apart: only guarded calls are listed."""
    expected = expectations_of(path)
    listed = {call.span.line for call in check_alone(path).guarded if call.path == name_of(path)}
    source = path.read_bytes()
    missing = differences(source, {(line, "guarded") for line in expected.guarded - listed}, ())
    mistaken = differences(source, (), {(line, "guarded") for line in expected.no_stop & listed})
    assert not missing + mistaken, "\n".join([name_of(path), *missing, *mistaken])


def test_academy() -> None:
    files = {path.relative_to(ACADEMY).as_posix(): path.read_bytes() for path in ACADEMY_FILES}
    report = check(files, EngineOptions())
    assert report.errors == ()
    different: list[str] = []
    for path, source in files.items():
        found = verdicts(report, path, with_defaults=False)
        lines = differences(source, parse_expectations(source).findings, found)
        different += [f"{path}\n{line}" for line in lines]
    assert not different, "\n".join(different)


def test_academy_lists_its_guarded_calls() -> None:
    files = {path.relative_to(ACADEMY).as_posix(): path.read_bytes() for path in ACADEMY_FILES}
    report = check(files, EngineOptions())
    expected = {(path, line) for path, source in files.items() for line in parse_expectations(source).guarded}
    assert {(call.path, call.span.line) for call in report.guarded} == expected


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_as_many_silent_calls_as_findings(folder: Path) -> None:
    judged = [expectations_of(path) for path in sorted(folder.glob("*.py"))]
    assert sum(each.silent_calls for each in judged) >= sum(each.reported_calls for each in judged)


@pytest.mark.parametrize("path", ALL_FILES, ids=name_of)
def test_marks_stand_on_the_first_line_of_a_call(path: Path) -> None:
    wrapper = MetadataWrapper(libcst.parse_module(path.read_bytes()), unsafe_skip_copy=True)
    positions = wrapper.resolve(PositionProvider)
    calls = {span.start.line for node, span in positions.items() if isinstance(node, libcst.Call)}
    assert expectations_of(path).lines <= calls


@pytest.mark.parametrize("path", SINGLE_FILES, ids=name_of)
def test_every_fixture_judges_something(path: Path) -> None:
    assert expectations_of(path).lines


SOURCE = b"f()  %s\n"


@pytest.mark.parametrize(
    ("comment", "findings"),
    [
        (b"# expect: SST101", {(1, "SST101")}),
        (b"# expect: SST104, SST201", {(1, "SST104"), (1, "SST201")}),
        (b"# silent: guarded", set()),
        (b"# silent: no stop", set()),
    ],
)
def test_marks(comment: bytes, findings: set[tuple[int, str]]) -> None:
    expected = parse_expectations(SOURCE % comment)
    assert expected.findings == findings
    assert expected.lines == {1}


@pytest.mark.parametrize(
    "comment",
    [
        b"# expect SST101",
        b"# expects: SST101",
        b"# exepct: SST101",
        b"# Expect: SST101",
        b"#expect: SST101",
        b"# expect: SST999",
        b"# expect: SST101 SST102",
        b"# expect: SST101,SST102",
        b"# expect: SST101, SST101",
        b"# expect: sst101",
        b"# expect:",
        b"# SST101",
        b"# silent",
        b"# silent: guraded",
        b"# slient: guarded",
        b"# anything else behind code",
    ],
)
def test_misspelt_marks_are_errors(comment: bytes) -> None:
    with pytest.raises(MarkError):
        parse_expectations(SOURCE % comment)


@pytest.mark.parametrize("comment", [b"# expect: SST101", b"# silent: guarded", b"# exepct: SST101", b"# see SST101"])
def test_marks_without_a_call_are_errors(comment: bytes) -> None:
    with pytest.raises(MarkError):
        parse_expectations(comment + b"\nf()\n")


def test_comments_in_strings_and_prose_are_no_marks() -> None:
    source = b'text = "# expect: SST101"\n# Methods: each class answers for its own.\n# silent when guarded\n'
    assert parse_expectations(source) == Expectations()


def test_differences_name_line_and_code() -> None:
    source = b"f()\ng()\n"
    assert differences(source, {(1, "SST101")}, {(1, "SST101")}) == []
    assert differences(source, {(1, "SST101")}, {(2, "SST102")}) == [
        "  line 1: expected SST101, found nothing\n    f()",
        "  line 2: expected nothing, found SST102\n    g()",
    ]

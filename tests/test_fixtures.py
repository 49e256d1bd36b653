"""The fixtures are the specification: marked calls get the verdict they are marked with, other calls none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import libcst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from expectations import (
    Aim,
    Expectations,
    MarkError,
    differences,
    differences_of_targets,
    parse_expectations,
    unused_births,
)
from reported import FIXTURES, files_of, name_of, report_of
from selfstop.model import IdSource, Span, StopCall, Target

if TYPE_CHECKING:
    from pathlib import Path

    from selfstop.model import Report

STOP_ON_BY_DEFAULT = "SST201"

SINGLE_FILES = sorted([*FIXTURES.glob("rules/*/*.py"), *FIXTURES.glob("syntax/*.py")])
ACADEMY = FIXTURES / "academy"
ACADEMY_FILES = sorted(ACADEMY.rglob("*.py"))
ALL_FILES = [*SINGLE_FILES, *ACADEMY_FILES]
FOLDERS = sorted({path.parent for path in SINGLE_FILES})


def expectations_of(path: Path) -> Expectations:
    return parse_expectations(path.read_bytes())


def verdicts(report: Report, path: str, *, with_defaults: bool) -> set[tuple[int, str]]:
    """(line, code) of the findings in one file; SST201 is opt-in and counts only where it is asked for."""
    return {
        (finding.call.span.line, finding.code)
        for finding in report.findings
        if finding.call.path == path and (with_defaults or finding.code != STOP_ON_BY_DEFAULT)
    }


def calls_of(report: Report) -> list[StopCall]:
    return [*(finding.call for finding in report.findings), *report.guarded]


@pytest.mark.parametrize("path", SINGLE_FILES, ids=name_of)
def test_verdicts(path: Path) -> None:
    report = report_of(path)
    assert report.errors == ()
    found = verdicts(report, name_of(path), with_defaults=path.parent.name.startswith("sst201"))
    different = differences(path.read_bytes(), expectations_of(path).findings, found)
    assert not different, "\n".join([name_of(path), *different])


@pytest.mark.parametrize("path", SINGLE_FILES, ids=name_of)
def test_guarded_calls_are_listed(path: Path) -> None:
    """Silence has two reasons, and the report tells them apart: only guarded calls are listed."""
    expected = expectations_of(path)
    listed = {call.span.line for call in report_of(path).guarded if call.path == name_of(path)}
    source = path.read_bytes()
    missing = differences(source, {(line, "guarded") for line in expected.guarded - listed}, ())
    mistaken = differences(source, (), {(line, "guarded") for line in expected.no_stop & listed})
    assert not missing + mistaken, "\n".join([name_of(path), *missing, *mistaken])


@pytest.mark.parametrize("path", SINGLE_FILES, ids=name_of)
def test_targets(path: Path) -> None:
    files = files_of(path)
    different = differences_of_targets(files, calls_of(report_of(path)))
    assert not different, "\n".join(["", *different])
    assert unused_births(files) == set()


def test_targets_of_the_academy() -> None:
    files = files_of(ACADEMY)
    different = differences_of_targets(files, calls_of(report_of(ACADEMY)))
    assert not different, "\n".join(["", *different])
    assert unused_births(files) == set()


def test_academy() -> None:
    files = files_of(ACADEMY)
    report = report_of(ACADEMY)
    assert report.errors == ()
    different: list[str] = []
    for path, source in files.items():
        found = verdicts(report, path, with_defaults=False)
        lines = differences(source, parse_expectations(source).findings, found)
        different += [f"{path}\n{line}" for line in lines]
    assert not different, "\n".join(different)


def test_academy_lists_its_guarded_calls() -> None:
    files = files_of(ACADEMY)
    report = report_of(ACADEMY)
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
        (b"# expect: SST104, SST201 [self]", {(1, "SST104"), (1, "SST201")}),
        (b"# silent: guarded [other: here]", set()),
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
        b"# silent: no stop [self]",
        b"# silent: guarded [himself]",
        b"# silent: guarded [self:]",
        b"# silent: guarded [self here]",
        b"# silent: guarded [unknown: here]",
        b"# expect: [self]",
        b"# expect: SST101[self]",
        b"# born:",
        b"# born here",
        b"# bron: here",
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


def test_marks_name_the_target_and_where_the_id_was_born() -> None:
    source = b"""\
me = f()  # born: imds, own
stop(me)  # silent: guarded [self: imds]
stop(me, you)  # expect: SST101 [self: imds, own]
stop(you)  # expect: SST101 [unknown]
stop(them)  # expect: SST101
"""
    expected = parse_expectations(source)
    assert expected.births == {("imds", 1), ("own", 1)}
    assert expected.aims == {
        Aim(2, "self", frozenset({"imds"})),
        Aim(3, "self", frozenset({"imds", "own"})),
        Aim(4, "unknown"),
    }
    assert expected.lines == {2, 3, 4, 5}
    assert unused_births({"a.py": source, "b.py": b"f()  # born: nowhere\n"}) == {"nowhere"}


@pytest.mark.parametrize(
    ("mark", "target", "lines"),
    [
        (b"[other]", "self", [1]),
        (b"[unknown]", "self", [1]),
        (b"[self: here]", "self", [1]),
        (b"[self: imds]", "self", []),
        (b"[self: imds]", "self", [1, 2]),
        (b"[self: imds]", "other", [1]),
    ],
)
def test_differences_of_targets_are_seen(mark: bytes, target: str, lines: list[int]) -> None:
    files = {"a.py": b"f()  # born: imds\nstop()  # silent: guarded %s\n" % mark}
    places = tuple(IdSource("a.py", line, "") for line in lines)
    call = StopCall("a.py", Span(2, 1, 2, 7), "f", "stop", (), Target(target), places)
    right = replace(call, target=Target.SELF, sources=(IdSource("a.py", 1, ""),))
    assert differences_of_targets(files, [call])
    assert not differences_of_targets({"a.py": files["a.py"].replace(mark, b"[self: imds]")}, [right])
    assert differences_of_targets(files, [])


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

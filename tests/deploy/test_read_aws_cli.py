"""Commands of the aws CLI, and user data."""

from __future__ import annotations

import base64

import pytest
from reading import facts, of_kind, runs, told

from selfstop.deploy.model import (
    CapacityWrite,
    Instance,
    InstanceProfile,
    Language,
    LaunchTemplate,
    Role,
    RolePolicy,
    ScalingGroup,
    Script,
    Strength,
    Value,
)

CREATE = "aws autoscaling create-auto-scaling-group --auto-scaling-group-name g"


def text(value: Value | None) -> str:
    return "-" if value is None else str(value)


GROUPS = {
    "options": (f"{CREATE} --min-size 1 --max-size 20 --desired-capacity 1", "1/1/20 -"),
    "options with signs": (f"{CREATE} --min-size=0 --max-size=2", "0/-/2 -"),
    "global options before": (
        "aws --region x --no-cli-pager autoscaling create-auto-scaling-group --auto-scaling-group-name g --min-size 1",
        "1/-/- -",
    ),
    "a template in shorthand": (f"{CREATE} --launch-template 'LaunchTemplateName=lt,Version=$Latest'", "-/-/- lt"),
    "a template by id": (f"{CREATE} --launch-template LaunchTemplateId=lt-1", "-/-/- lt-1"),
    "a template in JSON": (f'{CREATE} --launch-template \'{{"LaunchTemplateName": "lt"}}\'', "-/-/- lt"),
    "a launch configuration": (f"{CREATE} --launch-configuration-name lc", "-/-/- lc"),
    "a mixed policy": (
        (
            f"{CREATE} --mixed-instances-policy "
            """'{"LaunchTemplate":{"LaunchTemplateSpecification":{"LaunchTemplateName":"lt"}}}'"""
        ),
        "-/-/- lt",
    ),
    "JSON from a here-document": (
        (
            'cat > in.json <<EOF\n{"AutoScalingGroupName": "g", "MinSize": 1, "MaxSize": 3}\nEOF\n'
            "aws autoscaling create-auto-scaling-group --cli-input-json file://in.json"
        ),
        "1/-/3 -",
    ),
    "in a variable": (
        "N=g\nM=1\naws autoscaling update-auto-scaling-group --auto-scaling-group-name $N --min-size $M",
        "1/-/- -",
    ),
    "unresolved": (f"{CREATE} --min-size $M --max-size 2", "$M/-/2 -"),
}


@pytest.mark.parametrize(("command", "expected"), GROUPS.values(), ids=GROUPS.keys())
def test_groups(command: str, expected: str) -> None:
    (group,) = of_kind(ScalingGroup, facts(command))
    assert str(group.name) == "g"
    assert f"{text(group.minimum)}/{text(group.desired)}/{text(group.maximum)} {text(group.template)}" == expected


def test_create_and_update_are_told_apart() -> None:
    found = of_kind(ScalingGroup, facts(f"{CREATE} || {CREATE.replace('create', 'update')}"))
    assert [group.update for group in found] == [False, True]


def test_case_23_other_targets_of_scaling_are_no_groups() -> None:
    assert (
        facts(
            "aws application-autoscaling register-scalable-target --service-namespace ec2 "
            "--resource-id auto-scaling-group/g "
            "--scalable-dimension ec2:autoScalingGroup:DesiredCapacity --min-capacity 0 --max-capacity 20\n"
            "aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names g\n"
            "echo aws autoscaling create-auto-scaling-group --auto-scaling-group-name g --min-size 1"
        )
        == []
    )


def test_other_writers_of_capacity() -> None:
    found = of_kind(
        CapacityWrite,
        facts(
            "aws autoscaling set-desired-capacity --auto-scaling-group-name g --desired-capacity 2 --honor-cooldown\n"
            "aws autoscaling put-scheduled-update-group-action --auto-scaling-group-name g --min-size 1 "
            "--scheduled-action-name morning --recurrence '0 8 * * *'"
        ),
    )
    assert [(str(each.group), each.by, text(each.minimum), text(each.desired)) for each in found] == [
        ("g", "set-desired-capacity", "-", "2"),
        ("g", "scheduled action", "1", "-"),
    ]


def test_templates_and_instances() -> None:
    found = facts(
        """aws ec2 create-launch-template --launch-template-name lt --launch-template-data '{
  "IamInstanceProfile": {"Name": "p"}, "TagSpecifications": [
    {"ResourceType": "volume", "Tags": [{"Key": "Name", "Value": "no"}]},
    {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "host"}]}]}'
aws autoscaling create-launch-configuration --launch-configuration-name lc --iam-instance-profile p --user-data file://u.sh
aws ec2 run-instances --iam-instance-profile Name=p --user-data file://u.sh \
  --tag-specifications 'ResourceType=instance,Tags=[{Key=Name,Value=host}]'
"""
    )
    template, configuration = of_kind(LaunchTemplate, found)
    assert (text(template.name), text(template.profile), text(template.host)) == ("lt", "p", "host")
    assert template.user_data is None
    assert (text(configuration.name), text(configuration.profile)) == ("lc", "p")
    (instance,) = of_kind(Instance, found)
    assert (text(instance.profile), text(instance.host)) == ("p", "host")
    for fact in (configuration, instance):
        assert fact.user_data is not None
        assert text(fact.user_data.file) == "u.sh"


def test_case_26_roles_and_policies() -> None:
    found = facts(
        "aws iam create-role --role-name r --assume-role-policy-document file://trust.json --permissions-boundary b\n"
        "aws iam put-role-policy --role-name r --policy-name p --policy-document file://p.json\n"
        "aws iam put-role-policy --role-name r --policy-name q --policy-document '{\"Statement\": []}'\n"
        "aws iam attach-role-policy --role-name r --policy-arn arn:aws:iam::aws:policy/AmazonEC2FullAccess\n"
        "aws iam delete-role-policy --role-name r --policy-name p\n"
        "aws iam add-role-to-instance-profile --instance-profile-name ip --role-name r\n"
        "aws iam put-user-policy --user-name u --policy-name p --policy-document file://p.json\n"
    )
    (role,) = of_kind(Role, found)
    assert (text(role.name), text(role.boundary)) == ("r", "b")
    file, inline, attached, removed = of_kind(RolePolicy, found)
    assert (text(file.file), file.name, file.script) == ("p.json", "p", None)
    assert inline.script is not None
    assert (inline.script.language, inline.script.text, inline.file) == (Language.JSON, '{"Statement": []}', None)
    assert text(attached.reference).endswith("AmazonEC2FullAccess")
    assert (removed.removed, removed.name) == (True, "p")
    (profile,) = of_kind(InstanceProfile, found)
    assert (text(profile.name), text(profile.role)) == ("ip", "r")


RUN = "#!/bin/bash\ndocker run -e X=0 img\n"
ENCODED = base64.b64encode(RUN.encode()).decode()
MIME = f"""Content-Type: multipart/mixed; boundary="=="
MIME-Version: 1.0

--==
Content-Type: text/cloud-config; charset="us-ascii"

#cloud-config
runcmd: []
--==
Content-Type: text/x-shellscript

{RUN}--==--
"""

USER_DATA = {
    "a shell script": (RUN, [("img X=0", 2)]),
    "blank lines first": (f"\n\n{RUN}", [("img X=0", 4)]),
    "case 24: MIME": (MIME, [("img X=0", 13)]),
    "PowerShell of Windows": ("<powershell>\ndocker run -e X=0 img\n</powershell>", [("img X=0", 2)]),
    "another interpreter": ("#!/usr/bin/python3\nprint('docker run img')\n", []),
}


@pytest.mark.parametrize(("given", "expected"), USER_DATA.values(), ids=USER_DATA.keys())
def test_user_data(given: str, expected: list[tuple[str, int]]) -> None:
    found = runs(given, Language.USER_DATA)
    assert [(told(run), run.place.line) for run in found] == expected
    assert all(run.strength is Strength.UNATTENDED for run in found)


def test_user_data_in_cloud_config_is_handed_on() -> None:
    (found,) = of_kind(Script, facts("#cloud-config\nruncmd: []\n", Language.USER_DATA))
    assert (found.language, found.place.line) == (Language.CLOUD_CONFIG, 1)


def test_user_data_inside_of_a_command() -> None:
    for command in (
        f"aws ec2 run-instances --user-data {ENCODED}",
        f"aws ec2 run-instances --user-data '{RUN}'",
        f"U=$(cat <<'EOF'\n{RUN}EOF\n)\naws ec2 run-instances --user-data \"$U\"",
        f"cat > u.sh <<'EOF'\n{RUN}EOF\naws ec2 run-instances --user-data file://u.sh",
    ):
        found = runs(command)
        assert {told(run) for run in found} == {"img X=0"}
        assert Strength.UNATTENDED in {run.strength for run in found}

"""CloudFormation and SAM templates: groups, launch templates, user data, roles (cases 23, 24, 26)."""

from __future__ import annotations

import json
import textwrap

import pytest

from selfstop.deploy.model import (
    CapacityWrite,
    Instance,
    InstanceProfile,
    LaunchTemplate,
    Policy,
    Reading,
    Role,
    RolePolicy,
    ScalingGroup,
    Script,
    Strength,
    UserData,
)
from selfstop.deploy.permission import Permission, judge
from selfstop.deploy.read import json_file, yaml_file
from tests.deploy.readings import runs, settings, short

HEAD = "AWSTemplateFormatVersion: '2010-09-09'\n"


def template(resources: str, rest: str = "") -> Reading:
    """A template with these resources from line 3 on."""
    reading = yaml_file.read("cfn/t.yml", HEAD + "Resources:\n" + textwrap.indent(resources, "  ") + rest)
    assert reading.problems == ()
    return reading


def only(reading: Reading, kind: type) -> list:
    return [fact for fact in reading.facts if isinstance(fact, kind)]


GROUP = """\
Workers:
  Type: AWS::AutoScaling::AutoScalingGroup
  Properties:
    MinSize: '1'
    MaxSize: 20
    DesiredCapacity: !Ref Count
    LaunchTemplate:
      LaunchTemplateId: !Ref Template
      Version: !GetAtt Template.LatestVersionNumber
Template:
  Type: AWS::EC2::LaunchTemplate
"""


def test_group_and_its_template() -> None:
    reading = template(GROUP, "Parameters: {Count: {Type: Number, Default: 1}}\n")
    (group,) = only(reading, ScalingGroup)
    (launched,) = only(reading, LaunchTemplate)
    assert (short(group.minimum), short(group.desired), short(group.maximum)) == ("1", "<Count/1>", "20")
    assert short(group.template) == launched.label == "cfn/t.yml:Template"
    assert (short(group.name), group.label, group.place.line) == ("cfn/t.yml:Workers", "cfn/t.yml:Workers", 3)
    assert group.strength is Strength.UNATTENDED


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param("AutoScalingGroupName: w", ("w", None), id="a name of its own"),
        pytest.param(
            "AutoScalingGroupName: !Sub '${AWS::StackName}-w'", ("<AWS::StackName>-w", None), id="a made-up name"
        ),
        pytest.param("LaunchTemplate: {LaunchTemplateName: lt}", ("cfn/t.yml:G", "lt"), id="template by name"),
        pytest.param("LaunchConfigurationName: {Ref: C}", ("cfn/t.yml:G", "<C>"), id="launch configuration"),
        pytest.param(
            "MixedInstancesPolicy: {LaunchTemplate: {LaunchTemplateSpecification: {LaunchTemplateId: lt-1}}}",
            ("cfn/t.yml:G", "lt-1"),
            id="mixed instances",
        ),
    ],
)
def test_names_of_groups(properties: str, expected: tuple[str, str | None]) -> None:
    (group,) = only(
        template(f"G:\n  Type: AWS::AutoScaling::AutoScalingGroup\n  Properties:\n    {properties}\n"), ScalingGroup
    )
    assert (short(group.name), short(group.template)) == expected


def test_a_group_under_a_condition() -> None:
    (group,) = only(template("G:\n  Type: AWS::AutoScaling::AutoScalingGroup\n  Condition: Prod\n"), ScalingGroup)
    assert [(each.text, each.place.line) for each in group.conditions] == [("Prod", 5)]


def test_a_scalable_target_is_no_group_case_23() -> None:
    reading = template(
        "T:\n  Type: AWS::ApplicationAutoScaling::ScalableTarget\n  Properties:\n    ServiceNamespace: ec2\n"
        "    ResourceId: auto-scaling-group/w\n    MinCapacity: 0\n"
    )
    assert reading == Reading()


def test_a_scheduled_action_writes_the_capacity() -> None:
    (write,) = only(
        template(
            "S:\n  Type: AWS::AutoScaling::ScheduledAction\n  Properties: {AutoScalingGroupName: !Ref G, MinSize: 1}\n"
            "G:\n  Type: AWS::AutoScaling::AutoScalingGroup\n"
        ),
        CapacityWrite,
    )
    assert (short(write.group), short(write.minimum), write.desired) == ("cfn/t.yml:G", "1", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("5", "5", id="number"),
        pytest.param("!Ref P", "<P/7>", id="parameter with a default"),
        pytest.param("{Ref: P}", "<P/7>", id="long form"),
        pytest.param("!Ref Secret", "<Secret>", id="the default of a secret is not kept"),
        pytest.param("!Ref Nothing", "<Nothing>", id="nothing of that name"),
        pytest.param("!If [C, '1', '0']", "<C/1/0.>", id="either"),
        pytest.param("!If [C, '1', !Ref P]", "<C/1>", id="either, one of them open"),
        pytest.param("!If [C, '1', !Ref 'AWS::NoValue']", "<C/1>", id="perhaps"),
        pytest.param("!Ref AWS::NoValue", None, id="no value"),
        pytest.param("!FindInMap [M, prod, idle]", "0", id="map"),
        pytest.param("!FindInMap [M, !Ref Env, idle]", "<M.idle/0/5.>", id="map with an open key"),
        pytest.param("!FindInMap [N, a, b]", "<FindInMap>", id="no such map"),
        pytest.param("!Join ['-', [a, !Ref P, b]]", "a-<P/7>-b", id="join"),
        pytest.param("!Join ['-', !Ref L]", "<Join>", id="join of an open list"),
        pytest.param("!Sub 'a${P}b${!Y}'", "a<P/7>b${Y}", id="sub"),
        pytest.param("!Sub ['${A}-${P}', {A: x}]", "x-<P/7>", id="sub with variables"),
        pytest.param("!ImportValue x", "<ImportValue>", id="value of another stack"),
        pytest.param("!Select [0, [a]]", "<Select>", id="other functions"),
        pytest.param("!GetAtt Other.Arn", "<Other>", id="attribute of nothing here"),
        pytest.param("", None, id="null"),
        pytest.param("[a]", None, id="list"),
    ],
)
def test_values(value: str, expected: str | None) -> None:
    rest = """
Parameters:
  P: {Default: 7}
  Secret: {Default: hunter2, NoEcho: true}
Mappings:
  M: {prod: {idle: 0}, dev: {idle: 5}}
"""
    reading = template(f"G:\n  Type: AWS::AutoScaling::AutoScalingGroup\n  Properties:\n    MinSize: {value}\n", rest)
    assert short(only(reading, ScalingGroup)[0].minimum) == expected


def launched(user_data: str) -> UserData:
    """The user data of a launch template; the property is on line 7."""
    lines = textwrap.indent(user_data.strip("\n"), "        ")
    reading = template(
        f"T:\n  Type: AWS::EC2::LaunchTemplate\n  Properties:\n    LaunchTemplateData:\n{lines}\n",
        "Parameters: {Idle: {Default: 0}}\n",
    )
    found = only(reading, LaunchTemplate)[0].user_data
    assert isinstance(found, UserData)
    return found


@pytest.mark.parametrize(
    ("text", "line", "script"),
    [
        pytest.param(
            "UserData:\n  Fn::Base64: !Sub |\n    #!/bin/bash\n    docker run -e X=${Idle} w\n",
            9,
            "#!/bin/bash\ndocker run -e X=${Idle} w\n",
            id="case 24: Fn::Base64 of !Sub",
        ),
        pytest.param("UserData: !Base64 |\n  a\n  b\n", 8, "a\nb\n", id="literal"),
        pytest.param(
            "UserData:\n  Fn::Base64:\n    Fn::Sub:\n      - |\n        a ${V}\n      - V: x\n",
            11,
            "a x\n",
            id="variables of its own",
        ),
        pytest.param(
            "UserData:\n  Fn::Base64: !Join ['', ['a ', !Ref Idle, \"\\n\", b]]\n", 8, "a ${Idle}\nb", id="join"
        ),
        pytest.param(
            "UserData:\n  Fn::Base64: !Sub |\n    echo ${!HOME}\n", 9, "echo ${HOME}\n", id="escaped variable"
        ),
        pytest.param("UserData: IyEvYmluL3NoCg==\n", 7, "#!/bin/sh\n", id="in base64 already"),
    ],
)
def test_user_data(text: str, line: int, script: str) -> None:
    found = launched(text).script
    assert isinstance(found, Script)
    assert (found.place.line, found.text, found.strength) == (line, script, Strength.UNATTENDED)


def test_parameters_are_given_to_the_script() -> None:
    script = launched("UserData:\n  Fn::Base64: !Sub |\n    docker run -e X=${Idle} w\n").script
    assert isinstance(script, Script)
    assert [(name, short(value)) for name, value in script.variables] == [("Idle", "<Idle/0>")]
    assert not script.one_line


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("UserData: !Ref Given\n", id="parameter"),
        pytest.param("UserData: !ImportValue given\n", id="another stack"),
        pytest.param("UserData: not base64\n", id="no base64"),
        pytest.param("UserData:\n  Fn::Base64: !Ref Given\n", id="base64 of a parameter"),
    ],
)
def test_user_data_from_elsewhere(text: str) -> None:
    found = launched(text)
    assert found.script is found.file is None
    assert found.text


def test_launch_template_properties() -> None:
    (found,) = only(
        template(
            "T:\n  Type: AWS::EC2::LaunchTemplate\n  Properties:\n    LaunchTemplateName: lt\n    LaunchTemplateData:\n"
            "      IamInstanceProfile: {Arn: !GetAtt P.Arn}\n"
            "      TagSpecifications: [{ResourceType: instance, Tags: [{Key: Name, Value: w}]}]\n"
            "P:\n  Type: AWS::IAM::InstanceProfile\n  Properties: {Roles: [!Ref R]}\n"
            "R:\n  Type: AWS::IAM::Role\n"
        ),
        LaunchTemplate,
    )
    assert (short(found.name), short(found.profile), short(found.host)) == ("lt", "cfn/t.yml:P", "w")


@pytest.mark.parametrize("kind", ["LaunchConfiguration", "Instance"])
def test_launch_configurations_and_instances(kind: str) -> None:
    service = "AutoScaling" if kind == "LaunchConfiguration" else "EC2"
    text = f"T:\n  Type: AWS::{service}::{kind}\n  Properties:\n    UserData: !Base64 |\n      a\n"
    (found,) = template(text + "    IamInstanceProfile: arn:aws:iam::1:instance-profile/p\n").facts
    assert isinstance(found, LaunchTemplate | Instance)
    assert short(found.profile) == "p"
    assert found.user_data is not None
    assert found.user_data.script is not None


ROLE = """\
R:
  Type: AWS::IAM::Role
  Properties:
    PermissionsBoundary: arn:aws:iam::1:policy/limit
    ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]
    Policies:
      - PolicyName: inline
        PolicyDocument:
          Statement:
            - Effect: Allow
              Action: ec2:StopInstances
              Resource: !Sub 'arn:aws:ec2:${AWS::Region}:${AWS::AccountId}:instance/*'
P:
  Type: AWS::IAM::InstanceProfile
  Properties: {InstanceProfileName: profile, Roles: [!Ref R]}
"""


def test_role_with_its_policies_case_26() -> None:
    reading = template(ROLE)
    (role,), (profile,) = only(reading, Role), only(reading, InstanceProfile)
    inline, managed = only(reading, RolePolicy)
    assert (role.complete, short(role.boundary), role.label) == (True, "arn:aws:iam::1:policy/limit", "cfn/t.yml:R")
    assert (short(profile.name), short(profile.role)) == ("profile", "cfn/t.yml:R")
    assert (short(inline.role), inline.name, inline.policy.statements[0].place.line) == ("cfn/t.yml:R", "inline", 12)
    assert short(managed.reference) == "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
    assert judge([inline.policy], complete=True).permission is Permission.ALLOWED


def test_policies_of_their_own() -> None:
    document = "PolicyDocument: {Statement: {Effect: Deny, Action: !Ref Action, Resource: '*'}}"
    reading = template(
        f"A:\n  Type: AWS::IAM::Policy\n  Properties: {{PolicyName: a, Roles: [r], {document}}}\n"
        f"B:\n  Type: AWS::IAM::ManagedPolicy\n  Properties: {{Roles: [r], {document}}}\n"
    )
    first, second = only(reading, RolePolicy)
    (managed,) = only(reading, Policy)
    assert (short(first.role), first.policy.complete, first.policy.statements[0].actions) == (
        "r",
        False,
        ("{{Action}}",),
    )
    assert short(second.reference) == managed.label == "cfn/t.yml:B"


def test_statements_under_a_condition_of_the_template_are_unknown() -> None:
    reading = template(
        "A:\n  Type: AWS::IAM::RolePolicy\n  Properties:\n    RoleName: r\n    PolicyDocument:\n      Statement:\n"
        "        - !If [Prod, {Effect: Allow, Action: 'ec2:*', Resource: '*'}, !Ref AWS::NoValue]\n"
        "        - {Effect: Allow, Action: 'sqs:*', Resource: '*'}\n"
    )
    (given,) = only(reading, RolePolicy)
    assert judge([given.policy], complete=True).permission is Permission.UNKNOWN


def test_task_definition() -> None:
    reading = template(
        "T:\n  Type: AWS::ECS::TaskDefinition\n  Properties:\n    ContainerDefinitions:\n      - Name: w\n"
        "        Image: !Sub '${Registry}/w:1'\n        Environment: [{Name: X, Value: !Ref Idle}]\n",
        "Parameters: {Idle: {Default: 5}}\n",
    )
    run = runs(reading)["w"]
    assert (short(run.image), settings(run)) == ("<Registry>/w:1", ["<Idle/5> @9"])


def test_templates_in_json() -> None:
    group = {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {"MinSize": {"Ref": "P"}}}
    text = json.dumps({"Resources": {"G": group}, "Parameters": {"P": {"Default": "1"}}}, indent=1)
    (found,) = json_file.read("t.json", text).facts
    assert isinstance(found, ScalingGroup)
    assert (short(found.minimum), found.place.line) == ("<P/1>", 3)


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param("G: 5\nH: [x]\nI: {Type: [a]}\nJ: {Type: AWS::EC2::LaunchTemplate, Properties: x}\n", id="broken"),
        pytest.param("Q: {Type: AWS::SQS::Queue}\n", id="other resources"),
        pytest.param("F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12}}\n", id="SAM"),
    ],
)
def test_little_to_read(resources: str) -> None:
    assert only(template(resources), ScalingGroup) == []


def test_substitutions_of_substitutions_are_bounded() -> None:
    value = "x" * 100
    for _ in range(18):
        value = f"!Sub ['{'${A}' * 30}', {{A: {value}}}]"
    reading = template(f"G:\n  Type: AWS::AutoScaling::AutoScalingGroup\n  Properties:\n    MinSize: {value}\n")
    assert len(str(short(only(reading, ScalingGroup)[0].minimum))) <= 1 << 18


@pytest.mark.parametrize(
    ("table", "times", "expected"), [("x", 3, "xxx"), ("x" * 200_000, 3, "<Join>"), ("x" * 2_000, 200, "<Join>")]
)
def test_texts_that_are_joined_are_bounded(table: str, times: int, expected: str) -> None:
    found = ", ".join(["!FindInMap [M, A, B]"] * times)
    reading = template(
        "G:\n  Type: AWS::AutoScaling::AutoScalingGroup\n  Properties:\n"
        f"    AutoScalingGroupName: !Join ['', [{found}]]\n",
        f"Mappings: {{M: {{A: {{B: {table}}}}}}}\n",
    )
    (group,) = only(reading, ScalingGroup)
    assert short(group.name) == expected


def test_nor_is_more_joined_than_fits_in_a_file_in_all() -> None:
    joined = "!Join ['', [!FindInMap [M, A, B], !FindInMap [M, A, B]]]"
    variables = "".join(f"            - {{Name: X{number}, Value: {joined}}}\n" for number in range(400))
    reading = template(
        "T:\n  Type: AWS::ECS::TaskDefinition\n  Properties:\n    ContainerDefinitions:\n"
        f"      - Name: w\n        Image: w\n        Environment:\n{variables}",
        f"Mappings: {{M: {{A: {{B: {'x' * 100_000}}}}}}}\n",
    )
    values = [str(source.value) for source in runs(reading)["w"].sources]
    assert len(values) == 400
    assert 1 << 20 < sum(map(len, values)) < 1 << 24

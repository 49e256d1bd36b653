"""How groups, templates, user data, images and programs hang together. Numbers are those of the cases."""

from __future__ import annotations

import pytest

from selfstop.rules import Severity
from tests.audits import GUARDED, IMAGE, audited, codes, group, row, said

OFF, ON, UNKNOWN = "off", "ON", "unknown, may stop"
START = "docker run -d --restart unless-stopped -e IDLE_STOP_THRESHOLD={} fleet-worker:1.4\n"
USER_DATA = "==> infra/user_data.sh <==\n#!/bin/bash\n" + START.format(0)
TEMPLATE = """\
aws ec2 create-launch-template --launch-template-name fleet-template \\
  --launch-template-data "{\\"UserData\\": \\"$(base64 -w0 infra/user_data.sh)\\"}"
"""
GROUP = """\
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4 --desired-capacity 1
"""


# Groups


def test_case_22_a_group_with_its_template_user_data_and_program(tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + USER_DATA + "==> group.sh <==\n" + TEMPLATE + GROUP)
    found = group(report, "fleet-group")
    assert (found.capacity, found.image, found.entry) == ("1/1/4", "fleet-worker", "fleet.worker")
    assert (str(found.run), str(found.stop_call), found.threshold) == (
        "infra/user_data.sh:2",
        "fleet/worker.py:14",
        "0",
    )
    assert (found.verdict, found.note) == (OFF, "safe by this setting only")
    assert report.sentence == ("No scaling group stops its own instances: in fleet-group the settings switch it off.")


CAPACITIES = {
    "case 22: an update changes the minimum": (
        GROUP + "aws autoscaling update-auto-scaling-group --auto-scaling-group-name fleet-group --min-size 0\n",
        "0/1/4",
    ),
    "case 22: a name in a variable": (GROUP.replace("fleet-group", "$NAME").join(("NAME=fleet-group\n", "")), "1/1/4"),
    "case 38: a minimum of thousands of digits": (GROUP.replace("size 1", f"size {'9' * 5_000}"), f"{'9' * 5_000}/1/4"),
    "case 22: a maximum that is not known": (GROUP.replace("--max-size 4", "--max-size $MAX"), "1/1/$MAX"),
    "case 23: a scalable target is not the group": (
        GROUP + "aws application-autoscaling register-scalable-target --service-namespace ec2 --min-capacity 0 "
        "--max-capacity 9 --resource-id auto-scaling-group/fleet-group --scalable-dimension "
        "ec2:autoScalingGroup:DesiredCapacity\n",
        "1/1/4",
    ),
}


@pytest.mark.parametrize(("script", "capacity"), CAPACITIES.values(), ids=CAPACITIES.keys())
def test_capacity(script, capacity, tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + USER_DATA + "==> group.sh <==\n" + TEMPLATE + script)
    assert group(report, "fleet-group").capacity == capacity


FLOORS = {
    "at least one: a loop": (GROUP, Severity.ERROR),
    "none: as long as it is scaled out": (
        GROUP.replace("size 1", "size 0").replace("capacity 1", "capacity 0"),
        Severity.NOTE,
    ),
    "not known: perhaps": (
        GROUP.replace("size 1", "size $MIN").replace("capacity 1", "capacity $MIN"),
        Severity.WARNING,
    ),
    "case 23: none, but a schedule sets one": (
        GROUP.replace("size 1", "size 0").replace("capacity 1", "capacity 0")
        + "aws autoscaling put-scheduled-update-group-action --auto-scaling-group-name fleet-group "
        "--scheduled-action-name morning --min-size 1 --desired-capacity 1\n",
        Severity.ERROR,
    ),
}


@pytest.mark.parametrize(("script", "severity"), FLOORS.values(), ids=FLOORS.keys())
def test_how_bad_a_stop_is_depends_on_how_many_machines_the_group_keeps(script, severity, tmp_path):
    data = USER_DATA.replace("=0", "=5")
    report = audited(tmp_path, GUARDED + IMAGE + data + "==> group.sh <==\n" + TEMPLATE + script)
    (found,) = [each for each in report.findings if each.code == "SST301"]
    assert found.severity is severity


JOINS = {
    "case 24: PowerShell reads, replaces, encodes, writes JSON": """\
==> scripts/group.ps1 <==
$Root = Split-Path -Parent $PSScriptRoot
$Path = Join-Path $Root "infra\\user_data.sh"
$Raw = (Get-Content $Path -Raw) -replace "{{REGISTRY}}", $Registry
$Data = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($Raw))
$Json = @"
{"ImageId": "$Ami", "UserData": "$Data"}
"@
$File = Join-Path $Root "lt.json"
[System.IO.File]::WriteAllText($File, $Json)
$Name = "fleet-group"
aws ec2 create-launch-template --launch-template-name fleet-template --launch-template-data "file://$File"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name $Name `
    --launch-template "LaunchTemplateName=fleet-template,Version=`$Latest" `
    --min-size 1 --max-size 4 --desired-capacity 1
""",
    "case 24: Terraform, filebase64": """\
==> infra/main.tf <==
resource "aws_launch_template" "fleet" {
  name      = "fleet-template"
  user_data = filebase64("${path.module}/user_data.sh")
}
resource "aws_autoscaling_group" "fleet" {
  name             = "fleet-group"
  min_size         = 1
  max_size         = 4
  desired_capacity = 1
  launch_template { id = aws_launch_template.fleet.id }
}
""",
    "case 24: Terraform, templatefile": """\
==> infra/main.tf <==
resource "aws_launch_template" "fleet" {
  user_data = base64encode(templatefile("${path.module}/user_data.sh", { registry = var.registry }))
}
resource "aws_autoscaling_group" "fleet" {
  name             = "fleet-group"
  min_size         = 1
  max_size         = 4
  desired_capacity = 1
  launch_template { id = aws_launch_template.fleet.id }
}
""",
    "case 24: Terraform, a here-document": """\
==> infra/main.tf <==
resource "aws_launch_template" "fleet" {
  user_data = base64encode(<<-EOT
    #!/bin/bash
    docker run -d --restart unless-stopped -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4
  EOT
  )
}
resource "aws_autoscaling_group" "fleet" {
  name             = "fleet-group"
  min_size         = 1
  max_size         = 4
  desired_capacity = 1
  launch_template { id = aws_launch_template.fleet.id }
}
""",
    "case 24: CloudFormation": """\
==> infra/stack.yaml <==
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData:
          Fn::Base64: !Sub |
            #!/bin/bash
            docker run -d --restart unless-stopped -e IDLE_STOP_THRESHOLD=0 ${Registry}/fleet-worker:1.4
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      AutoScalingGroupName: fleet-group
      MinSize: 1
      MaxSize: 4
      DesiredCapacity: 1
      LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}
""",
    "case 24: cloud-config in CloudFormation": """\
==> infra/stack.yaml <==
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData:
          Fn::Base64: |
            #cloud-config
            runcmd:
              - docker run -d --restart unless-stopped -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      AutoScalingGroupName: fleet-group
      MinSize: 1
      MaxSize: 4
      DesiredCapacity: 1
      LaunchTemplate: {LaunchTemplateId: !Ref Template}
""",
    "case 24: MIME": """\
==> infra/user_data.txt <==
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="==B=="

--==B==
Content-Type: text/x-shellscript

#!/bin/bash
docker run -d --restart unless-stopped -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4
--==B==--
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template \\
  --launch-template-data "{\\"UserData\\": \\"$(base64 -w0 infra/user_data.txt)\\"}"
"""
    + GROUP,
}


@pytest.mark.parametrize("files", JOINS.values(), ids=JOINS.keys())
def test_user_data_finds_its_group(files, tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + USER_DATA + files)
    found = group(report, "fleet-group")
    assert (found.capacity, found.entry, found.threshold, found.verdict) == ("1/1/4", "fleet.worker", "0", OFF)


CALLED = {
    "beside it": "bash infra/start.sh",
    "where the repository lies on the machine": "sudo /srv/fleet/infra/start.sh now",
}


@pytest.mark.parametrize("call", CALLED.values(), ids=CALLED.keys())
def test_a_script_that_the_user_data_calls_belongs_to_the_group(call, tmp_path):
    data = f"==> infra/user_data.sh <==\n#!/bin/bash\n{call}\n"
    start = f"==> infra/start.sh <==\n#!/bin/bash\n{START.format(5)}"
    report = audited(tmp_path, GUARDED + IMAGE + data + start + "==> group.sh <==\n" + TEMPLATE + GROUP)
    assert group(report, "fleet-group").verdict == ON
    assert "SST301" in codes(report)


def test_case_34_an_argument_of_another_script_names_the_role(tmp_path):
    inner = """\
==> scripts/group.ps1 <==
param([Parameter(Mandatory = $true)][string]$Profile)
$Data = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes((Get-Content "infra/user_data.sh" -Raw)))
aws ec2 create-launch-template --launch-template-name fleet-template `
    --launch-template-data "{`"UserData`": `"$Data`", `"IamInstanceProfile`": {`"Name`": `"$Profile`"}}"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group `
    --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4 --desired-capacity 1
==> scripts/all.ps1 <==
& (Join-Path $PSScriptRoot "group.ps1") -Profile "fleet-role"
"""
    report = audited(tmp_path, GUARDED + IMAGE + USER_DATA + inner)
    (found,) = report.roles
    assert (found.role, found.permission) == ("fleet-role", "unknown")


def test_case_25_a_script_that_looks_for_machines_of_the_name_is_told(tmp_path):
    tagged = TEMPLATE.replace(
        '\\"}"', '\\"}" \\\n  --tag-specifications "ResourceType=instance,Tags=[{Key=Name,Value=fleet-machine}]"'
    )
    script = (
        "==> again.sh <==\nHOSTS=$(aws ec2 describe-instances --filters Name=tag:Name,Values=fleet-machine --query x)\n"
        "for host in $HOSTS; do\n  ssh $host docker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\ndone\n"
    )
    report = audited(tmp_path, GUARDED + IMAGE + USER_DATA + "==> group.sh <==\n" + tagged + GROUP + script)
    assert (
        "again.sh:3 looks for machines of that name and starts the image with 5 (ON)"
        in group(report, "fleet-group").note
    )


def test_case_34_a_switch_selects_the_path_and_both_are_said(tmp_path):
    script = """\
==> go.bat <==
@echo off
powershell -File scripts\\all.ps1 -ViaGroup
==> scripts/all.ps1 <==
param([switch]$ViaGroup)
if ($ViaGroup) {
    aws autoscaling set-desired-capacity --auto-scaling-group-name fleet-group --desired-capacity 1
} else {
    docker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4
}
"""
    report = audited(tmp_path, GUARDED + IMAGE + script)
    found = row(report, "scripts/all.ps1")
    assert (found.value, found.verdict) == ("5", ON)
    assert "ViaGroup" in found.note


MARKS = {
    "case 35: braces": ("{{REGISTRY}}/fleet-worker:1.4", True),
    "case 35: underscores for the registry": ("__REGISTRY__/fleet-worker:1.4", True),
    "case 35: angle brackets for the registry": ("<REGISTRY>/fleet-worker:1.4", True),
    "case 35: a mark for the image": ("__IMAGE__", False),
}


@pytest.mark.parametrize(("image", "found"), MARKS.values(), ids=MARKS.keys())
def test_marks_of_templates_in_images(image, found, tmp_path):
    run = f"==> user_data.sh <==\n#!/bin/bash\ndocker run -e IDLE_STOP_THRESHOLD=0 '{image}'\n"
    report = audited(tmp_path, GUARDED + IMAGE + run)
    assert [each.verdict for each in report.settings] == ([OFF] if found else [])


def test_without_its_library_terraform_is_said_to_be_unread(tmp_path, monkeypatch):
    from selfstop.deploy.read import hcl

    monkeypatch.setattr(hcl, "is_available", lambda: False)
    files = "".join(f'==> {name}.tf <==\n# IDLE_STOP_THRESHOLD\nresource "a" "b" {{}}\n' for name in "ab")
    report = audited(tmp_path, GUARDED + IMAGE + files)
    assert report.unread_formats == ((hcl.LIBRARY, 2),)


UNEXPLAINED = {
    "a Makefile": ("Makefile", "start:\n\tdocker run -e IDLE_STOP_THRESHOLD=9 fleet-worker:1.4\n", 2),
    "values of Helm": ("values.yaml", "worker:\n  settings:\n    IDLE_STOP_THRESHOLD: 9\n", 3),
    "an env file that nothing reads": ("prod.env", "IDLE_STOP_THRESHOLD=9\n", 1),
    "a script that only exports": ("profile.sh", "export IDLE_STOP_THRESHOLD=9\n", 1),
    "a comment": ("note.sh", "# IDLE_STOP_THRESHOLD=9 was tried\n", 0),
    "a template": (".env.example", "IDLE_STOP_THRESHOLD=9\n", 0),
    "an env file that a run reads": ("five.env", "IDLE_STOP_THRESHOLD=5\n", 0),
}


@pytest.mark.parametrize(("path", "content", "line"), UNEXPLAINED.values(), ids=UNEXPLAINED.keys())
def test_a_file_that_names_the_threshold_is_never_passed_over(path, content, line, tmp_path):
    run = "==> run.sh <==\ndocker run --env-file five.env fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + IMAGE + run + f"==> {path} <==\n{content}")
    found = [str(gap.place) for gap in report.gaps if "names IDLE_STOP_THRESHOLD" in gap.text]
    assert found == ([f"{path}:{line}"] if line else [])


def test_a_group_without_its_template_is_a_gap(tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + USER_DATA + "==> group.sh <==\n# infra/user_data.sh\n" + GROUP)
    assert group(report, "fleet-group").verdict == "unknown"
    assert "the launch template fleet-template of fleet-group is not in this repository" in [
        g.text for g in report.gaps
    ]


def test_case_39_machines_outside_of_a_group_are_not_in_it(tmp_path):
    single = "==> single.sh <==\naws ec2 run-instances --user-data file://other.sh\n==> other.sh <==\n#!/bin/bash\n"
    report = audited(
        tmp_path,
        GUARDED + IMAGE + USER_DATA + "==> group.sh <==\n" + TEMPLATE + GROUP + single + START.format(5),
    )
    assert group(report, "fleet-group").threshold == "0"
    assert [each.verdict for each in report.groups if each.group == "one instance"] == [ON]
    assert "SST301" not in codes(report)
    assert "SST303" in codes(report)


UPDATE = """\
aws autoscaling update-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --min-size {0} --desired-capacity {0}
"""
NOTHING = GROUP.replace("--min-size 1", "--min-size 0").replace("capacity 1", "capacity 0")
FLOORS = {
    "further down": (GROUP + UPDATE.format(0), "", "0/0/4", False),
    "under a condition": (GROUP + 'if [ "$1" = off ]; then\n' + UPDATE.format(0) + "fi\n", "", "1/1/4", True),
    "in another file": (GROUP, UPDATE.format(0), "1/1/4", True),
    "raised further down": (NOTHING + UPDATE.format(2), "", "2/2/4", True),
    "raised under a condition": (NOTHING + 'if [ "$1" = on ]; then\n' + UPDATE.format(2) + "fi\n", "", "0/0/4", True),
    "raised in another file": (NOTHING, UPDATE.format(2), "0/0/4", True),
    "left alone in another file": (NOTHING, UPDATE.format(0), "0/0/4", False),
}


@pytest.mark.parametrize(("commands", "elsewhere", "capacity", "kept"), FLOORS.values(), ids=FLOORS.keys())
def test_updates_count_by_whether_they_are_certain(commands, elsewhere, capacity, kept, tmp_path):
    files = GUARDED + IMAGE + USER_DATA.replace("=0", "=5") + "==> group.sh <==\n" + TEMPLATE + commands
    report = audited(tmp_path, f"{files}==> night.sh <==\n{elsewhere}")
    assert group(report, "fleet-group").capacity == capacity
    assert report.sentence.startswith("LOOP") is kept


def test_a_group_of_which_no_start_is_known_is_not_said_to_be_safe(tmp_path):
    user_data = "==> infra/user_data.sh <==\n#!/bin/bash\ncd /opt/app\ndocker compose up -d\n"
    files = GUARDED + user_data + IMAGE + TEMPLATE + GROUP
    report = audited(tmp_path / "dark", files)
    assert (
        report.sentence == "What fleet-group runs is not known here; nothing that is started here reaches a stop call."
    )
    assert report.alarm is Severity.WARNING
    empty = audited(
        tmp_path / "empty", files.replace("--min-size 1", "--min-size 0").replace("capacity 1", "capacity 0")
    )
    assert empty.sentence.startswith("No scaling group stops its own instances")


# Images and programs

RUN = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=0 {} fleet-worker:1.4 {}\n"
BUILD = "==> build.sh <==\ndocker build -t fleet-worker:1.4 {} .\n"
COMMANDS = {
    "case 15: shell form": ("CMD python -m fleet.worker", "", "", True),
    "case 15: single quotes are shell form, whose brackets are words": (
        "CMD ['python', '-m', 'fleet.worker']",
        "",
        "",
        False,
    ),
    "case 15: entry point and command joined": ('ENTRYPOINT ["python"]\nCMD ["-m", "fleet.worker"]', "", "", True),
    "case 15: arguments replace the command": ('CMD ["bash"]', "", "python -m fleet.worker", True),
    "case 15: arguments are appended to the entry point": ('ENTRYPOINT ["python", "-u"]', "", "-m fleet.worker", True),
    "case 15: arguments are ignored by a shell-form entry point": (
        "ENTRYPOINT python -m fleet.worker",
        "",
        "bash",
        True,
    ),
    "case 15: --entrypoint drops the command": ('CMD ["-m", "fleet.worker"]', "--entrypoint bash", "", False),
    "case 15: a file": ('CMD ["python", "fleet/worker.py"]', "", "", True),
    "case 15: a shell with conditions": (
        'CMD ["sh", "-c", "if [ $MODE = gpu ]; then python -m fleet.gpu; else python -m fleet.worker; fi"]',
        "-e MODE=cpu",
        "",
        True,
    ),
    "case 15: a shell whose condition says otherwise": (
        'CMD ["sh", "-c", "if [ $MODE = gpu ]; then python -m fleet.gpu; else python -m fleet.worker; fi"]',
        "-e MODE=gpu",
        "",
        False,
    ),
    "case 15: wrappers": (
        'CMD ["tini", "--", "nice", "-n", "5", "python3.12", "-u", "-m", "fleet.worker"]',
        "",
        "",
        True,
    ),
    "case 20: imported, not run": ('CMD ["python", "-c", "import fleet.worker"]', "", "", False),
    "another module": ('CMD ["python", "-m", "fleet.other"]', "", "", False),
}


@pytest.mark.parametrize(("command", "options", "arguments", "reached"), COMMANDS.values(), ids=COMMANDS.keys())
def test_which_program_an_image_runs(command, options, arguments, reached, tmp_path):
    image = f"==> Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCOPY fleet ./fleet\n{command}\n"
    report = audited(tmp_path, GUARDED + image + BUILD.format("") + RUN.format(options, arguments))
    assert [each.verdict for each in report.settings if each.verdict != "never read"] == ([OFF] if reached else [])


def test_case_15_an_entry_script_exports_and_executes_its_arguments(tmp_path):
    script = '==> entry.sh <==\n#!/bin/sh\nexport IDLE_STOP_THRESHOLD=${IDLE_STOP_THRESHOLD:-0}\nexec "$@"\n'
    image = (
        "==> Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCOPY fleet ./fleet\nCOPY entry.sh /entry.sh\n"
        'ENTRYPOINT ["/entry.sh"]\nCMD ["python", "-m", "fleet.worker"]\n'
    )
    run = "==> run.sh <==\ndocker run {} fleet-worker:1.4\n"
    report = audited(tmp_path / "unset", GUARDED + script + image + BUILD.format("") + run.format(""))
    assert said(report, "") == ("0", OFF)
    given = audited(
        tmp_path / "set", GUARDED + script + image + BUILD.format("") + run.format("-e IDLE_STOP_THRESHOLD=7")
    )
    assert said(given, "") == ("7", ON)


@pytest.mark.parametrize(("number", "reached"), [("1", True), ("2", False), ("9" * 5_000, False)])
def test_case_15_an_entry_script_executes_one_of_its_arguments(number, reached, tmp_path):
    script = f"==> entry.sh <==\n#!/bin/sh\nexec ${{{number}}}\n"
    image = (
        "==> Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCOPY fleet ./fleet\nCOPY entry.sh /entry.sh\n"
        'ENTRYPOINT ["/entry.sh"]\nCMD ["fleet/worker.py"]\n'
    )
    report = audited(tmp_path, GUARDED + script + image + BUILD.format("") + RUN.format("", ""))
    assert [each.verdict for each in report.settings if each.verdict != "never read"] == ([OFF] if reached else [])


BRANCHES = {
    "an argument": ('case "$1" in worker) exec {} ;; *) exec "$@" ;; esac', "worker", True),
    "an argument that nobody counts to": ('if [ "${{' + "9" * 5_000 + '}}" = a ]; then exec {}; fi', "a", False),
    "another argument": ('case "$1" in worker) exec {} ;; *) exec "$@" ;; esac', "web", False),
    "no argument": ('case "$1" in worker) exec {} ;; *) exec "$@" ;; esac', "", False),
    "an argument with a default": ('if [ "${{1:-worker}}" = worker ]; then exec {}; fi', "", True),
    "an argument instead of the default": ('if [ "${{1:-worker}}" = worker ]; then exec {}; fi', "web", False),
    "an argument after a shift": ('shift\nif [ "$1" = worker ]; then exec {}; fi', "web worker", True),
    "as many arguments": ("if [ $# -eq 0 ]; then exec {}; fi", "", True),
    "more arguments": ("if [ $# -eq 0 ]; then exec {}; fi", "web", False),
    "set in either branch": ('if [ -e /x ]; then M=a; else M=b; fi\nif [ "$M" = a ]; then exec {}; fi', "", True),
    "set in neither branch": ('if [ -e /x ]; then M=a; else M=b; fi\nif [ "$M" = c ]; then exec {}; fi', "", False),
    "set in one branch": ('if [ -e /x ]; then M=a; fi\nif [ "$M" = a ]; then exec {}; fi', "", True),
    "what a command prints": ('M=$(curl -s http://x/)\nif [ "$M" = a ]; then exec {}; fi', "", True),
    "what a command prints in one branch": (
        'if [ -e /x ]; then M=$(curl -s http://x/); fi\nif [ "$M" = a ]; then exec {}; fi',
        "",
        True,
    ),
    "what is read": ('read -r M < /x\nif [ "$M" = a ]; then exec {}; fi', "", True),
    "a variable of the shell": ('if [ "$HOSTNAME" = a ]; then exec {}; fi', "", True),
    "a variable that nobody sets": ('if [ "$MODE" = a ]; then exec {}; fi', "", False),
    "a variable that nobody sets, with a default": ('if [ "${{MODE:-a}}" = a ]; then exec {}; fi', "", True),
    "a variable that a sourced file may set": ('. /x.env\nif [ "$MODE" = a ]; then exec {}; fi', "", True),
}


@pytest.mark.parametrize(("script", "arguments", "reached"), BRANCHES.values(), ids=BRANCHES.keys())
def test_entry_scripts_start_what_may_be_started(script, arguments, reached, tmp_path):
    entry = f"==> entry.sh <==\n#!/bin/bash\n{script.format('python -m fleet.worker')}\n"
    image = '==> Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./entry.sh"]\n'
    report = audited(tmp_path, GUARDED + entry + image + BUILD.format("") + RUN.format("", arguments))
    assert any(each.verdict in {OFF, UNKNOWN} for each in report.settings) is reached


BASES = {
    "case 16: a base of the repository by an argument": (
        'ARG BASE=fleet-base:1\nFROM ${BASE} AS base\nCOPY fleet ./fleet\nCMD ["python", "-m", "fleet.worker"]',
        "",
        ("0", OFF),
    ),
    "case 16: a build argument names another base": (
        'ARG BASE=fleet-base:1\nFROM ${BASE} AS base\nCOPY fleet ./fleet\nCMD ["python", "-m", "fleet.worker"]',
        "--build-arg BASE=python:3.12",
        ("unset: 5", ON),
    ),
    "case 16: a target": (
        (
            "FROM python:3.12 AS quiet\nENV IDLE_STOP_THRESHOLD=0\nCOPY fleet /app/fleet\nWORKDIR /app\n"
            'CMD ["python", "-m", "fleet.worker"]\nFROM quiet AS loud\nENV IDLE_STOP_THRESHOLD=9'
        ),
        "--target quiet",
        ("0", OFF),
    ),
    "case 16: a target whose stage is written in another case": (
        (
            "FROM python:3.12 AS Quiet\nENV IDLE_STOP_THRESHOLD=0\nCOPY fleet /app/fleet\nWORKDIR /app\n"
            'CMD ["python", "-m", "fleet.worker"]\nFROM quiet AS loud\nENV IDLE_STOP_THRESHOLD=9'
        ),
        "--target qUIET",
        ("0", OFF),
    ),
    "case 16: the last stage without a target": (
        (
            "FROM python:3.12 AS quiet\nENV IDLE_STOP_THRESHOLD=0\nCOPY fleet /app/fleet\nWORKDIR /app\n"
            'CMD ["python", "-m", "fleet.worker"]\nFROM quiet AS loud\nENV IDLE_STOP_THRESHOLD=9'
        ),
        "",
        ("9", ON),
    ),
    "case 17: a here-document is no instruction": (
        (
            "FROM python:3.12\nWORKDIR /app\nCOPY fleet ./fleet\nRUN <<EOF\nENV IDLE_STOP_THRESHOLD=9\nEOF\n"
            'CMD ["python", "-m", "fleet.worker"]'
        ),
        "",
        ("unset: 5", ON),
    ),
    "case 17: lower case, the old form of ENV, comments in a continuation": (
        (
            "from python:3.12\nworkdir /app\nenv IDLE_STOP_THRESHOLD 0\ncopy \\\n# a comment\n  fleet ./fleet\n"
            'cmd ["python", "-m", "fleet.worker"]'
        ),
        "",
        ("0", OFF),
    ),
    "an argument is not in the container": (
        (
            "FROM python:3.12\nARG IDLE_STOP_THRESHOLD=0\nWORKDIR /app\nCOPY fleet ./fleet\n"
            'CMD ["python", "-m", "fleet.worker"]'
        ),
        "",
        ("unset: 5", ON),
    ),
    "an argument that becomes a setting": (
        (
            "FROM python:3.12\nARG IDLE=7\nENV IDLE_STOP_THRESHOLD=$IDLE\nWORKDIR /app\nCOPY fleet ./fleet\n"
            'CMD ["python", "-m", "fleet.worker"]'
        ),
        "--build-arg IDLE=0",
        ("0", OFF),
    ),
}
BASE = (
    "==> base/Dockerfile <==\nFROM python:3.12\nENV IDLE_STOP_THRESHOLD=0\nWORKDIR /app\n"
    "==> base.sh <==\ndocker build -t fleet-base:1 base\n"
)


@pytest.mark.parametrize(("dockerfile", "options", "expected"), BASES.values(), ids=BASES.keys())
def test_settings_of_an_image(dockerfile, options, expected, tmp_path):
    image = f"==> Dockerfile <==\n{dockerfile}\n"
    run = "==> run.sh <==\ndocker run fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + image + BASE + BUILD.format(options) + run)
    assert said(report, "") == expected


CONTENTS = {
    "case 18: copied as a whole": ("COPY . .", "", OFF),
    "case 18: not copied": ("COPY other ./other", "", "not reached"),
    "case 18: a volume supplies it": ("COPY other ./other", "-v ./fleet:/app/fleet", OFF),
    "case 18: by a pattern": ("COPY fle* ./fleet/", "", OFF),
    "case 18: by a pattern, into another directory": ("COPY fle* ./", "", "not reached"),
    "case 18: from an earlier stage": ("COPY --from=0 /src/fleet ./fleet", "", OFF),
}


@pytest.mark.parametrize(("copy", "options", "verdict"), CONTENTS.values(), ids=CONTENTS.keys())
def test_whether_the_module_is_in_the_image(copy, options, verdict, tmp_path):
    image = (
        f"==> Dockerfile <==\nFROM python:3.12\nCOPY fleet /src/fleet\nFROM python:3.12\nWORKDIR /app\n{copy}\n"
        'CMD ["python", "-m", "fleet.worker"]\n==> other/a.txt <==\n'
    )
    report = audited(tmp_path, GUARDED + image + BUILD.format("") + RUN.format(options, ""))
    assert row(report, "run.sh").verdict == verdict


def test_case_18_what_is_not_in_the_image_is_a_gap_and_no_finding(tmp_path):
    image = '==> Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCMD ["python", "-m", "fleet.worker"]\n'
    run = "==> run.sh <==\ndocker run fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + image + BUILD.format("") + run)
    assert codes(report) == set()
    assert "the image fleet-worker does not contain fleet/worker.py" in [gap.text for gap in report.gaps]
    assert [site.verdict for site in report.sites] == ["guarded, not in the image that would start it"]


def test_case_21_a_stop_call_that_nothing_starts(tmp_path):
    report = audited(
        tmp_path, GUARDED.replace("if IDLE_STOP_THRESHOLD > 0 and consecutive_empty >=", "if not messages or 0 >")
    )
    (site,) = report.sites
    assert site.verdict.endswith("nothing here starts it")
    assert "SST305" not in codes(report)


def test_case_19_an_import_in_the_main_block_is_followed(tmp_path):
    code = GUARDED.replace('if __name__ == "__main__":\n    work', "def run():\n    work").replace(
        "fleet/worker", "fleet/engine"
    )
    main = '==> fleet/worker.py <==\nif __name__ == "__main__":\n    from fleet.engine import run\n\n    run()\n'
    report = audited(tmp_path, code + main + IMAGE + RUN.format("", ""))
    assert said(report, "run.sh") == ("0", OFF)


PROGRAM = {
    "case 28: assigned before the import": ('os.environ["IDLE_STOP_THRESHOLD"] = "0"\n', "", ("0", OFF)),
    "case 28: assigned behind it": (
        "",
        'os.environ["IDLE_STOP_THRESHOLD"] = "0"\n',
        ("unknown: 0 or 7 unless set", UNKNOWN),
    ),
    "case 28: a default for what is set": ('os.environ.setdefault("IDLE_STOP_THRESHOLD", "0")\n', "", ("7", ON)),
    "case 28: load_dotenv": ("from dotenv import load_dotenv\nload_dotenv('zero.env')\n", "", ("7", ON)),
    "case 28: load_dotenv that overrides": (
        "from dotenv import load_dotenv\nload_dotenv('zero.env', override=True)\n",
        "",
        ("0", OFF),
    ),
}


@pytest.mark.parametrize(("before", "behind", "expected"), PROGRAM.values(), ids=PROGRAM.keys())
def test_what_the_program_sets_itself(before, behind, expected, tmp_path):
    code = GUARDED.replace('if __name__ == "__main__":\n    work', "def run():\n    work").replace(
        "fleet/worker", "fleet/engine"
    )
    main = (
        f"==> fleet/worker.py <==\nimport os\n{before}from fleet.engine import run\n{behind}\n"
        'if __name__ == "__main__":\n    run()\n==> zero.env <==\nIDLE_STOP_THRESHOLD=0\n'
    )
    run = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=7 fleet-worker:1.4\n"
    report = audited(tmp_path, code + main + IMAGE + run)
    assert said(report, "") == expected


def test_case_28_each_module_has_a_default_of_its_own(tmp_path):
    other = GUARDED.replace("fleet/worker", "fleet/other").replace('"5"', '"0"')
    image = (
        "==> other/Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCOPY fleet ./fleet\n"
        'CMD ["python", "-m", "fleet.other"]\n'
    )
    more = "==> more.sh <==\ndocker build -t fleet-other:1.4 -f other/Dockerfile .\ndocker run fleet-other:1.4\n"
    run = "==> run.sh <==\ndocker run fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + other + IMAGE + image + more + run)
    assert said(report, "run.sh") == ("unset: 5", ON)
    assert said(report, "more.sh") == ("unset: 0", OFF)


def test_case_29_a_variable_that_nothing_reads(tmp_path):
    quiet = "==> fleet/quiet.py <==\nprint('no stop here')\n"
    image = (
        "==> quiet/Dockerfile <==\nFROM python:3.12\nWORKDIR /app\nCOPY fleet ./fleet\n"
        'CMD ["python", "-m", "fleet.quiet"]\n'
    )
    more = (
        "==> more.sh <==\ndocker build -t fleet-quiet:1 -f quiet/Dockerfile .\n"
        "docker run -e IDLE_STOP_THRESHOLD=0 fleet-quiet:1\n"
    )
    report = audited(tmp_path, GUARDED + quiet + image + more)
    assert codes(report) == {"SST307"}
    assert row(report, "more.sh").verdict == "never read"


def test_case_29_nor_in_a_repository_without_any_stop_call(tmp_path):
    quiet = "==> fleet/worker.py <==\nprint('no stop here')\n"
    report = audited(tmp_path, quiet + IMAGE + RUN.format("", ""))
    assert codes(report) == {"SST307"}
    assert report.sentence == "No code here stops the machine it runs on."


def test_case_37_scaling_in_is_no_self_stop(tmp_path):
    code = (
        "==> fleet/worker.py <==\nimport boto3\n\ngroup = boto3.client('autoscaling')\n"
        "group.set_desired_capacity(AutoScalingGroupName='g', DesiredCapacity=0)\n"
        "group.terminate_instance_in_auto_scaling_group(InstanceId='i', ShouldDecrementDesiredCapacity=True)\n"
        "group.enter_standby(InstanceIds=['i'], AutoScalingGroupName='g', ShouldDecrementDesiredCapacity=True)\n"
    )
    report = audited(tmp_path, code + IMAGE)
    assert report.sites == ()
    assert codes(report) == set()


def test_case_32_an_action_builds_the_image(tmp_path):
    workflow = """\
==> .github/workflows/build.yml <==
on: push
env: {IMAGE: fleet-worker}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          file: Dockerfile
          tags: registry.example/${{ env.IMAGE }}:1.4
"""
    image = IMAGE.partition("==> build.sh")[0]
    report = audited(tmp_path, GUARDED + image + workflow + RUN.format("", ""))
    assert said(report, "run.sh") == ("0", OFF)


def test_console_script(tmp_path):
    project = (
        '==> pyproject.toml <==\n[project]\nname = "fleet"\n[project.scripts]\nfleet-start = "fleet.worker:main"\n'
    )
    code = GUARDED.replace('if __name__ == "__main__":\n', "def main():\n")
    image = IMAGE.replace('["python", "-m", "fleet.worker"]', '["fleet-start"]')
    report = audited(tmp_path, code + project + image + RUN.format("", ""))
    assert said(report, "run.sh") == ("0", OFF)


BARE = GUARDED.replace("if IDLE_STOP_THRESHOLD > 0 and consecutive_empty >= IDLE_STOP_THRESHOLD", "if not messages")
"""A worker that stops as soon as there is nothing to do."""


def test_the_headline_names_an_unguarded_call_that_nothing_starts(tmp_path):
    report = audited(tmp_path, BARE)
    assert report.sentence == (
        "1 stop call without a guard; no scaling group is known here, and nothing here starts it."
    )
    assert report.alarm is Severity.WARNING


def test_the_headline_names_it_beside_what_is_switched_off(tmp_path):
    other = BARE.replace("fleet/worker.py", "fleet/other.py")
    report = audited(
        tmp_path, GUARDED + other + IMAGE + "==> a.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"
    )
    assert report.sentence == "No scaling group is known here; nothing here starts 1 stop call without a guard."
    assert report.alarm is Severity.WARNING


def test_a_guarded_call_that_nothing_starts_is_no_alarm(tmp_path):
    report = audited(tmp_path, GUARDED)
    assert report.sentence == "No scaling group is known here; nothing that is started here reaches a stop call."
    assert report.alarm is Severity.NOTE


def test_an_accepted_call_that_nothing_starts_is_no_alarm(tmp_path):
    report = audited(tmp_path, BARE.replace("InstanceIds=[instance_id])", "InstanceIds=[instance_id])  # noqa: SST103"))
    assert report.alarm is Severity.NOTE


def test_what_no_setting_decides_is_not_said_to_be_switched_on(tmp_path):
    report = audited(tmp_path, BARE + IMAGE + "==> a.sh <==\ndocker run fleet-worker:1.4\n")
    assert report.sentence == (
        "No scaling group is known here; fleet-worker, started at a.sh:1, "
        "stops a machine (which one is not known) without a threshold."
    )


def test_a_run_with_a_setting_switches_it_on(tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + "==> a.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n")
    assert report.sentence == "No scaling group is known here; 1 run of fleet-worker switches it ON."

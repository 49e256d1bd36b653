"""The rules about deployments, which an audit reports. They are part of the catalogue in `selfstop.rules`."""

from __future__ import annotations

from typing import Final

from selfstop.rule import Rule, Severity

_WORKER: Final = """\
==> fleet/worker.py <==
import os

import boto3

IDLE_STOP_THRESHOLD = int(os.getenv("IDLE_STOP_THRESHOLD", "0"))


def work(queue, instance_id):
    consecutive_empty = 0
    while True:
        messages = queue.receive_messages()
        consecutive_empty = 0 if messages else consecutive_empty + 1
        if {guard}consecutive_empty >= IDLE_STOP_THRESHOLD:
            boto3.client("ec2").stop_instances(InstanceIds=[instance_id])


if __name__ == "__main__":
    work(boto3.resource("sqs").Queue(os.environ["QUEUE"]), os.environ["INSTANCE"])
"""

_GUARDED: Final = _WORKER.format(guard="IDLE_STOP_THRESHOLD > 0 and ")
_WITHOUT_SWITCH: Final = _WORKER.format(guard="")

_EAGER: Final = """\
==> fleet/worker.py <==
import os

import boto3


def work(queue, instance_id):
    for message in queue.receive_messages():
        message.delete()
    boto3.client("ec2").stop_instances(InstanceIds=[instance_id])


if __name__ == "__main__":
    work(boto3.resource("sqs").Queue(os.environ["QUEUE"]), os.environ["INSTANCE"])
"""

_IMAGE: Final = """\
==> Dockerfile <==
FROM python:3.12
WORKDIR /app
COPY fleet ./fleet
CMD ["python", "-m", "fleet.worker"]
==> build.sh <==
docker build -t fleet-worker:1.4 .
"""

_START: Final = """\
==> user_data.sh <==
#!/bin/bash
docker run -d --restart unless-stopped {options}fleet-worker:1.4
"""

_GROUP: Final = """\
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template \\
  --launch-template-data '{"UserData": "'$(base64 -w0 user_data.sh)'"}'
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4 --desired-capacity 1
"""

_GROUP_WITH_ROLE: Final = """\
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template \\
  --launch-template-data '{"UserData": "'$(base64 -w0 user_data.sh)'", "IamInstanceProfile": {"Name": "fleet-role"}}'
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4 --desired-capacity 1
aws iam put-role-policy --role-name fleet-role --policy-name work --policy-document file://policy.json
==> policy.json <==
{"Version": "2012-10-17", "Statement": [{"Effect": "EFFECT", "Action": "ec2:StopInstances", "Resource": "*"}]}
"""


def _start(options: str) -> str:
    return _START.format(options=options)


_OFF: Final = _start("-e IDLE_STOP_THRESHOLD=0 ")
_ON: Final = _start("-e IDLE_STOP_THRESHOLD=5 ")

DEPLOYMENT_RULES: Final = (
    Rule(
        code="SST301",
        name="stop-loop",
        summary="A scaling group that keeps at least one instance runs a program that stops its own instance.",
        rationale="The group replaces every instance that is stopped. The replacement finds no work either, stops "
        "itself, and is replaced: an endless loop of launched and terminated machines.",
        repair="Switch the stop off in what the group's machines start, and let the group scale in: "
        "`set_desired_capacity`, or `terminate_instance_in_auto_scaling_group` with "
        "`ShouldDecrementDesiredCapacity=True`.",
        template="{group} {keeps}; each of them runs `{program}`, which stops its own machine ({cause}): {consequence}",
        bad=_GUARDED + _IMAGE + _ON + _GROUP,
        good=_GUARDED + _IMAGE + _OFF + _GROUP,
    ),
    Rule(
        code="SST302",
        name="stop-at-once",
        summary="The value that a variable is given makes the guard of a stop call always true.",
        rationale='0 means "never" to whoever sets it. To `idle_rounds >= 0` it means "always": the machine stops '
        "itself at the first look. So does a negative number.",
        repair="Test the threshold in the code, too: `THRESHOLD > 0 and idle_rounds >= THRESHOLD`.",
        template="{variable} = {value} makes `{guard}` ({site}) always true for `{program}`: it stops the machine at "
        "the first check; add `{threshold} > 0 and …` to the guard",
        bad=_WITHOUT_SWITCH + _IMAGE + _OFF,
        good=_GUARDED + _IMAGE + _OFF,
    ),
    Rule(
        code="SST303",
        name="threshold-drift",
        summary="One image is started with different values of a threshold.",
        rationale="The same program stops its machine or does not, depending on who started it last: a deployment by "
        "hand switches on what the scaling group's user data switched off.",
        repair="Set one value in one place, and let every launcher take it from there.",
        template="{image} is started with different values of {variable}: {values}",
        bad=_GUARDED + _IMAGE + _OFF + "==> deploy.sh <==\ndocker run -d -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n",
        good=_GUARDED + _IMAGE + _OFF + "==> deploy.sh <==\ndocker run -d -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n",
        severity=Severity.WARNING,
    ),
    Rule(
        code="SST304",
        name="threshold-unknown",
        summary="A threshold comes from outside of the repository, and no stronger source settles it.",
        rationale="Whether machines stop themselves is then decided by a file that somebody else writes: nobody can "
        "tell from the code, and a missing line in it may mean the code's default.",
        repair="Set the value where the container is started, with `-e VARIABLE=0`: that is stronger than an env file.",
        template="{variable} is not known for `{program}` ({image}): {reason}. It may stop its machine{candidates}",
        bad=_GUARDED + _IMAGE + _start("--env-file /etc/fleet.env "),
        good=_GUARDED + _IMAGE + _start("--env-file /etc/fleet.env -e IDLE_STOP_THRESHOLD=0 "),
        severity=Severity.WARNING,
    ),
    Rule(
        code="SST305",
        name="unguarded-stop-deployed",
        summary="A program that is deployed reaches a stop call that one of the rules SST101 to SST106 reports.",
        rationale="A stop call without a threshold guard that nothing starts is a trap; one that is started stops "
        "machines.",
        repair="Repair what the rule about the stop call reports, or start another entry point.",
        template="`{program}` is started here ({how}{others}) and reaches `{callee}()` at {site}, which is {rule}",
        bad=_EAGER + _IMAGE + _start(""),
        good=_GUARDED + _IMAGE + _OFF,
    ),
    Rule(
        code="SST306",
        name="stop-allowed",
        summary="The role of a scaling group's machines may call `ec2:StopInstances`, or it is not known whether.",
        rationale="Without that permission a stop call fails, whatever the code and its settings say. It is the last "
        "line of defence, and workers hardly ever need the permission.",
        repair="Take the permission away, or add a Deny. After a failed call the program may end, and the restart "
        "policy of its container decides what comes next.",
        template="the role {role} of {groups}: ec2:StopInstances is {permission}: {reason}",
        bad=_GUARDED + _IMAGE + _OFF + _GROUP_WITH_ROLE.replace("EFFECT", "Allow"),
        good=_GUARDED + _IMAGE + _OFF + _GROUP_WITH_ROLE.replace("EFFECT", "Deny"),
        severity=Severity.WARNING,
    ),
    Rule(
        code="SST307",
        name="unused-threshold",
        summary="A variable that looks like a stop threshold is set for a program that never reads it.",
        rationale="Whoever reads the deployment believes that the setting does something. It may be misspelt, or the "
        "code that read it may be gone.",
        repair="Remove the setting, or correct its name.",
        template="{variable} = {value} is set for `{program}`, which never reads it",
        bad=_GUARDED + _IMAGE + _start("-e IDLE_STOP_THRESHOLD=0 -e IDLE_STOP_TRESHOLD_COUNT=0 "),
        good=_GUARDED + _IMAGE + _OFF,
        severity=Severity.NOTE,
    ),
    Rule(
        code="SST308",
        name="invalid-threshold",
        summary="The value of a threshold cannot be read as the code reads it.",
        rationale='`int("")` raises an error when the module is imported: the program ends, its container restarts, '
        "and so on. docker keeps quotes in an env file as part of the value.",
        repair="Write a plain number.",
        template="{variable} = {value} cannot be read by `{program}`: {reason}",
        bad=_GUARDED + _IMAGE + _start("-e IDLE_STOP_THRESHOLD= "),
        good=_GUARDED + _IMAGE + _OFF,
    ),
)
"""SST301 to SST308."""

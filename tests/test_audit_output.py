"""The audit's report in its formats: order, width, safety, and what must never be in it."""

from __future__ import annotations

import json
import re

import pytest

from selfstop.audit.run import audit
from selfstop.output.audit_formats import AUDIT_FORMATS
from selfstop.output.audit_view import AuditView
from selfstop.output.cells import width
from selfstop.rules import RULES
from selfstop.session import Request
from tests.audits import GUARDED, IMAGE, WITHOUT_SWITCH, audited, write
from tests.test_audit_evidence import HEALTH, ONE, stop, terminated

SECRETS = [f"s3cr3t{number}" for number in range(12)]
START = """\
==> user_data.sh <==
#!/bin/bash
TOKEN=s3cr3t0
if [ "$TOKEN" = "s3cr3t1" ]; then
docker run -d --restart always --env-file fleet.env -e DB_PASSWORD=s3cr3t2 {threshold} fleet-worker:1.4
fi
==> fleet.env <==
API_KEY=s3cr3t3
IDLE_STOP_THRESHOLD=7
QUEUE="s3cr3t4"
==> .env <==
PASSWORD=s3cr3t5
==> .env.example <==
PASSWORD=s3cr3t6
IDLE_STOP_THRESHOLD=3
==> compose.yaml <==
services:
  worker:
    image: fleet-worker:1.4
    env_file: .env
    environment:
      PASSWORD: s3cr3t7
      IDLE_STOP_THRESHOLD: ${{IDLE:-5}}
==> start.sh <==
docker run --env-file .env.prod fleet-worker:1.4 --password s3cr3t8
PGPASSWORD=s3cr3t9 some-program --token s3cr3t10 | docker run --env-file <(aws ssm get --key s3cr3t11) fleet-worker:1.4
"""
GROUP = """\
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template --launch-template-data \\
  "{\\"UserData\\": \\"$(base64 -w0 user_data.sh)\\", \\"IamInstanceProfile\\": {\\"Name\\": \\"fleet-role\\"}}"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4 --desired-capacity 1
"""
LOOP = WITHOUT_SWITCH + IMAGE + START.format(threshold="-e IDLE_STOP_THRESHOLD=0") + GROUP
LOOP = LOOP.replace("fleet-worker:1.4", "fleet-worker:latest")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    root = tmp_path_factory.mktemp("loop")
    trail = root / "trail.json"
    trail.write_text(json.dumps({"Events": [stop(ONE, ONE)]}), encoding="utf-8")
    activities = root / "activities.json"
    activities.write_text(json.dumps({"Activities": [terminated(ONE, HEALTH)]}), encoding="utf-8")
    return audited(root / "repository", LOOP, cloudtrail=trail, activities=activities)


def shown(report, name):
    return AUDIT_FORMATS[name](AuditView(report))


@pytest.mark.parametrize("name", AUDIT_FORMATS)
def test_no_format_shows_what_env_files_and_commands_hold_besides_thresholds(name, report):
    text = shown(report, name)
    assert "user_data.sh" in text
    assert [secret for secret in SECRETS if re.search(rf"{secret}\b", text)] == []


def test_text_has_its_sections_in_order(report):
    titles = re.findall(r"^[A-Z][A-Z ]+[A-Z](?=[ :,(]|$)", shown(report, "text"), re.MULTILINE)
    assert titles == [
        "SCALING GROUPS",
        "STOP CALLS",
        "WHERE THE THRESHOLD IS SET",
        "ROLES",
        "EVIDENCE",
        "GAPS",
        "FINDINGS",
    ]


def test_the_first_line_says_it(report):
    assert shown(report, "text").startswith(
        "!! LOOP: fleet-group stops its own instances, at the first check, and replaces them without end.\n"
    )


def test_text_fits_a_hundred_columns(report):
    assert [line for line in shown(report, "text").splitlines() if width(line) > 100] == []


def test_text_is_plain(report):
    assert "\x1b" not in shown(report, "text")


def test_evidence_stands_beside_the_cause(report):
    text = shown(report, "text")
    assert "1 instance stopped itself in 1 call of StopInstances" in text
    assert "fleet-group replaced 1 instance that failed a health check" in text
    assert re.search(rf"{ONE}\s+1x\s+2026-02-16T03:00:00Z\s+fleet-group", text)


def test_json_says_what_the_tables_say(report):
    found = json.loads(shown(report, "json"))
    assert found["version"] == 1
    assert found["verdict"] == {"text": report.sentence, "severity": "error"}
    (group,) = found["groups"]
    assert (group["group"], group["capacity"], group["verdict"]) == ("fleet-group", "1/1/4", "ON, AT ONCE")
    assert group["run"] == {"path": "user_data.sh", "line": 4}
    assert {each["code"] for each in found["findings"]} >= {"SST301", "SST302", "SST303", "SST304", "SST305", "SST306"}
    assert all(each["name"] == RULES[each["code"]].name for each in found["findings"])
    assert found["code"]["findings"][0]["code"] == "SST104"
    assert found["evidence"]["self_stops"][0]["instance"] == ONE


def test_markdown_has_a_table_for_each_section_and_nothing_breaks_out_of_a_cell(report):
    text = shown(report, "markdown")
    assert text.startswith("# Self-stop audit\n")
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(cells) == 1, block


def test_concise_is_one_line_a_finding(report):
    lines = shown(report, "concise").splitlines()
    assert all(re.match(r"[\w./]+:\d+:\d+: SST\d{3} \S", line) for line in lines)
    assert len(lines) == len(report.findings) + len(report.code.findings)


def test_advice_says_what_to_do_at_once_and_what_to_repair(report):
    (loop,) = [each for each in report.findings if each.code == "SST301"]
    advice = "\n".join(loop.advice)
    assert "IDLE_STOP_THRESHOLD > 0 and consecutive_empty >= IDLE_STOP_THRESHOLD" in advice
    assert "ShouldDecrementDesiredCapacity=True" in advice
    assert "suspend-processes --auto-scaling-group-name fleet-group" in advice


COMMANDS = {
    "a name": ("AutoScalingGroupName: fleet", "--auto-scaling-group-name fleet \\"),
    "with blanks": ("AutoScalingGroupName: 'fleet; rm -rf ~'", "--auto-scaling-group-name 'fleet; rm -rf ~' \\"),
    "with quotes": ('AutoScalingGroupName: "a\'b"', "--auto-scaling-group-name 'a'\"'\"'b' \\"),
    "none": ("Cooldown: 300", "--auto-scaling-group-name GROUP_NAME \\"),
    "over two lines": ('AutoScalingGroupName: "a\\nb"', "--auto-scaling-group-name GROUP_NAME \\"),
}


@pytest.mark.parametrize(("name", "expected"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_to_copy_hold_quoted_names_and_no_labels(name, expected, tmp_path):
    stack = f"""\
==> stack.yaml <==
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Worker:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData:
        UserData:
          Fn::Base64: |
            #!/bin/bash
            docker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      {name}
      MinSize: "1"
      MaxSize: "2"
      LaunchTemplate: {{LaunchTemplateId: !Ref Worker, Version: "1"}}
"""
    report = audited(tmp_path, GUARDED + IMAGE + stack)
    (loop,) = [each for each in report.findings if each.code == "SST301"]
    said, command = loop.advice[-1].split("\n")[:2]
    assert command.endswith(expected)
    assert ("stack.yaml:11" in said) is ("GROUP_NAME" in expected)


def test_names_cannot_forge_lines_or_tables(tmp_path):
    run = "==> run.sh <==\ndocker run --name 'a|b`c' -e 'IDLE_STOP_THRESHOLD=5|x`y\x1b[31m' fleet-worker:1.4\n"
    found = audited(tmp_path, GUARDED + IMAGE + run)
    for name in AUDIT_FORMATS:
        assert "\x1b" not in shown(found, name)
    table = [line for line in shown(found, "markdown").splitlines() if line.startswith("| `run.sh") or "run.sh" in line]
    assert table


@pytest.mark.parametrize("name", ["a\n\n# Heading\n.mk", "a`b``c.mk", "plain.mk"])
def test_names_of_files_cannot_forge_headings_or_end_code(name, tmp_path):
    root = write(tmp_path, GUARDED + IMAGE)
    (root / name).write_text("start:\n\tIDLE_STOP_THRESHOLD=3 python -m fleet.worker\n", encoding="utf-8")
    found = audit(Request(paths=(root,), root=root)).report
    assert [gap.place.path for gap in found.gaps if gap.place] == [name]
    text = shown(found, "markdown")
    assert "# Heading" not in text.splitlines()
    escaped = name.replace("\n", "\\n")
    assert (f"(``` {escaped}:2 ```)" if "`" in name else f"(`{escaped}:2`)") in text


def test_noqa_in_a_deployment_file_suppresses_and_is_counted(tmp_path):
    run = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD= fleet-worker:1.4{}\n"
    assert [each.code for each in audited(tmp_path / "a", GUARDED + IMAGE + run.format("")).findings] == ["SST308"]
    quiet = audited(tmp_path / "b", GUARDED + IMAGE + run.format("  # noqa: SST308"))
    assert (quiet.findings, quiet.suppressed) == ((), 1)


def test_configuration_selects_rules_of_deployments_too(tmp_path):
    run = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD= fleet-worker:1.4\n"
    table = '==> pyproject.toml <==\n[tool.selfstop]\nignore = ["SST3"]\n'
    assert audited(tmp_path, GUARDED + IMAGE + run + table).findings == ()


def test_noqa_in_a_python_file_suppresses_findings_about_the_deployment(tmp_path):
    start = """\
==> fleet/start.py <==
import os

os.environ["IDLE_STOP_THRESHOLD"] = "zero"{}

import fleet.worker

fleet.worker.work(None, os.environ["INSTANCE"])
"""
    image = IMAGE.replace("fleet.worker", "fleet.start")
    run = "==> run.sh <==\ndocker run fleet-worker:1.4\n"
    loud = audited(tmp_path / "a", GUARDED + image + run + start.format("  # noqa: SST101"))
    assert [(each.code, each.place.path) for each in loud.findings] == [("SST308", "fleet/start.py")]
    quiet = audited(tmp_path / "b", GUARDED + image + run + start.format("  # noqa: SST308"))
    assert (quiet.findings, quiet.suppressed) == ((), 1)


IGNORED = {
    "nothing": ("", ["SST104", "SST201"]),
    "by a prefix": ('ignore = ["SST2"]\n', ["SST104"]),
    "in some files": ('[tool.selfstop.per-file-ignores]\n"worker.py" = ["SST"]\n', []),
    "in others": ('[tool.selfstop.per-file-ignores]\n"other.py" = ["SST"]\n', ["SST104", "SST201"]),
    "selected more closely": ('ignore = ["SST2"]\nextend-select = ["SST201"]\n', ["SST104", "SST201"]),
    "others selected": ('select = ["SST103"]\n', ["SST201"]),
}


@pytest.mark.parametrize(("table", "expected"), IGNORED.values(), ids=IGNORED.keys())
def test_what_an_audit_turns_on_can_be_ignored(table, expected, tmp_path):
    root = write(tmp_path, WITHOUT_SWITCH + IMAGE + f"==> pyproject.toml <==\n[tool.selfstop]\n{table}")
    done = audit(Request(paths=(root,), root=root))
    assert [finding.code for finding in done.report.code.findings] == expected


def test_excluded_files_are_not_read(tmp_path):
    run = "==> old/run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD= fleet-worker:1.4\n"
    table = '==> pyproject.toml <==\n[tool.selfstop]\nexclude = ["old"]\n'
    assert audited(tmp_path, GUARDED + IMAGE + run + table).settings == ()


def test_what_check_says_is_in_the_audit(tmp_path):
    root = write(tmp_path, WITHOUT_SWITCH + IMAGE)
    done = audit(Request(paths=(root,), root=root))
    assert [finding.code for finding in done.report.code.findings] == ["SST104", "SST201"]

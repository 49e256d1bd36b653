"""Small repositories for the audit, written as one text: each file behind a line ``==> PATH <==``."""

from __future__ import annotations

import re
from pathlib import Path

from selfstop.audit.model import AuditReport, GroupRow, SettingRow
from selfstop.audit.run import audit
from selfstop.session import Request

_FILE = re.compile(r"^==> (.+?) <==\n", re.MULTILINE)

GUARDED = """\
==> fleet/worker.py <==
import os

import boto3

IDLE_STOP_THRESHOLD = int(os.getenv("IDLE_STOP_THRESHOLD", "5"))


def work(queue, instance_id):
    consecutive_empty = 0
    while True:
        messages = queue.receive_messages()
        consecutive_empty = 0 if messages else consecutive_empty + 1
        if IDLE_STOP_THRESHOLD > 0 and consecutive_empty >= IDLE_STOP_THRESHOLD:
            boto3.client("ec2").stop_instances(InstanceIds=[instance_id])


if __name__ == "__main__":
    work(boto3.resource("sqs").Queue(os.environ["QUEUE"]), os.environ["INSTANCE"])
"""
"""A worker with a threshold that is 5 unless it is set."""

WITHOUT_SWITCH = GUARDED.replace("IDLE_STOP_THRESHOLD > 0 and ", "")
"""The same, in which 0 means at once."""

IMAGE = """\
==> Dockerfile <==
FROM python:3.12
WORKDIR /app
COPY fleet ./fleet
CMD ["python", "-m", "fleet.worker"]
==> build.sh <==
docker build -t fleet-worker:1.4 .
"""
"""Its image."""


def write(root: Path, text: str) -> Path:
    """Write the files of ``text`` below ``root``."""
    names = _FILE.split(text)[1:]
    for name, content in zip(names[::2], names[1::2], strict=True):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))
    return root


def audited(root: Path, text: str, **evidence: Path) -> AuditReport:
    """The audit of a repository with the files of ``text``."""
    return audit(Request(paths=(write(root, text),), root=root), **evidence).report


def codes(report: AuditReport) -> set[str]:
    """The codes of the findings about the deployment."""
    return {finding.code for finding in report.findings}


def row(report: AuditReport, place: str) -> SettingRow:
    """The only row of the settings whose run or setting is at ``place`` (a path, or with its line)."""
    found = [each for each in report.settings if str(each.place).startswith(place)]
    assert len(found) == 1, [str(each.place) for each in report.settings]
    return found[0]


def said(report: AuditReport, place: str) -> tuple[str, str]:
    """Value and verdict of that row."""
    found = row(report, place)
    return found.value, found.verdict


def group(report: AuditReport, name: str) -> GroupRow:
    """The only row of a group."""
    found = [each for each in report.groups if each.group == name]
    assert len(found) == 1, report.groups
    return found[0]

"""Terraform and the program it deploys, end to end: what the audit makes of both (case 24)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.inprocess import selfstop

FILES = {
    "apps/worker.py": """
import os
import boto3

IDLE = int(os.getenv("EC2_IDLE_STOP_THRESHOLD", "5"))


def main():
    empty = 0
    while True:
        empty += 1
        if IDLE > 0 and empty >= IDLE:
            boto3.client("ec2").stop_instances(InstanceIds=["i-1"])


if __name__ == "__main__":
    main()
""",
    "Dockerfile": 'FROM python:3.12\nCOPY apps /app/apps\nWORKDIR /app\nCMD ["python", "-m", "apps.worker"]\n',
    "docker-compose.yml": "services:\n  worker:\n    image: r.io/worker:latest\n    build: .\n"
    "    environment: {EC2_IDLE_STOP_THRESHOLD: 0}\n",
    "infra/u.sh.tpl": "#!/bin/bash\ndocker run -e EC2_IDLE_STOP_THRESHOLD=${idle} r.io/worker:latest\n",
    "infra/variables.tf": 'variable "idle" {\n  default = 5\n}\n',
    "infra/main.tf": """
resource "aws_launch_template" "w" {
  user_data = base64encode(templatefile("${path.module}/u.sh.tpl", { idle = IDLE }))
}
resource "aws_autoscaling_group" "g" {
  name     = "workers"
  min_size = 1
  max_size = 4
  launch_template {
    id = aws_launch_template.w.id
  }
}
""",
}


@pytest.mark.parametrize(
    ("idle", "expected", "code"),
    [
        pytest.param("0", "[off]", None, id="a literal is known: off"),
        pytest.param("5", "SST301", "SST301", id="a literal is known: on, a loop"),
        pytest.param("var.idle", "unknown", "SST304", id="a variable is not, its default in another file is named"),
    ],
)
def test_a_template_of_user_data(tmp_path: Path, idle: str, expected: str, code: str | None) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("IDLE }", f"{idle} }}"), encoding="utf-8")
    out = selfstop("audit", cwd=tmp_path).out
    assert expected in out
    assert ("SST301" in out) is (code == "SST301")
    assert ("SST304 threshold-unknown  infra/u.sh.tpl:2" in out) is (code == "SST304")

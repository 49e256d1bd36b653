"""A small audit in the formats that draw, byte by byte as it has to be; ``python -m tests.golden`` writes it anew.

Style and script of the page are left out: they are files of their own.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from selfstop import __version__
from selfstop.audit.run import Audit, audit
from selfstop.output.audit_formats import AUDIT_FORMATS
from selfstop.output.audit_view import AuditView
from selfstop.session import Request
from tests.audits import GUARDED, IMAGE, WITHOUT_SWITCH, write

DIRECTORY = Path(__file__).parent / "expected"
FORMATS = ("html", "dot", "mermaid")

FLEET = (
    WITHOUT_SWITCH
    + IMAGE
    + """\
==> user_data.sh <==
#!/bin/bash
docker run -d -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template --launch-template-data \\
  "{\\"UserData\\": \\"$(base64 -w0 user_data.sh)\\"}"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet-group \\
  --launch-template LaunchTemplateName=fleet-template --min-size 1 --max-size 4 --desired-capacity 1
==> later.sh <==
docker run --env-file /etc/fleet.env fleet-worker:1.4
docker run elsewhere/worker:2 python -m fleet.worker
"""
    + GUARDED.replace("fleet/worker.py", "fleet/idle.py")
)
"""A group that loops at once, a run that is not known, an image from elsewhere, and a call that nothing starts."""

_ASSET = re.compile(r"(<(style|script)>).*?(</\2>)", re.DOTALL)
_HASH = re.compile(r"sha256-[\w+/=]+")


def rendered(done: Audit, name: str) -> str:
    """An audit in a format, as the command line renders it."""
    return AUDIT_FORMATS[name](AuditView(done.report, done.outcome.source_lines))


def audited(root: Path, text: str) -> Audit:
    """The audit of a repository with the files of ``text``."""
    return audit(Request(paths=(write(root, text),), root=root))


def current(root: Path) -> Callable[[str], str]:
    """What each format says now."""
    done = audited(root, FLEET)
    return lambda name: _neutral(rendered(done, name))


def _neutral(text: str) -> str:
    return _HASH.sub("sha256-", _ASSET.sub(r"\1\3", text)).replace(f"selfstop {__version__};", "selfstop;")


def main() -> None:
    """Write the files anew."""
    with tempfile.TemporaryDirectory() as directory:
        render = current(Path(directory))
        for name in FORMATS:
            (DIRECTORY / f"fleet.{name}").write_bytes(render(name).encode("utf-8"))


if __name__ == "__main__":
    main()

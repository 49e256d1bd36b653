"""Runs selfstop and its neighbours as a user does: as processes, in a directory of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

UNGUARDED = b"def finish(ec2, ids):\n    ec2.stop_instances(InstanceIds=ids)\n"
"""A module with one finding, SST101 at line 2, column 5."""

PLACE_OF_UNGUARDED = ":2:5: SST101 "

HARMLESS = b"print('hello')\n"


@dataclass(frozen=True)
class Finished:
    status: int
    out: str
    err: str

    @property
    def places(self) -> list[str]:
        """The lines of standard output as far as the code: `path:line:col: CODE`."""
        return sorted(" ".join(line.split(" ")[:2]) for line in self.out.splitlines())


def run(
    *command: str | os.PathLike[str],
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    timeout: float = 60,
) -> Finished:
    done = subprocess.run(
        command,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=timeout,
        check=False,
    )
    return Finished(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))


def selfstop(*arguments: str | os.PathLike[str], cwd: Path, **options: object) -> Finished:
    return run(sys.executable, "-m", "selfstop", *arguments, cwd=cwd, **options)  # type: ignore[arg-type]


def check(*arguments: str | os.PathLike[str], cwd: Path, **options: object) -> Finished:
    return selfstop("check", "--output-format", "concise", *arguments, cwd=cwd, **options)


def flake8(*arguments: str | os.PathLike[str], cwd: Path, **options: object) -> Finished:
    return run(sys.executable, "-m", "flake8", *arguments, cwd=cwd, **options)  # type: ignore[arg-type]


def hook_entry(name: str) -> list[str]:
    """What pre-commit runs for one of our hooks, before the names of files."""
    hooks = yaml.safe_load((Path(__file__).parent.parent / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    entry = next(hook["entry"] for hook in hooks if hook["id"] == name).split()
    assert entry[0] == "selfstop"
    return [sys.executable, "-m", *entry]


def write(directory: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files given by path and contents below a directory, and return it."""
    for name, contents in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents.encode("utf-8") if isinstance(contents, str) else contents)
    return directory

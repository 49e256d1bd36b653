"""The same input gives the same bytes, whatever the hash seed, the number of processes and the order of directories."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from commands import run, selfstop
from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.output import FORMATS
from selfstop.output.view import View

FIXTURES = Path(__file__).parent.parent / "fixtures"

TIMES = re.compile(r"selfstop: [0-9.]+ s to analyse, [0-9.]+ s to report\n")
CHECK = """
import os, random, sys
from selfstop.project.loading import workers
workers.WORTHWHILE_LINES = 0
scan = os.scandir
class Shuffled:
    def __init__(self, *arguments):
        with scan(*arguments) as entries:
            self.entries = sorted(entries, key=lambda entry: hash((sys.argv[1], entry.name)))
    def __enter__(self): return iter(self.entries)
    def __exit__(self, *_): pass
if __name__ == "__main__":
    os.scandir = Shuffled
    from selfstop.cli import run
    for output in ("text", "concise", "json"):
        run(["check", "--verbose", "--jobs", sys.argv[2], "--output-format", output])
"""

SMALL = {
    "three_answers.py": """
import boto3

def weather(queue):
    if queue.weather == 3:
        return queue.wind
    return None

def season(queue):
    if queue.season == 7:
        return queue.sun
    return None

def harvest(queue):
    if queue.harvest == 9:
        return queue.apples
    return None

def main(queue):
    first = weather(queue)
    second = season(queue)
    third = harvest(queue)
    if queue.same(first, second, third):
        boto3.client("ec2").stop_instances(InstanceIds=["i-1"])
""",
    "kept_twice.py": """
import boto3

def stop_box():
    boto3.client("ec2").stop_instances(InstanceIds=["i-1"])

class Loop:
    def __init__(self, on_idle):
        self.first = on_idle
        self.second = on_idle

    def run(self, queue):
        if queue.weather == 3:
            self.first()

    def walk(self, queue):
        if queue.moon == 4:
            self.second()

def main(queue):
    loop = Loop(stop_box)
    loop.run(queue)
    loop.walk(queue)
""",
}
"""Programs in which more than one thing is worth telling, in no order of its own."""


def test_every_hash_seed_tells_the_same_witness(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.selfstop]\n", encoding="utf-8")
    for name, text in SMALL.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    printed = {
        selfstop("check", "--jobs=1", "--output-format=json", cwd=tmp_path, env={"PYTHONHASHSEED": str(seed)}).out
        for seed in range(5)
    }
    assert len(printed) == 1
    assert len(json.loads(printed.pop())["findings"]) == len(SMALL)


@pytest.mark.slow
def test_processes_print_the_same_bytes(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(CHECK, encoding="utf-8")
    subject = shutil.copytree(FIXTURES / "academy", tmp_path / "academy")
    (subject / "pyproject.toml").write_text("[tool.selfstop]\n", encoding="utf-8")
    runs = {
        (seed, jobs): run(sys.executable, script, seed, jobs, cwd=subject, env={"PYTHONHASHSEED": seed})
        for seed, jobs in (("0", "1"), ("1", "1"), ("2", "2"))
    }
    first, *others = [(done.status, done.out, TIMES.sub("", done.err)) for done in runs.values()]
    assert "SST102" in first[1]
    assert all(other == first for other in others)


def test_the_order_of_files_does_not_matter() -> None:
    files = {
        path.relative_to(FIXTURES).as_posix(): path.read_bytes()
        for path in sorted((FIXTURES / "academy").rglob("*.py"))
    }
    printed = set()
    for order in (files, dict(reversed(files.items())), dict(sorted(files.items(), key=lambda item: item[1]))):
        view = View(check(order, EngineOptions()), display=str, source_lines=lambda _path: ())
        printed.add("".join(render(view) for render in itertools.islice(FORMATS.values(), 3)))
    assert len(printed) == 1
    assert "SST102" in printed.pop()

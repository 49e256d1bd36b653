"""Calls of methods of unknown objects: matched by name where that is safe, counted where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inprocess import selfstop
from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.model import Place, Report

HEADER = """\
import threading
import boto3
ec2 = boto3.client("ec2")
class Host:
    def leave(self):
        ec2.stop_instances(InstanceIds=["i-1"])
    def stop(self):
        ec2.stop_instances(InstanceIds=["i-1"])
class Guest:
    def leave(self):
        self.gone = True
"""


def report_on(source: str, **others: str) -> Report:
    files = {"a.py": (HEADER + source).encode()} | {f"{name}.py": text.encode() for name, text in others.items()}
    return check(files, EngineOptions())


def unresolved_in(source: str) -> list[str]:
    return [call.callee for call in report_on(source).unresolved]


UNRESOLVED = {
    "a parameter": ("def f(one):\n    one.leave()\n", "one.leave"),
    "an attribute of a parameter": ("def f(one):\n    one.friend.leave()\n", "one.friend.leave"),
    "an item": ("def f(all):\n    all[0].leave()\n", "all[0].leave"),
    "of an unknown call": ("def f(inn):\n    inn.last().leave()\n", "inn.last().leave"),
    "in a loop": ("def f(all):\n    for one in all:\n        one.leave()\n", "one.leave"),
    "a name too common": ("def f(one):\n    one.stop()\n", "one.stop"),
    "at top level": ("for one in make():\n    one.leave()\n", "one.leave"),
    "one of two classes": ("def f(x):\n    one = Host() if x else Guest()\n    one.leave()\n", "one.leave"),
    "of a class of the project that was not loaded": (
        "from a.inns import Inn\ndef f():\n    Inn().leave()\n",
        "Inn().leave",
    ),
    "a protocol to which everything may conform": (
        "from typing import Protocol\nclass P(Protocol):\n    def stop(self): ...\ndef f(one: P):\n    one.stop()\n",
        "one.stop",
    ),
    "of an abstract class that nothing extends": (
        "class Inn:\n    @abstractmethod\n    def leave(self): ...\ndef f(one: Inn):\n    one.leave()\n",
        "one.leave",
    ),
    "a name that is not known": ("def f(one):\n    getattr(ec2, one)()\n", "getattr(ec2, one)"),
    "a name of parts": ("def f(one):\n    getattr(ec2, one + '_instances')()\n", "getattr(ec2, one + '_instances')"),
    "a name kept": ("def f(one):\n    call = getattr(ec2, f'stop_{one}')\n    call()\n", "call"),
}


@pytest.mark.parametrize(("source", "callee"), UNRESOLVED.values(), ids=UNRESOLVED)
def test_counted(source: str, callee: str) -> None:
    assert unresolved_in(source) == [callee]


SILENT = {
    "another name, of parts": "def f(one):\n    getattr(ec2, 'start_' + one)()\n",
    "a name that is known": "def f(one):\n    getattr(ec2, 'start' + '_instances')()\n",
    "a name in something else": "def f(one):\n    getattr(threading, one)()\n",
    "a known class": "def f():\n    Host().leave()\n",
    "another known class": "def f():\n    Guest().leave()\n",
    "by annotation": "def f(one: Guest):\n    one.leave()\n",
    "a protocol, and the class that is given": (
        "from typing import Protocol\nclass P(Protocol):\n    def leave(self): ...\n    def come(self): ...\n"
        "class Late:\n    def leave(self): self.gone = True\n    def come(self): self.gone = False\n"
        "def f(one: P):\n    one.leave()\n"
    ),
    "a name that no stopper has": "def f(one):\n    one.stay()\n",
    "a function, not a method": "def f(leave):\n    leave()\n",
    "a stop call by its own name": "def f(one):\n    one.stop_instances()\n",
    "an object from outside": "def f(g):\n    timer = threading.Timer(5, g)\n    timer.stop()\n",
    "made and called from outside": "def f(g):\n    threading.Timer(5, g).stop()\n",
    "a module": "def f():\n    threading.stop()\n",
    "a literal": 'def f():\n    "".stop()\n',
    "a list": "def f():\n    [].stop()\n",
    "super": "class Inn(Missing):\n    def leave_soon(self):\n        super().leave()\n",
    "code that is never reached": "def f(one):\n    ec2.stop_instances()\n    return\n    one.leave()\n",
}


@pytest.mark.parametrize("source", SILENT.values(), ids=SILENT)
def test_not_counted(source: str) -> None:
    assert unresolved_in(source) == []


HANDED_OVER = {
    "one of two classes": "def g(x):\n    stay(Host() if x else Guest())\n",
    "out of a table": "HOSTS = {'inn': Host()}\ndef g():\n    stay(HOSTS['inn'])\n",
    "for another thread": "def g():\n    threading.Thread(target=stay, args=(Host(),)).start()\n",
}


@pytest.mark.parametrize("source", HANDED_OVER.values(), ids=HANDED_OVER)
def test_counted_where_the_object_is_handed_to(source: str) -> None:
    """That file says nothing of its class. A call in a ``finally`` is counted once."""
    stay = "def stay(one):\n    try:\n        one.sleep()\n    finally:\n        one.stop()\n"
    report = report_on(f"from b import stay\n{source}", b=stay)
    assert [(call.path, call.callee) for call in report.unresolved] == [("b.py", "one.stop")]


def test_not_counted_where_another_object_is_handed_to() -> None:
    report = report_on("from b import stay\ndef g():\n    stay(Guest())\n", b="def stay(one):\n    one.stop()\n")
    assert report.unresolved == ()


def test_a_name_that_a_package_looks_up_and_several_modules_define_is_counted() -> None:
    looks_up = "def __getattr__(name):\n    return make(name)\n"
    box = "import boto3\ndef stop_box():\n    boto3.client('ec2').stop_instances()\n"
    files = {
        "inns/__init__.py": looks_up,
        "inns/old.py": box,
        "inns/new.py": "def stop_box():\n    pass\n",
        "guest.py": "import inns\ndef leave(n):\n    inns.stop_box()\n    inns.leave()\n",
    }
    (call,) = check({path: text.encode() for path, text in files.items()}, EngineOptions()).unresolved
    assert (call.path, call.callee) == ("guest.py", "inns.stop_box")
    assert call.reason == "its package looks the name up when it is asked for"
    assert call.stoppers == (Place("inns/old.py", 2, "stop_box"),)


def test_what_is_matched_by_name_is_not_counted() -> None:
    alone = HEADER.partition("class Guest")[0] + "def f(one):\n    one.leave()\n"
    report = check({"a.py": alone.encode()}, EngineOptions())
    assert report.unresolved == ()
    assert [finding.call.function for finding in report.findings] == ["Host.leave", "Host.stop"]
    assert "found by its name alone" in [step.note for step in report.findings[0].witness]


def test_it_says_which_stoppers_it_might_be() -> None:
    (call,) = report_on("def f(one):\n    one.leave()\n").unresolved
    assert (call.path, call.span.line, call.function) == ("a.py", 13, "f")
    assert call.reason == "1 of 2 functions of that name reaches a stop call"
    assert call.stoppers == (Place("a.py", 5, "Host.leave"),)


def test_a_common_name_is_called_so() -> None:
    (call,) = report_on("def f(one):\n    one.stop()\n").unresolved
    assert call.reason == "the name is too common to go by"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("[tool.selfstop]\n", encoding="utf-8")
    (tmp_path / "hosts.py").write_text(HEADER, encoding="utf-8")
    (tmp_path / "b.py").write_text("from hosts import Host\ndef f(one):\n    one.leave()\n", encoding="utf-8")
    return tmp_path


def test_verbose_lists_and_counts(project: Path) -> None:
    done = selfstop("check", "--verbose", cwd=project)
    assert (
        "selfstop: unresolved b.py:3:5 one.leave: 1 of 2 functions of that name reaches a stop call:"
        " Host.leave (hosts.py:5)\n"
    ) in done.err
    assert "2 files checked, 0 calls guarded, 1 call unresolved" in done.err
    assert "unresolved" not in selfstop("check", cwd=project).err


def test_json_lists_those_of_the_files_asked_for(project: Path) -> None:
    def listed(path: str) -> list[str]:
        done = selfstop("check", "--output-format", "json", path, cwd=project)
        return [call["callee"] for call in json.loads(done.out)["unresolved"]]

    assert listed("b.py") == ["one.leave"]
    assert listed("hosts.py") == []

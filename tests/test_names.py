"""Which file an import means: source roots, neighbours, and files that would have one name."""

from __future__ import annotations

import pytest

from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.project.repository.names import ModuleNames, by_suffix

NAMES = {
    "a module": (["worker.py"], {"worker.py": "worker"}),
    "a package": (["pkg/__init__.py", "pkg/a.py"], {"pkg/__init__.py": "pkg", "pkg/a.py": "pkg.a"}),
    "below src": (["src/pkg/a.py", "setup.py"], {"src/pkg/a.py": "pkg.a", "setup.py": "setup"}),
    "below src and beside it": (["src/a.py", "a.py"], {"src/a.py": "src.a", "a.py": "a"}),
    "src as a package's name": (["pkg/src/a.py"], {"pkg/src/a.py": "pkg.src.a"}),
    "a package beside a module": (["a.py", "a/__init__.py"], {"a.py": "a~", "a/__init__.py": "a"}),
    "a file for windows": (["a.pyw", "a.py"], {"a.pyw": "a~", "a.py": "a"}),
    "dots in a file name": (["a.b.py", "a/b.py"], {"a.b.py": "a.b", "a/b.py": "a.b~"}),
    "what separates parts of ids": (["a:b@c#1.py"], {"a:b@c#1.py": "a_b_c_1"}),
}


@pytest.mark.parametrize(("paths", "expected"), NAMES.values(), ids=NAMES)
def test_every_file_has_a_name_of_its_own(paths, expected):
    names = ModuleNames(paths)
    assert names.by_path == expected
    assert names.paths == {name: path for path, name in expected.items()}


SEEN = {
    "a script's neighbours": (["bin/run.py", "bin/a.py", "bin/b/c.py"], "bin/run.py", {"a": "bin.a", "b": "bin.b"}),
    "the directory of a service": (
        ["svc/app/__init__.py", "svc/app/a.py", "svc/tool.py"],
        "svc/app/a.py",
        {"app": "svc.app", "tool": "svc.tool"},
    ),
    "the nearest of two": (["a/limits.py", "a/b/limits.py", "a/b/run.py"], "a/b/run.py", {"limits": "a.b.limits"}),
    "neighbours in a package": (["pkg/__init__.py", "pkg/a.py", "pkg/b.py"], "pkg/a.py", {"b": "pkg.b"}),
    "not those that hide others": (["pkg/__init__.py", "pkg/a.py", "pkg/b.py", "b.py"], "pkg/a.py", {}),
    "a module that hides a standard one": (["bin/run.py", "bin/time.py"], "bin/run.py", {"time": "bin.time"}),
    "not from above": (["bin/time.py", "bin/deep/run.py"], "bin/deep/run.py", {"deep": "bin.deep"}),
    "not in a package": (["pkg/__init__.py", "pkg/a.py", "pkg/time.py"], "pkg/a.py", {}),
    "nothing at the root": (["a.py", "b.py"], "a.py", {}),
}


@pytest.mark.parametrize(("paths", "path", "expected"), SEEN.values(), ids=SEEN)
def test_what_a_file_imports_by_bare_name(paths, path, expected):
    found = ModuleNames(paths).seen_from(path)
    assert expected.items() <= found.items()
    assert found.keys() - expected.keys() <= {"a", "b", "run"} - {"b" if path == "pkg/a.py" else ""}


def test_suffixes_name_one_module_and_no_standard_one():
    assert by_suffix(["a.b.c", "x.c", "a.time"]) == {"b.c": "a.b.c"}


WORKER = b"""\
import boto3

def work(i):
    boto3.client("ec2").stop_instances(InstanceIds=[i])
"""


@pytest.mark.parametrize(
    "paths",
    [("src/a.py", "a.py"), ("a.py", "a/__init__.py"), ("a.b.py", "a/b.py"), ("a.py", "a.pyw"), ("a:b.py", "a_b.py")],
)
def test_no_file_hides_another(paths):
    report = check(dict.fromkeys(paths, WORKER), EngineOptions())
    assert sorted(finding.call.path for finding in report.findings) == sorted(paths)

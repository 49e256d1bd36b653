"""What the project says about itself in several places is the same in all of them."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from importlib import metadata
from pathlib import Path

import selfstop
from selfstop.cli import cli
from selfstop.config import Config, load
from selfstop.session import Request, run

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")


def keys_in(document: str) -> set[str]:
    """The keys that the first column of a table of the configuration names."""
    table = document[document.index("| key |") :].partition("\n\n")[0]
    return set(re.findall(r"`([a-z-]+)`", "".join(line.split("|")[1] for line in table.splitlines())))


def test_ci_runs_the_test_command_of_the_readme():
    command = next(line.strip() for line in README.splitlines() if line.endswith("-m pytest"))
    assert command in (PROJECT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_version_is_the_packages():
    assert metadata.version("selfstop") == selfstop.__version__


KEYS = {field.metadata["key"] for field in dataclasses.fields(Config) if "key" in field.metadata}


def test_both_documents_name_every_key():
    assert keys_in(README) == KEYS
    assert keys_in((PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")) == KEYS


def test_every_key_has_an_option():
    assert {parameter.name.replace("_", "-") for parameter in cli.commands["check"].params} >= KEYS


def test_the_documented_example_is_valid(tmp_path):
    text = (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    assert tomllib.loads(example)
    (tmp_path / "pyproject.toml").write_text(example, encoding="utf-8")
    assert load(tmp_path).exclude == ("vendor", "*_pb2.py")


def test_a_check_of_the_project_itself_is_clean():
    """The fixtures, which are written to be wrong, are left out; what is there for others to try is not."""
    done = run(Request(paths=(PROJECT,)))
    assert (done.report.findings, done.report.errors) == ((), ())
    assert done.report.files_checked > 100
    academy = run(Request(paths=(PROJECT / "fixtures" / "academy",)))
    assert [finding.code for finding in academy.report.findings] == ["SST102"]

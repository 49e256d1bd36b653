"""All doors lead to the same engine: `check`, flake8 and the hook say the same, line by line.

Of the rules a few directories serve: what goes through a door is the same for all. Projects are in `test_projects`.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

from commands import Finished, check, flake8, hook_entry, run, selfstop

PROJECT = Path(__file__).parent.parent
SUBJECTS = (
    "academy",
    "syntax",
    "rules/sst102_stop_in_finally",
    "rules/sst105_off_switch_only",
    "rules/sst201_stop_on_by_default",
)


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory) -> Path:
    """A copy of the fixtures that is a project of its own, without a configuration."""
    directory = tmp_path_factory.mktemp("doors")
    for subject in SUBJECTS:
        shutil.copytree(PROJECT / "fixtures" / subject, directory / "fixtures" / subject)
    (directory / ".git").mkdir()
    return directory


@pytest.fixture(scope="module")
def checked(fixtures) -> Finished:
    return check("fixtures", cwd=fixtures)


def sorted_lines(done: Finished) -> list[str]:
    return sorted(done.out.splitlines())


def test_check_finds_something_to_compare(checked):
    assert checked.status == 1
    assert len(checked.out.splitlines()) > 50


def is_read_by_this_python(path: Path) -> bool:
    """Whether flake8 hands the file to its plugins at all; if not, it reports E999 in its own name."""
    try:
        ast.parse(path.read_bytes())
    except SyntaxError:
        return False
    return True


def test_flake8_says_what_check_says(fixtures, checked):
    expected = [line for line in sorted_lines(checked) if is_read_by_this_python(fixtures / line.partition(":")[0])]
    assert len(expected) > 50
    assert sorted_lines(flake8("--select=SST", "--jobs=2", "fixtures", cwd=fixtures)) == expected


def test_audit_says_of_the_code_what_check_says(fixtures, checked):
    """And something of the deployment, which is not compared; SST201 is on in an audit."""
    audited = sorted_lines(selfstop("audit", "--output-format=concise", "--ignore=SST201", cwd=fixtures))
    assert [line for line in audited if ": SST3" not in line] == sorted_lines(checked)


def test_the_hook_for_changed_files_says_what_check_says(fixtures, checked):
    """pre-commit hands over the names of files, here all at once."""
    files = sorted(path.relative_to(fixtures).as_posix() for path in (fixtures / "fixtures").rglob("*.py"))
    assert sorted_lines(run(*hook_entry("selfstop"), *files, cwd=fixtures)) == sorted_lines(checked)


def test_the_hook_for_the_repository_says_what_check_says(fixtures, checked):
    assert sorted_lines(run(*hook_entry("selfstop-all"), cwd=fixtures)) == sorted_lines(checked)


def test_one_file_at_a_time_says_what_all_files_say(fixtures):
    """A file's verdict does not depend on which other files were named."""
    academy = fixtures / "fixtures" / "academy"
    (academy / ".git").mkdir()
    together = sorted_lines(check(cwd=academy))
    names = sorted({line.partition(":")[0] for line in together})
    apart = [line for name in names for line in sorted_lines(check(name, cwd=academy))]
    (academy / ".git").rmdir()
    assert together
    assert sorted(apart) == together

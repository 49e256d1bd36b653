"""Which files a command line means."""

from __future__ import annotations

import os
import sys

import pytest

from commands import write
from selfstop.project.repository.discovery import discover, is_test

ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0


def found(tmp_path, *paths, **options):
    return discover([tmp_path / path for path in paths or ("",)], root=tmp_path, **options)


def test_directories_are_searched_and_sorted(tmp_path):
    write(
        tmp_path,
        {"b.py": "", "a/z.pyw": "", "a/b/c.py": "", "a/readme.md": "", "a/stub.pyi": "", "noend": ""},
    )
    assert found(tmp_path).files == ("a/b/c.py", "a/z.pyw", "b.py")


@pytest.mark.parametrize(
    "directory",
    [".git", ".venv", "venv", "node_modules", "build", "dist", "__pycache__", ".tox", ".nox", ".eggs"],
)
def test_foreign_directories_are_not_entered(tmp_path, directory):
    write(tmp_path, {f"sub/{directory}/a.py": "", "sub/b.py": ""})
    assert found(tmp_path).files == ("sub/b.py",)


def test_virtual_environments_of_any_name_are_not_entered(tmp_path):
    write(tmp_path, {"py311/pyvenv.cfg": "", "py311/lib/a.py": "", "b.py": ""})
    assert found(tmp_path).files == ("b.py",)


def test_a_foreign_directory_or_a_script_that_is_named_is_checked(tmp_path):
    write(tmp_path, {"build/a.py": "", "script": ""})
    assert found(tmp_path, "build", "script").files == ("build/a.py", "script")


def test_exclude_leaves_named_files_out_too(tmp_path):
    write(tmp_path, {"vendor/a.py": "", "b.py": "", "c.py": ""})
    result = found(tmp_path, "vendor/a.py", "vendor", "b.py", "c.py", exclude=["vendor", "c.py"])
    assert result.files == ("b.py",)
    assert result.excluded == ("c.py", "vendor", "vendor/a.py")


TESTS = {
    "tests/helper.py": True,
    "app/tests/deep/helper.py": True,
    "test_worker.py": True,
    "worker_test.py": True,
    "app/conftest.py": True,
    "tests.py": False,
    "testing/worker.py": False,
    "contest.py": False,
    "latest_worker.py": False,
}


@pytest.mark.parametrize("path", TESTS, ids=TESTS)
def test_what_is_test_code(path):
    assert is_test(path) is TESTS[path]


def test_test_code_is_left_out_and_said_even_if_named(tmp_path):
    write(tmp_path, {"tests/a.py": "", "test_b.py": "", "c.py": ""})
    result = found(tmp_path, "tests", "test_b.py", "c.py")
    assert (result.files, result.tests) == (("c.py",), ("test_b.py", "tests/a.py"))
    assert found(tmp_path, include_tests=True).files == ("c.py", "test_b.py", "tests/a.py")


def test_test_code_is_judged_relative_to_the_root(tmp_path):
    write(tmp_path, {"tests/project/a.py": ""})
    assert discover([tmp_path], root=tmp_path / "tests" / "project").files == ("a.py",)


def test_overlapping_paths_are_checked_once(tmp_path):
    write(tmp_path, {"a/b.py": ""})
    assert found(tmp_path, "a", "a/b.py", ".", "a/../a/b.py").files == ("a/b.py",)


def test_missing_files_stay_in_for_the_reader_to_report(tmp_path):
    assert found(tmp_path, "missing.py").files == ("missing.py",)


def test_a_directory_named_like_a_file_is_reported_and_searched(tmp_path):
    write(tmp_path, {"x.py/y.py": ""})
    for paths in ((), ("x.py",)):
        result = found(tmp_path, *paths)
        assert result.files == ("x.py/y.py",)
        assert [(error.path, error.code) for error in result.errors] == [("x.py", "SST001")]


def test_nothing_is_nothing(tmp_path):
    write(tmp_path, {"readme.md": ""})
    assert found(tmp_path) == discover([], root=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
class TestLinks:
    def test_links_to_directories_are_not_followed(self, tmp_path):
        write(tmp_path, {"a/b.py": ""})
        (tmp_path / "a" / "loop").symlink_to(tmp_path / "a")
        (tmp_path / "again").symlink_to(tmp_path / "a")
        assert found(tmp_path).files == ("a/b.py",)

    def test_a_link_that_is_named_is_followed(self, tmp_path):
        write(tmp_path, {"a/b.py": ""})
        (tmp_path / "again").symlink_to(tmp_path / "a")
        assert found(tmp_path, "again").files == ("again/b.py",)

    def test_a_file_and_a_link_to_it_are_checked_once(self, tmp_path):
        write(tmp_path, {"b.py": ""})
        (tmp_path / "a.py").symlink_to("b.py")
        assert found(tmp_path).files == ("b.py",)

    def test_a_link_to_a_file_of_another_name_is_checked(self, tmp_path):
        write(tmp_path, {"script": ""})
        (tmp_path / "a.py").symlink_to("script")
        assert found(tmp_path).files == ("a.py",)

    def test_links_out_of_the_root_are_not_followed_unless_named(self, tmp_path):
        write(tmp_path, {"root/b.py": "", "secret.py": ""})
        (tmp_path / "root" / "a.py").symlink_to(tmp_path / "secret.py")
        root = tmp_path / "root"
        assert discover([root], root=root).files == ("b.py",)
        assert discover([root / "a.py"], root=root).files == ("a.py",)

    def test_broken_links_and_loops_stay_in_for_the_reader_to_report(self, tmp_path):
        (tmp_path / "broken.py").symlink_to("nowhere.py")
        (tmp_path / "loop.py").symlink_to("loop.py")
        assert found(tmp_path).files == ("broken.py", "loop.py")

    @pytest.mark.skipif(ROOT_USER, reason="root may read everything")
    def test_a_directory_without_permission_is_reported(self, tmp_path):
        write(tmp_path, {"closed/a.py": "", "b.py": ""})
        (tmp_path / "closed").chmod(0)
        result = found(tmp_path)
        (tmp_path / "closed").chmod(0o700)
        assert result.files == ("b.py",)
        assert [(error.path, error.code) for error in result.errors] == [("closed", "SST001")]

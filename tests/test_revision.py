"""What git is asked of a repository's past: contents byte by byte, and an address without secrets."""

from __future__ import annotations

import shutil

import pytest

from commands import write
from selfstop.model import Provenance
from selfstop.project.repository.revision import NoRevision, common_commit, files_at, provenance
from test_comparison import commit, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

CONTENTS = {"a.py": b"x\r\n\0\xff", "dir/b c.PY": b"", "dir/c.txt": b"x", "dir/sub/größe.py": b"\n\n", "same.py": b""}


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init", "--quiet", "--initial-branch=main", ".")
    commit(tmp_path, CONTENTS)
    return tmp_path


def test_files_are_read_byte_by_byte(repository):
    found = files_at(repository, common_commit(repository, "main"), (".py",))
    assert dict(found) == {path: data for path, data in CONTENTS.items() if not path.endswith(".txt")}


def test_files_below_a_root_are_named_relative_to_it(repository):
    found = files_at(repository / "dir", common_commit(repository, "main"), (".py",))
    assert set(found) == {"b c.PY", "sub/größe.py"}


def test_without_any_file(repository):
    assert dict(files_at(repository, common_commit(repository, "main"), (".pyw",))) == {}


def test_a_file_that_git_does_not_have_is_said(repository):
    name = git(repository, "rev-parse", "HEAD:a.py")
    (repository / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(NoRevision, match="git does not have all files"):
        files_at(repository, common_commit(repository, "main"), (".py",))


ADDRESSES = {
    "https": ("https://example.invalid/o/r.git", "https://example.invalid/o/r.git"),
    "user and password": ("https://me:secret@example.invalid:8443/o/r", "https://example.invalid:8443/o/r"),
    "a token in the query": ("https://example.invalid/r?token=secret", "https://example.invalid/r"),
    "ssh": ("ssh://git@example.invalid/o/r.git", "ssh://example.invalid/o/r.git"),
    "the short form of ssh": ("git@example.invalid:o/r.git", "ssh://example.invalid/o/r.git"),
    "a path": ("/srv/git/r.git", None),
    "a path on Windows": (r"C:\git\r", None),
    "a file": ("file:///srv/git/r.git", None),
    "a relative path": ("../r.git", None),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_address_holds_no_secret(repository, address, expected):
    git(repository, "remote", "add", "origin", address)
    head = git(repository, "rev-parse", "HEAD")
    assert provenance(repository) == (None if expected is None else Provenance(expected, head, "main"))


def test_a_commit_without_a_branch(repository):
    git(repository, "remote", "add", "origin", "https://example.invalid/r")
    git(repository, "checkout", "--quiet", "--detach")
    known = provenance(repository)
    assert known is not None
    assert known.branch == ""


def test_nothing_is_known_without_a_remote_or_a_repository(repository, tmp_path_factory):
    assert provenance(repository) is None
    assert provenance(write(tmp_path_factory.mktemp("none"), {"a.py": b""})) is None

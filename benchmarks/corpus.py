"""From the names of packages to trees of Python files. Packages are unpacked, nothing in them is ever run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from benchmarks.packages import STOP_NAMES, Package

LEFT_OUT: Final = frozenset(("build", "dist", "node_modules", "site-packages", "tests", "venv"))
"""Directories that one of the tools does not enter by default. Without them all tools see the same files."""

_TEST_FILES: Final = ("conftest.py", "test_*.py", "*_test.py")

# One kind of wheel wherever this runs, so that the trees are the same; it is never imported.
_ANY_MACHINE: Final = ("--python-version", "3.12", "--platform", "manylinux2014_x86_64", "--ignore-requires-python")

_LAYOUT: Final = 2
"""Goes up when trees are built in another way, so that those in a cache are built again."""


def wanted(name: str) -> bool:
    """Whether a file of a package (its path with ``/``) belongs into a tree."""
    path = PurePosixPath(name)
    directories = path.parts[:-1]
    return (
        path.suffix == ".py"
        and not any(part in LEFT_OUT or part.startswith(".") or part == ".." for part in directories)
        and not path.is_absolute()
        and not any(fnmatchcase(path.name, pattern) for pattern in _TEST_FILES)
    )


def mentions_stop(data: bytes) -> bool:
    """Whether a stop call is called, defined or mentioned in a file."""
    return any(name in data for name in STOP_NAMES)


def shuffled(names: Iterable[str]) -> list[str]:
    """Put names into an order that is the same everywhere and has nothing to do with where the files come from."""
    return sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())


class Corpus:
    """The trees of one cache directory. Each is built when it is asked for, and kept."""

    def __init__(self, cache: Path) -> None:
        """``cache`` must not be a part of a repository; it is made where it does not exist."""
        self.cache = cache
        self.wheels = cache / "wheels"

    def of_packages(self, name: str, packages: Sequence[Package], *, mentions: bool) -> Path:
        """Return a repository of all the files of ``packages``, with or without those that mention a stop call."""
        tree = self.cache / name
        key = [_LAYOUT, mentions, *(package.requirement for package in packages)]
        if self._is_built(tree, key):
            return tree
        for package in packages:
            self._unpack(package, tree, mentions=mentions)
        _commit(tree)
        return self._keep(tree, key)

    def of_checkout(self, name: str, checkout: Path) -> Path:
        """Return a repository of the Python files of a checkout, which itself stays as it is."""
        tree = self.cache / name
        files = {path: checkout / path for path in python_files(checkout)}
        digest = hashlib.sha256()
        for path, origin in sorted(files.items()):
            digest.update(path.encode() + b"\0" + origin.read_bytes())
        key = [_LAYOUT, digest.hexdigest()]
        if self._is_built(tree, key):
            return tree
        _link_all(tree, files, copy=True)
        _commit(tree)
        return self._keep(tree, key)

    def of_files(self, name: str, files: Mapping[str, Path], texts: Mapping[str, str] | None = None) -> Path:
        """Return a tree of ``files`` (path in it -> the file that it is) and of ``texts`` (path -> contents).

        The files are links where the file system can do that: such trees are measured, never changed.
        """
        texts = texts or {}
        tree = self.cache / name
        key = [_LAYOUT, sorted((path, str(origin)) for path, origin in files.items()), sorted(texts.items())]
        if self._is_built(tree, key):
            return tree
        _link_all(tree, files)
        for path, text in texts.items():
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        git(tree, "init", "--quiet")
        return self._keep(tree, key)

    def _is_built(self, tree: Path, key: object) -> bool:
        """Whether the tree is there and made from this; another one is removed."""
        stamp = self._stamp(tree)
        if tree.is_dir() and stamp.exists() and stamp.read_text(encoding="utf-8") == _fingerprint(key):
            return True
        stamp.unlink(missing_ok=True)
        if tree.exists():
            shutil.rmtree(tree)
        tree.mkdir(parents=True)
        return False

    def _keep(self, tree: Path, key: object) -> Path:
        self._stamp(tree).write_text(_fingerprint(key), encoding="utf-8")
        return tree

    def _stamp(self, tree: Path) -> Path:
        return self.cache / f"{tree.name}.stamp"

    def _unpack(self, package: Package, tree: Path, *, mentions: bool) -> None:
        with zipfile.ZipFile(self._wheel(package)) as wheel:
            for name in wheel.namelist():
                if not wanted(name):
                    continue
                data = wheel.read(name)
                if not mentions and mentions_stop(data):
                    continue
                target = tree / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def _wheel(self, package: Package) -> Path:
        """Download a package as a wheel; an archive of sources would run its build for its metadata."""
        directory = self.wheels / package.requirement
        if not directory.is_dir():
            fresh = self.wheels / f"{package.requirement}.part"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*pip, *_ANY_MACHINE, "--dest", str(fresh), package.requirement], check=True)
            fresh.rename(directory)
        (wheel,) = directory.glob("*.whl")
        return wheel


def python_files(top: Path) -> Iterator[str]:
    """The wanted files below ``top``, relative to it, with ``/``, sorted."""
    for directory, directories, names in os.walk(top):
        directories.sort()
        directories[:] = [name for name in directories if name not in LEFT_OUT and not name.startswith(".")]
        for name in sorted(names):
            path = Path(directory, name)
            relative = path.relative_to(top).as_posix()
            if wanted(relative) and not path.is_symlink():
                yield relative


def git(tree: Path, *arguments: str) -> None:
    """Run git in ``tree``, with nobody's configuration."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=benchmark", "-c", "user.email=", "-c", "commit.gpgsign=false"]
    command = ["git", *identity, *arguments]
    subprocess.run(command, cwd=tree, env={**os.environ, **settings}, check=True)


def _commit(tree: Path) -> None:
    """Make a repository with one commit, packed, as a fresh clone is."""
    # Without this file, semgrep leaves out files by a list of its own.
    (tree / ".semgrepignore").write_text("", encoding="utf-8")
    git(tree, "init", "--quiet")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "corpus")
    git(tree, "repack", "-adq")
    git(tree, "prune-packed", "--quiet")


def _link_all(tree: Path, files: Mapping[str, Path], *, copy: bool = False) -> None:
    for path, origin in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if copy:
                shutil.copyfile(origin, target)
            else:
                target.hardlink_to(origin)
        except OSError:
            shutil.copyfile(origin, target)


def _fingerprint(key: object) -> str:
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()

"""What is released: it builds, installs, is typed, and has nothing in it that does not belong there."""

from __future__ import annotations

import os
import sys
import tarfile
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

import selfstop
from commands import PLACE_OF_UNGUARDED, UNGUARDED, run, write

PROJECT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel, built from the source distribution, and the latter."""
    directory = tmp_path_factory.mktemp("dist")
    done = run(sys.executable, "-m", "build", "--outdir", directory, PROJECT, cwd=directory, timeout=300)
    assert done.status == 0, done.out + done.err
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    return wheel, sdist


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode("utf-8"))


def test_the_usual_tools_have_no_complaint(built: tuple[Path, Path]) -> None:
    wheel, sdist = built
    assert run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist, cwd=wheel.parent).status == 0
    done = run(sys.executable, "-m", "check_wheel_contents", wheel, cwd=wheel.parent)
    assert done.status == 0, done.out


def test_the_wheel_holds_the_package_and_nothing_else(built: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(built[0]) as archive:
        names = set(archive.namelist())
    source = PROJECT / "src"
    expected = {path.relative_to(source).as_posix() for path in (source / "selfstop").rglob("*.py")}
    data = {"selfstop/py.typed", "selfstop/output/html/report.css", "selfstop/output/html/report.js"}
    assert {name for name in names if ".dist-info/" not in name} == expected | data
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_source_distribution_can_be_tested(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[1]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("README.md", "CHANGELOG.md", ".pre-commit-hooks.yaml", ".ci/run", "tests/test_package.py"):
        assert name in names
    assert any(name.startswith("docs/rules/") for name in names)
    assert not any("__pycache__" in name or ".venv" in name for name in names)


def test_the_metadata_is_complete(built: tuple[Path, Path]) -> None:
    found = metadata(built[0])
    assert found["Version"] == selfstop.__version__
    assert found["License-Expression"] == "MIT"
    assert found["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in found.get_all("Classifier", [])
    assert "# selfstop" in found.get_payload()


def test_what_is_installed_runs(built: tuple[Path, Path], tmp_path: Path) -> None:
    target, user = tmp_path / "installed", write(tmp_path / "user", {"a.py": UNGUARDED})
    options = ("--quiet", "--no-deps", "--target", target)
    done = run(sys.executable, "-m", "pip", "install", *options, built[0], cwd=tmp_path)
    assert done.status == 0, done.err
    env = {"PYTHONPATH": os.fspath(target)}
    place = run(sys.executable, "-c", "import selfstop; print(selfstop.__file__)", cwd=user, env=env)
    assert Path(place.out.strip()).is_relative_to(target)
    done = run(sys.executable, "-m", "selfstop", "check", cwd=user, env=env)
    assert (done.status, done.out.startswith(f"a.py{PLACE_OF_UNGUARDED}")) == (1, True)
    done = run(sys.executable, "-m", "selfstop", "audit", "--output-format", "html", cwd=user, env=env)
    assert (done.status, done.out.startswith("<!DOCTYPE html>")) == (1, True)

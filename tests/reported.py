"""What the engine says of the fixtures, each analysed once in a process, whichever tests ask."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.model import Report
from selfstop.project.repository.files import MANIFESTS

FIXTURES = Path(__file__).parent.parent / "fixtures"


def name_of(place: Path) -> str:
    """The path of a fixture below ``fixtures``."""
    return place.relative_to(FIXTURES).as_posix()


@cache
def files_of(place: Path) -> dict[str, bytes]:
    """The Python files of a project, relative to it, or a file that stands alone."""
    if place.is_file():
        return {name_of(place): place.read_bytes()}
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in sorted(place.rglob("*.py"))}


def manifests_of(folder: Path) -> dict[str, bytes]:
    """The files of a project that declare what begins it."""
    paths = [path for name in MANIFESTS for path in sorted(folder.rglob(name))]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@cache
def report_of(place: Path) -> Report:
    """The report on a file that stands alone, or on a project."""
    return check(files_of(place), EngineOptions(), manifests=lambda: manifests_of(place) if place.is_dir() else {})

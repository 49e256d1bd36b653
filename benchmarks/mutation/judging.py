"""What pytest does differently where it judges a mutant: a plugin that mutmut loads, by its configuration.

Quick tests come first, each has a limit of processor time, and the process one of memory.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

MEMORY = 4 << 30
"""Bytes of address space for all tests of a mutant. All of them together take less than one gigabyte without one."""

TIMED_OUT = 36
"""The status by which mutmut knows that a mutant was stopped for taking too long."""

SECONDS, TIMES = 4.0, 5.0
"""A test may take this many seconds of processor time, and so many times what it takes without a mutant."""

QUICK = "SELFSTOP_QUICK_MUTATION"
LONG = 1.0
"""If the variable is set, tests that take more seconds are left out, but those of the fixtures."""

FEW = 100

MEASURED = Path("mutmut-stats.json")
MUTANT = "MUTANT_UNDER_TEST"
WITHOUT_MUTANT = frozenset({"", "stats", "fail", "list_all_tests", "mutant_generation"})


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Limit memory, and whole files are collected: to find each test by its name takes longer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    if os.environ.get(MUTANT, "") in WITHOUT_MUTANT:
        return
    config.stash[_WANTED] = frozenset(config.args)
    config.args[:] = sorted({name.split("::")[0] for name in config.args})


_WANTED = pytest.StashKey[frozenset[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Quick tests first, whatever file they are in; then the mutant takes the place of its function."""
    durations = _durations()
    wanted = config.stash.get(_WANTED, None)
    items.sort(key=lambda item: durations.get(item.nodeid, 0.0))
    if wanted is None:
        if not os.environ.get(MUTANT):  # once more without a mutant; all of them have been run for the durations
            items[:] = items[:FEW]
        return
    items[:] = [item for item in items if item.nodeid in wanted]
    if QUICK in os.environ:
        items[:] = [item for item in items if durations.get(item.nodeid, 0.0) < LONG or "fixtures" in item.nodeid]
    put_in_place(os.environ[MUTANT])


def put_in_place(mutant: str) -> None:
    """Replace what mutmut asks at each call, which variant of a function to take, by the variant itself."""
    for module in _modules():
        _replace(module, mutant)
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__ == module.__name__:
                _replace(value, mutant)


def _replace(place: ModuleType | type, mutant: str) -> None:
    for name, value in list(vars(place).items()):
        bare = value.__func__ if isinstance(value, staticmethod | classmethod) else value
        if isinstance(bare, FunctionType) and bare.__code__.co_name == "_trampoline_wrapper":
            variant = _variant(bare, mutant)
            if not isinstance(value, classmethod):
                setattr(place, name, staticmethod(variant) if isinstance(value, staticmethod) else variant)


def _variant(asking: FunctionType, mutant: str) -> Callable[..., Any]:
    inner = next(cell.cell_contents for cell in asking.__closure__ or () if cell.cell_contents.__name__ == "trampoline")
    variants = next(cell.cell_contents for cell in inner.__closure__ if isinstance(cell.cell_contents, dict))
    module, _, name = mutant.rpartition(".")
    variant: Callable[..., Any] = variants["_mutmut_orig"]
    return variants.get(name, variant) if variant.__module__ == module else variant


def pytest_runtest_setup() -> None:
    """Where mutmut finds out which functions a test calls, nothing may be known from the tests before it."""
    if os.environ.get(MUTANT) == "stats":
        for module in _modules():
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """End the process if the test takes too long."""
    if item.nodeid in _durations():
        signal.signal(signal.SIGPROF, lambda *_: os._exit(TIMED_OUT))
        signal.setitimer(signal.ITIMER_PROF, SECONDS + TIMES * _durations()[item.nodeid])
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _modules() -> list[ModuleType]:
    """The modules of the package, and those of its tests."""
    tests = str(Path("tests").resolve())
    return [
        module
        for name, module in list(sys.modules.items())
        if name.split(".")[0] == "selfstop" or str(getattr(module, "__file__", None)).startswith(tests)
    ]


@cache
def _durations() -> dict[str, float]:
    if not MEASURED.exists():
        return {}
    measured: dict[str, float] = json.loads(MEASURED.read_text(encoding="utf-8"))["duration_by_test"]
    return measured

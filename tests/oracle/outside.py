"""What a program meets outside of itself: opaque objects, whose answers the run decides, and stub modules."""

from __future__ import annotations

import builtins
import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from types import CodeType, SimpleNamespace
from typing import Any, Final

from tests.oracle.memory import ASKED, REPLACED
from tests.oracle.world import LIMIT, Machine, Measure, Run, measure

QUESTIONS: Final = frozenset({"handle_one", "closed", "has_job", "take"})
ORDERS: Final = frozenset({"work", "note"})
COUNTS: Final = frozenset({"idle_rounds", "empty_polls"})
KINDS: Final = ("a", "b", "c")
MAY_BE_MISSING: Final = frozenset({"tuning"})
"""Modules that some machines lack."""
SET: Final = {"SELF_STOP": "1"}
"""What variables of the environment are set to, if not to 2."""


def _line() -> int:
    """The line of the program that is being run, two frames up."""
    return sys._getframe(2).f_lineno


def _site() -> str:
    """Where in the program a call is made, three frames up: two calls in one line are told apart."""
    frame = sys._getframe(3)
    return "{0}:{2}".format(*_positions(frame.f_code)[frame.f_lasti // 2])


@functools.lru_cache(maxsize=64)
def _positions(code: CodeType) -> list[tuple[int | None, int | None, int | None, int | None]]:
    return list(code.co_positions())


class _Event:
    """An event: a flag that several functions see."""

    PLACE: Final = "event"

    def __init__(self, run: Run) -> None:
        self._run, self._is_set = run, False

    def _change(self, *, to: bool) -> None:
        self._is_set = to
        self._run.memory.stored(self.PLACE, REPLACED)
        self._run.memory.flag_stored(self.PLACE)

    def set(self) -> None:
        self._change(to=True)

    def clear(self) -> None:
        self._change(to=False)

    def is_set(self) -> bool:
        self._run.asked += 1
        self._run.memory.flag_read(self.PLACE, is_flag=True)
        return self._is_set


class _Done:
    """What can be awaited and is done."""

    def __await__(self) -> Iterator[None]:
        return iter(())


class Opaque:
    """An object of the outside: what its methods do is decided by the run."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_arguments: object, **_keywords: object) -> Any:
            line = _line()
            self._run.perhaps_raise(line)
            return self._answer(name)

        return call

    def _answer(self, name: str) -> Any:
        run = self._run
        if name in QUESTIONS:
            run.asked += 1
            return bool(run.choose(2))
        if name in ORDERS:
            return None
        if name == "poll":
            return _Done()
        if name in COUNTS or name == "cpu_percent":
            site = f"{ASKED}{name}:{_site()}"
            run.memory.stored(site, REPLACED)
            place = frozenset({site})
            return measure(run, LIMIT * run.choose(2), place, place)
        if name == "kind":
            run.asked += 1
            return KINDS[run.choose(len(KINDS))]
        if name == "jobs":
            return [Opaque(run) for _ in range(run.choose(3))]
        assert name == "lock", name
        return contextlib.nullcontext()


def modules(run: Run) -> dict[str, object]:
    """What the program can import, by name."""

    def monotonic() -> Measure:
        place = frozenset({f"@{_line()}clock"})
        clock.now += LIMIT * run.choose(2)
        return measure(run, clock.now, frozenset(), place)

    def get(name: str, default: str = "") -> str:
        if run.choose(2):
            return SET.get(name, "2")
        if default.isdigit() and int(default) > 0:
            run.missing.add(name)
        return default

    def stop_instances(**keywords: list[Machine]) -> None:
        run.stop(_line(), list(keywords["InstanceIds"]))

    clock = SimpleNamespace(now=0)
    client = SimpleNamespace(stop_instances=stop_instances)
    environment = SimpleNamespace(get=get)
    return {
        "boto3": SimpleNamespace(client=lambda _service: client),
        "contextlib": contextlib,
        "functools": functools,
        "os": SimpleNamespace(environ=environment),
        "sys": SimpleNamespace(exit=sys.exit),
        "threading": SimpleNamespace(Event=lambda: _Event(run)),
        "time": SimpleNamespace(monotonic=monotonic),
        "tuning": SimpleNamespace(EMPTY_LIMIT=LIMIT),
    }


def importer(run: Run) -> Callable[..., object]:
    """Stand in for ``__import__``."""
    known = modules(run)

    def load(name: str, *_rest: object) -> object:
        if name in MAY_BE_MISSING and run.choose(2):
            raise ImportError(name)
        return known[name]

    return load


def builtins_for(run: Run) -> dict[str, object]:
    """The builtins of a generated program: Python's own, but for imports."""
    return {**vars(builtins), "__import__": importer(run)}

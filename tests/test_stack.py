"""Work on a deep stack: what it returns and raises, and what is left as it was."""

from __future__ import annotations

import sys
import threading

import pytest

from selfstop import stack
from selfstop.stack import is_deep, with_deep_stack


def deep(levels: int) -> int:
    return 0 if levels == 0 else 1 + deep(levels - 1)


def test_there_is_room() -> None:
    assert with_deep_stack(lambda: deep(15_000)) == 15_000


def test_what_is_raised_is_raised_here() -> None:
    with pytest.raises(ZeroDivisionError):
        with_deep_stack(lambda: 1 // 0)


def test_one_deep_stack_is_enough() -> None:
    def again() -> threading.Thread:
        return with_deep_stack(threading.current_thread)

    assert with_deep_stack(lambda: again() is threading.current_thread())


def test_limits_are_left_as_they_were() -> None:
    before = sys.getrecursionlimit(), threading.stack_size()
    with_deep_stack(is_deep)
    assert (sys.getrecursionlimit(), threading.stack_size()) == before


def test_without_room_it_runs_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(stack._DeepThread, "start", no_room)
    before = threading.stack_size()
    assert with_deep_stack(lambda: (is_deep(), threading.stack_size())) == (False, before)

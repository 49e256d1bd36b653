"""A stack on which code that nests deep can be parsed and walked.

How much of it the main thread has is the system's business: from one megabyte on Windows to eight on Linux. So what
recurses runs in a thread of its own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Final, TypeVar

BYTES: Final = 256 * 1024 * 1024
"""Address space that is set aside. Memory is only taken for as much of it as is used."""

RECURSION: Final = 20_000
"""How many Python calls deep it goes. Even those that pass through C take less than ten kilobytes each."""

_T = TypeVar("_T")


class _DeepThread(threading.Thread):
    """Marks the thread that has the room."""


def is_deep() -> bool:
    """Whether the current thread has the room that `with_deep_stack` gives."""
    return isinstance(threading.current_thread(), _DeepThread)


def with_deep_stack(work: Callable[[], _T]) -> _T:
    """What ``work`` returns, or raises, on a deep stack.

    Where the system has no room for one, ``work`` runs on the stack that there is.
    """
    if is_deep():
        return work()
    returned: list[_T] = []
    raised: list[BaseException] = []

    def run() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, RECURSION))
        try:
            returned.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again below, where it is waited for
            raised.append(error)
        finally:
            sys.setrecursionlimit(limit)

    # A daemon, so that an interrupt ends the process.
    thread = _DeepThread(target=run, name="selfstop", daemon=True)
    size = threading.stack_size(BYTES)
    try:
        thread.start()
    except RuntimeError:  # no room for it
        has_room = False
    else:
        has_room = True
    finally:
        threading.stack_size(size)
    if not has_room:
        return work()
    thread.join()
    if raised:
        raise raised[0]
    return returned[0]

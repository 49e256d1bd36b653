"""Runs tasks of lowering, in this process or spread over several."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Final

from selfstop import nesting
from selfstop.project.loading.lowering import Lowered, Task, lower

WORTHWHILE_LINES = 15_000
"""Below that many lines at once, starting processes and sending them the text takes longer than it saves."""

_SAFE_PATH: Final = "PYTHONSAFEPATH"

Progress = Callable[[int, int], None]
"""Is told how many files are lowered, and of how many that are known by now."""


class Workers:
    """A pool of at most ``jobs`` processes, started when there is enough work for the first time."""

    def __init__(self, jobs: int, progress: Progress | None = None) -> None:
        self._jobs = jobs
        self._progress = progress
        self._pool: ProcessPoolExecutor | None = None
        self._open = ExitStack()
        self._done = 0
        self._known = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._open.close()

    def lower_all(self, tasks: Sequence[Task]) -> Iterator[Lowered]:
        """The results of the tasks, in their order."""
        self._known += len(tasks)
        for lowered in self._results(tasks):
            self._done += 1
            if self._progress is not None:
                self._progress(self._done, self._known)
            yield lowered

    def _results(self, tasks: Sequence[Task]) -> Iterable[Lowered]:
        lines = sum(task.outline.text.count("\n") for task in tasks)
        # What nests deep could not be sent back: that takes a deep stack, too.
        if (
            self._jobs < 2
            or len(tasks) < 2
            or lines < WORTHWHILE_LINES
            or any(nesting.too_deep(task.outline.text) for task in tasks)
        ):
            return map(lower, tasks)
        if self._pool is None:
            self._open.enter_context(_nothing_imported_from_here())
            self._pool = ProcessPoolExecutor(self._jobs, mp_context=multiprocessing.get_context("spawn"))
        # A new outline has nothing cached that would have to be sent along.
        sent = [replace(task, outline=replace(task.outline)) for task in tasks]
        return self._pool.map(lower, sent, chunksize=max(1, len(tasks) // (8 * self._jobs)))


@contextmanager
def _nothing_imported_from_here() -> Iterator[None]:
    """Keep new processes from importing modules out of the current directory, which may be what is checked.

    They are started with ``python -c``, which puts that directory first on the path of imports.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        del os.environ[_SAFE_PATH]
        if before is not None:
            os.environ[_SAFE_PATH] = before

"""A bar on the terminal while parsing takes long."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, TextIO

_PATIENCE_IN_SECONDS: Final = 1.0
_INTERVAL_IN_SECONDS: Final = 0.1
_WIDTH: Final = 30


class Progress:
    """Draws on ``stream`` if that is a terminal and the work goes on for more than a second; wipes it in the end."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream if stream is not None and stream.isatty() else None
        self._next = time.monotonic() + _PATIENCE_IN_SECONDS
        self._drawn = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn and self._stream is not None:
            self._stream.write("\r" + " " * self._drawn + "\r")
            self._stream.flush()

    def show(self, done: int, known: int) -> None:
        """Draw that ``done`` of the ``known`` files are parsed; more may become known on the way."""
        if self._stream is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL_IN_SECONDS
        filled = _WIDTH * done // max(known, 1)
        line = f"selfstop: [{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {known} files parsed"
        self._stream.write("\r" + line.ljust(self._drawn))
        self._stream.flush()
        self._drawn = len(line)

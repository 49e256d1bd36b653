"""Runs the command line in this process: as `commands.selfstop`, without the start of an interpreter."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from commands import Finished
from selfstop.cli import run


def selfstop(*arguments: str | os.PathLike[str], cwd: Path) -> Finished:
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run([os.fspath(argument) for argument in arguments])
    return Finished(status, _said(out), _said(err))


def _said(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")

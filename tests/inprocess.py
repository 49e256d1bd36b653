"""Runs the command line and flake8 in this process: as `commands` does, without the start of an interpreter.

What depends on the process itself is told by the tests that start one: its streams, its environment, its end, what
it imports, and whether it comes to an end at all.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from flake8 import utils as flake8_utils
from flake8.main.cli import main as flake8_main

from selfstop import flake8_plugin
from selfstop.cli import run
from tests.commands import Finished

Argument = str | os.PathLike[str]


def selfstop(*arguments: Argument, cwd: Path, stdin: bytes = b"") -> Finished:
    return _finished(lambda: run([os.fspath(argument) for argument in arguments]), cwd, stdin)


def check(*arguments: Argument, cwd: Path, stdin: bytes = b"") -> Finished:
    return selfstop("check", "--output-format", "concise", *arguments, cwd=cwd, stdin=stdin)


def flake8(*arguments: Argument, cwd: Path, stdin: bytes = b"") -> Finished:
    """With one job, unless another number is given."""
    with _nothing_remembered():
        given = ["--jobs=1", *(os.fspath(argument) for argument in arguments)]
        return _finished(lambda: flake8_main(given), cwd, stdin)


def _finished(program: Callable[[], int], cwd: Path, stdin: bytes) -> Finished:
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    given = mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    with contextlib.chdir(cwd), given, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = program()
    return Finished(status, _said(out), _said(err))


@contextlib.contextmanager
def _nothing_remembered() -> Iterator[None]:
    """A process of flake8 reads its input once, and the plugin makes one run in it."""
    for remembered in (flake8_utils.stdin_get_value, flake8_plugin._run_once):
        remembered.cache_clear()
    before = flake8_plugin.Plugin.settings
    try:
        yield
    finally:
        flake8_plugin.Plugin.settings = before


def _said(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")

"""What selfstop can do with one file, or with a program: every function a candidate, every format printed.

The stages are functions of paths and contents that say how they ended, whatever happens on the way.
"""

from __future__ import annotations

import ast
import functools
import signal
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from types import FrameType
from typing import Final

from selfstop import engine, source
from selfstop.config import EngineOptions
from selfstop.families import FAMILIES
from selfstop.flow.code import ModuleCode
from selfstop.flow.focus import ends_of
from selfstop.flow.lower import Frame, lower_module
from selfstop.noqa import Suppressions
from selfstop.output import FORMATS
from selfstop.output.view import View
from selfstop.project.linking.linker import Linker
from selfstop.project.repository.names import ModuleNames, is_package
from selfstop.project.symbols.program import Program

Files = Mapping[str, bytes]

COMMON_NAMES: Final = frozenset("close kill remove run send shutdown start stop terminate wait write".split())
"""Names that are called all over: as stop calls they make candidates of most files."""

RARER_NAMES: Final = frozenset("kill shutdown terminate".split())
"""Fewer names, for programs of many files."""

REFUSALS: Final = frozenset({"SST002", "SST003", "SST004"})
"""The rules that say of a file that could be read why it is not analysed."""


class End(StrEnum):
    """How the examination of files ended."""

    ANALYSED = "analysed"
    REFUSED = "refused with a code of its own"
    SKIPPED = "skipped in silence"
    CRASHED = "crashed"
    OUT_OF_TIME = "out of time"


@dataclass(frozen=True)
class Examined:
    """What became of files: the code of a refusal or the traceback, and what was done in how many seconds."""

    path: str
    end: End
    why: str = ""
    lines: int = 0
    functions: int = 0
    nodes: int = 0
    calls: int = 0
    seconds: float = 0.0


Stage = Callable[[str, Files], Examined]


class _OutOfTime(BaseException):
    """No subclass of `Exception`, so that nobody takes it for one of theirs."""


def examine(stage: str, name: str, files: Files, limit: float) -> Examined:
    """Run a stage over ``files`` for at most ``limit`` seconds of the processor."""
    start = time.process_time()
    try:
        with _time_limit(limit):
            done = STAGES[stage](name, files)
    except source.NotAnalysable as error:
        done = Examined(name, End.REFUSED, error.code)
    except _OutOfTime:
        done = Examined(name, End.OUT_OF_TIME, traceback.format_exc(limit=-6))
    except Exception:  # noqa: BLE001 - that there is none is what is to be shown
        done = Examined(name, End.CRASHED, traceback.format_exc(limit=-6))
    lines = sum(data.count(b"\n") for data in files.values())
    return replace(done, lines=lines, seconds=time.process_time() - start)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def graphs(name: str, files: Files) -> Examined:
    """Lower every function of one file, and analyse each graph."""
    ((path, data),) = files.items()
    text = source.decode(data)
    Suppressions(text).suppresses("SST101", 1)
    code = _lowered(path, text)
    missing = _definitions(text) - {function.line for function in code.functions}
    if missing:
        return Examined(name, End.SKIPPED, f"functions at {sorted(missing)}")
    linker = Linker(Program([code]))
    for function in code.functions:
        linker.states_at(function.id, ends_of(function.graph))
        linker.summary(function.id)
        linker.writing.writes(function.id)
    nodes = sum(len(function.graph.nodes) for function in code.functions)
    return Examined(name, End.ANALYSED, functions=len(code.functions), nodes=nodes)


def judged(name: str, files: Files, names: frozenset[str] = COMMON_NAMES) -> Examined:
    """Let the engine judge files as one program, with common names as stop calls, and print what it says."""
    options = EngineOptions(stop_calls=names, families=frozenset(FAMILIES), include_tests=True)
    report = engine.check(files, options)
    view = View(report, display=str, source_lines=lambda path: source.lines_of(source.decode(files[path])))
    for render in FORMATS.values():
        render(view).encode("utf-8")
    for error in report.errors:
        if error.code not in REFUSALS:
            return Examined(name, End.CRASHED, str(error))
        if len(files) == 1:
            return Examined(name, End.REFUSED, error.code)
    return Examined(name, End.ANALYSED, calls=len(report.findings) + len(report.guarded))


STAGES: Final[Mapping[str, Stage]] = {
    "graphs": graphs,
    "engine": judged,
    "together": functools.partial(judged, names=RARER_NAMES),
}
"""The stages by name; ``together`` takes the files of a whole package, the others one file each."""


def _lowered(path: str, text: str) -> ModuleCode:
    name = ModuleNames([path]).by_path[path]
    tree = source.parse(text)
    try:
        return lower_module(tree, Frame(name, path, is_package(path), source.column_shifts(text))).code
    except RecursionError as error:
        raise source.too_deep() from error


def _definitions(text: str) -> set[int]:
    """The lines of all functions that Python's own parser finds; none in what this Python cannot parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.lineno for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}

"""Whole processes: how long they run, and how much memory they hold."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

TIME_LIMIT: Final = 1800.0
"""Seconds after which a program is given up."""

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_BETWEEN_LOOKS: Final = 0.005


class Failed(Exception):
    """A program could not be installed, or did not end as it should; the message says how."""


@dataclass(frozen=True)
class Command:
    """A program in a directory. ``ends`` are the statuses that mean it did its work."""

    name: str
    arguments: tuple[str, ...]
    directory: Path
    ends: frozenset[int] = frozenset({0})
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sample:
    """One run: seconds on the wall, and seconds of all processors with all its processes."""

    seconds: float
    cpu: float


@dataclass(frozen=True)
class Memory:
    """Peaks in bytes: of all processes of a run at one moment, and of the largest one."""

    all_processes: int
    largest_process: int

    @property
    def peak(self) -> int:
        """The larger of the two: looks come too late for peaks that are short, the other one knows one process."""
        return max(self.all_processes, self.largest_process)


def run(command: Command) -> Sample:
    """Run a program once, its output going into a file."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = _start(command, out, err)
        watch = threading.Timer(TIME_LIMIT, os.killpg, (process.pid, signal.SIGKILL))
        watch.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        finally:
            watch.cancel()
        _judge(command, process, status, err)
        return Sample(seconds, usage.ru_utime + usage.ru_stime)


def output(command: Command) -> str:
    """Run a program once for what it writes to standard output."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(command, out, err)
        _, status, _ = os.wait4(process.pid, 0)
        _judge(command, process, status, err)
        out.seek(0)
        return out.read().decode("utf-8", "replace")


def memory(command: Command) -> Memory:
    """Run a program once and look at it all the time.

    Pages that processes share are counted once for each of them. The largest process is what the kernel noted
    (``ru_maxrss``), which is never less than what this process holds itself, and that is little.
    """
    if not Path("/proc/self/statm").exists():
        raise Failed("memory is read from /proc, which is not there")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(command, out, err)
        highest = 0
        while True:
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            highest = max(highest, _resident(process.pid))
            time.sleep(_BETWEEN_LOOKS)
        _judge(command, process, status, err)
        return Memory(highest, usage.ru_maxrss * 1024)


def rounds(commands: Sequence[Command], runs: int) -> dict[str, list[Sample]]:
    """Run each program ``runs`` times, one after the other, round by round; by name.

    The order moves on by one from round to round, so that each program follows each other one as often.
    """
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for number in range(runs):
        first = number % len(commands)
        for command in [*commands[first:], *commands[:first]]:
            samples[command.name].append(run(command))
    return samples


def _start(command: Command, out: IO[bytes], err: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, by which its children are known."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        return subprocess.Popen(
            command.arguments,
            cwd=command.directory,
            env={**environment, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    except OSError as error:
        raise Failed(f"{command.name} does not start: {error.strerror}") from error


def _judge(command: Command, process: subprocess.Popen[bytes], status: int, err: IO[bytes]) -> None:
    process.returncode = os.waitstatus_to_exitcode(status)
    err.seek(0)
    lines = err.read().decode("utf-8", "replace").strip().splitlines()
    if process.returncode not in command.ends or any(line.startswith("Traceback ") for line in lines):
        raise Failed(f"{command.name} ended with status {process.returncode}: {' / '.join(lines[-3:])}")


def _resident(session: int) -> int:
    """Bytes that all processes of a session hold now."""
    return sum(_pages(process) for process in _processes() if _session(process) == session) * _PAGE


def _processes() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _session(process: str) -> int | None:
    try:
        fields = Path("/proc", process, "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended meanwhile
        return None
    return int(fields[3])


def _pages(process: str) -> int:
    try:
        return int(Path("/proc", process, "statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0

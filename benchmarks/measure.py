"""Whole processes: how long they run, and how much memory they hold."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

TIME_LIMIT: Final = 900.0
"""Seconds after which a program is given up."""

_SIZES: Final = re.compile(r"^(VmRSS|VmHWM):\s*(\d+) kB$", re.MULTILINE)
_BETWEEN_LOOKS: Final = 0.005


class Failed(Exception):
    """A program could not be installed, or did not end as it should; the message says how."""


@dataclass(frozen=True)
class Command:
    """A program in a directory.

    ``ends`` are the statuses that mean it did its work, ``says`` is what it must say of that on standard error.
    """

    name: str
    arguments: tuple[str, ...]
    directory: Path
    ends: frozenset[int] = frozenset({0})
    environment: Mapping[str, str] = field(default_factory=dict)
    says: str = ""


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
        """The larger of the two: looks may miss a short peak, which the mark of the one process keeps."""
        return max(self.all_processes, self.largest_process)


def run(command: Command) -> Sample:
    """Run a program once."""
    return _run(command)[0]


def output(command: Command) -> str:
    """Run a program once for what it writes to standard output."""
    return _run(command)[1]


def memory(command: Command) -> Memory:
    """Run a program once and look at it all the time.

    Pages that processes share are counted once for each of them. What the largest process held is the kernel's own
    mark (``VmHWM``); ``ru_maxrss`` would start at what this process holds.
    """
    if not Path("/proc/self/status").exists():
        raise Failed("memory is read from /proc, which is not there")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(command, out, err)
        together = largest = 0
        with _watched(command, process):
            while True:
                ended, status, _ = os.wait4(process.pid, os.WNOHANG)
                if ended:
                    break
                looks = [_held(member) for member in _members(process.pid)]
                together = max(together, sum(now for now, _ in looks))
                largest = max([largest, *(highest for _, highest in looks)])
                time.sleep(_BETWEEN_LOOKS)
        _judge(command, process, status, err)
        return Memory(together, largest)


def rounds(commands: Sequence[Command], runs: int) -> dict[str, list[Sample]]:
    """Run each program ``runs`` times, one after the other, round by round; by name.

    The order moves on by one from round to round, so that each program follows each other one as often.
    """
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for number in range(runs):
        first = number % len(commands)
        for command in [*commands[first:], *commands[:first]]:
            sample = run(command)
            samples[command.name].append(sample)
            tell(f"  round {number + 1} of {runs}: {command.name} {sample.seconds:.2f} s")
    return samples


def tell(text: str) -> None:
    """Say how far everything is, apart from the results."""
    print(text, file=sys.stderr, flush=True)


def _run(command: Command) -> tuple[Sample, str]:
    """Run a program once, its output going into a file, which is read afterwards."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = _start(command, out, err)
        with _watched(command, process):
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
        _judge(command, process, status, err)
        out.seek(0)
        return Sample(seconds, usage.ru_utime + usage.ru_stime), out.read().decode("utf-8", "replace")


@contextmanager
def _watched(command: Command, process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a program and all its processes where waiting for it takes too long or is interrupted."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    watch = threading.Timer(TIME_LIMIT, end)
    watch.start()
    try:
        yield
    except BaseException:
        _kill(process)
        raise
    finally:
        watch.cancel()
    if late.is_set():
        process.returncode = -signal.SIGKILL
        raise Failed(f"{command.name} was given up after {TIME_LIMIT:.0f} s")


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


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
    said = err.read().decode("utf-8", "replace").strip()
    lines = said.splitlines()
    crashed = any(line.startswith("Traceback ") for line in lines)
    if process.returncode not in command.ends or crashed or command.says not in said:
        raise Failed(f"{command.name} ended with status {process.returncode}: {' / '.join(lines[-3:])}")


def _members(session: int) -> Iterator[str]:
    """The processes of a session, by their numbers."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _session(entry.name) == session:
            yield entry.name


def _session(process: str) -> int | None:
    try:
        fields = Path("/proc", process, "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended meanwhile
        return None
    return int(fields[3])


def _held(process: str) -> tuple[int, int]:
    """Bytes that a process holds now, and the most that it has held since its program started."""
    try:
        text = Path("/proc", process, "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0, 0
    sizes = {name: int(size) * 1024 for name, size in _SIZES.findall(text)}
    return sizes.get("VmRSS", 0), sizes.get("VmHWM", 0)

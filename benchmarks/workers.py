"""Candidates in any number: pairs of modules like those of the incident, each pair with names of its own.

One module of a pair stops the machine, the other one polls a queue and decides when. The methods are called the
same in all pairs, as methods are.
"""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Final

_MACHINE: Final = """\
import logging

import boto3

from .metadata import region_of_this_machine, id_of_this_machine

log = logging.getLogger(__name__)


def leave_{n}(reason):
    log.info("leaving: %s", reason)
    machine = id_of_this_machine()
    if machine is None:
        log.warning("not on a machine of the fleet")
        return False
    client = boto3.client("ec2", region_name=region_of_this_machine())
    try:
        client.stop_instances(InstanceIds=[machine])
    except client.exceptions.ClientError:
        log.exception("cannot leave")
        return False
    return True
"""

_WORKER: Final = """\
import os
import time

from .machine_{n} import leave_{n}

LIMIT_{n} = int(os.getenv("IDLE_LIMIT_{n}", "5"))


class Worker{n}:
    def __init__(self, queue, pause=5.0):
        self.queue = queue
        self.pause = pause
        self.idle = 0
        self.done = []

    def finish(self, reason):
        for job in self.done:
            self.queue.confirm(job)
        leave_{n}(reason)

    def work(self, job):
        started = time.monotonic()
        result = job.run()
        self.done.append((job, time.monotonic() - started))
        return result

    def run(self):
{loop}

def main(queue):
    Worker{n}(queue).run()
"""

_LOOPS: Final = (
    """\
    while True:
        job = self.queue.next()
        if job is None:
            self.idle += 1
            if LIMIT_{n} > 0 and self.idle >= LIMIT_{n}:
                self.finish("idle")
                return
            time.sleep(self.pause)
            continue
        self.idle = 0
        self.work(job)
    """,
    """\
    try:
        for job in self.queue:
            self.work(job)
    finally:
        self.finish("done")
    """,
    """\
    while True:
        job = self.queue.next()
        if not job:
            break
        self.work(job)
    if self.queue.empty():
        self.finish("empty")
    """,
    """\
    seen = time.monotonic()
    while time.monotonic() - seen < LIMIT_{n}:
        job = self.queue.next()
        if job is not None and self.work(job):
            seen = time.monotonic()
    self.finish("late")
    """,
)


def pair(number: int) -> dict[str, str]:
    """The two modules of one pair, by path."""
    name = f"{number:04}"
    loop = indent(dedent(_LOOPS[number % len(_LOOPS)]), " " * 8)
    directory = f"fleet/group_{number // 20:02}"
    return {
        f"{directory}/machine_{name}.py": _MACHINE.format(n=name),
        f"{directory}/worker_{name}.py": _WORKER.replace("{loop}\n", loop).format(n=name),
    }


def findings(number: int, count: int) -> str:
    """A module with ``count`` findings, each in a function of its own, as old code has them."""
    functions = [
        f"def leave_{number}_{index}(client, machines):\n"
        "    waiting = client.ask(machines)\n"
        "    if not waiting:\n"
        f"        client.stop_instances(InstanceIds=machines[{index}:])\n"
        for index in range(count)
    ]
    return "\n\n".join(functions)

"""What the engine says of programs, checked by running them; ``python -m tests.oracle`` does it at length."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from selfstop.model import Report
from tests.oracle.apart import apart, missed_apart
from tests.oracle.campaign import exhaustive, generated, mutated, projects, size_of, tally
from tests.oracle.comparison import Worth, compare
from tests.oracle.execution import Bounds, explore, following, lines_of
from tests.oracle.instrument import instrument
from tests.oracle.programs import program
from tests.oracle.shrinking import shrink
from tests.oracle.world import Decisions

FOLDER = Path(__file__).parent.parent / "fixtures"
FIXTURES = sorted((FOLDER / "rules").glob("*/*.py"))
PROJECTS = {project.name: project for project in projects(FOLDER)}
FALSE_ALARMS = 0.02
"""The share of findings that may be false alarms; what they are is told in ``docs/semantics.md``."""

UNREAL = 0.01
"""The share of witnesses that may need a variable of several functions to be what it never is."""


@pytest.mark.parametrize("count", [60, pytest.param(150, marks=pytest.mark.slow)])
def test_generated_programs(count: int) -> None:
    found = tally(generated(0, count))
    assert not found.crashes, found.crashes[0].what
    assert not found.missed, f"{found.missed[0].what}\n{found.missed[0].source}"
    assert found.real[False] <= UNREAL * found.real[True], found.unreal
    assert found.count(Worth.FALSE_ALARM) <= max(1, FALSE_ALARMS * sum(found.alarms.values())), found.false
    assert found.count(Worth.ALARM) > 0.4 * count
    assert found.guarded > 0.16 * count


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("single", 180),
        ("nested", 260),
        pytest.param("single", 90, marks=pytest.mark.slow),
        pytest.param("nested", 130, marks=pytest.mark.slow),
    ],
)
def test_small_try_statements(kind: str, step: int) -> None:
    """A slice; ``--all`` takes them all."""
    numbers = range(7, size_of(kind), step)
    found = exhaustive(kind, numbers)
    assert not found.missed, f"{found.missed[0].what}\n{found.missed[0].source}"
    assert found.real[False] == 0, found.unreal
    assert found.count(Worth.FALSE_ALARM, Worth.STALE, Worth.OPEN) == 0, found.false
    assert found.count(Worth.ALARM) > 0.28 * len(numbers)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=path.stem, marks=() if number % 3 == 0 else pytest.mark.slow)
        for number, path in enumerate(FIXTURES[::6])
    ],
)
def test_fixtures_without_their_guards(path: Path) -> None:
    """A slice of the mutants; ``--mutants`` takes them all."""
    assert not list(mutated(path.name, path.read_text(encoding="utf-8"), step=20))


@pytest.mark.parametrize(
    "name",
    [
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("decorators_that_ask", "predicates_elsewhere", "settings_module")
        ),
        "singletons",
    ],
)
def test_projects_without_their_guards(name: str) -> None:
    """A slice here, too."""
    assert not PROJECTS[name].wrong()


@pytest.mark.slow
def test_the_academy_without_its_guards() -> None:
    assert not PROJECTS["academy"].wrong()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_programs_drawn_by_hypothesis(random: Random) -> None:
    source = program(random)
    outcome = compare(source, Bounds(runs=60, samples=0), witnesses=False)
    assert not outcome.missed, f"{outcome.missed[0]}\n{source}"


def test_programs_in_several_files() -> None:
    assert {name: missed_apart(source) for name, source in generated(0, 40)} == dict.fromkeys(
        (name for name, _ in generated(0, 40)), frozenset()
    )


def test_a_program_in_several_files_is_the_same_program() -> None:
    source = f"""\
import boto3
ec2 = boto3.client("ec2")
LIMIT = 2
def finish(queue):
    {STOP}
def main(queue, idle):
    if idle >= LIMIT:
        finish(queue)
"""
    lines = source.splitlines(keepends=True)
    assert apart(source) == {
        "settings.py": "".join([*lines[:3], "\n" * 5]),
        "tools.py": "".join(["import boto3; from settings import ec2\n", "\n", *lines[2:5], "\n" * 3]),
        "program.py": "".join(["import boto3; from tools import finish\n", "\n", lines[2], "\n" * 2, *lines[5:]]),
    }


HEAD = """\
import os, time
import boto3
ec2 = boto3.client("ec2")
LIMIT = 2
EMPTY_LIMIT = int(os.environ.get("EMPTY_LIMIT", "0"))
ENABLED = os.environ.get("SELF_STOP") == "1"
class Idle(Exception):
    pass
"""


def arrives_unguarded(body: str) -> set[int]:
    """The lines of ``body`` that hold a stop call which some run reaches unguarded."""
    from tests.oracle.comparison import unguarded_arrivals

    found = explore(instrument(HEAD + body))
    return {chain[-1] - HEAD.count("\n") for chain, _, _ in unguarded_arrivals(found)}


STOP = "ec2.stop_instances(InstanceIds=['i'])"
STOP_LISTED = "ec2.stop_instances(InstanceIds=ids)"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(["def f(q):", f"    {STOP}"], {2}, id="no test"),
        pytest.param(["def f(q, idle):", "    if idle >= LIMIT:", f"        {STOP}"], set(), id="a test that holds"),
        pytest.param(["def f(q, idle):", "    if idle < LIMIT:", f"        {STOP}"], {3}, id="a test that fails"),
        pytest.param(["def f(q, idle):", "    if q.closed():", f"        {STOP}"], {3}, id="another question"),
        pytest.param(
            ["def f(q, idle):", "    if idle >= LIMIT:", "        idle = q.idle_rounds()", f"        {STOP}"],
            {4},
            id="the measure is replaced",
        ),
        pytest.param(
            ["def f(q, idle):", "    if idle >= LIMIT:", "        idle = idle", f"        {STOP}"],
            set(),
            id="the measure gets its own value",
        ),
        pytest.param(
            ["def f(q, idle):", "    if idle >= LIMIT:", "        idle += 1", f"        {STOP}"],
            set(),
            id="the measure is raised",
        ),
        pytest.param(
            ["def f(q, idle):", "    if idle >= LIMIT:", "        idle = 0", f"        {STOP}"],
            set(),
            id="the measure is reset on the straight way",
        ),
        pytest.param(
            ["def f(q, idle):", "    if idle >= LIMIT:", "        if q.take(): idle = 0", f"        {STOP}"],
            {4},
            id="the measure is reset on some ways only",
        ),
        pytest.param(
            ["def f(q, idle):", "    for j in q.jobs():", f"        if j.closed(): {STOP}", "        idle = 0"],
            {3},
            id="no test in a loop",
        ),
        pytest.param(
            [
                "def f(q):",
                "    idle, done = 0, False",
                "    while True:",
                f"        if done and q.closed(): {STOP}",
                "        idle += 1",
                "        done = idle >= LIMIT",
                "        if done: idle = 0",
            ],
            {4},
            id="the measure is reset and a round has passed",
        ),
        pytest.param(
            ["def f(q, idle):", f"    if idle >= EMPTY_LIMIT: {STOP}"], {2}, id="a threshold of 0 stops at once"
        ),
        pytest.param(
            ["def f(q, idle):", f"    if EMPTY_LIMIT > 0 and idle >= EMPTY_LIMIT: {STOP}"], set(), id="0 means never"
        ),
        pytest.param(
            ["def f(q, idle):", f"    if ENABLED and idle >= EMPTY_LIMIT: {STOP}"], set(), id="a boolean switch"
        ),
        pytest.param(["def f(q, idle):", f"    if ENABLED: {STOP}"], {2}, id="nothing but a switch that is on"),
        pytest.param(["def f(q, idle):", f"    if EMPTY_LIMIT: {STOP}"], {2}, id="nothing but a threshold that is set"),
        pytest.param(
            ["def f(q, idle):", "    try: q.work()", "    except ValueError: pass", f"    else: {STOP}"],
            {4},
            id="nothing was raised",
        ),
        pytest.param(
            ["def f(q, idle):", "    try:", "        if idle >= LIMIT: raise Idle", f"    except Idle: {STOP}"],
            set(),
            id="only raised under a guard",
        ),
        pytest.param(
            ["def r(n):", "    return n >= LIMIT", "def f(q, idle):", f"    if r(idle): {STOP}"],
            set(),
            id="a predicate",
        ),
        pytest.param(
            [
                "def r(n):",
                "    return n >= LIMIT",
                "def f(q, idle):",
                "    done = r(idle)",
                "    idle = q.idle_rounds()",
                f"    if done: {STOP}",
            ],
            {6},
            id="a predicate whose argument is replaced",
        ),
        pytest.param(
            [
                "def f(q):",
                "    last = time.monotonic()",
                "    q.work()",
                f"    if time.monotonic() - last >= LIMIT: {STOP}",
            ],
            set(),
            id="time has passed",
        ),
        pytest.param(
            ["def f(q):", f"    q.empty_polls() >= LIMIT and q.empty_polls() >= LIMIT and {STOP}"],
            set(),
            id="asked twice",
        ),
        pytest.param(
            ["def f(q):", f"    not q.empty_polls() >= LIMIT or q.empty_polls() >= LIMIT or {STOP}"],
            {2},
            id="asked twice, and below the threshold by then",
        ),
        pytest.param(
            ["def f(q):", "    if q.empty_polls() >= LIMIT:", f"        q.empty_polls() >= LIMIT and q.note(); {STOP}"],
            set(),
            id="asked twice, and the second answer decides nothing",
        ),
        pytest.param(
            [
                "class W:",
                "    ready = False",
                "    def count(self, q):",
                "        self.ready |= q.idle_rounds() >= LIMIT",
                "    def leave(self, q):",
                f"        if self.ready: {STOP}",
            ],
            set(),
            id="a flag that is only ever set under a guard, and kept",
        ),
        pytest.param(
            ["def f(q, idle):", "    for n in range(LIMIT):", "        if q.take(): return", f"    {STOP}"],
            set(),
            id="a loop that could have been left",
        ),
        pytest.param(
            [
                "class W:",
                "    idle, ready = 0, False",
                "    def count(self, q):",
                "        self.idle = q.idle_rounds()",
                "        self.ready = self.idle >= LIMIT",
                "    def leave(self, q):",
                f"        if self.ready: {STOP}",
            ],
            set(),
            id="a flag that was set under a guard, asked later",
        ),
        pytest.param(
            [
                "class W:",
                "    polls = 2",
                "    ready = False",
                "    def count(self, q):",
                "        self.ready = self.polls >= LIMIT",
                "        self.polls = 0 if q.take() else self.polls + 1",
                "    def leave(self, q):",
                f"        if self.polls >= 0 and self.ready: {STOP}",
            ],
            set(),
            id="a flag that was set under a guard, of a measure that was reset since and is read beside it",
        ),
        pytest.param(
            [
                "class W:",
                "    polls, jobs = 0, 0",
                "    def leave(self, q):",
                "        if self.polls >= LIMIT:",
                "            self.jobs = q.idle_rounds()",
                "            if q.take(): self.polls = 0",
                f"            if self.jobs < LIMIT: {STOP}",
                "        self.polls += 1",
            ],
            {7},
            id="a measure that was stored under a guard is no flag",
        ),
        pytest.param(
            ["def f(q, idle):", "    done, idle = idle >= LIMIT, q.idle_rounds()", f"    if done: {STOP}"],
            {3},
            id="a measure that is replaced together with what was asked of it",
        ),
        pytest.param(
            [
                "def f(q):",
                "    idle, ids = 0, []",
                "    while True:",
                "        idle = 0 if q.take() else idle + 1",
                "        if idle >= LIMIT: ids.append('i')",
                f"        {STOP_LISTED}",
            ],
            set(),
            id="a list that was filled under a guard, of a measure that was reset since",
        ),
        pytest.param(
            [
                "def f(q):",
                "    idle, ids = 0, []",
                "    while True:",
                "        idle = 0 if q.take() else idle + 1",
                "        if idle >= LIMIT: q.note()",
                "        if idle < 1: ids.append('i')",
                f"        {STOP_LISTED}",
            ],
            {7},
            id="a list that was filled where the measure had been reset",
        ),
        pytest.param(
            ["def f(q, idle):", "    done = job = idle >= LIMIT", f"    if job: {STOP}"],
            set(),
            id="a flag with two names",
        ),
        pytest.param(
            ["def f(q, idle):", "    assert idle >= LIMIT", f"    {STOP}"], {3}, id="an assertion may be left out"
        ),
        pytest.param(["def f(q, idle):", f"    assert not {STOP}"], {2}, id="what an assertion calls may be called"),
        pytest.param(
            [
                "def f(q, idle):",
                "    ids = []",
                "    if idle >= LIMIT: ids.append('i')",
                "    idle = q.idle_rounds()",
                "    ec2.stop_instances(InstanceIds=ids)",
            ],
            set(),
            id="machines are named under a guard only",
        ),
        pytest.param(
            [
                "def f(q, idle):",
                "    ids = ['i'] if q.closed() else []",
                "    if idle >= LIMIT: ids.append('i')",
                "    ec2.stop_instances(InstanceIds=ids)",
            ],
            {4},
            id="one machine is named without a guard",
        ),
        pytest.param(
            [
                "import threading",
                "e = threading.Event()",
                "def count(q):",
                "    if q.idle_rounds() >= LIMIT: e.set()",
                "def leave(q):",
                f"    if e.is_set(): {STOP}",
            ],
            set(),
            id="an event that is set under a guard only",
        ),
        pytest.param(
            [
                "import threading",
                "e = threading.Event()",
                "def count(q):",
                "    e.set()",
                "def leave(q):",
                f"    if e.is_set(): {STOP}",
            ],
            {6},
            id="an event that anything sets",
        ),
        pytest.param(
            [
                "from tuning import EMPTY_LIMIT",
                "EMPTY_LIMIT = int(os.environ.get('T', '0'))",
                "def f(q, idle):",
                f"    if idle >= EMPTY_LIMIT: {STOP}",
            ],
            {4},
            id="a threshold that is imported, and then comes from outside",
        ),
        pytest.param(
            [
                "def f(q, idle):",
                "    try:",
                "        if idle >= LIMIT: raise Idle",
                f"    except* Idle: {STOP}",
            ],
            set(),
            id="a group that is only raised under a guard",
        ),
    ],
)
def test_what_counts_as_guarded(body: list[str], expected: set[int]) -> None:
    assert arrives_unguarded("\n".join(body) + "\n") == expected


@pytest.mark.parametrize(
    ("asked", "is_bare"),
    [
        (f"if done: {STOP}", False),
        (f"if q.closed(): {STOP}", False),
        (f"if True: {STOP}", True),
        (f"[{STOP} for _ in q.jobs() if done]", False),
        (f"[{STOP} for _ in q.jobs()]", True),
    ],
)
def test_what_is_asked_in_a_finally(asked: str, is_bare: bool) -> None:
    body = f"def f(q, done):\n    try: q.work()\n    finally:\n        {asked}\n"
    found = explore(instrument(HEAD + body))
    arrivals = [arrival for known in found.arrivals.values() for arrival in known]
    assert [bool(arrival.bare_finally) for arrival in arrivals] == [is_bare] * len(arrivals) != []


@pytest.mark.parametrize(
    ("default", "test", "expected"),
    [
        ("2", "idle >= T > 0", True),
        ("0", "idle >= T > 0", False),
        ("2", "idle >= LIMIT", False),
        ("2", "idle >= T > 0 and idle >= LIMIT", False),
    ],
)
def test_what_a_default_switches_on(default: str, test: str, expected: bool) -> None:
    body = f"T = int(os.environ.get('T', '{default}'))\ndef f(q, idle):\n    if {test}: {STOP}\n"
    found = explore(instrument(HEAD + body))
    assert any(arrival.by_default for known in found.arrivals.values() for arrival in known) is expected


def test_a_default_that_is_not_reported_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    head = HEAD.replace('"0"', '"2"')
    source = f"{head}def f(q, idle):\n    if EMPTY_LIMIT > 0 and idle >= EMPTY_LIMIT: {STOP}\n"
    assert [(each.code, each.worth) for each in compare(source).reported] == [("SST201", Worth.ALARM)]
    monkeypatch.setattr("tests.oracle.comparison.judged", lambda _source: Report())
    assert compare(source).missed


def test_an_alarm_that_is_missed_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the engine to say nothing, nearly every program would show it."""
    monkeypatch.setattr("tests.oracle.comparison.judged", lambda _source: Report())
    found = tally(generated(0, 60))
    assert len(found.missed) > 20


def test_all_decisions_are_taken_in_turn() -> None:
    seen = []
    taken: tuple[int, ...] | None = ()
    while taken is not None:
        seen.append(taken)
        full = [*((choice, 2) for choice in taken), *([(0, 2)] * (3 - len(taken)))]
        taken = following(full)
    assert {(*each, *([0] * (3 - len(each)))) for each in seen} == {
        (a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)
    }
    assert len(seen) == 8


def test_lines_of_a_run() -> None:
    body = f"def f(q):\n    if q.closed():\n        q.work()\n    {STOP}\n"
    start = HEAD.count("\n")
    program_ = instrument(HEAD + body)
    lines = [line - start for line in lines_of(program_, Decisions((0, 0, 1), 14)) if line > start]
    assert [line for line in lines if line > 1] == [2, 3, 4]


def test_shrinking_keeps_what_is_shown() -> None:
    source = (
        HEAD
        + f"def g(q):\n    q.work()\ndef f(q):\n    if q.closed():\n        q.work()\n        {STOP}\n    return 1\n"
    )
    small = shrink(source, lambda text: "stop_instances" in text and "def f" in text)
    assert small == "def f(q):\n    ec2.stop_instances"

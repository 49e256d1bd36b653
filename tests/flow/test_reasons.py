"""Why a condition is no threshold guard, and that no reason is given against one that is."""

from __future__ import annotations

import pytest
from test_conditions import ENV, GUARDS, INVERTED, OFF_SWITCHES, SILENT, asked

from selfstop.flow import reasons
from selfstop.flow.conditions import classify
from selfstop.flow.reasons import reason
from selfstop.flow.roles import PLAIN
from selfstop.flow.terms import App, Var

CASES = {
    "emptiness by length": ("len(jobs) == 0", "", True, reasons.EMPTINESS),
    "not empty by length": ("len(jobs) > 0", "", True, reasons.EMPTINESS),
    "a length as a test": ("len(jobs)", "", False, reasons.EMPTINESS),
    "nothing waits": ("depth == 0", "", True, reasons.EMPTINESS),
    "below 1": ("waiting_jobs < 1", "", True, reasons.EMPTINESS),
    "something found": ("found >= 1", "", True, reasons.EMPTINESS),
    "no jobs": ("jobs", "", False, reasons.TRUTH),
    "an attribute": ("self.done", "", True, reasons.TRUTH),
    "a key": ('answer["Messages"]', "", False, reasons.TRUTH),
    "a key with a default": ('answer.get("Messages", [])', "", False, reasons.TRUTH),
    "None": ("job is None", "", True, reasons.PRESENCE),
    "not None": ("job is None", "", False, reasons.PRESENCE),
    "the same object": ("job is last", "", True, reasons.EQUALITY),
    "a string": ('state == "idle"', "", True, reasons.EQUALITY),
    "another string": ('state == "idle"', "", False, reasons.EQUALITY),
    "a number": ("jobs == 3", "", True, reasons.EQUALITY),
    "not a number": ("jobs == 3", "", False, reasons.EQUALITY),
    "a limit hit by something that does not grow": ("jobs == MAX_JOBS", "", True, reasons.EQUALITY),
    "one of several": ("state in (1, 2)", "", True, reasons.MEMBERSHIP),
    "an hour": ("now.hour >= 22", "", True, reasons.CALENDAR),
    "a weekday": ("datetime.datetime.now().weekday() > 4", "", True, reasons.CALENDAR),
    "retries": ("attempt >= MAX_RETRIES", "", True, "`attempt` is, by its name, no measure of idleness"),
    "an exit code": ("returncode > 1", "", True, "`returncode` is, by its name, no measure of idleness"),
    "arguments": ("len(argv) < 2", "", True, "`argv` is, by its name, no measure of idleness"),
    "the first idle round": ("idle >= 1", "idle = 0\nidle += 1", True, reasons.FIRST),
    "more than none": ("idle > 0", "idle = 0\nidle += 1", True, reasons.FIRST),
    "no round at all": ("idle >= 0", "idle = 0\nidle += 1", True, reasons.AT_ONCE),
    "a constant of 0": ("n > LIMIT", "LIMIT = 0", True, reasons.AT_ONCE),
    "a limit that lets 0 pass": ("MAX_IDLE >= 0", "", True, reasons.ZERO_PASSES),
    "a limit that is 0": ("MAX_IDLE <= 0", "", True, reasons.LIMIT_ALONE),
    "a limit with a value": ("MAX_IDLE == 5", "", True, reasons.EQUALITY),
    "two limits": ("MAX_JOBS >= MAX_HOSTS", "", True, reasons.LIMITS),
    "a variable that is set": ('os.getenv("IDLE_LIMIT")', "", True, reasons.SET),
    "a variable that is not set": ('os.getenv("IDLE_LIMIT")', "", False, reasons.TRUTH),
    "a call": ("queue.drained()", "", True, reasons.ANSWER),
    "two unknowns": ("x > y", "", True, reasons.UNRECOGNISED),
    "a sum": ("x + y", "", True, reasons.UNRECOGNISED),
    "a limit from the environment and something unknown": ("limit == x", ENV, True, reasons.EQUALITY),
}
# What is below a limit that is at least 1 is not for certain below 1.
CLAMPED = "limit = max(1, x)"
COUNTER = "idle = 0\nidle += 1"
MORE = {
    "a limit of at least 1": ("jobs == limit", CLAMPED, True, reasons.EQUALITY),
    "not MAX_IDLE == 5": ("MAX_IDLE == 5", "", False, reasons.EQUALITY),
    "MAX_IDLE > -1": ("MAX_IDLE > -1", "", True, reasons.ZERO_PASSES),
    "-1 < MAX_IDLE": ("-1 < MAX_IDLE", "", True, reasons.ZERO_PASSES),
    "not MAX_IDLE >= 0": ("MAX_IDLE >= 0", "", False, reasons.LIMIT_ALONE),
    "not MAX_IDLE > 0": ("MAX_IDLE > 0", "", False, reasons.LIMIT_ALONE),
    "MAX_IDLE == 0": ("MAX_IDLE == 0", "", True, reasons.LIMIT_ALONE),
    "2 * MAX_IDLE <= 0": ("2 * MAX_IDLE <= 0", "", True, reasons.LIMIT_ALONE),
    "MAX_JOBS == MAX_HOSTS": ("MAX_JOBS == MAX_HOSTS", "", True, reasons.LIMITS),
    "MAX_JOBS + MAX_HOSTS > 0": ("MAX_JOBS + MAX_HOSTS > 0", "", True, reasons.LIMITS),
    "jobs >= 1": ("jobs >= 1", "", True, reasons.EMPTINESS),
    "jobs > 1": ("jobs > 1", "", True, reasons.GUARD),
    "jobs > -1": ("jobs > -1", "", True, reasons.UNRECOGNISED),
    "jobs >= -1": ("jobs >= -1", "", True, reasons.UNRECOGNISED),
    "jobs < 0": ("jobs < 0", "", True, reasons.EMPTINESS),
    "jobs <= 0": ("jobs <= 0", "", True, reasons.EMPTINESS),
    "jobs <= 1": ("jobs <= 1", "", True, reasons.GUARD),
    "not jobs == 0": ("jobs == 0", "", False, reasons.EMPTINESS),
    "jobs == 0": ("jobs == 0", "", True, reasons.EMPTINESS),
    "jobs == 1": ("jobs == 1", "", True, reasons.EQUALITY),
    "idle == 1 | G": ("idle == 1", COUNTER, True, reasons.FIRST),
    "idle == 0 | G": ("idle == 0", COUNTER, True, reasons.EMPTINESS),
    "not idle == 2 | G": ("idle == 2", COUNTER, False, reasons.EQUALITY),
    "not idle > 0 | G": ("idle > 0", COUNTER, False, reasons.EMPTINESS),
    "idle < 1 | G": ("idle < 1", COUNTER, True, reasons.EMPTINESS),
    "idle >= 1.5 | G": ("idle >= 1.5", COUNTER, True, reasons.GUARD),
    "idle > -1 | G": ("idle > -1", COUNTER, True, reasons.AT_ONCE),
    "2 * idle >= 2 | G": ("2 * idle >= 2", COUNTER, True, reasons.GUARD),
    "-idle <= -1 | G": ("-idle <= -1", COUNTER, True, reasons.FIRST),
    "-jobs < 0": ("-jobs < 0", "", True, reasons.EMPTINESS),
    "jobs + workers > 0": ("jobs + workers > 0", "", True, reasons.UNRECOGNISED),
    "int(returncode) > 1": ("int(returncode) > 1", "", True, "`returncode` is, by its name, no measure of idleness"),
    "len(argv) > 2": ("len(argv) > 2", "", True, "`argv` is, by its name, no measure of idleness"),
    "round(int(port)) > 5": ("round(int(port)) > 5", "", True, "`port` is, by its name, no measure of idleness"),
    "now.hour + x > 4": ("now.hour + x > 4", "", True, reasons.CALENDAR),
    "x + attempts > 4": ("x + attempts > 4", "", True, "`attempts` is, by its name, no measure of idleness"),
    "players < FEWEST | FEWEST = 1": ("players < FEWEST", "FEWEST = 1", True, reasons.EMPTINESS),
    "players < FEWEST | FEWEST = 0": ("players < FEWEST", "FEWEST = 0", True, reasons.AT_ONCE),
    "players == FEWEST | FEWEST = 1": ("players == FEWEST", "FEWEST = 1", True, reasons.EMPTINESS),
    "players == FEWEST | FEWEST = 5": ("players == FEWEST", "FEWEST = 5", True, reasons.EQUALITY),
    "not players == MAX_PLAYERS": ("players == MAX_PLAYERS", "", False, reasons.EQUALITY),
    "players == MAX_PLAYERS": ("players == MAX_PLAYERS", "", True, reasons.EQUALITY),
    "5 == 5.0 + x - x": ("5 == 5.0 + x - x", "", True, reasons.UNRECOGNISED),
    "x is True": ("x is True", "", True, reasons.EQUALITY),
    "not x is None": ("x is None", "", False, reasons.PRESENCE),
    "None is x": ("None is x", "", True, reasons.PRESENCE),
    "x == True": ("x == True", "", True, reasons.EQUALITY),
    'not x == "a"': ('x == "a"', "", False, reasons.EQUALITY),
    "jobs.count": ("jobs.count", "", True, reasons.TRUTH),
    'jobs["a"]': ('jobs["a"]', "", True, reasons.TRUTH),
    'jobs.get("a")': ('jobs.get("a")', "", True, reasons.TRUTH),
    "jobs.get(a)": ("jobs.get(a)", "", True, reasons.ANSWER),
    "len(jobs)": ("len(jobs)", "", True, reasons.EMPTINESS),
    "-jobs": ("-jobs", "", True, reasons.UNRECOGNISED),
    'os.getenv("A")': ('os.getenv("A")', "", True, reasons.SET),
    'not os.getenv("A")': ('os.getenv("A")', "", False, reasons.TRUTH),
    'os.environ["A"]': ('os.environ["A"]', "", True, reasons.SET),
    "x == 1j": ("x == 1j", "", True, reasons.EQUALITY),
}


@pytest.mark.parametrize(("test", "known", "truth", "expected"), (CASES | MORE).values(), ids=CASES | MORE)
def test_reasons(test: str, known: str, truth: bool, expected: str) -> None:
    term, evidence = asked(test, known)
    assert reason(term, truth, classify(term, truth, evidence), evidence) == expected


def test_a_loop_that_ran_out_of_items() -> None:
    _, evidence = asked("x")
    assert reason(App("exhausted", (Var("m:f", "x"),)), True, PLAIN, evidence) == reasons.ITEMS


def given(test: str, known: str) -> str:
    """The reason for the outcome as it is written: `is not` is lowered to the false outcome of `is`."""
    truth = " is not " not in test and "!=" not in test
    term, evidence = asked(test, known)
    return reason(term, truth, classify(term, truth, evidence), evidence)


WORTH = [(GUARDS, reasons.GUARD), (OFF_SWITCHES, reasons.SWITCH), (INVERTED, reasons.INVERTED)]


@pytest.mark.parametrize(
    ("test", "known", "expected"),
    [
        pytest.param(test, known, expected, id=name)
        for table, expected in WORTH
        for name, (test, known) in table.items()
    ],
)
def test_what_is_worth_something_is_called_so(test: str, known: str, expected: str) -> None:
    assert given(test, known) == expected


@pytest.mark.parametrize(("test", "known"), SILENT.values(), ids=SILENT)
def test_what_is_worth_nothing_is_called_neither(test: str, known: str) -> None:
    assert given(test, known) not in {reasons.GUARD, reasons.SWITCH, reasons.INVERTED}

"""What a condition is worth, given what is known of its variables."""

from __future__ import annotations

import pytest
from graphs import lower

from selfstop.flow.cfg import Test
from selfstop.flow.code import Definition
from selfstop.flow.conditions import classify
from selfstop.flow.origins import Source
from selfstop.flow.roles import Evidence, Kind, Role
from selfstop.flow.terms import Term, Var

IMPORTS = "import os, time, datetime\nfrom settings import settings\n"


def asked(test: str, known: str = "", *, boolean: str = "") -> tuple[Term, Evidence]:
    """``test`` as it stands in a function with parameters ``T``, ``polls``, ``flag`` after the statements ``known``."""
    lines = "".join(f"    {line}\n" for line in known.splitlines())
    module = lower(f"{IMPORTS}def f(self, T, polls, flag):\n{lines}    if {test}:\n        stop()\n")
    (function,) = [item for item in module.functions if item.id == "m:f"]
    term = [node.operation.term for node in function.graph.nodes if isinstance(node.operation, Test)][-1]

    def definitions(place: Term) -> tuple[object, ...]:
        return tuple(item for item in module.definitions if item.target == place)

    parameters: dict[Term, bool] = {Var("m:f", item.name): item.name == boolean for item in function.parameters}
    return term, Evidence(definitions, parameters)  # type: ignore[arg-type]


def role(test: str, known: str = "", *, truth: bool = True, boolean: str = "") -> Role:
    """What ``test`` is worth there."""
    term, evidence = asked(test, known, boolean=boolean)
    return classify(term, truth, evidence)


ENV = 'limit = int(os.getenv("IDLE_LIMIT", "5"))'
GUARDS = {
    "a counter and a constant's name": ("idle >= MAX_IDLE", ""),
    "written the other way round": ("MAX_IDLE <= idle", ""),
    "a counter and a literal": ("idle_count >= 3", ""),
    "a counter and a parameter": ("n >= T", "n = 0\nn += 1"),
    "a counter and the environment": ("n >= limit", ENV + "\nn = 0\nn += 1"),
    "time since": ("time.time() - last_job > 300", "last_job = time.time()"),
    "a deadline": ("time.time() > started + timeout", "started = time.time()"),
    "a configured limit": ("idle > settings.idle_limit", ""),
    "a counter that hits its limit": ("idle_count == MAX_IDLE", ""),
    "a low level": ("cpu < CPU_LIMIT", ""),
    "a countdown": ("left <= 0", "left = 5\nleft -= 1"),
}
OFF_SWITCHES = {
    "a limit above 0": ("MAX_IDLE > 0", ""),
    "a limit from the environment": ("limit > 0", ENV),
    "a limit that is not 0": ("limit != 0", ENV),
    "a limit that is set": ("idle_timeout", ""),
    "a limit that is not None": ("idle_timeout is not None", ""),
    "a switch in the environment": ('os.getenv("SELF_STOP") == "1"', ""),
    "a switch among true words": ('os.getenv("SELF_STOP") in ("1", "true")', ""),
}
INVERTED = {
    "below the limit": ("idle_count < MAX_IDLE", ""),
    "within the time": ("time.time() - last_job < 300", "last_job = time.time()"),
}
SILENT = {
    "emptiness": ("len(jobs) == 0", ""),
    "a queue": ("jobs", ""),
    "below 1 is emptiness": ("waiting < 1", ""),
    "at least 1 is presence": ("found >= 1", ""),
    "retries": ("attempt >= MAX_RETRIES", ""),
    "an exit code": ("returncode > 1", ""),
    "the time of day": ("now.hour >= 22", ""),
    "a number above 0": ("n > 0", ""),
    "a limit of 0": ("n > LIMIT", "LIMIT = 0"),
    "None": ("idle_timeout is None", ""),
    "a limit at or below 0": ("MAX_IDLE <= 0", ""),
    "a string": ('state == "idle"', ""),
    "two variables of which nothing is known": ("x > y", ""),
}
TABLES = [(Kind.GUARD, GUARDS), (Kind.OFF_SWITCH, OFF_SWITCHES), (Kind.INVERTED, INVERTED), (Kind.PLAIN, SILENT)]


@pytest.mark.parametrize(
    ("test", "known", "expected"),
    [
        pytest.param(test, known, kind, id=f"{kind.value}: {name}")
        for kind, table in TABLES
        for name, (test, known) in table.items()
    ],
)
def test_kinds(test: str, known: str, expected: Kind) -> None:
    # `is not` is lowered to the false outcome of `is`, `!=` to that of `==`.
    assert role(test, known, truth=" is not " not in test and "!=" not in test).kind is expected


NEEDS = {
    "from the environment": ("n >= limit", ENV + "\nn = 0\nn += 1", True),
    "from the configuration": ("idle > settings.idle_limit", "", True),
    "clamped": ("n >= limit", 'limit = max(1, int(os.getenv("L", "5")))\nn = 0\nn += 1', False),
    "a literal": ("idle_count >= 3", "", False),
}


@pytest.mark.parametrize(("test", "known", "expected"), NEEDS.values(), ids=NEEDS)
def test_a_guard_needs_an_off_switch_if_its_limit_may_be_zero(test: str, known: str, expected: bool) -> None:
    assert role(test, known).needs_off_switch is expected


def test_the_origin_names_variable_and_default() -> None:
    found = role("n >= limit", ENV + "\nn = 0\nn += 1").origin
    assert (found.source, found.variable, found.default) == (Source.ENVIRONMENT, "IDLE_LIMIT", "5")


@pytest.mark.parametrize("truth", [True, False])
def test_a_boolean_parameter_switches_either_way(truth: bool) -> None:
    assert role("flag", truth=truth, boolean="flag").kind is Kind.OFF_SWITCH
    assert role("flag", truth=truth).kind is Kind.PLAIN


def test_the_other_outcome_of_a_guard_is_inverted() -> None:
    assert role("idle_count >= MAX_IDLE", truth=False).kind is Kind.INVERTED
    assert role("idle_count < MAX_IDLE", truth=False).kind is Kind.GUARD


def test_a_parameter_held_against_what_evidently_grows_is_its_limit() -> None:
    assert role("n >= polls", "n = 0\nn += 1").kind is Kind.GUARD


def test_names_of_each_other_are_not_asked_over_and_over() -> None:
    names = [f"v{number}" for number in range(12)]
    known = "\n".join(f"{one} = {other}" for one in names for other in names if one != other)
    term, evidence = asked("v0", known)
    lookups: list[Term] = []

    def definitions(place: Term) -> tuple[Definition, ...]:
        lookups.append(place)
        return evidence.definitions(place)

    assert classify(term, True, Evidence(definitions, evidence.parameters)).kind is Kind.PLAIN
    assert len(lookups) < 100 * len(names)

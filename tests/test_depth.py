"""Summaries go only so deep: what comes of a call does not depend on what else was asked about, or in which order."""

from __future__ import annotations

import pytest

from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.project.linking.bounded import Bounded

STOP = '        boto3.client("ec2").stop_instances(InstanceIds=["i-depth"])\n'
HELPERS = "import boto3\n\n\ndef helper_5(idle):\n    return idle >= 30\n\n\n" + "\n\n".join(
    f"def helper_{number}(idle):\n    return helper_{number + 1}(idle)\n" for number in (4, 3, 2, 1)
)


def caller(name: str, helper: str) -> str:
    return f"\n\ndef {name}(idle):\n    if {helper}(idle):\n{STOP}"


@pytest.mark.parametrize("order", ["none", "before", "after", "before by name", "after by name"])
def test_what_is_near_enough_is_known_whatever_is_too_deep_for_others(order: str) -> None:
    near = caller("middle", "helper_3")
    programs = {
        "none": HELPERS + near,
        "before": HELPERS + caller("far", "helper_1") + near,
        "after": HELPERS + near + caller("far", "helper_1"),
        "before by name": HELPERS + near + caller("a_far", "helper_1"),
        "after by name": HELPERS + near + caller("z_far", "helper_1"),
    }
    report = check({"depth.py": programs[order].encode()}, EngineOptions())
    assert [call.function for call in report.guarded] == ["middle"]
    assert [finding.code for finding in report.findings] == ([] if order == "none" else ["SST103"])


class Chain:
    """Each number asks for the next one, down to the last."""

    def __init__(self, limit: int, last: int) -> None:
        self.results = Bounded(limit)
        self.last = last
        self.computed: list[tuple[int, int]] = []

    def ask(self, number: int, depth: int = 0) -> str:
        if not self.results.may_begin(depth):
            return "?"
        return self.results.of(number, depth, lambda: self.compute(number, depth))

    def compute(self, number: int, depth: int) -> str:
        self.computed.append((number, depth))
        return str(number) + ("" if number == self.last else self.ask(number + 1, depth + 1))


@pytest.mark.parametrize("first", range(6))
def test_results_are_the_same_whatever_was_asked_for_first(first: int) -> None:
    wanted = {0: "012?", 1: "123?", 2: "234?", 3: "345", 4: "45", 5: "5"}
    chain = Chain(limit=3, last=5)
    chain.ask(first)
    assert {number: chain.ask(number) for number in range(6)} == wanted


def test_nothing_is_computed_twice_at_one_depth() -> None:
    chain = Chain(limit=3, last=5)
    for number in (0, 3, 0, 1, 3, 5, 4):
        chain.ask(number)
    assert len(chain.computed) == len(set(chain.computed))


def test_what_has_room_is_used_at_other_depths() -> None:
    chain = Chain(limit=3, last=2)
    assert [chain.ask(1, 0), chain.ask(1, 1), chain.ask(1, 2)] == ["12", "12", "1?"]
    assert chain.computed == [(1, 0), (2, 1), (1, 2)]


def test_a_failure_leaves_nothing_behind() -> None:
    results = Bounded(3)
    with pytest.raises(ZeroDivisionError):
        results.of("one", 0, lambda: str(1 // 0))
    assert results.of("one", 0, lambda: "1") == "1"

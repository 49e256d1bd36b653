"""How names are read."""

from __future__ import annotations

import pytest

from selfstop.flow.vocabulary import is_constant_name, says_stop, words

WORDS = {
    "idle_polls": {"idle", "polls"},
    "maxIdleSecs": {"max", "idle", "secs"},
    "MAX_IDLE": {"max", "idle"},
    "HTTPTimeout2": {"http", "timeout", "2"},
    "_": set(),
}


@pytest.mark.parametrize(("name", "expected"), WORDS.items(), ids=WORDS)
def test_words(name: str, expected: set[str]) -> None:
    assert words(name) == expected


@pytest.mark.parametrize("name", ["stop_worker", "_power_off", "power_down", "power_it_off_now", "shutdown", "halt"])
def test_names_that_say_stop(name: str) -> None:
    assert says_stop(name)


@pytest.mark.parametrize("name", ["start", "power", "off", "turn_off", "down", "nonstop2go", "poweroffer"])
def test_names_that_do_not(name: str) -> None:
    assert not says_stop(name)


@pytest.mark.parametrize(("name", "expected"), [("MAX_IDLE", True), ("A1", True), ("Max", False), ("_1", False)])
def test_names_of_constants(name: str, expected: bool) -> None:
    assert is_constant_name(name) is expected

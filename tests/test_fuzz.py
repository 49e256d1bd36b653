"""A little of what ``python -m tests.fuzz`` does at length: any bytes are read, or refused in so many words."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import SEEDS, TOKENS, variants
from tests.fuzz.targets import TARGETS

ALL = pytest.mark.parametrize("target", TARGETS)


@ALL
def test_seeds_and_what_was_found(target: str) -> None:
    for seed in SEEDS[target]:
        TARGETS[target](seed)


@ALL
def test_variants_of_the_seeds(target: str) -> None:
    for data in variants(target, 150, Random(1)):
        try:
            TARGETS[target](data)
        except Exception as error:
            raise AssertionError(data) from error


@ALL
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(pieces=st.lists(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6)), max_size=12))
def test_pieces_drawn_by_hypothesis(target: str, pieces: list[bytes]) -> None:
    TARGETS[target](b"".join(pieces))

"""Files in ``tests/expected`` say what code is lowered to, what is known at its calls, and what matters for them."""

from __future__ import annotations

import analysing
import cases
import looking
import lowering
import pytest

LOWERED, KNOWN, SEEN = (cases.read(module.FILE) for module in (lowering, analysing, looking))


@pytest.mark.parametrize("name", LOWERED)
def test_lowering(name: str) -> None:
    source, expected = LOWERED[name]
    assert lowering.become(source) == expected


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known(name: str) -> None:
    source, expected = KNOWN[name]
    assert analysing.known(source) == expected


@pytest.mark.parametrize("name", SEEN)
def test_what_matters(name: str) -> None:
    source, expected = SEEN[name]
    assert looking.seen(source) == expected

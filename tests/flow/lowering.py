"""What becomes of statements and expressions, case by case; ``python tests/flow/lowering.py`` writes it anew."""

from __future__ import annotations

from pathlib import Path

import cases
from graphs import lower
from writing import dumped

FILE = Path(__file__).parents[1] / "expected" / "lowering.txt"


def become(source: str) -> str:
    """What becomes of ``source`` now."""
    return dumped(lower(source))


if __name__ == "__main__":
    cases.write(FILE, become)

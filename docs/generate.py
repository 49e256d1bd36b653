"""Writes the pages of the rules, `docs/rules/*.md`, from the catalogue: run `python docs/generate.py`."""

from __future__ import annotations

from pathlib import Path

from selfstop.output.rules import page
from selfstop.rules import RULES

DIRECTORY = Path(__file__).parent / "rules"


def pages() -> dict[Path, str]:
    """The text of each page by its path."""
    return {DIRECTORY / f"{rule.code}.md": page(rule) for rule in RULES.values()}


if __name__ == "__main__":
    DIRECTORY.mkdir(exist_ok=True)
    for path in set(DIRECTORY.glob("*.md")) - set(pages()):
        path.unlink()
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8", newline="\n")

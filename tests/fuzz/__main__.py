"""``python -m tests.fuzz TARGET``: searches for bytes that break a promise, guided by coverage, with Atheris.

Needs the extra ``fuzz``. What it finds is written to ``--found`` and told with its traceback; the status is not 0 then.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris

from tests.fuzz.seeds import SEEDS, TOKENS

with atheris.instrument_imports(include=["selfstop", "tomllib", "tokenize"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Search until something is found or the time is over."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="how long to search (default: 60)")
    parser.add_argument("--found", type=Path, default=Path(), help="the directory for what is found (default: this)")
    parser.add_argument("--corpus", type=Path, help="a directory from which to go on, and to which to add")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = given.corpus or Path(folder, "corpus")
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS[given.target]):
            (corpus / f"seed-{number}").write_bytes(seed)
        tokens = Path(folder, "tokens")
        tokens.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS), encoding="ascii")
        limits = [f"-max_total_time={given.seconds}", "-max_len=4096", "-timeout=20", "-rss_limit_mb=2048"]
        places = [f"-artifact_prefix={given.found}/", f"-dict={tokens}"]
        atheris.Setup([sys.argv[0], *limits, *places, str(corpus)], TARGETS[given.target])
        atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main()

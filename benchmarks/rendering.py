"""Measures in one process what each format costs beside the analysis: run by the environment of selfstop, in a tree."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from selfstop import baseline, delivery, session
from selfstop.output import FORMATS
from selfstop.output.style import PLAIN


def main() -> None:
    """Print an object with the number of findings, the seconds of the analysis, and those of each format."""
    outcome, analysis = _timed(lambda: session.run(session.Request(paths=(Path(),))))
    seconds = {name: _timed(partial(delivery.rendered, outcome, name, PLAIN))[1] for name in FORMATS}
    seconds["baseline"] = _timed(lambda: baseline.render(baseline.known(outcome.report.findings)))[1]
    json.dump({"findings": len(outcome.report.findings), "analysis": analysis, "formats": seconds}, sys.stdout)


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    result = work()
    return result, time.process_time() - start


if __name__ == "__main__":
    main()

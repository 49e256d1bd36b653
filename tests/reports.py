"""A report with one of everything, for the tests of formats."""

from __future__ import annotations

from collections.abc import Sequence

from selfstop.model import (
    AnalysisError,
    Finding,
    IdSource,
    Provenance,
    Report,
    Span,
    StepKind,
    StopCall,
    Target,
    WitnessStep,
)
from selfstop.output import FORMATS
from selfstop.output.view import View

LINES = [
    "def main():\n",
    "    try:\n",
    "        work()\n",
    "    finally:\n",
    "\tleave('日本', 1)\n",
]

OWN = StopCall(
    "run.py",
    Span(5, 2, 5, 16),
    "main",
    "leave",
    ("x > 0",),
    Target.SELF,
    (IdSource("imds.py", 45, "get(URL)"),),
)
OTHER = StopCall("b, c.py", Span(2, 1, 3, 4), "<module>", "ec2.stop_instances", (), Target.OTHER)
WITNESS = (
    WitnessStep("run.py", 1, "enter main", StepKind.ENTER, "main", "run as a script"),
    WitnessStep("run.py", 2, "idle() is true", StepKind.TEST, "main"),
    WitnessStep("q.py", 7, "n == 0 is true", StepKind.GIVEN, "idle", "an emptiness test: it counts nothing"),
    WitnessStep("run.py", 5, "call leave()", StepKind.CALL, "main"),
    WitnessStep("power.py", 10, "enter leave", StepKind.ENTER, "leave"),
    WitnessStep("power.py", 12, "call ec2.stop_instances()", StepKind.STOP, "leave"),
)
REPORT = Report(
    findings=(
        Finding(OTHER, "SST101", "100% wrong", (), "f1"),
        Finding(OWN, "SST102", "stops", WITNESS, "f2"),
        Finding(OWN, "SST201", "defaults", (), "f3"),
    ),
    guarded=(StopCall("z.py", Span(7, 9, 7, 20), "f", "stop", ("T > 0", "n >= T")),),
    errors=(AnalysisError("a.py", 0, "SST001", "cannot read the file: permission denied"),),
    files_checked=4,
)
PROVENANCE = Provenance("https://example.invalid/fleet.git", "0123456789abcdef0123456789abcdef01234567", "main")


def render(name: str, report: Report, *, lines: Sequence[str] = LINES, provenance: Provenance | None = None) -> str:
    """Show a report that stands below ``app/`` in its repository, to somebody who looks at it from above."""
    view = View(
        report,
        display=lambda path: f"here/{path}",
        source_lines=lambda _path: lines,
        in_repository=lambda path: f"app/{path}",
        provenance=lambda: provenance,
    )
    return FORMATS[name](view)

"""What each format prints, and that nothing in it can deceive a terminal."""

from __future__ import annotations

import json
import re

import pytest

from selfstop.model import (
    AnalysisError,
    Finding,
    IdSource,
    Place,
    Report,
    Span,
    StepKind,
    StopCall,
    Target,
    UnresolvedCall,
    WitnessStep,
)
from selfstop.output import FORMATS, message
from selfstop.output.escape import escape
from selfstop.output.view import View

LINES = [
    "def main():\n",
    "    try:\n",
    "        work()\n",
    "    finally:\n",
    "\t_stop_self_ec2('日本')  # \x1b[31m\n",
]


def finding(path="app/run.py", line=5, column=2, *, message="stops", callee="_stop_self_ec2", witness=(), sources=()):
    span = Span(line, column, line, column + 20)
    call = StopCall(path, span, "main", callee, ("x > 0",), Target.SELF, sources)
    return Finding(call, "SST102", message, witness)


def render(name, report, lines=LINES):
    return FORMATS[name](View(report, display=lambda path: f"here/{path}", source_lines=lambda _path: lines))


WITNESS = (
    WitnessStep("app/run.py", 1, "enter main", StepKind.ENTER, "main", "run as a script"),
    WitnessStep("app/run.py", 2, "idle() is true", StepKind.TEST, "main"),
    WitnessStep("q.py", 7, "n == 0 is true", StepKind.GIVEN, "idle", "an emptiness test: it counts nothing"),
    WitnessStep("app/run.py", 5, "call _stop_self_ec2()", StepKind.CALL, "main"),
    WitnessStep("b.py", 10, "enter _stop_self_ec2", StepKind.ENTER, "_stop_self_ec2"),
    WitnessStep("b.py", 12, "call ec2.stop_instances()", StepKind.STOP, "_stop_self_ec2"),
)
REPORT = Report(
    findings=(
        finding(
            witness=WITNESS,
            sources=(IdSource("lib/imds.py", 45, "requests.get(ID_URL)"), IdSource("lib/file.py", 3, "open(FILE)")),
        ),
    ),
    guarded=(StopCall("app/z.py", Span(7, 9, 7, 20), "f", "stop", ("T > 0", "n >= T")),),
    errors=(AnalysisError("a.py", 0, "SST001", "cannot read the file: permission denied"),),
    unresolved=(UnresolvedCall("u.py", Span(3, 5, 3, 9), "f", "one.leave", "why", (Place("h.py", 5, "Host.leave"),)),),
    files_checked=3,
)


def test_concise_is_one_line_each_sorted_by_place():
    assert render("concise", REPORT) == (
        "here/a.py:1:1: SST001 cannot read the file: permission denied\n"
        "here/app/run.py:5:2: SST102 stops [way: line 5 _stop_self_ec2() -> b.py:12 ec2.stop_instances()]\n"
    )


def test_text_adds_frame_and_witness():
    assert render("text", REPORT) == (
        "here/a.py:1:1: SST001 cannot read the file: permission denied\n"
        "\n"
        "here/app/run.py:5:2: SST102 stops [way: line 5 _stop_self_ec2() -> b.py:12 ec2.stop_instances()]\n"
        "    3 |         work()\n"
        "    4 |     finally:\n"
        "    5 |     _stop_self_ec2('日本')  # \\x1b[31m\n"
        "      |     ^^^^^^^^^^^^^^^^^^^^^^\n"
        "    stops itself: the instance id is read at here/lib/imds.py:45 and here/lib/file.py:3\n"
        "    how it gets there:\n"
        "      here/app/run.py\n"
        "         1  enter main               run as a script\n"
        "         2  idle() is true\n"
        "              where n == 0 is true   an emptiness test: it counts nothing (here/q.py:7)\n"
        "         5  call _stop_self_ec2()\n"
        "      here/b.py\n"
        "        10  enter _stop_self_ec2\n"
        "        12  call ec2.stop_instances()\n"
        "\n"
    )


def test_text_breaks_what_is_too_long_for_a_line():
    step = WitnessStep("app/run.py", 5, "condition " * 5 + "is true", StepKind.TEST, "main", "because " * 12)
    shown = render("text", Report(findings=(finding(witness=(step,)),)))
    notes = [line for line in shown.splitlines() if line.strip().startswith("because")]
    assert len(notes) > 1
    assert len({len(line) - len(line.lstrip()) for line in notes}) == 1
    assert all(len(line) <= 100 for line in shown.splitlines())


def test_text_cuts_what_happens_and_json_does_not():
    step = WitnessStep("app/run.py", 5, f"call {'very' * 30}_long()", StepKind.STOP, "main")
    report = Report(findings=(finding(witness=(step,)),))
    assert render("text", report).endswith("ver ...\n\n")
    assert json.loads(render("json", report))["findings"][0]["witness"][0]["text"] == step.text


def way(*calls):
    steps = [
        WitnessStep(path, line, f"call {name}()", StepKind.STOP if last else StepKind.CALL)
        for path, line, name, last in ((*call, number == len(calls)) for number, call in enumerate(calls, start=1))
    ]
    return message.way(finding(witness=tuple(steps)))


WAYS = {
    "the finding itself": ([("app/run.py", 5, "stop")], ""),
    "a wrapper": ([("app/run.py", 5, "leave"), ("a.py", 2, "stop")], "line 5 leave() -> a.py:2 stop()"),
    "a caller in another file": ([("m.py", 9, "main"), ("app/run.py", 5, "stop")], "m.py:9 main() -> line 5 stop()"),
    "a long way": (
        [("m.py", number, "step") for number in range(1, 9)],
        "m.py:1 step() -> m.py:2 step() -> ... -> m.py:7 step() -> m.py:8 step()",
    ),
    "a long name": (
        [("m.py", 1, "main"), ("m.py", 2, 'boto3.client("ec2", region_name="eu-central-1").stop_instances')],
        "m.py:1 main() -> m.py:2 stop_instances()",
    ),
}


@pytest.mark.parametrize(("calls", "expected"), WAYS.values(), ids=WAYS)
def test_the_way_in_one_line(calls, expected):
    assert way(*calls) == expected


def test_text_underlines_to_the_end_of_the_line_what_goes_on_below():
    call = StopCall("a.py", Span(1, 1, 3, 2), "f", "stop", ())
    shown = render("text", Report(findings=(Finding(call, "SST101", "stops"),)), ["stop(\n", "    1\n", ")\n"])
    assert "    1 | stop(\n      | ^^^^^\n" in shown


def shown_target(target, *sources):
    call = StopCall("a.py", Span(1, 1, 1, 5), "f", "stop", (), target, sources)
    lines = render("text", Report(findings=(Finding(call, "SST101", "stops"),)), ["stop()\n"]).splitlines()
    return [line.strip() for line in lines if "|" not in line and "SST101" not in line and line]


LISTING = IdSource("fleet.py", 14, "ec2.describe_instances()")


@pytest.mark.parametrize(
    ("target", "sources", "expected"),
    [
        (Target.UNKNOWN, (), []),
        (Target.SELF, (), ["stops itself"]),
        (Target.SELF, (LISTING,), ["stops itself: the instance id is read at here/fleet.py:14"]),
        (Target.OTHER, (), ["stops another machine"]),
        (Target.OTHER, (LISTING,), ["stops another machine, see here/fleet.py:14: ec2.describe_instances()"]),
    ],
)
def test_text_says_which_machine_is_stopped_if_that_is_known(target, sources, expected):
    assert shown_target(target, *sources) == expected


@pytest.mark.parametrize("line", [0, 1, 99])
def test_text_survives_a_place_outside_of_the_file(line):
    assert "SST102" in render("text", Report(findings=(finding(line=line),)), [])


def test_json_has_the_shape_of_the_contract():
    assert json.loads(render("json", REPORT)) == {
        "version": 1,
        "findings": [
            {
                "code": "SST102",
                "name": "stop-in-finally",
                "message": "stops",
                "path": "app/run.py",
                "line": 5,
                "column": 2,
                "end_line": 5,
                "end_column": 22,
                "function": "main",
                "callee": "_stop_self_ec2",
                "target": "self",
                "target_source": {"path": "lib/imds.py", "line": 45, "text": "requests.get(ID_URL)"},
                "conditions": ["x > 0"],
                "witness": [
                    {
                        "path": step.path,
                        "line": step.line,
                        "kind": step.kind.value,
                        "function": step.function,
                        "text": step.text,
                        "note": step.note,
                    }
                    for step in WITNESS
                ],
                "fingerprint": "",
            }
        ],
        "guarded": [
            {
                "path": "app/z.py",
                "line": 7,
                "column": 9,
                "function": "f",
                "callee": "stop",
                "target": "unknown",
                "target_source": None,
                "conditions": ["T > 0", "n >= T"],
            }
        ],
        "unresolved": [
            {
                "path": "u.py",
                "line": 3,
                "column": 5,
                "function": "f",
                "callee": "one.leave",
                "reason": "why",
                "stoppers": [{"path": "h.py", "line": 5, "function": "Host.leave"}],
            }
        ],
        "errors": [
            {
                "path": "a.py",
                "line": 0,
                "code": "SST001",
                "message": "cannot read the file: permission denied",
            }
        ],
        "suppressed": {"noqa": 0, "baseline": 0},
        "comparison": None,
    }


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_report_is_rendered_without_a_finding(name):
    assert not re.search(r'"(path|location)": |<testcase|^::|^\S+:\d+:', render(name, Report()), re.MULTILINE)


@pytest.mark.parametrize("name", ["text", "concise", "github"])
def test_an_empty_report_is_empty_for_those_who_read_lines(name):
    assert render(name, Report()) == ""


EVIL = {
    "escape sequence": ("\x1b[2J", "\\x1b[2J"),
    "line end": ("a\nb.py:1:1: SST101", "a\\nb.py:1:1: SST101"),
    "carriage return": ("\r", "\\r"),
    "eight-bit control": ("\x9b31m", "\\x9b31m"),
    "right-to-left override": ("\u202e", "\\u202e"),
    "isolate": ("\u2066", "\\u2066"),
    "zero width": ("\u200b", "\\u200b"),
    "line separator": ("\u2028", "\\u2028"),
    "undecodable byte": ("\udcff", "\\udcff"),
    "tag": ("\U000e0041", "\\U000e0041"),
}


@pytest.mark.parametrize(("raw", "shown"), EVIL.values(), ids=EVIL)
def test_what_deceives_is_escaped(raw, shown):
    assert escape(f"a{raw}z") == f"a{shown}z"
    report = Report(
        findings=(
            finding(
                path=f"a{raw}",
                message=f"m{raw}",
                witness=(WitnessStep(f"w{raw}", 1, f"t{raw}"),),
                sources=(IdSource(f"s{raw}", 1, f"r{raw}"),),
            ),
        ),
        errors=(AnalysisError(f"e{raw}", 1, "SST003", f"n{raw}"),),
    )
    for name in FORMATS:
        rendered = render(name, report, [f"stop('{raw}')\n"])
        assert raw not in rendered
        rendered.encode("utf-8")
    assert len(render("concise", report).splitlines()) == 2


@pytest.mark.parametrize("text", ["plain.py", "größe.py", "日本.py", "😀.py", "a b.py"])
def test_what_is_harmless_stays(text):
    assert escape(text) == text

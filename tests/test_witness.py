"""A witness is a way that a reader can follow: its shape on all fixtures, and some in full."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest

from reported import FIXTURES, files_of, name_of, report_of
from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.flow import reasons, route
from selfstop.model import Finding, StepKind
from selfstop.project.verdicts.witness import MAX_STEPS

ACADEMY = FIXTURES / "academy"
PROJECTS = [ACADEMY, *sorted(path for path in (FIXTURES / "projects").iterdir() if path.is_dir())]
ALONE = sorted([*FIXTURES.glob("rules/*/*.py"), *FIXTURES.glob("syntax/*.py")])


def found_in(place: Path) -> tuple[Finding, ...]:
    return report_of(place).findings


in_every_place = pytest.mark.parametrize("place", [*ALONE, *PROJECTS], ids=name_of)


def check_sources(files: dict[str, str]) -> tuple[Finding, ...]:
    return check({path: text.encode() for path, text in files.items()}, EngineOptions()).findings


def told(finding: Finding) -> str:
    """The witness as a table: place, kind, text and note."""
    rows = [(f"{s.path}:{s.line}", s.kind.value, s.text, s.note) for s in finding.witness]
    return "\n".join(" | ".join(row).removesuffix(" | ") for row in rows)


# Shape


@in_every_place
def test_every_step_lies_in_a_file(place: Path) -> None:
    for finding in found_in(place):
        for step in finding.witness:
            assert 1 <= step.line <= len(files_of(place)[step.path].splitlines()), step


@in_every_place
def test_it_leads_from_an_entry_through_the_finding_to_one_stop_call(place: Path) -> None:
    for finding in found_in(place):
        kinds = [step.kind for step in finding.witness]
        assert kinds[0] is StepKind.ENTER
        assert finding.witness[0].note
        assert kinds[-1] is StepKind.STOP
        assert kinds.count(StepKind.STOP) == 1
        calls = [step for step in finding.witness if step.kind in {StepKind.CALL, StepKind.STOP}]
        assert (finding.call.path, finding.call.span.line) in {(step.path, step.line) for step in calls}


def assert_is_linked(finding: Finding) -> None:
    inside: tuple[str, str] | None = None
    called = True
    for step in finding.witness:
        if step.kind is StepKind.GIVEN:
            continue
        assert (step.kind is StepKind.ENTER) == called, step
        if called:
            inside = (step.path, step.function)
        assert (step.path, step.function) == inside, step
        called = step.kind is StepKind.CALL


@in_every_place
def test_steps_stay_in_one_function_or_follow_a_call(place: Path) -> None:
    for finding in found_in(place):
        assert_is_linked(finding)


@in_every_place
def test_every_condition_is_explained(place: Path) -> None:
    for finding in found_in(place):
        for step, following in pairwise(finding.witness):
            if step.kind is StepKind.TEST:
                assert step.note or following.kind is StepKind.GIVEN, step
            if step.kind is StepKind.GIVEN:
                assert step.note, step
            assert step.note != reasons.GUARD or finding.code == "SST201", step


@in_every_place
def test_it_is_short(place: Path) -> None:
    for finding in found_in(place):
        assert len(finding.witness) <= MAX_STEPS
        assert len(set(finding.witness)) == len(finding.witness)


@in_every_place
def test_the_conditions_in_the_message_are_among_its_steps(place: Path) -> None:
    for finding in found_in(place):
        if finding.code == "SST103":
            texts = "\n".join(step.text for step in finding.witness)
            named = [" ".join(text.removeprefix("not ").strip("()").split()) for text in finding.call.conditions]
            assert [text for text in named if text[:60] not in texts] == []


# In full


def test_the_finally_of_the_incident() -> None:
    (finding,) = [each for each in found_in(ACADEMY) if each.code == "SST102"]
    assert told(finding) == dedent(
        """\
        apps/worker/ai_worker/run.py:1 | enter | enter the module | run as a script
        apps/worker/ai_worker/run.py:101 | call | call main()
        apps/worker/ai_worker/run.py:64 | enter | enter main
        apps/worker/ai_worker/run.py:71 | test | now >= deadline is false | the measure is still below the threshold
        apps/worker/ai_worker/run.py:75 | raise | next_job() raises an exception
        apps/worker/ai_worker/run.py:91 | finally | `finally` runs after the exception
        apps/worker/ai_worker/run.py:93 | test | left > 0 is true | asked, but both outcomes lead to the call
        apps/worker/ai_worker/run.py:97 | call | call _stop_self_ec2()
        apps/worker/ai_worker/run.py:46 | enter | enter _stop_self_ec2
        apps/worker/ai_worker/run.py:58 | stop | call client.stop_instances()"""
    )


SETTINGS = """\
import os
IDLE_LIMIT = int(os.getenv("IDLE_LIMIT", "5"))
"""
POWER = """\
import boto3


def stop_host(reason):
    if not reason:
        return
    boto3.client("ec2").stop_instances(InstanceIds=["i-1"])
"""
WORKER = """\
from power import stop_host
from settings import IDLE_LIMIT


def work(queue):
    empty = 0
    while True:
        job = queue.take()
        empty = 0 if job else empty + 1
        if empty >= IDLE_LIMIT:
            stop_host("idle")


if __name__ == "__main__":
    work(make_queue())
"""


def test_a_missing_off_switch_across_files() -> None:
    files = {"power.py": POWER, "settings.py": SETTINGS, "worker.py": WORKER}
    (finding,) = [each for each in check_sources(files) if each.code == "SST104"]
    assert told(finding) == dedent(
        """\
        worker.py:1 | enter | enter the module | run as a script
        worker.py:15 | call | call work()
        worker.py:5 | enter | enter work
        worker.py:10 | test | empty >= IDLE_LIMIT is true | a guard, but always true if `IDLE_LIMIT` is 0
        worker.py:11 | call | call stop_host()
        power.py:4 | enter | enter stop_host
        power.py:5 | test | reason is true | an argument, given so by the caller
        power.py:7 | stop | call boto3.client("ec2").stop_instances()"""
    )


RAISED = """\
import boto3, os


class Idle(Exception):
    pass


def check(idle, limit):
    if idle >= limit:
        raise Idle()


class Check:
    def __init__(self, idle, limit):
        if idle >= limit:
            raise Idle()


def main(idle):
    try:
        {how}(idle, int(os.environ["T"]))
    except Idle:
        boto3.client("ec2").stop_instances(InstanceIds=["i-1"])
"""


@pytest.mark.parametrize("how", ["check", "Check"])
def test_what_is_raised_is_said_as_the_caller_says_it(how: str) -> None:
    """By a constructor as by a function."""
    (finding,) = check_sources({"main.py": RAISED.format(how=how)})
    assert "with T = 0" in finding.message


STALE = """\
import boto3

ec2 = boto3.client("ec2")


def watch(queue):
    empty = 0
    while True:
        empty += 1
        leave = empty >= 20
        log(queue)
        if queue.has_job():
            empty = 0
        if leave and queue.open:
            ec2.stop_instances(InstanceIds=["i-1"])
"""


def test_a_stale_guard() -> None:
    (finding,) = check_sources({"watch.py": STALE})
    assert told(finding) == dedent(
        """\
        watch.py:6 | enter | enter watch | no call of it was found
        watch.py:10 | test | empty >= 20 is true | a guard, but `empty` is set back at line 13
        watch.py:12 | test | queue.has_job() is true | a call's answer: no threshold seen in it
        watch.py:14 | test | leave is true | a flag, set so at line 10
        watch.py:14 | test | queue.open is true | tests truth or emptiness, counts nothing
        watch.py:15 | stop | call ec2.stop_instances()"""
    )


PREDICATE = """\
class Queue:
    def is_done(self):
        return self.size == 0
"""
CALLER = """\
from power import stop_host
from queues import Queue


@app.task(name="tidy")
def tidy(queue: Queue):
    if queue.is_done():
        stop_host("done")
"""


def test_a_wrapper_and_a_predicate_in_other_files() -> None:
    (finding,) = check_sources({"power.py": POWER, "queues.py": PREDICATE, "tidy.py": CALLER})
    assert told(finding) == dedent(
        """\
        tidy.py:6 | enter | enter tidy | registered by `@app.task`
        tidy.py:7 | test | queue.is_done() is true
        queues.py:3 | given | self.size == 0 is true | an emptiness test: it counts nothing
        tidy.py:8 | call | call stop_host()
        power.py:4 | enter | enter stop_host
        power.py:5 | test | reason is true | an argument, given so by the caller
        power.py:7 | stop | call boto3.client("ec2").stop_instances()"""
    )


# Single steps

HEADER = 'import atexit, os, signal\nimport boto3\nfrom threading import Thread\nec2 = boto3.client("ec2")\n'
STOP = "ec2.stop_instances(InstanceIds=[host])"
NOTES = {
    "a threshold replaced": (
        f"def f(n, limit, q):\n    if q.open and n >= limit:\n        limit = q.ask()\n        {STOP}\n",
        "n >= limit is true",
        "a guard, but `limit` is assigned anew at line 7",
    ),
    "a guard outside of the clean-up": (
        f"def f(idle, q):\n    if idle > 9:\n        try:\n            q.run()\n        finally:\n            {STOP}\n",
        "idle > 9 is true",
        "a guard, but outside of the clean-up",
    ),
    "a forgotten return": (
        f"def f(idle, q):\n    if idle < 9:\n        q.log()\n    {STOP}\n",
        "idle < 9 is true",
        "asked, but both outcomes lead to the call",
    ),
    "a switch for another limit": (
        f'A = int(os.getenv("A"))\nB = int(os.getenv("B"))\ndef f(idle):\n    if A > 0 and idle > B:\n        {STOP}\n',
        "A > 0 is true",
        "an off switch, but of another limit",
    ),
    "a guard where the handler is registered": (
        f"def f(idle):\n    if idle > 9:\n        signal.signal(15, g)\ndef g(*_):\n    {STOP}\n",
        "idle > 9 is true",
        "a guard, but it is asked where the call is registered, not when it runs",
    ),
    "an alias": (
        "leave = ec2.stop_instances\ndef f():\n    leave()\n",
        "call leave()",
        "which is `ec2.stop_instances`",
    ),
    "a method known by its name": (
        f"class Host:\n    def leave_now(self):\n        {STOP}\ndef f(host):\n    host.leave_now()\n",
        "call host.leave_now()",
        "found by its name alone",
    ),
    "at exit": (
        f"@atexit.register\ndef f():\n    {STOP}\n",
        "enter f",
        "registered by `@atexit.register`",
    ),
    "an exit method": (
        f"class C:\n    def __exit__(self, *_):\n        {STOP}\n",
        "enter C.__exit__",
        "runs whenever a `with` block is left",
    ),
    "an imported module": (f"{STOP}\n", "enter the module", "imported, or run as a script"),
    "a script": (f'if __name__ == "__main__":\n    {STOP}\n', "enter the module", "run as a script"),
    "not a script": (f'if __name__ != "__main__":\n    {STOP}\n', "enter the module", "imported, or run as a script"),
    "a flag": (
        f"def f(q):\n    leave = q.open == 1\n    if leave:\n        {STOP}\n",
        "leave is true",
        "a flag, set so at line 6",
    ),
    "a low threshold": (
        f"def f(idle):\n    if idle >= 1:\n        {STOP}\n",
        "idle >= 1 is true",
        "a limit of 1: it holds at the first one",
    ),
}


@pytest.mark.parametrize(("source", "text", "note"), NOTES.values(), ids=NOTES)
def test_what_is_said_of_a_step(source: str, text: str, note: str) -> None:
    steps = {(step.text, step.note) for each in check_sources({"a.py": HEADER + source}) for step in each.witness}
    assert (text, note) in steps


HANDED = {
    "a thread": ("Thread(target=g).start()", "hand g to Thread()"),
    "a signal handler": ("signal.signal(15, g)", "register g with signal.signal()"),
    "at exit": ("atexit.register(g)", "register g with atexit.register()"),
    "a lambda": ("signal.signal(15, lambda *_: g())", "register a lambda with signal.signal()"),
    "a call": ("g()", "call g()"),
}


@pytest.mark.parametrize(("call", "text"), HANDED.values(), ids=HANDED)
def test_how_a_function_gets_to_run(call: str, text: str) -> None:
    (finding,) = check_sources({"a.py": f"{HEADER}def f():\n    {call}\ndef g(*_):\n    {STOP}\n"})
    assert text in [step.text for step in finding.witness]


def test_a_guard_lost_in_another_file() -> None:
    asks = "from b import look_again\ndef f(queue):\n    if queue.empty >= 20:\n        look_again(queue)\n"
    acts = (
        "import boto3\nec2 = boto3.client('ec2')\n"
        f"def look_again(queue):\n    queue.empty = queue.count()\n    {STOP}\n"
    )
    (finding,) = check_sources({"a.py": asks, "b.py": acts})
    assert "a guard, but `queue.empty` is assigned anew at b.py:4" in [step.note for step in finding.witness]


NOT_BY_NAME = {
    "a function kept in an attribute": (
        f"def leave_now():\n    {STOP}\n"
        "class C:\n    def __init__(self):\n        self.leave_now = leave_now\n"
        "    def f(self):\n        self.leave_now()\n"
    ),
    "a known class": (
        f"class C:\n    def leave_now(self):\n        {STOP}\n    def f(self):\n        self.leave_now()\n"
    ),
}


@pytest.mark.parametrize("source", NOT_BY_NAME.values(), ids=NOT_BY_NAME)
def test_what_was_not_found_by_name_alone(source: str) -> None:
    steps = [step for each in check_sources({"a.py": HEADER + source}) for step in each.witness]
    assert ("call self.leave_now()", "") in {(step.text, step.note) for step in steps}


@pytest.mark.parametrize("test", ['host != "x"', "host is not None", "host not in (1, 2)", "not host", "host == 3"])
def test_a_test_has_the_outcome_that_it_has_as_it_is_written(test: str) -> None:
    source = f"def f(ec2, host):\n    if {test}:\n        ec2.stop_instances(InstanceIds=[host])\n"
    (finding,) = check_sources({"a.py": source})
    asked = test.removeprefix("not ")
    assert [step.text for step in finding.witness if step.kind is StepKind.TEST] == [
        f"{asked} is {'true' if asked == test else 'false'}"
    ]
    assert finding.call.conditions == (test,)
    (finding,) = check_sources({"a.py": source.replace(f"if {test}:", f"if {test}:\n        pass\n    else:")})
    assert [step.text for step in finding.witness if step.kind is StepKind.TEST] == [
        f"{asked} is {'false' if asked == test else 'true'}"
    ]


@pytest.mark.parametrize(("test", "shown"), [("calm", "calm is true"), ("not calm", "calm is false")])
def test_a_default_that_denies_something_is_shown_as_it_is_written(test: str, shown: str) -> None:
    source = f"def f(ec2, host, calm=not open('x')):\n    if {test}:\n        {STOP}\n"
    (finding,) = check_sources({"a.py": HEADER + source + "def g(ec2):\n    f(ec2, 1)\n"})
    assert [step.text for step in finding.witness if step.kind is StepKind.TEST] == [shown]
    assert finding.call.conditions == (test,)


def test_a_long_condition_is_on_one_line() -> None:
    body = f"def f(q):\n    if (\n        q.open  # still\n        == 'no'\n    ):\n        {STOP}\n"
    (finding,) = check_sources({"a.py": HEADER + body})
    assert all("\n" not in step.text for step in finding.witness)


@pytest.mark.parametrize("place", [ACADEMY, *PROJECTS[1:8], *ALONE[:60:4]], ids=name_of)
def test_where_the_search_gives_up_the_way_of_the_analysis_is_told(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "MAX_STEPS", 0)
    for finding in check(files_of(place), EngineOptions()).findings:
        assert_is_linked(finding)
        kinds = [step.kind for step in finding.witness]
        assert (kinds[0], kinds[-1]) == (StepKind.ENTER, StepKind.STOP)
        assert finding.call.span.line in [step.line for step in finding.witness]


def test_no_more_rounds_than_needed() -> None:
    """The second round makes `late` true; the first is needed, a third is not."""
    body = (
        "def f(q):\n    late = False\n    while True:\n        if late and q.open:\n"
        f"            {STOP}\n        late = q.wait() == 1\n"
    )
    (finding,) = check_sources({"a.py": HEADER + body})
    assert [step.text for step in finding.witness].count("q.wait() == 1 is true") == 1


def test_tests_beside_the_way_are_left_out() -> None:
    body = f"def f(q):\n    if q.verbose:\n        q.log()\n    if q.open:\n        {STOP}\n"
    (finding,) = check_sources({"a.py": HEADER + body})
    assert [step.text for step in finding.witness if step.kind is StepKind.TEST] == ["q.open is true"]


def test_the_guard_of_a_call_in_a_finally_is_told() -> None:
    """A ``finally`` occurs once for each way into it: the test in it is the same in all of them."""
    source = (
        "def main(queue, idle, ec2):\n    try:\n        queue.work()\n    finally:\n        if idle >= 30:\n"
        "            ec2.stop_instances(InstanceIds=['i-1'])\n"
    )
    report = check({"a.py": source.encode()}, EngineOptions())
    assert [call.conditions for call in report.guarded] == [("idle >= 30",)]

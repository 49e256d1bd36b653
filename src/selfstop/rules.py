"""The catalogue: the one place where codes, names, messages and explanations live.

The command line, flake8, the reports and the documentation all read it. A rule's examples are whole modules:
the test suite gives each of them to the engine, which reports the bad one with the rule's code and keeps
silent about the good one. Those of the rules SST3xx are whole repositories, for the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from selfstop.deployment_rules import DEPLOYMENT_RULES
from selfstop.rule import Rule, Severity

__all__ = ["PREFIX", "RULES", "Rule", "Severity", "message"]

PREFIX: Final = "SST"
"""What every code starts with; flake8 knows the plugin by it."""

_HEADER: Final = """\
import os

import boto3

ec2 = boto3.client("ec2")
"""

_OPT_IN: Final = _HEADER + 'IDLE_STOP_THRESHOLD = int(os.getenv("EC2_IDLE_STOP_THRESHOLD", "0"))\n'
_ON_BY_DEFAULT: Final = _HEADER + 'IDLE_STOP_THRESHOLD = int(os.getenv("EC2_IDLE_STOP_THRESHOLD", "5"))\n'

_WORK: Final = """

def work(queue, instance_id):
    consecutive_empty = 0
    while True:
        messages = queue.receive_messages()
        consecutive_empty = 0 if messages else consecutive_empty + 1
        for message in messages:
            message.delete()
"""

_GUARDED: Final = (
    _OPT_IN
    + _WORK
    + """\
        if IDLE_STOP_THRESHOLD > 0 and consecutive_empty >= IDLE_STOP_THRESHOLD:
            ec2.stop_instances(InstanceIds=[instance_id])
"""
)

_WHICH_CALLS: Final = ("stop-calls", "extend-stop-calls", "families", "target", "include-tests")
_WHICH_FILES: Final = ("exclude", "include-tests")

_WORST: Final = (
    "Every path that leads to the call counts, through whichever functions and files, and the worst one decides: "
    "SST102, SST101, SST103, SST105, SST106, SST104, in this order. "
)

_CATALOGUE: Final = (
    Rule(
        code="SST001",
        name="unreadable-file",
        summary="A file could not be read.",
        rationale="A file that was not read was not checked. It may be missing, a broken or circular "
        "symbolic link, a directory or a device with the name of a Python file, or closed to the "
        "user who runs selfstop.",
        repair="Correct the path or its permissions, or leave it out with `exclude`.",
        how="Opening the file or directory fails, or it is no regular file. A file in which no stop call is named is "
        "read as well, since only its contents tell.",
        options=_WHICH_FILES,
        template="cannot read the file: {reason}",
    ),
    Rule(
        code="SST002",
        name="undecodable-file",
        summary="The bytes of a file are not the text that it claims to be.",
        rationale="Python refuses a file whose bytes do not fit its encoding, which is UTF-8 unless a "
        "coding cookie names another one, whose cookie names no known encoding, or that contains "
        "a NUL byte.",
        repair="Save the file as UTF-8, or correct its coding cookie.",
        how="The bytes are decoded as Python decodes them: byte order mark, coding cookie, else UTF-8. Only files in "
        "which the name of a stop call occurs, or of what leads to one, are decoded: a broken file that mentions none "
        "is not reported.",
        options=_WHICH_FILES,
        template="cannot decode the file: {reason}",
    ),
    Rule(
        code="SST003",
        name="syntax-error",
        summary="A file is not valid Python 3.",
        rationale="A file without a syntax tree cannot be analysed, and what it does nobody knows. Files in"
        " which no stop call is named are not parsed, so that their syntax does not matter.",
        repair="Correct the syntax, or leave the file out with `exclude`.",
        how="LibCST decides, which reads newer syntax than the Python that runs it; the words are those of Python's "
        "own parser where it agrees. Only files in which the name of a stop call occurs, or of what leads to one, are "
        "parsed: a file that is not valid Python and mentions none is not reported, and counts as checked.",
        options=_WHICH_FILES,
        template="cannot parse the file: {reason}",
    ),
    Rule(
        code="SST004",
        name="too-deep",
        summary="Code is nested too deep to be analysed.",
        rationale="A parser needs stack for every level of nesting. Python itself gives up at 200 nested "
        "brackets or 100 nested blocks; selfstop also at expressions chained out of hundreds of "
        "operators.",
        repair="Break the expression up; if the file is generated, leave it out with `exclude`.",
        how="Nesting is weighed on the tokens, before a parser sees the file, and once more while the tree is walked.",
        options=_WHICH_FILES,
        template="not analysed: {reason}",
    ),
    Rule(
        code="SST011",
        name="unused-suppression",
        summary="A `# noqa: SST…` comment hides nothing.",
        rationale="A comment that once hid a finding and no longer does will hide the next one at its line, which "
        "nobody has looked at. Codes of other tools and bare `# noqa` are never reported: what they hide is not "
        "known here.",
        repair="Take the code out of the comment.",
        how="For each code that starts with `SST` in a `# noqa` comment, all findings are looked through, also those "
        "of rules that are not selected. If none of them is at a line for which the comment works, the code is in "
        "vain. Text in strings that looks like a comment is left out, and so are files that could not be analysed.",
        options=_WHICH_FILES,
        template="`# noqa: {suppressed}` hides nothing: take `{suppressed}` out of the comment",
        bad="import time\n\ntime.sleep(5)  # noqa: SST101\n",
        good=_OPT_IN
        + """

def finish(instance_id):
    ec2.stop_instances(InstanceIds=[instance_id])  # noqa: SST101
""",
        severity=Severity.WARNING,
        default_on=False,
    ),
    Rule(
        code="SST101",
        name="unguarded-stop",
        summary="Some path reaches the stop call without any condition.",
        rationale="In a scaling group a machine that stops itself is replaced at once. If the replacement "
        "finds no work either, it stops itself too, and so on: an endless loop of launched and "
        "terminated machines.",
        repair="Count idle rounds and stop only under a threshold that can be switched off: "
        "`THRESHOLD > 0 and idle_rounds >= THRESHOLD`.",
        how=_WORST
        + "Here there is a path on which no test decides about the call: whatever is tested on the way, both outcomes "
        'lead to it. `assert`, `if __name__ == "__main__"` and the waiting of a loop are no conditions.',
        options=_WHICH_CALLS,
        template="`{callee}()` is reached without any condition{consequence}: count idle rounds and call it under "
        "`THRESHOLD > 0 and idle_rounds >= THRESHOLD`",
        bad=_OPT_IN
        + """

def work(queue, instance_id):
    for message in queue.receive_messages():
        message.delete()
    ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
    ),
    Rule(
        code="SST102",
        name="stop-in-finally",
        summary="The stop call runs as clean-up, with no condition inside it.",
        rationale="A `finally` block runs however its `try` ends: after a crash, after Control-C, after a "
        "deployment's SIGTERM. A condition around the `try` is old news by then. `atexit`, "
        "`__exit__`, `__del__`, `ExitStack.callback` and `weakref.finalize` are the same thing in"
        " disguise.",
        repair="Move the call out of the clean-up, behind a threshold guard.",
        how=_WORST
        + "Here a path leads to the call through the beginning of a `finally` block, or of what is one in disguise, "
        "and no condition that was tested inside of it dominates the call. A guard around the `try` does not count.",
        options=_WHICH_CALLS,
        template="`{callee}()` runs whenever {cleanup} runs, also after an error or a signal: take it out, "
        "and call it under `THRESHOLD > 0 and idle_rounds >= THRESHOLD`",
        bad=_OPT_IN
        + """

def work(queue, instance_id):
    try:
        for message in queue.receive_messages():
            message.delete()
    finally:
        ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
    ),
    Rule(
        code="SST103",
        name="no-threshold-guard",
        summary="Conditions lead to the stop call, but none of them is a threshold guard.",
        rationale="One look at an empty queue says nothing about the next minute. A machine that stops at "
        "the first empty answer stops just after its start, and so does the one that replaces it.",
        repair="Count how often in a row there was nothing to do, or measure for how long, and compare that"
        " with a threshold.",
        how=_WORST
        + "Here conditions decide about the call, but none of those that hold there compares a measure with a "
        "threshold. `docs/semantics.md` has a table of what counts as a threshold guard and what does not. A guard "
        "whose measure was replaced since does not hold any more; the witness says where it was lost.",
        options=_WHICH_CALLS,
        template="`{callee}()` needs no more than {conditions}, which holds at the first idle moment: "
        "add `THRESHOLD > 0 and idle_rounds >= THRESHOLD`",
        bad=_OPT_IN
        + """

def work(queue, instance_id):
    messages = queue.receive_messages()
    if not messages:
        ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
    ),
    Rule(
        code="SST104",
        name="no-off-switch",
        summary='The threshold is a setting, and nothing makes 0 mean "never".',
        rationale="Whoever sets a threshold to 0 means to switch the self-stop off. `n >= 0` is always "
        "true: the machine stops itself in the first round instead of never.",
        repair="Test the threshold first: `THRESHOLD > 0 and idle_rounds >= THRESHOLD`.",
        how=_WORST
        + "Here a threshold guard dominates the call, its threshold comes from the environment or the configuration, "
        'and no condition on the way makes 0 mean "never". A positive constant, `max(1, …)`, and a guard of the form '
        "`measure < THRESHOLD` need no switch.",
        options=_WHICH_CALLS,
        template="`{callee}()` has no off switch; with {threshold} = 0, `{guard}` holds from the first idle round on: "
        "add `{threshold} > 0 and …`",
        bad=_OPT_IN
        + _WORK
        + """\
        if consecutive_empty >= IDLE_STOP_THRESHOLD:
            ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
    ),
    Rule(
        code="SST105",
        name="off-switch-only",
        summary="The off switch is all that stands before the stop call.",
        rationale="Where only the switch is asked, switched on means stop at once: nothing was counted or timed.",
        repair="Keep the switch and add the comparison: `THRESHOLD > 0 and idle_rounds >= THRESHOLD`.",
        how=_WORST
        + "Here the only condition that holds at the call is the one that switches the self-stop on: a test of the "
        "threshold itself, or of a boolean setting.",
        options=_WHICH_CALLS,
        template="`{callee}()` needs no more than its off switch, {conditions}, so that switched on means "
        "stop at once: add `… and idle_rounds >= THRESHOLD`",
        bad=_OPT_IN
        + _WORK
        + """\
        if IDLE_STOP_THRESHOLD > 0:
            ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
    ),
    Rule(
        code="SST106",
        name="inverted-threshold",
        summary="The stop call is reached while the measure is still below the threshold.",
        rationale="A measure that grows while there is nothing to do starts at 0, below every threshold. "
        "Compared the wrong way round, it stops the machine at once and never again.",
        repair="Turn the comparison round: `idle_rounds >= THRESHOLD`.",
        how=_WORST
        + "Here a condition compares a measure that grows with a threshold and holds as long as the measure is *below* "
        "it. A measure of which `measure < THRESHOLD` means idle, such as a load, is not meant.",
        options=_WHICH_CALLS,
        template="`{callee}()` is reached while `{guard}`, which holds from the start: "
        "turn the comparison round, so that the measure has reached the threshold",
        bad=_OPT_IN
        + _WORK
        + """\
        if IDLE_STOP_THRESHOLD > 0 and consecutive_empty < IDLE_STOP_THRESHOLD:
            ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
    ),
    Rule(
        code="SST201",
        name="stop-on-by-default",
        summary="The threshold's environment variable defaults to a positive number.",
        rationale="With a positive default, a machine that nobody configured stops itself. Forgetting a "
        "setting should leave machines running.",
        repair="Make 0 the default, and set the variable where machines are to stop themselves.",
        how="A threshold guard dominates the call, and its threshold is followed back to the variable of the "
        "environment that it is read from. If that read names a positive default, the rule reports it, beside the "
        "other rules.",
        options=_WHICH_CALLS,
        template="`{callee}()` is switched on by a missing setting: {threshold} is {default} unless "
        "{variable} is set; make 0 the default",
        bad=_ON_BY_DEFAULT
        + _WORK
        + """\
        if IDLE_STOP_THRESHOLD > 0 and consecutive_empty >= IDLE_STOP_THRESHOLD:
            ec2.stop_instances(InstanceIds=[instance_id])
""",
        good=_GUARDED,
        severity=Severity.WARNING,
        default_on=False,
    ),
    *DEPLOYMENT_RULES,
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for rule in _CATALOGUE})
"""Every rule by its code, in the order of the codes."""


def message(code: str, **arguments: str) -> str:
    """Say what is wrong, why, and what to write instead.

    ``arguments`` fill the placeholders of the rule's template; source text in them may span lines. A missing
    argument is a `KeyError`, one that the template does not use is ignored.
    """
    return RULES[code].template.format_map({name: " ".join(text.split()) for name, text in arguments.items()})

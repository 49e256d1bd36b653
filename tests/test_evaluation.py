"""Ways to stop calls, and what their conditions come to under values of the environment."""

from __future__ import annotations

import pytest

from selfstop.config import EngineOptions
from selfstop.engine import survey
from selfstop.evaluation import UNKNOWN, Effect, outcome

HEAD = """\
import os
import time

import boto3

ec2 = boto3.client("ec2")
"""
LOOP = """

def work(queue, me):
    idle = 0
    started = time.monotonic()
    while True:
        idle = 0 if queue.receive_messages() else idle + 1
        if {condition}:
            ec2.stop_instances(InstanceIds=[me])


if __name__ == "__main__":
    work(None, "i")
"""


def sites(code: str):
    found = survey({"worker.py": code.encode("utf-8")}, EngineOptions())
    assert not found.report.errors
    return found.sites


def effect(code: str, **values: object) -> Effect:
    (site,) = sites(code)
    return outcome(site.ways, values).effect


INT = 'T = int(os.getenv("T", "5"))\n'
CASES = {
    "off switch and guard": (INT, "T > 0 and idle >= T", {"0": "off", "5": "on", "-1": "off", None: "on"}),
    "guard alone": (INT, "idle >= T", {"0": "at once", "5": "on", "-1": "at once", None: "on"}),
    "strictly more": (INT, "idle > T", {"0": "on", "-1": "at once", "5": "on"}),
    "measured the other way round": (INT, "T <= idle", {"0": "at once", "5": "on"}),
    "truth as the switch": (INT, "T and idle >= T", {"0": "off", "5": "on"}),
    "None as the switch": (
        'T = os.getenv("T")\nT = int(T) if T else None\n',
        "T is not None and idle >= T",
        {"5": "on", "": "off", None: "off"},
    ),
    "a floor": ('T = max(1, int(os.getenv("T", "5")))\n', "idle >= T", {"0": "on", "5": "on"}),
    "minutes": (
        'T = float(os.getenv("T", "5"))\n',
        "T > 0 and time.monotonic() - started >= T * 60",
        {"0": "off", "0.5": "on"},
    ),
    "a limit beyond all numbers": (
        'T = float(os.getenv("T", "5"))\n',
        "idle >= T",
        {"inf": "off", "nan": "off", "-inf": "at once", "1e300": "on"},
    ),
    "minutes without a switch": (
        'T = float(os.getenv("T", "5"))\n',
        "time.monotonic() - started >= T * 60",
        {"0": "at once", "5": "on"},
    ),
    "a boolean switch": (
        INT + 'ENABLED = os.getenv("ENABLE_SELF_STOP", "0") == "1"\n',
        "ENABLED and idle >= T",
        {"5": "off"},
    ),
    "what cannot be read": (INT, "T > 0 and idle >= T", {"": "invalid", "five": "invalid", "1_0": "on", " 0 ": "off"}),
    "without a default": ('T = int(os.environ["T"])\n', "T > 0 and idle >= T", {"0": "off", None: "invalid"}),
}


@pytest.mark.parametrize(
    ("setting", "condition", "value", "expected"),
    [
        pytest.param(setting, condition, value, expected, id=f"{name}: {value!r}")
        for name, (setting, condition, expectations) in CASES.items()
        for value, expected in expectations.items()
    ],
)
def test_what_a_value_means_to_the_guard(setting, condition, value, expected):
    values = {"T": value, "ENABLE_SELF_STOP": None}
    assert effect(HEAD + setting + LOOP.format(condition=condition), **values) == expected


def test_an_unknown_value_is_unknown_and_not_its_default():
    assert effect(HEAD + INT + LOOP.format(condition="T > 0 and idle >= T"), T=UNKNOWN) is Effect.UNKNOWN


def test_a_value_that_does_not_matter_is_not_asked_for():
    code = HEAD + 'QUEUE = os.environ["QUEUE"]\n' + INT + LOOP.format(condition="T > 0 and QUEUE and idle >= T")
    (site,) = sites(code)
    assert site.variables == ("T",)
    assert outcome(site.ways, {"T": "5"}).effect is Effect.ON


def test_without_a_guard_it_is_on_whatever_is_set():
    assert effect(HEAD + LOOP.format(condition="not queue"), T="0") is Effect.ON


def test_the_entry_is_the_module_that_is_started():
    (site,) = sites(HEAD + INT + LOOP.format(condition="T > 0 and idle >= T"))
    (entry,) = site.entries
    assert (entry.path, entry.function, entry.scripted) == ("worker.py", "<module>", True)


def test_each_program_that_leads_there_is_an_entry_of_its_own():
    library = HEAD + INT + LOOP.format(condition="T > 0 and idle >= T").partition("\n\nif __name__")[0] + "\n"
    start = 'from pool import work\n\nif __name__ == "__main__":\n    work(None, "i")\n'
    files = {"pool.py": library, "one.py": start, "two.py": start}
    found = survey({path: text.encode() for path, text in files.items()}, EngineOptions())
    (site,) = found.sites
    assert sorted(entry.path for entry in site.entries) == ["one.py", "two.py"]
    assert {outcome(site.from_entry(entry), {"T": "0"}).effect for entry in site.entries} == {Effect.OFF}


def test_a_survey_says_what_a_check_says():
    code = HEAD + INT + LOOP.format(condition="idle >= T")
    found = survey({"worker.py": code.encode()}, EngineOptions())
    assert [finding.code for finding in found.report.findings] == ["SST104", "SST201"]
    assert [site.code for site in found.sites] == ["SST104"]

"""The catalogue is consistent, its examples are true, and the documentation repeats it."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.output import rules as explained
from selfstop.rules import RULES, message
from tests.audits import audited, codes

PROJECT = Path(__file__).parent.parent
ARGUMENTS = {
    "callee": "_stop_self_ec2",
    "consequence": ", so that every replacement machine stops itself too",
    "cleanup": "this `finally` block",
    "conditions": "`not messages`",
    "guard": "consecutive_empty >= IDLE_STOP_THRESHOLD",
    "threshold": "IDLE_STOP_THRESHOLD",
    "variable": "EC2_IDLE_STOP_THRESHOLD",
    "default": "5",
    "reason": "permission denied",
    "suppressed": "SST101",
}
WITH_EXAMPLES = [rule for rule in RULES.values() if not rule.is_run_error]
ABOUT_CODE = [rule for rule in WITH_EXAMPLES if rule.is_about_stop_calls]
ABOUT_DEPLOYMENT = [rule for rule in WITH_EXAMPLES if rule.is_about_deployment]


def reported(source: str) -> set[str]:
    report = check({"example.py": source.encode("utf-8")}, EngineOptions())
    assert not report.errors
    return {finding.code for finding in report.findings}


@pytest.mark.parametrize("rule", ABOUT_CODE, ids=lambda rule: rule.code)
def test_bad_example_is_reported_with_the_code_and_no_other(rule):
    assert reported(rule.bad) == {rule.code}


@pytest.mark.parametrize("rule", ABOUT_CODE, ids=lambda rule: rule.code)
def test_good_example_is_silent_and_still_stops(rule):
    assert reported(rule.good) == set()
    assert check({"example.py": rule.good.encode("utf-8")}, EngineOptions()).guarded


@pytest.mark.parametrize("rule", ABOUT_DEPLOYMENT, ids=lambda rule: rule.code)
def test_bad_deployment_is_reported_and_good_is_not(rule, tmp_path):
    bad, good = audited(tmp_path / "bad", rule.bad), audited(tmp_path / "good", rule.good)
    assert rule.code in codes(bad)
    assert rule.code not in codes(good)
    assert good.sites, "the good example stops its machine, too"


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_codes_suit_flake8_and_names_are_words(rule):
    assert re.fullmatch(r"[A-Z]{1,3}[0-9]{3}", rule.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.summary.endswith(".")
    assert rule.repair


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.code)
def test_templates_take_nothing_but_what_the_engine_supplies(rule):
    wanted = {name for _, name, _, _ in string.Formatter().parse(rule.template) if name}
    if rule.is_about_deployment:
        return  # its arguments are checked where findings are made of it
    assert wanted <= ARGUMENTS.keys()
    assert ("reason" if rule.is_run_error else "callee" if rule.is_about_stop_calls else "suppressed") in wanted


def test_names_are_unique():
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


def test_message_says_what_0_means_and_what_to_add():
    assert message("SST104", **ARGUMENTS) == (
        "`_stop_self_ec2()` has no off switch; with IDLE_STOP_THRESHOLD = 0, "
        "`consecutive_empty >= IDLE_STOP_THRESHOLD` holds from the first idle round on: "
        "add `IDLE_STOP_THRESHOLD > 0 and …`"
    )


def test_message_is_one_line_whatever_the_source_looks_like():
    assert "\n" not in message("SST101", callee="ec2\n    .stop_instances", consequence="")


def test_message_leaves_braces_of_the_source_alone():
    assert "`stops[{}]()`" in message("SST101", callee="stops[{}]", consequence="")


def test_message_without_an_argument_is_an_error():
    with pytest.raises(KeyError, match="threshold"):
        message("SST104", callee="stop")


def test_opinions_are_off_by_default():
    assert [rule.code for rule in RULES.values() if not rule.default_on] == ["SST011", "SST201"]


def test_readme_shows_the_catalogue():
    assert explained.markdown() in (PROJECT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", WITH_EXAMPLES, ids=lambda rule: rule.code)
def test_explanation_holds_everything(rule):
    text = explained.explanation(rule)
    unwrapped = " ".join(text.split())
    assert f"{rule.code} {rule.name}" in text
    assert rule.rationale in unwrapped
    assert rule.repair in unwrapped
    assert rule.bad.splitlines()[-1].strip() in text

"""The chains of an audit: what is on the way to a stop call, which links are missing, what closes the loop."""

from __future__ import annotations

from itertools import pairwise

import pytest

from selfstop.audit.chain import Chain, Edge, Flow, Part
from selfstop.rules import Severity
from tests.audits import GUARDED, IMAGE, WITHOUT_SWITCH, audited

GROUP = """\
==> group.sh <==
aws ec2 create-launch-template --launch-template-name fleet-template --launch-template-data \\
  "{{\\"UserData\\": \\"$(base64 -w0 user_data.sh)\\"}}"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name fleet \\
  --launch-template LaunchTemplateName=fleet-template --min-size {0} --max-size 4 --desired-capacity {0}
"""
START = "==> user_data.sh <==\n#!/bin/bash\ndocker run -d {} fleet-worker:1.4\n"
ALL = [Part.GROUP, Part.START, Part.IMAGE, Part.ENTRY, Part.CODE, Part.STOP]


def chains(tmp_path, text: str) -> tuple[Chain, ...]:
    return audited(tmp_path, text).chains


def only(tmp_path, text: str) -> Chain:
    (chain,) = chains(tmp_path, text)
    return chain


def edge(chain: Chain, start: Part, end: Part) -> Edge:
    (found,) = [each for each in chain.edges if (each.start, each.end) == (start, end)]
    return found


def deployed(options: str, machines: int = 1, code: str = GUARDED) -> str:
    return code + IMAGE + START.format(options) + GROUP.format(machines)


def test_a_chain_leads_from_the_group_to_the_stop_call(tmp_path):
    chain = only(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=5"))
    assert [node.part for node in chain.nodes] == ALL
    assert [str(node.place) for node in chain.nodes] == [
        "group.sh:3",
        "user_data.sh:2",
        "Dockerfile:1",
        "Dockerfile:4",
        "None",
        "fleet/worker.py:14",
    ]
    assert [(each.start, each.end) for each in chain.edges[:-1]] == list(pairwise(ALL))
    assert not any(each.is_broken for each in chain.edges)
    assert not any(node.is_missing for node in chain.nodes)


def test_the_guard_and_its_value_are_on_the_edge_into_the_stop_call(tmp_path):
    gate = edge(only(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=5")), Part.CODE, Part.STOP)
    assert gate.label == "IDLE_STOP_THRESHOLD > 0 and consecutive_empty >= IDLE_STOP_THRESHOLD"
    assert gate.value == "IDLE_STOP_THRESHOLD = 5 (-e user_data.sh:2)"
    assert gate.flow is Flow.OPEN


@pytest.mark.parametrize(
    ("options", "code", "flow", "loops", "alarm"),
    [
        ("-e IDLE_STOP_THRESHOLD=5", GUARDED, Flow.OPEN, Flow.LOOP, Severity.ERROR),
        ("-e IDLE_STOP_THRESHOLD=0", GUARDED, Flow.CLOSED, None, None),
        ("-e IDLE_STOP_THRESHOLD=0", WITHOUT_SWITCH, Flow.OPEN, Flow.LOOP, Severity.ERROR),
        ("--env-file /etc/fleet.env", GUARDED, Flow.UNSURE, Flow.UNSURE, Severity.WARNING),
        ("-e IDLE_STOP_THRESHOLD=never", GUARDED, Flow.CLOSED, None, Severity.WARNING),
    ],
    ids=["on", "off", "at once", "unknown", "fails"],
)
def test_the_gate_is_open_where_the_stop_call_is_reached(tmp_path, options, code, flow, loops, alarm):
    chain = only(tmp_path, deployed(options, code=code))
    assert edge(chain, Part.CODE, Part.STOP).flow is flow
    assert [each.flow for each in chain.edges if each.end is Part.GROUP] == ([loops] if loops else [])
    assert chain.alarm is alarm


def test_a_group_that_keeps_no_machine_loops_while_it_is_scaled_out(tmp_path):
    chain = only(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=5", machines=0))
    assert edge(chain, Part.STOP, Part.GROUP).label == "replaces it, while scaled out"
    assert "While fleet is scaled out, it replaces each machine that stopped" in chain.story
    assert chain.alarm is Severity.ERROR


def test_a_group_that_may_have_no_machine_closes_no_loop(tmp_path):
    text = deployed("-e IDLE_STOP_THRESHOLD=5", machines=0).replace("--max-size 4", "--max-size 0")
    chain = only(tmp_path, text)
    assert [each for each in chain.edges if each.end is Part.GROUP] == []
    assert "loop" not in chain.story
    assert chain.alarm is Severity.WARNING


def test_the_story_says_what_happens_why_and_what_the_group_does(tmp_path):
    story = only(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=5")).story
    assert story == (
        "The machines of fleet run fleet.worker. IDLE_STOP_THRESHOLD is 5 (-e user_data.sh:2): it stops a machine "
        "(which one is not known) once that is reached. fleet keeps at least 1 machine, so it replaces each "
        "machine that stopped, and the next one stops too: a loop."
    )


def test_the_repairs_are_those_of_the_finding(tmp_path):
    report = audited(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=5"))
    (loop,) = [each for each in report.findings if each.code == "SST301"]
    assert report.chains[0].repairs == loop.advice


def test_nothing_is_to_be_changed_where_it_is_off(tmp_path):
    assert only(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=0")).repairs == ()


def test_an_image_from_elsewhere_is_missing_and_breaks_the_chain(tmp_path):
    text = GUARDED + START.format("").replace("fleet-worker:1.4", "fleet-worker:1.4 python -m fleet.worker")
    chain = next(each for each in chains(tmp_path, text + GROUP.format(1)) if each.nodes[0].part is Part.GROUP)
    assert {node.part: node.is_missing for node in chain.nodes}[Part.IMAGE]
    assert edge(chain, Part.IMAGE, Part.ENTRY).is_broken


def test_a_file_that_is_not_in_the_image_breaks_the_chain(tmp_path):
    text = deployed("-e IDLE_STOP_THRESHOLD=5").replace("COPY fleet ./fleet", "COPY fleet/other.py ./fleet/")
    chain = only(tmp_path, text)
    broken = [each for each in chain.edges if each.is_broken]
    assert broken[0].label == "the image does not contain fleet/worker.py"
    assert (chain.verdict, chain.alarm) == ("not reached", None)


def test_a_group_of_which_nothing_else_is_known_ends_in_a_missing_start(tmp_path):
    text = GUARDED + IMAGE + GROUP.format(1) + "docker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n"
    (chain,) = [each for each in chains(tmp_path, text) if each.title == "fleet"]
    assert [(node.part, node.is_missing) for node in chain.nodes] == [(Part.GROUP, False), (Part.START, True)]
    assert edge(chain, Part.GROUP, Part.START).is_broken


def test_a_stop_call_that_nothing_leads_to_begins_with_a_missing_start(tmp_path):
    chain = only(tmp_path, GUARDED)
    assert chain.nodes[0].is_missing
    assert edge(chain, Part.START, Part.ENTRY).is_broken
    assert (chain.title, chain.verdict, chain.alarm) == ("fleet/worker.py:14", "guarded", None)


def test_a_run_by_hand_has_no_group(tmp_path):
    chain = only(tmp_path, GUARDED + IMAGE + "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n")
    assert [node.part for node in chain.nodes] == ALL[1:]
    assert (chain.title, chain.alarm) == ("run.sh:1", Severity.WARNING)


def test_a_script_that_looks_for_the_machines_of_a_group_is_on_its_chain_but_closes_no_endless_loop(tmp_path):
    named = GROUP.format(1).replace(
        '\\"}"',
        '\\", \\"TagSpecifications\\": [{\\"ResourceType\\": \\"instance\\", \\"Tags\\": '
        '[{\\"Key\\": \\"Name\\", \\"Value\\": \\"fleet-machine\\"}]}]}"',
    )
    by_hand = """\
==> again.sh <==
HOST=$(aws ec2 describe-instances --filters Name=tag:Name,Values=fleet-machine)
ssh "$HOST" docker run -d -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4
"""
    first, second = chains(tmp_path, GUARDED + IMAGE + START.format("-e IDLE_STOP_THRESHOLD=0") + named + by_hand)
    assert (first.title, first.verdict, first.alarm) == ("fleet, by again.sh:2", "ON", Severity.WARNING)
    assert edge(first, Part.GROUP, Part.START).label == "by its name"
    assert edge(first, Part.STOP, Part.GROUP).label == "replaces it"
    assert "loop" not in first.story
    assert (second.title, second.verdict) == ("fleet", "off")


def test_documentation_is_marked(tmp_path):
    text = GUARDED + IMAGE + "==> README.md <==\n```sh\ndocker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n```\n"
    documented = [each for each in chains(tmp_path, text) if not each.is_deployed]
    assert [(each.title, each.repairs) for each in documented] == [("README.md:2", ())]


def test_a_group_that_reaches_no_stop_call_says_so(tmp_path):
    text = deployed("-e IDLE_STOP_THRESHOLD=5").replace('"fleet.worker"', '"fleet.other"')
    text += (
        "==> fleet/other.py <==\nprint('works')\n==> run.sh <==\ndocker run fleet-worker:1.4 python -m fleet.worker\n"
    )
    chain = next(each for each in chains(tmp_path, text) if each.title == "fleet")
    assert chain.verdict == "no stop call"
    assert [node.part for node in chain.nodes] == ALL[:4]


def test_what_worries_comes_first(tmp_path):
    run = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n"
    found = chains(tmp_path, deployed("-e IDLE_STOP_THRESHOLD=0") + run)
    assert [(each.title, each.verdict) for each in found] == [("run.sh:1", "ON"), ("fleet", "off")]

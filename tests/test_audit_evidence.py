"""What CloudTrail and scaling activities show beside the cause."""

from __future__ import annotations

import json

import pytest

from selfstop.audit.evidence import EvidenceError, read
from selfstop.audit.model import SelfStop

ROLE = "arn:aws:sts::111122223333:assumed-role/fleet-role/{}"


def stop(caller: str, *instances: str, time: str = "2026-02-16T03:00:00Z", **more: object) -> dict[str, object]:
    """A record as `aws cloudtrail lookup-events` prints it."""
    event = {
        "eventName": "StopInstances",
        "eventTime": time,
        "userIdentity": {"type": "AssumedRole", "arn": ROLE.format(caller)},
        "requestParameters": {"instancesSet": {"items": [{"instanceId": each} for each in instances]}},
        **more,
    }
    return {"EventName": "StopInstances", "CloudTrailEvent": json.dumps(event)}


def terminated(instance: str, cause: str, group: str = "fleet-group") -> dict[str, object]:
    return {
        "AutoScalingGroupName": group,
        "Description": f"Terminating EC2 instance: {instance}",
        "Cause": f"At 2026-02-16T03:00:10Z an instance was taken out of service in response to {cause}.",
        "StatusCode": "Successful",
    }


HEALTH = "an EC2 health check indicating it has been terminated or stopped"
ONE, TWO, OTHER = "i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2", "i-0bbbbbbbbbbbbbbb1"


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_an_instance_that_stops_itself_is_joined_with_the_group_that_replaced_it(tmp_path):
    trail = write(
        tmp_path / "trail.json",
        {"Events": [stop(ONE, ONE), stop(ONE, ONE, time="2026-02-16T04:00:00Z"), stop(TWO, TWO)]},
    )
    activities = write(tmp_path / "activities.json", {"Activities": [terminated(ONE, HEALTH), terminated(TWO, HEALTH)]})
    found = read(trail, activities)
    assert found.self_stops == (
        SelfStop(ONE, 2, "2026-02-16T03:00:00Z", "2026-02-16T04:00:00Z", "fleet-group", "fleet-role"),
        SelfStop(TWO, 1, "2026-02-16T03:00:00Z", "2026-02-16T03:00:00Z", "fleet-group", "fleet-role"),
    )
    assert found.replaced == (("fleet-group", 2),)
    assert (found.by_others, found.other, found.broken) == (0, 0, 0)


def test_records_as_cloudtrail_writes_them(tmp_path):
    record = json.loads(stop(ONE, ONE)["CloudTrailEvent"])
    assert read(write(tmp_path / "t.json", {"Records": [record]}), None).self_stops[0].calls == 1


SILENT = {
    "a person": (stop("alice", ONE), (1, 0, 0)),
    "one instance that stops another": (stop(OTHER, ONE), (1, 0, 0)),
    "another call": ({"CloudTrailEvent": json.dumps({"eventName": "StartInstances"})}, (0, 1, 0)),
    "a record that is no JSON": ({"CloudTrailEvent": "{"}, (0, 0, 1)),
    "a record that is no object": (7, (0, 0, 1)),
    "a record without a name": ({"CloudTrailEvent": "{}"}, (0, 0, 1)),
    "a call without parameters": (
        {"CloudTrailEvent": json.dumps({"eventName": "StopInstances", "userIdentity": None})},
        (1, 0, 0),
    ),
}


@pytest.mark.parametrize(("record", "counts"), SILENT.values(), ids=SILENT.keys())
def test_other_records_are_counted(record, counts, tmp_path):
    found = read(write(tmp_path / "t.json", {"Events": [record]}), None)
    assert found.self_stops == ()
    assert (found.by_others, found.other, found.broken) == counts


def test_a_denied_call_is_one_that_failed(tmp_path):
    found = read(
        write(tmp_path / "t.json", {"Events": [stop(ONE, ONE, errorCode="Client.UnauthorizedOperation")]}), None
    )
    assert found.self_stops[0].failed == 1


def test_instances_that_were_scaled_in_are_no_replacement(tmp_path):
    activities = write(
        tmp_path / "a.json", {"Activities": [terminated(ONE, "a difference between desired and actual"), 3]}
    )
    found = read(None, activities)
    assert (found.replaced, found.other, found.broken) == ((), 1, 1)


@pytest.mark.parametrize("content", ["no json", "{}", '{"Events": 3}', "[" * 200_000, "\0"], ids=lambda text: text[:10])
def test_a_file_that_is_no_evidence(content, tmp_path):
    with pytest.raises(EvidenceError, match=r"t\.json"):
        read(write(tmp_path / "t.json", content), None)


def test_without_files_there_is_no_evidence():
    assert read(None, None) is None

"""What CloudTrail and the scaling activities of a group say: which instances stopped themselves, and what came of it.

The files are those that the aws CLI prints: ``aws cloudtrail lookup-events`` (``Events`` with the record as text in
``CloudTrailEvent``), records as CloudTrail writes them (``Records``), and ``aws autoscaling
describe-scaling-activities`` (``Activities``). A stop by an instance itself is a ``StopInstances`` whose caller is a
session of a role that bears the name of an instance (``…:assumed-role/ROLE/i-…``), which is how EC2 names the
sessions of instance profiles.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from selfstop.audit.model import Evidence, SelfStop

_INSTANCE: Final = re.compile(r"\bi-[0-9a-f]{8,17}\b")
_SESSION: Final = re.compile(r":assumed-role/(?P<role>[^/]+)/(?P<instance>i-[0-9a-f]{8,17})$")
_LIMIT: Final = 256 << 20


class EvidenceError(Exception):
    """A file of evidence cannot be used at all; the message says why."""


@dataclass
class _Found:
    """What was counted so far."""

    stops: dict[str, list[tuple[str, str, bool]]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_others: int = 0
    other: int = 0
    broken: int = 0


def read(cloudtrail: Path | None, activities: Path | None) -> Evidence | None:
    """The evidence in the files that are given; `EvidenceError` for one that is no JSON of the expected shape."""
    given = tuple(path for path in (cloudtrail, activities) if path is not None)
    if not given:
        return None
    found = _Found()
    if cloudtrail is not None:
        for record in _records(cloudtrail, ("Events", "Records")):
            _take_event(record, found)
    if activities is not None:
        for record in _records(activities, ("Activities",)):
            _take_activity(record, found)
    return Evidence(
        tuple(path.name for path in given),
        tuple(_self_stop(instance, calls, found) for instance, calls in sorted(found.stops.items())),
        found.by_others,
        tuple(sorted((group, len(instances)) for group, instances in found.replaced.items())),
        found.other,
        found.broken,
    )


def _records(path: Path, keys: tuple[str, ...]) -> list[Any]:
    try:
        if path.stat().st_size > _LIMIT:
            raise EvidenceError(f"{path} is larger than {_LIMIT >> 20} MiB")
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise EvidenceError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"{path} is no JSON") from error
    if isinstance(content, list):
        return content
    for key in keys:
        records = content.get(key) if isinstance(content, dict) else None
        if isinstance(records, list):
            return records
    raise EvidenceError(f"{path} has no list {' or '.join(repr(key) for key in keys)}")


def _take_event(record: Any, found: _Found) -> None:
    event = record
    if isinstance(record, dict) and isinstance(record.get("CloudTrailEvent"), str):
        try:
            event = json.loads(record["CloudTrailEvent"])
        except (ValueError, RecursionError):
            found.broken += 1
            return
    if not isinstance(event, dict) or not isinstance(event.get("eventName"), str):
        found.broken += 1
        return
    if event["eventName"] != "StopInstances":
        found.other += 1
        return
    stopped = set(_stopped(event))
    identity = event.get("userIdentity")
    arn = identity.get("arn") if isinstance(identity, dict) else None
    session = _SESSION.search(arn) if isinstance(arn, str) else None
    if session is None or session["instance"] not in stopped:
        found.by_others += 1
        return
    failed = bool(event.get("errorCode"))
    found.stops[session["instance"]].append((str(event.get("eventTime", "")), session["role"], failed))


def _stopped(event: dict[str, Any]) -> Iterator[str]:
    """The instances that a call is to stop."""
    parameters = event.get("requestParameters")
    listed = parameters.get("instancesSet") if isinstance(parameters, dict) else None
    items = listed.get("items") if isinstance(listed, dict) else None
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("instanceId"), str):
            yield item["instanceId"]


def _take_activity(record: Any, found: _Found) -> None:
    if not isinstance(record, dict) or not isinstance(record.get("Description"), str):
        found.broken += 1
        return
    description, cause = record["Description"], str(record.get("Cause", ""))
    group = record.get("AutoScalingGroupName")
    instance = _INSTANCE.search(description)
    if instance is None or not isinstance(group, str) or not description.startswith("Terminating"):
        found.other += 1
        return
    found.groups[instance[0]] = group
    if "health check" in cause or "health-check" in cause:
        found.replaced[group].add(instance[0])
    else:
        found.other += 1


def _self_stop(instance: str, calls: list[tuple[str, str, bool]], found: _Found) -> SelfStop:
    times = sorted(time for time, _, _ in calls)
    return SelfStop(
        instance,
        len(calls),
        times[0],
        times[-1],
        found.groups.get(instance, ""),
        calls[0][1],
        sum(failed for _, _, failed in calls),
    )

"""Scripts that look for the machines of a scaling group, to start something there."""

from __future__ import annotations

from selfstop.deploy.groups import Group
from selfstop.deploy.launches import Launch
from selfstop.deploy.resolve import Deployment


def visits(deployment: Deployment, group: Group, launch: Launch) -> bool:
    """Whether the script of a start looks for machines by the name that those of the group are tagged with."""
    text = deployment.text_of(launch.run.place.path)
    return "tag:Name" in text and any(host in text for host in group.hosts)

"""JSON files: policies, task definitions, templates, manifests, and what the aws CLI takes or prints."""

from __future__ import annotations

from selfstop.deploy.model import Reading, Strength
from selfstop.deploy.read import aws_input, containers, documents, policy
from selfstop.deploy.read.json_nodes import read_json
from selfstop.deploy.read.nodes import NotReadable


def read(path: str, text: str, *, line: int = 1, strength: Strength = Strength.OPERATOR) -> Reading:
    """What a JSON file describes; one that is not JSON has a problem and no facts."""
    try:
        node = read_json(text)
    except NotReadable as fault:
        return Reading(problems=(documents.problem(path, line, fault),))
    above = line - 1
    reading = documents.document(path, node, above=above, strength=strength)
    if reading != Reading():
        return reading
    return documents.reading(
        (
            *policy.policies(path, node, above=above),
            *containers.document(path, node, above=above, strength=documents.unattended(strength)),
            *aws_input.document(path, node, above=above, strength=strength),
        )
    )

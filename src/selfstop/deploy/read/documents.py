"""The documents in YAML and JSON files: their keys show which format they are in."""

from __future__ import annotations

from collections.abc import Iterable

from selfstop.deploy.model import Fact, Problem, Reading, Strength
from selfstop.deploy.read import cloudformation, compose, github_actions, kubernetes
from selfstop.deploy.read.cloudformation_values import is_template
from selfstop.deploy.read.nodes import Mapping, Node, NotReadable, child


def document(path: str, node: Node, *, above: int = 0, strength: Strength = Strength.OPERATOR) -> Reading:
    """What a document describes, nothing if it is of no known format.

    Orchestrators start things unattended, compose is for development: their runs have that strength where ``strength``
    is not weaker still.
    """
    own = unattended(strength)
    if is_template(node):
        return reading(cloudformation.document(path, node, above=above, strength=own))
    if child(node, "apiVersion") is not None or child(node, "kind") is not None:
        return reading(kubernetes.document(path, node, above=above, strength=own))
    if isinstance(child(node, "jobs"), Mapping) or child(node, "runs", "steps") is not None:
        return reading(github_actions.document(path, node, above=above, strength=strength))
    if isinstance(child(node, "services"), Mapping):
        return compose.document(path, node, above=above, strength=max(strength, Strength.LOCAL))
    return Reading()


def reading(facts: Iterable[Fact]) -> Reading:
    """A reading without problems."""
    return Reading(tuple(facts))


def unattended(strength: Strength) -> Strength:
    """Unattended, unless the file is weaker than a script by where it is, such as an example."""
    return Strength.UNATTENDED if strength <= Strength.OPERATOR else strength


def problem(path: str, line: int, fault: NotReadable) -> Problem:
    """What ended the reading of a text that begins at ``line``; line 0 where the whole of it is meant."""
    return Problem(path, fault.line + line - 1 if fault.line else 0, fault.reason)

"""YAML and JSON files: the keys of a document show which format it is in."""

from __future__ import annotations

from collections.abc import Iterable

from selfstop.deploy.model import Fact, Problem, Reading, Strength
from selfstop.deploy.read import (
    aws_input,
    cloud_config,
    cloudformation,
    compose,
    containers,
    github_actions,
    kubernetes,
    policy,
)
from selfstop.deploy.read.cloudformation_values import is_template
from selfstop.deploy.read.json_nodes import read_json as read_node
from selfstop.deploy.read.nodes import Mapping, Node, NotReadable, child
from selfstop.deploy.read.yaml_nodes import read_documents


def read_yaml(path: str, text: str, *, line: int = 1, strength: Strength = Strength.OPERATOR) -> Reading:
    """What a YAML file describes, each of its documents read as what its keys show it to be.

    A document of no known format has no facts. Orchestrators start things unattended, compose is for development:
    their runs have that strength where ``strength`` is not weaker still.
    """
    if text.startswith("#cloud-config"):
        return cloud_config.read(path, text, line=line, strength=_own(strength, Strength.UNATTENDED))
    documents = read_documents(text)
    readings = [_document(path, node, line - 1, strength) for node in documents.nodes]
    problems = [problem for reading in readings for problem in reading.problems]
    if documents.fault:
        problems.append(_problem(path, line, documents.fault))
    return Reading(tuple(fact for reading in readings for fact in reading.facts), tuple(problems))


def read_json(path: str, text: str, *, line: int = 1, strength: Strength = Strength.OPERATOR) -> Reading:
    """What a JSON file describes: policies, task definitions, templates, manifests, input of the aws CLI."""
    try:
        node = read_node(text)
    except NotReadable as fault:
        return Reading(problems=(_problem(path, line, fault),))
    reading = _document(path, node, line - 1, strength)
    if reading != Reading():
        return reading
    own = _own(strength, Strength.UNATTENDED)
    return _reading(
        (
            *policy.policies(path, node, above=line - 1),
            *containers.document(path, node, above=line - 1, strength=own),
            *aws_input.document(path, node, above=line - 1, strength=strength),
        )
    )


def _problem(path: str, line: int, fault: NotReadable) -> Problem:
    return Problem(path, fault.line + line - 1 if fault.line else 0, fault.reason)


def _reading(facts: Iterable[Fact]) -> Reading:
    return Reading(tuple(facts))


def _document(path: str, node: Node, above: int, strength: Strength) -> Reading:
    own = _own(strength, Strength.UNATTENDED)
    if is_template(node):
        return _reading(cloudformation.document(path, node, above=above, strength=own))
    if child(node, "apiVersion") is not None or child(node, "kind") is not None:
        return _reading(kubernetes.document(path, node, above=above, strength=own))
    if isinstance(child(node, "jobs"), Mapping) or child(node, "runs", "steps") is not None:
        return _reading(github_actions.document(path, node, above=above, strength=strength))
    if isinstance(child(node, "services"), Mapping):
        return compose.document(path, node, above=above, strength=max(strength, Strength.LOCAL))
    return Reading()


def _own(given: Strength, own: Strength) -> Strength:
    """The strength of a format, unless the file is weaker by where it is, such as an example."""
    return own if given <= Strength.OPERATOR else given

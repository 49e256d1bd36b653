"""YAML files: compose, workflows, manifests, templates, cloud-init."""

from __future__ import annotations

from selfstop.deploy.model import Reading, Strength
from selfstop.deploy.read import cloud_config, documents
from selfstop.deploy.read.yaml_nodes import read_documents


def read(path: str, text: str, *, line: int = 1, strength: Strength = Strength.OPERATOR) -> Reading:
    """What a YAML file describes, each of its documents read as what its keys show it to be."""
    if text.startswith("#cloud-config"):
        return cloud_config.read(path, text, line=line, strength=documents.unattended(strength))
    found = read_documents(text)
    readings = [documents.document(path, node, above=line - 1, strength=strength) for node in found.nodes]
    problems = [problem for reading in readings for problem in reading.problems]
    if found.fault:
        problems.append(documents.problem(path, line, found.fault))
    return Reading(tuple(fact for reading in readings for fact in reading.facts), tuple(problems))

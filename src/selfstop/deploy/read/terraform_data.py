"""JSON within Terraform: policies and container definitions, encoded, written out, or in files."""

from __future__ import annotations

import dataclasses
from typing import Final

from selfstop.deploy.model import Place, Policy, Statement, Value
from selfstop.deploy.read import policy
from selfstop.deploy.read.hcl import Block
from selfstop.deploy.read.hcl_values import Module
from selfstop.deploy.read.json_nodes import read_json
from selfstop.deploy.read.nodes import Mapping, Node, NotReadable, Scalar, Sequence

_FILES: Final = ("file", "templatefile", "filebase64")
_LISTS: Final = ("actions", "not_actions", "resources", "not_resources")


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A policy that is not in this place: in a file of the repository, or under a label or ARN."""

    file: Value | None = None
    reference: Value | None = None


def json_source(module: Module, node: Node | None) -> Node | None:
    """The tree of a JSON text: the argument of ``jsonencode``, or what a literal text holds, on the line it is on."""
    node = module.settled(node)
    if isinstance(node, Sequence) and node.tag == "!call jsonencode" and node.items:
        return module.settled(node.items[0])
    if isinstance(node, Sequence) and node.tag.startswith("!call "):
        return None
    value = module.value(node)
    if node is None or value is None:
        return None
    try:
        found = read_json(policy.pattern(value))
    except NotReadable:
        return None
    spans_lines = isinstance(node, Sequence) or not node_is_one_line(node)
    return _moved(found, node.line - 1, spread=spans_lines)


def node_is_one_line(node: Node) -> bool:
    """Whether a text's lines are not lines of the file."""
    return isinstance(node, Scalar) and node.folded


def _moved(node: Node, above: int, *, spread: bool) -> Node:
    line = node.line + above if spread else above + 1
    if isinstance(node, Scalar):
        return dataclasses.replace(node, line=line)
    if isinstance(node, Sequence):
        return Sequence(tuple(_moved(item, above, spread=spread) for item in node.items), line)
    entries = (
        (dataclasses.replace(key, line=line), _moved(value, above, spread=spread)) for key, value in node.entries
    )
    return Mapping(tuple(entries), line)


def policy_of(
    path: str, above: int, module: Module, node: Node | None, *, name: str = "", label: str = ""
) -> Policy | Elsewhere:
    """The policy that an attribute ``policy`` holds, or where it is."""
    settled = module.settled(node)
    block = module.data.get(_address(settled))
    if block is not None and block.labels[0] == "aws_iam_policy_document":
        return declared_policy(path, above, module, block, name=name, label=label)
    if isinstance(settled, Sequence) and settled.tag.removeprefix("!call ") in _FILES and settled.items:
        return Elsewhere(file=module.path(settled.items[0]))
    document = json_source(module, settled)
    if isinstance(document, Mapping):
        return policy.policy(path, document, above=above, name=name, label=label, evaluate=module.value)
    return Elsewhere(reference=module.value(settled) or Value.of("?"))


def _address(node: Node | None) -> str:
    """The data source that ``data.KIND.NAME.json`` speaks of."""
    if not isinstance(node, Scalar) or node.tag != "!ref" or not node.text.startswith("data."):
        return ""
    return ".".join(node.text.split(".")[1:3])


def declared_policy(path: str, above: int, module: Module, block: Block, *, name: str, label: str) -> Policy:
    """The policy of a ``data "aws_iam_policy_document"``."""
    complete = not any(block.get(f"{kind}_policy_documents") for kind in ("source", "override"))
    statements: list[Statement] = []
    for each in block.of("statement"):
        listed = {kind: _patterns(module, each.get(kind)) for kind in _LISTS}
        complete = complete and None not in listed.values() and "{{" not in "".join(listed["actions"] or ())
        effect = module.value(each.get("effect"))
        statements.append(
            Statement(
                effect is None or effect.literal != "Deny",
                Place(path, each.line + above),
                actions=listed["actions"] or (),
                not_actions=listed["not_actions"] or (),
                resources=listed["resources"] or (),
                not_resources=listed["not_resources"] or (),
                conditions="; ".join(policy.condition_text(inner.attributes) for inner in each.of("condition")),
            )
        )
    trust = any(each.of("principals") or each.of("not_principals") for each in block.of("statement"))
    dynamic = any(each.kind == "dynamic" for each in block.blocks)
    return Policy(Place(path, block.line + above), tuple(statements), name, trust, complete and not dynamic, label)


def _patterns(module: Module, node: Node | None) -> tuple[str, ...] | None:
    """The texts of a list, ``None`` where the list itself is not known."""
    node = module.settled(node)
    if node is None:
        return ()
    if not isinstance(node, Sequence) or node.tag:
        return None
    values = [module.value(item) for item in node.items]
    return tuple(policy.pattern(value) for value in values if value is not None)

"""IAM policy documents, in files of their own and wherever else they stand as a tree of nodes.

Source: IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from selfstop.deploy.model import Place, Policy, Statement, Value
from selfstop.deploy.read.nodes import (
    Mapping,
    Node,
    Scalar,
    descend,
    items,
    one_or_more,
    text,
)
from selfstop.deploy.read.plain import Evaluate, plain

_CONDITION_LIMIT: Final = 300


def policies(path: str, node: Node, *, above: int = 0) -> Iterator[Policy]:
    """The policy documents anywhere in ``node``, as files of them hold them, or input and output of the aws CLI."""
    names: dict[int, str] = {}
    for each in descend(node):
        if not isinstance(each, Mapping):
            continue
        document = each.get("PolicyDocument")
        if document is not None:
            names[id(document)] = text(each.get("PolicyName")) or text(each.get("RoleName")) or ""
        if is_policy(each):
            yield policy(path, each, above=above, name=names.get(id(each), ""))


def is_policy(node: Node | None) -> bool:
    """Whether it has the shape of a policy document."""
    return isinstance(node, Mapping) and any(
        isinstance(statement, Mapping) and statement.get("Effect") is not None
        for statement in one_or_more(node.get("Statement"))
    )


def policy(
    path: str, node: Mapping, *, above: int = 0, name: str = "", label: str = "", evaluate: Evaluate = plain
) -> Policy:
    """A policy document; ``node`` is the mapping with its ``Statement``, and ``evaluate`` knows its format's values."""
    found: list[Statement] = []
    complete = True
    trust = False
    for each in one_or_more(node.get("Statement")):
        read = _statement(path, each, above, evaluate)
        if read is None:
            complete = False
            continue
        found.append(read)
        complete = complete and _settled(each, evaluate)
        trust = trust or (
            isinstance(each, Mapping) and bool({"Principal", "NotPrincipal"} & {key.text for key, _ in each.entries})
        )
    return Policy(Place(path, node.line + above), tuple(found), name, trust, complete, label)


def _statement(path: str, node: Node, above: int, evaluate: Evaluate) -> Statement | None:
    if not isinstance(node, Mapping) or text(node.get("Effect")) not in {"Allow", "Deny"}:
        return None

    def patterns(name: str) -> tuple[str, ...]:
        values = (evaluate(each) for each in one_or_more(node.get(name)))
        return tuple(pattern(value) for value in values if value is not None)

    return Statement(
        text(node.get("Effect")) == "Allow",
        Place(path, node.line + above),
        actions=patterns("Action"),
        not_actions=patterns("NotAction"),
        resources=patterns("Resource"),
        not_resources=patterns("NotResource"),
        conditions=condition_text(node.get("Condition")),
    )


def pattern(value: Value) -> str:
    """The text of a pattern; what is filled in later stands in double braces, without colons, which part an ARN."""
    return "".join(part if isinstance(part, str) else _mark(part.name) for part in value.parts)


def _mark(name: str) -> str:
    return "{{" + name.replace(":", ".") + "}}"


def _settled(node: Node, evaluate: Evaluate) -> bool:
    """Whether the actions are all there as texts, none of them left open."""
    if not isinstance(node, Mapping):
        return False
    listed = [evaluate(each) for name in ("Action", "NotAction") for each in one_or_more(node.get(name))]
    return bool(listed) and all(value is not None and value.literal is not None for value in listed)


def condition_text(node: Node | None) -> str:
    """A Condition in one line, much like the JSON it is written in; cut off where it gets too long."""
    if node is None or (isinstance(node, Mapping) and not node.entries):
        return ""
    shown = _shown(node)
    return shown if len(shown) <= _CONDITION_LIMIT else shown[: _CONDITION_LIMIT - 1] + "…"


def _shown(node: Node) -> str:
    if isinstance(node, Scalar):
        return f"{node.tag} {node.text}".strip()
    if isinstance(node, Mapping):
        return "{" + ", ".join(f"{key.text}: {_shown(value)}" for key, value in node.entries) + "}"
    return "[" + ", ".join(_shown(item) for item in items(node)) + "]"

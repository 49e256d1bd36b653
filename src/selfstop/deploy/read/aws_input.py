"""JSON that the aws CLI takes (``--cli-input-json``, ``--launch-template-data file://…``) or prints."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from selfstop.deploy.model import (
    Language,
    LaunchTemplate,
    Place,
    ScalingGroup,
    Script,
    Strength,
    UserData,
    Value,
)
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, child, descend, items, text
from selfstop.deploy.read.plain import plain


def document(
    path: str, node: Node, *, above: int = 0, strength: Strength = Strength.OPERATOR
) -> Iterator[ScalingGroup | LaunchTemplate]:
    """The scaling groups and launch templates anywhere in ``node``."""
    for each in descend(node):
        if not isinstance(each, Mapping):
            continue
        if each.get("AutoScalingGroupName") is not None and each.get("MinSize") is not None:
            yield _group(path, each, above, strength)
        data = each.get("LaunchTemplateData")
        if data is not None and each.get("LaunchTemplateName") is not None:
            yield _template(path, each, data, above, strength)


def _group(path: str, node: Mapping, above: int, strength: Strength) -> ScalingGroup:
    template = child(node, "LaunchTemplate", "LaunchTemplateName") or child(node, "LaunchTemplate", "LaunchTemplateId")
    return ScalingGroup(
        plain(node.get("AutoScalingGroupName")) or Value(),
        Place(path, node.line + above),
        minimum=plain(node.get("MinSize")),
        desired=plain(node.get("DesiredCapacity")),
        maximum=plain(node.get("MaxSize")),
        template=plain(template or node.get("LaunchConfigurationName")),
        strength=strength,
    )


def _template(path: str, node: Mapping, data: Node, above: int, strength: Strength) -> LaunchTemplate:
    profile = child(data, "IamInstanceProfile", "Name") or child(data, "IamInstanceProfile", "Arn")
    tags = [tag for each in items(child(data, "TagSpecifications")) for tag in items(child(each, "Tags"))]
    named = next((child(tag, "Value") for tag in tags if text(child(tag, "Key")) == "Name"), None)
    return LaunchTemplate(
        plain(node.get("LaunchTemplateName")),
        Place(path, node.line + above),
        user_data=_user_data(path, child(data, "UserData"), above),
        profile=profile_name(plain(profile)),
        host=plain(named),
        strength=strength,
    )


def profile_name(value: Value | None) -> Value | None:
    """A profile by its name; an ARN ends in it."""
    literal = value.literal if value is not None else None
    return Value.of(literal.rpartition("/")[2]) if literal and literal.startswith("arn:") else value


def _user_data(path: str, node: Node | None, above: int) -> UserData | None:
    if not isinstance(node, Scalar):
        return None
    place = Place(path, node.line + above)
    script = decoded(node.text)
    if script is None:
        return UserData(place, text=node.text)
    return UserData(place, script=Script(Language.USER_DATA, script, place, Strength.UNATTENDED, one_line=True))


def decoded(literal: str) -> str | None:
    """The text in base64, ``None`` if it is none."""
    try:
        return base64.b64decode(literal, validate=True).decode() or None
    except ValueError:
        return None

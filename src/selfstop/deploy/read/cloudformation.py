"""CloudFormation and SAM templates: scaling groups, what they launch, who may do what.

Source: AWS CloudFormation User Guide, "AWS resource and property types reference". A scalable target of Application
Auto Scaling is no scaling group, whatever its ``MinCapacity`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import (
    CapacityWrite,
    Condition,
    Fact,
    Instance,
    InstanceProfile,
    Language,
    LaunchTemplate,
    Place,
    Role,
    RolePolicy,
    ScalingGroup,
    Script,
    Strength,
    UserData,
    Value,
)
from selfstop.deploy.read import containers, policy
from selfstop.deploy.read.aws_input import decoded, profile_name
from selfstop.deploy.read.cloudformation_values import Template, intrinsic, script_source
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, child, entries, items, one_or_more, text


def document(path: str, node: Node, *, above: int = 0, strength: Strength = Strength.UNATTENDED) -> Iterator[Fact]:
    """What the resources of a template create; ``node`` begins ``above`` lines below the top of the file."""
    template = Template(path, node)
    for key, resource in entries(child(node, "Resources")):
        make = _KINDS.get(text(child(resource, "Type")) or "")
        properties = child(resource, "Properties")
        if make is not None:
            yield from make(_Resource(path, above, strength, template, key, resource, properties))


@dataclass(frozen=True)
class _Resource:
    """A resource of a template."""

    path: str
    above: int
    strength: Strength
    template: Template
    key: Scalar
    node: Node
    properties: Node | None

    @property
    def place(self) -> Place:
        return self.at(self.key)

    @property
    def label(self) -> str:
        return self.template.label(self.key.text)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        condition = child(self.node, "Condition")
        return (Condition(condition.text, self.at(condition)),) if isinstance(condition, Scalar) else ()

    def at(self, node: Node) -> Place:
        return Place(self.path, node.line + self.above)

    def get(self, *names: str) -> Node | None:
        return child(self.properties, *names)

    def value(self, *names: str) -> Value | None:
        return self.template.value(self.get(*names))

    def name(self, property_name: str) -> Value:
        """The name it is given, else its label: CloudFormation makes one up."""
        return self.value(property_name) or Value.of(self.label)

    def references(self, *names: str) -> list[Value]:
        found = (self.template.value(each) for each in one_or_more(self.get(*names)))
        return [value for value in found if value is not None]


def _group(resource: _Resource) -> Iterator[Fact]:
    mixed = ("MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification")
    template = None
    for where in (("LaunchTemplate",), mixed):
        for name in ("LaunchTemplateId", "LaunchTemplateName"):
            template = template or resource.value(*where, name)
    yield ScalingGroup(
        resource.name("AutoScalingGroupName"),
        resource.place,
        minimum=resource.value("MinSize"),
        desired=resource.value("DesiredCapacity"),
        maximum=resource.value("MaxSize"),
        template=template or resource.value("LaunchConfigurationName"),
        label=resource.label,
        strength=resource.strength,
        conditions=resource.conditions,
    )


def _scheduled(resource: _Resource) -> Iterator[Fact]:
    group = resource.value("AutoScalingGroupName")
    if group is not None:
        yield CapacityWrite(
            group,
            resource.place,
            "a scheduled action",
            minimum=resource.value("MinSize"),
            desired=resource.value("DesiredCapacity"),
            maximum=resource.value("MaxSize"),
            strength=resource.strength,
            conditions=resource.conditions,
        )


def _launch_template(resource: _Resource) -> Iterator[Fact]:
    data = resource.get("LaunchTemplateData")
    profile = child(data, "IamInstanceProfile")
    tags = [tag for each in items(child(data, "TagSpecifications")) for tag in items(child(each, "Tags"))]
    yield LaunchTemplate(
        resource.value("LaunchTemplateName"),
        resource.place,
        label=resource.label,
        user_data=_user_data(resource, child(data, "UserData")),
        profile=profile_name(resource.template.value(child(profile, "Name") or child(profile, "Arn"))),
        host=_tag(resource, tags),
        strength=resource.strength,
    )


def _launch_configuration(resource: _Resource) -> Iterator[Fact]:
    yield LaunchTemplate(
        resource.value("LaunchConfigurationName"),
        resource.place,
        label=resource.label,
        user_data=_user_data(resource, resource.get("UserData")),
        profile=profile_name(resource.template.value(resource.get("IamInstanceProfile"))),
        strength=resource.strength,
    )


def _instance(resource: _Resource) -> Iterator[Fact]:
    yield Instance(
        resource.place,
        host=_tag(resource, items(resource.get("Tags"))),
        user_data=_user_data(resource, resource.get("UserData")),
        profile=profile_name(resource.template.value(resource.get("IamInstanceProfile"))),
        strength=resource.strength,
    )


def _tag(resource: _Resource, tags: list[Node] | tuple[Node, ...]) -> Value | None:
    named = (child(tag, "Value") for tag in tags if text(child(tag, "Key")) == "Name")
    return resource.template.value(next(named, None))


def _user_data(resource: _Resource, node: Node | None) -> UserData | None:
    value = resource.template.value(node)
    if node is None or value is None:
        return None
    place = resource.at(node)
    function = intrinsic(node)
    if function is None or function[0] != "Base64":
        text_of = decoded(value.literal or "")
        if text_of is None:
            return UserData(place, text=str(value))
        script = Script(Language.USER_DATA, text_of, place, Strength.UNATTENDED, resource.key.text, one_line=True)
        return UserData(place, script=script)
    if all(not isinstance(part, str) or not part.strip() for part in value.parts):
        return UserData(place, text=str(value))
    source = script_source(function[1])
    script = Script(
        Language.USER_DATA,
        str(value),
        place if source is None else Place(resource.path, source.first + resource.above),
        Strength.UNATTENDED,
        resource.key.text,
        conditions=resource.conditions,
        variables=tuple((part.name, Value((part,))) for part in dict.fromkeys(value.unresolved)),
        one_line=source is None or source.folded,
    )
    return UserData(place, script=script)


def _role(resource: _Resource) -> Iterator[Fact]:
    name = resource.name("RoleName")
    yield Role(
        name,
        resource.place,
        label=resource.label,
        boundary=resource.value("PermissionsBoundary"),
        complete=True,
        strength=resource.strength,
    )
    for inline in items(resource.get("Policies")):
        yield _given(resource, Value.of(resource.label), child(inline, "PolicyDocument"), child(inline, "PolicyName"))
    for reference in resource.references("ManagedPolicyArns"):
        yield _referred(resource, Value.of(resource.label), reference)
    managed = resource.get("ManagedPolicyArns")
    if intrinsic(managed) is not None:
        yield _referred(resource, Value.of(resource.label), resource.template.value(managed) or Value.of("?"))


def _policy(resource: _Resource) -> Iterator[Fact]:
    for role in (*resource.references("Roles"), *resource.references("RoleName")):
        yield _given(resource, role, resource.get("PolicyDocument"), resource.get("PolicyName"))


def _managed_policy(resource: _Resource) -> Iterator[Fact]:
    node = resource.get("PolicyDocument")
    if isinstance(node, Mapping):
        name = resource.value("ManagedPolicyName")
        yield policy.policy(
            resource.path,
            node,
            above=resource.above,
            name=(name.literal if name is not None else None) or resource.label,
            label=resource.label,
            evaluate=resource.template.value,
        )
    for role in resource.references("Roles"):
        yield _referred(resource, role, Value.of(resource.label))


def _given(resource: _Resource, role: Value, node: Node | None, name: Node | None) -> RolePolicy:
    document = (
        policy.policy(resource.path, node, above=resource.above, evaluate=resource.template.value)
        if isinstance(node, Mapping)
        else None
    )
    named = resource.template.value(name)
    place = resource.at(node) if node is not None else resource.place
    return RolePolicy(role, place, policy=document, name=str(named or ""), strength=resource.strength)


def _referred(resource: _Resource, role: Value, reference: Value) -> RolePolicy:
    return RolePolicy(role, resource.place, reference=reference, strength=resource.strength)


def _instance_profile(resource: _Resource) -> Iterator[Fact]:
    roles = resource.references("Roles")
    yield InstanceProfile(
        resource.name("InstanceProfileName"),
        resource.place,
        role=roles[0] if roles else None,
        label=resource.label,
    )


def _task(resource: _Resource) -> Iterator[Fact]:
    for definition in items(resource.get("ContainerDefinitions")):
        if isinstance(definition, Mapping):
            yield containers.container_run(
                resource.path,
                definition,
                above=resource.above,
                strength=resource.strength,
                evaluate=resource.template.value,
            )


_KINDS: Final[dict[str, Callable[[_Resource], Iterator[Fact]]]] = {
    "AWS::AutoScaling::AutoScalingGroup": _group,
    "AWS::AutoScaling::ScheduledAction": _scheduled,
    "AWS::AutoScaling::LaunchConfiguration": _launch_configuration,
    "AWS::EC2::LaunchTemplate": _launch_template,
    "AWS::EC2::Instance": _instance,
    "AWS::IAM::Role": _role,
    "AWS::IAM::Policy": _policy,
    "AWS::IAM::RolePolicy": _policy,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::InstanceProfile": _instance_profile,
    "AWS::ECS::TaskDefinition": _task,
}

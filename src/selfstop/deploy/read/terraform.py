"""Terraform files: scaling groups, what they launch, who may do what.

Source: documentation of the Terraform AWS provider. Needs the extra ``audit``.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import (
    CapacityWrite,
    Condition,
    Fact,
    Instance,
    InstanceProfile,
    LaunchTemplate,
    Parameter,
    Place,
    Policy,
    Problem,
    Reading,
    Role,
    RolePolicy,
    ScalingGroup,
    Strength,
    Value,
)
from selfstop.deploy.read import containers, hcl
from selfstop.deploy.read.aws_input import profile_name
from selfstop.deploy.read.hcl import Block
from selfstop.deploy.read.hcl_values import Module
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, items
from selfstop.deploy.read.terraform_data import declared_policy, json_source, policy_of
from selfstop.deploy.read.terraform_user_data import user_data
from selfstop.deploy.text import SCRIPT_LIMIT

_SHORT: Final = 200


def read(path: str, text: str, *, line: int = 1, strength: Strength = Strength.OPERATOR) -> Reading:
    """What a ``.tf`` or ``.tfvars`` file declares. Without the library for HCL, the reading names it."""
    if not hcl.is_available():
        return Reading(missing_library=hcl.LIBRARY)
    if len(text) > SCRIPT_LIMIT:  # the parser takes seconds for a megabyte of open interpolations
        return Reading(problems=(Problem(path, 0, f"larger than {SCRIPT_LIMIT // 1024} KiB"),))
    parsed = hcl.parse(text)
    problems = (Problem(path, parsed.fault.line + line - 1, parsed.fault.reason),) if parsed.fault else ()
    module = _module(path, parsed.file)
    if path.endswith(".tfvars"):
        return Reading(tuple(_given(path, parsed.file, module, line - 1)), problems)
    own = Strength.UNATTENDED if strength <= Strength.OPERATOR else strength
    facts: list[Fact] = [*_parameters(path, module, line - 1)]
    for block in parsed.file.blocks:
        make = _KINDS.get((block.kind, *block.labels[:1]))
        if make is not None and len(block.labels) > 1:
            facts.extend(make(_Resource(path, line - 1, own, module, block)))
        elif block.kind == "module" and block.labels:
            facts.extend(_called_module(_Resource(path, line - 1, own, module, block)))
    return Reading(tuple(facts), problems)


def _module(path: str, file: Block) -> Module:
    variables = {block.labels[0]: _default(block) for block in file.of("variable") if block.labels}
    local = {key.text: value for block in file.of("locals") for key, value in block.attributes.entries}
    data = {".".join(block.labels): block for block in file.of("data") if len(block.labels) == 2}
    return Module(posixpath.dirname(path), variables, local, data)


def _default(variable: Block) -> Node | None:
    """What a variable is if nobody sets it; secrets are not kept."""
    sensitive = variable.get("sensitive")
    return None if isinstance(sensitive, Scalar) and sensitive.text == "true" else variable.get("default")


def _parameters(path: str, module: Module, above: int) -> Iterator[Parameter]:
    """Short values only: others are texts, which stand where they are used."""
    for name, default in module.variables.items():
        value = module.value(default)
        if default is not None and value is not None and len(str(value)) <= _SHORT:
            yield Parameter(f"var.{name}", module.directory, value, Place(path, default.line + above))
    for name, node in module.locals.items():
        value = module.value(node)
        if value is not None and len(str(value)) <= _SHORT:
            yield Parameter(f"local.{name}", module.directory, value, Place(path, node.line + above), settled=True)


def _given(path: str, file: Block, module: Module, above: int) -> Iterator[Parameter]:
    for key, node in file.attributes.entries:
        value = module.value(node)
        if value is not None:
            yield Parameter(f"var.{key.text}", module.directory, value, Place(path, key.line + above))


@dataclass(frozen=True)
class _Resource:
    """A block and where it stands."""

    path: str
    above: int
    strength: Strength
    module: Module
    block: Block

    @property
    def place(self) -> Place:
        return Place(self.path, self.block.line + self.above)

    @property
    def label(self) -> str:
        address = ".".join(self.block.labels)
        return self.module.label(f"data.{address}" if self.block.kind == "data" else address)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """``count`` and ``for_each`` decide whether it is there at all, unless they are a literal number."""
        found = []
        for name in ("count", "for_each"):
            node = self.block.get(name)
            value = self.module.value(node)
            if node is not None and (value is None or value.literal is None):
                found.append(
                    Condition(f"{name} = {self.module.written(node)}", Place(self.path, node.line + self.above))
                )
        return tuple(found)

    def value(self, name: str, block: Block | None = None) -> Value | None:
        return self.module.value((block or self.block).get(name))

    def name(self) -> Value:
        """The name it is given, else its label: the provider makes one up."""
        return self.value("name") or Value.of(self.label)

    def at(self, node: Node | None) -> Place:
        return self.place if node is None else Place(self.path, node.line + self.above)


def _group(resource: _Resource) -> Iterator[Fact]:
    block = resource.block
    mixed = [
        inner
        for policy in block.of("mixed_instances_policy")
        for template in policy.of("launch_template")
        for inner in template.of("launch_template_specification")
    ]
    found: Value | None = None
    for each in (*block.of("launch_template"), *mixed):
        for name in ("id", "name", "launch_template_id", "launch_template_name"):
            found = found or resource.value(name, each)
    yield ScalingGroup(
        resource.name(),
        resource.place,
        minimum=resource.value("min_size"),
        desired=resource.value("desired_capacity"),
        maximum=resource.value("max_size"),
        template=found or resource.value("launch_configuration"),
        label=resource.label,
        strength=resource.strength,
        conditions=resource.conditions,
    )


def _schedule(resource: _Resource) -> Iterator[Fact]:
    def given(name: str) -> Value | None:
        value = resource.value(name)
        return None if value is None or value.literal == "-1" else value  # -1 leaves it as it is

    group = resource.value("autoscaling_group_name")
    if group is not None:
        yield CapacityWrite(
            group,
            resource.place,
            "a scheduled action",
            minimum=given("min_size"),
            desired=given("desired_capacity"),
            maximum=given("max_size"),
            strength=resource.strength,
            conditions=resource.conditions,
        )


def _template(resource: _Resource) -> Iterator[Fact]:
    profiles = resource.block.of("iam_instance_profile")
    named = next((resource.value("name", each) or resource.value("arn", each) for each in profiles), None)
    tagged = [tags for each in resource.block.of("tag_specifications") if (tags := each.get("tags")) is not None]
    yield LaunchTemplate(
        resource.value("name"),
        resource.place,
        label=resource.label,
        user_data=user_data(resource.path, resource.above, resource.module, resource.block),
        profile=profile_name(named or resource.value("iam_instance_profile")),
        host=_name_tag(resource, tagged),
        strength=resource.strength,
    )


def _name_tag(resource: _Resource, tables: list[Node]) -> Value | None:
    found = (table.get("Name") for table in map(resource.module.settled, tables) if isinstance(table, Mapping))
    return next((resource.module.value(node) for node in found if node is not None), None)


def _instance(resource: _Resource) -> Iterator[Fact]:
    tags = resource.block.get("tags")
    yield Instance(
        resource.place,
        host=_name_tag(resource, [] if tags is None else [tags]),
        user_data=user_data(resource.path, resource.above, resource.module, resource.block),
        profile=profile_name(resource.value("iam_instance_profile")),
        strength=resource.strength,
    )


def _called_module(resource: _Resource) -> Iterator[Fact]:
    """The modules that make a scaling group out of their arguments, which have the names of the resource's."""
    source = resource.value("source")
    if "autoscaling" not in str(source or "") or resource.block.get("min_size") is None:
        return
    label = resource.module.label(f"module.{resource.block.labels[0]}")
    data = user_data(resource.path, resource.above, resource.module, resource.block)
    profile = resource.value("iam_instance_profile_name") or resource.value("iam_instance_profile_arn")
    yield ScalingGroup(
        resource.value("name") or Value.of(label),
        resource.place,
        minimum=resource.value("min_size"),
        desired=resource.value("desired_capacity"),
        maximum=resource.value("max_size"),
        template=Value.of(label),
        label=label,
        strength=resource.strength,
        conditions=resource.conditions,
    )
    yield LaunchTemplate(
        resource.value("launch_template_name"),
        resource.place,
        label=label,
        user_data=data,
        profile=profile_name(profile),
        strength=resource.strength,
    )


def _role(resource: _Resource) -> Iterator[Fact]:
    label = Value.of(resource.label)
    yield Role(
        resource.name(),
        resource.place,
        label=resource.label,
        boundary=resource.value("permissions_boundary"),
        complete=True,
        strength=resource.strength,
    )
    for inline in resource.block.of("inline_policy"):
        if inline.get("policy") is not None:
            yield _attached(resource, label, inline)
    for node in items(resource.module.settled(resource.block.get("managed_policy_arns"))):
        reference = resource.module.value(node)
        if reference is not None:
            yield RolePolicy(label, resource.at(node), reference=reference, strength=resource.strength)


def _role_policy(resource: _Resource) -> Iterator[Fact]:
    role = resource.value("role")
    if role is not None:
        yield _attached(resource, role, resource.block)


def _attached(resource: _Resource, role: Value, block: Block) -> RolePolicy:
    """The policy in ``block`` as one of the role."""
    name = resource.value("name", block)
    node = block.get("policy")
    found = policy_of(resource.path, resource.above, resource.module, node)
    return RolePolicy(
        role,
        resource.at(node),
        policy=found if isinstance(found, Policy) else None,
        file=found.file if not isinstance(found, Policy) else None,
        reference=found.reference if not isinstance(found, Policy) else None,
        name=str(name or ""),
        strength=resource.strength,
    )


def _policy(resource: _Resource) -> Iterator[Fact]:
    name = resource.value("name")
    found = policy_of(
        resource.path,
        resource.above,
        resource.module,
        resource.block.get("policy"),
        name=(name.literal if name is not None else None) or resource.label,
        label=resource.label,
    )
    if isinstance(found, Policy):
        yield found
    else:  # its document is in another file
        yield Policy(resource.place, (), str(name or resource.label), complete=False, label=resource.label)


def _attachment(resource: _Resource) -> Iterator[Fact]:
    reference = resource.value("policy_arn")
    listed = items(resource.module.settled(resource.block.get("roles")))
    for role in (resource.value("role"), *map(resource.module.value, listed)):
        if role is not None and reference is not None:
            yield RolePolicy(role, resource.place, reference=reference, strength=resource.strength)


def _profile(resource: _Resource) -> Iterator[Fact]:
    yield InstanceProfile(resource.name(), resource.place, role=resource.value("role"), label=resource.label)


def _policy_document(resource: _Resource) -> Iterator[Fact]:
    yield declared_policy(
        resource.path, resource.above, resource.module, resource.block, name=resource.label, label=resource.label
    )


def _task(resource: _Resource) -> Iterator[Fact]:
    node = json_source(resource.module, resource.block.get("container_definitions"))
    for definition in items(node):
        if isinstance(definition, Mapping):
            yield containers.container_run(
                resource.path,
                definition,
                above=resource.above,
                strength=resource.strength,
                evaluate=resource.module.value,
            )


_KINDS: Final[dict[tuple[str, ...], Callable[[_Resource], Iterator[Fact]]]] = {
    ("resource", "aws_autoscaling_group"): _group,
    ("resource", "aws_autoscaling_schedule"): _schedule,
    ("resource", "aws_launch_template"): _template,
    ("resource", "aws_launch_configuration"): _template,
    ("resource", "aws_instance"): _instance,
    ("resource", "aws_spot_instance_request"): _instance,
    ("resource", "aws_iam_role"): _role,
    ("resource", "aws_iam_role_policy"): _role_policy,
    ("resource", "aws_iam_policy"): _policy,
    ("resource", "aws_iam_role_policy_attachment"): _attachment,
    ("resource", "aws_iam_policy_attachment"): _attachment,
    ("resource", "aws_iam_instance_profile"): _profile,
    ("data", "aws_iam_policy_document"): _policy_document,
    ("resource", "aws_ecs_task_definition"): _task,
}

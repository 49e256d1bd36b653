"""Commands of the aws CLI that create machines, groups of them, and the roles they have.

Options are given as words, as ``--cli-input-json``, in shorthand syntax (``Key=value,…``) or as JSON, each also by
``file://``. A file that the script has written before is read from what it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from selfstop.deploy.model import (
    CapacityWrite,
    Fact,
    Instance,
    InstanceProfile,
    Language,
    LaunchTemplate,
    Role,
    RolePolicy,
    ScalingGroup,
    UserData,
    Value,
)
from selfstop.deploy.read.invocation import Invocation
from selfstop.deploy.read.open_text import Json, OpenText, load_json, text_at
from selfstop.deploy.read.options import Options, Parsed, parse
from selfstop.deploy.read.user_data import file_of, referenced, user_data
from selfstop.deploy.read.variables import value_of

_OPTIONS: Final = Options(
    frozenset(
        "--debug --no-verify-ssl --no-paginate --no-sign-request --no-cli-pager --cli-auto-prompt --no-cli-auto-prompt "
        "--dry-run --no-dry-run --ebs-optimized --no-ebs-optimized --honor-cooldown --no-honor-cooldown "
        "--new-instances-protected-from-scale-in --no-new-instances-protected-from-scale-in --capacity-rebalance "
        "--no-capacity-rebalance --associate-public-ip-address --no-associate-public-ip-address "
        "--enable-api-termination --disable-api-termination --force-delete --no-force-delete".split()
    )
)
_NAME_TAG: Final = re.compile(
    r"\{\s*(?:Key=Name\s*,\s*Value=(?P<after>[^},]*)|Value=(?P<before>[^},]*),\s*Key=Name)\s*\}"
)


class _Arguments:
    """The options of one command, wherever they are written."""

    def __init__(self, command: Invocation, parsed: Parsed) -> None:
        self.command = command
        self._parsed = parsed
        self._input = self._json("--cli-input-json") or self._json("--launch-template-data")

    def value(self, option: str) -> Value | None:
        """An option as a value; ``--min-size`` is ``MinSize`` in JSON."""
        given = self._parsed.value(option)
        if given is None:
            return text_at(self._input, _key(option))
        return referenced(given, self.command.texts) or given

    def raw(self, option: str) -> Value | None:
        """An option as it is written, ``file://`` included."""
        return self._parsed.value(option)

    def field(self, option: str, *names: str) -> Value | None:
        """A field of an option in shorthand syntax or JSON: the first of ``names`` that is there."""
        given = self._parsed.value(option)
        item = self._json(option) if given is not None else self._at(_key(option))
        found = (text_at(item, *name.split(".")) for name in names)
        if (value := next(filter(None, found), None)) or given is None:
            return value
        opened = OpenText.of(given)
        for name in names:
            if match := re.search(rf"(?:^|[,{{]){name}=([^,}}]*)", opened.text):
                return opened.value(match[1].strip("\"'"))
        return None

    def tag(self) -> Value | None:
        """The value of the tag ``Name`` for instances."""
        given = self._parsed.value("--tag-specifications")
        if given is not None:
            opened = OpenText.of(given)
            if match := _NAME_TAG.search(opened.text):
                return opened.value((match["after"] or match["before"] or "").strip("\"'"))
        specifications = self._json("--tag-specifications") or self._at("TagSpecifications")
        return next(_names(specifications), None)

    def _at(self, key: str) -> Json:
        return self._input.get(key) if isinstance(self._input, dict) else None

    def _json(self, option: str) -> Json:
        given = self._parsed.value(option)
        if given is None:
            return None
        try:
            return load_json(referenced(given, self.command.texts) or given)
        except ValueError:
            return None


def _key(option: str) -> str:
    return "".join(word.capitalize() for word in option.removeprefix("--").split("-"))


def _names(specifications: Json) -> Iterator[Value]:
    for specification in specifications if isinstance(specifications, list) else ():
        tags = specification.get("Tags") if isinstance(specification, dict) else None
        kind = text_at(specification, "ResourceType")
        for tag in tags if isinstance(tags, list) and (kind is None or kind.literal == "instance") else ():
            value = text_at(tag, "Value")
            if value is not None and (text_at(tag, "Key") or Value()).literal == "Name":
                yield value


def facts(command: Invocation) -> Iterator[Fact]:
    """What a command of the aws CLI creates or changes; ``command`` begins with ``aws``."""
    parsed = parse(command.arguments[1:], _OPTIONS, interspersed=True)
    names = tuple(argument.literal or "" for argument in parsed.others[:2])
    handler = _HANDLERS.get(names)
    if handler:
        yield from handler(_Arguments(command, parsed))


def _group(arguments: _Arguments, *, update: bool = False) -> Iterator[Fact]:
    name = arguments.value("--auto-scaling-group-name")
    if name is None:
        return
    command = arguments.command
    yield ScalingGroup(
        name,
        command.place,
        minimum=arguments.value("--min-size"),
        desired=arguments.value("--desired-capacity"),
        maximum=arguments.value("--max-size"),
        template=_template(arguments),
        update=update,
        strength=command.strength,
        conditions=command.conditions,
    )


def _template(arguments: _Arguments) -> Value | None:
    names = ("LaunchTemplateName", "LaunchTemplateId")
    nested = tuple(f"LaunchTemplate.LaunchTemplateSpecification.{name}" for name in names)
    return (
        arguments.field("--launch-template", *names)
        or arguments.field("--mixed-instances-policy", *nested)
        or arguments.value("--launch-configuration-name")
    )


def _update(arguments: _Arguments) -> Iterator[Fact]:
    return _group(arguments, update=True)


def _capacity(by: str) -> Callable[[_Arguments], Iterator[Fact]]:
    def handler(arguments: _Arguments) -> Iterator[Fact]:
        name = arguments.value("--auto-scaling-group-name")
        if name is None:
            return
        command = arguments.command
        yield CapacityWrite(
            name,
            command.place,
            by,
            minimum=arguments.value("--min-size"),
            desired=arguments.value("--desired-capacity"),
            maximum=arguments.value("--max-size"),
            strength=command.strength,
            conditions=command.conditions,
        )

    return handler


def _launch_template(arguments: _Arguments) -> Iterator[Fact]:
    command = arguments.command
    name = arguments.value("--launch-template-name") or arguments.value("--launch-template-id")
    data = arguments.value("--user-data")
    yield LaunchTemplate(
        name,
        command.place,
        user_data=user_data(data, command) if data is not None else None,
        profile=arguments.field("--iam-instance-profile", "Name", "Arn"),
        host=arguments.tag(),
        strength=command.strength,
    )


def _launch_configuration(arguments: _Arguments) -> Iterator[Fact]:
    command = arguments.command
    yield LaunchTemplate(
        arguments.value("--launch-configuration-name"),
        command.place,
        user_data=_given_user_data(arguments),
        profile=arguments.value("--iam-instance-profile"),
        strength=command.strength,
    )


def _given_user_data(arguments: _Arguments) -> UserData | None:
    given = arguments.raw("--user-data") or arguments.value("--user-data")
    return user_data(given, arguments.command) if given is not None else None


def _instance(arguments: _Arguments) -> Iterator[Fact]:
    command = arguments.command
    yield Instance(
        command.place,
        host=arguments.tag(),
        user_data=_given_user_data(arguments),
        profile=arguments.field("--iam-instance-profile", "Name", "Arn"),
        strength=command.strength,
    )


def _role_policy(*, removed: bool = False) -> Callable[[_Arguments], Iterator[Fact]]:
    def handler(arguments: _Arguments) -> Iterator[Fact]:
        role = arguments.value("--role-name")
        if role is None:
            return
        command = arguments.command
        document = arguments.raw("--policy-document")
        text = referenced(document, command.texts) if document is not None else None
        file = None
        if document is not None and text is None:
            file = file_of(document)
            text = document if file is None else None
        yield RolePolicy(
            role,
            command.place,
            file=file,
            script=command.script(Language.JSON, text, command.place.line) if text is not None else None,
            reference=arguments.value("--policy-arn"),
            name=str(arguments.value("--policy-name") or ""),
            removed=removed,
            strength=command.strength,
        )

    return handler


def _role(arguments: _Arguments) -> Iterator[Fact]:
    name = arguments.value("--role-name")
    if name is not None:
        boundary = arguments.value("--permissions-boundary")
        yield Role(name, arguments.command.place, boundary=boundary, strength=arguments.command.strength)


def _profile(arguments: _Arguments) -> Iterator[Fact]:
    name = arguments.value("--instance-profile-name")
    if name is not None:
        yield InstanceProfile(name, arguments.command.place, arguments.value("--role-name"))


def _sent(arguments: _Arguments) -> Iterator[Fact]:
    """``ssm send-command``: commands in shorthand (``commands=[…]``) or JSON, for a shell on the instances."""
    command = arguments.command
    given = arguments.raw("--parameters")
    if given is None:
        return
    given = referenced(given, command.texts) or given
    opened = OpenText.of(given)
    shorthand = re.match(r"\s*commands=(.*)", opened.text, re.DOTALL)
    language = Language.POWERSHELL if "PowerShell" in str(arguments.value("--document-name")) else Language.SHELL
    text = _commands(opened.value(shorthand[1])) if shorthand else _commands(given)
    yield command.script(language, text, command.place.line)


def _commands(value: Value) -> Value:
    """The commands in a JSON list, or under ``commands`` of an object; else the value itself, which is one."""
    try:
        item = load_json(value)
    except ValueError:
        return value
    lines = item.get("commands") if isinstance(item, dict) else item
    texts = [line for line in (lines if isinstance(lines, list) else [lines]) if isinstance(line, Value)]
    return value_of(part for line in texts for part in (*line.parts, "\n"))


_HANDLERS: Final[dict[tuple[str, ...], Callable[[_Arguments], Iterator[Fact]]]] = {
    ("autoscaling", "create-auto-scaling-group"): _group,
    ("autoscaling", "update-auto-scaling-group"): _update,
    ("autoscaling", "set-desired-capacity"): _capacity("set-desired-capacity"),
    ("autoscaling", "put-scheduled-update-group-action"): _capacity("scheduled action"),
    ("autoscaling", "create-launch-configuration"): _launch_configuration,
    ("ec2", "create-launch-template"): _launch_template,
    ("ec2", "create-launch-template-version"): _launch_template,
    ("ec2", "run-instances"): _instance,
    ("iam", "put-role-policy"): _role_policy(),
    ("iam", "attach-role-policy"): _role_policy(),
    ("iam", "detach-role-policy"): _role_policy(removed=True),
    ("iam", "delete-role-policy"): _role_policy(removed=True),
    ("iam", "create-role"): _role,
    ("iam", "put-role-permissions-boundary"): _role,
    ("iam", "create-instance-profile"): _profile,
    ("iam", "add-role-to-instance-profile"): _profile,
    ("ssm", "send-command"): _sent,
}

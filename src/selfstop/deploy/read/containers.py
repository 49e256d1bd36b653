"""Container definitions of ECS, wherever they stand: task definitions in JSON, CloudFormation, Terraform.

Source: Amazon ECS API Reference, "ContainerDefinition". In CloudFormation its keys begin with capital letters.
"""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.deploy.model import (
    Dialect,
    Launcher,
    Layer,
    Mount,
    Origin,
    Place,
    Run,
    Setting,
    SettingsFile,
    Strength,
    Unresolved,
    Value,
)
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, descend, items
from selfstop.deploy.read.plain import Evaluate, command, plain


def document(path: str, node: Node, *, above: int = 0, strength: Strength = Strength.UNATTENDED) -> Iterator[Run]:
    """A run for each container of the task definitions anywhere in ``node``, as the aws CLI takes or prints them."""
    for each in descend(node):
        for definition in items(_get(each, "containerDefinitions")):
            if isinstance(definition, Mapping):
                yield container_run(path, definition, above=above, strength=strength)


def container_run(
    path: str,
    definition: Mapping,
    *,
    above: int = 0,
    strength: Strength = Strength.UNATTENDED,
    evaluate: Evaluate = plain,
) -> Run:
    """What one container definition starts."""
    entrypoint, words = _get(definition, "entryPoint"), _get(definition, "command")
    return Run(
        Launcher.ECS,
        Place(path, definition.line + above),
        image=evaluate(_get(definition, "image")),
        sources=tuple(_sources(path, definition, above, evaluate)),
        entrypoint=command(entrypoint, Place(path, entrypoint.line + above if entrypoint else 0), evaluate),
        command=command(words, Place(path, words.line + above if words else 0), evaluate),
        name=evaluate(_get(definition, "name")),
        mounts=tuple(_mounts(definition, evaluate)),
        workdir=evaluate(_get(definition, "workingDirectory")),
        strength=strength,
    )


def _get(node: Node | None, name: str) -> Node | None:
    if not isinstance(node, Mapping):
        return None
    return node.get(name) or node.get(name[0].upper() + name[1:])


def _sources(path: str, definition: Mapping, above: int, evaluate: Evaluate) -> Iterator[Setting | SettingsFile]:
    for item in items(_get(definition, "environmentFiles")):
        file = evaluate(_get(item, "value"))
        if file is not None:
            yield SettingsFile(file, Dialect.DOCKER, Place(path, item.line + above))
    for item in items(_get(definition, "environment")):
        name, value = evaluate(_get(item, "name")), evaluate(_get(item, "value"))
        if name is not None and name.literal:
            place = Place(path, _line(item, "value") + above)
            yield Setting(name.literal, value if value is not None else Value(), Layer.TABLE, place)
    for item in items(_get(definition, "secrets")):
        name, origin = evaluate(_get(item, "name")), evaluate(_get(item, "valueFrom"))
        if name is not None and name.literal:
            where = str(origin) if origin is not None else ""
            secret = Value((Unresolved(where, where, Origin.SECRET),))
            yield Setting(name.literal, secret, Layer.TABLE, Place(path, item.line + above))


def _line(node: Node, name: str) -> int:
    found = _get(node, name)
    return found.line if isinstance(found, Scalar) else node.line


def _mounts(definition: Mapping, evaluate: Evaluate) -> Iterator[Mount]:
    for item in items(_get(definition, "mountPoints")):
        source, target = evaluate(_get(item, "sourceVolume")), evaluate(_get(item, "containerPath"))
        if source is not None and target is not None:
            yield Mount(source, target)

"""Kubernetes manifests: containers of whatever has a pod template, and ConfigMaps.

Source: Kubernetes documentation, "Define Environment Variables for a Container" and "Define Dependent Environment
Variables": of several entries for a name the last counts, ``env`` before ``envFrom``, and ``$(X)`` stands for
variables that are defined before.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from typing import Final

from selfstop.deploy.model import (
    Command,
    ConfigMap,
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
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, child, entries, items, text
from selfstop.deploy.read.parts import joined
from selfstop.deploy.read.plain import plain

_POD: Final = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_TEMPLATE: Final = ("spec", "template", "spec")
_REFERENCE: Final = re.compile(r"\$\$|\$\(([-._A-Za-z0-9]+)\)")
_EXPANDED: Final = 64
"""A variable made of more parts than these is left open: each may hold the one before it twice."""


def document(
    path: str, node: Node, *, above: int = 0, strength: Strength = Strength.UNATTENDED
) -> Iterator[Run | ConfigMap]:
    """The containers and ConfigMaps of a manifest, or of a List of them; Secrets are never read."""
    kind = text(child(node, "kind")) or ""
    if kind.endswith("List"):
        for item in items(child(node, "items")):
            if not (text(child(item, "kind")) or "").endswith("List"):
                yield from document(path, item, above=above, strength=strength)
    elif kind == "ConfigMap":
        yield _config_map(path, node, above)
    elif isinstance(node, Mapping):
        yield from _Pod(path, node, kind, above, strength).runs()


def _config_map(path: str, node: Node, above: int) -> ConfigMap:
    settings = tuple(
        Setting(key.text, plain(value) or Value(), Layer.FILE, Place(path, key.line + above))
        for key, value in entries(child(node, "data"))
    )
    return ConfigMap(text(child(node, "metadata", "name")) or "", settings, Place(path, node.line + above))


@dataclasses.dataclass(frozen=True)
class _Pod:
    path: str
    node: Mapping
    kind: str
    above: int
    strength: Strength

    def runs(self) -> Iterator[Run]:
        spec = child(self.node, *_POD.get(self.kind, _TEMPLATE))
        name = text(child(self.node, "metadata", "name")) or ""
        for which in ("initContainers", "containers"):
            for container in items(child(spec, which)):
                if isinstance(container, Mapping):
                    yield self._run(container, name, plain(child(spec, "restartPolicy")))

    def _place(self, node: Node) -> Place:
        return Place(self.path, node.line + self.above)

    def _run(self, container: Mapping, owner: str, restart: Value | None) -> Run:
        files = tuple(self._files(container))
        settings = tuple(self._settings(container, bool(files)))
        known = {setting.name: setting.value for setting in settings}
        return Run(
            Launcher.KUBERNETES,
            self._place(container),
            image=plain(container.get("image")),
            sources=(*files, *settings),
            entrypoint=self._words(container.get("command"), known, bool(files)),
            command=self._words(container.get("args"), known, bool(files)),
            name=Value.of("/".join(filter(None, (owner, text(container.get("name")))))),
            restart=restart,
            mounts=tuple(_mounts(container)),
            workdir=plain(container.get("workingDir")),
            strength=self.strength,
            scheduled=self.kind == "CronJob",
        )

    def _words(self, node: Node | None, known: MappingType[str, Value], more: bool) -> Command | None:
        if node is None or (isinstance(node, Scalar) and node.null):
            return None
        words = (_expanded(item.text, known, more) for item in items(node) if isinstance(item, Scalar))
        return Command(tuple(words), self._place(node))

    def _files(self, container: Mapping) -> Iterator[SettingsFile]:
        for item in items(container.get("envFrom")):
            for kind in ("configMapRef", "secretRef"):
                reference = child(item, kind)
                name = plain(child(reference, "name"))
                if name is not None:
                    yield SettingsFile(
                        name,
                        Dialect.DOCKER,
                        self._place(item),
                        required=not _true(child(reference, "optional")),
                        secret=kind == "secretRef",
                        config_map=kind == "configMapRef",
                        prefix=text(child(item, "prefix")) or "",
                    )

    def _settings(self, container: Mapping, more: bool) -> Iterator[Setting]:
        known: dict[str, Value] = {}
        for item in items(container.get("env")):
            name = text(child(item, "name"))
            if not name:
                continue
            source = child(item, "valueFrom")
            written = text(child(item, "value")) or ""
            value = _expanded(written, known, more) if source is None else _from(source)
            known[name] = value
            at = child(item, "value") or item
            yield Setting(name, value, Layer.TABLE, self._place(at))


def _expanded(written: str, known: MappingType[str, Value], more: bool) -> Value:
    """A text with ``$(X)`` filled in; what is not defined stays, unless there may be ``more`` in ``envFrom``."""
    parts: list[str | Unresolved] = []
    position = 0
    for match in _REFERENCE.finditer(written):
        parts.extend(_marked(written[position : match.start()]))
        parts.extend(_reference(match, known, more))
        position = match.end()
        if len(parts) > _EXPANDED:
            return Value((Unresolved(written, written, Origin.VARIABLE),))
    parts.extend(_marked(written[position:]))
    value = joined(parts)
    long = sum(len(part) for part in value.parts if isinstance(part, str)) > max(len(written), 1 << 14)
    return Value((Unresolved(written, written, Origin.VARIABLE),)) if long else value


def _reference(match: re.Match[str], known: MappingType[str, Value], more: bool) -> tuple[str | Unresolved, ...]:
    name = match[1]
    if name is None:
        return ("$",)
    if name in known:
        return known[name].parts
    return (Unresolved(match[0], name, Origin.CONFIG_MAP),) if more else (match[0],)


def _marked(written: str) -> tuple[str | Unresolved, ...]:
    value = plain(Scalar(written, 0, plain=False))
    return value.parts if value else ()


def _from(source: Node) -> Value:
    for kind, origin in (("configMapKeyRef", Origin.CONFIG_MAP), ("secretKeyRef", Origin.SECRET)):
        reference = child(source, kind)
        if reference is not None:
            where = f"{text(child(reference, 'name')) or ''}/{text(child(reference, 'key')) or ''}"
            return Value((Unresolved(f"{kind} {where}", where, origin),))
    kind = next((key.text for key, _ in entries(source)), "valueFrom")
    return Value((Unresolved(kind, kind, Origin.HOST),))


def _true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.true


def _mounts(container: Mapping) -> Iterator[Mount]:
    for item in items(container.get("volumeMounts")):
        source, target = plain(child(item, "name")), plain(child(item, "mountPath"))
        if source is not None and target is not None:
            yield Mount(source, target)

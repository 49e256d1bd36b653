"""Compose files: each service is a run and, where it has ``build``, an image.

Source: the Compose specification and what ``docker compose config`` (v2) prints.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from selfstop.deploy.model import (
    Command,
    Dialect,
    Extends,
    ImageBuild,
    Language,
    Launcher,
    Layer,
    Mount,
    Origin,
    Place,
    Problem,
    Reading,
    Run,
    Script,
    Setting,
    SettingsFile,
    Strength,
    Unresolved,
    Value,
)
from selfstop.deploy.read import marks
from selfstop.deploy.read.interpolation import interpolate
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, Sequence, child, entries, items, one_or_more, text
from selfstop.deploy.read.parts import joined
from selfstop.deploy.read.words import split

_INTEGER: Final = re.compile(r"[-+]?(?:0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*)", re.ASCII)
_WHOLE: Final = re.compile(r"([-+]?[0-9]+)\.0*", re.ASCII)


def document(path: str, node: Node, *, above: int = 0, strength: Strength = Strength.LOCAL) -> Reading:
    """What the services of a compose file start and build; ``node`` begins ``above`` lines below the file's top."""
    reader = _Reader(path, above, strength)
    reader.file(node)
    return Reading((*reader.builds, *reader.scripts, *reader.runs.values()), tuple(reader.problems))


class _Reader:
    """Collects the facts of one file."""

    def __init__(self, path: str, above: int, strength: Strength) -> None:
        self.runs: dict[str, Run] = {}
        self.builds: list[ImageBuild] = []
        self.scripts: list[Script] = []
        self.problems: list[Problem] = []
        self._path = path
        self._base = posixpath.dirname(path)
        self._above = above
        self._strength = strength

    def place(self, line: int) -> Place:
        return Place(self._path, line + self._above)

    def problem(self, line: int, reason: str) -> None:
        self.problems.append(Problem(self._path, line + self._above if line else 0, reason))

    def file(self, document: Node) -> None:
        for key, service in entries(child(document, "services")):
            if isinstance(service, Mapping):
                self.runs[key.text] = self._run(key, service)
                self._build(key, service)
        for run in self.runs.values():
            extends = run.extends
            if extends is not None and extends.file is None and extends.service not in self.runs:
                self.problems.append(Problem(self._path, run.place.line, f"extends {extends.service}, not defined"))

    def _extends(self, service: Mapping) -> Extends | None:
        node = service.get("extends")
        name = text(child(node, "service")) if isinstance(node, Mapping) else text(node)
        return Extends(name, _value(child(node, "file"))) if name else None

    def _run(self, key: Scalar, service: Mapping) -> Run:
        for name, value in service.entries:
            if value.tag in {"!reset", "!override"}:
                self.problem(name.line, f"{value.tag} of {name.text} is not followed")
        return Run(
            Launcher.COMPOSE,
            self.place(key.line),
            image=_value(service.get("image")),
            sources=(*self._env_files(service), *self._settings(service.get("environment"))),
            entrypoint=self._command(service, "entrypoint"),
            command=self._command(service, "command"),
            name=Value.of(key.text),
            restart=_value(service.get("restart")) or _value(child(service, "deploy", "restart_policy", "condition")),
            mounts=tuple(_mounts(service.get("volumes"))),
            workdir=_value(service.get("working_dir")),
            strength=self._strength,
            profiles=tuple(filter(None, map(text, items(service.get("profiles"))))),
            extends=self._extends(service),
        )

    def _env_files(self, service: Mapping) -> Iterator[SettingsFile]:
        for node in one_or_more(service.get("env_file")):
            file = _value(node.get("path") if isinstance(node, Mapping) else node)
            if file is None:
                continue
            required, raw = child(node, "required"), child(node, "format")
            yield SettingsFile(
                file,
                Dialect.DOCKER if text(raw) == "raw" else Dialect.COMPOSE,
                self.place(node.line),
                base=self._base,
                required=not (isinstance(required, Scalar) and required.false),
            )

    def _settings(self, node: Node | None, layer: Layer = Layer.TABLE) -> Iterator[Setting]:
        for key, value in entries(node):
            if isinstance(value, Scalar):
                given = _taken_over(key.text) if value.null else _interpolated(_number(value))
                yield Setting(key.text, given, layer, self.place(key.line))
        for item in items(node):
            if isinstance(item, Scalar):
                name, separator, given_text = item.text.partition("=")
                given = _interpolated(given_text) if separator else _taken_over(name)
                yield Setting(name, given, layer, self.place(item.line))

    def _command(self, service: Mapping, name: str) -> Command | None:
        node = service.get(name)
        if node is None or (isinstance(node, Scalar) and node.null):
            return None
        words: tuple[Value, ...] = ()
        if isinstance(node, Scalar):
            words = split(_interpolated(node.text))
        elif isinstance(node, Sequence):
            words = tuple(_interpolated(item.text) for item in node.items if isinstance(item, Scalar))
        key = service.key(name)
        return Command(words, self.place(key.line if key else node.line))

    def _build(self, key: Scalar, service: Mapping) -> None:
        node = service.get("build")
        if node is None or (isinstance(node, Scalar) and node.null):
            return
        context = _value(node.get("context") if isinstance(node, Mapping) else node)
        inline = child(node, "dockerfile_inline")
        if isinstance(inline, Scalar):
            self.scripts.append(self._inline(inline, key.text))
        images = (service.get("image"), *one_or_more(child(node, "tags")))
        build_key = service.key("build")
        self.builds.append(
            ImageBuild(
                tuple(filter(None, map(_value, images))),
                self.place(build_key.line if build_key else node.line),
                context=context or Value.of("."),
                dockerfile=_value(child(node, "dockerfile")),
                dockerfile_in_context=True,
                base=self._base,
                target=_value(child(node, "target")),
                arguments=tuple(self._settings(child(node, "args"))),
                service=key.text,
                strength=self._strength,
            )
        )

    def _inline(self, inline: Scalar, service: str) -> Script:
        return Script(
            Language.DOCKERFILE,
            inline.text.replace("$$", "$"),
            self.place(inline.first),
            strength=self._strength,
            name=service,
            one_line=inline.folded,
        )


def _interpolated(written: str) -> Value:
    """A text with its variables and template marks unresolved."""
    parts = interpolate(written).parts
    return joined(each for part in parts for each in (marks.value(part).parts if isinstance(part, str) else (part,)))


def _value(node: Node | None) -> Value | None:
    found = text(node)
    return None if found is None else _interpolated(found)


def _taken_over(name: str) -> Value:
    return Value((Unresolved(name, name, Origin.HOST),))


def _number(scalar: Scalar) -> str:
    """The text of a value as compose passes it on: it reads plain numbers as YAML and writes them in decimal."""
    if not scalar.plain:
        return scalar.text
    if whole := _WHOLE.fullmatch(scalar.text):
        return str(whole[1])
    if not _INTEGER.fullmatch(scalar.text) or len(scalar.text) > 40:
        return scalar.text
    digits = scalar.text.replace("_", "")
    octal = re.fullmatch(r"([-+]?)0([0-7]+)", digits)
    try:
        return str(int(f"{octal[1]}0o{octal[2]}" if octal else digits, 0))
    except ValueError:
        return scalar.text


def _mounts(node: Node | None) -> Iterator[Mount]:
    source: Value | None
    target: Value | None
    for item in items(node):
        if isinstance(item, Mapping):
            source, target = _value(item.get("source")), _value(item.get("target"))
        else:
            source, target = _short_mount(item)
        if source is not None and target is not None:
            yield Mount(source, target)


# `SOURCE:TARGET[:MODE]`; a single letter before a colon is a drive of Windows, and `${X:-a:b}` is one word.
_PART: Final = r"(?:\$\{[^}]{0,200}\}|[^:$]|\$(?!\{))+"
_SHORT_MOUNT: Final = re.compile(rf"((?:[A-Za-z]:[\\/])?{_PART}):({_PART})(?::[^:]*)?")


def _short_mount(node: Node) -> tuple[Value | None, Value | None]:
    match = _SHORT_MOUNT.fullmatch(text(node) or "")
    return (_interpolated(match[1]), _interpolated(match[2])) if match else (None, None)

"""GitHub Actions: which image is built from which Dockerfile, and the scripts of steps.

Sources: GitHub documentation, "Workflow syntax for GitHub Actions"; the inputs of ``docker/build-push-action`` and
``docker/metadata-action``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selfstop.deploy.model import (
    Condition,
    ImageBuild,
    Language,
    Layer,
    Place,
    Script,
    Setting,
    Strength,
    Value,
)
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, child, entries, items, text
from selfstop.deploy.read.workflow_values import Context, combinations, input_defaults

_BUILD: Final = re.compile(r"docker/build-push-action@|.*/(?:build-push|docker-build-push)[\w-]*@")
_METADATA: Final = re.compile(r"docker/metadata-action@")
_SHELLS: Final = {
    "bash": Language.SHELL,
    "sh": Language.SHELL,
    "pwsh": Language.POWERSHELL,
    "powershell": Language.POWERSHELL,
    "cmd": Language.BATCH,
}


def document(
    path: str, node: Node, *, above: int = 0, strength: Strength = Strength.OPERATOR
) -> Iterator[ImageBuild | Script]:
    """The image builds and scripts of a workflow, or of a composite action."""
    reader = _Reader(path, above, strength)
    reader.workflow(node)
    yield from dict.fromkeys(reader.facts)


class _Reader:
    """Collects the facts of one file."""

    def __init__(self, path: str, above: int, strength: Strength) -> None:
        self.facts: list[ImageBuild | Script] = []
        self._path = path
        self._above = above
        self._strength = strength

    def workflow(self, document: Node) -> None:
        context = Context(inputs=input_defaults(document)).with_environment(child(document, "env"))
        shell = text(child(document, "defaults", "run", "shell"))
        for _, job in entries(child(document, "jobs")):
            for combination in combinations(job):
                self._job(job, context.with_known(combination).with_environment(child(job, "env")), shell)
        self._steps(items(child(document, "runs", "steps")), context, "bash", ())

    def _job(self, job: Node, context: Context, shell: str | None) -> None:
        windows = "windows" in (text(child(job, "runs-on")) or "")
        shell = text(child(job, "defaults", "run", "shell")) or shell or ("pwsh" if windows else "bash")
        self._steps(items(child(job, "steps")), context, shell, self._conditions(job))

    def _steps(self, steps: tuple[Node, ...], context: Context, shell: str, conditions: tuple[Condition, ...]) -> None:
        for step in steps:
            uses, run = text(child(step, "uses")), child(step, "run")
            within = context.with_environment(child(step, "env"))
            together = (*conditions, *self._conditions(step))
            if isinstance(run, Scalar):
                self._script(run, within, text(child(step, "shell")) or shell, together)
            elif uses and _BUILD.match(uses):
                self._build(step, within, together)
            elif uses and _METADATA.match(uses):
                context = context.with_known(_metadata(step, within))

    def _conditions(self, node: Node) -> tuple[Condition, ...]:
        condition = child(node, "if")
        if not isinstance(condition, Scalar) or condition.null:
            return ()
        return (Condition(" ".join(condition.text.split()), self._place(condition.line)),)

    def _place(self, line: int) -> Place:
        return Place(self._path, line + self._above)

    def _script(self, run: Scalar, context: Context, shell: str, conditions: tuple[Condition, ...]) -> None:
        language = _SHELLS.get(shell.split(maxsplit=1)[0] if shell.split() else "bash")
        if language is None:  # Python and others start no containers that could be read
            return
        place = self._place(run.first)
        self.facts.append(
            Script(
                language,
                context.filled(run.text),
                place,
                self._strength,
                conditions=conditions,
                one_line=run.folded,
                variables=tuple(context.environment().items()),
            )
        )

    def _build(self, step: Node, context: Context, conditions: tuple[Condition, ...]) -> None:
        inputs = child(step, "with")

        def given(name: str) -> Value | None:
            written = text(child(inputs, name))
            return None if written is None else context.value(written.strip())

        key = inputs.key("file") or inputs.key("tags") if isinstance(inputs, Mapping) else None
        self.facts.append(
            ImageBuild(
                tuple(_images(child(inputs, "tags"), context)),
                self._place(key.line if key else step.line),
                context=given("context") or Value.of("."),
                dockerfile=given("file"),
                base="",
                target=given("target"),
                arguments=tuple(self._arguments(child(inputs, "build-args"), context)),
                strength=self._strength,
                conditions=conditions,
            )
        )

    def _arguments(self, node: Node | None, context: Context) -> Iterator[Setting]:
        for number, written in _lines(node):
            name, separator, value = written.partition("=")
            if separator:
                yield Setting(name.strip(), context.value(value), Layer.TABLE, self._place(number))


def _lines(node: Node | None) -> Iterator[tuple[int, str]]:
    """The lines of an input that is a list with one item a line, with their numbers."""
    if isinstance(node, Scalar):
        for number, written in enumerate(node.text.split("\n")):
            if written.strip():
                yield node.line if node.folded else node.first + number, written.strip()


def _images(node: Node | None, context: Context) -> Iterator[Value]:
    for _, written in _lines(node):
        for tag in re.split(r",(?![^{]*\}\})", written):
            if tag.strip():
                yield context.value(tag.strip())


def _metadata(step: Node, context: Context) -> dict[str, Value]:
    """What ``docker/metadata-action`` gives: the names of the images with tags that are made up when it runs."""
    name = text(child(step, "id"))
    images = [written for _, written in _lines(child(step, "with", "images"))]
    if not name or len(images) != 1:
        return {}
    written = images[0].removeprefix("name=")
    tag = context.value(f"{written}:${{{{ steps.{name}.outputs.version }}}}")
    return {f"steps.{name}.outputs.tags": tag}

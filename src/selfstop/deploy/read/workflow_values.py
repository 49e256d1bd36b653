"""The expressions of GitHub Actions, ``${{ … }}``, as far as the workflow itself settles them.

Source: GitHub documentation, "Contexts" and "Workflow syntax for GitHub Actions".
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value
from selfstop.deploy.read.nodes import Node, Scalar, child, entries, items, text
from selfstop.deploy.read.parts import joined

_EXPRESSION: Final = re.compile(r"\$\{\{[ \t]*([^\n{}]{0,400}?)[ \t]*\}\}")
_NESTED: Final = 8
_COMBINATIONS: Final = 64
"""More jobs of a matrix are not told apart; their expressions stay open."""


@dataclasses.dataclass(frozen=True)
class Context:
    """What expressions may stand for: ``known`` literally, by name (``env.X``); ``inputs`` have defaults only."""

    known: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    inputs: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def with_environment(self, node: Node | None) -> Context:
        """The context below an ``env:``."""
        known = dict(self.known)
        for key, value in entries(node):
            if isinstance(value, Scalar):
                known[f"env.{key.text}"] = self.value(value.text)
        return dataclasses.replace(self, known=known)

    def with_known(self, known: Mapping[str, Value]) -> Context:
        """The context with more that is known."""
        return dataclasses.replace(self, known={**self.known, **known}) if known else self

    def environment(self) -> dict[str, Value]:
        """The variables of ``env:``, by name."""
        return {name.removeprefix("env."): value for name, value in self.known.items() if name.startswith("env.")}

    def value(self, written: str) -> Value:
        """A text with its expressions filled in where they are known, else unresolved."""
        if "${{" not in written:
            return Value.of(written)
        parts: list[str | Unresolved] = []
        position = 0
        for match in _EXPRESSION.finditer(written):
            parts.append(written[position : match.start()])
            parts.extend(self._expression(match[0], match[1]))
            position = match.end()
        parts.append(written[position:])
        value = joined(parts)
        return value if len(value.parts) <= 64 and _length(value) <= 1 << 16 else Value((_open(written, ()),))

    def filled(self, written: str) -> str:
        """A text of more lines with the expressions that are known filled in, the others as they stand."""

        def fill(match: re.Match[str]) -> str:
            known = self.known.get(match[1])
            literal = known.literal if known is not None else None
            return match[0] if literal is None or "\n" in literal or len(literal) > 400 else literal

        return _EXPRESSION.sub(fill, written)

    def _expression(self, mark: str, name: str) -> tuple[str | Unresolved, ...]:
        if name in self.known:
            return self.known[name].parts
        default = self.inputs.get(name.removeprefix("github.event."))
        return (_open(mark, () if default is None else (default,)),)


def _length(value: Value) -> int:
    return sum(len(part if isinstance(part, str) else part.text) for part in value.parts)


def _open(mark: str, candidates: tuple[str, ...]) -> Unresolved:
    name = _EXPRESSION.fullmatch(mark)
    return Unresolved(mark, name[1] if name else mark, Origin.TEMPLATE, candidates=candidates)


def input_defaults(document: Node) -> dict[str, str]:
    """The defaults of a workflow's or action's inputs, by ``inputs.NAME``."""
    found: dict[str, str] = {}
    triggers = child(document, "on")
    declared = [child(document, "inputs"), *(child(triggers, kind, "inputs") for kind in _TRIGGERS)]
    for inputs in declared:
        for key, described in entries(inputs):
            default = text(child(described, "default"))
            if default is not None:
                found[f"inputs.{key.text}"] = default
    return found


_TRIGGERS: Final = ("workflow_dispatch", "workflow_call")


def combinations(job: Node) -> Iterator[dict[str, Value]]:
    """What ``matrix.…`` stands for in each job that a matrix makes; one empty combination without a matrix.

    A matrix that an expression makes, or with too many jobs, gives the empty combination as well.
    """
    matrix = child(job, "strategy", "matrix")
    axes = [(key.text, items(value)) for key, value in entries(matrix) if key.text not in {"include", "exclude"}]
    included = [_flat("matrix", item) for item in items(child(matrix, "include"))]
    count = 1
    for _, choices in axes:
        count *= max(1, len(choices))
    if count * max(1, len(included)) > _COMBINATIONS:
        yield {}
        return
    excluded = [_flat("matrix", item) for item in items(child(matrix, "exclude"))]
    product = [
        _merged([_flat(f"matrix.{name}", choice) for (name, _), choice in zip(axes, chosen, strict=True)])
        for chosen in itertools.product(*(choices for _, choices in axes))
        if axes
    ]
    product = [each for each in product if not any(_agrees(each, other) for other in excluded)]
    yield from _included(product, included, axes=frozenset(f"matrix.{name}" for name, _ in axes)) or [{}]


def _included(
    product: list[dict[str, Value]], included: list[dict[str, Value]], *, axes: frozenset[str]
) -> list[dict[str, Value]]:
    """``include`` adds to each combination whose own values it keeps, else it is a combination of its own."""
    result = [dict(each) for each in product]
    for extra in included:
        fitting = [
            (original, each)
            for original, each in zip(product, result, strict=False)
            if all(original.get(name) == value for name, value in extra.items() if _axis(name) in axes)
        ]
        for _, each in fitting:
            each.update(extra)
        if not fitting:
            result.append(extra)
    return result


def _axis(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _agrees(combination: dict[str, Value], other: dict[str, Value]) -> bool:
    return bool(other) and all(combination.get(name) == value for name, value in other.items())


def _flat(prefix: str, node: Node, depth: int = 0) -> dict[str, Value]:
    """The texts below a node by their dotted names."""
    if isinstance(node, Scalar):
        return {prefix: Context().value(node.text)}
    if depth >= _NESTED:
        return {}
    return _merged([_flat(f"{prefix}.{key.text}", value, depth + 1) for key, value in entries(node)])


def _merged(tables: list[dict[str, Value]]) -> dict[str, Value]:
    merged: dict[str, Value] = {}
    for table in tables:
        merged.update(table)
    return merged

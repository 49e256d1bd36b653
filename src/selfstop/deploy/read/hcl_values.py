"""Values in Terraform files, as far as the file settles them.

A variable's default and what a ``.tfvars`` file gives it are candidates only: the command line, the environment and the
caller of a module come after them. Source: Terraform documentation, "Input Variables", "Functions".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value
from selfstop.deploy.read.hcl import Block
from selfstop.deploy.read.nodes import Node, Scalar, Sequence, items
from selfstop.deploy.read.parts import Allowance

_LOCALS: Final = 24
"""Locals that refer to each other are followed this far."""
_LONGEST: Final = 1 << 16
_SAME: Final = frozenset("base64encode base64gzip tostring tonumber trimspace nonsensitive sensitive chomp".split())
"""Functions whose result says the same as their argument."""


@dataclass
class Module:
    """The directory that a file belongs to, and the ``variables``, ``locals`` and ``data`` that the file declares."""

    directory: str
    variables: MappingType[str, Node | None] = field(default_factory=dict)
    locals: MappingType[str, Node] = field(default_factory=dict)
    data: MappingType[str, Block] = field(default_factory=dict)
    _known: dict[str, Value | None] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)
    _allowance: Allowance = field(default_factory=Allowance)

    def label(self, address: str) -> str:
        """The label of a resource, which no other directory has."""
        return f"{self.directory}:{address}" if self.directory else address

    def value(self, node: Node | None) -> Value | None:
        """What an expression stands for, ``None`` for nothing, null, lists and maps."""
        if isinstance(node, Scalar):
            return self._scalar(node)
        if not isinstance(node, Sequence) or not node.tag:
            return None
        if node.tag in {"!template", "!heredoc"}:
            return self._text(node)
        if node.tag == "!if":
            return self._either(node)
        return self._called(node.tag.removeprefix("!call "), node)

    def settled(self, node: Node | None) -> Node | None:
        """The expression behind references to locals of this file."""
        for _ in range(_LOCALS):
            if not isinstance(node, Scalar) or node.tag != "!ref" or not node.text.startswith("local."):
                return node
            following = self.locals.get(node.text.removeprefix("local."))
            if following is None:
                return node
            node = following
        return node

    def _scalar(self, node: Scalar) -> Value | None:
        if node.tag == "!ref":
            return self._reference(node.text)
        if node.tag:
            return _open(node.text, node.text)
        return None if node.plain and node.text == "null" else Value.of(node.text)

    def _reference(self, address: str) -> Value | None:
        names = address.split(".")
        if names[0] == "var" and len(names) > 1:
            return self.variable(names[1])
        if names[0] == "local" and len(names) == 2 and names[1] in self.locals:
            return self._local(names[1])
        if address == "path.module":
            return Value.of(self.directory or ".")
        if names[0] == "data" and len(names) > 2:
            return Value.of(self.label(".".join(names[:3])))
        if names[0].startswith("aws_") and len(names) > 1:
            return Value.of(self.label(".".join(names[:2])))
        return _open(f"${{{address}}}", address)

    def _local(self, name: str) -> Value | None:
        """The value of a local, looked for once; one that leads back to itself is left open."""
        if name in self._open or len(self._open) >= _LOCALS:
            return _open(f"${{local.{name}}}", f"local.{name}")
        if name not in self._known:
            self._open.append(name)
            self._known[name] = self.value(self.locals[name])
            self._open.pop()
        return self._known[name]

    def variable(self, name: str) -> Value:
        """An input variable, left open; its default in the same file is a candidate."""
        default = self.variables.get(name)
        literal = default.text if isinstance(default, Scalar) and not default.tag and default.text != "null" else None
        return _open(f"${{var.{name}}}", f"var.{name}", () if literal is None else (literal,))

    def _text(self, node: Sequence) -> Value:
        return self._concatenated(self._in_text(item) for item in node.items)

    def _concatenated(self, values: Iterable[Value]) -> Value:
        return self._allowance.concatenated(values, _LONGEST) or _open("${…}", "…")

    def _in_text(self, item: Node) -> Value:
        """A resource within a text has another name there than its label."""
        if isinstance(item, Scalar) and item.tag == "!ref" and item.text.startswith(("aws_", "data.")):
            return _open(f"${{{item.text}}}", item.text)
        if isinstance(item, Scalar) and item.tag == "!open":
            return _open(item.text if item.text.startswith("%") else f"${{{item.text}}}", item.text)
        return self.value(item) or _open("${…}", "…")

    def _either(self, node: Sequence) -> Value:
        test, *sides = node.items
        written = test.text if isinstance(test, Scalar) else "?"
        values = [self.value(side) for side in sides]
        literals = [value.literal if value is not None else None for value in values]
        candidates = tuple(dict.fromkeys(literal for literal in literals if literal is not None))
        return _open(f"${{{written} ? … : …}}", written, candidates, complete=None not in literals)

    def _called(self, name: str, node: Sequence) -> Value | None:
        arguments = node.items
        if name in _SAME and arguments:
            return self.value(arguments[0])
        if name == "join" and len(arguments) == 2:
            return self._joined(arguments[0], arguments[1])
        if name == "format" and arguments:
            return self._formatted(arguments)
        return _open(f"${{{name}(…)}}", name)

    def _joined(self, delimiter: Node, listed: Node) -> Value | None:
        between = self.value(delimiter)
        values = [self.value(item) for item in items(listed)]
        if between is None or not values or listed.tag or None in values:
            return _open("${join(…)}", "join")
        found: list[Value] = []
        for value in values:
            if value is not None:
                found += [between, value] if found else [value]
        return self._concatenated(found)

    def _formatted(self, arguments: tuple[Node, ...]) -> Value:
        form = self.value(arguments[0])
        literal = form.literal if form is not None else None
        values = [self.value(each) for each in arguments[1:]]
        pieces = (literal or "").replace("%d", "%s").split("%s")
        if literal is None or len(pieces) != len(values) + 1 or "%" in "".join(pieces):
            return _open("${format(…)}", "format")
        found = [Value.of(pieces[0])]
        for value, piece in zip(values, pieces[1:], strict=True):
            found += [value or _open("${…}", "…"), Value.of(piece)]
        return self._concatenated(found)

    def written(self, node: Node | None) -> str:
        """An expression much as it is written, in one line."""
        if isinstance(node, Scalar):
            return " ".join(node.text.split())
        if isinstance(node, Sequence) and node.tag == "!if":
            test, yes, no = map(self.written, node.items)
            return f"{test} ? {yes} : {no}"
        if isinstance(node, Sequence) and node.tag.startswith("!call "):
            return f"{node.tag.removeprefix('!call ')}({', '.join(map(self.written, node.items))})"
        value = self.value(node)
        return "…" if value is None else str(value)

    def path(self, node: Node | None) -> Value | None:
        """A file's path as one from the root: relative ones begin in the directory of the file."""
        value = self.value(node)
        literal = value.literal if value is not None else None
        if literal is None:
            return value
        inside = literal.startswith(f"{self.directory}/") if self.directory else True
        whole = literal if inside else posixpath.join(self.directory, literal)
        return Value.of(posixpath.normpath(whole))


def _open(written: str, name: str, candidates: tuple[str, ...] = (), *, complete: bool = False) -> Value:
    return Value((Unresolved(written, name, Origin.TEMPLATE, candidates=candidates, complete=complete),))

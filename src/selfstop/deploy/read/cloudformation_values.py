"""Values in CloudFormation templates: parameters, references and functions, as far as the template settles them.

Source: AWS CloudFormation User Guide, "Intrinsic function reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value
from selfstop.deploy.read.nodes import Mapping, Node, Scalar, Sequence, child, descend, entries, items, text
from selfstop.deploy.read.parts import Allowance

_VARIABLE: Final = re.compile(r"\$\{(!?)([A-Za-z0-9:._-]+)\}")
_LONGEST: Final = 1 << 18
_CANDIDATES: Final = 32


def intrinsic(node: Node | None) -> tuple[str, Node] | None:
    """A function's name, without ``Fn::`` or ``!``, and its argument; ``None`` if the node is none."""
    if node is None:
        return None
    if node.tag.startswith("!") and len(node.tag) > 1:
        return node.tag[1:], _untagged(node)
    if isinstance(node, Mapping) and len(node.entries) == 1:
        key, value = node.entries[0]
        if key.text == "Ref" or key.text.startswith("Fn::"):
            return key.text.removeprefix("Fn::"), value
    return None


def _untagged(node: Node) -> Node:
    if isinstance(node, Scalar):
        return Scalar(node.text, node.line, "", node.plain, node.first, node.folded)
    if isinstance(node, Sequence):
        return Sequence(node.items, node.line)
    return Mapping(node.entries, node.line)


@dataclass(frozen=True)
class Template:
    """A template in which values are looked up; ``scope`` makes its logical ids labels that no other template has."""

    scope: str
    root: Node
    _allowance: Allowance = field(default_factory=Allowance, compare=False, repr=False)

    def label(self, name: str) -> str:
        """The label of a resource."""
        return f"{self.scope}:{name}"

    def value(self, node: Node | None) -> Value | None:
        """What a node stands for, ``None`` for nothing, null, ``AWS::NoValue``, and what is no text."""
        function = intrinsic(node)
        if function is not None:
            return self._applied(*function)
        found = text(node)
        return None if found is None else Value.of(found)

    def _applied(self, name: str, argument: Node) -> Value | None:
        match name:
            case "Ref":
                return self._reference(text(argument) or "")
            case "GetAtt":
                return self._attribute(argument)
            case "Sub":
                return self._substituted(argument)
            case "Join":
                return self._joined(argument)
            case "If":
                return self._either(argument)
            case "FindInMap":
                return self._mapped(argument)
            case "Base64":
                return self.value(argument)
        return _open(name, name)

    def _reference(self, name: str) -> Value | None:
        if name == "AWS::NoValue":
            return None
        if child(self.root, "Resources", name) is not None:
            return Value.of(self.label(name))
        return self._parameter(name)

    def _parameter(self, name: str) -> Value:
        parameter = child(self.root, "Parameters", name)
        hidden = text(child(parameter, "NoEcho")) or ""
        default = None if hidden.lower() == "true" else child(parameter, "Default")
        candidates = (default.text,) if isinstance(default, Scalar) else ()
        return _open(f"${{{name}}}", name, candidates)

    def _attribute(self, argument: Node) -> Value:
        parts = [each.text for each in items(argument) if isinstance(each, Scalar)] or [text(argument) or ""]
        name = parts[0].partition(".")[0] if len(parts) == 1 else parts[0]
        if child(self.root, "Resources", name) is not None:
            return Value.of(self.label(name))
        return _open(f"${{{'.'.join(parts)}}}", name)

    def _substituted(self, argument: Node) -> Value | None:
        written, given = argument, None
        if isinstance(argument, Sequence):
            if not argument.items:
                return None
            written, given = argument.items[0], argument.items[1] if len(argument.items) > 1 else None
        if not isinstance(written, Scalar):
            return None
        known = {key.text: self.value(value) or Value() for key, value in entries(given)}
        longest = max(_LONGEST, len(written.text))
        return self._allowance.concatenated(self._pieces(written.text, known), longest) or _open("Sub", "Sub")

    def _pieces(self, written: str, known: dict[str, Value]) -> Iterator[Value]:
        position = 0
        for match in _VARIABLE.finditer(written):
            yield Value.of(written[position : match.start()])
            position = match.end()
            name = match[2]
            if match[1]:
                yield Value.of(f"${{{name}}}")
            elif name in known:
                yield known[name]
            else:
                yield self._in_text(name)
        yield Value.of(written[position:])

    def _in_text(self, name: str) -> Value:
        """A resource within a text has another name there than its label."""
        owner, _, attribute = name.partition(".")
        if child(self.root, "Resources", owner) is not None:
            return _open(f"${{{name}}}", name) if attribute else Value.of(self.label(owner))
        return self._parameter(name)

    def _joined(self, argument: Node) -> Value | None:
        arguments = items(argument)
        if len(arguments) != 2 or intrinsic(arguments[1]) is not None:
            return _open("Join", "Join")
        delimiter = text(arguments[0]) or ""
        values: list[Value] = []
        for item in items(arguments[1]):
            value = self.value(item)
            if value is not None:
                values += [Value.of(delimiter), value] if values else [value]
        return self._allowance.concatenated(values, _LONGEST) or _open("Join", "Join")

    def _either(self, argument: Node) -> Value | None:
        arguments = items(argument)
        if len(arguments) != 3:
            return _open("If", "If")
        condition = text(arguments[0]) or "If"
        values = [self.value(each) for each in arguments[1:]]
        literals = [value.literal for value in values if value is not None]
        if None in values:  # AWS::NoValue: then the property is not there
            return _open(f"!If {condition}", condition, tuple(filter(None, literals)))
        return _open(
            f"!If {condition}",
            condition,
            tuple(literal for literal in literals if literal is not None),
            complete=None not in literals,
        )

    def _mapped(self, argument: Node) -> Value:
        arguments = items(argument)
        names = [text(each) if intrinsic(each) is None else None for each in arguments]
        table = child(self.root, "Mappings", names[0] or "") if names else None
        if len(arguments) < 3 or table is None:
            return _open("FindInMap", "FindInMap")
        found: list[str] = []
        for key, row in entries(table):
            for inner, value in entries(row):
                if names[1] in {None, key.text} and names[2] in {None, inner.text} and isinstance(value, Scalar):
                    found.append(value.text)
        if len(set(found)) == 1 and names[2] is not None:
            return Value.of(found[0])
        candidates = tuple(dict.fromkeys(found))
        name = f"{names[0]}.{names[2] or '?'}"
        return _open(f"!FindInMap {name}", name, candidates[:_CANDIDATES], complete=0 < len(candidates) <= _CANDIDATES)


def _open(written: str, name: str, candidates: tuple[str, ...] = (), *, complete: bool = False) -> Value:
    return Value((Unresolved(written, name, Origin.TEMPLATE, candidates=candidates, complete=complete),))


def is_template(node: Node) -> bool:
    """Whether a document is a CloudFormation or SAM template."""
    if child(node, "AWSTemplateFormatVersion") is not None:
        return True
    return any((text(child(each, "Type")) or "").startswith("AWS::") for _, each in entries(child(node, "Resources")))


def script_source(node: Node) -> Scalar | None:
    """The one text below a node that makes up a script, ``None`` if it is put together from several."""
    found = [each for each in descend(node) if isinstance(each, Scalar)]
    long = [each for each in found if "\n" in each.text] or found[:1]
    return long[0] if len(long) == 1 else None

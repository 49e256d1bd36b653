"""HCL, the language of Terraform, as blocks over the tree that YAML and JSON are read into.

What is no plain text is a node with a tag: ``!ref`` a reference such as ``var.x``, ``!template`` and ``!heredoc`` lists
of the parts of a text, ``!if`` the test and the two sides of a conditional, ``!call NAME`` the arguments of a
function, ``!open`` the source of anything else. Source: "HCL Native Syntax Specification".
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from selfstop.deploy.read.nodes import DEPTH, NODES, Mapping, Node, NotReadable, Scalar, Sequence

if TYPE_CHECKING:
    from tree_sitter import Node as Tree

LIBRARY: Final = "tree-sitter-hcl"

_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([$%])\4\{", re.DOTALL)
_DOUBLED: Final = re.compile(r"([$%])\1\{")
_NEGATIVE: Final = re.compile(r"-[0-9.]+")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Block:
    """``kind "label" { … }``; a file is a block of its own, without either."""

    kind: str
    labels: tuple[str, ...]
    attributes: Mapping
    blocks: tuple[Block, ...]
    line: int

    def of(self, kind: str) -> tuple[Block, ...]:
        """The blocks of a kind directly in it, also those that ``dynamic`` makes."""
        found = []
        for block in self.blocks:
            if block.kind == kind:
                found.append(block)
            elif block.kind == "dynamic" and block.labels == (kind,):
                found.extend(block.of("content"))
        return tuple(found)

    def get(self, name: str) -> Node | None:
        """The value of an attribute."""
        return self.attributes.get(name)


@dataclass(frozen=True, slots=True)
class Parsed:
    """The blocks of a file and what was wrong in it."""

    file: Block
    fault: NotReadable | None = None


def is_available() -> bool:
    """Whether the library is installed that HCL is parsed with."""
    try:
        importlib.import_module("tree_sitter")
        importlib.import_module("tree_sitter_hcl")
    except ImportError:
        return False
    return True


def parse(text: str) -> Parsed:
    """The blocks of a file. Where it is broken, the rest is read all the same. Needs the library."""
    import tree_sitter
    import tree_sitter_hcl

    language = tree_sitter.Language(tree_sitter_hcl.language())
    source = text.encode("utf-8", "replace")
    root = tree_sitter.Parser(language).parse(source).root_node
    converter = _Converter(source)
    empty = Block("", (), Mapping((), 1), (), 1)
    try:
        file = converter.file(root)
    except NotReadable as fault:
        return Parsed(empty, fault)
    if root.has_error:
        return Parsed(file, NotReadable(_first_error(root), "is not valid HCL here"))
    return Parsed(file)


def _first_error(node: Tree) -> int:
    while not (node.is_error or node.is_missing):
        inner = next((each for each in node.children if each.has_error or each.is_missing), None)
        if inner is None:
            break
        node = inner
    return node.start_point[0] + 1


def _named(node: Tree) -> list[Tree]:
    return [each for each in node.children if each.is_named and each.type != "comment"]


@dataclass
class _Converter:
    source: bytes
    nodes: int = 0
    depth: int = 0
    makers: dict[str, Callable[[Tree], Node]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.makers = {
            "literal_value": self._inner,
            "collection_value": self._inner,
            "template_expr": self._inner,
            "string_lit": self._quoted,
            "quoted_template": self._quoted,
            "heredoc_template": self._heredoc,
            "tuple": self._tuple,
            "object": self._object,
            "function_call": self._call,
            "conditional": self._conditional,
            "numeric_lit": self._word,
            "bool_lit": self._word,
            "null_lit": self._word,
            "operation": self._operation,
        }

    def file(self, root: Tree) -> Block:
        bodies = [each for each in root.children if each.type == "body"]
        attributes, blocks = self._body(bodies[0]) if bodies else (Mapping((), 1), ())
        return Block("", (), attributes, blocks, 1)

    def _text(self, node: Tree) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _body(self, body: Tree) -> tuple[Mapping, tuple[Block, ...]]:
        attributes: dict[str, tuple[Scalar, Node]] = {}
        blocks: list[Block] = []
        for each in body.children:
            parts = _named(each)
            if each.type == "attribute" and len(parts) > 1:
                key = self._word(parts[0])
                attributes[key.text] = key, self.expression(parts[1])
            elif each.type == "block" and parts:
                with self._deeper(each):
                    blocks.append(self._block(each, parts))
        return Mapping(tuple(attributes.values()), _line(body)), tuple(blocks)

    def _block(self, node: Tree, parts: list[Tree]) -> Block:
        labels = [
            self._quoted(each) if each.type == "string_lit" else self._word(each)
            for each in parts[1:]
            if each.type in {"string_lit", "identifier"}
        ]
        body = next((each for each in parts if each.type == "body"), None)
        attributes, blocks = self._body(body) if body is not None else (Mapping((), _line(node)), ())
        texts = tuple(label.text for label in labels if isinstance(label, Scalar))
        return Block(self._text(parts[0]), texts, attributes, blocks, _line(node))

    def _deeper(self, node: Tree) -> _Level:
        self.nodes += 1
        if self.depth >= DEPTH:
            raise NotReadable(_line(node), f"nests deeper than {DEPTH} levels")
        if self.nodes > NODES:
            raise NotReadable(_line(node), f"has more than {NODES} nodes")
        return _Level(self)

    def expression(self, node: Tree) -> Node:
        """An expression, however often it is wrapped."""
        with self._deeper(node):
            parts = _named(node)
            if node.type == "expression":
                if len(parts) == 1 and parts[0].type != "variable_expr":
                    return self.expression(parts[0])
                return self._reference(node, parts)
            make = self.makers.get(node.type)
            return self._open(node) if make is None else make(node)

    def _inner(self, node: Tree) -> Node:
        parts = _named(node)
        return self.expression(parts[0]) if parts else self._open(node)

    def _open(self, node: Tree) -> Scalar:
        return Scalar(self._text(node), _line(node), "!open", first=_line(node))

    def _word(self, node: Tree) -> Scalar:
        return Scalar(self._text(node), _line(node), first=_line(node))

    def _operation(self, node: Tree) -> Scalar:
        """A negative number is one, other operations are left open."""
        return self._word(node) if _NEGATIVE.fullmatch(self._text(node)) else self._open(node)

    def _reference(self, node: Tree, parts: list[Tree]) -> Scalar:
        """``a.b.c``, indices left out."""
        names: list[str] = []
        for part in parts:
            if part.type in {"variable_expr", "get_attr"}:
                names.append(self._text(part).lstrip(". \n\t").strip())
            elif part.type not in {"index", "splat"}:
                return self._open(node)
        return Scalar(".".join(names), _line(node), "!ref", first=_line(node))

    def _tuple(self, node: Tree) -> Node:
        parts = [each for each in _named(node) if each.type == "expression"]
        return Sequence(tuple(self.expression(each) for each in parts), _line(node))

    def _object(self, node: Tree) -> Node:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for element in _named(node):
            parts = _named(element)
            if element.type == "object_elem" and len(parts) == 2:
                key = self.expression(parts[0])
                if isinstance(key, Scalar) and key.tag in {"", "!ref"}:
                    entries[key.text] = key, self.expression(parts[1])
        return Mapping(tuple(entries.values()), _line(node))

    def _call(self, node: Tree) -> Node:
        parts = _named(node)
        arguments = [each for part in parts if part.type == "function_arguments" for each in _named(part)]
        found = tuple(self.expression(each) for each in arguments if each.type == "expression")
        return Sequence(found, _line(node), f"!call {self._text(parts[0])}") if parts else self._open(node)

    def _conditional(self, node: Tree) -> Node:
        parts = _named(node)
        if len(parts) != 3:
            return self._open(node)
        test = self._open(parts[0])
        return Sequence((test, self.expression(parts[1]), self.expression(parts[2])), _line(node), "!if")

    def _quoted(self, node: Tree) -> Node:
        parts: list[Node] = []
        for part in _named(node):
            if part.type == "template_literal":
                parts.append(Scalar(_unescaped(self._text(part)), _line(part), plain=False, first=_line(part)))
            elif part.type not in {"quoted_template_start", "quoted_template_end"}:
                parts.append(self._interpolated(part))
        return _together(parts, _line(node), "!template")

    def _interpolated(self, node: Tree) -> Node:
        parts = [each for each in _named(node) if each.type == "expression"]
        if node.type == "template_interpolation" and len(parts) == 1:
            return self.expression(parts[0])
        return self._open(node)

    def _heredoc(self, node: Tree) -> Node:
        """The lines of a here-document, their common indentation taken off after ``<<-``."""
        whole = self.source[node.start_byte : node.end_byte]
        start = node.start_byte + whole.find(b"\n") + 1
        end = node.start_byte + whole.rfind(b"\n") + 1
        indented = whole.startswith(b"<<-")
        strip = _stripper(self.source[start:end].decode("utf-8", "replace")) if indented else None
        parts: list[Node] = []
        line = _line(node) + 1
        at_start = True
        for part in _named(node):
            if part.type in {"template_interpolation", "template_directive"} and part.start_byte >= start:
                parts.extend(self._literal(start, part.start_byte, line, strip, at_start=at_start))
                parts.append(self._interpolated(part))
                start, line, at_start = part.end_byte, part.end_point[0] + 1, False
        parts.extend(self._literal(start, end, line, strip, at_start=at_start))
        return _together(parts, _line(node) + 1, "!heredoc")

    def _literal(
        self, start: int, end: int, line: int, strip: Callable[[str, bool], str] | None, *, at_start: bool
    ) -> Iterator[Scalar]:
        text = self.source[start:end].decode("utf-8", "replace")
        if strip is not None:
            text = strip(text, at_start)
        if text:
            yield Scalar(_DOUBLED.sub(r"\1{", text), line, plain=False, first=line, folded=False)


@dataclass
class _Level:
    """One level deeper, for as long as a ``with`` lasts."""

    converter: _Converter

    def __enter__(self) -> None:
        self.converter.depth += 1

    def __exit__(self, *_: object) -> None:
        self.converter.depth -= 1


def _line(node: Tree) -> int:
    return int(node.start_point[0]) + 1


def _together(parts: list[Node], line: int, tag: str) -> Node:
    if not parts:
        return Scalar("", line, plain=False, first=line, folded=False)
    if len(parts) == 1 and isinstance(parts[0], Scalar) and not parts[0].tag:
        return parts[0]
    return Sequence(tuple(parts), line, tag)


def _stripper(whole: str) -> Callable[[str, bool], str]:
    """Takes the indentation off that all lines of ``whole`` have, from a part of it that may begin with a line."""
    indents = [len(line) - len(line.lstrip(" \t")) for line in whole.split("\n") if line.strip()]
    width = min(indents, default=0)
    pattern = re.compile(rf"(?<=\n)[ \t]{{0,{width}}}") if width else None
    leading = re.compile(rf"[ \t]{{0,{width}}}")

    def strip(text: str, at_start: bool) -> str:
        if pattern is None:
            return text
        if at_start:
            text = leading.sub("", text, count=1)
        return pattern.sub("", text)

    return strip


def _unescaped(text: str) -> str:
    if "\\" not in text and "{" not in text:
        return text

    def unescape(match: re.Match[str]) -> str:
        if match[4]:
            return match[4] + "{"
        code = match[1] or match[2]
        if code:
            number = int(code, 16)
            return chr(number) if number < 0x110000 else match[0]
        return _ESCAPES.get(match[3], match[3])

    return _ESCAPE.sub(unescape, text)

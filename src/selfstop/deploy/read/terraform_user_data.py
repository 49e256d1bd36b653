"""User data in Terraform: texts, files and templates, in base64 or not."""

from __future__ import annotations

from typing import Final

from selfstop.deploy.model import Language, Place, Script, Strength, UserData, Value
from selfstop.deploy.read.hcl import Block
from selfstop.deploy.read.hcl_values import Module
from selfstop.deploy.read.nodes import Node, Scalar, Sequence, entries

_NAMES: Final = ("user_data", "user_data_base64")
_WRAPPERS: Final = frozenset("base64encode base64gzip trimspace chomp replace sensitive nonsensitive".split())
_FILES: Final = frozenset("file filebase64 templatefile".split())
_WRAPPED: Final = 8


def user_data(path: str, above: int, module: Module, block: Block) -> UserData | None:
    """The user data of a launch template, launch configuration or instance."""
    node = next((found for name in _NAMES if (found := block.get(name)) is not None), None)
    return None if node is None else _read(path, above, module, node)


def _read(path: str, above: int, module: Module, node: Node) -> UserData | None:
    place = Place(path, node.line + above)
    inner, variables = _unwrapped(module, node)
    name = inner.tag.removeprefix("!call ") if isinstance(inner, Sequence) else ""
    if isinstance(inner, Sequence) and name in _FILES and inner.items:
        given = inner.items[1] if name == "templatefile" and len(inner.items) > 1 else None
        return UserData(place, file=module.path(inner.items[0]), variables=variables or _variables(module, given))
    value = module.value(inner)
    if inner is None or value is None:
        return None
    if not any(isinstance(part, str) and part.strip() for part in value.parts) or _is_label(module, value):
        return UserData(place, text=str(value))
    script = Script(
        Language.USER_DATA,
        str(value),
        Place(path, inner.line + above),
        Strength.UNATTENDED,
        variables=tuple((part.name, Value((part,))) for part in dict.fromkeys(value.unresolved)),
        one_line=_is_one_line(inner),
    )
    return UserData(place, script=script)


def _unwrapped(module: Module, node: Node | None) -> tuple[Node | None, tuple[tuple[str, Value], ...]]:
    """The text itself, below functions that encode it and data sources that fill it in."""
    variables: tuple[tuple[str, Value], ...] = ()
    for _ in range(_WRAPPED):
        node = module.settled(node)
        if isinstance(node, Sequence) and _is_wrapper(node):
            node = node.items[0]
        elif (block := _rendered(module, node)) is not None:
            variables = _variables(module, block.get("vars")) or variables
            node = _content(block)
        else:
            break
    return node, variables


def _is_wrapper(node: Sequence) -> bool:
    if node.tag == "!template":
        return len(node.items) == 1
    return node.tag.removeprefix("!call ") in _WRAPPERS and bool(node.items)


def _rendered(module: Module, node: Node | None) -> Block | None:
    """The data source behind ``data.template_file.x.rendered``."""
    if not isinstance(node, Scalar) or node.tag != "!ref" or not node.text.endswith(".rendered"):
        return None
    block = module.data.get(".".join(node.text.split(".")[1:3]))
    return block if block is not None and _content(block) is not None else None


def _content(block: Block) -> Node | None:
    parts = block.of("part")
    if parts:
        return parts[0].get("content") if len(parts) == 1 else None
    return block.get("template")


def _variables(module: Module, node: Node | None) -> tuple[tuple[str, Value], ...]:
    found = ((key.text, module.value(value)) for key, value in entries(module.settled(node)))
    return tuple((name, value) for name, value in found if value is not None)


def _is_label(module: Module, value: Value) -> bool:
    """Whether it is no text but a reference to something else, such as a data source of another file."""
    literal = value.literal or ""
    return "\n" not in literal and literal.startswith((module.label("data."), module.label("aws_")))


def _is_one_line(node: Node) -> bool:
    return node.folded if isinstance(node, Scalar) else node.tag != "!heredoc"

"""Elements of HTML and SVG, made as a tree: what comes from a repository can be text or an attribute, never markup."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from selfstop.output.escape import escape

_BLOCKS: Final = frozenset(
    "html head meta title style script body header main section article footer nav details summary h1 h2 h3 h4 p ul ol "
    "li table thead tbody tr th td div pre figure svg g".split()
)
_BREAKS: Final = re.compile(r"(?<=[/_])(?=\w)|(?<=\.)(?=\w+[._])")
_CAMEL: Final = {"view_box": "viewBox"}

Child = ET.Element | str | None


def element(tag: str, *children: Child, **attributes: str | None) -> ET.Element:
    """An element. Text is made safe to show; an attribute that is None is left out.

    An underscore at the end of an attribute's name is dropped (``class_``), those within become hyphens.
    """
    given = {_name(name): escape(value) for name, value in attributes.items() if value is not None}
    made = ET.Element(tag, given)
    for child in children:
        if isinstance(child, ET.Element):
            made.append(child)
        elif child:
            _append_text(made, escape(child))
    return made


def verbatim(tag: str, text: str) -> ET.Element:
    """A ``script`` or ``style`` with a text of our own, which is not escaped: HTML does not read it as text."""
    made = ET.Element(tag)
    made.text = text
    return made


def coded(text: str) -> list[Child]:
    """A message, whose source text between backticks becomes ``code``."""
    parts = text.split("`")
    return [element("code", part) if number % 2 else part for number, part in enumerate(parts)]


def breakable(text: str) -> list[Child]:
    """A path or name, which may be broken behind its slashes, underscores and dots, but not before an extension."""
    parts: list[Child] = []
    for piece in _BREAKS.split(text):
        parts += [piece, element("wbr")]
    return parts[:-1]


def serialized(root: ET.Element) -> str:
    """The document, with a line for each block."""
    for each in root.iter():
        if each.tag in _BLOCKS and not each.tail:
            each.tail = "\n"
    return "<!DOCTYPE html>\n" + ET.tostring(root, encoding="unicode", method="html")


def _name(name: str) -> str:
    return name.removesuffix("_").replace("_", "-") if name not in _CAMEL else _CAMEL[name]


def _append_text(parent: ET.Element, text: str) -> None:
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text

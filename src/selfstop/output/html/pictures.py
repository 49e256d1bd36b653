"""Drawings as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from selfstop.audit.chain import Chain, Part
from selfstop.output.html.drawing import Arrow, Box, Drawing, Point, Text, column, ring
from selfstop.output.html.elements import element

_HEAD = 7


def picture(chain: Chain, target: str | None) -> ET.Element:
    """The chain for wide and for narrow screens; its code leads to ``target`` on the page."""
    return element(
        "figure",
        _svg(ring(chain), "wide", target, chain.story),
        _svg(column(chain), "narrow", target, chain.story),
        class_="picture",
    )


def _svg(drawing: Drawing, kind: str, target: str | None, label: str) -> ET.Element:
    return element(
        "svg",
        *(part for arrow in drawing.arrows for part in _arrow(arrow)),
        *(_box(box, target) for box in drawing.boxes),
        *(_text(text) for text in drawing.labels),
        class_=kind,
        view_box=f"0 0 {drawing.width} {drawing.height}",
        width=str(drawing.width),
        height=str(drawing.height),
        role="group",
        aria_label=label,
    )


def _box(box: Box, target: str | None) -> ET.Element:
    kind = f"gate {box.flow.value}" if box.part is None else f"node {box.part.name.lower()}"
    shape = element(
        "rect",
        x=str(box.x),
        y=str(box.y),
        width=str(box.width),
        height=str(box.height),
        rx="14" if box.part is None else "6",
    )
    group = element("g", shape, *map(_text, box.texts), class_=f"{kind} missing" if box.is_missing else kind)
    if target is not None and box.part in {Part.CODE, Part.STOP}:
        return element("a", group, href=f"#{target}")
    return group


def _text(text: Text) -> ET.Element:
    anchor = None if text.anchor == "start" else text.anchor
    return element("text", text.text, x=str(text.x), y=str(text.y), class_=text.kind, text_anchor=anchor)


def _arrow(arrow: Arrow) -> Iterator[ET.Element]:
    kind = f"edge {arrow.flow.value}{' broken' if arrow.is_broken else ''}"
    points = " L".join(f"{x} {y}" for x, y in arrow.points)
    yield element("path", d=f"M{points}", class_=kind)
    before, end = arrow.points[-2:]
    if arrow.has_head:
        yield element("path", d=_head(before, end), class_=f"head {arrow.flow.value}")
    if arrow.is_barred:
        x, y = (before[0] + end[0]) // 2, (before[1] + end[1]) // 2
        yield element("path", d=f"M{x - 6} {y - 6} L{x + 6} {y + 6} M{x - 6} {y + 6} L{x + 6} {y - 6}", class_="bar")


def _head(before: Point, end: Point) -> str:
    """A triangle at ``end``, which points away from ``before``; arrows run along one axis."""
    x, y = end
    if before[1] == y:
        back = x - _HEAD if before[0] < x else x + _HEAD
        return f"M{x} {y} L{back} {y - 5} L{back} {y + 5} Z"
    back = y - _HEAD if before[1] < y else y + _HEAD
    return f"M{x} {y} L{x - 5} {back} L{x + 5} {back} Z"

"""Where the boxes and arrows of a chain go: as a ring on wide screens, as a column on narrow ones.

The ring has the deployment above, from the left to the right, and the code below, from the right to the left: where a
group replaces what stopped itself, it closes. All lengths are in pixels of the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from selfstop.audit.chain import Chain, Edge, Flow, Node, Part
from selfstop.output.folding import folded

_BOX: Final = 218
_GAP: Final = 82
_EDGE: Final = 2
_ROOM: Final = 70
_PAD: Final = 12
_TITLE: Final = 25
_DETAIL: Final = 29
_TITLE_HEIGHT: Final = 18
_DETAIL_HEIGHT: Final = 16
_NARROW: Final = 330
_COLUMNS: Final = {Part.GROUP: 0, Part.START: 1, Part.IMAGE: 2, Part.ENTRY: 3, Part.CODE: 3, Part.STOP: 0}
_ABOVE: Final = (Part.GROUP, Part.START, Part.IMAGE, Part.ENTRY)

Point = tuple[int, int]


@dataclass(frozen=True)
class Text:
    """A line of text with its baseline; ``anchor`` is ``start``, ``middle`` or ``end``."""

    x: int
    y: int
    text: str
    kind: str
    anchor: str = "start"


@dataclass(frozen=True)
class Box:
    """A rectangle with its lines; ``part`` is None for a gate, whose ``flow`` it shows."""

    x: int
    y: int
    width: int
    height: int
    texts: tuple[Text, ...]
    part: Part | None = None
    flow: Flow = Flow.LEADS
    is_missing: bool = False


@dataclass(frozen=True)
class Arrow:
    """A line through points; ``has_head`` is false where it only leads into a gate, or never goes on."""

    points: tuple[Point, ...]
    flow: Flow = Flow.LEADS
    is_broken: bool = False
    has_head: bool = True
    is_barred: bool = False


@dataclass(frozen=True)
class Drawing:
    """A drawing of that size."""

    width: int
    height: int
    arrows: tuple[Arrow, ...]
    boxes: tuple[Box, ...]
    labels: tuple[Text, ...]


def ring(chain: Chain) -> Drawing:
    """The chain as a ring: four columns, two rows."""
    above = {node.part: node for node in chain.nodes if node.part in _ABOVE}
    below = {node.part: node for node in chain.nodes if node.part not in _ABOVE}
    top = max(_height(node, _BOX) for node in above.values())
    edges = {(edge.start, edge.end): edge for edge in chain.edges}
    boxes: dict[Part, Box] = {part: _box(node, _left(part), _EDGE, _BOX, top) for part, node in above.items()}
    gate = edges.get((Part.CODE, Part.STOP))
    middle: Box | None = None
    if gate is not None:
        start = _EDGE + top + _ROOM
        room = _left(Part.CODE) - _BOX - _GAP - _EDGE
        middle = _gate(gate, _left(Part.STOP) + _BOX + _GAP // 2, start, room)
        low = max(middle.height, *(_height(node, _BOX) for node in below.values()))
        boxes |= {part: _box(node, _left(part), start, _BOX, low) for part, node in below.items()}
        middle = _moved(middle, start + (low - middle.height) // 2)
    arrows, labels = _ring_lines(edges, boxes, middle)
    every = (*boxes.values(), *([middle] if middle is not None else ()))
    height = max(box.y + box.height for box in every) + _EDGE
    return Drawing(_left(Part.ENTRY) + _BOX + _EDGE, height, tuple(arrows), every, tuple(labels))


def _left(part: Part) -> int:
    return _EDGE + _COLUMNS[part] * (_BOX + _GAP)


def _ring_lines(
    edges: Mapping[tuple[Part, Part], Edge], boxes: Mapping[Part, Box], gate: Box | None
) -> tuple[list[Arrow], list[Text]]:
    arrows: list[Arrow] = []
    labels: list[Text] = []
    for (start, end), edge in edges.items():
        first, last = boxes[start], boxes[end]
        x = first.x + first.width // 2
        if (start, end) == (Part.CODE, Part.STOP) and gate is not None:
            y = gate.y + gate.height // 2
            arrows += _through(edge, (first.x, y), (gate.x + gate.width, y), (gate.x, y), (last.x + last.width, y))
        elif first.y == last.y:
            y = first.y + first.height // 2
            arrows.append(_arrow(edge, (first.x + first.width, y), (last.x, y)))
            labels.append(Text((first.x + first.width + last.x) // 2, y - 8, edge.label, "label", "middle"))
        elif first.y < last.y:
            arrows.append(_arrow(edge, (x, first.y + first.height), (x, last.y)))
            labels += _beside(edge, x - 10, (first.y + first.height + last.y) // 2, "end")
        else:
            arrows.append(_arrow(edge, (x, first.y), (x, last.y + last.height)))
            labels += _beside(edge, x + 12, (last.y + last.height + first.y) // 2, "start")
    return arrows, labels


def _beside(edge: Edge, x: int, middle: int, anchor: str) -> Iterator[Text]:
    lines = folded(edge.label, 60)
    top = middle - (len(lines) - 1) * _DETAIL_HEIGHT // 2 + 4
    kind = _kind(edge) if edge.flow is Flow.LEADS else f"says-{edge.flow.value}"
    for number, line in enumerate(lines):
        yield Text(x, top + number * _DETAIL_HEIGHT, line, kind, anchor)


def _through(edge: Edge, start: Point, gate_in: Point, gate_out: Point, end: Point) -> Iterator[Arrow]:
    """The two halves of an arrow through a gate; behind one that is closed nothing goes on."""
    is_closed = edge.flow is Flow.CLOSED
    yield Arrow((start, gate_in), is_broken=edge.is_broken)
    yield Arrow((gate_out, end), edge.flow, edge.is_broken, has_head=not is_closed, is_barred=is_closed)


def _arrow(edge: Edge, *points: Point) -> Arrow:
    return Arrow(points, edge.flow, edge.is_broken)


def column(chain: Chain) -> Drawing:
    """The chain from the top to the bottom, for a narrow screen."""
    edges = {(edge.start, edge.end): edge for edge in chain.edges}
    left, width = 24, _NARROW - 24 - _EDGE
    boxes: list[Box] = []
    arrows: list[Arrow] = []
    labels: list[Text] = []
    y = _EDGE
    for node, following in [*pairwise(chain.nodes), (chain.nodes[-1], None)]:
        box = _box(node, left, y, width, _height(node, width))
        boxes.append(box)
        y += box.height
        edge = edges.get((node.part, following.part)) if following is not None else None
        if edge is not None:
            y = _down(edge, box, y, boxes, arrows, labels)
    loop = edges.get((Part.STOP, Part.GROUP))
    if loop is not None:
        first, last = boxes[0], boxes[-1]
        side = 10
        points = (
            (last.x, last.y + last.height // 2),
            (side, last.y + last.height // 2),
            (side, first.y + first.height // 2),
            (first.x, first.y + first.height // 2),
        )
        arrows.append(Arrow(points, loop.flow))
        for line in folded(f"↑ {chain.nodes[0].title} {loop.label}", 38):
            y += _DETAIL_HEIGHT
            labels.append(Text(left, y + 4, line, f"says-{loop.flow.value}"))
        y += _PAD
    return Drawing(_NARROW, y + _EDGE, tuple(arrows), tuple(boxes), tuple(labels))


def _down(edge: Edge, box: Box, y: int, boxes: list[Box], arrows: list[Arrow], labels: list[Text]) -> int:
    """Draw an edge downwards from ``y``, with its gate if it has one, and give where the next box begins."""
    x = box.x + 24
    if edge.end is not Part.STOP:
        lines = folded(edge.label, 36)
        room = max(len(lines) * _DETAIL_HEIGHT + 18, 30)
        labels += [
            Text(x + 14, y + room // 2 + 4 - (len(lines) - 1 - 2 * number) * _DETAIL_HEIGHT // 2, line, _kind(edge))
            for number, line in enumerate(lines)
        ]
        arrows.append(_arrow(edge, (x, y), (x, y + room)))
        return y + room
    gate = _gate(edge, box.x, y + 26, box.width)
    boxes.append(gate)
    bottom = gate.y + gate.height
    arrows += _through(edge, (x, y), (x, gate.y), (x, bottom), (x, bottom + 30))
    return bottom + 30


def _kind(edge: Edge) -> str:
    return "broken" if edge.is_broken else "label"


# Boxes


def _lines(node: Node, width: int) -> Iterator[tuple[str, str]]:
    """The lines of a box, each with its kind."""
    wide = max(width - _BOX, 0) // 8
    yield node.part.value, "part"
    yield from ((line, "title") for line in folded(node.title, _TITLE + wide))
    for detail in node.details:
        yield from ((line, "detail") for line in folded(detail, _DETAIL + wide))
    if node.place is not None:
        yield from ((line, "place") for line in folded(str(node.place), _DETAIL + wide))


def _height(node: Node, width: int) -> int:
    return sum(_TITLE_HEIGHT if kind == "title" else _DETAIL_HEIGHT for _, kind in _lines(node, width)) + 2 * _PAD


def _box(node: Node, x: int, y: int, width: int, height: int) -> Box:
    texts = tuple(_stacked(_lines(node, width), x + _PAD, y + _PAD))
    return Box(x, y, width, height, texts, node.part, is_missing=node.is_missing)


def _stacked(lines: Iterator[tuple[str, str]], x: int, y: int, anchor: str = "start") -> Iterator[Text]:
    for line, kind in lines:
        height = _TITLE_HEIGHT if kind in {"title", "guard"} else _DETAIL_HEIGHT
        y += height
        yield Text(x, y - 5, line, kind, anchor)


_SIGNS: Final = {
    Flow.OPEN: "open: the stop call is reached",
    Flow.CLOSED: "closed: the stop call is not reached",
    Flow.UNSURE: "not known whether it opens",
}


def _gate(edge: Edge, x: int, y: int, width: int) -> Box:
    """The guard in front of a stop call, with the setting that decides."""
    lines = [(_SIGNS.get(edge.flow, ""), "sign")]
    lines += [(line, "guard") for line in folded(edge.label, (width - 2 * _PAD) // 8)]
    lines += [(line, "value") for line in folded(edge.value, (width - 2 * _PAD) // 7)]
    height = sum(_TITLE_HEIGHT if kind == "guard" else _DETAIL_HEIGHT for _, kind in lines) + 2 * _PAD
    return Box(x, y, width, height, tuple(_stacked(iter(lines), x + _PAD, y + _PAD)), flow=edge.flow)


def _moved(box: Box, y: int) -> Box:
    texts = tuple(Text(text.x, text.y - box.y + y, text.text, text.kind, text.anchor) for text in box.texts)
    return Box(box.x, y, box.width, box.height, texts, box.part, box.flow, box.is_missing)

"""From YAML to nodes, on the events of the parser.

Nothing is constructed or composed by PyYAML: its composer recurses (in C, until the process dies), and a merge of
merges keeps its constructor busy for ever. Events come one by one, so that a limit is noticed where it is passed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import yaml

from selfstop.deploy.read import marks
from selfstop.deploy.read.nodes import CHARACTERS, DEPTH, NODES, Mapping, Node, NotReadable, Scalar, Sequence

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONTROL: Final = re.compile(r"^[ \t]*(?:\{\{-?[ \t]*(?:if|else|end|range|with|define|block)\b|\{%)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of a file, as far as it could be read; ``fault`` is what ended it."""

    nodes: tuple[Node, ...] = ()
    fault: NotReadable | None = None


def read_documents(text: str, loader: type | None = None) -> Documents:
    """The documents in ``text``; ``loader`` is the PyYAML loader whose parser is used, the one in C if there is one.

    Template marks (``{{ x }}``) stay as they are in the texts. A file whose lines are themselves made by a template
    is not read: which of them are there is decided elsewhere.
    """
    control = _CONTROL.search(text)
    if control:
        return Documents(fault=NotReadable(_line_at(text, control.end()), "is made by a template with conditions"))
    marked = marks.hide(text)  # `{{ x }}` would be a mapping within a mapping
    builder = _Builder(marked)
    try:
        builder.build(_events(marked.text, loader or _LOADER))
    except NotReadable as fault:
        return Documents(tuple(builder.documents), fault)
    return Documents(tuple(builder.documents))


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _events(text: str, loader: type) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotReadable(mark.line + 1 if mark else 0, f"is not YAML: {error.problem}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise NotReadable(0, "is not YAML: has characters that YAML does not allow") from error


@dataclass(slots=True)
class _Extent:
    """How much of a tree there would be without aliases: its nodes, its levels and its text."""

    nodes: int = 1
    depth: int = 1
    characters: int = 0

    def add(self, other: _Extent) -> None:
        self.nodes += other.nodes
        self.characters += other.characters
        self.depth = max(self.depth, other.depth + 1)


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended yet."""

    event: yaml.CollectionStartEvent
    children: list[Node] = field(default_factory=list)
    extent: _Extent = field(default_factory=_Extent)


class _Builder:
    def __init__(self, marked: marks.Marked) -> None:
        self.documents: list[Node] = []
        self._marked = marked
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, _Extent]] = {}
        self._nodes = 0
        self._aliased_characters = 0

    def build(self, events: Iterable[yaml.Event]) -> None:
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self._put(event, self._scalar(event), _Extent(characters=len(event.value)))
                case yaml.AliasEvent():
                    node, extent = self._aliased(event)
                    self._put(event, node, extent)
                case yaml.CollectionStartEvent():
                    if len(self._open) >= DEPTH:
                        raise NotReadable(_line(event), f"nests deeper than {DEPTH} levels")
                    self._anchors.pop(event.anchor or "", None)
                    self._open.append(_Open(event))
                case yaml.CollectionEndEvent():
                    self._close()
                case yaml.DocumentStartEvent():
                    self._anchors = {}

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        line = _line(event)
        block = event.style in {"|", ">"}
        return Scalar(
            self._marked.restore(event.value),
            line,
            tag=event.tag or "",
            plain=event.style not in {"'", '"', "|", ">"},
            first=line + 1 if block else line,
            folded=event.style != "|" and _spans_lines(event),
        )

    def _aliased(self, event: yaml.AliasEvent) -> tuple[Node, _Extent]:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            raise NotReadable(_line(event), "is not YAML: an alias of what is not (or not yet) defined")
        return known

    def _put(self, event: yaml.NodeEvent, node: Node, extent: _Extent) -> None:
        is_alias = isinstance(event, yaml.AliasEvent)
        self._count(event, extent.nodes if is_alias else 1, extent.characters if is_alias else 0)
        if event.anchor is not None:
            self._anchors[event.anchor] = node, extent
        self._place(event, node, extent)

    def _place(self, event: yaml.Event, node: Node, extent: _Extent) -> None:
        if not self._open:
            self.documents.append(node)
            return
        if len(self._open) + extent.depth > DEPTH + 1:
            raise NotReadable(_line(event), f"nests deeper than {DEPTH} levels")
        self._open[-1].children.append(node)
        self._open[-1].extent.add(extent)

    def _close(self) -> None:
        last = self._open.pop()
        node = self._collection(last)
        self._count(last.event, 1)
        if last.event.anchor is not None:
            self._anchors[last.event.anchor] = node, last.extent
        self._place(last.event, node, last.extent)

    def _count(self, event: yaml.Event, nodes: int, characters: int = 0) -> None:
        self._nodes += nodes
        self._aliased_characters += characters
        if self._nodes > NODES:
            raise NotReadable(_line(event), f"has more than {NODES} nodes, aliases written out")
        if self._aliased_characters > CHARACTERS:
            raise NotReadable(_line(event), f"has aliases of more than {CHARACTERS >> 20} million characters")

    def _collection(self, last: _Open) -> Node:
        line, tag = _line(last.event), last.event.tag or ""
        if isinstance(last.event, yaml.SequenceStartEvent):
            return Sequence(tuple(last.children), line, tag)
        return Mapping(tuple(_merged(last.children)), line, tag)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _spans_lines(event: yaml.Event) -> bool:
    start, end = event.start_mark, event.end_mark
    return start is not None and end is not None and end.line > start.line


def _merged(children: list[Node]) -> Iterable[tuple[Scalar, Node]]:
    """The entries of a mapping: its own, the last of each key, then those of ``<<`` that it does not have."""
    own: dict[str, tuple[Scalar, Node]] = {}
    merges: list[Node] = []
    for key, value in zip(children[::2], children[1::2], strict=False):
        if not isinstance(key, Scalar):
            continue
        if key.text == "<<" and key.plain:
            merges.extend(value.items if isinstance(value, Sequence) else (value,))
        else:
            own[key.text] = key, value
    for merge in merges:
        for key, value in merge.entries if isinstance(merge, Mapping) else ():
            own.setdefault(key.text, (key, value))
    return own.values()

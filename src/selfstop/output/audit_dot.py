"""The pictures of an audit for Graphviz: one graph, in which each chain is a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from selfstop.audit.chain import Chain, Edge, Flow, Node, Part
from selfstop.output.audit_view import AuditView
from selfstop.output.escape import escape
from selfstop.output.folding import folded

_COLOURS: Final = {
    Flow.LEADS: "#4f5968",
    Flow.OPEN: "#b3261e",
    Flow.LOOP: "#b3261e",
    Flow.CLOSED: "#0c6b45",
    Flow.UNSURE: "#8a4b00",
}
_WIDTH: Final = 44
_HEAD: Final = """\
digraph selfstop {
  rankdir=LR;
  fontname="sans-serif";
  node [shape=box, style=rounded, fontname="sans-serif", fontsize=11];
  edge [fontname="sans-serif", fontsize=10];
"""


def render(view: AuditView) -> str:
    """Render all chains but those that are only documentation."""
    report = view.report
    chains = [chain for chain in report.chains if chain.is_deployed]
    title = f"  label={_quoted(report.sentence)};\n  labelloc=t;\n"
    clusters = [_cluster(chain, number) for number, chain in enumerate(chains, start=1)]
    return _HEAD + title + "".join(reversed(clusters)) + "}\n"  # Graphviz puts the last one on top


def _cluster(chain: Chain, number: int) -> str:
    lines = [
        f"  subgraph cluster_{number} {{",
        f"    label={_quoted(f'{chain.title}: {chain.verdict}')};",
        *(f"    {line}" for node in chain.nodes for line in _node(node, number)),
        *(f"    {line}" for edge in chain.edges for line in _edge(edge, number)),
        "  }",
    ]
    return "".join(f"{line}\n" for line in lines)


def _name(part: Part, number: int) -> str:
    return f"c{number}_{part.name.lower()}"


def _node(node: Node, number: int) -> Iterator[str]:
    texts = [node.part.value, node.title, *node.details, *([str(node.place)] if node.place is not None else [])]
    dashed = ', style="rounded,dashed"' if node.is_missing else ""
    yield f"{_name(node.part, number)} [label={_quoted(*texts)}{dashed}];"


def _edge(edge: Edge, number: int) -> Iterator[str]:
    colour = _COLOURS[edge.flow]
    attributes = [f"color={_quoted(colour)}", f"fontcolor={_quoted(colour)}"]
    texts = [text for text in (edge.label, edge.value) if text]
    if texts:
        attributes.insert(0, f"label={_quoted(*texts)}")
    if edge.is_broken:
        attributes.append("style=dashed")
    elif edge.flow in {Flow.OPEN, Flow.LOOP}:
        attributes.append("penwidth=2")
    if edge.flow is Flow.CLOSED:
        attributes.append("arrowhead=tee")
    if edge.end is Part.GROUP:
        attributes.append("constraint=false")
    yield f"{_name(edge.start, number)} -> {_name(edge.end, number)} [{', '.join(attributes)}];"


def _quoted(*texts: str) -> str:
    r"""A label with a line for each text; Graphviz reads ``\`` as an escape and ``&`` as an entity."""
    lines = [line for text in texts for line in folded(text, _WIDTH)]
    safe = [escape(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines]
    return '"' + "\\n".join(safe) + '"'

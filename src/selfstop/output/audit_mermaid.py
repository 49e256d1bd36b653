"""The pictures of an audit for Mermaid, which GitHub and GitLab draw in pull requests and comments.

Mermaid puts what comes last on top, so the most alarming chain is written last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from selfstop.audit.chain import Chain, Edge, Flow, Node, Part
from selfstop.output.audit_view import AuditView
from selfstop.output.escape import escape

_CLASSES: Final = """\
  classDef default fill:#ffffff,stroke:#4f5968,color:#171b21
  classDef missing fill:#ffffff,stroke:#4f5968,color:#171b21,stroke-dasharray:6 4
  classDef open fill:#fdecea,stroke:#b3261e,color:#171b21,stroke-width:2px
  classDef closed fill:#e6f5ec,stroke:#0c6b45,color:#171b21
  classDef unsure fill:#fff3dc,stroke:#8a4b00,color:#171b21
"""
_LINES: Final = {Flow.OPEN: "#b3261e", Flow.LOOP: "#b3261e", Flow.UNSURE: "#8a4b00", Flow.CLOSED: "#0c6b45"}
_SAFE: Final = re.compile(r"[^\w .,:/()+*=-]|_{2,}|\*{2,}|-{2,}|={2,}|://|www\.", re.IGNORECASE)
_MOST: Final = 45_000
"""Characters; Mermaid refuses texts beyond 50,000."""
_LONGEST: Final = 300
"""Characters of one text that are shown."""
_MOST_EDGES: Final = 400
"""Mermaid refuses more than 500."""


def render(view: AuditView) -> str:
    """Render all chains but those that are only documentation, as many as Mermaid draws; a node counts the rest."""
    chains = [chain for chain in view.report.chains if chain.is_deployed]
    shown = list(_fitting(chains))
    parts = [_subgraph(chain, number) for number, chain in reversed(list(enumerate(shown, start=1)))]
    edges = [edge for chain in reversed(shown) for edge in chain.edges]
    if len(shown) < len(chains):
        parts.append(f"  more[{_quoted(f'and {len(chains) - len(shown)} more')}]\n")
    if not chains:
        parts.append(f"  verdict[{_quoted(view.report.sentence)}]\n")
    return "flowchart LR\n" + "".join(parts) + _CLASSES + "".join(_styles(edges))


def _fitting(chains: Sequence[Chain]) -> Iterator[Chain]:
    """As many as Mermaid takes, the most alarming first."""
    characters = edges = 0
    for number, chain in enumerate(chains, start=1):
        characters += len(_subgraph(chain, number))
        edges += len(chain.edges)
        if characters > _MOST or edges > _MOST_EDGES:
            return
        yield chain


def _subgraph(chain: Chain, number: int) -> str:
    gate = next((edge for edge in chain.edges if edge.end is Part.STOP), None)
    lines = [
        f"  subgraph c{number} [{_quoted(f'{chain.title}: {chain.verdict}')}]",
        "    direction LR",
        *(f"    {_node(node, number, gate)}" for node in chain.nodes),
        *(f"    {_edge(edge, number)}" for edge in chain.edges),
        "  end",
    ]
    return "".join(f"{line}\n" for line in lines)


def _name(part: Part, number: int) -> str:
    return f"c{number}_{part.name.lower()}"


def _node(node: Node, number: int, gate: Edge | None) -> str:
    texts = [node.part.value, node.title, *node.details, *([str(node.place)] if node.place is not None else [])]
    kind = ":::missing" if node.is_missing else ""
    if node.part is Part.STOP and gate is not None:
        kind = f":::{gate.flow.value}"
    return f"{_name(node.part, number)}[{_quoted(*texts)}]{kind}"


def _edge(edge: Edge, number: int) -> str:
    texts = [text for text in (edge.label, edge.value) if text]
    if edge.is_broken:
        arrow = "-.->"
    elif edge.flow is Flow.CLOSED:
        arrow = "--x"
    else:
        arrow = "==>" if edge.flow in {Flow.OPEN, Flow.LOOP} else "-->"
    label = f"|{_quoted(*texts)}|" if texts else ""
    return f"{_name(edge.start, number)} {arrow}{label} {_name(edge.end, number)}"


def _styles(edges: Sequence[Edge]) -> Iterator[str]:
    """Links are known by the order in which they stand."""
    for flow, colour in _LINES.items():
        numbers = [str(number) for number, edge in enumerate(edges) if edge.flow is flow]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} stroke:{colour}\n"


def _quoted(*texts: str) -> str:
    """A label with a line for each text; all that may be markup is written as an entity."""
    return '"' + "<br>".join(_SAFE.sub(_entities, escape(" ".join(text[:_LONGEST].split()))) for text in texts) + '"'


def _entities(match: re.Match[str]) -> str:
    return "".join(f"#{ord(character)};" for character in match[0])

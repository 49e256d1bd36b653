"""The pictures of an audit: what is drawn where, and as text for Graphviz and Mermaid."""

from __future__ import annotations

import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfstop.audit.chain import Chain, Edge, Flow, Node, Part
from selfstop.audit.model import AuditReport
from selfstop.deploy.model import Place
from selfstop.output import audit_dot, audit_mermaid
from selfstop.output.audit_view import AuditView
from selfstop.output.cells import width
from selfstop.output.folding import MOST, folded
from selfstop.output.html.drawing import Box, Drawing, column, ring
from tests.test_audit_html import EVIL

NEEDS_DOT = pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
CELL = {"title": 7.7, "guard": 7.7, "part": 8, "sign": 8}
"""The pixels of a character, by the size of the letters; `part` and `sign` are short words in a narrower font."""


def chain(text: str = "fleet", *, parts: tuple[Part, ...] = tuple(Part), flow: Flow = Flow.OPEN, broken=False) -> Chain:
    nodes = tuple(Node(part, text, (text,), Place(text or "a", 1), is_missing=broken) for part in parts)
    edges = tuple(
        Edge(one, other, text, text if other is Part.STOP else "", flow if other is Part.STOP else Flow.LEADS, broken)
        for one, other in pairwise(parts)
    )
    if parts == tuple(Part):
        edges = (*edges, Edge(Part.STOP, Part.GROUP, text, flow=Flow.LOOP))
    return Chain(text, text, text, nodes, edges)


def view(*chains: Chain) -> AuditView:
    return AuditView(AuditReport("a sentence", None, chains=chains))


TEXTS = st.text(st.characters(codec="utf-8"), max_size=200) | st.sampled_from(EVIL)
SHAPES = st.sampled_from(
    [tuple(Part), tuple(Part)[1:], (Part.START, Part.ENTRY, Part.CODE, Part.STOP), tuple(Part)[:4], tuple(Part)[:2]]
)


class TestFolding:
    @given(TEXTS, st.integers(2, 60))
    def test_no_line_is_too_long_and_there_are_not_too_many(self, text, cells):
        lines = folded(text, cells)
        assert all(width(line) <= cells for line in lines)
        assert len(lines) <= MOST

    @given(st.text("ab/._ =", max_size=60), st.integers(10, 60))
    def test_nothing_is_lost(self, text, cells):
        assert "".join("".join(folded(text, cells)).split()) == "".join(text.split())

    @pytest.mark.parametrize(
        ("text", "lines"),
        [
            ("apps/worker/ai_worker/run.py:97", ["apps/worker/ai_worker/", "run.py:97"]),
            ("academy.framework.workers.ai", ["academy.framework.", "workers.ai"]),
            ("one two three four five six", ["one two three four five", "six"]),
            ("", []),
        ],
    )
    def test_lines_end_where_a_reader_would_break_them(self, text, lines):
        assert folded(text, 25) == lines


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def assert_fits(drawing: Drawing) -> None:
    for number, box in enumerate(drawing.boxes):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
        assert all(apart(box, other) for other in drawing.boxes[number + 1 :])
        for text in box.texts:
            assert box.y < text.y < box.y + box.height
            assert text.x + width(text.text) * CELL.get(text.kind, 6.95) <= box.x + box.width
    for arrow in drawing.arrows:
        for (x, y), (to_x, to_y) in pairwise(arrow.points):
            assert x == to_x or y == to_y
            assert 0 <= min(x, to_x) <= max(x, to_x) <= drawing.width
            assert 0 <= min(y, to_y) <= max(y, to_y) <= drawing.height


class TestDrawing:
    @settings(max_examples=60)
    @given(TEXTS, SHAPES, st.sampled_from(Flow))
    def test_every_text_is_in_its_box_and_no_box_in_another(self, text, parts, flow):
        for draw in (ring, column):
            assert_fits(draw(chain(text, parts=parts, flow=flow)))

    def test_the_ring_leads_to_the_right_and_back(self):
        boxes = {box.part: box for box in ring(chain()).boxes}
        above = [boxes[part] for part in (Part.GROUP, Part.START, Part.IMAGE, Part.ENTRY)]
        assert [box.x for box in above] == sorted(box.x for box in above)
        assert len({box.y for box in above}) == 1
        assert boxes[Part.CODE].x == boxes[Part.ENTRY].x
        assert boxes[Part.STOP].x == boxes[Part.GROUP].x
        assert boxes[Part.CODE].y == boxes[Part.STOP].y > boxes[Part.GROUP].y

    @pytest.mark.parametrize("draw", [ring, column])
    def test_there_is_an_arrow_for_each_edge_and_two_for_the_gate(self, draw):
        given_ = chain()
        assert len(draw(given_).arrows) == len(given_.edges) + 1

    @pytest.mark.parametrize("draw", [ring, column])
    def test_nothing_goes_on_behind_a_closed_gate(self, draw):
        closed = [arrow for arrow in draw(chain(flow=Flow.CLOSED)).arrows if arrow.flow is Flow.CLOSED]
        assert [(arrow.has_head, arrow.is_barred) for arrow in closed] == [(False, True)]

    @pytest.mark.parametrize("draw", [ring, column])
    def test_broken_links_are_broken_in_the_drawing(self, draw):
        arrows = draw(chain(parts=tuple(Part)[:4], broken=True)).arrows
        assert [arrow.is_broken for arrow in arrows] == [True] * 3


class TestDot:
    def test_broken_links_are_dashed_and_closed_gates_barred(self):
        text = audit_dot.render(view(chain(flow=Flow.CLOSED), chain(broken=True)))
        first = text.partition("cluster_1")[2]
        second = text.partition("cluster_2")[2].partition("cluster_1")[0]
        assert "style=dashed" not in first
        assert first.count("arrowhead=tee") == 1
        assert second.count("style=dashed") == 5
        assert second.count('style="rounded,dashed"') == 6

    def test_documentation_is_left_out(self):
        documented = Chain("a", "ON", "", chain().nodes, chain().edges, is_deployed=False)
        assert "subgraph" not in audit_dot.render(view(documented))
        assert "subgraph" not in audit_mermaid.render(view(documented))

    @NEEDS_DOT
    @pytest.mark.parametrize("text", [*EVIL, "\\N \\G \\", '"', "&amp;", "日本", "-> {}"])
    def test_graphviz_reads_names_as_text(self, text):
        done = subprocess.run(
            ["dot", "-Tplain"], input=audit_dot.render(view(chain(text))).encode(), capture_output=True, timeout=60
        )
        said = done.stdout.decode()
        assert (done.returncode, done.stderr.decode()) == (0, "")
        assert len(re.findall(r"^node ", said, re.MULTILINE)) == 6
        assert len(re.findall(r"^edge ", said, re.MULTILINE)) == 6


class TestMermaid:
    @pytest.mark.parametrize("text", [*EVIL, "end", "%%{init}%%", "`a`", "#35;", 'a"b', "x --> y", "https://a.example"])
    def test_names_hold_nothing_that_is_markup(self, text):
        said = audit_mermaid.render(view(chain(text)))
        labels = re.findall(r'"([^"]*)"', said)
        assert len(labels) == 1 + 6 + 6
        for label in labels:
            assert not re.search(r"[<>`%{}\[\]|\"&]|://", label.replace("<br>", ""))
            assert not re.search(r"#(?!\d+;)", label)

    def test_broken_links_are_dotted_and_closed_gates_crossed(self):
        assert audit_mermaid.render(view(chain(broken=True))).count("-.->") == 5
        assert audit_mermaid.render(view(chain(flow=Flow.CLOSED))).count("--x") == 1

    def test_the_most_alarming_is_written_last_and_numbered_first(self):
        said = audit_mermaid.render(view(chain("worse"), chain("better")))
        assert re.findall(r'subgraph (c\d) \["(\w+):', said) == [("c2", "better"), ("c1", "worse")]

    def test_colours_go_to_the_links_in_the_order_in_which_they_are_written(self):
        said = audit_mermaid.render(view(chain(flow=Flow.OPEN), chain(flow=Flow.CLOSED)))
        links = [line for line in said.splitlines() if re.search(r"--|==", line) and "classDef" not in line]
        (open_,) = re.findall(r"linkStyle ([\d,]+) stroke:#b3261e\n  linkStyle", said) or [""]
        assert all(" ==>" in links[int(number)] for number in open_.split(","))

    @pytest.mark.parametrize(("text", "least"), [("a", 40), ("a" * 150, 8), ("a" * 10_000, 4)])
    def test_what_is_too_much_for_mermaid_is_counted(self, text, least):
        said = audit_mermaid.render(view(*[chain(text) for _ in range(100)]))
        shown = said.count("subgraph")
        assert len(said) < 50_000
        assert said.count("-->") + said.count("==>") < 500
        assert f'more["and {100 - shown} more"]' in said
        assert shown >= least

"""YAML and JSON as trees: lines, raw texts, tags, merges, and the limits within which a file is read."""

from __future__ import annotations

import pytest
import yaml

from selfstop.deploy.read import json_nodes, yaml_nodes
from selfstop.deploy.read.json_nodes import read_json
from selfstop.deploy.read.nodes import DEPTH, Mapping, Node, NotReadable, Scalar, Sequence
from selfstop.deploy.read.yaml_nodes import read_documents

LOADERS = [
    pytest.param(yaml.SafeLoader, id="parser in Python"),
    pytest.param(getattr(yaml, "CSafeLoader", yaml.SafeLoader), id="parser in C"),
]


def shown(node: Node) -> object:
    """A tree in Python's own terms, every text with the line it is on."""
    match node:
        case Scalar():
            return f"{node.tag} {node.text}@{node.line}".strip()
        case Sequence():
            return [shown(item) for item in node.items]
        case Mapping():
            return {f"{key.text}@{key.line}": shown(value) for key, value in node.entries}


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty file"),
        pytest.param("a: 010\nb: yes\n", [{"a@1": "010@1", "b@2": "yes@2"}], id="plain texts stay as written"),
        pytest.param("a: 1\n---\n- b\n", [{"a@1": "1@1"}, ["b@3"]], id="two documents"),
        pytest.param("a: !Sub '${X}'\n", [{"a@1": "!Sub ${X}@1"}], id="tags are kept"),
        pytest.param(
            "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}",
            [{"x@1": {"a@1": "1@1", "b@1": "2@1"}, "y@2": {"b@2": "3@2", "a@1": "1@1"}}],
            id="own keys win over merged ones",
        ),
        pytest.param(
            "a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b]}",
            [{"a@1": {"x@1": "1@1"}, "b@2": {"x@2": "2@2", "y@2": "3@2"}, "c@3": {"x@1": "1@1", "y@2": "3@2"}}],
            id="the first of merged tables wins",
        ),
        pytest.param("a: 1\na: 2\n", [{"a@2": "2@2"}], id="the last of equal keys wins"),
        pytest.param(
            "image: {{ registry }}/x\n", [{"image@1": "{{ registry }}/x@1"}], id="template mark without quotes"
        ),
        pytest.param(
            "a: [${{ env.X }}, <NAME>]\n", [{"a@1": ["${{ env.X }}@1", "<NAME>@1"]}], id="mark in a flow list"
        ),
        pytest.param("a: &a [1]\nb: *a\n", [{"a@1": ["1@1"], "b@2": ["1@1"]}], id="alias"),
        pytest.param("a: &a 1\nb: &a 2\nc: *a\n", [{"a@1": "1@1", "b@2": "2@2", "c@3": "2@2"}], id="anchor set twice"),
        pytest.param("? [a]\n: 1\nb: 2\n", [{"b@3": "2@3"}], id="keys that are no texts are passed over"),
    ],
)
def test_yaml(text: str, expected: object, loader: type) -> None:
    documents = read_documents(text, loader)
    assert documents.fault is None
    assert [shown(node) for node in documents.nodes] == expected


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "first", "folded"),
    [
        pytest.param("a: |\n  x\n  y\n", 2, False, id="literal block"),
        pytest.param("a: |\n\n  x\n", 2, False, id="literal block that begins with an empty line"),
        pytest.param("a: >\n  x\n  y\n", 2, True, id="folded block"),
        pytest.param("\na: x\n", 2, False, id="one line"),
        pytest.param('a: "x\n  y"\n', 1, True, id="quoted over two lines"),
    ],
)
def test_where_a_text_begins(text: str, first: int, folded: bool, loader: type) -> None:
    (document,) = read_documents(text, loader).nodes
    assert isinstance(document, Mapping)
    scalar = document.get("a")
    assert isinstance(scalar, Scalar)
    assert (scalar.first, scalar.folded) == (first, folded)


def bomb(opening: str, link: str) -> str:
    """Thirty tables or lists, each of which holds the one before it nine times."""
    lines = [f"a0: &a0 {opening}"]
    lines += [f"a{n}: &a{n} {link % ', '.join([f'*a{n - 1}'] * 9)}" for n in range(1, 30)]
    return "\n".join(lines)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("[" * 100_000, 1, "nest", id="case 38: brackets"),
        pytest.param("{" * 50_000, 1, "nest", id="case 38: braces"),
        pytest.param("- " * 200_000, 1, "nests deeper", id="case 38: dashes"),
        pytest.param("? " * 100_000, 1, "nests deeper", id="question marks"),
        pytest.param(bomb("{x: 1}", "{<<: [%s]}"), 6, "more than", id="case 38: merges of merges"),
        pytest.param(bomb("[x]", "[%s]"), 7, "more than", id="aliases of aliases"),
        pytest.param(
            f"a: &a {'x' * 300_000}\nb: [{', '.join(['*a'] * 13)}]\nc: [*a, *a]",
            3,
            "million",
            id="aliases of a long text",
        ),
        pytest.param(
            "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 99))]),
            DEPTH,
            "nests deeper",
            id="a chain of aliases nests too",
        ),
        pytest.param("a: &a [*a]", 1, "alias", id="alias of itself"),
        pytest.param("a: *b", 1, "alias", id="alias of nothing"),
        pytest.param("{{" * 20_000, 1, "nest", id="open template marks"),
        pytest.param("a: \x01", 0, "characters", id="control character"),
        pytest.param("a: 1\nb: [\n", 3, "is not YAML", id="ends too early"),
        pytest.param("a:\n  {{- if .Values.x }}\n  b: 1\n  {{- end }}\n", 2, "template", id="conditions of Helm"),
        pytest.param("a: 1\n{% if x %}\nb: 1\n{% endif %}\n", 2, "template", id="conditions of Jinja"),
    ],
)
def test_yaml_that_is_not_read(text: str, line: int, reason: str, loader: type) -> None:
    fault = read_documents(text, loader).fault
    assert fault is not None
    assert (fault.line, reason in fault.reason) == (line, True), fault.reason


def test_documents_before_a_fault_are_read() -> None:
    documents = read_documents("a: 1\n---\nb: ]\n")
    assert [shown(node) for node in documents.nodes] == [{"a@1": "1@1"}]
    assert documents.fault is not None


def test_a_file_is_read_up_to_a_number_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_nodes, "NODES", 100)
    monkeypatch.setattr(json_nodes, "NODES", 100)
    assert read_documents("- a\n" * 99).fault is None
    fault = read_documents("- a\n" * 101).fault
    assert fault is not None
    assert (fault.line, "more than 100" in fault.reason) == (101, True)
    assert isinstance(read_json("[" + "1," * 98 + "1]"), Sequence)
    with pytest.raises(NotReadable, match="more than 100"):
        read_json("[" + "1,\n" * 100 + "1]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            '{"a":\n [1, "x\\ny", {}],\n "b": null}', {"a@1": ["1@2", "x\ny@2", {}], "b@3": "null@3"}, id="all"
        ),
        pytest.param('{"a": {{Mark}}}', {"a@1": "{{Mark}}@1"}, id="a template mark as a value"),
        pytest.param('{"arn": "x:{{AccountId}}:y"}', {"arn@1": "x:{{AccountId}}:y@1"}, id="case 35: a mark in a text"),
        pytest.param('{"a": {"b": {"c": {}}}}', {"a@1": {"b@1": {"c@1": {}}}}, id="closing braces are no mark"),
        pytest.param('{"a": "1\n2",\n"b": 1}', {"a@1": "1\n2@1", "b@3": "1@3"}, id="a text over two lines"),
        pytest.param('{"a": 1, "a": 2}', {"a@1": "2@1"}, id="the last of equal keys wins"),
        pytest.param('"\\u0045C2"', "EC2@1", id="escapes"),
        pytest.param(" [ ] \n", [], id="space around"),
        pytest.param("-1.5e3", "-1.5e3@1", id="number as written"),
    ],
)
def test_json(text: str, expected: object) -> None:
    assert shown(read_json(text)) == expected


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        pytest.param("[" * 100_000, 1, "nests deeper", id="case 38: depth 100,000"),
        pytest.param('{"a":' * 100_000, 1, "nests deeper", id="objects in objects"),
        pytest.param('"' * 200_001, 1, "goes on", id="quotes"),
        pytest.param('["' + "a" * 500_000, 1, "begins with", id="a text that does not end"),
        pytest.param("{{" * 200_000, 1, "belongs", id="open marks"),
        pytest.param(")" * 200_000, 1, "begins with", id="parentheses"),
        pytest.param("", 1, "ends too early", id="empty"),
        pytest.param('{"a": 1,\n', 1, "ends too early", id="open object"),
        pytest.param("{\n'a': 1}", 2, "begins with", id="single quotes"),
        pytest.param('{"a" 1}', 1, "belongs", id="no colon"),
        pytest.param('{"a": 1 "b": 2}', 1, "belongs", id="no comma"),
        pytest.param("[1,]", 1, "unexpected", id="trailing comma"),
        pytest.param('{"a":}', 1, "unexpected", id="no value"),
        pytest.param("{1: 2}", 1, "belongs", id="key without quotes"),
        pytest.param('["a": 1]', 1, "unexpected", id="key in a list"),
        pytest.param('{"a": 1]', 1, "unexpected", id="closed by the wrong sign"),
        pytest.param("1 2", 1, "goes on", id="two values"),
        pytest.param('"\\q"', 1, "escape", id="unknown escape"),
        pytest.param("[nul]", 1, "without quotes", id="unknown word"),
        pytest.param(",", 1, "unexpected", id="a comma alone"),
    ],
)
def test_json_that_is_not_read(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotReadable) as caught:
        read_json(text)
    assert (caught.value.line, reason in caught.value.reason) == (line, True), caught.value.reason

"""The scanners against established parsers, on scripts written for it; where the two differ on purpose, it is said."""

from __future__ import annotations

import io
from collections.abc import Iterator

import dockerfile_parse
import dotenv
import pytest
import tree_sitter
import tree_sitter_bash
import tree_sitter_powershell

from selfstop.deploy.model import Dialect, EnvFile
from selfstop.deploy.read import env_file, powershell_parser, powershell_tree, shell_tree
from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.dockerfile_lines import instructions
from selfstop.deploy.read.shell_parser import Parser

SHELL = {
    "commands": "a b; c d && e || f | g &\nh",
    "quotes": "a 'b c' \"d $e\" f\\ g",
    "if": "if a; then b; elif c; then d; else e; fi",
    "loops": "for x in 1 2; do a $x; done\nwhile b; do c; done\nuntil d; do e; done",
    "case": "case $x in a|b) c;; (d) e ;; *) f; g;; esac",
    "groups": "{ a; b; }; (c; d)",
    "functions": "f() { a; }\nfunction g { b; }\nf x",
    "continuation": "a b \\\n  c \\\n  # d\n  e",
    "heredoc": "a <<EOF\nb $(c) d\nEOF\ne",
    "quoted heredoc": "a <<'EOF' | b\n$(c)\nEOF\nd",
    "substitution": 'x=$(a b) c "$(d)" `e`',
    "redirections": "a >f 2>&1 <g; b &>h",
    "here-string": 'a <<< "b c"',
    "comments": "# a\nb # c\nd",
    "assignments": "X=1 Y='2 3' a b\nZ=1",
    "lists": 'A=(a b)\nA+=(c)\nd "${A[@]}"',
    "negation": "! a | b",
    "arithmetic": "a $((1 + 2)); ((x++)); b",
    "tests": "[[ -n $a && $b == c ]] && d\n[ -f x ] || e",
    "defaults": "a ${X:-b} ${Y:=${Z:-c}}",
    "process substitution": "a <(b c)",
    "docker": 'if docker run -d --name w \\\n  --env-file "$F" \\\n  -e X=0 \\\n  "$R/w:latest"; then\n  break\nfi',
}


def nodes_of(root: tree_sitter.Node, kind: str) -> Iterator[tree_sitter.Node]:
    if root.type == kind:
        yield root
    for child in root.children:
        yield from nodes_of(child, kind)


def ours(found: object) -> Iterator[shell_tree.Command]:
    """All commands in a syntax tree that have words."""
    if isinstance(found, shell_tree.Command) and found.words:
        yield found
    if isinstance(found, tuple):
        for each in found:
            yield from ours(each)
    for name in getattr(found, "__dataclass_fields__", ()):
        yield from ours(getattr(found, name))


@pytest.mark.parametrize("text", SHELL.values(), ids=SHELL.keys())
def test_shell_commands_are_those_of_tree_sitter(text: str) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))
    tree = parser.parse(text.encode())
    assert not tree.root_node.has_error
    theirs = list(nodes_of(tree.root_node, "command"))
    names = sorted((node.start_point.row + 1, name_of(node)) for node in theirs)
    names += [
        (node.start_point.row + 1, "[")
        for node in nodes_of(tree.root_node, "test_command")
        if node.text.startswith(b"[ ")
    ]
    found = ours(Parser().script(Cursor(text)))
    assert sorted((command.words[0].line, command.words[0].literal or "?") for command in found) == sorted(names)


def name_of(node: tree_sitter.Node) -> str:
    name = node.child_by_field_name("name")
    assert name is not None
    assert name.text is not None
    return name.text.decode()


POWERSHELL = {
    "commands": "a b; c d | e\nf",
    "continuation": "a b `\n  -c d `\n  e",
    "if": "if ($a) { b } elseif ($c) { d } else { e }",
    "loops": "foreach ($x in $y) { a }\nwhile ($b) { c }\ndo { d } while ($e)\nfor ($i = 0; $i -lt 3; $i++) { f }",
    "strings": 'a "b $c" \'d $e\' "f $(g h)"',
    "here-strings": "$x = @\"\na b\n\"@\nc\n$y = @'\nd\n'@\ne",
    "comments": "# a\nb # c\n<# d\ne #>\nf",
    "tables": "$x = @{ 'a' = 'b'; c = (d e) }\nf",
    "functions": "function f { param($a = 1)\n b $a }\nf -a 2",
    "try": "try { a } catch { b } finally { c }",
    "switch": "switch ($x) { 'a' { b } default { c } }",
    "members": "$x.Trim(); $y[0]; [A]::B($z); a $x.c",
    "redirections": "a 2>$null | b\nc > d",
    "called": "& $x a; & 'b' c",
    "splatted": "a @b c",
}


def names_in(found: object) -> Iterator[str]:
    if isinstance(found, powershell_tree.Command) and found.words:
        first = found.words[0]
        yield (first.literal or "?") if isinstance(first, powershell_tree.String) else "?"
    if isinstance(found, tuple):
        for each in found:
            yield from names_in(each)
    for name in getattr(found, "__dataclass_fields__", ()):
        yield from names_in(getattr(found, name))


@pytest.mark.parametrize("text", POWERSHELL.values(), ids=POWERSHELL.keys())
def test_powershell_commands_are_those_of_tree_sitter(text: str) -> None:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    root = parser.parse(f"{text}\n".encode()).root_node
    theirs = [node.text.decode().strip("'") for node in nodes_of(root, "command_name") if node.text]
    theirs += ["?" for node in nodes_of(root, "command_name_expr") if node.text and node.text.startswith(b"$")]
    theirs += [
        node.text.decode().strip("'")
        for node in nodes_of(root, "command_name_expr")
        if node.text and node.text[:1] == b"'"
    ]
    assert sorted(names_in(powershell_parser.parse(Cursor(text)))) == sorted(theirs)


DOCKERFILES = {
    "instructions": 'FROM a AS b\nENV X=1\nCMD ["c"]\n',
    "continuations": "FROM a\nRUN b \\\n  c \\\n  # d\n  e\nENV Y 2\n",
    "lower case and comments": "# a\nfrom b\n# c\nrun d\n",
    "blank lines": "\n\nFROM a\n\nCMD b\n",
    "strings over lines": 'FROM a\nCMD ["sh", "-c", \\\n  "b; \\\n  c"]\n',
}


@pytest.mark.parametrize("text", DOCKERFILES.values(), ids=DOCKERFILES.keys())
def test_instructions_are_those_of_dockerfile_parse(text: str) -> None:
    parser = dockerfile_parse.DockerfileParser(fileobj=io.BytesIO(text.encode()))
    theirs = [(each["instruction"], each["startline"] + 1, "".join(each["value"].split())) for each in parser.structure]
    theirs = [each for each in theirs if each[0] != "COMMENT"]
    assert [(each.name, each.line, "".join(each.text.split())) for each in instructions(text)] == theirs


def test_known_difference_dockerfile_parse_takes_here_documents_for_instructions() -> None:
    text = "FROM a\nRUN <<EOF\nENV X=9\nEOF\nCMD b\n"
    parser = dockerfile_parse.DockerfileParser(fileobj=io.BytesIO(text.encode()))
    assert "ENV" in {each["instruction"] for each in parser.structure}
    assert [each.name for each in instructions(text)] == ["FROM", "RUN", "CMD"]


DOTENV = {
    "plain": "X=5\nY= a b \n",
    "quotes": 'X="a b"\nY=\'c d\'\nZ="e\'f"\n',
    "comments": "# no\nX=5 # no\nY=5#6\nZ='7 # 8'\n",
    "export": "export X=5\n  Y=6\n",
    "escapes": "X=\"a\\nb\"\nY='a\\nb'\nZ=a\\nb\n",
    "several lines": "X='a\nb'\nY=\"c\nd\"\nZ=1\n",
    "expansion": "A=1\nX=${A}2\nY='${A}'\n",
    "empty": "X=\nY=''\nZ=\"\"\n",
    "blanks around the sign": "X = 5\nY= 6\n",
}


@pytest.mark.parametrize("text", DOTENV.values(), ids=DOTENV.keys())
def test_values_are_those_of_python_dotenv(text: str) -> None:
    theirs = dotenv.dotenv_values(stream=io.StringIO(text))
    (file,) = env_file.read("a.env", text, Dialect.DOTENV, set(theirs)).facts
    assert isinstance(file, EnvFile)
    assert {each.name: each.value.literal for each in file.settings} == theirs


def test_known_difference_a_blank_line_ends_a_continuation_in_dockerfile_parse_but_not_in_docker() -> None:
    text = "FROM a\nRUN b \\\n\n  c\n"
    parser = dockerfile_parse.DockerfileParser(fileobj=io.BytesIO(text.encode()))
    assert [each["instruction"] for each in parser.structure] == ["FROM", "RUN", "C"]
    assert [each.name for each in instructions(text)] == ["FROM", "RUN"]


def test_compose_and_python_dotenv_differ_in_what_they_expand() -> None:
    text = "A=1\nX='${A}'\nY=$A\n"
    assert dotenv.dotenv_values(stream=io.StringIO(text)) == {"A": "1", "X": "1", "Y": "$A"}
    for dialect, expected in ((Dialect.DOTENV, ["1", "$A"]), (Dialect.COMPOSE, ["${A}", "1"])):
        (file,) = env_file.read("a.env", text, dialect, {"X", "Y"}).facts
        assert isinstance(file, EnvFile)
        assert [each.value.literal for each in file.settings] == expected

"""From the text of a shell script to its commands, in one pass and whatever the text is.

What is no shell at all still gives commands, of strange words; nothing is ever looked at twice. The grammar is that of
the bash manual, 3.2, as far as it decides which commands there are and under which conditions.
"""

from __future__ import annotations

import re
from typing import Final

from selfstop.deploy.read import shell_tree as tree
from selfstop.deploy.read.cursor import Cursor, TooDeep
from selfstop.deploy.read.shell_words import Words, skip_parentheses

_BLANK: Final = re.compile(r"(?:[ \t]|\\\n)+")
_SPACE: Final = re.compile(r"(?:\s|\\\n)+")
_COMMENT: Final = re.compile(r"#[^\n]*")
_REDIRECTION: Final = re.compile(
    r"(?P<descriptor>\d*|\{\w+\})(?P<operator>&>>|&>|<<<|<<-|<<|<>|<&|>&|>>|>\||<(?!\()|>(?!\())"
)
_ASSIGNMENT: Final = re.compile(r"(?P<name>[A-Za-z_]\w*)(?:\[[^\]\n]{0,200}\])?(?P<append>\+?)=")
_FUNCTION: Final = re.compile(r"(?P<name>[\w.:-]+)[ \t]*\([ \t]*\)\s*")
_LOGICAL_LINE: Final = re.compile(r"(?:[^\\\n]|\\(?:.|\n)|\\$)*")
_ENDINGS: Final = frozenset("then elif else fi do done esac }".split())
_COMPOUND: Final = frozenset("if for select while until case { function ! [[ time coproc".split())
_RESERVED: Final = re.compile(r"(?:\[\[|[{}!]|[a-z]+)(?=[\s;&|()<>]|$)")


class Parser:
    """Parses the text of one cursor, and, by way of its words, of the texts in it."""

    def script(self, cursor: Cursor) -> tree.Sequence:
        """All commands up to the end; what closes nothing is skipped."""
        nodes: list[tree.Node] = []
        try:
            while True:
                nodes.extend(self._sequence(cursor, frozenset()))
                if cursor.ended:
                    break
                cursor.fault(cursor.position, "a command ends that did not begin")
                cursor.position += 1
        except TooDeep as error:
            cursor.faults.append((error.line, "commands nest too deep; what follows is not read"))
        return tuple(nodes)

    def _substituted(self, cursor: Cursor) -> tree.Sequence:
        """The commands of a substitution, with the parenthesis that closes it."""
        start = cursor.position
        cursor.deeper()
        nodes = self._sequence(cursor, frozenset())
        cursor.depth -= 1
        if (not cursor.accept(")") and not cursor.ended) or cursor.text[cursor.position - 1 : cursor.position] != ")":
            cursor.fault(start, "a substitution is not closed")
        return nodes

    def _sequence(self, cursor: Cursor, endings: frozenset[str]) -> tree.Sequence:
        """Commands up to a reserved word of ``endings``, a closing parenthesis, ``;;`` or the end."""
        nodes: list[tree.Node] = []
        while True:
            self._separators(cursor)
            if cursor.ended or cursor.at(")") or cursor.at(";;") or self._reserved(cursor) in endings:
                return tuple(nodes)
            position = cursor.position
            node = self._chain(cursor)
            if node:
                nodes.append(node)
            elif cursor.position == position:
                cursor.position += 1

    def _separators(self, cursor: Cursor) -> None:
        while not cursor.ended:
            if cursor.at("\n"):
                _pass_line_end(cursor)
            elif cursor.at(";;") or not (
                cursor.take(_BLANK) or cursor.take(_COMMENT) or cursor.accept(";") or cursor.accept("&")
            ):
                return

    def _newlines(self, cursor: Cursor) -> None:
        """Skip line ends and comments where a command must follow."""
        while not cursor.ended:
            if cursor.at("\n"):
                _pass_line_end(cursor)
            elif not (cursor.take(_BLANK) or cursor.take(_COMMENT)):
                return

    @staticmethod
    def _reserved(cursor: Cursor) -> str:
        found = _RESERVED.match(cursor.text, cursor.position)
        return found.group() if found else ""

    def _chain(self, cursor: Cursor) -> tree.Node | None:
        start, line = cursor.position, cursor.line
        first = self._pipeline(cursor)
        rest: list[tuple[str, tree.Node]] = []
        while first:
            cursor.take(_BLANK)
            operator = next((operator for operator in ("&&", "||") if cursor.accept(operator)), "")
            if not operator:
                break
            self._newlines(cursor)
            following = self._pipeline(cursor)
            if not following:
                break
            rest.append((operator, following))
        if not first or not rest:
            return first
        return tree.Chain(first, tuple(rest), line, cursor.text[start : cursor.position])

    def _pipeline(self, cursor: Cursor) -> tree.Node | None:
        start, line = cursor.position, cursor.line
        negated = False
        while self._reserved(cursor) in {"!", "time", "coproc"}:
            negated = negated is not cursor.at("!")
            cursor.take(_RESERVED)
            cursor.take(_BLANK)
        stages: list[tree.Node] = []
        while stage := self._stage(cursor):
            stages.append(stage)
            cursor.take(_BLANK)
            if cursor.at("||") or not (cursor.accept("|&") or cursor.accept("|")):
                break
            self._newlines(cursor)
        if len(stages) == 1 and not negated:
            return stages[0]
        return tree.Pipeline(tuple(stages), line, cursor.text[start : cursor.position], negated) if stages else None

    def _stage(self, cursor: Cursor) -> tree.Node | None:
        """A simple or compound command; the latter with its redirections."""
        start, line = cursor.position, cursor.line
        cursor.deeper()
        node = self._compound(cursor)
        cursor.depth -= 1
        if node is None:
            return self._simple(cursor)
        if isinstance(node, tree.Function):
            return node
        redirections = self._redirections(cursor)
        if not redirections:
            return node
        return tree.Group((node,), line, cursor.text[start : cursor.position], redirections)

    def _redirections(self, cursor: Cursor) -> tuple[tree.Redirection, ...]:
        found: list[tree.Redirection] = []
        cursor.take(_BLANK)
        while self._redirection(cursor, found):
            cursor.take(_BLANK)
        return tuple(found)

    def _compound(self, cursor: Cursor) -> tree.Node | None:
        start, line = cursor.position, cursor.line
        if cursor.at("(("):
            skip_parentheses(cursor)
            return tree.Test((), line, cursor.text[start : cursor.position])
        if cursor.accept("("):
            body = self._sequence(cursor, frozenset())
            self._expect(cursor, ")", start)
            return tree.Group(body, line, cursor.text[start : cursor.position])
        if named := _FUNCTION.match(cursor.text, cursor.position):
            cursor.position = named.end()
            return self._function(cursor, named["name"], start, line)
        match self._reserved(cursor):
            case "if":
                return self._if(cursor, start, line)
            case "for" | "select" | "while" | "until" as kind:
                return self._loop(cursor, kind, start, line)
            case "case":
                return self._case(cursor, start, line)
            case _:
                return self._block(cursor, start, line)

    def _block(self, cursor: Cursor, start: int, line: int) -> tree.Node | None:
        match self._reserved(cursor):
            case "{":
                cursor.position += 1
                body = self._sequence(cursor, frozenset("}"))
                self._expect(cursor, "}", start)
                return tree.Group(body, line, cursor.text[start : cursor.position])
            case "[[":
                return self._test(cursor, start, line)
            case "function":
                cursor.take(_RESERVED)
                cursor.take(_BLANK)
                name = cursor.take(re.compile(r"[^\s;&|<>()]+"))
                cursor.take(re.compile(r"\s*(?:\([ \t]*\))?\s*"))
                return self._function(cursor, name, start, line)
            case _:
                return None

    def _function(self, cursor: Cursor, name: str, start: int, line: int) -> tree.Function:
        self._newlines(cursor)
        body = self._stage(cursor)
        return tree.Function(name, (body,) if body else (), line, cursor.text[start : cursor.position])

    def _expect(self, cursor: Cursor, word: str, start: int) -> None:
        if not cursor.accept(word):
            cursor.fault(start, f"{word!r} is missing")

    def _if(self, cursor: Cursor, start: int, line: int) -> tree.If:
        branches: list[tuple[tree.Sequence, tree.Sequence]] = []
        otherwise: tree.Sequence = ()
        word = cursor.take(_RESERVED)
        while word in {"if", "elif"}:
            condition = self._sequence(cursor, frozenset({"then", "fi"}))
            if self._reserved(cursor) == "then":
                cursor.take(_RESERVED)
            branches.append((condition, self._sequence(cursor, frozenset({"elif", "else", "fi"}))))
            word = self._reserved(cursor)
            if word in {"elif", "else"}:
                cursor.take(_RESERVED)
        if word == "else":
            otherwise = self._sequence(cursor, frozenset({"fi"}))
        self._expect(cursor, "fi", start)
        return tree.If(tuple(branches), otherwise, line, cursor.text[start : cursor.position])

    def _loop(self, cursor: Cursor, kind: str, start: int, line: int) -> tree.Loop:
        cursor.take(_RESERVED)
        variable, words = "", None
        condition: tree.Sequence = ()
        if kind in {"for", "select"}:
            variable, words = self._header(cursor)
        else:
            condition = self._sequence(cursor, frozenset({"do", "done"}))
        self._separators(cursor)
        ending = "done"
        if self._reserved(cursor) == "do":
            cursor.take(_RESERVED)
        elif cursor.at("{"):
            cursor.position += 1
            ending = "}"
        body = self._sequence(cursor, frozenset({ending}))
        self._expect(cursor, ending, start)
        return tree.Loop(kind, variable, words, condition, body, line, cursor.text[start : cursor.position])

    def _header(self, cursor: Cursor) -> tuple[str, tuple[tree.Word, ...] | None]:
        """The variable of a ``for`` and the words it runs through, ``None`` where they are not listed."""
        cursor.take(_BLANK)
        if cursor.at("(("):
            skip_parentheses(cursor)
            return "", None
        variable = cursor.take(re.compile(r"[A-Za-z_]\w*"))
        self._newlines(cursor)
        if self._reserved(cursor) != "in":
            return variable, None
        cursor.take(_RESERVED)
        return variable, self._listed(cursor)

    def _listed(self, cursor: Cursor) -> tuple[tree.Word, ...]:
        words: list[tree.Word] = []
        cursor.take(_BLANK)
        while word := self._words(cursor).word():
            words.append(word)
            cursor.take(_BLANK)
        return tuple(words)

    def _case(self, cursor: Cursor, start: int, line: int) -> tree.Case:
        cursor.take(_RESERVED)
        cursor.take(_BLANK)
        subject = self._words(cursor).word() or tree.Word((), line)
        self._newlines(cursor)
        if self._reserved(cursor) == "in":
            cursor.take(_RESERVED)
        arms: list[tuple[tuple[tree.Word, ...], tree.Sequence]] = []
        while True:
            self._separators(cursor)
            if cursor.ended or self._reserved(cursor) == "esac":
                break
            position = cursor.position
            arms.append(self._arm(cursor))
            if cursor.position == position:
                cursor.position += 1
        self._expect(cursor, "esac", start)
        return tree.Case(subject, tuple(arms), line, cursor.text[start : cursor.position])

    def _arm(self, cursor: Cursor) -> tuple[tuple[tree.Word, ...], tree.Sequence]:
        cursor.accept("(")
        patterns: list[tree.Word] = []
        while True:
            cursor.take(_BLANK)
            word = self._words(cursor).word()
            if word:
                patterns.append(word)
            cursor.take(_BLANK)
            if not cursor.accept("|"):
                break
        cursor.accept(")")
        body = self._sequence(cursor, frozenset({"esac"}))
        cursor.take(re.compile(r";;&?|;&"))
        return tuple(patterns), body

    def _test(self, cursor: Cursor, start: int, line: int) -> tree.Test:
        """``[[ … ]]``; operators that are no words elsewhere are words here."""
        cursor.position += 2
        words: list[tree.Word] = []
        while not cursor.ended:
            cursor.take(_SPACE)
            word_line = cursor.line
            if operator := cursor.take(re.compile(r"&&|\|\||[()<>|;&]")):
                words.append(tree.Word((tree.Text(operator),), word_line))
                continue
            word = self._words(cursor).word()
            if word is None or word.bare == "]]":
                break
            words.append(word)
        return tree.Test(tuple(words), line, cursor.text[start : cursor.position])

    def _words(self, cursor: Cursor) -> Words:
        return Words(cursor, self._substituted)

    def _simple(self, cursor: Cursor) -> tree.Command | None:
        start, line = cursor.position, cursor.line
        words: list[tree.Word] = []
        assignments: list[tree.Assignment] = []
        redirections: list[tree.Redirection] = []
        while not cursor.ended:
            cursor.take(_BLANK)
            if cursor.at("#") or cursor.at("\n"):
                break
            if self._redirection(cursor, redirections):
                continue
            if (not words or _declares(words)) and self._assignment(cursor, assignments):
                continue
            word = self._words(cursor).word()
            if word is None:
                break
            words.append(word)
        if not (words or assignments or redirections):
            return None
        source = cursor.text[start : cursor.position]
        return tree.Command(tuple(words), line, source, tuple(assignments), tuple(redirections))

    def _assignment(self, cursor: Cursor, assignments: list[tree.Assignment]) -> bool:
        found = _ASSIGNMENT.match(cursor.text, cursor.position)
        if not found:
            return False
        line = cursor.line
        cursor.position = found.end()
        if cursor.accept("("):
            items = self._items(cursor, found.start())
            word = tree.Word((), line)
        else:
            items, word = None, self._words(cursor).word() or tree.Word((), line)
        assignments.append(tree.Assignment(found["name"], word, line, bool(found["append"]), items))
        return True

    def _items(self, cursor: Cursor, start: int) -> tuple[tree.Word, ...]:
        items: list[tree.Word] = []
        while True:
            self._newlines(cursor)
            word = self._words(cursor).word()
            if word is None:
                break
            items.append(word)
        self._expect(cursor, ")", start)
        return tuple(items)

    def _redirection(self, cursor: Cursor, found: list[tree.Redirection]) -> bool:
        match = _REDIRECTION.match(cursor.text, cursor.position)
        if not match:
            return False
        cursor.position = match.end()
        cursor.take(_BLANK)
        target = self._words(cursor).word() or tree.Word((), cursor.line)
        operator = match["operator"]
        if operator in {"<<", "<<-"}:
            target = self._document(cursor, target, strip=operator == "<<-")
        found.append(tree.Redirection(operator, target, match["descriptor"]))
        return True

    def _document(self, cursor: Cursor, delimiter: tree.Word, *, strip: bool) -> tree.Word:
        """The body of a here-document, which begins after the line that announces it."""
        if cursor.document_start < cursor.position:
            cursor.document_start = _LOGICAL_LINE.match(cursor.text, cursor.position).end()  # type: ignore[union-attr]
            cursor.document_end = cursor.document_start + 1
        start = cursor.document_end
        lines: list[str] = []
        ending = delimiter.literal or ""
        while cursor.document_end < len(cursor.text):
            found = cursor.text.find("\n", cursor.document_end)
            end = len(cursor.text) if found < 0 else found
            line = cursor.text[cursor.document_end : end]
            cursor.document_end = end + 1
            if (line.lstrip("\t") if strip else line) == ending:
                break
            lines.append(line.lstrip("\t") if strip else line)
        else:
            cursor.fault(start, "a here-document is not closed")
        body = "".join(f"{line}\n" for line in lines)
        first_line = cursor.line_at(start)
        if any(isinstance(part, tree.Text) and part.quoted for part in delimiter.parts):
            return tree.Word((tree.Text(body, quoted=True),), first_line)
        inner = Cursor(body, first_line)
        inner.depth = cursor.depth
        return Words(inner, self._substituted).body()


def _pass_line_end(cursor: Cursor) -> None:
    """Read a line end and the here-documents that follow it."""
    if cursor.position == cursor.document_start:
        cursor.position = min(cursor.document_end, len(cursor.text))
    else:
        cursor.position += 1


def _declares(words: list[tree.Word]) -> bool:
    return words[0].bare in {"export", "declare", "typeset", "local", "readonly"}

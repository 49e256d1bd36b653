"""From the text of a PowerShell script to its statements, in one pass and whatever the text is.

The grammar is that of about_Parsing: a statement is in command mode unless it begins like an expression.
"""

from __future__ import annotations

import re
from typing import Final

from selfstop.deploy.read import powershell_tree as tree
from selfstop.deploy.read.cursor import Cursor, TooDeep
from selfstop.deploy.read.powershell_expressions import Expressions
from selfstop.deploy.read.powershell_words import Words

_KEYWORD: Final = re.compile(r"[A-Za-z]+(?![\w-])")
_ASSIGNMENT: Final = re.compile(
    r"(?:\[[\w., ]{0,100}(?:\[[\w., ]{0,100}\])?\][ \t]*){0,4}"
    r"\$(?:\{(?P<braced>[^}\n]{0,200})\}|(?P<name>(?:\w+:)?\w+))[ \t]*(?P<append>[+*/%-]?)=(?!=)"
)
_SIMPLE_ASSIGNMENT: Final = re.compile(r"[ \t]*[+*/%-]?=(?!=)")
_REDIRECTION: Final = re.compile(r"[0-6*]?>>?(?:&[0-6])?")
_EXPRESSION: Final = re.compile(r"[$\"'(@\[{!]|[+-]?\d|-not\b|-join\b|-split\b|,", re.IGNORECASE)
_LABEL: Final = re.compile(r":\w+[ \t]+")
_FUNCTION_NAME: Final = re.compile(r"[\w:.-]+")


class Parser(Expressions):
    """Statements; expressions are inherited, as either may hold the other."""

    def script(self) -> tree.Sequence:
        """All statements up to the end; what closes nothing is skipped."""
        nodes: list[tree.Node] = []
        cursor = self.cursor
        try:
            while True:
                nodes.extend(self._sequence())
                if cursor.ended:
                    break
                cursor.fault(cursor.position, "a statement ends that did not begin")
                cursor.position += 1
        except TooDeep as error:
            cursor.faults.append((error.line, "statements nest too deep; what follows is not read"))
        return tuple(nodes)

    def statements(self, cursor: Cursor) -> tree.Sequence:
        """Statements up to a parenthesis, which is read, too."""
        start = cursor.position
        cursor.deeper()
        nodes = self._sequence()
        cursor.depth -= 1
        if not cursor.accept(")"):
            cursor.fault(start, "a parenthesis is not closed")
        return nodes

    def block(self) -> tree.Sequence:
        """``{ … }``, or nothing where there is none."""
        cursor = self.cursor
        self.space()
        start = cursor.position
        if not cursor.accept("{"):
            return ()
        cursor.deeper()
        nodes = self._sequence()
        cursor.depth -= 1
        if not cursor.accept("}"):
            cursor.fault(start, "a brace is not closed")
        return nodes

    def _sequence(self) -> tree.Sequence:
        nodes: list[tree.Node] = []
        cursor = self.cursor
        while True:
            self.separators()
            if cursor.ended or cursor.here in ")}":
                return tuple(nodes)
            position = cursor.position
            node = self.statement()
            if node:
                nodes.append(node)
            if cursor.position == position:
                cursor.position += 1

    def separators(self) -> None:
        """Skip what stands between statements."""
        while self.space() or self.cursor.accept(";"):
            pass

    def statement(self) -> tree.Node | None:
        """One statement."""
        cursor = self.cursor
        cursor.take(_LABEL)
        start, line = cursor.position, cursor.line
        if keyword := _KEYWORD.match(cursor.text, start):
            if node := self._keyword(keyword.group().lower(), keyword.end(), start, line):
                return node
            cursor.position = start
        if found := _ASSIGNMENT.match(cursor.text, start):
            cursor.position = found.end()
            return self._assigned(found["braced"] or found["name"], start, line, append=bool(found["append"]))
        return self._chain()

    def _assigned(self, name: str, start: int, line: int, *, append: bool = False) -> tree.Assignment:
        self.space()
        value = self.statement()
        return tree.Assignment(name, value, line, self.cursor.text[start : self.cursor.position], append)

    def _keyword(self, keyword: str, end: int, start: int, line: int) -> tree.Node | None:
        cursor = self.cursor
        handler = {
            "if": self._if,
            "foreach": self._foreach,
            "for": self._while,
            "while": self._while,
            "do": self._do,
            "switch": self._switch,
            "try": self._try,
            "param": self._parameters,
            "function": self._function,
            "filter": self._function,
        }.get(keyword)
        if handler:
            cursor.position = end
            return handler(start, line)
        if keyword in {"return", "throw", "exit"}:
            cursor.position = end
            self.blank()
            inner = None if cursor.here in "\n;}" else self._chain()
            return inner or tree.Evaluation(tree.Unknown(), line, keyword)
        if keyword in {"begin", "process", "end", "trap"}:
            cursor.position = end
            self.space()
            return self._loop_of("do", self.block(), start, line) if cursor.at("{") else None
        return None

    def _loop_of(self, kind: str, body: tree.Sequence, start: int, line: int) -> tree.Loop:
        return tree.Loop(kind, "", (), "", body, line, self.cursor.text[start : self.cursor.position])

    def _tested(self) -> tuple[tree.Sequence, str]:
        """A condition in parentheses, and its source."""
        cursor = self.cursor
        self.space()
        if not cursor.accept("("):
            return (), ""
        start = cursor.position
        nodes = self.statements(cursor)
        return nodes, cursor.text[start : cursor.position].removesuffix(")")

    def _if(self, start: int, line: int) -> tree.Node:
        cursor = self.cursor
        branches: list[tuple[tree.Sequence, str, tree.Sequence]] = []
        otherwise: tree.Sequence = ()
        more = True
        while more:
            condition, source = self._tested()
            branches.append((condition, source, self.block()))
            position = cursor.position
            self.space()
            word = cursor.take(_KEYWORD).lower()
            more = word == "elseif"
            if word == "else":
                otherwise = self.block()
            elif not more:
                cursor.position = position
        return tree.If(tuple(branches), otherwise, line, cursor.text[start : cursor.position])

    def _foreach(self, start: int, line: int) -> tree.Node | None:
        cursor = self.cursor
        self.blank()
        if not cursor.accept("("):
            return None
        self.space()
        variable = self.words.variable()
        self.space()
        cursor.take(re.compile("in", re.IGNORECASE))
        self.space()
        items = self.statements(cursor)
        body = self.block()
        name = variable.name if variable else ""
        return tree.Loop("foreach", name, items, "", body, line, cursor.text[start : cursor.position])

    def _while(self, start: int, line: int) -> tree.Node:
        _, source = self._tested()
        kind = "for" if ";" in source else "while"
        body = self.block()
        return tree.Loop(kind, "", (), source, body, line, self.cursor.text[start : self.cursor.position])

    def _do(self, start: int, line: int) -> tree.Node:
        body = self.block()
        self.space()
        position = self.cursor.position
        if self.cursor.take(_KEYWORD).lower() in {"while", "until"}:
            self._tested()
        else:
            self.cursor.position = position
        return self._loop_of("do", body, start, line)

    def _switch(self, start: int, line: int) -> tree.Node:
        cursor = self.cursor
        self.space()
        while cursor.at("-"):
            cursor.take(re.compile(r"-\w+\s*"))
        subject, _ = self._tested()
        self.space()
        arms: list[tuple[tree.Expression, tree.Sequence]] = []
        if cursor.accept("{"):
            cursor.deeper()
            while True:
                self.separators()
                if cursor.ended or cursor.accept("}"):
                    break
                position = cursor.position
                label = self.argument() or tree.Unknown()
                arms.append((label, self.block()))
                if cursor.position == position:
                    cursor.position += 1
            cursor.depth -= 1
        return tree.Switch(subject, tuple(arms), line, cursor.text[start : cursor.position])

    def _try(self, start: int, line: int) -> tree.Node:
        cursor = self.cursor
        body = self.block()
        handlers: list[tree.Node] = []
        final: tree.Sequence = ()
        while True:
            position = cursor.position
            self.space()
            word = cursor.take(_KEYWORD).lower()
            if word == "catch":
                cursor.take(re.compile(r"(?:\s*\[[^\]\n]*\],?)*"))
                handlers.extend(self.block())
            elif word == "finally":
                final = self.block()
            else:
                cursor.position = position
                break
        return tree.Try(body, tuple(handlers), final, line, cursor.text[start : cursor.position])

    def _parameters(self, start: int, line: int) -> tree.Node | None:
        """``param(…)``: attributes and types are passed over, defaults are read."""
        cursor = self.cursor
        self.space()
        if not cursor.accept("("):
            return None
        defaults: list[tuple[str, tree.Node | None]] = []
        while True:
            self.space()
            if cursor.ended or cursor.accept(")"):
                break
            position = cursor.position
            if cursor.accept(",") or self.skip_brackets():
                continue
            variable = self.words.variable()
            if variable:
                default = cursor.take(_SIMPLE_ASSIGNMENT)
                self.space()
                value = self.expression(listed=False) if default else None
                node = tree.Evaluation(value, cursor.line, "") if value else None
                defaults.append((variable.name, node))
            if cursor.position == position:
                cursor.position += 1
        return tree.Parameters(tuple(defaults), line, cursor.text[start : cursor.position])

    def _function(self, start: int, line: int) -> tree.Node:
        cursor = self.cursor
        self.blank()
        name = cursor.take(_FUNCTION_NAME)
        self.space()
        head: tree.Sequence = ()
        if cursor.at("("):
            parameters = self._parameters(cursor.position, cursor.line)
            head = (parameters,) if parameters else ()
        body = self.block()
        return tree.Function(name, (*head, *body), line, cursor.text[start : cursor.position])

    def _chain(self) -> tree.Node | None:
        cursor = self.cursor
        start, line = cursor.position, cursor.line
        first = self._pipeline()
        rest: list[tuple[str, tree.Node]] = []
        while first:
            self.blank()
            operator = next((operator for operator in ("&&", "||") if cursor.accept(operator)), "")
            self.space() if operator else None
            following = self._pipeline() if operator else None
            if not following:
                break
            rest.append((operator, following))
        if not first or not rest:
            return first
        return tree.Chain(first, tuple(rest), line, cursor.text[start : cursor.position])

    def _pipeline(self) -> tree.Node | None:
        cursor = self.cursor
        start, line = cursor.position, cursor.line
        stages: list[tree.Node] = []
        while stage := self._stage():
            stages.append(stage)
            self.blank()
            if cursor.at("||") or not cursor.accept("|"):
                break
            self.space()
        if len(stages) < 2:
            return stages[0] if stages else None
        return tree.Pipeline(tuple(stages), line, cursor.text[start : cursor.position])

    def _stage(self) -> tree.Node | None:
        cursor = self.cursor
        start, line = cursor.position, cursor.line
        if not _EXPRESSION.match(cursor.text, start):
            return self._command()
        expression = self.expression()
        source = cursor.text[start : cursor.position]
        if cursor.take(_SIMPLE_ASSIGNMENT):
            return self._assigned("", start, line)
        while cursor.take(_REDIRECTION):
            self.blank()
            self.argument()
        return tree.Evaluation(expression, line, source) if expression else None

    def _command(self) -> tree.Command | None:
        cursor = self.cursor
        start, line = cursor.position, cursor.line
        if cursor.at("&&"):
            return None
        called = cursor.take(re.compile(r"[&.](?=[\s\"'$({])\s*"))
        words: list[tree.Expression] = []
        targets: list[tuple[tree.Expression, bool]] = []
        while not cursor.ended:
            self.blank()
            if redirection := cursor.take(_REDIRECTION):
                self._redirected(redirection, targets)
                continue
            if cursor.at("--%"):
                words.extend(self._verbatim())
                break
            if cursor.here in ",\n;|)}":
                if not cursor.accept(","):
                    break
                continue
            word = self.argument()
            if word is None:
                break
            words.append(word)
        if not words and not called:
            return None
        return tree.Command(tuple(words), line, cursor.text[start : cursor.position], tuple(targets))

    def _redirected(self, redirection: str, targets: list[tuple[tree.Expression, bool]]) -> None:
        if "&" in redirection:
            return
        self.blank()
        target = self.argument()
        if target and redirection[0] in ">1*":
            targets.append((target, redirection.endswith(">>")))

    def _verbatim(self) -> list[tree.Expression]:
        line = self.cursor.line
        text = self.cursor.take(re.compile(r"--%[^\n|]*"))
        return [tree.String((word,), line) for word in text.split()[1:]]


def parse(cursor: Cursor) -> tree.Sequence:
    """The statements of a script."""
    parser = Parser(cursor)
    parser.words = Words(cursor, parser.statements)
    return parser.script()

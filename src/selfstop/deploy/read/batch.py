"""Batch files of Windows: what they start, line by line.

Only what decides about that is read: variables, carets, quotes, ``if`` and parentheses. ``goto`` is not followed.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import Final

from selfstop.deploy.model import Comparison, Condition, Origin, Reading, Script, Unresolved, Value
from selfstop.deploy.read import commands
from selfstop.deploy.read.conditions import condition
from selfstop.deploy.read.marks import Marked, hide
from selfstop.deploy.read.state import State
from selfstop.deploy.read.variables import Argument, Conditions, Content, Variables, joined, named, negated, value_of

_TOKEN: Final = re.compile(
    r"(?P<space>(?:[ \t,;=]|\^\n)+)|(?P<end>\n|&&?|\|\|?)|(?P<redirect>\d?(?:>>?|<)(?:&\d)?[ \t]*)"
    r"|(?P<open>\()|(?P<close>\))"
    r"|(?P<word>(?:\"[^\"\n]*\"?|\^[^\n]|\^\n|[^\s\"&|<>()^,;=]|=(?=\S))+)|(?P<other>.)",
    re.DOTALL,
)
_VARIABLE: Final = re.compile(
    r"%~(?P<modifier>[a-z]*)(?P<digit>\d)|%(?P<position>\d|\*)|%(?P<name>[A-Za-z_][\w()]*)(?::[^%\n]*)?%|!(?P<late>[A-Za-z_]\w*)!"
    r"|%%~?[a-zA-Z]+",
    re.IGNORECASE,
)
_SET: Final = re.compile(
    r"\s*(?:\"(?P<quoted>[A-Za-z_]\w*)=(?P<inner>[^\n]*)\"|(?P<name>[A-Za-z_]\w*)=(?P<value>[^\n&|]*))", re.IGNORECASE
)
_IF: Final = re.compile(
    r"(?:/i\s+)?(?P<negated>not\s+)?(?:(?P<unary>exist|defined|errorlevel)\s+(?P<operand>\"[^\"\n]*\"|\S+)"
    r"|(?P<left>\"[^\"\n]*\"|[^\s=]+)\s*(?P<operator>==|\s(?:equ|neq|gtr|lss|geq|leq)\s)\s*(?P<right>\"[^\"\n]*\"|[^\s(]+))\s*",
    re.IGNORECASE,
)
_FOR: Final = re.compile(r"(?:/[a-z]\s+(?:\"[^\"\n]*\"\s+)?)?%%~?[a-z]\s+in\s+\([^()\n]*\)\s+do\s+", re.IGNORECASE)
_COMMENT: Final = re.compile(r"[ \t]*@?(?:rem(?=\s|$)[^\n]*|::[^\n]*|:[^\s:][^\n]*)", re.IGNORECASE)
_PRINTING: Final = frozenset({"echo", "echo.", "title", "pause", "rem"})
_OPERATORS: Final = {"==": "=", "equ": "=", "neq": "!=", "gtr": "-gt", "lss": "-lt", "geq": "-ge", "leq": "-le"}


def read(script: Script) -> Reading:
    """What a batch file does. Never raises."""
    marked = hide(script.text, script.variables)
    reader = _Reader(script, marked)
    with reader.state.bounded(reader.variables):
        reader.all()
    return Reading(reader.state.all_facts(), reader.state.problems())


class _Reader:
    """The state while a file is gone through; ``_blocks`` are the conditions of the open parentheses."""

    def __init__(self, script: Script, marked: Marked) -> None:
        self.state = State(script)
        self._marked = marked
        self._text = marked.text
        self._position = 0
        self._line = script.place.line
        self._counted = 0
        self.variables = Variables({name.lower(): value for name, value in script.variables}, script.place.line)
        self._blocks: list[Conditions] = [script.conditions]
        self._closed: Conditions | None = None

    def all(self) -> None:
        """Go through the whole file."""
        while self._position < len(self._text):
            start = self._position
            self._statement()
            if self._position == start:
                self._position += 1

    def _current_line(self) -> int:
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._position)
        if found:
            self._position = found.end()
        return found

    def _statement(self) -> None:
        """One statement, or a parenthesis that opens or closes a block."""
        self._take(_BLANKS)
        if self._take(_COMMENT) or self._position >= len(self._text):
            return
        conditions = self._blocks[-1]
        if self._text[self._position] == ")":
            self._close()
            return
        if self._take(_ELSE) and self._closed:
            conditions = self.state.under(conditions, negated(self._closed[-1]))
        while found := self._take(_IF_WORD):
            tested = self._take(_IF)
            if not tested:
                break
            conditions = self.state.under(conditions, self._condition(tested, conditions))
            del found
        if self._take(_FOR_WORD):
            self._take(_FOR)
        if self._take(_OPEN):
            self._blocks.append(conditions)
            return
        self._closed = conditions if len(conditions) > len(self._blocks[-1]) else None
        self._command(conditions)

    def _close(self) -> None:
        self._position += 1
        if len(self._blocks) > 1:
            closed = self._blocks.pop()
            self._closed = closed if len(closed) > len(self._blocks[-1]) else None

    def _condition(self, found: re.Match[str], conditions: Conditions) -> Condition:
        place = self.state.place(self._current_line())
        holds = not found["negated"]
        text = self._marked.restore(found.group())
        if found["unary"]:
            value = self._expanded(found["operand"].strip('"'), conditions)
            operator = {"exist": "-e", "defined": "-n", "errorlevel": "-ge"}[found["unary"].lower()]
            return condition(text, place, Comparison(value, operator), holds=holds)
        left = self._expanded(found["left"].strip('"'), conditions)
        right = self._expanded(found["right"].strip('"'), conditions)
        operator = _OPERATORS[found["operator"].strip().lower()]
        return condition(text, place, Comparison(left, operator, right), holds=holds)

    def _command(self, conditions: Conditions) -> None:
        line = self._current_line()
        self.state.step(line, conditions)
        start = self._position
        if self._take(_SET_WORD):
            self._set(conditions, line)
            return
        words, targets = self._words(conditions)
        if not words:
            return
        program = (words[0].literal or "").lstrip("@").lower()
        source = self._marked.restore(self._text[start : self._position])
        if program in _PRINTING or program.startswith("echo"):
            return
        words = (Argument(Value.of(program) if words[0].literal else words[0].value, line), *words[1:])
        invocation = self.state.invocation(self._with_paths(words), line, conditions)
        self.state.facts.extend(commands.facts(invocation))
        for target in targets:
            self.state.write(target, None, source, append=False)

    @staticmethod
    def _with_paths(words: Content) -> Content:
        """Paths of scripts with ``/``."""
        return tuple(
            replace(word, value=commands.with_slashes(word.value))
            if str(word.value).lower().endswith((".ps1", ".bat", ".cmd"))
            else word
            for word in words
        )

    def _set(self, conditions: Conditions, line: int) -> None:
        found = self._take(_SET)
        if found is None:
            self._take(_REST)
            return
        name = (found["quoted"] or found["name"]).lower()
        text = found["inner"] if found["quoted"] else found["value"]
        self.variables.assign(name, (Argument(self._expanded(text, conditions), line),), conditions)

    def _words(self, conditions: Conditions) -> tuple[Content, list[Value]]:
        """The words of a command up to its end, and the files it is redirected to."""
        words: list[Argument] = []
        targets: list[Value] = []
        redirected = False
        while found := self._take_token():
            if found["end"] or found["close"]:
                if found["close"]:
                    self._position = found.start()
                break
            if found["redirect"]:
                redirected = "&" not in found["redirect"] and ">" in found["redirect"]
                continue
            text = found["word"] or found["open"] or found["other"] or ""
            if text:
                line = self._current_line()
                value = self._word(text, conditions)
                if redirected:
                    targets.append(value)
                    redirected = False
                else:
                    words.extend(self._split(text, value, line))
        return tuple(words), targets

    def _take_token(self) -> re.Match[str] | None:
        return self._take(_TOKEN) if self._position < len(self._text) else None

    @staticmethod
    def _split(text: str, value: Value, line: int) -> Content:
        """A word; a variable outside of quotes may be several."""
        if '"' not in text and value.literal is not None and re.search(r"[%!]", text):
            return tuple(Argument(Value.of(piece), line) for piece in value.literal.split())
        return (Argument(value, line, open='"' not in text and bool(value.unresolved)),)

    def _word(self, text: str, conditions: Conditions) -> Value:
        text = text.replace("^\n", "")
        return self._expanded(re.sub(r"\^(.)", r"\1", text).replace('"', ""), conditions)

    def _expanded(self, text: str, conditions: Conditions) -> Value:
        parts: list[str | Unresolved] = []
        position = 0
        for found in _VARIABLE.finditer(text):
            parts.extend(self._marked.parts(text[position : found.start()]))
            position = found.end()
            parts.extend(self._variable(found, conditions).parts)
        parts.extend(self._marked.parts(text[position:]))
        return value_of(parts)

    def _variable(self, found: re.Match[str], conditions: Conditions) -> Value:
        source = found.group()
        if found["digit"] == "0" and "d" in (found["modifier"] or "").lower():
            directory = posixpath.dirname(self.state.script.place.path)
            return Value.of(f"{directory}/" if directory else "")
        if found["digit"] or found["position"]:
            name = found["digit"] or found["position"]
            return Value((Unresolved(source, name.replace("*", "@"), Origin.ARGUMENTS),))
        name = found["name"] or found["late"]
        if not name:
            return Value((Unresolved(source, source),))
        alternatives = self.variables.find(name.lower(), conditions)
        if alternatives.only is not None:
            return joined(named(alternatives.only, name, source))
        complete = alternatives.complete and alternatives.literal
        return Value((Unresolved(source, name, candidates=alternatives.texts, complete=complete),))


_BLANKS: Final = re.compile(r"(?:[ \t\n@,;=]|&&?|\|\|?)+")
_ELSE: Final = re.compile(r"else(?=[\s(])[ \t]*", re.IGNORECASE)
_IF_WORD: Final = re.compile(r"if[ \t]+", re.IGNORECASE)
_FOR_WORD: Final = re.compile(r"for[ \t]+", re.IGNORECASE)
_OPEN: Final = re.compile(r"[ \t]*\(")
_SET_WORD: Final = re.compile(r"set(?=[ \t\"])[ \t]*", re.IGNORECASE)
_REST: Final = re.compile(r"[^\n]*")

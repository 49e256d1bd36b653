"""``match`` statements: each pattern becomes atomic tests on the subject.

Source: The Python Language Reference, section 8.6 "The match statement".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from selfstop.flow.lower.builder import Frontier
from selfstop.flow.terms import App, Const, Term

if TYPE_CHECKING:
    from selfstop.flow.lower.statements import Statements


class Patterns:
    """Lowers the ``match`` statements of one function."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements
        self.expressions = statements.expressions
        self.builder = statements.builder
        self.context = statements.context
        self.written: Term | None = None
        """The subject, flow aside."""

    def match(self, node: cst.Match) -> None:
        """Lower a whole ``match``; a case is tried when all before it have failed."""
        subject = self.expressions.value(node.subject)
        self.written = self.expressions.structure.value(node.subject)
        text = self.context.text(node.subject)
        done: Frontier = []
        for case in node.cases:
            self.builder.line = self.context.line(case)
            matched, failed = self._pattern(case.pattern, subject, text)
            self.builder.frontier = matched
            if case.guard is not None:
                matched, refused = self.expressions.branch(case.guard)
                failed = [*failed, *refused]
                self.builder.frontier = matched
            self.statements.body(case.body)
            done.extend(self.builder.frontier)
            self.builder.frontier = failed
        self.builder.frontier = [*done, *self.builder.frontier]

    def _pattern(self, pattern: cst.MatchPattern, subject: Term, text: str) -> tuple[Frontier, Frontier]:
        match pattern:
            case cst.MatchValue(value=value):
                return self._test(App("==", (subject, self.expressions.value(value))), pattern, text, "==")
            case cst.MatchSingleton(value=value):
                return self._test(App("is", (subject, self.expressions.value(value))), pattern, text, "is")
            case cst.MatchOr(patterns=alternatives):
                matched: Frontier = []
                for alternative in alternatives:
                    yes, self.builder.frontier = self._pattern(alternative.pattern, subject, text)
                    matched.extend(yes)
                failed, self.builder.frontier = self.builder.frontier, []
                return matched, failed
            case cst.MatchAs(pattern=None, name=name):
                if name is not None:
                    self._capture(name, subject, self.written)
                here, self.builder.frontier = self.builder.frontier, []
                return here, []
            case cst.MatchAs(pattern=inner, name=name) if inner is not None:
                yes, no = self._pattern(inner, subject, text)
                self.builder.frontier = yes
                if name is not None:
                    self._capture(name, subject, self.written)
                yes, self.builder.frontier = self.builder.frontier, []
                return yes, no
            case _:
                return self._structural(pattern, subject, text)

    def _structural(self, pattern: cst.MatchPattern, subject: Term, text: str) -> tuple[Frontier, Frontier]:
        """Class, sequence and mapping patterns: one opaque test, after which the captured names are unknown."""
        shape = App("matches", (subject, Const(self.context.text(pattern))))
        yes, no = self._test(shape, pattern, text, "matches")
        self.builder.frontier = yes
        for name in _captures(pattern):
            self._capture(name, None, None)
        yes, self.builder.frontier = self.builder.frontier, []
        return yes, no

    def _capture(self, name: cst.Name, value: Term | None, written: Term | None) -> None:
        self.expressions.bind(name, value)
        self.context.define(self.expressions.place(name), written, self.expressions.function_id)

    def _test(self, term: Term, pattern: cst.MatchPattern, text: str, relation: str) -> tuple[Frontier, Frontier]:
        return self.expressions.test(term, f"{text} {relation} {self.context.text(pattern)}")


def _captures(node: cst.CSTNode) -> list[cst.Name]:
    found: list[cst.Name] = []
    match node:
        case cst.MatchAs(name=name) | cst.MatchStar(name=name):
            found = [] if name is None else [name]
        case cst.MatchMapping(rest=rest):
            found = [] if rest is None else [rest]
    for child in node.children:
        found.extend(_captures(child))
    return found

"""Why no run takes the way of a finding: the form of the step at which all runs leave its witness.

A witness is taken line by line as far as some run goes. The tests in the line at which that run leaves it are to blame,
or the exception that is raised there. Where lines alone do not tell, all tests of the witness are.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from selfstop.model import Finding, StepKind, WitnessStep

NO_STEPS: Final = frozenset({StepKind.GIVEN, StepKind.FINALLY, StepKind.EXCEPT})
"""Steps that tell of something else than a line that is run: headers of handlers have no code of their own."""


class Form(Enum):
    """The form of a program at which the engine believes in a way that no run takes."""

    SETTING = "a constant compared with a constant, which someone may change"
    FLAG = "a variable or attribute that no run makes so"
    EXCEPTION = "an exception where nothing raises one"
    VALUES = "comparisons of values that go together"
    ANSWER = "rounds of a loop, kinds of answers, and other tests"
    NO_TEST = "no test on the way"


ORDER: Final = (Form.SETTING, Form.FLAG, Form.VALUES, Form.ANSWER)
"""Of several tests in one line, the first of these is to blame."""


def form_of(finding: Finding, runs: Iterable[Sequence[int]]) -> Form:
    """Where the ``runs``, given by their lines, leave the witness of ``finding``."""
    steps = [step for step in finding.witness if step.kind not in NO_STEPS]
    groups = [list(group) for _, group in itertools.groupby(steps, key=lambda step: step.line)]
    reached = max((_reached([group[0].line for group in groups], lines) for lines in runs), default=0)
    last = [*groups[max(reached - 1, 0)]]
    if reached < len(groups) and any(step.kind is StepKind.RAISE for step in last):
        return Form.EXCEPTION
    tests = _tests(last) if reached < len(groups) else _tests(steps)
    forms = set(tests or _tests(steps))
    return next((form for form in ORDER if form in forms), Form.NO_TEST)


def _reached(wanted: Sequence[int], lines: Sequence[int]) -> int:
    """How many of ``wanted`` occur in ``lines`` in their order."""
    rest = iter(lines)
    return sum(1 for _ in itertools.takewhile(lambda line: line in rest, wanted))


def _tests(steps: Iterable[WitnessStep]) -> list[Form]:
    return [_form(step.text) for step in steps if step.kind is StepKind.TEST]


def _form(text: str) -> Form:
    """The form of a test, told by its text: ``idle >= LIMIT is true``."""
    try:
        test = ast.parse(text.rsplit(" is ", 1)[0], mode="eval").body
    except SyntaxError:
        return Form.ANSWER
    operands = [part for node in ast.walk(test) if isinstance(node, ast.Compare) for part in _operands(node)]
    if operands and all(_is_fixed(operand) for operand in operands):
        return Form.SETTING
    if any(_is_flag(part) for part in _parts(test)):
        return Form.FLAG
    return Form.VALUES if any(map(_is_fixed, operands)) and not _asks_for_text(operands) else Form.ANSWER


def _operands(node: ast.Compare) -> list[ast.expr]:
    return [node.left, *node.comparators]


def _is_fixed(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper())


def _asks_for_text(operands: Iterable[ast.expr]) -> bool:
    return any(isinstance(operand, ast.Constant) and isinstance(operand.value, str) for operand in operands)


def _parts(test: ast.expr) -> Iterator[ast.expr]:
    """The atomic tests of a test."""
    match test:
        case ast.BoolOp(values=values):
            yield from itertools.chain.from_iterable(map(_parts, values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _parts(operand)
        case ast.IfExp(test=asked, body=body, orelse=orelse):
            yield from itertools.chain.from_iterable(map(_parts, (asked, body, orelse)))
        case ast.Call(func=ast.Name(id="bool" | "all" | "any"), args=[ast.Tuple(elts=elements)]):
            yield from itertools.chain.from_iterable(map(_parts, elements))
        case ast.Call(func=ast.Name(id="bool"), args=[inner]):
            yield from _parts(inner)
        case _:
            yield test


def _is_flag(node: ast.expr) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute)) and not _is_fixed(node)

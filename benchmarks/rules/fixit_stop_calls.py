"""The same question as a Fixit rule: stop calls in a ``finally``, and stop calls under no ``if`` with a comparison."""

import libcst as cst
from fixit import LintRule

STOP_CALLS = frozenset({"stop_instances", "_stop_self_ec2"})
ORDERED = (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)


class UnguardedStopCall(LintRule):
    """Reports stop calls by where they stand in the syntax tree."""

    MESSAGE = "a stop call that no threshold guards, or that runs as clean-up"

    def __init__(self) -> None:
        super().__init__()
        self._guards: list[bool] = []
        self._finally_blocks = 0

    def visit_If(self, node: cst.If) -> None:
        self._guards.append(_compares(node.test))

    def leave_If(self, original_node: cst.If) -> None:
        self._guards.pop()

    def visit_Finally(self, node: cst.Finally) -> None:
        self._finally_blocks += 1

    def leave_Finally(self, original_node: cst.Finally) -> None:
        self._finally_blocks -= 1

    def visit_Call(self, node: cst.Call) -> None:
        if _name(node.func) in STOP_CALLS and (self._finally_blocks or not any(self._guards)):
            self.report(node, self.MESSAGE)


def _name(function: cst.BaseExpression) -> str | None:
    """The last part of what is called."""
    match function:
        case cst.Name(value=name) | cst.Attribute(attr=cst.Name(value=name)):
            return name
    return None


def _compares(test: cst.BaseExpression) -> bool:
    """Whether one operand of a test is an ordering comparison."""
    match test:
        case cst.BooleanOperation(left=left, right=right):
            return _compares(left) or _compares(right)
        case cst.Comparison(comparisons=comparisons):
            return any(isinstance(part.operator, ORDERED) for part in comparisons)
    return False

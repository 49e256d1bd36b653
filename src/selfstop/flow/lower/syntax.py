"""What the syntax of a statement shows before it is lowered."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from selfstop.flow.lower.walking import contains, walk


def is_endless(suite: cst.BaseSuite) -> bool:
    """Whether a block ends in a loop that only an exception leaves: what follows must be reached by that."""
    match suite:
        case cst.IndentedBlock(
            body=[*_, cst.While(test=cst.Name(value="True") | cst.Integer(), body=body, orelse=None)]
        ):
            return not contains(body, (cst.Break,), (cst.While, cst.For, cst.FunctionDef))
    return False


def leaves(block: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> bool:
    """Whether control never gets to the end of a block."""
    match block[-1] if block else None:
        case cst.Return() | cst.Raise() | cst.Continue() | cst.Break():
            return True
        case cst.SimpleStatementLine(body=body) | cst.With(body=cst.IndentedBlock(body=body)):
            return leaves(body)
        case cst.If(body=body, orelse=cst.If() as orelse):
            return leaves(body.body) and leaves([orelse])
        case cst.If(body=body, orelse=cst.Else(body=orelse)):
            return leaves(body.body) and leaves(orelse.body)
        case cst.Try(body=body, handlers=handlers, orelse=None):
            return leaves(body.body) and all(leaves(handler.body.body) for handler in handlers)
    return False


_RAISING = (
    cst.BinaryOperation,
    cst.AugAssign,
    cst.Attribute,
    cst.Subscript,
    cst.Comparison,
    cst.Del,
    cst.For,
    cst.Match,
    cst.FormattedStringExpression,
    cst.StarredElement,
    cst.StarredDictElement,
)
_INDENTED = (cst.IndentedBlock, cst.SimpleStatementSuite, cst.Lambda)


def may_raise(node: cst.CSTNode) -> bool:
    """Whether a statement may raise although it calls nothing. Binding a name to a constant or a name does not."""
    if isinstance(node, (cst.While, cst.Try, cst.TryStar, cst.With, cst.FunctionDef, cst.ClassDef)):
        return False
    if isinstance(node, cst.If):
        return may_raise(node.test)
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.Name):
        return True
    if isinstance(node, cst.Assign) and any(isinstance(t.target, (cst.Tuple, cst.List)) for t in node.targets):
        return True
    return contains(node, _RAISING, _INDENTED) or _has_sign(node)


def _has_sign(node: cst.CSTNode) -> bool:
    """Whether a statement has a sign before something else than a number, which may have none."""
    signed: list[cst.UnaryOperation] = []

    def enters(part: cst.CSTNode) -> bool:
        match part:
            case cst.UnaryOperation(operator=operator, expression=operand):
                if not isinstance(operator, cst.Not) and not isinstance(operand, cst.BaseNumber):
                    signed.append(part)
        return not isinstance(part, _INDENTED)

    walk(node, enters)
    return bool(signed)

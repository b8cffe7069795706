"""Another operator between two numbers, or one side of it alone."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements

_OPERATORS: dict[type[cst.BaseBinaryOp], type[cst.BaseBinaryOp]] = {
    cst.Add: cst.Subtract,
    cst.Subtract: cst.Add,
    cst.Multiply: cst.Divide,
    cst.Divide: cst.Multiply,
    cst.FloorDivide: cst.Divide,
    cst.BitAnd: cst.BitOr,
    cst.BitOr: cst.BitAnd,
}


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.BinaryOperation) and (other := _OPERATORS.get(type(node.operator))):
        yield "another operator", node.with_changes(operator=other())
        yield "one side only", node.left


ARITHMETIC = Operator(("frozen = total - trainable", "frozen = total"), _replacements)

"""Strict for inclusive and the other way round, `and` for `or`, half of a condition, a `not` or a minus forgotten."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements

_COMPARISONS: dict[type[cst.BaseCompOp], tuple[type[cst.BaseCompOp], ...]] = {
    cst.LessThan: (cst.LessThanEqual, cst.GreaterThan),
    cst.LessThanEqual: (cst.LessThan, cst.GreaterThanEqual),
    cst.GreaterThan: (cst.GreaterThanEqual, cst.LessThan),
    cst.GreaterThanEqual: (cst.GreaterThan, cst.LessThanEqual),
    cst.Equal: (cst.NotEqual,),
    cst.NotEqual: (cst.Equal,),
    cst.In: (cst.NotIn,),
    cst.NotIn: (cst.In,),
    cst.Is: (cst.IsNot,),
    cst.IsNot: (cst.Is,),
}


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.ComparisonTarget):
        for other in _COMPARISONS.get(type(node.operator), ()):
            yield "another comparison", node.with_changes(operator=other())
    if isinstance(node, cst.BooleanOperation):
        other_word = cst.Or() if isinstance(node.operator, cst.And) else cst.And()
        yield "and for or", node.with_changes(operator=other_word)
        yield "forget one of two conditions", node.left
        yield "forget one of two conditions", node.right
    if isinstance(node, cst.UnaryOperation):
        yield "drop not or minus", node.expression


COMPARISONS = Operator(("good = accuracy >= best - tolerance", "good = accuracy > best - tolerance"), _replacements)

"""The first for the last, and the last for the best: `accuracies[-1]` where the best epoch is asked for."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements, is_name

_FIRST, _LAST = cst.Integer("0"), cst.UnaryOperation(cst.Minus(), cst.Integer("1"))


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.Index):
        if node.value.deep_equals(_FIRST):
            yield "last for first", cst.Index(_LAST)
        elif node.value.deep_equals(_LAST):
            yield "first for last", cst.Index(_FIRST)
    if isinstance(node, cst.Call) and is_name(node.func, "max", "min", "nanmax", "nanmin"):
        values = node.args[0].value if len(node.args) == 1 and node.args[0].keyword is None else None
        if values is None and not node.args and isinstance(node.func, cst.Attribute):
            values = node.func.value
        if values is not None:
            yield "last for best", cst.Subscript(values, [cst.SubscriptElement(cst.Index(_LAST))])


ENDS = Operator(("best = max(accuracies)", "best = accuracies[-1]"), _replacements)

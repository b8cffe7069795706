"""A condition's block, its other branch or a filter forgotten."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.If):
        if node.orelse is None:
            yield "forget a condition's block", cst.RemoveFromParent()
        else:
            yield "forget the other branch", node.with_changes(orelse=None)
    if isinstance(node, cst.IfExp):
        yield "one branch only", node.body
        yield "one branch only", node.orelse
    if isinstance(node, cst.CompFor) and node.ifs:
        yield "forget a filter", node.with_changes(ifs=[])


BRANCHES = Operator(
    ("kept = [layer for layer in layers if layer.weights]", "kept = [layer for layer in layers]"), _replacements
)

"""The ends of a slice forgotten or swapped: the first layers for the last ones."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.Slice):
        if node.lower is not None:
            yield "forget where a slice begins", node.with_changes(lower=None)
        if node.upper is not None:
            yield "forget where a slice ends", node.with_changes(upper=None)
        yield "the other part of a slice", node.with_changes(lower=node.upper, upper=node.lower)


SLICES = Operator(("last = layers[-count:]", "last = layers[:-count]"), _replacements)

"""Off by one, twice as large, the other flag: a layer too many, another axis, `training=True`, `replace=True`."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.Integer):
        value = int(node.value, 0)
        yield "off by one", cst.Integer(str(value + 1))
        if value:
            yield "off by one", cst.Integer(str(value - 1))
    if isinstance(node, cst.Float):
        yield "twice the number", cst.Float(repr(2 * float(node.value)))
    if isinstance(node, cst.Name) and node.value in ("True", "False"):
        yield "the other flag", cst.Name("False" if node.value == "True" else "True")


NUMBERS = Operator(("x = backbone(inputs, training=False)", "x = backbone(inputs, training=True)"), _replacements)

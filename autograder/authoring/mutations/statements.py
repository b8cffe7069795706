"""A statement dropped, two in the other order, values returned in another order.

`backbone.trainable = False` is dropped, or comes after `compile`; so is a `compile` that has to come once more.
"""

from collections.abc import Sequence

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.SimpleStatementLine):
        inner = node.body[0]
        is_text = isinstance(inner, cst.Expr) and isinstance(inner.value, cst.SimpleString)
        if not is_text:
            yield "drop a statement", node.with_changes(body=[cst.Pass()])
    if isinstance(node, cst.IndentedBlock):
        for place in range(len(node.body) - 1):
            one, other = node.body[place : place + 2]
            if isinstance(one, cst.SimpleStatementLine) and isinstance(other, cst.SimpleStatementLine):
                body = [*node.body[:place], other, one, *node.body[place + 2 :]]
                yield "swap two statements", node.with_changes(body=body)
    if isinstance(node, cst.Return) and isinstance(node.value, cst.Tuple):
        yield (
            "return in another order",
            node.with_changes(value=node.value.with_changes(elements=_reversed(node.value.elements))),
        )


def _reversed(elements: Sequence[cst.BaseElement]) -> list[cst.BaseElement]:
    values = [element.value for element in elements][::-1]
    return [element.with_changes(value=value) for element, value in zip(elements, values, strict=True)]


STATEMENTS = Operator(
    (
        """
def freeze(model, backbone):
    backbone.trainable = False
    model.compile("adam", "mse")
""",
        """
def freeze(model, backbone):
    model.compile("adam", "mse")
    backbone.trainable = False
""",
    ),
    _replacements,
)

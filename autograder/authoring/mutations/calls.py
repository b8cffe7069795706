"""A keyword argument dropped (a seed, `shuffle`, `stratify`), two arguments swapped, a call or a method forgotten."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements


def _replacements(node: cst.CSTNode) -> Replacements:
    if not isinstance(node, cst.Call):
        return
    for place, argument in enumerate(node.args):
        if argument.keyword is not None:
            left = [other for other in node.args if other is not argument]
            yield "drop a keyword argument", node.with_changes(args=left)
        elif place + 1 < len(node.args) and node.args[place + 1].keyword is None and not argument.star:
            following = node.args[place + 1]
            swapped = list(node.args)
            swapped[place] = argument.with_changes(value=following.value)
            swapped[place + 1] = following.with_changes(value=argument.value)
            yield "swap two arguments", node.with_changes(args=swapped)
    if len(node.args) == 1 and node.args[0].keyword is None and not node.args[0].star:
        yield "forget a call", node.args[0].value
    if isinstance(node.func, cst.Attribute) and isinstance(node.func.value, cst.Call | cst.Subscript):
        yield "forget a method", node.func.value


CALLS = Operator(
    ("chosen = rng.choice(rows, count, replace=False)", "chosen = rng.choice(rows, count, )"), _replacements
)

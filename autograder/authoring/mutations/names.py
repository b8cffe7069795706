"""A function's partner: `argmin` for `argmax`, `floor` for `ceil`, an absolute for a relative tolerance."""

import libcst as cst

from autograder.authoring.mutations.operator import Operator, Replacements

_PAIRS = (
    ("argmin", "argmax"), ("min", "max"), ("floor", "ceil"), ("any", "all"), ("idxmin", "idxmax"), ("first", "last"),
    ("flatnonzero", "unique"), ("mean", "median"), ("nanmin", "nanmax"), ("append", "extend"), ("head", "tail"),
    ("atol", "rtol"), ("abs_tol", "rel_tol"),
)  # fmt: skip
_PARTNERS = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_PARTNERS |= {"ceil": "floor", "round": "floor"}


def _replacements(node: cst.CSTNode) -> Replacements:
    if isinstance(node, cst.Name) and (other := _PARTNERS.get(node.value)):
        yield f"{other} for {node.value}", cst.Name(other)


NAMES = Operator(("steps = math.ceil(images / batch)", "steps = math.floor(images / batch)"), _replacements)

"""What an operator is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import libcst as cst

Replacements = Iterator[tuple[str, cst.CSTNode | cst.RemovalSentinel]]
"""What is put in the place of a node, each with the mistake in words."""


@dataclass(frozen=True)
class Operator:
    """A kind of mistake."""

    example: tuple[str, str]
    """A piece of code, and one of the mutants made of it."""
    replacements: Callable[[cst.CSTNode], Replacements]
    """What may stand in the place of a node."""


def is_name(node: cst.CSTNode | None, *names: str) -> bool:
    """Tell whether a node is one of these names, or an attribute so called.

    Args:
        node: Any node.
        names: The names.
    """
    if isinstance(node, cst.Attribute):
        node = node.attr
    return isinstance(node, cst.Name) and node.value in names

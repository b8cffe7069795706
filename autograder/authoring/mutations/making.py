"""Every mutation of a piece of code, by all operators."""

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider

from autograder.authoring.mutations.arithmetic import ARITHMETIC
from autograder.authoring.mutations.branches import BRANCHES
from autograder.authoring.mutations.calls import CALLS
from autograder.authoring.mutations.comparisons import COMPARISONS
from autograder.authoring.mutations.ends import ENDS
from autograder.authoring.mutations.functions import FUNCTIONS
from autograder.authoring.mutations.names import NAMES
from autograder.authoring.mutations.numbers import NUMBERS
from autograder.authoring.mutations.operator import Operator
from autograder.authoring.mutations.slices import SLICES
from autograder.authoring.mutations.statements import STATEMENTS
from autograder.authoring.mutations.words import WORDS

OPERATORS: Mapping[str, Operator] = {
    "statements": STATEMENTS,
    "comparisons": COMPARISONS,
    "arithmetic": ARITHMETIC,
    "numbers": NUMBERS,
    "calls": CALLS,
    "names": NAMES,
    "branches": BRANCHES,
    "slices": SLICES,
    "ends": ENDS,
    "words": WORDS,
    "functions": FUNCTIONS,
}
"""By the name of their file; what two of them make alike is named by the first."""


@dataclass(frozen=True)
class Mutation:
    """One mistake in a piece of code."""

    what: str
    """E.g. `drop a statement`."""
    line: int
    """Where, from 1."""
    before: str
    """The line as it was."""
    code: str
    """All of the code, with the mistake."""

    @property
    def after(self) -> str:
        """The line as it has become; empty if nothing is left of it."""
        lines = self.code.splitlines()
        return lines[self.line - 1].strip() if self.line <= len(lines) else ""

    @property
    def name(self) -> str:
        """One line that says which it is, and stays the same as long as the line does."""
        return f"{self.what}: {self.before} -> {self.after}"


def mutations(code: str, operators: Mapping[str, Operator] = OPERATORS) -> list[Mutation]:
    """Make every mutation of a piece of code; each compiles, and other statements are run than in any other.

    Args:
        code: Python.
        operators: The kinds of mistakes.
    """
    wrapper = MetadataWrapper(cst.parse_module(code))
    parents = wrapper.resolve(ParentNodeProvider)
    found: dict[str, Mutation] = {}
    meanings = {_meaning(code)}
    for node in parents:
        if _is_prose(node, parents):
            continue
        made = (replacement for operator in operators.values() for replacement in operator.replacements(node))
        for what, replacement in made:
            changed = _with(wrapper.module, node, replacement)
            if changed is None or changed == code or changed in found or not _compiles(changed):
                continue
            meaning = _meaning(changed)
            if meaning in meanings:  # a docstring has moved, or `pass` has become part of a longer block
                continue
            meanings.add(meaning)
            line = _first_difference(code, changed)
            found[changed] = Mutation(what, line, code.splitlines()[line - 1].strip(), changed)
    return list(found.values())


def _with(module: cst.Module, node: cst.CSTNode, replacement: cst.CSTNode | cst.RemovalSentinel) -> str | None:
    try:
        if isinstance(replacement, cst.RemovalSentinel):
            changed = module.visit(_Removal(node))
        else:
            changed = module.deep_replace(node, replacement)  # type: ignore[arg-type] # it takes any node
    except (cst.CSTValidationError, TypeError, AttributeError):  # not here: nothing would be left, say
        return None
    return changed.code


class _Removal(cst.CSTTransformer):
    def __init__(self, node: cst.CSTNode) -> None:
        self._node = node

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        return cst.RemoveFromParent() if original_node is self._node else updated_node


def _is_prose(node: cst.CSTNode, parents: Mapping[cst.CSTNode, cst.CSTNode]) -> bool:
    """Whether a node belongs to a docstring, a message or an import, which say nothing about what is computed."""
    here: cst.CSTNode | None = node
    while here is not None:
        if isinstance(here, cst.FormattedString | cst.SimpleString | cst.Import | cst.ImportFrom | cst.Annotation):
            return True
        here = parents.get(here)
    return False


def _first_difference(code: str, changed: str) -> int:
    before, after = code.splitlines(), changed.splitlines()
    for line, (one, other) in enumerate(zip(before, after, strict=False), 1):
        if one != other:
            return line
    return min(len(before), len(after))


def _meaning(code: str) -> str:
    """Write down what is run, without constants that stand for themselves and `pass`."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            statements = getattr(node, part, None)
            if isinstance(statements, list):
                setattr(node, part, [one for one in statements if not _does_nothing(one)])
    return ast.dump(tree)


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _compiles(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # nonsense is what is wanted
            compile(code, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True

"""Mutations: one small mistake in a piece of code, at every place where it can be made.

Each is a slip a student might make: something dropped, swapped, off by one. What a mutant means is not known here; that
it is another program is.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider

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
_OPERATORS: dict[type[cst.BaseBinaryOp], type[cst.BaseBinaryOp]] = {
    cst.Add: cst.Subtract,
    cst.Subtract: cst.Add,
    cst.Multiply: cst.Divide,
    cst.Divide: cst.Multiply,
    cst.FloorDivide: cst.Divide,
    cst.BitAnd: cst.BitOr,
    cst.BitOr: cst.BitAnd,
}
_PAIRS = (
    ("argmin", "argmax"), ("min", "max"), ("floor", "ceil"), ("any", "all"), ("idxmin", "idxmax"), ("first", "last"),
    ("flatnonzero", "unique"), ("mean", "median"), ("nanmin", "nanmax"), ("append", "extend"), ("head", "tail"),
)  # fmt: skip
_PARTNERS = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}
_PARTNERS |= {"ceil": "floor", "round": "floor"}


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


def mutations(code: str) -> list[Mutation]:
    """Make every mutation of a piece of code; each is other code, and compiles.

    Args:
        code: Python.
    """
    wrapper = MetadataWrapper(cst.parse_module(code))
    parents = wrapper.resolve(ParentNodeProvider)
    found: dict[str, Mutation] = {}
    for node in parents:
        if _is_prose(node, parents):
            continue
        for what, replacement in _replacements(node):
            changed = _with(wrapper.module, node, replacement)
            if changed is None or changed == code or changed in found or not _compiles(changed):
                continue
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


def _replacements(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode | cst.RemovalSentinel]]:
    for make in (_statements, _comparisons, _operators, _numbers, _calls, _names, _branches, _slices):
        yield from make(node)


def _statements(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode | cst.RemovalSentinel]]:
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


def _comparisons(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
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


def _operators(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    if isinstance(node, cst.BinaryOperation) and (other := _OPERATORS.get(type(node.operator))):
        yield "another operator", node.with_changes(operator=other())
        yield "one side only", node.left


def _numbers(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    if isinstance(node, cst.Integer):
        value = int(node.value, 0)
        yield "off by one", cst.Integer(str(value + 1))
        if value:
            yield "off by one", cst.Integer(str(value - 1))
    if isinstance(node, cst.Float):
        yield "twice the number", cst.Float(repr(2 * float(node.value)))
    if isinstance(node, cst.Name) and node.value in ("True", "False"):
        yield "the other flag", cst.Name("False" if node.value == "True" else "True")


def _calls(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
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


def _names(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    if isinstance(node, cst.Name) and (other := _PARTNERS.get(node.value)):
        yield f"{other} for {node.value}", cst.Name(other)


def _branches(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode | cst.RemovalSentinel]]:
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


def _slices(node: cst.CSTNode) -> Iterator[tuple[str, cst.CSTNode]]:
    if isinstance(node, cst.Slice):
        if node.lower is not None:
            yield "forget where a slice begins", node.with_changes(lower=None)
        if node.upper is not None:
            yield "forget where a slice ends", node.with_changes(upper=None)
        yield "the other part of a slice", node.with_changes(lower=node.upper, upper=node.lower)


def _first_difference(code: str, changed: str) -> int:
    before, after = code.splitlines(), changed.splitlines()
    for line, (one, other) in enumerate(zip(before, after, strict=False), 1):
        if one != other:
            return line
    return min(len(before), len(after))


def _compiles(code: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # nonsense is what is wanted
            compile(code, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True

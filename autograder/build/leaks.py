"""Whether a release gives an answer away, looked for the way a cunning student would."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode

from autograder.build.markers import REGIONS, is_answer, is_nearly_a_marker, regions

_TELLING_LENGTH = 20
"""Shorter lines (`return model`, `history = {}`) occur anywhere and tell nothing. Lengths are without white space."""

_TELLING_ANYWHERE_LENGTH = 32
"""A line this long gives the answer away inside a sentence, too; a shorter one (`layer.trainable = False`) may be what
the sentence is about, and must only not stand alone on a line."""

_REVEALING_COMMENT = re.compile(r"^\s*#.*\b(solutions?|hidden\s+tests?|mark\s*scheme)\b", re.IGNORECASE)


def leaks(source: NotebookNode, release: NotebookNode) -> list[str]:
    """Find what a release must not hold.

    Args:
        source: The instructor notebook.
        release: What nbgrader made of it.

    Returns:
        One sentence a finding; empty when the release is safe to hand out.
    """
    return [*_markers(release), *_answers(source, release), *_outputs(release), *_stubs(source, release)]


def telling_lines(cell: NotebookNode) -> Iterator[str]:
    """Yield the lines of a reference answer that would give it away, white space removed.

    Args:
        cell: A cell of an instructor notebook.

    Yields:
        Lines between markers; of an answer without markers, all lines.
    """
    hidden = [line for name in REGIONS for lines in regions(cell.source, name) for line in lines]
    if is_answer(cell) and not hidden:
        hidden = cell.source.split("\n")
    for line in hidden:
        squeezed = _squeeze(line)
        if len(squeezed) >= _TELLING_LENGTH and not squeezed.startswith(("import", "from")):
            yield squeezed


def _markers(release: NotebookNode) -> Iterator[str]:
    for cell in release.cells:
        for line in cell.source.split("\n"):
            if is_nearly_a_marker(line) or (cell.cell_type == "code" and _REVEALING_COMMENT.match(line)):
                yield f"cell {cell.id} of the release has a line like a marker: {line.strip()!r}"


def _answers(source: NotebookNode, release: NotebookNode) -> Iterator[str]:
    lines = [_squeeze(line) for text in _strings(release) for line in text.split("\n")]
    alone, together = frozenset(lines), "".join(lines)
    for cell in source.cells:
        for line in telling_lines(cell):
            if line in alone or (len(line) >= _TELLING_ANYWHERE_LENGTH and line in together):
                yield f"a line of the answer in cell {cell.id} stands in the release: {line[:60]!r}"


def _outputs(release: NotebookNode) -> Iterator[str]:
    for cell in release.cells:
        if cell.get("outputs") or cell.get("execution_count") is not None or cell.get("attachments"):
            yield f"cell {cell.id} of the release has outputs, an execution count or attachments"


def _stubs(source: NotebookNode, release: NotebookNode) -> Iterator[str]:
    released = {cell.id: cell for cell in release.cells}
    for cell in source.cells:
        if not is_answer(cell) or cell.cell_type != "code":
            continue
        expected = len(list(regions(cell.source, "SOLUTION"))) or 1
        found = sum(map(_raises_not_implemented, ast.walk(ast.parse(released[cell.id].source))))
        if found != expected:
            yield f"cell {cell.id} of the release raises NotImplementedError {found} times, {expected} expected"


def _raises_not_implemented(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id == "NotImplementedError"
    )


def _squeeze(text: str) -> str:
    """Remove white space, line continuations, and the signs a commented-out or quoted line begins and ends with."""
    return re.sub(r"[\s\\]+", "", text).strip("#`-*>")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)

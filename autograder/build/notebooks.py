"""From a py:percent text to an instructor notebook: the same bytes from the same text, always."""

import copy
from typing import Any

import jupytext
import nbformat
from nbformat import NotebookNode

_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_CELL_METADATA = ("nbgrader", "tags", "jp-MarkdownHeadingCollapsed")
"""What a cell line of a text may say; the same list stands in pyproject.toml for `jupytext --sync`. The last folds the
section under a heading in JupyterLab."""


def notebook_from_text(text: str, slug: str) -> NotebookNode:
    """Read a text master.

    Args:
        text: py:percent text; nbgrader's metadata stand in the cell lines.
        slug: Name of the exercise; cells without a `grade_id` are named after it.

    Returns:
        A notebook without outputs. A cell's id is its `grade_id`, or `<slug>-NN` by its place.
    """
    read = jupytext.reads(text, fmt="py:percent")
    for number, cell in enumerate(read.cells):
        # jupytext draws ids at random, and keeps or notes down how many blank lines followed a cell
        cell.source = cell.source.rstrip("\n")
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in _CELL_METADATA if key in cell.metadata})
        cell.id = cell.metadata.get("nbgrader", {}).get("grade_id", f"{slug}-{number:02}")
    # put together by hand: nbformat's own function would stop at a bad grade_id with less than a sentence
    content = {"cells": read.cells, "metadata": copy.deepcopy(_METADATA), "nbformat": 4, "nbformat_minor": 5}
    notebook: NotebookNode = nbformat.from_dict(content)
    return notebook


def to_bytes(notebook: NotebookNode) -> bytes:
    """Write a notebook as nbformat does: sorted keys, one space a level, a newline at the end."""
    text: str = nbformat.writes(notebook, version=nbformat.NO_CONVERT)
    return (text + "\n").encode()


def same_content(one: NotebookNode, other: NotebookNode) -> bool:
    """Tell whether two notebooks hold the same cells, whatever their ids, outputs and execution counts."""
    return [_content(cell) for cell in one.cells] == [_content(cell) for cell in other.cells]


def _content(cell: NotebookNode) -> tuple[str, str, Any]:
    return cell.cell_type, cell.source, cell.metadata.get("nbgrader")

"""Read off an exercise which images its notebook draws, so that they are drawn once and not in each kernel."""

import ast
import functools
from collections.abc import Iterator
from typing import Any

import nbformat

from autograder.course.exercise import is_answer, parsed, without_hidden_region
from transferlab.course import course_data, course_sources

Draw = tuple[str, str, tuple[str, ...] | None, int, int]
"""Arguments of `transferlab.images.keep_drawn`: source, split, classes, images of each class, seed."""


@functools.lru_cache(maxsize=32)
def image_draws(notebook: bytes, source: str) -> tuple[Draw, ...]:
    """Find the calls of `load_images` whose arguments stand there or belong to the course's data.

    Others, and cells that are no Python, are passed over: their images are drawn when the cell runs, as ever. So are
    solutions, hidden tests and hidden images: a student's kernel can see what was drawn for it.

    Args:
        notebook: The instructor's, as bytes.
        source: Where the course's images come from.

    Returns:
        What they draw, in the order of the cells.
    """
    known = {"DATA_SOURCE": source, "COURSE": course_data(source)}
    cells = nbformat.reads(notebook.decode(), as_version=4).cells
    codes = [without_hidden_region(cell.source) for cell in cells if cell.cell_type == "code" and not is_answer(cell)]
    return tuple(draw for code in codes for draw in _draws_of(code, known) if draw[1] != "hidden")


def _draws_of(code: str, known: dict[str, Any]) -> Iterator[Draw]:
    try:
        nodes = list(ast.walk(parsed(code)))
    except SyntaxError:  # a cell with magic commands
        return
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "load_images":
            try:
                yield _draw(*(_value(argument, known) for argument in node.args), **_named(node, known))
            except (LookupError, TypeError, AttributeError):
                continue


def _draw(
    source: str = course_sources()[0],
    split: str = "train",
    *,
    classes: tuple[str, ...] | None = None,
    per_class: int = 100,
    seed: int = 0,
) -> Draw:
    return source, split, classes, per_class, seed


def _named(call: ast.Call, known: dict[str, Any]) -> dict[str, Any]:
    return {str(keyword.arg): _value(keyword.value, known) for keyword in call.keywords}


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    """Evaluate a constant, a known name, or an attribute of one; LookupError for anything else."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return known[name]
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return getattr(known[name], attribute)
    raise LookupError(ast.dump(node))

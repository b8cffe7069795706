"""Lay a student's notebook over the instructor's: what can be run and judged, whatever was done to the cells."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import (
    Exercise,
    grade_id_of,
    is_answer,
    is_judged,
    is_written,
    without_hidden_region,
)
from autograder.course.reading import notebook_of, read_notebook, read_notebook_file

__all__ = ["Prepared", "UnusableNotebook", "prepare", "read_notebook", "read_notebook_file"]


@dataclass(frozen=True)
class Prepared:
    """A submission laid over the instructor's notebook."""

    notebook: NotebookNode
    """Student's answers and extra cells, instructor's locked and graded cells; no outputs."""
    judged: Mapping[str, int]
    """Grade id to position in `notebook.cells`, for every judged cell of the exercise, in notebook order."""
    notes: tuple[str, ...]
    """Sentences about what had to be put right."""


def prepare(student: NotebookNode, exercise: Exercise) -> Prepared:
    """Lay a student's notebook over the instructor's.

    Locked and graded cells become the instructor's again, whatever was done to them; deleted ones are put back behind
    their nearest predecessor, judged cells moved out of order return there. Answers and extra cells stay in place.

    Args:
        student: What `read_notebook` returned.
        exercise: The exercise the notebook belongs to.

    Returns:
        The notebook to run, the places of its judged cells, and notes on what was put right. Preparing the result again
        changes nothing.
    """
    notes: list[str] = []
    cells = _matched(student, exercise, notes)
    if student.cells and not _positions(cells):
        # one sentence instead of one a cell
        notes.append(_none_of(exercise, student))
        _put_back_missing(cells, exercise, [])
    else:
        _put_back_missing(cells, exercise, notes)
    _put_judged_in_order(cells, exercise, notes)
    for number, cell in enumerate(cells):
        source_cell = exercise.cells.get(grade_id_of(cell) or "")
        cell["id"] = source_cell.get("id", f"graded-{number}") if source_cell else f"student-{number}"
    positions = _positions(cells)
    judged = {grade_id: positions[grade_id] for grade_id in exercise.judged}
    notebook = notebook_of(cells)
    kernelspec = exercise.notebook.metadata.get("kernelspec")
    if kernelspec:
        notebook.metadata["kernelspec"] = copy.deepcopy(kernelspec)
    return Prepared(notebook=notebook, judged=judged, notes=tuple(notes))


def _matched(student: NotebookNode, exercise: Exercise, notes: list[str]) -> list[NotebookNode]:
    seen: set[str] = set()
    cells = []
    for cell in student.cells:
        grade_id = grade_id_of(cell)
        source_cell = exercise.cells.get(grade_id or "")
        if grade_id in seen and source_cell is not None:
            notes.append(f"The cell '{grade_id}' was there twice; the first one counts.")
            source_cell = None
        if source_cell is None or grade_id is None:
            cells.append(_as_extra(cell))
            continue
        seen.add(grade_id)
        if cell.cell_type != source_cell.cell_type:
            notes.append(f"The type of cell '{grade_id}' had been changed to {cell.cell_type}; it was put back.")
        elif not is_answer(source_cell) and not _same_text(cell.source, source_cell.source):
            notes.append(f"The locked cell '{grade_id}' had been changed; it was put back as it was released.")
        cells.append(_answered(source_cell, cell) if is_answer(source_cell) else _restored(source_cell))
    return cells


def _none_of(exercise: Exercise, student: NotebookNode) -> str:
    others = [grade_id for cell in student.cells if (grade_id := grade_id_of(cell)) is not None]
    what = "the marks nbgrader gives them are gone"
    if others:
        what = f"it holds cells of another one, such as '{others[0]}'"
    return (
        f"None of the cells of {exercise.name} are in this notebook, so there was nothing to grade: {what}; "
        "hand in the notebook you were given, filled in."
    )


def _same_text(submitted: str, original: str) -> bool:
    return without_hidden_region(submitted).split() == without_hidden_region(original).split()


def _as_extra(cell: NotebookNode) -> NotebookNode:
    extra = copy.deepcopy(cell)
    extra.metadata = NotebookNode()
    return extra


def _restored(source_cell: NotebookNode) -> NotebookNode:
    cell = copy.deepcopy(source_cell)
    cell.metadata = NotebookNode(nbgrader=cell.metadata["nbgrader"])
    if cell.cell_type == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _answered(source_cell: NotebookNode, student_cell: NotebookNode) -> NotebookNode:
    cell = _restored(source_cell)
    cell.source = student_cell.source
    cell.pop("attachments", None)
    if cell.cell_type != "code" and "attachments" in student_cell:
        cell["attachments"] = copy.deepcopy(student_cell.attachments)
    return cell


def _positions(cells: list[NotebookNode]) -> dict[str, int]:
    named = ((grade_id_of(cell), number) for number, cell in enumerate(cells))
    return {grade_id: number for grade_id, number in named if grade_id is not None}


def _put_back_missing(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    predecessor: str | None = None
    positions = _positions(cells)
    for grade_id, source_cell in exercise.cells.items():
        if grade_id not in positions:
            if is_answer(source_cell) and not is_written(source_cell):
                continue
            place = 0 if predecessor is None else positions[predecessor] + 1
            cell = _restored(source_cell)
            if is_written(source_cell) and is_answer(source_cell):
                # The instructor's text is the model answer; what was deleted counts as unanswered.
                cell.source = ""
            cells.insert(place, cell)
            positions = _positions(cells)
            if is_judged(source_cell) or is_written(source_cell):
                notes.append(f"The graded cell '{grade_id}' had been deleted; it was put back.")
        predecessor = grade_id


def _put_judged_in_order(cells: list[NotebookNode], exercise: Exercise, notes: list[str]) -> None:
    answers = _answers_before(exercise)
    judged = list(exercise.judged)
    moved: dict[str, None] = {}
    positions = _positions(cells)

    def is_behind(grade_id: str, others: list[str]) -> bool:
        return positions[grade_id] > _last_position(positions, others)

    def move_behind(grade_id: str, others: list[str]) -> None:
        nonlocal positions
        _move_behind(cells, grade_id, others)
        positions = _positions(cells)
        moved[grade_id] = None

    for grade_id in judged:
        if not is_behind(grade_id, answers[grade_id]):
            move_behind(grade_id, answers[grade_id])
    for grade_id, successor in reversed(list(pairwise(judged))):
        if is_behind(grade_id, [successor]) and answers[grade_id]:
            move_behind(grade_id, answers[grade_id])
    for predecessor, grade_id in pairwise(judged):
        # Left over where answers themselves have changed places: the checks still run in their own order.
        if not is_behind(grade_id, [predecessor]):
            move_behind(grade_id, [predecessor])
    notes += [
        f"The graded cell '{grade_id}' had been moved; it was put back behind the cells it belongs to."
        for grade_id in moved
    ]


def _answers_before(exercise: Exercise) -> dict[str, list[str]]:
    """The cells each judged cell belongs to: those since the judged cell before it."""
    answers: dict[str, list[str]] = {}
    group: list[str] = []
    for grade_id in exercise.cells:
        if grade_id in exercise.judged:
            answers[grade_id], group = group, []
        else:
            group.append(grade_id)
    return answers


def _last_position(positions: Mapping[str, int], grade_ids: list[str]) -> int:
    return max((positions[grade_id] for grade_id in grade_ids if grade_id in positions), default=-1)


def _move_behind(cells: list[NotebookNode], grade_id: str, others: list[str]) -> None:
    cell = cells.pop(_positions(cells)[grade_id])
    cells.insert(_last_position(_positions(cells), others) + 1, cell)

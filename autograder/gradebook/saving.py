"""Verdicts written into nbgrader's gradebook: the one place where points enter it."""

from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils

from autograder.course.errors import CourseError
from autograder.course.exercise import Exercise, grade_id_of
from autograder.grading.unreadable import UNMATCHED
from autograder.judge.verdict import Verdict


def released_checksums(notebook: Any) -> dict[str, str]:
    """Return what nbgrader knows of the released cells, to tell an answer from an untouched stub.

    Args:
        notebook: The gradebook's row of the assignment's notebook.

    Returns:
        Grade id to checksum.
    """
    return {str(cell.name): str(cell.checksum) for cell in notebook.source_cells}


def save_verdict(
    row: Any, exercise: Exercise | None, verdict: Verdict | None, executed: NotebookNode, released: Mapping[str, str]
) -> None:
    """Change a submitted notebook's points and comments to what its verdict says; the caller commits.

    Args:
        row: The gradebook's row of the submitted notebook.
        exercise: The exercise, or None for a notebook without judged cells.
        verdict: The verdict on it, or None for a notebook without judged cells.
        executed: The executed notebook.
        released: From `released_checksums`.

    Raises:
        CourseError: Gradebook and source/ disagree about the graded cells.
    """
    cells = {grade_id_of(cell): cell for cell in executed.cells}
    if exercise is not None:
        _refuse_other_cells(row, exercise)
    # In a notebook that holds nothing of its exercise, the answer may be anywhere.
    is_unmatched = verdict is not None and any(check.name == UNMATCHED for check in verdict.checks())
    answered = {
        comment.name: is_unmatched or is_answered(cells.get(comment.name), released) for comment in row.comments
    }
    for comment in row.comments:
        comment.auto_comment = None if answered[comment.name] else "No response."
    for grade in row.grades:
        _save_grade(grade, verdict, is_answered=answered.get(grade.name, True))


def _refuse_other_cells(row: Any, exercise: Exercise) -> None:
    held = {grade.name: float(grade.cell.max_score) for grade in row.grades}
    expected = {**exercise.judged, **exercise.written}
    if held != expected:
        different = sorted(name for name in held.keys() | expected.keys() if held.get(name) != expected.get(name))
        raise CourseError(
            f"Gradebook and source/ disagree about {', '.join(different)} of {exercise.name}; "
            f"run `autograder prepare {exercise.assignment}`."
        )


def is_answered(cell: NotebookNode | None, released: Mapping[str, str]) -> bool:
    """Tell whether a graded cell holds more than the release did.

    Args:
        cell: Of the executed notebook, or None if it has gone.
        released: From `released_checksums`.
    """
    if cell is None or not cell.source.strip():
        return False
    return bool(utils.is_task(cell) or utils.compute_checksum(cell) != released[grade_id_of(cell) or ""])


def _save_grade(grade: Any, verdict: Verdict | None, *, is_answered: bool) -> None:
    judged = {cell.grade_id: cell for cell in verdict.cells} if verdict else {}
    decided = judged.get(grade.name)
    if decided is not None:
        grade.auto_score, needs_person = decided.points, decided.undecided
    else:
        grade.auto_score, needs_person = (None, True) if is_answered else (0.0, False)
    # As nbgrader does: what a person has graded before is looked at again when the work is graded again.
    grade.needs_manual_grade = needs_person or grade.manual_score is not None

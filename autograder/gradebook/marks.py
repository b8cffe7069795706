"""Points and comments that a person gives to written answers, read from nbgrader's gradebook and written to it.

They go where formgrader keeps its own: manual score and manual comment of the cell. So formgrader, feedback and export
know them, and what a person has typed into formgrader is seen here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)

from autograder.course.course import Course, CourseError
from autograder.gradebook.lateness import late_penalties, settle


@dataclass(frozen=True, order=True)
class AnswerKey:
    """One written answer of one student."""

    notebook: str
    cell: str
    student: str


@dataclass(frozen=True)
class Given:
    """What the gradebook holds for a written answer."""

    score: float | None
    """Points that a person gave."""
    comment: str | None
    needs_person: bool
    is_answered: bool = True
    """Whether there is more than the release held, or a person has given points all the same."""

    def is_same(self, score: float | None, comment: str | None) -> bool:
        """Whether points and comment are these; no comment and an empty one are the same.

        Args:
            score: Points.
            comment: Its text.
        """
        if (self.score is None) != (score is None):
            return False
        return abs((self.score or 0.0) - (score or 0.0)) < 1e-9 and (self.comment or "") == (comment or "")


@dataclass(frozen=True)
class WrittenCell:
    """A cell that a person marks."""

    points: float
    released: str
    """What students found in it."""


def written_cells(gradebook: Any, assignment: str) -> dict[tuple[str, str], WrittenCell]:
    """Return the cells of an assignment that a person marks, by notebook and cell.

    Args:
        gradebook: The open gradebook.
        assignment: The nbgrader assignment.

    Raises:
        CourseError: The gradebook does not know the assignment.
    """
    try:
        notebooks = gradebook.find_assignment(assignment).notebooks
    except MissingEntry as error:
        raise CourseError(
            f"The gradebook does not know the assignment '{assignment}'; run `autograder prepare {assignment}` first."
        ) from error
    found = {}
    for notebook in notebooks:
        released = {cell.name: str(cell.source or "") for cell in notebook.source_cells}
        answers = {cell.name for cell in notebook.solution_cells}
        cells = [cell for cell in notebook.grade_cells if cell.name in answers]
        for cell in (*cells, *notebook.task_cells):
            found[notebook.name, cell.name] = WrittenCell(float(cell.max_score), released.get(cell.name, ""))
    return found


def given_marks(
    gradebook: Any, assignment: str, cells: Mapping[tuple[str, str], WrittenCell]
) -> dict[AnswerKey, Given]:
    """Return what the gradebook holds for all written answers; nbgrader makes the rows before it grades.

    Args:
        gradebook: The open gradebook.
        assignment: The nbgrader assignment.
        cells: From `written_cells`.
    """
    # Columns, not objects: it is asked for with each page, and a class has thousands of rows.
    comments = {
        AnswerKey(*key): comment
        for comment, *key in _rows(gradebook, Comment, assignment, cells, Comment.manual_comment)
    }
    found = {}
    columns = (Grade.manual_score, Grade.auto_score, Grade.needs_manual_grade)
    for score, auto_score, needs_person, *name in _rows(gradebook, Grade, assignment, cells, *columns):
        key = AnswerKey(*name)
        if (key.notebook, key.cell) in cells:
            is_answered = needs_person or score is not None or auto_score is None
            found[key] = Given(score, comments.get(key), bool(needs_person), bool(is_answered))
    return found


def write_marks(course: Course, gradebook: Any, assignment: str, marks: Mapping[AnswerKey, Given]) -> None:
    """Write points and comments, all of them or none, and bring penalties for lateness up to date.

    Args:
        course: The course.
        gradebook: The open gradebook; the caller holds the writer's lock.
        assignment: The nbgrader assignment.
        marks: What each answer is to hold.
    """
    cells, students = {(key.notebook, key.cell) for key in marks}, {key.student for key in marks}
    for table in (Comment, Grade):
        for row, *name in _rows(gradebook, table, assignment, cells, table).filter(Student.id.in_(students)):
            mark = marks.get(AnswerKey(*name))
            if mark is not None and table is Comment:
                row.manual_comment = mark.comment or None
            elif mark is not None:
                row.manual_score, row.needs_manual_grade = mark.score, mark.needs_person
    gradebook.db.commit()
    if gradebook.find_assignment(assignment).duedate is not None:
        step = late_penalties(course)
        for student in sorted({key.student for key in marks}):
            settle(gradebook, step, assignment, student, None)


def names_of(gradebook: Any) -> dict[str, tuple[str, ...]]:
    """Return what a student is called, by id: the id itself, names and address.

    Args:
        gradebook: The open gradebook.
    """
    called = ((one.id, (one.id, one.first_name, one.last_name, one.email)) for one in gradebook.students)
    return {student: tuple(name for name in names if name) for student, names in called}


def _rows(gradebook: Any, table: Any, assignment: str, cells: Collection[tuple[str, str]], *columns: Any) -> Any:
    """Query rows of written cells, each with notebook, cell and student behind its columns."""
    return (
        gradebook.db.query(*columns, Notebook.name, BaseCell.name, Student.id)
        .select_from(table)
        .join(BaseCell, BaseCell.id == table.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == table.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(Student, Student.id == SubmittedAssignment.student_id)
        .filter(Assignment.name == assignment, BaseCell.name.in_({cell for _, cell in cells}))
    )

"""The grades of an assignment as they may leave the house: each rests on verdicts, or says why it stays.

Everything that returns grades (worksheets, CSV files, REST, LTI) starts from `read_grades`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from autograder.course.course import Course
from autograder.course.feedback import points_text
from autograder.course.gradebook import StudentRow, assignment_rows, open_gradebook
from autograder.course.store import VerdictStore
from autograder.lms.errors import LmsError


class Lateness(StrEnum):
    """Who takes points off for late work; never both."""

    LMS = "lms"
    NBGRADER = "nbgrader"


@dataclass(frozen=True)
class StudentGrade:
    """What one student is to get for an assignment."""

    student: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    is_absent: bool = True
    """Nothing was handed in, or nothing graded: not the same as 0 points."""
    points: Mapping[str, float] = field(default_factory=dict)
    """Notebook to points, before any penalty."""
    max_points: Mapping[str, float] = field(default_factory=dict)
    """Notebook to points it can give; the same for everybody."""
    penalty: float = 0.0
    """Points taken off for lateness; 0 if the LMS owns lateness."""
    submitted_at: str = ""
    """Time in the gradebook, UTC."""
    held: str = ""
    """Why this grade must not leave the house; empty if it may."""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def total(self) -> float:
        """Points of all notebooks, less the penalty, never below 0."""
        return max(0.0, sum(self.points.values()) - self.penalty)

    @property
    def total_max(self) -> float:
        """Points all notebooks can give."""
        return sum(self.max_points.values())


def read_grades(
    course: Course, assignment: str, *, exercise: str = "", lateness: Lateness = Lateness.LMS
) -> list[StudentGrade]:
    """Read the grades of an assignment.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        exercise: One notebook of it, to count alone; all by default.
        lateness: Whether penalties nbgrader took off count, or the LMS's own rules.

    Returns:
        One grade a student, absent ones included, in the gradebook's order.

    Raises:
        CourseError: There is no such assignment or exercise.
    """
    with open_gradebook(course) as gradebook:
        rows = assignment_rows(course, gradebook, assignment, VerdictStore(course.state_directory))
        notebooks = gradebook.find_assignment(assignment).notebooks
        maxima = {notebook.name: float(notebook.max_score) for notebook in sorted(notebooks, key=lambda n: str(n.name))}
    if exercise and exercise not in maxima:
        raise LmsError(f"{assignment} has no exercise '{exercise}'; it has {', '.join(maxima) or 'none'}.")
    if exercise:
        maxima = {exercise: maxima[exercise]}
    return [_grade(row, maxima, lateness, is_part=bool(exercise)) for row in rows]


def _grade(row: StudentRow, maxima: Mapping[str, float], lateness: Lateness, *, is_part: bool) -> StudentGrade:
    counted = [row.notebooks[name] for name in maxima if name in row.notebooks]
    held, notes = "", []
    problems = [notebook.problem for notebook in counted if notebook.problem]
    undecided = [cell for notebook in counted for cell in notebook.undecided]
    to_grade = [cell for notebook in counted for cell in notebook.to_grade]
    if problems:
        held = f"{problems[0]}; run `autograder grade`."
    elif undecided:
        held = f"undecided: {', '.join(undecided)}; decide by hand in formgrader."
    elif to_grade:
        held = f"not graded yet: {', '.join(to_grade)}; grade by hand in formgrader."
    penalty = row.penalty if lateness is Lateness.NBGRADER else 0.0
    if penalty and is_part:
        held = held or "nbgrader's penalty is for the whole assignment, not for one exercise; return all of them."
    if row.penalty and lateness is Lateness.LMS:
        taken = points_text(row.penalty)
        notes.append(f"the {taken} points nbgrader took off for lateness are left to the LMS")
    return StudentGrade(
        row.student,
        row.last_name,
        row.first_name,
        row.email,
        is_absent=row.is_absent,
        points={notebook.notebook: notebook.points for notebook in counted},
        max_points=maxima,
        penalty=penalty,
        submitted_at=row.timestamp,
        held="" if row.is_absent else held,
        notes=tuple(notes),
    )

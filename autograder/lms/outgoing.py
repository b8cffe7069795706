"""What goes back to each student of an assignment: points, a comment, feedback pages; and what must not go yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.course.course import Course, CourseError
from autograder.gradebook.access import course_directory, open_gradebook
from autograder.gradebook.feedback import points_text
from autograder.gradebook.rows import StudentRow, assignment_rows
from autograder.grading.store import VerdictStore


@dataclass(frozen=True)
class Outgoing:
    """What one student gets back."""

    student: str
    """The nbgrader student id."""
    name: str
    """First and last name as the gradebook has them; the id where it has none."""
    email: str
    is_absent: bool
    """Nothing was handed in: nothing is sent."""
    points: float
    """All points, written answers included, before any penalty for lateness: the LMS owns lateness."""
    max_points: float
    penalty: float
    """What nbgrader's own late policy would take off; 0 unless one is set."""
    exercises: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Points and maximum of each notebook, in the order of their names."""
    comment: str = ""
    """Plain text: points of each exercise."""
    pages: Mapping[str, Path] = field(default_factory=dict)
    """Feedback page by notebook, those that have been generated."""
    stale: frozenset[str] = frozenset()
    """Notebooks whose page was made from other points or comments, or nobody knows from what."""
    waiting: tuple[str, ...] = ()
    """Cells that a person still has to grade: the points are not final."""
    page_problem: str = ""
    """Why the feedback pages, which go along, are not of these points; looked at by whoever sends them."""
    refused: str = ""
    """Why these points must not go out; empty if they rest on settled verdicts."""

    @property
    def is_complete(self) -> bool:
        """Whether the points are final."""
        return not self.is_absent and not self.refused and not self.waiting


def outgoing(course: Course, assignment: str, exercise: str = "") -> list[Outgoing]:
    """Gather what goes back for an assignment.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        exercise: One notebook of it, to count alone; all by default.

    Returns:
        One entry a student of gradebook and class list, absent ones included, sorted as the gradebook sorts them.

    Raises:
        CourseError: The gradebook does not know the assignment, or the assignment has no such exercise.
    """
    with open_gradebook(course) as gradebook:
        rows = assignment_rows(course, gradebook, assignment, VerdictStore(course.state_directory))
        found = gradebook.find_assignment(assignment)
        maxima = {notebook.name: float(notebook.max_score) for notebook in found.notebooks}
    if exercise:
        if exercise not in maxima:
            raise CourseError(
                f"{assignment} has no exercise '{exercise}'; it has {', '.join(sorted(maxima)) or 'none'}."
            )
        rows = [_only(row, exercise) for row in rows]
        maxima = {exercise: maxima[exercise]}
    return [_outgoing(course, assignment, row, sum(maxima.values())) for row in rows]


def _only(row: StudentRow, exercise: str) -> StudentRow:
    return replace(row, notebooks={name: found for name, found in row.notebooks.items() if name == exercise})


def _outgoing(course: Course, assignment: str, row: StudentRow, max_points: float) -> Outgoing:
    reasons = [*row.problems, *(f"cell '{cell}' is undecided" for cell in row.undecided)]
    return Outgoing(
        student=row.student,
        name=f"{row.first_name} {row.last_name}".strip() or row.student,
        email=row.email,
        is_absent=row.is_absent,
        points=row.points,
        max_points=max_points,
        penalty=row.penalty,
        exercises={name: (notebook.points, notebook.max_points) for name, notebook in row.notebooks.items()},
        comment="" if row.is_absent else _comment(row, max_points),
        pages={name: page for name, page in _pages(course, assignment, row.student).items() if name in row.notebooks},
        stale=frozenset(name for name, notebook in row.notebooks.items() if notebook.is_page_stale),
        waiting=row.to_grade,
        refused="; ".join(reasons),
    )


def _comment(row: StudentRow, max_points: float) -> str:
    lines = [f"{points_text(row.points)} of {points_text(max_points)} points."]
    for name, notebook in row.notebooks.items():
        handed_in = "" if notebook.is_handed_in else " (not handed in)"
        points = f"{points_text(notebook.points)} of {points_text(notebook.max_points)}"
        lines.append(f"{name.replace('_', ' ')}: {points}{handed_in}")
    if row.to_grade:
        lines.append(f"Still to be graded by a person: {', '.join(row.to_grade)}.")
    return "\n".join(lines)


def _pages(course: Course, assignment: str, student: str) -> dict[str, Path]:
    directory = course_directory(course)
    folder = Path(directory.format_path(directory.feedback_directory, student, assignment))
    return {path.stem: path for path in sorted(folder.glob("*.html"))}

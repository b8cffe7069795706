"""What nbgrader's gradebook says about an assignment, held against the verdicts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Grade, MissingEntry, SubmittedAssignment, SubmittedNotebook
from sqlalchemy.orm import selectinload

from autograder.course.class_list import class_list
from autograder.course.course import Course, CourseError
from autograder.course.exercise import Exercise
from autograder.course.times import UnclearTime, exchange_zone, moment
from autograder.gradebook.access import course_directory, submitted_folder
from autograder.gradebook.changes import HandChange, HandChanges, confirming
from autograder.gradebook.feedback import points_text
from autograder.gradebook.lateness import due_penalty, is_graded, is_settled, late_penalties, seconds_late
from autograder.gradebook.page_state import is_stale, state_of
from autograder.grading.store import VerdictStore
from autograder.judge.verdict import Verdict

_SAME_POINTS = 1e-6


@dataclass(frozen=True)
class NotebookRow:
    """What the gradebook holds for one notebook of one student."""

    notebook: str
    points: float
    """All points so far, those given by hand included."""
    max_points: float
    cells: Mapping[str, float]
    """Grade id to points so far."""
    is_handed_in: bool
    undecided: tuple[str, ...] = ()
    """Judged cells a person still has to decide."""
    to_grade: tuple[str, ...] = ()
    """Other cells a person still has to look at."""
    problem: str = ""
    """Why these points must not go out; empty if they agree with the verdict."""
    changed: tuple[HandChange, ...] = ()
    """Judged cells that somebody gave other points than the verdict; these count once they are confirmed."""
    is_page_stale: bool = False
    """Whether there is a feedback page that says something else."""


@dataclass(frozen=True)
class StudentRow:
    """What the gradebook holds for one student of an assignment."""

    student: str
    last_name: str = ""
    first_name: str = ""
    email: str = ""
    is_absent: bool = True
    """Nothing was handed in: not the same as 0 points."""
    timestamp: str = ""
    seconds_late: float = 0.0
    penalty: float = 0.0
    """Points off for lateness by the due date and the points that hold now."""
    is_settled: bool = True
    """Whether nbgrader's gradebook keeps the same time and penalty, which its own pages show."""
    unclear_time: str = ""
    """Why it cannot be said whether it was late; empty if it can."""
    notebooks: Mapping[str, NotebookRow] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """All points so far, before any penalty for lateness."""
        return sum(row.points for row in self.notebooks.values())

    @property
    def undecided(self) -> tuple[str, ...]:
        """Judged cells a person still has to decide."""
        return tuple(cell for row in self.notebooks.values() for cell in row.undecided)

    @property
    def to_grade(self) -> tuple[str, ...]:
        """Other cells a person still has to look at."""
        return tuple(cell for row in self.notebooks.values() for cell in row.to_grade)

    @property
    def changed(self) -> tuple[HandChange, ...]:
        """Judged cells that somebody gave other points than their verdict."""
        return tuple(change for row in self.notebooks.values() for change in row.changed)

    @property
    def has_stale_page(self) -> bool:
        """Whether a feedback page of the student's says something else."""
        return any(row.is_page_stale for row in self.notebooks.values())

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why the points are not those of settled verdicts; grading again mends it."""
        unclear = (self.unclear_time,) if self.unclear_time else ()
        return (*unclear, *(row.problem for row in self.notebooks.values() if row.problem))

    @property
    def problems(self) -> tuple[str, ...]:
        """Why these points must not go out."""
        waiting = [change for change in self.changed if not change.confirmed_at]
        said = (f"{change.in_words}; {confirming(change.assignment, self.student)} lets it count" for change in waiting)
        return (*self.doubts, *(f"changed by hand, {what}" for what in said))


def differing_cells(course: Course, gradebook: Any, assignment: str) -> list[str]:
    """Return the graded cells about which gradebook and source/ disagree.

    Args:
        course: The course.
        gradebook: The open gradebook; it knows the assignment.
        assignment: The nbgrader assignment.
    """
    held: dict[str, dict[str, float]] = {
        notebook.name: {cell.name: float(cell.max_score) for cell in (*notebook.grade_cells, *notebook.task_cells)}
        for notebook in gradebook.find_assignment(assignment).notebooks
    }
    found = []
    for name, exercise in course.exercises.items():
        if exercise.assignment == assignment:
            expected, there = {**exercise.judged, **exercise.written}, held.get(name, {})
            cells = there.keys() | expected.keys()
            found += [f"{cell} of {name}" for cell in sorted(cells) if there.get(cell) != expected.get(cell)]
    folder = course.source_directory / assignment
    return [*found, *(f"notebook {name}" for name in sorted(held) if not (folder / f"{name}.ipynb").is_file())]


def refuse_differing_cells(course: Course, gradebook: Any, assignment: str) -> None:
    """Refuse to grade what could not be saved.

    Args:
        course: The course.
        gradebook: The open gradebook; it knows the assignment.
        assignment: The nbgrader assignment.

    Raises:
        CourseError: Gradebook and source/ disagree about graded cells.
    """
    different = differing_cells(course, gradebook, assignment)
    if different:
        raise CourseError(
            f"Gradebook and source/ disagree about {', '.join(different)}; run `autograder prepare {assignment}`, "
            "which says what it changes and keeps what was given by hand."
        )


def assignment_rows(course: Course, gradebook: Any, assignment: str, store: VerdictStore) -> list[StudentRow]:
    """Return what the gradebook holds for an assignment, each row held against its verdict.

    Args:
        course: The course.
        gradebook: The open gradebook.
        assignment: The nbgrader assignment.
        store: The verdicts.

    Returns:
        One row a student of gradebook and class list, sorted by name as nbgrader does; absent ones included.

    Raises:
        CourseError: The gradebook does not know the assignment.
    """
    try:
        gradebook.find_assignment(assignment)
    except MissingEntry as error:
        raise CourseError(
            f"The gradebook does not know the assignment '{assignment}'; run `autograder prepare {assignment}` first."
        ) from error
    exercises = {name: found for name, found in course.exercises.items() if found.assignment == assignment}
    submissions = {submission.student.id: submission for submission in _submissions(gradebook, assignment)}
    rows, reader = [], _Reader(course, assignment, exercises, store)
    for student in gradebook.students:
        submission = submissions.get(student.id)
        row = reader.student(submission) if submission else StudentRow(student.id)
        named = (student.last_name or "", student.first_name or "", student.email or "")
        rows.append(replace(row, last_name=named[0], first_name=named[1], email=named[2]))
    reader.changes.save()
    known = {row.student for row in rows}
    return [*rows, *(StudentRow(student) for student in class_list(course) if student not in known)]


def student_row(course: Course, gradebook: Any, assignment: str, student: str, store: VerdictStore) -> StudentRow:
    """Return what the gradebook holds for one student who has handed in; see `assignment_rows`.

    Args:
        course: The course.
        gradebook: The open gradebook.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
        store: The verdicts.
    """
    reader = _Reader(course, assignment, course.exercises, store)
    row = reader.student(gradebook.find_submission(assignment, student))
    reader.changes.save()
    return row


def _submissions(gradebook: Any, assignment: str) -> list[Any]:
    grades = selectinload(SubmittedAssignment.notebooks).selectinload(SubmittedNotebook.grades)
    query = gradebook.db.query(SubmittedAssignment).join(Assignment, SubmittedAssignment.assignment)
    found: list[Any] = query.filter(Assignment.name == assignment).options(grades.selectinload(Grade.cell)).all()
    return found


class _Reader:
    """Holds the rows of an assignment against their verdicts."""

    def __init__(self, course: Course, assignment: str, exercises: Mapping[str, Exercise], store: VerdictStore) -> None:
        self._course, self._exercises, self._store = course, exercises, store
        self._assignment, self._directory = assignment, course_directory(course)
        self._penalties = late_penalties(course)
        self.changes = HandChanges(course.state_directory, assignment)

    def student(self, submission: Any) -> StudentRow:
        """Return what the gradebook holds for one student."""
        student = submission.student.id
        folder = submitted_folder(self._course, self._assignment, student)
        handed_in, unclear = _time_of_graded(self._course, submission, self._store)
        late = seconds_late(submission, handed_in)
        graded = [notebook for notebook in submission.notebooks if is_graded(notebook)]
        penalties = {found.name: due_penalty(self._penalties, student, found, late) for found in graded}
        notebooks = {
            found.name: self._notebook(student, found, folder, penalties.get(found.name))
            for found in sorted(submission.notebooks, key=lambda found: str(found.name))
        }
        return StudentRow(
            student,
            is_absent=False,
            timestamp=handed_in.isoformat(sep=" ") if handed_in else "",
            seconds_late=late,
            penalty=sum(penalty or 0.0 for penalty in penalties.values()),
            is_settled=handed_in == submission.timestamp
            and all(is_settled(found, penalties[found.name]) for found in graded),
            unclear_time=unclear,
            notebooks=notebooks,
        )

    def _notebook(self, student: str, notebook: Any, folder: Path, penalty: float | None) -> NotebookRow:
        name, exercise = notebook.name, self._exercises.get(notebook.name)
        verdict = self._store.verdict(self._assignment, student, name)
        is_handed_in = (folder / f"{name}.ipynb").exists()
        row = _notebook_row(notebook, exercise, verdict, is_handed_in)
        changed = tuple(map(self.changes.notice, _changes(student, notebook, verdict)))
        cells = dict(row.cells)
        # Until somebody stands for the change, what the verdict says counts.
        cells.update({change.cell: change.before for change in changed if not change.confirmed_at})
        pages = self._directory.format_path(self._directory.feedback_directory, student, self._assignment)
        shown = state_of(notebook, verdict.key if verdict else "", penalty)
        where = (self._course.state_directory, self._assignment, student, name)
        is_page_stale = is_stale(Path(pages) / f"{name}.html", *where, shown)
        return replace(row, cells=cells, points=sum(cells.values()), changed=changed, is_page_stale=is_page_stale)


def _changes(student: str, notebook: Any, verdict: Verdict | None) -> Iterator[HandChange]:
    decided = {cell.grade_id: cell for cell in verdict.cells if not cell.undecided} if verdict else {}
    for grade in sorted(notebook.grades, key=lambda grade: str(grade.name)):
        cell = decided.get(grade.name)
        is_by_hand = grade.manual_score is not None or bool(grade.extra_credit)
        if cell is not None and is_by_hand and abs(grade.score - cell.points) > _SAME_POINTS:
            yield HandChange(student, notebook.name, grade.name, cell.points, grade.score)


def _time_of_graded(course: Course, submission: Any, store: VerdictStore) -> tuple[Any, str]:
    """Return when the work that was graded was handed in, as nbgrader keeps times, and what is not clear about it.

    The time stamp is kept with the verdict, and read again: the gradebook may hold what nbgrader once took it for.
    """
    for notebook in submission.notebooks:
        pointer = store.pointer(submission.assignment.name, submission.student.id, notebook.name)
        if pointer is not None and pointer.submitted_at:
            try:
                return moment(pointer.submitted_at, exchange_zone(course.config)).replace(tzinfo=None), ""
            except UnclearTime as unclear:
                return submission.timestamp, str(unclear)
    return submission.timestamp, ""


def _notebook_row(notebook: Any, exercise: Exercise | None, verdict: Verdict | None, is_handed_in: bool) -> NotebookRow:
    decided = {cell.grade_id: cell for cell in verdict.cells} if verdict else {}
    waiting = {grade.name for grade in notebook.grades if grade.needs_manual_grade}
    undecided = {grade_id for grade_id in waiting & decided.keys() if decided[grade_id].undecided}
    problems = [
        problem
        for grade in sorted(notebook.grades, key=lambda grade: str(grade.name))
        if grade.cell.cell_type == "code" and (exercise is None or grade.name not in exercise.written)
        for problem in [_problem(grade, decided.get(grade.name), is_handed_in)]
        if problem
    ]
    return NotebookRow(
        notebook=notebook.name,
        points=sum(grade.score for grade in notebook.grades),
        max_points=sum(grade.cell.max_score for grade in notebook.grades),
        cells={grade.name: grade.score for grade in notebook.grades},
        is_handed_in=is_handed_in,
        undecided=tuple(sorted(undecided)),
        to_grade=tuple(sorted(waiting - undecided)),
        problem=problems[0] if problems else "",
    )


def _problem(grade: Any, decided: Any, is_handed_in: bool) -> str:
    if decided is None:
        # nbgrader writes 0 for a notebook that was not handed in; there is nothing to decide then.
        if not is_handed_in and not grade.auto_score:
            return ""
        return f"cell '{grade.name}' has points in the gradebook, but there is no verdict on it"
    if grade.auto_score is None or not abs(grade.auto_score - decided.points) <= _SAME_POINTS:
        held = "no points" if grade.auto_score is None else f"{points_text(grade.auto_score)} points"
        return f"cell '{grade.name}' has {held} in the gradebook, but its verdict says {points_text(decided.points)}"
    return ""

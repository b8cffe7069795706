"""What nbgrader's gradebook says about an assignment, held against the verdicts."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock
from nbgrader.api import Assignment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import NullPool, create_engine, make_url, text
from sqlalchemy.orm import selectinload

from autograder.course.course import Course, CourseError
from autograder.course.exercise import Exercise
from autograder.course.feedback import points_text
from autograder.course.lateness import due_penalty, is_graded, is_settled, late_penalties, seconds_late
from autograder.course.store import VerdictStore
from autograder.course.times import UnclearTime, exchange_zone, moment
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
    """Why these points must not leave the house; empty if they agree with the verdict."""


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
    def problems(self) -> tuple[str, ...]:
        """Why these points must not leave the house."""
        unclear = (self.unclear_time,) if self.unclear_time else ()
        return (*unclear, *(row.problem for row in self.notebooks.values() if row.problem))


def course_directory(course: Course) -> Any:
    """Return nbgrader's own idea of a course folder.

    Args:
        course: The course.
    """
    return CourseDirectory(config=course.config, root=str(course.root))


@contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """Open nbgrader's gradebook of a course.

    Args:
        course: The course.

    Yields:
        An `nbgrader.api.Gradebook`.
    """
    directory = course_directory(course)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        yield gradebook


@contextmanager
def writer_lock(course: Course) -> Iterator[None]:
    """Hold the lock of whoever writes gradebook or autograded/; entering it twice in a thread is fine.

    It holds for every process that works in this course folder and, if the gradebook is on a PostgreSQL server, for
    every machine that writes to it.

    Args:
        course: The course.

    Yields:
        Nothing.
    """
    course.state_directory.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(course.state_directory / "writer.lock", is_singleton=True)
    with lock:
        if lock.lock_counter > 1:  # this thread holds both already
            yield
            return
        with _server_lock(str(course_directory(course).db_url)):
            yield


@contextmanager
def _server_lock(db_url: str) -> Iterator[None]:
    if make_url(db_url).get_backend_name() != "postgresql":
        yield
        return
    engine = create_engine(db_url, poolclass=NullPool)
    # A lock of the session: the server frees it when the connection ends, also after kill -9.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('autograder writer'))"))
        yield


def submitted_folder(course: Course, assignment: str, student: str) -> Path:
    """Return where nbgrader keeps what a student handed in.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
    """
    directory = course_directory(course)
    return Path(directory.format_path(directory.submitted_directory, student, assignment))


def class_list(course: Course) -> list[str]:
    """Return the ids of the class from the course's class list, empty if it has none.

    Args:
        course: The course.

    Raises:
        CourseError: The file is missing or has no column `id`.
    """
    if not course.settings.class_list:
        return []
    path = course.root / course.settings.class_list
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            ids = [(row.get("id") or "").strip() for row in csv.DictReader(stream)]
    except OSError as error:
        raise CourseError(f"The class list {path} cannot be read ({error.strerror}).") from error
    if not any(ids):
        raise CourseError(
            f"The class list {path} has no column 'id' with student ids; see `nbgrader db student import`."
        )
    return [student for student in ids if student]


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
            f"The gradebook does not know the assignment '{assignment}'; "
            f"run `nbgrader generate_assignment {assignment}` first."
        ) from error
    exercises = {name: found for name, found in course.exercises.items() if found.assignment == assignment}
    submissions = {submission.student.id: submission for submission in _submissions(gradebook, assignment)}
    rows, step = [], late_penalties(course)
    for student in gradebook.students:
        submission = submissions.get(student.id)
        row = _student_row(course, submission, exercises, store, step) if submission else StudentRow(student.id)
        named = (student.last_name or "", student.first_name or "", student.email or "")
        rows.append(replace(row, last_name=named[0], first_name=named[1], email=named[2]))
    known = {row.student for row in rows}
    return [*rows, *(StudentRow(student) for student in class_list(course) if student not in known)]


def _submissions(gradebook: Any, assignment: str) -> list[Any]:
    grades = selectinload(SubmittedAssignment.notebooks).selectinload(SubmittedNotebook.grades)
    query = gradebook.db.query(SubmittedAssignment).join(Assignment, SubmittedAssignment.assignment)
    found: list[Any] = query.filter(Assignment.name == assignment).options(grades.selectinload(Grade.cell)).all()
    return found


def _student_row(
    course: Course, submission: Any, exercises: Mapping[str, Exercise], store: VerdictStore, step: Any
) -> StudentRow:
    student, assignment = submission.student.id, submission.assignment.name
    folder = submitted_folder(course, assignment, student)
    notebooks = {}
    for notebook in submission.notebooks:
        verdict = store.verdict(assignment, student, notebook.name)
        is_handed_in = (folder / f"{notebook.name}.ipynb").exists()
        notebooks[notebook.name] = _notebook_row(notebook, exercises.get(notebook.name), verdict, is_handed_in)
    handed_in, unclear = _time_of_graded(course, submission, store)
    late = seconds_late(submission, handed_in)
    graded = [notebook for notebook in submission.notebooks if is_graded(notebook)]
    penalties = [due_penalty(step, student, notebook, late) for notebook in graded]
    return StudentRow(
        student,
        is_absent=False,
        timestamp=handed_in.isoformat(sep=" ") if handed_in else "",
        seconds_late=late,
        penalty=sum(penalty or 0.0 for penalty in penalties),
        is_settled=handed_in == submission.timestamp and all(map(is_settled, graded, penalties)),
        unclear_time=unclear,
        notebooks=dict(sorted(notebooks.items())),
    )


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

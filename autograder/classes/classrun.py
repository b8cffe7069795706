"""Grade everything handed in for an assignment: verdicts in parallel, then gradebook and autograded/ by one writer.

Verdicts are found first and kept in the store; what nbgrader reads is derived from them, student by student, as soon as
all notebooks of a student have one. A run that is stopped anywhere goes on where it was: known work is not run again,
and a derived notebook names the verdict it was derived from.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from autograder.classes.collecting import StudentWork, Work, collect
from autograder.classes.progress import Progress, Tally
from autograder.classes.verdicts import Judged, verdicts
from autograder.course.course import Course, CourseError, Secret
from autograder.course.times import UnclearTime, stamp_text
from autograder.gradebook.book import Book
from autograder.gradebook.deriving import Deriver
from autograder.gradebook.nbgrader_glue import DERIVED_FROM
from autograder.gradebook.rows import StudentRow
from autograder.gradebook.trouble import EVERYBODYS_TROUBLE
from autograder.grading.grader import Grader, LazyEngine, Result
from autograder.grading.store import Record, VerdictStore


@dataclass(frozen=True)
class StudentResult:
    """What a class run says about one student."""

    row: StudentRow
    notes: tuple[str, ...] = ()
    problem: str = ""
    """Why this student's work is not graded, or not completely."""
    missing: tuple[str, ...] = ()
    """Modules that the notebooks import and kernels do not have, once for each notebook."""


class ClassRun:
    """One run over an assignment.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        secret: The course secret.
        jobs: Notebooks graded at once.
        force: Grade what has been graded before, too.
        engine: What runs unknown work, such as a cluster; by default one of this process. It is closed after the run.

    Raises:
        CourseError: There is no such assignment.
    """

    def __init__(
        self,
        course: Course,
        assignment: str,
        secret: Secret,
        *,
        jobs: int = 1,
        force: bool = False,
        engine: LazyEngine | None = None,
    ) -> None:
        self.course = course
        self.assignment = assignment
        self.exercises = course.exercises_of(assignment)
        _ = course.limits  # refused here, before anybody has waited for anything
        self.jobs = jobs
        self.force = force
        self._secret = secret
        self._engine = engine or LazyEngine(course, jobs)

    def run(
        self,
        student: str = "*",
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_start: Callable[[int], None] = lambda _: None,
    ) -> list[StudentResult]:
        """Grade what is there.

        Args:
            student: A student id, or `*` for the class.
            on_progress: Called after each notebook, from the calling thread.
            on_start: Called once with the number of notebooks, before the first.

        Returns:
            One result a student, absent ones included, in the gradebook's order.

        Raises:
            CourseError: Another run is at work, or the gradebook does not know the assignment or the student.
        """
        with only_run(self.course):
            book = Book(self.course, self.assignment)
            book.close_to_others()
            VerdictStore(self.course.state_directory).sweep()
            before = book.rows_before()
            students = collect(self.course, self.assignment, student)
            if student != "*" and student not in students | {row.student: None for row in before}.keys():
                raise CourseError(f"There is no student '{student}': neither in the gradebook nor in submitted/.")
            on_start(sum(len(found.works) for found in students.values() if not found.problem))
            self._grade(students, {row.student: row for row in before}, on_progress)
            book.close_to_others()
            return list(_results(book.rows_settled(student), students, student))

    def _grade(
        self,
        students: Mapping[str, StudentWork],
        before: Mapping[str, StudentRow],
        on_progress: Callable[[Progress], None],
    ) -> None:
        works = [work for student in students.values() for work in student.works if not student.problem]
        for work in works:
            students[work.student].open += 1
        tally = Tally(len(works))
        grader = Grader(self.course, self._secret, self._engine)
        with (
            Deriver(self.course, self.assignment) as deriver,
            closing(verdicts(grader, self._engine, works, tally, jobs=self.jobs, force=self.force)) as found,
        ):
            for work, future in found:
                student = students[work.student]
                result = self._settle(grader, deriver, work, student, future)
                student.open -= 1
                if student.open == 0 and not student.problem:
                    self._derive(deriver, work.student, student, before.get(work.student))
                on_progress(tally.step(work.student, work.exercise.name, result))

    def _settle(
        self, grader: Grader, deriver: Deriver, work: Work, student: StudentWork, future: Future[Judged]
    ) -> Result | None:
        try:
            submission, result = future.result()
        except Exception as error:
            if isinstance(error, OSError) and error.errno in EVERYBODYS_TROUBLE:
                raise
            student.problem = f"{work.exercise.name} was not graded: {error}"
            logging.getLogger(__name__).debug("grading failed", exc_info=error)
            return None
        record: Record = result.record
        try:
            submitted_at = stamp_text(student.folder)
        except UnclearTime as unclear:  # it has become so since the run began
            student.problem = str(unclear)
            return None
        grader.point(work.student, work.exercise, submission, record, submitted_at)
        student.notes += [self._about(work, note) for note in (*record.verdict.notes, *_errors_of_the_course(record))]
        student.missing += record.verdict.missing
        student.records[work.exercise.name] = record
        student.is_changed |= result.is_new or _is_stale(
            deriver.folder(work.student) / f"{work.exercise.name}.ipynb", record.verdict.key
        )
        return result

    def _about(self, work: Work, note: str) -> str:
        """Say which notebook a note is about, where there are several."""
        return note if len(self.exercises) == 1 else f"{work.exercise.name}: {note}"

    def _derive(self, deriver: Deriver, name: str, student: StudentWork, before: StudentRow | None) -> None:
        """Write a student's gradebook rows and autograded notebooks, if they are not what they should be already."""
        is_current = before is not None and not before.is_absent and not before.doubts
        if not is_current or student.is_changed or self.force:
            student.problem = deriver.derive(name, student.folder, student.records)
        student.records.clear()


@contextmanager
def only_run(course: Course) -> Iterator[None]:
    """Hold the lock of whoever decides which verdicts count.

    Args:
        course: The course.

    Yields:
        Nothing.

    Raises:
        CourseError: Another run is at work.
    """
    course.state_directory.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(course.state_directory / "run.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout as busy:
        raise CourseError(f"Another `autograder grade` is at work in {course.root}; wait for it.") from busy


def _errors_of_the_course(record: Record) -> list[str]:
    """Say where a check stopped with an error, which is one of the course; the whole trace goes to the log."""
    said = []
    for found in record.verdict.checks():
        if found.trace:
            where, _, _ = found.trace.partition("\n")
            said.append(f"a check of the course stopped with an error, and its points wait: {where}")
            logging.getLogger(__name__).debug("%s\n%s", found.name, found.trace)
    return said


def _is_stale(notebook: Path, key: str) -> bool:
    """Whether an autograded notebook shows another verdict than this one."""
    try:
        return bool(json.loads(notebook.read_bytes())["metadata"].get(DERIVED_FROM) != key)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return True


def _results(rows: list[StudentRow], students: Mapping[str, StudentWork], only: str) -> Iterator[StudentResult]:
    known = {row.student for row in rows}
    unknown = [StudentRow(student) for student in students if student not in known]
    for row in [*rows, *unknown]:
        if only not in ("*", row.student):
            continue
        student = students.get(row.student)
        if student is None:
            yield StudentResult(row)
            continue
        problem = student.problem or "; ".join(row.doubts)
        notes = tuple(dict.fromkeys(student.notes))
        yield StudentResult(
            replace(row, is_absent=row.is_absent and not student.problem), notes, problem, tuple(student.missing)
        )

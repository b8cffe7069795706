"""Grade everything handed in for an assignment: verdicts in parallel, then gradebook and autograded/ by one writer.

Verdicts are found first and kept in the store; what nbgrader reads is derived from them, student by student, as soon as
all notebooks of a student have one. A run that is stopped anywhere goes on where it was: known work is not run again,
and a derived notebook names the verdict it was derived from.
"""

import json
import logging
import math
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from autograder.classes.collecting import Student, Work, collect
from autograder.classes.progress import Progress, Tally
from autograder.course.course import Course, CourseError, Secret
from autograder.course.submission import Submission
from autograder.course.times import UnclearTime, stamp_text
from autograder.gradebook.database_file import close_to_others, refuse_unwritable
from autograder.gradebook.deriving import Deriver
from autograder.gradebook.lateness import late_penalties, settle
from autograder.gradebook.nbgrader_glue import DERIVED_FROM
from autograder.gradebook.rows import (
    StudentRow,
    assignment_rows,
    course_directory,
    existing_gradebook,
    is_shared,
    open_gradebook,
    private_places,
    refuse_differing_cells,
    writer_lock,
)
from autograder.gradebook.trouble import EVERYBODYS_TROUBLE
from autograder.grading.grader import Grader, LazyEngine, Result
from autograder.grading.quiet import PATIENCE_SECONDS, wait_until_quiet
from autograder.grading.store import Record, VerdictStore
from autograder.kernels.errors import TemplateFailed


@dataclass(frozen=True)
class StudentResult:
    """What a class run says about one student."""

    row: StudentRow
    notes: tuple[str, ...] = ()
    problem: str = ""
    """Why this student's work is not graded, or not completely."""
    missing: tuple[str, ...] = ()
    """Modules that the notebooks import and kernels do not have, once for each notebook."""


_Graded = tuple[Submission, Result]


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
            self._close_to_others()
            VerdictStore(self.course.state_directory).sweep()
            before = self._rows_before()
            students = collect(self.course, self.assignment, student)
            if student != "*" and student not in students | {row.student: None for row in before}.keys():
                raise CourseError(f"There is no student '{student}': neither in the gradebook nor in submitted/.")
            on_start(sum(len(found.works) for found in students.values() if not found.problem))
            self._grade(students, {row.student: row for row in before}, on_progress)
            self._close_to_others()
            return list(_results(self._settled_rows(student), students, student))

    def _close_to_others(self) -> None:
        for place in private_places(self.course):
            close_to_others(place, is_group_allowed=is_shared(self.course))

    def _rows_before(self) -> list[StudentRow]:
        """Read the gradebook, and refuse what could not be saved in the end."""
        directory = course_directory(self.course)
        refuse_unwritable(str(directory.db_url))
        rows = self._rows()
        with open_gradebook(self.course) as gradebook:
            refuse_differing_cells(self.course, gradebook, self.assignment)
        return rows

    def _settled_rows(self, student: str) -> list[StudentRow]:
        """Read the gradebook, after its times and penalties have been brought to what holds now."""
        rows = self._rows()
        stale = [row for row in rows if not row.is_settled and student in ("*", row.student)]
        if not stale:
            return rows
        step = late_penalties(self.course)
        with writer_lock(self.course), open_gradebook(self.course) as gradebook:
            for row in stale:
                timestamp = datetime.fromisoformat(row.timestamp) if row.timestamp else None
                settle(gradebook, step, self.assignment, row.student, timestamp)
        return self._rows()

    def _rows(self) -> list[StudentRow]:
        with existing_gradebook(self.course, self.assignment) as gradebook:
            return assignment_rows(self.course, gradebook, self.assignment, VerdictStore(self.course.state_directory))

    def _grade(
        self,
        students: Mapping[str, Student],
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
            closing(self._verdicts(grader, works, tally)) as verdicts,
        ):
            for work, future in verdicts:
                student = students[work.student]
                result = self._settle(grader, deriver, work, student, future)
                student.open -= 1
                if student.open == 0 and not student.problem:
                    self._derive(deriver, work.student, student, before.get(work.student))
                on_progress(tally.step(work.student, work.exercise.name, result))

    def _verdicts(
        self, grader: Grader, works: list[Work], tally: Tally
    ) -> Generator[tuple[Work, "Future[_Graded]"], None, None]:
        """Yield each work with its finished future: first those whose verdict is known, then the others as they end."""
        callers = self._engine.callers(self.jobs)
        pool = ThreadPoolExecutor(callers, thread_name_prefix="grading")
        starting: Future[object] | None = None
        unknown: deque[Work] = deque()
        try:
            for work in works:
                known = None if self.force else _known(grader, work)
                if known is not None:
                    yield work, known
                    continue
                unknown.append(work)
                starting = starting or pool.submit(self._engine.running)
            if starting is not None:
                # Waited for, so that a machine that cannot seal stops the run instead of failing every student.
                starting.result()
            tally.begin(len(unknown))
            running: dict[Future[_Graded], Work] = {}
            held_up: list[Work] = []
            while unknown or running:
                while unknown and len(running) < callers + self.jobs:
                    work = unknown.popleft()
                    running[pool.submit(_grade, grader, work, self.force)] = work
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    work = running.pop(future)
                    if _was_held_up(future):
                        held_up.append(work)
                    else:
                        yield work, future
            yield from self._try_again(grader, held_up, pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            self._engine.close()

    def _try_again(
        self, grader: Grader, works: list[Work], pool: ThreadPoolExecutor
    ) -> Generator[tuple[Work, "Future[_Graded]"], None, None]:
        """Run what the machine could not run before, when all else is done: one by one, and when it has room."""
        patience_seconds = PATIENCE_SECONDS
        for work in works:
            patience_seconds = wait_until_quiet(patience_seconds)
            future = pool.submit(_grade, grader, work, self.force)
            wait([future])
            yield work, future

    def _settle(
        self, grader: Grader, deriver: Deriver, work: Work, student: Student, future: "Future[_Graded]"
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

    def _derive(self, deriver: Deriver, name: str, student: Student, before: StudentRow | None) -> None:
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


def _grade(grader: Grader, work: Work, force: bool) -> _Graded:
    submission = work.read()
    return submission, grader.grade(submission, work.exercise, force=force)


def _was_held_up(future: "Future[_Graded]") -> bool:
    """Tell whether it was the machine that kept a notebook from being run to its end."""
    if (error := future.exception()) is not None:
        return isinstance(error, TemplateFailed)
    return bool(future.result()[1].record.verdict.held_up)


def _known(grader: Grader, work: Work) -> "Future[_Graded] | None":
    submission = work.read()
    record = grader.look_up(submission, work.exercise)
    if record is None:
        return None
    future: Future[_Graded] = Future()
    future.set_result((submission, Result(record, is_new=False)))
    return future


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


def default_jobs() -> int:
    """Return how many notebooks this machine should grade at once.

    A quarter more than the cores it may use: a notebook keeps its core waiting for a moment whenever kernel and judge
    take turns, and another one fills that.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + math.ceil(cores / 4)


def _results(rows: list[StudentRow], students: Mapping[str, Student], only: str) -> Iterator[StudentResult]:
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

"""Grade everything handed in for an assignment: verdicts in parallel, then gradebook and autograded/ by one writer.

Verdicts are found first and kept in the store; what nbgrader reads is derived from them, student by student, as soon as
all notebooks of a student have one. A run that is stopped anywhere goes on where it was: known work is not run again,
and a derived notebook names the verdict it was derived from.
"""

import glob
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from nbgrader.apps import NbGraderAPI
from nbgrader.utils import parse_utc

from autograder.course.course import Course, CourseError, Secret
from autograder.course.exercise import Exercise
from autograder.course.gradebook import (
    StudentRow,
    assignment_rows,
    course_directory,
    open_gradebook,
    submitted_folder,
    writer_lock,
)
from autograder.course.grading import Grader, LazyEngine
from autograder.course.nbgrader_glue import DERIVED_FROM
from autograder.course.store import Record, VerdictStore
from autograder.course.submission import Submission, read_submission


@dataclass(frozen=True)
class StudentResult:
    """What a class run says about one student."""

    row: StudentRow
    notes: tuple[str, ...] = ()
    problem: str = ""
    """Why this student's work is not graded, or not completely."""


@dataclass(frozen=True)
class Progress:
    """One step of a class run."""

    student: str
    notebook: str
    done: int
    total: int
    is_new: bool


@dataclass
class _Work:
    student: str
    exercise: Exercise
    submission: Submission


@dataclass
class _Student:
    folder: Path
    works: list[_Work] = field(default_factory=list)
    open: int = 0
    is_changed: bool = False
    problem: str = ""
    notes: list[str] = field(default_factory=list)


class ClassRun:
    """One run over an assignment.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        secret: The course secret.
        jobs: Notebooks graded at once.
        force: Grade what has been graded before, too.

    Raises:
        CourseError: There is no such assignment.
    """

    def __init__(self, course: Course, assignment: str, secret: Secret, *, jobs: int = 1, force: bool = False) -> None:
        self.course = course
        self.assignment = assignment
        self.exercises = course.exercises_of(assignment)
        self.jobs = jobs
        self.force = force
        self._secret = secret

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
        with self._only_run():
            before = self._rows()
            students = self._collect(student)
            if student != "*" and student not in students | {row.student: None for row in before}.keys():
                raise CourseError(f"There is no student '{student}': neither in the gradebook nor in submitted/.")
            on_start(sum(len(found.works) for found in students.values() if not found.problem))
            self._grade(students, {row.student: row for row in before}, on_progress)
            return list(_results(self._rows(), students, student))

    def _rows(self) -> list[StudentRow]:
        with open_gradebook(self.course) as gradebook:
            return assignment_rows(self.course, gradebook, self.assignment, VerdictStore(self.course.state_directory))

    @contextmanager
    def _only_run(self) -> Iterator[None]:
        self.course.state_directory.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(self.course.state_directory / "run.lock", timeout=0)
        try:
            with lock:
                yield
        except Timeout as busy:
            raise CourseError(f"Another `autograder grade` is at work in {self.course.root}; wait for it.") from busy

    def _collect(self, only: str) -> dict[str, _Student]:
        students: dict[str, _Student] = {}
        pattern = submitted_folder(self.course, glob.escape(self.assignment), "*")
        for folder in sorted(Path(path) for path in glob.glob(str(pattern))):  # noqa: PTH207 - an absolute pattern
            student = folder.parent.name
            if folder.is_dir() and only in ("*", student):
                students[student] = self._read(student, folder)
        return students

    def _read(self, student: str, folder: Path) -> _Student:
        found = _Student(folder, problem=_timestamp_problem(folder))
        source = self.course.source_directory / self.assignment
        for name, exercise in self.exercises.items():
            path = folder / f"{name}.ipynb"
            if not path.is_symlink() and not path.exists():
                found.notes.append(_missing_note(folder, name))
                continue
            found.works.append(_Work(student, exercise, read_submission(folder, name, source)))
        return found

    def _grade(
        self,
        students: Mapping[str, _Student],
        before: Mapping[str, StudentRow],
        on_progress: Callable[[Progress], None],
    ) -> None:
        works = [work for student in students.values() for work in student.works if not student.problem]
        for work in works:
            students[work.student].open += 1
        engine = LazyEngine(self.course, self.jobs)
        grader = Grader(self.course, self._secret, engine)
        pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="grading")
        try:
            if any(self.force or grader.look_up(work.submission, work.exercise) is None for work in works):
                # Started here, so that a machine that cannot seal stops the run instead of failing every student.
                engine.running()
            futures = {
                pool.submit(grader.grade, work.submission, work.exercise, force=self.force): work for work in works
            }
            for done, future in enumerate(as_completed(futures), start=1):
                work = futures[future]
                student = students[work.student]
                is_new = self._settle(grader, work, student, future)
                student.open -= 1
                if student.open == 0 and not student.problem:
                    self._derive(work.student, student, before.get(work.student))
                on_progress(Progress(work.student, work.exercise.name, done, len(works), is_new))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            engine.close()

    def _settle(self, grader: Grader, work: _Work, student: _Student, future: Future[Any]) -> bool:
        try:
            result = future.result()
        except Exception as error:
            student.problem = f"{work.exercise.name} was not graded: {error}"
            logging.getLogger(__name__).debug("grading failed", exc_info=error)
            return True
        record: Record = result.record
        timestamp = student.folder / "timestamp.txt"
        submitted_at = timestamp.read_text(encoding="utf-8").strip() if timestamp.is_file() else ""
        grader.point(work.student, work.exercise, work.submission, record, submitted_at)
        student.notes += record.verdict.notes
        student.is_changed |= self._is_stale(work, record.verdict.key)
        return bool(result.is_new)

    def _is_stale(self, work: _Work, key: str) -> bool:
        directory = course_directory(self.course)
        folder = Path(directory.format_path(directory.autograded_directory, work.student, self.assignment))
        try:
            notebook = json.loads((folder / f"{work.exercise.name}.ipynb").read_bytes())
            return bool(notebook["metadata"].get(DERIVED_FROM) != key)
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return True

    def _derive(self, name: str, student: _Student, before: StudentRow | None) -> None:
        """Write a student's gradebook rows and autograded notebooks, through nbgrader's own converter."""
        is_current = before is not None and not before.is_absent and not before.problems
        if is_current and not student.is_changed and not self.force and _same_time(before, student.folder):
            return
        api = NbGraderAPI(coursedir=course_directory(self.course), config=self.course.config)
        with writer_lock(self.course), _quiet(api.log):
            outcome = api.autograde(self.assignment, glob.escape(name), force=True, create=True)
        if not outcome["success"]:
            last = [line for line in outcome.get("log", "").splitlines() if "Error" in line]
            reason = last[-1].strip() if last else outcome.get("error", "").strip().splitlines()[-1]
            student.problem = f"its verdict is kept, but nbgrader could not save it: {reason}"


def default_jobs() -> int:
    """Return how many notebooks this machine should grade at once: one a core it may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _results(rows: list[StudentRow], students: Mapping[str, _Student], only: str) -> Iterator[StudentResult]:
    known = {row.student for row in rows}
    unknown = [StudentRow(student) for student in students if student not in known]
    for row in [*rows, *unknown]:
        if only not in ("*", row.student):
            continue
        student = students.get(row.student)
        if student is None:
            yield StudentResult(row)
            continue
        problem = student.problem or "; ".join(row.problems)
        notes = tuple(dict.fromkeys(student.notes))
        yield StudentResult(replace(row, is_absent=row.is_absent and not student.problem), notes, problem)


def _timestamp_problem(folder: Path) -> str:
    path = folder / "timestamp.txt"
    try:
        text = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
        if text:
            parse_utc(text)
    except (ValueError, OverflowError, OSError) as error:
        return f"its timestamp.txt is no time nbgrader understands ({error}); correct or remove the file."
    return ""


def _missing_note(folder: Path, name: str) -> str:
    others = sorted(path.name for path in folder.glob("*.ipynb"))
    if others:
        return f"There is no {name}.ipynb, but {', '.join(others)}; rename it if it is that notebook."
    return f"There is no {name}.ipynb."


def _same_time(before: StudentRow | None, folder: Path) -> bool:
    path = folder / "timestamp.txt"
    text = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    time = parse_utc(text).isoformat(sep=" ") if text else ""
    return before is not None and (not time or before.timestamp == time)


@contextmanager
def _quiet(log: logging.Logger) -> Iterator[None]:
    """Keep nbgrader's chatter off the terminal; what goes wrong is in the log it returns."""
    handlers, propagate = log.handlers[:], log.propagate
    log.handlers[:], log.propagate = [logging.NullHandler()], False
    try:
        yield
    finally:
        log.handlers[:], log.propagate = handlers, propagate

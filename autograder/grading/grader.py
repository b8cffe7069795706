"""The one path from a submission to a verdict: every command, nbgrader's included, comes through `Grader.grade`."""

import atexit
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import nbformat

from autograder.course.course import Course, Secret, plain_settings
from autograder.course.exercise import Exercise
from autograder.course.notebooks import Prepared, UnusableNotebook
from autograder.course.sealed import prepare_submitted
from autograder.course.submission import HandedIn
from autograder.grading import resident
from autograder.grading.engines import Engine, Graded
from autograder.grading.keys import answers_key, key_of, made_with
from autograder.grading.lanes import slow_places
from autograder.grading.quiet import PATIENCE_SECONDS, wait_until_quiet
from autograder.grading.store import Pointer, Record, VerdictStore
from autograder.grading.unreadable import unmatched_verdict, unreadable_notebook, unreadable_verdict, withheld
from autograder.judge.verdict import Verdict


@dataclass(frozen=True)
class Result:
    """A verdict, and whether it had been found before."""

    record: Record
    is_new: bool


def start_engine(course: Course, slots: int) -> Engine:
    """Start the engine that runs and judges notebooks for a course.

    Args:
        course: The course whose limits and isolation hold.
        slots: How many notebooks may run at once.

    Returns:
        An engine; close it by leaving it as a context.

    Raises:
        CourseError: Images or weights of the course are missing on this machine.
    """
    from autograder.course.data_files import refuse_missing_files
    from autograder.grading.engine import EngineSettings, WarmEngine

    refuse_missing_files(course.settings.data_source)
    return WarmEngine(
        EngineSettings(
            limits=course.limits,
            isolation=course.isolation,
            slots=slots,
            data_source=course.settings.data_source,
            pages=tuple(path for found in course.exercises.values() for path in (*found.pages, *found.beside)),
        )
    )


class LazyEngine:
    """An engine that starts at its first use, so that a run that finds everything in the store costs nothing.

    If one that stays is there for the course (`autograder engine start`), that one is used.

    Args:
        course: The course whose limits and isolation hold.
        slots: How many notebooks may run at once.
        start: What starts it, with course and slots; `start_engine` by default.
    """

    def __init__(self, course: Course, slots: int = 1, start: Callable[[Course, int], Engine] | None = None) -> None:
        self._course = course
        self._slots = slots
        self._start = start
        self._engine: Engine | None = None
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def callers(self, jobs: int) -> int:
        """Return how many may ask at once: an engine of this machine lets slow notebooks go on beside the others.

        Args:
            jobs: How many notebooks are to run at full speed.
        """
        return jobs if self._start is not None else jobs + slow_places(jobs)

    def running(self) -> Engine:
        """Return the engine, started."""
        with self._starting:
            if self._engine is None:
                self._engine = (self._staying() or self._own()).__enter__()
            return self._engine

    def _staying(self) -> Engine | None:
        return None if self._start is not None else resident.find(self._course, self._slots, self._own)

    def _own(self) -> Engine:
        start = self._start or start_engine  # looked up now: tests exchange it
        return start(self._course, self._slots)

    def close(self) -> None:
        """Stop the engine and whatever still runs in it."""
        with self._starting:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.__exit__(None, None, None)


class Grader:
    """Verdicts for a course: from the store if the work is known, from the engine otherwise. Thread-safe.

    Args:
        course: The course.
        secret: Its secret.
        engine: What runs unknown work; its owner closes it.
        store: Where verdicts are kept; the course's own by default.
    """

    def __init__(
        self, course: Course, secret: Secret, engine: LazyEngine, *, store: VerdictStore | None = None
    ) -> None:
        self.course = course
        self.store = store or VerdictStore(course.state_directory)
        self._secret = secret
        self._engine = engine
        self._under_way: dict[str, threading.Lock] = {}
        """By key: equal work of several students, handed in at once, is run once."""

    def look_up(self, submission: HandedIn, exercise: Exercise) -> Record | None:
        """Return the verdict if this work is known, without running anything.

        Args:
            submission: What was handed in.
            exercise: The exercise it belongs to.
        """
        prepared, _ = _prepared(submission, exercise)
        return _if_final(self.store.get(key_of(self.course, exercise, submission, prepared, self._secret.digest)))

    def grade(self, submission: HandedIn, exercise: Exercise, *, force: bool = False) -> Result:
        """Return the verdict on a submission, running it only if this very work is unknown.

        Args:
            submission: What was handed in; it need not be readable.
            exercise: The exercise it belongs to.
            force: Run it even if it is known; the new verdict replaces the kept one.

        Returns:
            The verdict and the executed notebook. A notebook that cannot be read gets no points and the reason.
        """
        prepared, problem = _prepared(submission, exercise)
        key = key_of(self.course, exercise, submission, prepared, self._secret.digest)
        with self._under_way.setdefault(key, threading.Lock()):
            return self._grade(submission, exercise, prepared, problem, key, force=force)

    def _grade(
        self,
        submission: HandedIn,
        exercise: Exercise,
        prepared: Prepared | None,
        problem: str,
        key: str,
        *,
        force: bool,
    ) -> Result:
        present = self.store.get(key)
        known = None if force else _if_final(present)
        if known is not None:
            return Result(known, is_new=False)
        if prepared is None:
            record = _unreadable(exercise, problem)
        elif prepared.doubt:
            verdict = unmatched_verdict(exercise, prepared.doubt)
            notes = dict.fromkeys((*submission.notes, *verdict.notes))
            record = Record(replace(verdict, notes=tuple(notes)), nbformat.writes(prepared.notebook).encode())
        else:
            graded = self._run(submission, prepared, exercise, force=force)
            notes = dict.fromkeys((*submission.notes, *prepared.notes, *graded.verdict.notes))
            verdict = withheld(graded.verdict, prepared.doubted)
            record = Record(replace(verdict, notes=tuple(notes)), graded.notebook)
        _refuse_other_cells(record.verdict, exercise)
        made = made_with(self.course, exercise, self._secret.digest)
        record = Record(replace(record.verdict, key=key, made=made), record.notebook)
        return Result(self.store.put(key, record, replace=present is not None), is_new=True)

    def grade_alone(self, submission: HandedIn, exercise: Exercise, *, force: bool = False) -> Result:
        """Grade as `grade` does, and once more, when the machine has room, if it had none the first time.

        For one notebook by itself; a class run tries such work again behind all other.

        Args:
            submission: What was handed in.
            exercise: The exercise it belongs to.
            force: Run it even if it is known.
        """
        result = self.grade(submission, exercise, force=force)
        if result.record.verdict.held_up:
            wait_until_quiet(PATIENCE_SECONDS)
            result = self.grade(submission, exercise, force=force)
        return result

    def replay(self, submission: HandedIn, exercise: Exercise, check: str = "*") -> Verdict:
        """Judge a submission again with the same draws, all calls of a check in its evidence; nothing is kept of it.

        What the notebook answered before stands in for it where it is kept.

        Args:
            submission: What was handed in.
            exercise: The exercise it belongs to.
            check: Name of the check; `*` for all.

        Raises:
            UnusableNotebook: It cannot be read, or not be told for this exercise.
        """
        prepared, problem = _prepared(submission, exercise)
        if prepared is None or prepared.doubt:
            raise UnusableNotebook(problem or prepared.doubt if prepared else problem)
        answers = self.store.answers(answers_key(self.course, exercise, submission, prepared))
        engine = self._engine.running()
        graded = engine.grade(
            submission.notebook, submission.files, exercise, self._secret.value, answers, in_full=check
        )
        return withheld(graded.verdict, prepared.doubted)

    def _run(self, submission: HandedIn, prepared: Prepared, exercise: Exercise, *, force: bool) -> Graded:
        name = answers_key(self.course, exercise, submission, prepared)
        answers = b"" if force else self.store.answers(name)
        engine = self._engine.running()
        graded = engine.grade(submission.notebook, submission.files, exercise, self._secret.value, answers)
        if graded.answers and graded.answers != answers:
            self.store.put_answers(name, graded.answers)
        return graded

    def point(self, student: str, exercise: Exercise, submission: HandedIn, record: Record, submitted_at: str) -> None:
        """Note that a student's notebook counts with a verdict.

        Args:
            student: The nbgrader student id.
            exercise: The exercise.
            submission: What was handed in.
            record: The verdict on it.
            submitted_at: The time stamp that came with it, or empty.
        """
        pointer = Pointer(
            assignment=exercise.assignment,
            student=student,
            notebook=exercise.name,
            key=record.verdict.key,
            submission=hashlib.sha256(submission.notebook).hexdigest(),
            submitted_at=submitted_at,
            graded_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        present = self.store.pointer(pointer.assignment, student, pointer.notebook)
        if present is None or replace(present, graded_at=pointer.graded_at) != pointer:
            self.store.point(pointer)


_shared_engines: dict[tuple[Path, str], LazyEngine] = {}
_shared_threads: list[ThreadPoolExecutor] = []


def grade_in_shared_engine(course: Course, submission: HandedIn, exercise: Exercise) -> tuple[Grader, Result]:
    """Grade with the engine this process keeps for a course; it starts when first needed and ends with the process.

    nbgrader makes its preprocessors anew for every notebook, so what is warm must live here. The work runs in a thread
    of its own: formgrader calls from inside a running event loop, where nothing of Jupyter's may be awaited.

    Args:
        course: The course, as its files stand now.
        submission: What was handed in.
        exercise: The exercise it belongs to.

    Returns:
        The grader, for its store, and the result.
    """
    if not _shared_threads:
        _shared_threads.append(ThreadPoolExecutor(max_workers=1, thread_name_prefix="grading"))
        atexit.register(_close_shared)
    terms = (course.root, repr((course.settings.isolation, plain_settings(course))))
    engine = _shared_engines.setdefault(terms, LazyEngine(course))
    grader = Grader(course, course.secret(), engine)
    return grader, _shared_threads[0].submit(grader.grade_alone, submission, exercise).result()


def _close_shared() -> None:
    for engine in _shared_engines.values():
        engine.close()
    _shared_engines.clear()


def _if_final(record: Record | None) -> Record | None:
    """Return a verdict that is not to be looked for again: one that the machine could not reach may come yet."""
    return None if record is not None and record.verdict.held_up else record


def _prepared(submission: HandedIn, exercise: Exercise) -> tuple[Prepared | None, str]:
    if submission.problem:
        return None, submission.problem
    try:
        return prepare_submitted(submission.notebook, exercise), ""
    except UnusableNotebook as problem:
        return None, str(problem)


def _unreadable(exercise: Exercise, problem: str) -> Record:
    verdict = unreadable_verdict(exercise, problem)
    return Record(verdict, nbformat.writes(unreadable_notebook(exercise, problem)).encode())


def _refuse_other_cells(verdict: Verdict, exercise: Exercise) -> None:
    judged = {cell.grade_id: cell.max_points for cell in verdict.cells}
    expected = dict(exercise.judged)
    same = judged.keys() == expected.keys() and all(abs(judged[name] - expected[name]) < 1e-9 for name in judged)
    if not same:
        raise RuntimeError(
            f"The check page of {exercise.name} gives {judged}, but the notebook in source/ promises {expected}; "
            "make their points agree."
        )

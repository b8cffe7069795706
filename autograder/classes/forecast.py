"""What a class run would do, asked before it does anything: which notebooks it would run, and why."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from autograder.classes.collecting import Work, collect
from autograder.course.course import Course
from autograder.course.errors import CourseError
from autograder.course.secret import Secret
from autograder.grading.grader import Grader, LazyEngine
from autograder.grading.keys import made_with
from autograder.grading.store import VerdictStore


class Forecast(StrEnum):
    """What a run would do with one notebook."""

    KNOWN = "known"
    """Its verdict is kept, and stays."""
    NEW = "new"
    """It was never graded."""
    OTHER_WORK = "handed in again"
    """Something else was handed in since."""
    AGAIN = "judged again"
    """The same work, but what decides verdicts has changed."""
    UNREADABLE = "cannot be graded"
    """Nothing would be run, or not as it lies there."""


@dataclass(frozen=True)
class Foreseen:
    """One notebook of one student."""

    student: str
    notebook: str
    forecast: Forecast
    why: str = ""
    """What has changed, or why nothing can be done; empty where the forecast says it all."""


def foresee(
    course: Course, assignment: str, secret: Secret, student: str = "*", *, force: bool = False
) -> list[Foreseen]:
    """Say what a class run would do; nothing is run, and nothing is written.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        secret: The course secret.
        student: A student id, or `*` for the class.
        force: As for the run: what is known would be graded again.

    Returns:
        One entry a notebook that was handed in, in the order of students.

    Raises:
        CourseError: There is no such assignment, or no such student has handed in.
    """
    course.exercises_of(assignment)
    students = collect(course, assignment, student, changing=False)
    if student != "*" and student not in students:
        raise CourseError(f"There is no student '{student}' in submitted/.")
    grader = Grader(course, secret, LazyEngine(course))
    foreseen: list[Foreseen] = []
    for name, found in sorted(students.items()):
        said = [found.problem] if found.problem else found.notes
        foreseen += [Foreseen(name, "", Forecast.UNREADABLE, what) for what in said]
        foreseen += _of(course, grader, secret, [] if found.problem else found.works, force=force)
    return foreseen


def _of(course: Course, grader: Grader, secret: Secret, works: list[Work], *, force: bool) -> Iterator[Foreseen]:
    for work in works:
        try:
            yield Foreseen(work.student, work.exercise.name, *_forecast(course, grader, secret, work, force=force))
        except Exception as error:  # noqa: BLE001 - one person's file is one person's trouble, as in the run itself
            yield Foreseen(work.student, work.exercise.name, Forecast.UNREADABLE, str(error))


def _forecast(course: Course, grader: Grader, secret: Secret, work: Work, *, force: bool) -> tuple[Forecast, str]:
    submission = work.read()
    known = grader.look_up(submission, work.exercise)
    if known is not None:
        return (Forecast.AGAIN, "--force") if force else (Forecast.KNOWN, "")
    store: VerdictStore = grader.store
    pointer = store.pointer(work.exercise.assignment, work.student, work.exercise.name)
    if pointer is None:
        return Forecast.NEW, ""
    if pointer.submission != hashlib.sha256(submission.notebook).hexdigest():
        return Forecast.OTHER_WORK, ""
    record = store.get(pointer.key)
    before = record.verdict.made if record is not None else {}
    if record is None or not before:
        return Forecast.AGAIN, "its verdict is gone" if record is None else "its verdict is of an earlier version"
    now = made_with(course, work.exercise, secret.digest)
    other = [name for name in now | before if before.get(name) != now.get(name)]
    if other:
        return Forecast.AGAIN, f"changed since: {', '.join(other)}"
    return Forecast.AGAIN, "not decided the last time" if record.verdict.held_up else "files beside it, or settings"

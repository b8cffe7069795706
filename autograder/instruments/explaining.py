"""Why a student has the points he has: one check put to his work again, with the draws of then."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.classes.collecting import collect
from autograder.course.course import Course, CourseError
from autograder.course.exercise import Exercise, is_answer
from autograder.course.notebooks import UnusableNotebook
from autograder.course.sealed import prepare_submitted
from autograder.course.submission import HandedIn, read_submission
from autograder.grading.grader import Grader
from autograder.grading.store import Pointer, Record
from autograder.instruments.pages import environment
from autograder.judge.evidence import Evidence, as_plain
from autograder.judge.verdict import CheckResult, Outcome, Verdict
from autograder.judge.wording import no_such


@dataclass(frozen=True)
class Past:
    """A verdict that counted, or counts."""

    graded_at: str
    submitted_at: str
    outcome: str
    """Of the check; empty if the verdict is not there any more, or did not hold it."""
    points: float | None
    message: str = ""
    made: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Explained:
    """One check on one student's work."""

    student: str
    exercise: str
    cell: str
    result: CheckResult
    """As it counts."""
    again: CheckResult | None
    """What it came to when it was put again; None if it was not."""
    answer: str
    """The student's code that the check judges."""
    history: tuple[Past, ...]
    notes: tuple[str, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """The fullest there is: of the check put again if that came to the same, else of the verdict that counts."""
        same = self.again is not None and self.again.outcome is self.result.outcome
        chosen = self.again if same and self.again and self.again.evidence else self.result
        return chosen.evidence or Evidence()

    def as_plain(self) -> dict[str, Any]:
        """Return everything as plain values, for programs of the instructor's: it tells of draws."""
        return {
            "student": self.student,
            "exercise": self.exercise,
            "cell": self.cell,
            "check": self.result.name,
            "claim": self.result.claim,
            "outcome": self.result.outcome.value,
            "points": self.result.points,
            "max_points": self.result.max_points,
            "message": self.result.message,
            "trace": self.result.trace,
            "outcome_again": self.again.outcome.value if self.again else None,
            "milliseconds": self.result.milliseconds,
            "evidence": as_plain(self.evidence),
            "answer": self.answer,
            "history": [vars(past) for past in self.history],
            "notes": list(self.notes),
        }


def explain(
    course: Course, grader: Grader, student: str, exercise: str, check: str = "", *, replays: bool = True
) -> list[Explained]:
    """Explain one check, or all that did not pass.

    Args:
        course: The course.
        grader: For its verdicts, and to put checks again.
        student: The nbgrader student id.
        exercise: The exercise, or a part of its name that no other has.
        check: The check's name; empty for all that did not pass.
        replays: Whether to put the checks again; otherwise what the verdict has kept has to do.

    Raises:
        CourseError: There is no such exercise, student or check, or nothing of that student's has been graded.
    """
    found = course.exercise_named(exercise)
    pointer, record = _counting(course, grader, student, found)
    results = {result.name: (cell.grade_id, result) for cell in record.verdict.cells for result in cell.checks}
    if check and check not in results:
        raise CourseError(f"{found.name} of {student}: {no_such('check', check, results)}")
    wanted = [check] if check else [name for name, (_, one) in results.items() if one.outcome is not Outcome.PASS]
    submission = read_submitted_work(course, student, found)
    notes, again = _again(grader, pointer, submission, found, check) if replays and wanted else ([], None)
    verdicts = _verdicts(grader, student, found)
    explained = []
    for name in wanted:
        cell, result = results[name]
        repeated = _of(again, name) if again else None
        said = list(notes)
        if repeated is not None and repeated.outcome is not result.outcome:
            said.append(f"Put again it came to {repeated.outcome.value}; {_why_other(course, record, found)}")
        history = tuple(_past(pointer, verdict, name) for pointer, verdict in verdicts)
        answer = _answer(submission, found, cell)
        explained.append(Explained(student, found.name, cell, result, repeated, answer, history, tuple(said)))
    return explained


def read_submitted_work(course: Course, student: str, exercise: Exercise) -> HandedIn | None:
    """Read what a student has handed in for an exercise; None if it lies there no more.

    Args:
        course: The course.
        student: The nbgrader student id.
        exercise: The exercise.
    """
    there = collect(course, exercise.assignment, student).get(student)
    if there is None or all(work.exercise.name != exercise.name for work in there.works):
        return None
    return read_submission(there.folder, exercise.name, course.source_directory / exercise.assignment)


def was_handed_in_again(pointer: Pointer, submission: HandedIn) -> bool:
    """Whether what lies in submitted/ is another notebook than the one that was graded.

    Args:
        pointer: To the verdict.
        submission: What lies there.
    """
    return pointer.submission != hashlib.sha256(submission.notebook).hexdigest()


def complaint_page(explained: list[Explained]) -> str:
    """Return a page for the student: of each check what decided it, and no other draws, no secret, no source.

    Args:
        explained: From `explain`.
    """
    return environment().get_template("complaint.html.j2").render(explained=explained)


def _counting(course: Course, grader: Grader, student: str, exercise: Exercise) -> tuple[Pointer, Record]:
    pointer = grader.store.pointer(exercise.assignment, student, exercise.name)
    record = grader.store.get(pointer.key) if pointer else None
    if pointer is None or record is None:
        graded = sorted({found.student for found in grader.store.pointers(exercise.assignment)})
        if student not in graded and graded:
            raise CourseError(no_such("graded work of a student", student, graded))
        raise CourseError(
            f"There is no verdict on {exercise.name} of '{student}' in {course.state_directory}; "
            f"run `autograder grade {exercise.assignment}` first."
        )
    return pointer, record


def _again(
    grader: Grader, pointer: Pointer, submission: HandedIn | None, exercise: Exercise, check: str
) -> tuple[list[str], Verdict | None]:
    if submission is None:
        return ["The notebook does not lie in submitted/ any more, so nothing was put again."], None
    if was_handed_in_again(pointer, submission):
        return ["Another notebook has been handed in since, so nothing was put again; grade it first."], None
    try:
        return [], grader.replay(submission, exercise, check or "*")
    except UnusableNotebook as problem:
        return [f"Nothing was put again: {problem}"], None


def _of(verdict: Verdict, name: str) -> CheckResult | None:
    return next((result for result in verdict.checks() if result.name == name), None)


def _why_other(course: Course, record: Record, exercise: Exercise) -> str:
    from autograder.grading.keys import made_with

    now = made_with(course, exercise, course.secret(create=False).digest)
    before = record.verdict.made
    other = [name for name in now if before and before.get(name) != now[name]]
    if other:
        return f"since then these have changed: {', '.join(other)}. `autograder regrade` shows what that means."
    return "nothing that decides has changed, so the check, or the work, does not always do the same."


def _verdicts(grader: Grader, student: str, exercise: Exercise) -> list[tuple[Pointer, Verdict | None]]:
    history = grader.store.history(exercise.assignment, student, exercise.name)
    records = ((pointer, grader.store.get(pointer.key)) for pointer in history)
    return [(pointer, record.verdict if record else None) for pointer, record in records]


def _past(pointer: Pointer, verdict: Verdict | None, name: str) -> Past:
    result = _of(verdict, name) if verdict else None
    made = verdict.made if verdict else None
    if result is None:
        return Past(pointer.graded_at, pointer.submitted_at, "", None, made=made)
    return Past(pointer.graded_at, pointer.submitted_at, result.outcome.value, result.points, result.message, made)


def _answer(submission: HandedIn | None, exercise: Exercise, judged: str) -> str:
    """Return the code cells of the task: the student's, behind the judged cell before."""
    if submission is None:
        return ""
    try:
        prepared = prepare_submitted(submission.notebook, exercise)
    except UnusableNotebook:
        return ""
    end = prepared.judged.get(judged, 0)
    start = max((place for place in prepared.judged.values() if place < end), default=-1)
    cells = prepared.notebook.cells[start + 1 : end]
    released = {cell.source for cell in exercise.notebook.cells if not is_answer(cell)}
    own = [cell.source for cell in cells if cell.cell_type == "code" and cell.source not in released]
    return "\n\n".join(text for text in own if text.strip())

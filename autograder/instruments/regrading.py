"""Verdicts found anew after a check was mended: who changes by how much, then the change, then perhaps back again.

What was there before is written down first, in `.autograder/regrades/`. Only points of judged cells change. What a
person gave stays: for a written answer as it is, since the same notebook is judged; for a judged cell whose verdict
changed it stays as well, and is listed, since the person may want to look again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry

from autograder.classes.classrun import only_run
from autograder.classes.collecting import StudentWork, Work, collect
from autograder.course.course import Course, CourseError
from autograder.course.whole_files import write_whole
from autograder.gradebook.access import existing_gradebook, writer_lock
from autograder.gradebook.deriving import Deriver
from autograder.grading.grader import Grader
from autograder.grading.store import Pointer, Record
from autograder.instruments.explaining import was_handed_in_again
from autograder.judge.verdict import Verdict
from autograder.judge.wording import no_such

_FORMAT = 1
_KEPT_ROWS = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade")


@dataclass(frozen=True)
class CheckChange:
    """One check that comes to something else."""

    cell: str
    check: str
    before: str
    """Outcome; empty for a check that there was not."""
    after: str
    points: float
    """How many more, or fewer."""


@dataclass(frozen=True)
class Change:
    """One notebook of one student whose verdict is another one now."""

    student: str
    exercise: str
    checks: tuple[CheckChange, ...]
    points_before: float
    points_after: float
    by_hand: tuple[str, ...] = ()
    """Judged cells whose points a person gave, and whose verdict changes: the person's points stay."""
    left: str = ""
    """Why it is not written; empty if it is."""

    @property
    def points(self) -> float:
        """How many more, or fewer."""
        return self.points_after - self.points_before


@dataclass
class Plan:
    """What a regrading would do, or did."""

    assignment: str
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    """Notebooks whose verdict stays as it is."""
    left: list[tuple[str, str, str]] = field(default_factory=list)
    """Student, exercise and why it was not judged again."""
    records: dict[tuple[str, str], tuple[Work, Pointer, Record]] = field(default_factory=dict)

    @property
    def written(self) -> list[Change]:
        """Those that are to be written."""
        return [change for change in self.changes if not change.left]


def plan_regrading(
    course: Course,
    grader: Grader,
    assignment: str,
    check: str = "",
    step: Callable[[int, int], None] = lambda *_: None,
) -> Plan:
    """Judge everybody's graded work by the check pages as they are now; nothing that counts is changed.

    Verdicts that are known, and answers that are kept, are used: a mended message or tolerance runs no notebook again.

    Args:
        course: The course.
        grader: What judges.
        assignment: The nbgrader assignment.
        check: Only this check may change: work on which something else changes too is listed, and left.
        step: Told how many notebooks of how many are done.

    Raises:
        CourseError: There is no such assignment, or its pages hold no such check.
    """
    course.exercises_of(assignment)
    plan = Plan(assignment)
    works = [work for student in collect(course, assignment).values() for work in student.works if not student.problem]
    given = _given_by_hand(course, assignment)
    seen: set[str] = set()
    for done, work in enumerate(works):
        step(done, len(works))
        pointer = grader.store.pointer(assignment, work.student, work.exercise.name)
        before = grader.store.get(pointer.key) if pointer else None
        if pointer is None or before is None:
            plan.left.append((work.student, work.exercise.name, "it has not been graded yet"))
            continue
        submission = work.read()
        if was_handed_in_again(pointer, submission):
            by_hand = sorted(given.get((work.student, work.exercise.name), {}))
            why = "another notebook was handed in since it was graded"
            kept = f"; points given by hand for the old one: {', '.join(by_hand)}" if by_hand else ""
            plan.left.append((work.student, work.exercise.name, why + kept))
            continue
        record = grader.grade(submission, work.exercise).record
        seen |= {result.name for verdict in (before.verdict, record.verdict) for result in verdict.checks()}
        if record.verdict.held_up:
            plan.left.append((work.student, work.exercise.name, f"not judged: {record.verdict.held_up}"))
            continue
        change = _change(work, before.verdict, record.verdict, given.get((work.student, work.exercise.name), {}), check)
        if change is None:
            plan.same += 1
            continue
        plan.changes.append(change)
        plan.records[work.student, work.exercise.name] = (work, pointer, record)
    step(len(works), len(works))
    if check and seen and check not in seen:
        raise CourseError(no_such("check", check, seen))
    return plan


def _change(work: Work, before: Verdict, after: Verdict, given: Mapping[str, float], only: str) -> Change | None:
    old = {result.name: (cell.grade_id, result) for cell in before.cells for result in cell.checks}
    new = {result.name: (cell.grade_id, result) for cell in after.cells for result in cell.checks}
    found = []
    for name in (*old, *(name for name in new if name not in old)):
        cell = (new.get(name) or old[name])[0]
        outcomes = [part[name][1].outcome.value if name in part else "" for part in (old, new)]
        points = [part[name][1].points if name in part else 0.0 for part in (old, new)]
        if outcomes[0] != outcomes[1] or abs(points[0] - points[1]) > 1e-9:
            found.append(CheckChange(cell, name, outcomes[0], outcomes[1], points[1] - points[0]))
    if not found:
        return None
    others = [change.check for change in found if only and change.check != only]
    left = f"{', '.join(others)} would change as well" if others else ""
    cells = {change.cell for change in found}
    by_hand = tuple(sorted(cells & given.keys()))
    return Change(work.student, work.exercise.name, tuple(found), before.points, after.points, by_hand, left)


def write_regrading(course: Course, grader: Grader, plan: Plan) -> tuple[Path, list[str]]:
    """Let the new verdicts of a plan count, after what there was has been written down.

    Args:
        course: The course.
        grader: Of the plan.
        plan: What to write.

    Returns:
        The file that an undo reads, and what could not be written, in sentences.
    """
    with only_run(course), writer_lock(course):
        names = sorted({change.student for change in plan.written})
        before = {name: _rows_of(course, plan.assignment, name) for name in names}
        keys = [(change.student, change.exercise) for change in plan.written]
        pointers = [asdict(plan.records[key][1]) for key in keys]
        journal = {"format": _FORMAT, "assignment": plan.assignment, "pointers": pointers, "rows": before, "after": {}}
        path = _journal_path(course, plan.assignment)
        _write(path, journal)
        problems = []
        for key in keys:
            work, pointer, record = plan.records[key]
            grader.point(work.student, work.exercise, work.read(), record, pointer.submitted_at)
        for name in names:
            problem = _derive(course, grader, plan.assignment, name)
            problems += [f"{name}: {problem}"] if problem else []
            changed = {(c.exercise, part.cell) for c in plan.written if c.student == name for part in c.checks}
            _keep_what_was_settled(course, plan.assignment, name, before[name], changed)
        journal["after"] = {name: _rows_of(course, plan.assignment, name) for name in names}
        _write(path, journal)
    return path, problems


def undo_regrading(course: Course, grader: Grader, assignment: str) -> tuple[list[str], list[str]]:
    """Put back what there was before the last regrading of an assignment that has not been undone.

    Args:
        course: The course.
        grader: For its verdicts.
        assignment: The nbgrader assignment.

    Returns:
        The students, and what stays as somebody has made it since, in sentences.

    Raises:
        CourseError: There is nothing to undo.
    """
    with only_run(course), writer_lock(course):
        found = sorted(_journals(course).glob(f"{_stem(assignment)}.*.json"))
        if not found:
            raise CourseError(f"There is no regrading of '{assignment}' to undo.")
        journal = json.loads(found[-1].read_text(encoding="utf-8"))
        said: list[str] = []
        for words in journal["pointers"]:
            pointer = Pointer(**words)
            if grader.store.get(pointer.key) is None:
                said.append(f"{pointer.student}: the verdict of then on {pointer.notebook} is not there any more")
            else:
                grader.store.point(pointer)
        for student, rows in journal["rows"].items():
            now = _rows_of(course, assignment, student)
            problem = _derive(course, grader, assignment, student)
            said += [f"{student}: {problem}"] if problem else []
            said += _put_back(course, assignment, student, rows, journal["after"].get(student, {}), now)
        found[-1].rename(found[-1].with_suffix(".undone"))
    return sorted(journal["rows"]), said


def _derive(course: Course, grader: Grader, assignment: str, name: str) -> str:
    """Write gradebook rows and notebooks of a student from the verdicts that count."""
    student = collect(course, assignment, name).get(name) or StudentWork(Path())
    records: dict[str, Record] = {}
    for work in student.works:
        pointer = grader.store.pointer(assignment, name, work.exercise.name)
        record = grader.store.get(pointer.key) if pointer else None
        if record is None:
            return f"{work.exercise.name} has no verdict; run `autograder grade {assignment}`"
        records[work.exercise.name] = record
    with Deriver(course, assignment) as deriver:
        return deriver.derive(name, student.folder, records)


_Rows = dict[str, dict[str, dict[str, Any]]]
"""By notebook and cell: what the gradebook holds."""


def _rows_of(course: Course, assignment: str, student: str) -> _Rows:
    with existing_gradebook(course, assignment) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, student)
        except MissingEntry:
            return {}
        return {
            notebook.name: {
                grade.name: {name: getattr(grade, name) for name in _KEPT_ROWS} for grade in notebook.grades
            }
            for notebook in submission.notebooks
        }


def _given_by_hand(course: Course, assignment: str) -> dict[tuple[str, str], dict[str, float]]:
    """Points that a person gave, by student and notebook, then by cell."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    with existing_gradebook(course, assignment) as gradebook:
        try:
            submissions = gradebook.assignment_submissions(assignment)
        except MissingEntry:
            return {}
        for submission in submissions:
            for notebook in submission.notebooks:
                given = {grade.name: grade.manual_score for grade in notebook.grades if grade.manual_score is not None}
                found[submission.student.id, notebook.name] = given
    return found


def _keep_what_was_settled(
    course: Course, assignment: str, student: str, before: _Rows, changed: set[tuple[str, str]]
) -> None:
    """Leave settled what a person has settled, where the judged work and its verdict are the same as then."""
    with existing_gradebook(course, assignment) as gradebook:
        for notebook in gradebook.find_submission(assignment, student).notebooks:
            for grade in notebook.grades:
                row = before.get(notebook.name, {}).get(grade.name)
                if row and grade.manual_score is not None and (notebook.name, grade.name) not in changed:
                    grade.needs_manual_grade = row["needs_manual_grade"]
        gradebook.db.commit()


def _put_back(course: Course, assignment: str, student: str, rows: _Rows, after: _Rows, now: _Rows) -> list[str]:
    said = []
    with existing_gradebook(course, assignment) as gradebook:
        for notebook in gradebook.find_submission(assignment, student).notebooks:
            for grade in notebook.grades:
                row = rows.get(notebook.name, {}).get(grade.name)
                then, present = (part.get(notebook.name, {}).get(grade.name) for part in (after, now))
                if row is None or present is None:
                    continue
                grade.auto_score = row["auto_score"]
                if then is not None and then != present:  # a person has been there since: hers stays
                    said.append(f"{student}: what was given by hand since for {grade.name} stays")
                    continue
                for name, value in row.items():
                    setattr(grade, name, value)
        gradebook.db.commit()
    return said


def _journals(course: Course) -> Path:
    return course.state_directory / "regrades"


def _stem(assignment: str) -> str:
    from urllib.parse import quote

    return quote(assignment, safe=" ")


def _journal_path(course: Course, assignment: str) -> Path:
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    return _journals(course) / f"{_stem(assignment)}.{now}.json"


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_whole(path, json.dumps(content, indent=1).encode(), private=True)


def as_plain(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return changes as plain values.

    Args:
        changes: Of a plan.
    """
    return [asdict(change) | {"points": change.points} for change in changes]

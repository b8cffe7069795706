"""Extra time: a due date of one's own for single students, kept as nbgrader's extension.

nbgrader holds lateness against it wherever it looks at lateness: in tables, in formgrader, and in its penalties if the
course has set any.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.preprocessors import AssignLatePenalties

from autograder.course.course import Course
from autograder.course.csv_files import read_table
from autograder.course.times import TIMESTAMP, exchange_zone
from autograder.course.whole_files import write_whole
from autograder.gradebook.access import open_gradebook, submitted_folder, writer_lock
from autograder.gradebook.lateness import late_penalties, settle
from autograder.lms.collecting import Incoming, stamp, time_of
from autograder.lms.errors import LmsError
from autograder.lms.results import Did, Results

DueDates = Mapping[str, datetime | None]
"""By nbgrader student id or e-mail address; None is the class's own due date again."""


def read_due_dates(path: Path, zone: tzinfo | None = None) -> DueDates:
    """Read a CSV file with columns `id` (nbgrader's student id or an e-mail address) and `due`.

    Args:
        path: The file.
        zone: Of times without one; None for this machine's.

    Returns:
        Due dates in UTC, by id. An empty `due` takes a due date back.

    Raises:
        LmsError: The file cannot be read, or a line of it not be understood.
    """
    try:
        columns, lines = read_table(path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LmsError(f"The due dates {path} cannot be read ({error}).") from error
    if not lines or not {"id", "due"} <= set(columns):
        raise LmsError(f"The due dates {path} need the columns 'id' and 'due', and a line for every student with one.")
    found: dict[str, datetime | None] = {}
    seen = set()
    for number, line in enumerate(lines, start=2):
        student, text = (line.get(column, "") for column in ("id", "due"))
        if not student or student.casefold() in seen:
            what = f"student '{student}' a second time" if student else "no id"
            raise LmsError(f"Line {number} of {path} has {what}; give each student one line.")
        seen.add(student.casefold())
        found[student] = _moment(text, zone, f"Line {number} of {path}") if text else None
    return found


def set_due_dates(
    course: Course,
    assignment: str,
    due_dates: DueDates,
    results: Results,
    *,
    dry_run: bool = False,
    coming: Sequence[Incoming] = (),
) -> None:
    """Give students who have handed in their own due dates, and work out penalties anew where they are graded.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        due_dates: From `read_due_dates`.
        results: Gets a row a student.
        dry_run: Say only what would be done.
        coming: What would have been collected, in a dry run.

    Raises:
        LmsError: The assignment has no due date that could be extended.
    """
    with nullcontext() if dry_run else writer_lock(course), open_gradebook(course) as gradebook:
        class_due, step = due_date_of(gradebook, assignment), late_penalties(course)
        expected = {one.person.student: one for one in coming}
        addresses = {student: one.person.email for student, one in expected.items()}
        ids = _ids_by_name(addresses | {student.id: student.email for student in gradebook.students})
        for asked, due in due_dates.items():
            student = ids.get(asked.casefold())
            if student is None:
                results.add(Did.PERSON, asked, "has got no due date: nobody has this id or address, or several have")
                continue
            folder = submitted_folder(course, assignment, student)
            if not folder.is_dir() and student not in expected:
                results.add(Did.SKIPPED, student, "has handed in nothing yet; give the due dates again when they have")
                continue
            handed_in = (
                time_of(folder, exchange_zone(course.config)) if folder.is_dir() else expected[student].submitted_at
            )
            if not dry_run:
                _extend(gradebook, (assignment, student), handed_in, due - class_due if due else None, step)
            results.add(Did.DONE, student, _told(due, class_due, handed_in))


def class_due_or_refused(course: Course, assignment: str) -> datetime:
    """Return the due date of an assignment in nbgrader, UTC; without one, single students can have none.

    Args:
        course: The course.
        assignment: The nbgrader assignment.

    Raises:
        LmsError: It has none.
    """
    with open_gradebook(course) as gradebook:
        return due_date_of(gradebook, assignment)


def class_due_date(course: Course, assignment: str) -> datetime | None:
    """Return the same, or None.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
    """
    try:
        return class_due_or_refused(course, assignment)
    except LmsError:
        return None


def is_same_minute(one: datetime, other: datetime) -> bool:
    """Tell whether two due dates are the same: 23:59 here and 23:59:59 there are.

    Args:
        one: A time with a zone.
        other: Another.
    """
    return abs((one - other).total_seconds()) < 60


def note_times(
    course: Course, assignment: str, times: Mapping[str, datetime], results: Results, *, dry_run: bool = False
) -> None:
    """Give collected work the times at which it was handed in, where none came with it; penalties follow.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        times: By nbgrader student id, UTC.
        results: Gets a row for each that is new.
        dry_run: Say only what would be done.
    """
    with nullcontext() if dry_run else writer_lock(course), open_gradebook(course) as gradebook:
        step = late_penalties(course)
        for student, time in times.items():
            folder = submitted_folder(course, assignment, student)
            if not folder.is_dir() or (folder / TIMESTAMP).exists():
                continue
            if not dry_run:
                write_whole(folder / TIMESTAMP, stamp(time).encode())
                submission = gradebook.update_or_create_submission(assignment, student)
                _extend(gradebook, (assignment, student), time, submission.extension, step)
            results.add(Did.DONE, student, f"handed in {stamp(time)}, says the LMS")


def due_date_of(gradebook: Any, assignment: str) -> datetime:
    """Return the due date of an assignment, UTC.

    Args:
        gradebook: The open gradebook.
        assignment: The nbgrader assignment.

    Raises:
        LmsError: The gradebook knows none.
    """
    try:
        due = gradebook.find_assignment(assignment).duedate
    except MissingEntry:
        due = None
    if due is None:
        raise LmsError(
            f"{assignment} has no due date that could be extended; set one in formgrader, or with `nbgrader db "
            f'assignment add {assignment} --duedate "2026-12-01 18:00 UTC"`.'
        )
    return due.replace(tzinfo=UTC)  # type: ignore[no-any-return] # nbgrader keeps UTC without saying so


def extended(course: Course, assignment: str) -> set[str]:
    """Return who has a due date of their own in nbgrader.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
    """
    with open_gradebook(course) as gradebook:
        return {one.student.id for one in gradebook.assignment_submissions(assignment) if one.extension}


def _ids_by_name(addresses: Mapping[str, str | None]) -> dict[str, str]:
    """Return student ids by what a table may call them, in small letters; what is no one's alone is left out."""
    holders = Counter(email.casefold() for email in addresses.values() if email)
    named = {email.casefold(): student for student, email in addresses.items() if email}
    alone = {email: student for email, student in named.items() if holders[email] == 1}
    return alone | {student.casefold(): student for student in addresses}


def _moment(text: str, zone: tzinfo | None, where: str) -> datetime:
    try:
        if len(text) <= len("2026-12-01"):
            raise ValueError("a day alone: whoever writes it means its end, and a computer its beginning")
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise LmsError(f"{where} has {text!r} as due date; write it like 2026-12-01 18:00.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)  # astimezone takes this machine's zone where there is still none
    return moment.astimezone(UTC)


def _extend(
    gradebook: Any,
    whose: tuple[str, str],
    handed_in: datetime | None,
    extension: timedelta | None,
    step: AssignLatePenalties,
) -> None:
    given = {"timestamp": handed_in} if handed_in else {}
    submission = gradebook.update_or_create_submission(*whose, **given)
    submission.extension = extension
    settle(gradebook, step, *whose, None)


def _told(due: datetime | None, class_due: datetime, handed_in: datetime | None) -> str:
    last = due or class_due
    said = f"due {stamp(due)}, the class {stamp(class_due)}" if due else f"due with the class again, {stamp(class_due)}"
    if handed_in is None:
        return f"{said}; when it was handed in is not known"
    return f"{said}; handed in {'in time' if handed_in <= last else 'late'}, {stamp(handed_in)}"

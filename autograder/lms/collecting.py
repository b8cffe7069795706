"""Put submissions where nbgrader collects them: whole, and never an older one over a newer one.

A submission is written beside its place and renamed. What it replaces is kept under `.autograder/lms/` as an attempt.
"""

import os
import secrets
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from autograder.course.class_list import Known
from autograder.course.course import Course
from autograder.course.errors import UNFORESEEN, in_short
from autograder.course.times import TIMESTAMP, UnclearTime, handed_in_at
from autograder.gradebook.access import open_gradebook, submitted_folder, writer_lock
from autograder.lms.identities import Identities, Person
from autograder.lms.picking import Picked, digest_of
from autograder.lms.results import Did, Results

_MARKUP = str.maketrans("<>", "‹›")


@dataclass
class Incoming:
    """One student's submission, ready to be put in its place."""

    person: Person
    first_name: str
    last_name: str
    picked: Picked
    submitted_at: datetime | None = None
    """UTC."""
    order: int = 0
    """Grows from one hand-in to the next, where the time is not known."""
    notes: list[str] = field(default_factory=list)


def collect(
    course: Course,
    assignment: str,
    incoming: Sequence[Incoming],
    identities: Identities,
    results: Results,
    *,
    dry_run: bool,
    replace: bool = False,
    absent: Sequence[Known] = (),
) -> None:
    """Put submissions in their place, students into the gradebook, and keep who is who.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        incoming: What came in.
        identities: Who is who; saved.
        results: Gets a row a student.
        dry_run: Say only what would be done.
        replace: Take what comes in where it cannot be told which is newer.
        absent: Students who handed in nothing; they go into the gradebook too.
    """
    with nullcontext() if dry_run else writer_lock(course):
        for one in incoming:
            before = identities.people.get(one.person.key)
            try:
                _one(course, assignment, one, identities, results, dry_run=dry_run, replace=replace)
            except UNFORESEEN as problem:
                identities.people.pop(one.person.key, None)
                identities.put([before] if before else [])
                reason = f"could not be put into submitted/ ({in_short(problem)})"
                results.add(Did.PERSON, one.person.student, reason)
        if not dry_run:
            handed_in = [Known(one.person.student, one.first_name, one.last_name, one.person.email) for one in incoming]
            _enrol(course, [*handed_in, *absent])
            identities.save()


def read_folder(folder: Path) -> dict[str, bytes]:
    """Return the files of a submitted folder, but for its time stamp.

    Args:
        folder: The folder.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    files.pop(TIMESTAMP, None)
    return files


def attempts_folder(course: Course, assignment: str, student: str) -> Path:
    """Return where replaced submissions of a student are kept.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
    """
    return course.state_directory / "lms" / quote(assignment, safe=" ") / "attempts" / student


def put(folder: Path, files: dict[str, bytes], submitted_at: datetime | None, kept: Path) -> None:
    """Put a submission in its place; what is there moves to the attempts.

    Args:
        folder: The submitted folder.
        files: Path to content.
        submitted_at: For the time stamp.
        kept: Folder for what is replaced.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        for name, content in files.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if submitted_at is not None:
            (aside / TIMESTAMP).write_text(stamp(submitted_at), encoding="utf-8")
        if folder.exists():
            kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            stamped = (time_of(folder) or datetime.now(UTC)).strftime("%Y%m%dT%H%M%S")
            shutil.move(folder, kept / f"{stamped}.{secrets.token_hex(4)}")
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def stamp(time: datetime) -> str:
    """Write a time as nbgrader's exchange does.

    Args:
        time: Any time with a zone.
    """
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _one(
    course: Course,
    assignment: str,
    one: Incoming,
    identities: Identities,
    results: Results,
    *,
    dry_run: bool,
    replace: bool,
) -> None:
    student = one.person.student
    folder = submitted_folder(course, assignment, student)
    before = identities.people.get(one.person.key)
    identities.put([_remembered(one, before)])
    who = f"{student} ({one.person.name})" if one.person.name else student
    if folder.exists():
        verdict = _compare(folder, one, before, replace=replace)
        if verdict is not None:
            if before is not None:
                identities.put([before])
            results.add(verdict[0], who, verdict[1])
            return
    if not dry_run:
        put(folder, one.picked.files, one.submitted_at, attempts_folder(course, assignment, student))
    missing = [name for name in course.exercises_of(assignment) if name not in one.picked.notebooks]
    notes = [*one.notes, *one.picked.notes, *(f"{name} was not handed in" for name in missing)]
    when = stamp(one.submitted_at) if one.submitted_at else "time unknown"
    did = Did.PERSON if one.picked.doubts else Did.DONE
    results.add(did, who, "; ".join([when, *one.picked.doubts, *notes]))


def _remembered(one: Incoming, before: Person | None) -> Person:
    time = one.submitted_at.isoformat(timespec="seconds") if one.submitted_at else ""
    given = {"submitted_at": time, "order": one.order, "digest": one.picked.digest}
    if before is not None:
        kept = ("returned_grade", "returned_comment", "returned_pages", "earlier_grades")
        given |= {name: getattr(before, name) for name in kept}
    return Person(**{**vars(one.person), **given})


def _compare(folder: Path, one: Incoming, before: Person | None, *, replace: bool) -> tuple[Did, str] | None:
    """Hold what comes in against what is there; None if it is newer."""
    there = time_of(folder)
    if digest_of(read_folder(folder)) == one.picked.digest:
        return Did.SKIPPED, "already there, the same files"
    if one.order and before is not None and before.order:
        is_newer, is_older = one.order > before.order, one.order < before.order
    elif one.submitted_at is not None and there is not None:
        is_newer, is_older = one.submitted_at > there, one.submitted_at < there
    else:
        is_newer = is_older = False
    if is_newer:
        return None
    if is_older:
        when = f" ({stamp(there)})" if there else ""
        return Did.SKIPPED, f"older than what is there{when}, which stays"
    if replace:
        return None
    return Did.PERSON, "other files are there and nothing tells which are newer; --replace takes these and keeps those"


def time_of(folder: Path, zone_name: str = "") -> datetime | None:
    """Return when a submission was handed in, by its time stamp; None if it has none that is clear.

    Args:
        folder: The submitted folder.
        zone_name: The zone of the course's exchange, if it is known.
    """
    try:
        return handed_in_at(folder, zone_name)
    except UnclearTime:
        return None


def _enrol(course: Course, students: Sequence[Known]) -> None:
    with open_gradebook(course) as gradebook:
        known = {student.id: student for student in gradebook.students}
        for one in students:
            there = known.get(one.student)
            # names the gradebook has already were put there by somebody who knew where the first name ends
            has_name = there is not None and (there.first_name or there.last_name)
            named = {"first_name": _shown(one.first_name), "last_name": _shown(one.last_name)}
            given = {} if has_name else {name: text or None for name, text in named.items()}
            if one.email and not (there is not None and there.email):
                given["email"] = one.email
            gradebook.update_or_create_student(one.student, **given)


def _shown(name: str) -> str:
    """A name as nbgrader's pages may take it: some of them put it into HTML as it is."""
    return name.translate(_MARKUP)

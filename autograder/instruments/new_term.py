"""A new term in the same course folder: what was is archived in one file, then the folder begins anew.

Nothing is removed before the archive has been written, read back and compared. From then on a journal in `.new_term/`
says how far it is; a run that was killed is gone on with by the next one. What is to leave is first moved aside, and
removed there only if the archive holds exactly it; what has come in between stays there, and is said.
"""

import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeGuard

from nbgrader.api import Gradebook

from autograder.classes.classrun import only_run
from autograder.course.class_list import Known, read_class_list
from autograder.course.course import Course, CourseError
from autograder.course.secret import SECRET_NAME, SECRET_VARIABLE, write_secret
from autograder.course.whole_files import write_whole
from autograder.gradebook.access import course_directory, is_shared, open_gradebook, writer_lock
from autograder.gradebook.database_file import close_to_others
from autograder.instruments.archive import (
    Listed,
    Term,
    file_digest,
    gradebook_digest,
    read_list,
    term_of,
    write_archive,
)
from autograder.instruments.term_checks import in_public, thresholds, waiting

_PLACE = ".new_term"
_JOURNAL, _OLD, _ROSTER = "journal.json", "old", "class_list.csv"
_BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Plan:
    """What a new term would do."""

    archive: Path
    term: Term
    students: tuple[Known, ...]
    """Of the new class."""
    waits: tuple[str, ...]
    """What waits for a person or for grading."""
    warnings: tuple[str, ...]
    is_begun: bool = False
    """Whether an earlier run was stopped on its way, and is gone on with."""


def plan_term(course: Course, archive: Path | None, roster: Path | None) -> Plan:
    """Look at everything a new term needs, and change nothing.

    Args:
        course: The course.
        archive: The file to archive to; by default one named for the day, in the course folder.
        roster: The new class list, as for `nbgrader db student import`; None for a class that comes in as it hands in.

    Raises:
        CourseError: Something is missing or wrong; the sentence says what.
    """
    journal = _read_journal(course)
    if _is_archived(journal):
        kept = course.root / _PLACE / _ROSTER
        students = tuple(read_class_list(kept)) if kept.exists() else ()
        term = Term((), (), (), journal["gradebook"])
        return Plan(Path(journal["archive"]), term, students, (), tuple(thresholds(course)), is_begun=True)
    if roster is None and course.settings.class_list:
        raise CourseError(
            f"c.CourseSettings.class_list names {course.settings.class_list}, which is last term's class; name the new "
            "one with --class-list."
        )
    if (old := course.root / _PLACE / _OLD).exists():
        raise CourseError(f"{old} holds what was kept when the last new term began; look at it and move it away.")
    term = term_of(course)
    if not (course.root / term.gradebook).is_file():
        raise CourseError(f"There is no gradebook {course.root / term.gradebook}, so there is no term to archive.")
    students = tuple(read_class_list(roster)) if roster else ()
    target = archive or course.root / f"term_{datetime.now(UTC):%Y-%m-%d}.zip"
    warnings = [*thresholds(course), *in_public(course)]
    if SECRET_VARIABLE in os.environ:
        warnings.append(f"the course secret is in the variable {SECRET_VARIABLE}; give that another value yourself")
    return Plan(target.absolute(), term, students, tuple(waiting(course)), tuple(warnings))


def begin_term(
    course: Course, plan: Plan, roster: Path | None, step: Callable[[str], None] = lambda _: None
) -> list[str]:
    """Archive the term and begin a new one, or go on with that where a run was stopped.

    Args:
        course: The course.
        plan: From `plan_term`.
        roster: The new class list.
        step: Told what is done next.

    Returns:
        What was kept aside because the archive does not hold it, in sentences.

    Raises:
        CourseError: Somebody else is at work, or the archive is not what was written.
    """
    place = course.root / _PLACE
    with only_run(course), writer_lock(course):
        journal = _read_journal(course)
        if not _is_archived(journal):
            step(f"archiving to {plan.archive}")
            journal = _archived(course, plan, roster, journal)
        if journal["done"] == "archived":
            step("moving last term aside")
            for name in journal["leaves"]:
                _move_aside(course.root / name, place / _OLD / name)
            for name in journal["caches"]:
                shutil.rmtree(course.root / name, ignore_errors=True)
            _write_journal(place, journal | {"done": "moved"})
        step("a new secret, gradebook and class list")
        _make_new(course, place, journal["gradebook"], plan.students)
        step("removing what the archive holds")
        said = _remove_archived(place, Path(journal["archive"]))
        (place / _ROSTER).unlink(missing_ok=True)
        (place / _JOURNAL).unlink()  # last: as long as it is there, this term is gone on with
        if not any(place.iterdir()):
            place.rmdir()
    return said


def _is_archived(journal: dict[str, Any] | None) -> TypeGuard[dict[str, Any]]:
    return journal is not None and journal["done"] != "archiving"


def _archived(course: Course, plan: Plan, roster: Path | None, before: dict[str, Any] | None) -> dict[str, Any]:
    """Write the archive; nothing of the course is changed yet."""
    place = course.root / _PLACE
    scratch = place / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    place.chmod(0o700)
    if before is not None and before["archive"] == str(plan.archive) and plan.archive.exists():
        read_list(plan.archive)  # of a run that was killed just then: it is ours, and written anew
        plan.archive.unlink()
    if plan.archive.exists():
        raise CourseError(f"{plan.archive} is there already and is not written over; name another file with --archive.")
    term = term_of(course)  # under the locks: this is what is archived
    leaves = [name + more for name in term.leaves for more in _beside(name, term)]
    journal = {"archive": str(plan.archive), "leaves": leaves, "caches": term.caches, "gradebook": term.gradebook}
    (place / _ROSTER).unlink(missing_ok=True)
    if roster is not None:
        write_whole(place / _ROSTER, roster.read_bytes(), private=True)
    _write_journal(place, journal | {"done": "archiving"})
    write_archive(course, term, plan.archive, scratch)
    shutil.rmtree(scratch)
    _write_journal(place, journal | {"done": "archived"})
    return journal | {"done": "archived"}


def _beside(name: str, term: Term) -> Sequence[str]:
    return _BESIDE_A_DATABASE if name == term.gradebook else ("",)


def _read_journal(course: Course) -> dict[str, Any] | None:
    path = course.root / _PLACE / _JOURNAL
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise CourseError(
            f"{path} is damaged; {path.parent / _OLD} holds what was moved there, put it back."
        ) from error
    return found


def _write_journal(place: Path, journal: dict[str, Any]) -> None:
    write_whole(place / _JOURNAL, json.dumps(journal, indent=1).encode(), private=True)


def _move_aside(path: Path, aside: Path) -> None:
    """Move something, once: what has come to its place since an earlier run moved it is of the new term."""
    if aside.exists() or aside.is_symlink() or not (path.exists() or path.is_symlink()):
        return
    aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.replace(aside)


def _make_new(course: Course, place: Path, gradebook: str, students: Sequence[Known]) -> None:
    secret = course.root / SECRET_NAME
    if not secret.exists():
        temporary = place / f"{SECRET_NAME}.{secrets.token_hex(4)}"
        write_secret(temporary, secrets.token_hex(32).encode())
        temporary.replace(secret)
    roster = place / _ROSTER
    if roster.exists() and course.settings.class_list:
        write_whole(course.root / course.settings.class_list, roster.read_bytes(), private=True)
    book = course.root / gradebook
    if book.exists():  # whoever stopped this may have prepared an assignment since
        with open_gradebook(course) as opened:
            _add(opened, students)
        return
    made = place / "scratch" / "gradebook.db"
    shutil.rmtree(made.parent, ignore_errors=True)
    made.parent.mkdir(mode=0o700)
    directory = course_directory(course)
    with Gradebook(f"sqlite:///{made}", directory.course_id) as opened:
        _add(opened, students)
    close_to_others(made, is_group_allowed=is_shared(course))
    made.replace(book)  # at once: half a gradebook would be taken for a damaged one
    shutil.rmtree(made.parent)


def _add(gradebook: Any, students: Sequence[Known]) -> None:
    for known in students:
        named = {"first_name": known.first_name, "last_name": known.last_name, "email": known.email}
        gradebook.update_or_create_student(known.student, **{key: value or None for key, value in named.items()})


def _remove_archived(place: Path, archive: Path) -> list[str]:
    """Remove what was moved aside, as far as the archive holds exactly it."""
    old = place / _OLD
    if not old.is_dir():
        return []
    listed, gradebook = read_list(archive)
    book = old / gradebook
    beside = [old / f"{gradebook}{more}" for more in _BESIDE_A_DATABASE[1:]]
    if book.exists() and _dump(book) == listed.files.get(gradebook):
        for path in (*beside, book):  # the database last: without it, what lies beside it says nothing
            path.unlink(missing_ok=True)
    kept = []
    for path in _leaves(old):
        name = path.relative_to(old).as_posix()
        if path != book and path not in beside and _is_held(path, name, listed):
            path.unlink()
        else:
            kept.append(name)
    for folder in sorted((path for path in old.rglob("*") if path.is_dir() and not path.is_symlink()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    if not any(old.iterdir()):
        old.rmdir()
    return [f"{old / name} is not what {archive.name} holds, so it was kept there; look at it." for name in kept]


def _is_held(path: Path, name: str, listed: Listed) -> bool:
    if path.is_symlink():
        return listed.links.get(name) == str(path.readlink())
    return path.is_file() and file_digest(path) == listed.files.get(name)


def _dump(path: Path) -> str:
    try:
        return gradebook_digest(path)
    except sqlite3.Error:
        return ""


def _leaves(folder: Path) -> Iterator[Path]:
    """All that is no folder; a database before what lies beside it."""
    yield from sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())

"""Who of the LMS is whom of nbgrader: an id for each participant that stays the same from assignment to assignment."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.course import Course
from autograder.course.gradebook import open_gradebook
from autograder.lms.errors import LmsError
from autograder.lms.identities import Identities
from autograder.lms.names import folded, same_name, student_id


@dataclass(frozen=True)
class Candidate:
    """One participant as the LMS lists them."""

    key: str
    name: str
    email: str = ""
    identities: tuple[str, ...] = ()
    fallback: str = ""
    """Id to use where the LMS hides who it is."""


@dataclass(frozen=True)
class Known:
    """One student nbgrader knows, or a class list names."""

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


def known_students(course: Course, roster: Path | None) -> list[Known]:
    """Return the students of the gradebook and of a class list.

    Args:
        course: The course.
        roster: A CSV file with a column `id` and any of `email`, `first_name`, `last_name`, as for
            `nbgrader db student import`; its lines win.

    Raises:
        LmsError: The class list cannot be used.
    """
    listed = {known.student: known for known in _read_roster(roster)} if roster else {}
    with open_gradebook(course) as gradebook:
        for row in gradebook.students:
            listed.setdefault(row.id, Known(row.id, row.first_name or "", row.last_name or "", row.email or ""))
    return list(listed.values())


def assign_ids(
    candidates: Sequence[Candidate], known: Sequence[Known], kept: Identities
) -> tuple[dict[str, str], dict[str, str]]:
    """Give every participant an nbgrader student id.

    What was kept for this assignment holds. Otherwise: the student with this e-mail address, or whose id is one of the
    participant's identities; else a new student named by the address; names alone decide only where nothing else is
    there, and only if nobody shares them.

    Args:
        candidates: All participants of the assignment.
        known: Who nbgrader knows.
        kept: Who was who in this assignment before.

    Returns:
        Id by key, and a sentence by key for those who cannot be told apart.

    Raises:
        LmsError: Kept and listed participants are different people, so this is another assignment.
    """
    names = Counter(folded(candidate.name) for candidate in candidates)
    ids, problems = {}, {}
    for candidate in candidates:
        person = kept.people.get(candidate.key)
        if person is not None:
            _refuse_other_person(candidate, person.name, person.email)
            ids[candidate.key] = person.student
            continue
        student, problem = _find(candidate, known, is_shared=names[folded(candidate.name)] > 1)
        if student:
            ids[candidate.key] = student
        else:
            problems[candidate.key] = problem
    doubled = Counter(ids.values())
    for key, student in list(ids.items()):
        if doubled[student] > 1:
            problems[key] = (
                f"two participants come out as student '{student}'; tell them apart in a class list (--roster)"
            )
            del ids[key]
    return ids, problems


def _refuse_other_person(candidate: Candidate, name: str, email: str) -> None:
    if not name or not candidate.name or same_name(name, candidate.name):
        return
    if email and email.casefold() == candidate.email.casefold():
        return
    raise LmsError(
        f"Number {candidate.key} was {name!r} when this assignment was collected before, and is {candidate.name!r} "
        "here: this file belongs to another assignment."
    )


def _find(candidate: Candidate, known: Sequence[Known], *, is_shared: bool) -> tuple[str, str]:
    email = candidate.email.casefold()
    identities = {student_id(text) for text in candidate.identities}
    for matches in (
        [one.student for one in known if email and one.email.casefold() == email],
        [one.student for one in known if student_id(one.student) in identities],
    ):
        if len(matches) > 1:
            return (
                "",
                f"students {', '.join(matches)} share the address or id of this participant; correct the gradebook",
            )
        if matches:
            return matches[0], ""
    made = student_id(candidate.email) or next(filter(None, map(student_id, candidate.identities)), "")
    if made:
        return made, ""
    if not candidate.name:
        return candidate.fallback, ""
    if is_shared:
        return (
            "",
            "several participants have this name and the file has no e-mail addresses; have them shown or use --roster",
        )
    named = [one.student for one in known if one.name and same_name(one.name, candidate.name)]
    if len(named) > 1:
        return "", f"students {', '.join(named)} have this name and the file has no e-mail addresses; have them shown"
    return (named[0] if named else student_id(candidate.name) or candidate.fallback), ""


def _read_roster(path: Path) -> list[Known]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows: list[dict[str, Any]] = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise LmsError(f"The class list {path} cannot be read ({error}).") from error
    texts = [{name: str(value or "").strip() for name, value in row.items() if name} for row in rows]
    if not texts or any(not row.get("id") for row in texts):
        raise LmsError(f"The class list {path} needs a column 'id' that is filled in every line.")
    columns = ("first_name", "last_name", "email")
    return [Known(row["id"], *(row.get(column, "") for column in columns)) for row in texts]

"""Who of the LMS is whom of nbgrader: an id for each participant that stays the same from assignment to assignment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.class_list import Known, read_class_list
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.lms.errors import LmsError
from autograder.lms.identities import Identities, Person
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


def known_students(course: Course, roster: Path | None) -> list[Known]:
    """Return the students of the gradebook and of a class list.

    Args:
        course: The course.
        roster: A CSV file with a column `id` and any of `email`, `first_name`, `last_name`, as for
            `nbgrader db student import`; its lines win.

    Raises:
        CourseError: The class list cannot be used.
    """
    listed = {known.student: known for known in read_class_list(roster)} if roster else {}
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
    ids, problems = {}, _other_people(candidates, kept)
    for candidate in candidates:
        if candidate.key in problems:
            continue
        person = kept.people.get(candidate.key)
        if person is not None:
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


def _other_people(candidates: Sequence[Candidate], kept: Identities) -> dict[str, str]:
    """Who has quite another name than before: one may have changed theirs, many are another assignment."""
    compared = [(one, kept.people[one.key]) for one in candidates if one.key in kept.people]
    others = {one.key: (one.name, person.name) for one, person in compared if _is_other(one, person)}
    if len(others) * 2 > len(compared):
        key, (name, before) = next(iter(others.items()))
        raise LmsError(
            f"Number {key} was {before!r} when this assignment was collected before, and is {name!r} here: this file "
            "belongs to another assignment."
        )
    return {
        key: f"was {before!r} when this was collected before and is {name!r} here, with another address: if it is the "
        f"same person, put the new name into the entry of number {key} in {kept.path}"
        for key, (name, before) in others.items()
    }


def _is_other(candidate: Candidate, person: Person) -> bool:
    if not person.name or not candidate.name or same_name(person.name, candidate.name):
        return False
    return not (person.email and person.email.casefold() == candidate.email.casefold())


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

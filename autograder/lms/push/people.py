"""Who is who: nbgrader's students and the LMS's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.course.course import Course
from autograder.lms.identities import Identities
from autograder.lms.names import folded
from autograder.lms.outgoing import Outgoing

_LASTING_IDS = frozenset({"canvas"})
"""Where a participant of an assignment has the number the LMS knows them by everywhere."""


@dataclass(frozen=True)
class Person:
    """One student as the LMS knows them."""

    id: str
    """The LMS's own id."""
    name: str
    keys: frozenset[str]
    """What else names this person and nobody else: ID number, login, e-mail."""
    email: str = ""


@dataclass(frozen=True)
class Collected:
    """Whom a student's work was collected from."""

    id: str = ""
    """The LMS's own id; empty if it numbers participants anew for every assignment, as Moodle does."""
    name: str = ""
    email: str = ""


class People:
    """The students of a course on an LMS.

    Args:
        persons: All of them.
    """

    def __init__(self, persons: Iterable[Person]) -> None:
        self._persons = list(persons)

    def __len__(self) -> int:
        return len(self._persons)

    def find(self, outgoing: Outgoing, collected: Collected | None = None) -> tuple[Person | None, str]:
        """Find a student of nbgrader's.

        Whom the work was collected from decides, where the LMS's own id was noted then. Otherwise the nbgrader id is
        compared with ID number, login and e-mail, then the e-mail of the gradebook and of the collecting with theirs,
        then the id with the LMS's own. Names are never compared to find anybody: two students may share one.

        Args:
            outgoing: What goes to the student.
            collected: Who handed in, as noted when the work was collected from this LMS.

        Returns:
            The person and "", or None and why there is none.
        """
        if collected is not None and collected.id:
            return self._collected_from(collected)
        wanted = _folded(outgoing.student)
        noted = _folded(collected.email) if collected is not None else ""
        for matches in (
            [person for person in self._persons if wanted in map(_folded, person.keys)],
            [person for person in self._persons if outgoing.email and _folded(outgoing.email) == _folded(person.email)],
            [person for person in self._persons if noted and noted == _folded(person.email)],
            [person for person in self._persons if outgoing.student == person.id],
        ):
            if len(matches) == 1:
                return matches[0], ""
            if matches:
                return None, f"the LMS has {len(matches)} people who answer to this: {_listed(matches)}"
        return None, "nobody on the LMS has this id as ID number, login or user id, nor this e-mail address"

    def _collected_from(self, collected: Collected) -> tuple[Person | None, str]:
        person = next((person for person in self._persons if person.id == collected.id), None)
        if person is None:
            return None, f"collected from user {collected.id}, who is not in this course any more"
        if collected.name and person.name and not _words(collected.name) & _words(person.name):
            return None, (
                f"collected from user {collected.id} as {collected.name!r}, who is {person.name!r} here; is it another "
                "site, or has the name changed? Collecting again notes the new one"
            )
        return person, ""

    def doubled(self, found: Sequence[tuple[str, Person]]) -> dict[str, str]:
        """Say which students were found to be the same person, by student, with a sentence."""
        by_person: dict[str, list[str]] = {}
        for student, person in found:
            by_person.setdefault(person.id, []).append(student)
        return {
            student: f"{' and '.join(students)} are the same person on the LMS"
            for students in by_person.values()
            if len(students) > 1
            for student in students
        }


def collected_from(course: Course, assignment: str, lms: str) -> dict[str, Collected]:
    """Return whom work was collected from, by nbgrader student id; empty if it did not come from this LMS.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        lms: `moodle` or `canvas`.

    Raises:
        LmsError: What was noted is damaged.
    """
    noted = Identities.load(course, assignment, lms).people.values()
    lasts = lms in _LASTING_IDS
    return {one.student: Collected(one.key if lasts else "", one.name, one.email) for one in noted}


def _words(name: str) -> set[str]:
    return {folded(word) for word in name.replace(",", " ").split()} - {""}


def _folded(text: str) -> str:
    return text.strip().casefold()


def _listed(persons: Sequence[Person]) -> str:
    return ", ".join(f"{person.name} ({person.id})" for person in persons[:4])

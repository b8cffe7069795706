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
class Recipient:
    """One student as the LMS knows them."""

    id: str
    """The LMS's own id."""
    name: str
    keys: frozenset[str]
    """What else names this person and nobody else: ID number, login, e-mail."""
    email: str = ""
    number: str = ""
    """What a download of this assignment calls the person; empty if the LMS does not say."""
    group: str = ""
    """The team the person hands in with, as the LMS numbers teams; empty for none."""


@dataclass(frozen=True)
class Collected:
    """Whom a student's work was collected from."""

    id: str = ""
    """The LMS's own id; empty if it numbers participants anew for every assignment, as Moodle does."""
    number: str = ""
    """What the download of this assignment called the participant; nothing else may be compared with it."""
    name: str = ""
    email: str = ""
    newest_file: int = 0
    """The LMS's number of the newest file that was collected; 0 if it has none."""


class People:
    """The students of a course on an LMS.

    Args:
        persons: All of them.
    """

    def __init__(self, persons: Iterable[Recipient]) -> None:
        # a list that changes while it is read page by page names somebody twice
        self._persons = list({person.id: person for person in persons}.values())

    def __len__(self) -> int:
        return len(self._persons)

    def groups(self) -> list[list[Recipient]]:
        """Return who is in a group with whom."""
        found: dict[str, list[Recipient]] = {}
        for person in self._persons:
            if person.group:
                found.setdefault(person.group, []).append(person)
        return list(found.values())

    def find(self, outgoing: Outgoing, collected: Collected | None = None) -> tuple[Recipient | None, str]:
        """Find a student of nbgrader's.

        Whom the work was collected from decides, where the LMS's own id, or its number for this assignment, was noted
        then. Otherwise the nbgrader id is compared with ID number, login and e-mail, and the e-mail of the gradebook
        and of the collecting with theirs; all of these must lead to one person. Names are never compared to find
        anybody: two students may share one. Nor is the id with the LMS's own numbers, which are counted elsewhere.

        Args:
            outgoing: What goes to the student.
            collected: Who handed in, as noted when the work was collected from this LMS.

        Returns:
            The person and "", or None and why there is none.
        """
        if collected is not None and collected.id:
            return self._collected_from(collected)
        if any(person.number for person in self._persons) and collected is not None and collected.number:
            return self._numbered(collected)
        keys = {_folded(outgoing.student), _folded(outgoing.email), _folded(collected.email if collected else "")} - {
            ""
        }
        # e-mail addresses are compared with e-mail addresses, the student id with whatever names a person
        found = [
            person
            for person in self._persons
            if _folded(outgoing.student) in map(_folded, person.keys) or _folded(person.email) in keys - {""}
        ]
        if len(found) == 1:
            return found[0], ""
        if found:
            return None, f"the LMS has {len(found)} people who answer to this: {_listed(found)}"
        return None, (
            "nobody on the LMS has this id as ID number or login, nor this e-mail address; a token may not see them, "
            "and an account that is suspended is not listed"
        )

    def _numbered(self, collected: Collected) -> tuple[Recipient | None, str]:
        found = [person for person in self._persons if person.number == collected.number]
        if len(found) == 1:
            return found[0], ""
        return None, (
            f"collected from participant {collected.number}, whom the LMS does not list for this assignment: suspended "
            "since, or is it another assignment?"
        )

    def _collected_from(self, collected: Collected) -> tuple[Recipient | None, str]:
        person = next((person for person in self._persons if person.id == collected.id), None)
        if person is None:
            return None, f"collected from user {collected.id}, who is not in this course any more"
        if collected.name and person.name and not _words(collected.name) & _words(person.name):
            return None, (
                f"collected from user {collected.id} as {collected.name!r}, who is {person.name!r} here; is it another "
                "site, or has the name changed? Collecting again notes the new one"
            )
        return person, ""

    def doubled(self, found: Sequence[tuple[str, Recipient]]) -> dict[str, str]:
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
    return {
        one.student: Collected(one.key if lasts else "", "" if lasts else one.key, one.name, one.email, one.order)
        for one in noted
    }


def _words(name: str) -> set[str]:
    return {folded(word) for word in name.replace(",", " ").split()} - {""}


def _folded(text: str) -> str:
    return text.strip().casefold()


def _listed(persons: Sequence[Recipient]) -> str:
    return ", ".join(f"{person.name} ({person.id})" for person in persons[:4])

"""Who is who: nbgrader's students and the LMS's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.lms.outgoing import Outgoing


@dataclass(frozen=True)
class Person:
    """One student as the LMS knows them."""

    id: str
    """The LMS's own id."""
    name: str
    keys: frozenset[str]
    """What else names this person and nobody else: ID number, login, e-mail."""
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

    def find(self, outgoing: Outgoing) -> tuple[Person | None, str]:
        """Find a student of nbgrader's.

        The nbgrader id is compared with ID number, login and e-mail, then the gradebook's e-mail with theirs, then the
        id with the LMS's own. Names are never compared: two students may share one.

        Returns:
            The person and "", or None and why there is none.
        """
        wanted = _folded(outgoing.student)
        for matches in (
            [person for person in self._persons if wanted in map(_folded, person.keys)],
            [person for person in self._persons if outgoing.email and _folded(outgoing.email) == _folded(person.email)],
            [person for person in self._persons if outgoing.student == person.id],
        ):
            if len(matches) == 1:
                return matches[0], ""
            if matches:
                return None, f"the LMS has {len(matches)} people who answer to this: {_listed(matches)}"
        return None, "nobody on the LMS has this id as ID number, login or user id, nor this e-mail address"

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


def _folded(text: str) -> str:
    return text.strip().casefold()


def _listed(persons: Sequence[Person]) -> str:
    return ", ".join(f"{person.name} ({person.id})" for person in persons[:4])

"""Who is who: the number an LMS knows a participant by, and the nbgrader student id, kept for each assignment.

Moodle numbers participants anew for every assignment, so a number means nothing without its assignment. What was
collected under a number goes back under that number, whatever names and addresses have become meanwhile.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.course.course import Course
from autograder.course.whole_files import write_whole
from autograder.lms.errors import LmsError

_FORMAT = 1


@dataclass(frozen=True)
class Person:
    """One participant of one assignment in an LMS."""

    key: str
    """What the LMS calls the participant there: Moodle's participant id, Canvas's user id, an LTI `sub`, …"""
    student: str
    """The nbgrader student id."""
    name: str = ""
    email: str = ""
    group: str = ""
    """Name of the team that handed in, if it was one."""
    group_key: str = ""
    """What the LMS calls the team."""
    submitted_at: str = ""
    """When the work that was collected had been handed in: ISO 8601, UTC; empty if unknown."""
    order: int = 0
    """Grows from one hand-in of a participant to the next; 0 if unknown."""
    digest: str = ""
    """SHA-256 of what was collected."""
    returned_grade: str = ""
    """The last grade written for the LMS, as it was written."""
    returned_comment: str = ""
    """The last comment written for the LMS."""
    earlier_grades: str = ""
    """Those written before, with spaces between: what was written last may never have been uploaded."""
    returned_pages: str = ""
    """SHA-256 of the feedback pages that were last written for the LMS."""
    submitted_text: str = ""
    """When it had been handed in, as the LMS wrote it."""


@dataclass
class Identities:
    """The participants of one assignment in one LMS.

    Args:
        path: The file they are kept in.
        people: By key.
        facts: Anything else worth keeping about this assignment, such as digests of files that were filled.
    """

    path: Path
    people: dict[str, Person] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, course: Course, assignment: str, lms: str) -> "Identities":
        """Read what is kept; empty if nothing is.

        Args:
            course: The course.
            assignment: The nbgrader assignment.
            lms: `moodle`, `canvas` or whatever namespace the keys belong to.

        Raises:
            LmsError: The file is damaged.
        """
        path = course.state_directory / "lms" / quote(assignment, safe=" ") / f"{lms}.json"
        try:
            content: Any = json.loads(path.read_bytes())
            if content["format"] != _FORMAT:
                raise ValueError(f"format {content['format']}")
            people = {entry["key"]: Person(**entry) for entry in content["people"]}
            return cls(path, people, dict(content["facts"]))
        except FileNotFoundError:
            return cls(path)
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise LmsError(f"{path}, which says who is who, is damaged ({error}); restore it from a backup.") from error

    def save(self) -> None:
        """Write the file, whole, readable by its owner only."""
        people = [asdict(person) for _, person in sorted(self.people.items())]
        content = {"format": _FORMAT, "facts": self.facts, "people": people}
        write_whole(self.path, json.dumps(content, indent=1, ensure_ascii=False).encode(), private=True)

    def of_student(self, student: str) -> Person | None:
        """Return the participant with an nbgrader student id.

        Args:
            student: The id.
        """
        return next((person for person in self.people.values() if person.student == student), None)

    def put(self, people: Iterable[Person]) -> None:
        """Add or exchange participants; call `save` afterwards.

        Args:
            people: The participants.
        """
        self.people.update({person.key: person for person in people})

    def note_returned(self, key: str, **returned: str) -> None:
        """Remember what a participant got last; call `save` afterwards.

        Args:
            key: The participant.
            returned: `returned_grade`, `returned_comment` or `returned_pages`, as written.
        """
        before = self.people[key]
        if before.returned_grade and returned.get("returned_grade", before.returned_grade) != before.returned_grade:
            earlier = dict.fromkeys([*before.earlier_grades.split(), before.returned_grade])
            returned |= {"earlier_grades": " ".join(earlier)}
        self.people[key] = Person(**{**asdict(before), **returned})

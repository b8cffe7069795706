"""The class list: a CSV file that says who is in the class."""

import csv
from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Course
from autograder.course.csv_files import read_table
from autograder.course.errors import CourseError


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


def read_class_list(path: Path, mend: str = "give the right file") -> list[Known]:
    """Read a class list.

    Args:
        path: A CSV file with a column `id` and any of `email`, `first_name`, `last_name`, as for
            `nbgrader db student import`.
        mend: What to do where there is no such file, in words.

    Returns:
        Each student once, in the order of the file.

    Raises:
        CourseError: It cannot be used; the sentence says why.
    """
    try:
        columns, rows = read_table(path)
    except OSError as error:
        raise CourseError(f"The class list {path} cannot be read ({error.strerror}); {mend}.") from error
    except (UnicodeError, csv.Error) as error:
        raise CourseError(f"The class list {path} is no CSV file in UTF-8; save it as one.") from error
    if "id" not in columns:
        raise CourseError(
            f"The class list {path} has no column 'id' with student ids, separated by commas; give it one."
        )
    if not any(row["id"] for row in rows):
        raise CourseError(
            f"The class list {path} holds nobody: its column 'id' is empty; write a row for each student."
        )
    nameless = next((row for row in rows if not row["id"]), None)
    if nameless is not None:
        held = ", ".join(value for value in nameless.values() if value)
        raise CourseError(f"The class list {path} has a row without an 'id' ({held:.80}); give every student one.")
    names = ("first_name", "last_name", "email")
    found = [Known(row["id"], *(row.get(column, "") for column in names)) for row in rows]
    return list({one.student: one for one in found}.values())


def class_list(course: Course) -> list[str]:
    """Return the ids of the class from the course's class list, empty if it has none.

    Args:
        course: The course.

    Raises:
        CourseError: The file cannot be used.
    """
    if not course.settings.class_list:
        return []
    path = course.root / course.settings.class_list
    return [known.student for known in read_class_list(path, "put it there, or correct c.CourseSettings.class_list")]

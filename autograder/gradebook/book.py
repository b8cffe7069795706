"""nbgrader's gradebook in a class run: looked at before anything is graded, and settled in the end."""

from datetime import datetime

from autograder.course.course import Course
from autograder.gradebook.access import (
    course_directory,
    existing_gradebook,
    is_shared,
    open_gradebook,
    private_places,
    writer_lock,
)
from autograder.gradebook.database_file import close_to_others, refuse_unwritable
from autograder.gradebook.lateness import late_penalties, settle
from autograder.gradebook.rows import StudentRow, assignment_rows, refuse_differing_cells
from autograder.grading.store import VerdictStore


class Book:
    """What the gradebook says about an assignment.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
    """

    def __init__(self, course: Course, assignment: str) -> None:
        self._course, self._assignment = course, assignment

    def close_to_others(self) -> None:
        """Let nobody else of this machine read what holds students' work and points, but a group that shares it."""
        for place in private_places(self._course):
            close_to_others(place, is_group_allowed=is_shared(self._course))

    def rows_before(self) -> list[StudentRow]:
        """Read the gradebook, and refuse what could not be saved in the end.

        Raises:
            CourseError: It cannot be written, does not know the assignment, or disagrees with source/ about its cells.
        """
        directory = course_directory(self._course)
        refuse_unwritable(str(directory.db_url))
        rows = self._rows()
        with open_gradebook(self._course) as gradebook:
            refuse_differing_cells(self._course, gradebook, self._assignment)
        return rows

    def rows_settled(self, student: str) -> list[StudentRow]:
        """Read the gradebook, after its times and penalties have been brought to what holds now.

        Args:
            student: Whose are brought there; `*` for everybody's.
        """
        rows = self._rows()
        stale = [row for row in rows if not row.is_settled and student in ("*", row.student)]
        if not stale:
            return rows
        step = late_penalties(self._course)
        with writer_lock(self._course), open_gradebook(self._course) as gradebook:
            for row in stale:
                timestamp = datetime.fromisoformat(row.timestamp) if row.timestamp else None
                settle(gradebook, step, self._assignment, row.student, timestamp)
        return self._rows()

    def _rows(self) -> list[StudentRow]:
        store = VerdictStore(self._course.state_directory)
        with existing_gradebook(self._course, self._assignment) as gradebook:
            return assignment_rows(self._course, gradebook, self._assignment, store)

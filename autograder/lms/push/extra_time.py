"""Due dates of single students, read from the LMS through its own interface."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from autograder.lms.canvas.push import CanvasAssignment
from autograder.lms.moodle.push import MoodleAssignment
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.people import Collected
from autograder.lms.results import Did, Results


def due_dates_of(
    platform: MoodleAssignment | CanvasAssignment,
    entries: Sequence[Outgoing],
    collected: Mapping[str, Collected],
    results: Results,
) -> dict[str, datetime]:
    """Return the due dates that are not the class's own.

    Moodle shows web services extensions, but nobody's overrides: those are in the worksheet, from which collecting
    takes them. Canvas shows every student's due date, wherever it comes from.

    Args:
        platform: The assignment.
        entries: The students.
        collected: Whom work was collected from, by student.
        results: Gets a row for everybody whose due date cannot be told.

    Returns:
        By nbgrader student id, UTC.
    """
    own = _own_due_dates(platform)
    people = platform.people()
    found: dict[str, datetime] = {}
    for entry in entries:
        person, why = people.find(entry, collected.get(entry.student))
        if person is None:
            if not entry.is_absent:
                results.add(Did.PERSON, entry.student, f"has got no due date: {why}")
        elif person.id in own:
            found[entry.student] = own[person.id]
    return found


def _own_due_dates(platform: MoodleAssignment | CanvasAssignment) -> dict[str, datetime]:
    if isinstance(platform, MoodleAssignment):
        return {user: datetime.fromtimestamp(seconds, UTC) for user, seconds in platform.due_dates().items()}
    texts = platform.due_dates()
    usual = Counter(texts.values()).most_common(1)
    return {
        user: datetime.fromisoformat(text).astimezone(UTC)
        for user, text in texts.items()
        if text and text != usual[0][0]
    }

"""Due dates of single students, read from the LMS through its own interface."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from autograder.lms.canvas.push import CanvasAssignment
from autograder.lms.due_dates import is_same_minute
from autograder.lms.moodle.push import MoodleAssignment
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.people import Collected
from autograder.lms.results import Did, Results


def due_dates_of(
    platform: MoodleAssignment | CanvasAssignment,
    entries: Sequence[Outgoing],
    collected: Mapping[str, Collected],
    results: Results,
    have: tuple[datetime, Collection[str]],
) -> dict[str, datetime | None]:
    """Return the due dates that are not the class's own.

    Moodle shows web services extensions, but overrides only from 5.3 on and to few tokens: they are in the worksheet,
    from which collecting takes them. Canvas shows every student's due date, wherever it comes from, so there one that
    is the class's again is taken back.

    Args:
        platform: The assignment.
        entries: The students.
        collected: Whom work was collected from, by student.
        results: Gets a row for everybody whose due date cannot be told.
        have: The class's due date in nbgrader, and who has one of their own there.

    Returns:
        By nbgrader student id, UTC; None for the class's again.
    """
    class_due, extended = have
    people = platform.people()
    persons = {entry.student: people.find(entry, collected.get(entry.student)) for entry in entries}
    # whoever handed in nothing needs no date yet
    asked = [person.id for entry in entries if (person := persons[entry.student][0]) and not entry.is_absent]
    own = _due_dates(platform, asked)
    if isinstance(platform, MoodleAssignment) and not platform.shows_overrides:
        results.notes.append(
            "These are Moodle's extensions. Overrides are not shown to this token, so whoever has one is not among "
            "them: collecting takes them from the worksheet."
        )
    found: dict[str, datetime | None] = {}
    for entry in entries:
        person, why = persons[entry.student]
        if person is None:
            if not entry.is_absent:
                results.add(Did.PERSON, entry.student, f"has got no due date: {why}")
        elif person.id in own and not is_same_minute(own[person.id], class_due):
            found[entry.student] = own[person.id]
        elif person.id in own and entry.student in extended:
            found[entry.student] = None
    return found


def times_of(
    platform: CanvasAssignment, entries: Sequence[Outgoing], collected: Mapping[str, Collected]
) -> dict[str, datetime]:
    """Return when the work that was collected was handed in: Canvas's archive does not say it.

    Args:
        platform: The assignment.
        entries: The students.
        collected: Whom work was collected from, by student.

    Returns:
        By nbgrader student id, UTC: only where the newest file there is the one that was collected.
    """
    people, times = platform.people(), platform.handed_in()
    found = {}
    for entry in entries:
        mine = collected.get(entry.student)
        person, _ = people.find(entry, mine)
        if person is None or mine is None or not mine.newest_file:
            continue
        newest, text = times.get(person.id, (0, ""))
        if newest == mine.newest_file and text:
            found[entry.student] = datetime.fromisoformat(text).astimezone(UTC)
    return found


def _due_dates(platform: MoodleAssignment | CanvasAssignment, users: Collection[str]) -> dict[str, datetime]:
    if isinstance(platform, MoodleAssignment):
        return {user: datetime.fromtimestamp(seconds, UTC) for user, seconds in platform.due_dates(users).items()}
    return {user: datetime.fromisoformat(text).astimezone(UTC) for user, text in platform.due_dates().items() if text}

"""Canvas's archive and gradebook together: whose work it is."""

from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Course
from autograder.lms.canvas import CanvasGradebook, CanvasHanded, CanvasStudent, read_archive, read_gradebook
from autograder.lms.collecting import Incoming, collect
from autograder.lms.due_dates import DueDates, refuse_without_due_date, set_due_dates
from autograder.lms.errors import LmsError, StudentFilesRefused
from autograder.lms.identities import Identities, Person
from autograder.lms.moodle_collect import no_notebook, refuse_other_assignment
from autograder.lms.names import same_name
from autograder.lms.picking import Picked, pick
from autograder.lms.results import Did, Results
from autograder.lms.safe_zip import open_zip
from autograder.lms.students import Candidate, Known, assign_ids, known_students


@dataclass(frozen=True)
class CanvasDownload:
    """What a teacher downloads for one assignment."""

    archive: Path
    gradebook: Path
    roster: Path | None = None
    due_dates: DueDates | None = None
    """Of students with extra time."""


def candidate(student: CanvasStudent) -> Candidate:
    """Return a student of a gradebook as somebody to find an id for.

    Args:
        student: The student.
    """
    email = student.login if "@" in student.login else ""
    identities = tuple(filter(None, (student.login, student.sis_id, f"canvas-{student.user}")))
    return Candidate(student.user, student.name, email, identities)


def collect_canvas(
    course: Course, assignment: str, download: CanvasDownload, *, dry_run: bool = False, replace: bool = False
) -> Results:
    """Collect a Canvas assignment. Canvas's archive holds no times, so none are noted.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        download: The two files.
        dry_run: Say only what would be done.
        replace: Take what comes in where it cannot be told which is newer.

    Returns:
        One row a student.

    Raises:
        LmsError: A file is refused; nothing was written.
    """
    results = Results(f"Collected for {assignment} from Canvas")
    book = read_gradebook(download.gradebook)
    if download.due_dates:
        refuse_without_due_date(course, assignment)
    identities = Identities.load(course, assignment, "canvas")
    known = known_students(course, download.roster)
    ids, problems = assign_ids([candidate(student) for student in book.students], known, identities)
    picked: dict[str, Picked] = {}
    with open_zip(download.archive, download.archive.name) as archive:
        handed = {one.user: one for one in read_archive(archive, download.archive.name)}
        _refuse_strangers(handed, book, download.archive.name)
        for one in handed.values():
            try:
                content = {path: archive.read(entry) for path, entry in one.files.items()}
                picked[one.user] = pick(course, assignment, content)
            except StudentFilesRefused as problem:
                problems[one.user] = str(problem)
    refuse_other_assignment(assignment, list(picked.values()), download.archive.name)
    incoming = []
    for student in book.students:
        mine, who = handed.get(student.user), f"{student.name} ({student.user})"
        if mine is None:
            results.add(Did.SKIPPED, who, "nothing handed in")
        elif student.user in problems:
            results.add(Did.PERSON, who, f"not collected: {problems[student.user]}")
        elif not picked[student.user].notebooks:
            results.add(Did.PERSON, who, no_notebook(picked[student.user]))
        else:
            incoming.append(_incoming(student, ids[student.user], mine, picked[student.user]))
    absent = [
        Known(ids[one.user], one.name.rpartition(", ")[2], one.name.rpartition(", ")[0], candidate(one).email)
        for one in book.students
        if one.user in ids and one.user not in handed
    ]
    collect(course, assignment, incoming, identities, results, dry_run=dry_run, replace=replace, absent=absent)
    if download.due_dates:
        coming = incoming if dry_run else ()
        set_due_dates(course, assignment, download.due_dates, results, dry_run=dry_run, coming=coming)
    return results


def _refuse_strangers(handed: dict[str, CanvasHanded], book: CanvasGradebook, name: str) -> None:
    listed = {student.user: student.name for student in book.students}
    for one in handed.values():
        there = listed.get(one.user)
        if there is None or (one.name and not same_name(one.name, there)):
            has = f"has {there!r} under that ID" if there else "has no such ID"
            raise LmsError(
                f"{name} has {one.name!r} as user {one.user}, but {book.name} {has}: both must be of the same course."
            )


def _incoming(student: CanvasStudent, student_id: str, mine: CanvasHanded, picked: Picked) -> Incoming:
    last, _, first = student.name.rpartition(", ")
    person = Person(student.user, student_id, f"{first} {last}".strip(), student.login if "@" in student.login else "")
    notes = ["late, says Canvas"] if mine.is_late else []
    return Incoming(person, first, last, picked, order=mine.newest_file, notes=notes)

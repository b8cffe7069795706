"""Canvas's archive and gradebook together: whose work it is."""

from dataclasses import dataclass
from pathlib import Path

from autograder.course.class_list import Known
from autograder.course.course import Course
from autograder.lms.canvas.files import CanvasGradebook, CanvasHanded, CanvasStudent, read_archive, read_gradebook
from autograder.lms.collecting import Incoming, collect
from autograder.lms.csv_text import read_csv
from autograder.lms.due_dates import DueDates, class_due_or_refused, set_due_dates
from autograder.lms.errors import LmsError
from autograder.lms.identities import Identities, Person
from autograder.lms.names import same_name
from autograder.lms.picking import Picked, no_notebook, pick_all, refuse_other_assignment
from autograder.lms.results import Did, Results
from autograder.lms.safe_zip import open_zip
from autograder.lms.students import Candidate, assign_ids, known_students


@dataclass(frozen=True)
class CanvasDownload:
    """What a teacher downloads for one assignment."""

    archive: Path
    gradebook: Path
    roster: Path | None = None
    due_dates: DueDates | None = None
    """Of students with extra time."""
    groups: Path | None = None
    """Of a group assignment: who is in which group, as Canvas exports it."""


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
        class_due_or_refused(course, assignment)
    identities = Identities.load(course, assignment, "canvas")
    known = known_students(course, download.roster)
    ids, problems = assign_ids([candidate(student) for student in book.students], known, identities)
    with open_zip(download.archive, download.archive.name, refuse_troubles=False) as archive:
        found, strangers = read_archive(archive, download.archive.name)
        handed, others = _owners(found, book, download)
        picked, refused = pick_all(course, assignment, archive, {one.user: one for one in handed.values()})
    unread = {user: refused[one.user] for user, one in handed.items() if one.user in refused}
    refuse_other_assignment(assignment, list(picked.values()), download.archive.name)
    problems = {**unread, **problems, **{user: why for user, why in others.items() if user in handed}}
    incoming = _all_incoming(book, handed, (ids, problems), picked, results)
    for who, why in others.items():
        if who not in handed:
            results.add(Did.PERSON, who, why)
    for sentence in strangers:
        results.add(Did.PERSON, sentence, "nothing was done with this file of the archive")
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


def _all_incoming(
    book: CanvasGradebook,
    handed: dict[str, CanvasHanded],
    who_is_who: tuple[dict[str, str], dict[str, str]],
    picked: dict[str, Picked],
    results: Results,
) -> list[Incoming]:
    """What can be put in its place; everybody else gets a row."""
    ids, problems = who_is_who
    incoming = []
    for student in book.students:
        mine, who = handed.get(student.user), f"{student.name} ({student.user})"
        if mine is None:
            results.add(Did.SKIPPED, who, "nothing handed in")
        elif student.user in problems:
            results.add(Did.PERSON, who, f"not collected: {problems[student.user]}")
        elif not picked[mine.user].notebooks:
            results.add(Did.PERSON, who, no_notebook(picked[mine.user]))
        else:
            incoming.append(_incoming(student, ids[student.user], mine, picked[mine.user]))
    return incoming


_TWICE = "two pieces of work count for this student, one's own and one of the group; look at both"


def _owners(
    found: list[CanvasHanded], book: CanvasGradebook, download: CanvasDownload
) -> tuple[dict[str, CanvasHanded], dict[str, str]]:
    """What counts for each user; and, by user or name, why something counts for nobody.

    A group's work is in the archive once, under the group's name and the id of one of its members.
    """
    listed = {student.user: student for student in book.students}
    groups, in_several = _read_groups(download.groups) if download.groups else ({}, set[str]())
    handed: dict[str, CanvasHanded] = {}
    others: dict[str, str] = {}
    agreeing = 0
    for one in found:
        student, group = listed.get(one.user), groups.get(one.user, ("", ""))
        if group[1] and one.name and same_name(one.name, group[1]):
            members = {user for user, theirs in groups.items() if theirs == group}
            others |= dict.fromkeys(members & handed.keys(), _TWICE)
            one.group, one.group_key = group[1], group[0]
            handed |= {user: one for user in members if user in listed}
            agreeing += 1
        elif student is None:
            others[f"{one.name or 'somebody'} ({one.user})"] = (
                f"in the archive, but not in {book.name}, so nothing was collected: not in this course any more, or "
                "the gradebook was exported for one section"
            )
        elif one.name and not same_name(one.name, student.name):
            handed[one.user] = one
            others[one.user] = (
                f"the archive has {one.name!r} under the ID of {student.name!r}: is it the work of a group? Then say "
                "--groups; or is the gradebook of another course?"
            )
        else:
            if one.user in handed:
                others[one.user] = _TWICE
            handed[one.user] = one
            agreeing += 1
    others |= dict.fromkeys(
        in_several & listed.keys(), "in several groups by --groups, so whose work counts is not told"
    )
    if not agreeing or sum(one.user in others or one.user not in handed for one in found) > agreeing:
        one = next(one for one in found if one.user in others or one.user not in handed)
        there = listed.get(one.user)
        has = f"has {there.name!r} under that ID" if there else "has no such ID"
        raise LmsError(
            f"{download.archive.name} has {one.name!r} as user {one.user}, but {book.name} {has}: both must be of the "
            "same course, and for a group assignment --groups has to say who is in which group."
        )
    return handed, others


def _read_groups(path: Path) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """Number and name of the group by user id, and who is in several.

    From what Canvas exports (People, the group set, Import, Download Course Roster CSV).
    """
    try:
        header, *rows = read_csv(path.read_bytes(), path.name).rows()
    except OSError as error:
        raise LmsError(f"The groups {path} cannot be read ({error.strerror}).") from error
    if not {"canvas_user_id", "group_name"} <= set(header):
        raise LmsError(f"The groups {path} need the columns 'canvas_user_id' and 'group_name', as Canvas exports them.")
    lines = [dict(zip(header, row, strict=False)) for row in rows]
    found: dict[str, tuple[str, str]] = {}
    in_several = set()
    for line in lines:
        if line.get("group_name"):
            group = line.get("canvas_group_id", ""), line["group_name"]
            if found.setdefault(line["canvas_user_id"], group) != group:
                in_several.add(line["canvas_user_id"])
    return found, in_several


def _incoming(student: CanvasStudent, student_id: str, mine: CanvasHanded, picked: Picked) -> Incoming:
    last, _, first = student.name.rpartition(", ")
    email = student.login if "@" in student.login else ""
    person = Person(student.user, student_id, f"{first} {last}".strip(), email, mine.group, mine.group_key)
    notes = ["late, says Canvas"] if mine.is_late else []
    notes += [f"for the group {mine.group}"] if mine.group else []
    return Incoming(person, first, last, picked, order=mine.newest_file, notes=notes)

"""Moodle's download and grading worksheet together: whose work it is, whether it was submitted, and when."""

from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from autograder.course.course import Course
from autograder.lms.collecting import Incoming, collect
from autograder.lms.due_dates import DueDates, refuse_without_due_date, set_due_dates
from autograder.lms.errors import LmsError, StudentFilesRefused
from autograder.lms.identities import Identities, Person
from autograder.lms.moodle_words import Status
from autograder.lms.moodle_zip import Handed, read_layout
from autograder.lms.names import folded, same_name, split_name
from autograder.lms.picking import Picked, pick
from autograder.lms.results import Did, Results
from autograder.lms.safe_zip import SafeZip, open_zip
from autograder.lms.students import Candidate, Known, assign_ids, known_students
from autograder.lms.worksheet import Participant, Worksheet, read_worksheet


@dataclass(frozen=True)
class MoodleDownload:
    """What a teacher downloads for one assignment."""

    archive: Path
    worksheet: Path
    zone: tzinfo | None = None
    """Of the teacher's Moodle profile: the worksheet's times are in it; None for this machine's."""
    roster: Path | None = None
    due_dates: DueDates | None = None
    """Of students with extra time."""


def collect_moodle(
    course: Course, assignment: str, download: MoodleDownload, *, dry_run: bool = False, replace: bool = False
) -> Results:
    """Collect a Moodle assignment.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        download: The two files.
        dry_run: Say only what would be done.
        replace: Take what comes in where it cannot be told which is newer.

    Returns:
        One row a participant.

    Raises:
        LmsError: A file is refused; nothing was written.
    """
    results = Results(f"Collected for {assignment} from Moodle")
    sheet = read_worksheet(download.worksheet)
    if download.due_dates:
        refuse_without_due_date(course, assignment)
    identities = Identities.load(course, assignment, "moodle")
    known = known_students(course, download.roster)
    candidates = [
        Candidate(one.number, one.name, one.email, one.identities, f"{assignment}-participant-{one.number}")
        for one in sheet.participants
    ]
    ids, problems = assign_ids(candidates, known, identities)
    with open_zip(download.archive, download.archive.name) as archive:
        handed, strangers = read_layout(archive, download.archive.name)
        owned = _owners(handed, sheet, download.archive.name)
        picked = _pick_all(course, assignment, archive, handed, results)
    refuse_other_assignment(assignment, list(picked.values()), download.archive.name)
    incoming = []
    for participant in sheet.participants:
        who = f"{participant.name or 'Participant'} ({participant.number})"
        mine = owned.get(participant.number)
        reason = _left_out(participant, mine, problems.get(participant.number, ""))
        if reason:
            results.add(reason[0], who, reason[1])
        elif mine is not None and (mine.number, mine.name) in picked:
            one = picked[mine.number, mine.name]
            if not one.notebooks:
                results.add(Did.PERSON, who, no_notebook(one))
                continue
            incoming.append(_incoming(participant, ids[participant.number], mine, one, download, known, sheet))
    for path in strangers:
        results.add(Did.PERSON, path, "this file of the archive belongs to nobody; nothing was done with it")
    absent = (
        []
        if sheet.is_blind
        else [
            Known(ids[one.number], *split_name(one.name), one.email)
            for one in sheet.participants
            if one.number in ids and one.number not in owned
        ]
    )
    collect(course, assignment, incoming, identities, results, dry_run=dry_run, replace=replace, absent=absent)
    if download.due_dates:
        coming = incoming if dry_run else ()
        set_due_dates(course, assignment, download.due_dates, results, dry_run=dry_run, coming=coming)
    return results


def refuse_other_assignment(assignment: str, picked: list[Picked], name: str) -> None:
    """Refuse an archive in which nothing belongs to the assignment.

    Args:
        assignment: The nbgrader assignment.
        picked: What was found in it.
        name: What to call it in messages.

    Raises:
        LmsError: There is no notebook of the assignment.
    """
    if any(one.notebooks for one in picked):
        return
    others = sorted(set().union(*(one.elsewhere for one in picked)))
    belong = f"; those in it belong to {', '.join(others)}" if others else ""
    raise LmsError(f"{name} holds no notebook of {assignment}{belong}. Is it the download of another assignment?")


def no_notebook(picked: Picked) -> str:
    """Say that somebody handed in no notebook of the assignment.

    Args:
        picked: What was handed in.
    """
    if picked.elsewhere:
        return f"handed in notebooks of {', '.join(sorted(picked.elsewhere))} only; nothing was put into submitted/"
    named = ", ".join(list(picked.files)[:5]) or "nothing that can be read"
    return f"handed in no notebook of this assignment, but {named}; nothing was put into submitted/"


def _owners(handed: list[Handed], sheet: Worksheet, name: str) -> dict[str, Handed]:
    """Participant id to what counts for it; the names in archive and worksheet must agree, ids alone prove nothing."""
    numbers = {participant.number: participant for participant in sheet.participants}
    if all(one.number in numbers and _agree(one, numbers[one.number], sheet) for one in handed):
        return {one.number: one for one in handed}
    by_group: dict[str, list[Handed]] = {}
    for one in handed:
        by_group.setdefault(folded(one.name), []).append(one)
    for column in range(len(sheet.participants[0].groups)):
        teams = {folded(participant.groups[column]) for participant in sheet.participants}
        if by_group.keys() <= teams:
            _refuse_equal_teams(by_group, sheet, column, name)
            found = {one.number: by_group.get(folded(one.groups[column])) for one in sheet.participants}
            return {number: teams_of[0] for number, teams_of in found.items() if teams_of}
    other = next(one for one in handed if one.number not in numbers or not _agree(one, numbers[one.number], sheet))
    listed = numbers.get(other.number)
    there = f"{sheet.name} has {listed.name!r} under that number" if listed else f"{sheet.name} has no such participant"
    raise LmsError(
        f"{name} has {other.name!r} as number {other.number or '(none)'}, but {there}: archive and worksheet must be "
        "of the same assignment."
    )


def _agree(one: Handed, participant: Participant, sheet: Worksheet) -> bool:
    return sheet.is_blind or same_name(one.name, participant.name)


def _refuse_equal_teams(by_group: dict[str, list[Handed]], sheet: Worksheet, column: int, name: str) -> None:
    spelt: dict[str, set[str]] = {}
    for participant in sheet.participants:
        spelt.setdefault(folded(participant.groups[column]), set()).add(participant.groups[column])
    for team, several in by_group.items():
        if len(several) > 1 or len(spelt[team]) > 1:
            names = ", ".join(sorted({*spelt[team], *(one.name for one in several)}))
            raise LmsError(
                f"{name} cannot tell the teams {names} apart; rename one in Moodle, and download both again."
            )


def _pick_all(
    course: Course, assignment: str, archive: SafeZip, handed: list[Handed], results: Results
) -> dict[tuple[str, str], Picked]:
    picked = {}
    for one in handed:
        try:
            found = pick(course, assignment, {path: archive.read(entry) for path, entry in one.files.items()})
        except StudentFilesRefused as problem:
            results.add(Did.PERSON, f"{one.name} ({one.number})", f"not collected: {problem}")
            continue
        found.doubts += one.doubts
        picked[one.number, one.name] = found
    return picked


def _left_out(participant: Participant, mine: Handed | None, problem: str) -> tuple[Did, str] | None:
    if mine is None:
        if participant.status is Status.SUBMITTED:
            return Did.PERSON, "submitted according to the worksheet, but not in the archive: download both again"
        return Did.SKIPPED, f"nothing handed in ({participant.status_text})"
    if participant.status is Status.DRAFT:
        return Did.SKIPPED, f"left out: {participant.status_text}"
    if participant.status is not Status.SUBMITTED:
        return Did.PERSON, (
            f"has files, but its status {participant.status_text!r} does not say that they were submitted; in doubt, "
            "download both files again with Moodle in English"
        )
    return (Did.PERSON, f"not collected: {problem}") if problem else None


def _incoming(
    participant: Participant,
    student: str,
    mine: Handed,
    picked: Picked,
    download: MoodleDownload,
    known: list[Known],
    sheet: Worksheet,
) -> Incoming:
    listed = next((one for one in known if one.student == student), None)
    first, last = (listed.first_name, listed.last_name) if listed and listed.name else split_name(participant.name)
    is_team = not sheet.is_blind and mine.number != participant.number
    group, group_key = (mine.name, mine.number) if is_team else ("", "")
    person = Person(participant.number, student, participant.name, participant.email, group, group_key)
    time = participant.submitted_at(download.zone)
    notes = [] if time else [f"the time {participant.submitted_text!r} could not be read, so none was noted"]
    notes += [f"for the team {mine.name}"] if is_team else []
    details = [part.strip() for part in participant.status_text.split(" - ")[1:] if part.strip(" -")]
    notes += [f"Moodle says: {', '.join(details)}"] if details else []
    return Incoming(person, first, last, picked, time, notes=notes)

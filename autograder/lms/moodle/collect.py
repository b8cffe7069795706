"""Moodle's download and grading worksheet together: whose work it is, whether it was submitted, and when."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from autograder.course.class_list import Known
from autograder.course.course import Course
from autograder.lms.collecting import Incoming, collect
from autograder.lms.due_dates import (
    DueDates,
    class_due_date,
    class_due_or_refused,
    is_same_minute,
    set_due_dates,
)
from autograder.lms.errors import LmsError
from autograder.lms.identities import Identities, Person
from autograder.lms.moodle.words import SubmissionStatus, read_time
from autograder.lms.moodle.worksheet import Participant, Worksheet, read_worksheet
from autograder.lms.moodle.zip import Handed, read_layout
from autograder.lms.names import folded, same_name, split_name
from autograder.lms.picking import Picked, no_notebook, pick_all, refuse_other_assignment
from autograder.lms.results import Did, Results
from autograder.lms.safe_zip import open_zip
from autograder.lms.students import Candidate, assign_ids, known_students


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


@dataclass
class Owners:
    """Whose each part of an archive is."""

    is_team: bool = False
    owned: dict[str, Handed] = field(default_factory=dict)
    """By participant id."""
    problems: dict[str, str] = field(default_factory=dict)
    """Of participants whose work cannot be told, by participant id."""
    others: list[tuple[str, str]] = field(default_factory=list)
    """In the archive and of no row: who, and why nothing was done."""


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
        class_due_or_refused(course, assignment)
    identities = Identities.load(course, assignment, "moodle")
    known = known_students(course, download.roster)
    candidates = [
        Candidate(one.number, one.name, one.email, one.identities, f"{assignment}-participant-{one.number}")
        for one in sheet.participants
    ]
    ids, problems = assign_ids(candidates, known, identities)
    with open_zip(download.archive, download.archive.name, refuse_troubles=False) as archive:
        handed, strangers = read_layout(archive, download.archive.name)
        owners = find_owners(handed, sheet, download.archive.name)
        picked, unread = pick_all(course, assignment, archive, {(one.name, one.number): one for one in handed})
    refuse_other_assignment(assignment, list(picked.values()), download.archive.name)
    troubles: dict[Any, str] = {**unread, **owners.problems, **problems}
    incoming = _all_incoming(sheet, owners, (ids, troubles), picked, (download, known), results)
    for who, why in owners.others:
        results.add(Did.PERSON, who, why)
    for sentence in strangers:
        results.add(Did.PERSON, sentence, "nothing was done with this file of the archive")
    absent = (
        []
        if sheet.is_blind
        else [
            Known(ids[one.number], *split_name(one.name), one.email)
            for one in sheet.participants
            if one.number in ids and one.number not in owners.owned
        ]
    )
    collect(course, assignment, incoming, identities, results, dry_run=dry_run, replace=replace, absent=absent)
    due_dates = _due_dates(course, assignment, sheet, incoming, download, results)
    if due_dates:
        coming = incoming if dry_run else ()
        set_due_dates(course, assignment, due_dates, results, dry_run=dry_run, coming=coming)
    return results


def _all_incoming(
    sheet: Worksheet,
    owners: Owners,
    who_is_who: tuple[dict[str, str], Mapping[Any, str]],
    picked: dict[tuple[str, str], Picked],
    given: tuple[MoodleDownload, list[Known]],
    results: Results,
) -> list[Incoming]:
    """What can be put in its place; everybody else gets a row. Troubles are by participant, or part of the archive."""
    ids, troubles = who_is_who
    incoming = []
    for participant in sheet.participants:
        who = f"{participant.name or 'Participant'} ({participant.number})"
        mine = owners.owned.get(participant.number)
        trouble = troubles.get(participant.number, "")
        if mine is not None:
            trouble = trouble or troubles.get((mine.name, mine.number), "")
        reason = _left_out(participant, mine, trouble)
        if reason:
            results.add(reason[0], who, reason[1])
        elif mine is not None:
            one = picked[mine.name, mine.number]
            if one.notebooks:
                incoming.append(
                    _incoming(participant, ids[participant.number], mine, one, *given, is_team=owners.is_team)
                )
            else:
                results.add(Did.PERSON, who, no_notebook(one))
    return incoming


def _due_dates(
    course: Course,
    assignment: str,
    sheet: Worksheet,
    incoming: list[Incoming],
    download: MoodleDownload,
    results: Results,
) -> DueDates:
    """Due dates of their own, of those who handed in: Moodle's overrides and extensions, and what the teacher gave.

    A worksheet has dates only where somebody has an override, and then everybody's: each is held against the class's
    own in nbgrader, so that also a majority with another date has it.
    """
    students = {one.person.key: one for one in incoming}
    class_due = class_due_date(course, assignment)
    usual = Counter(one.due_text for one in sheet.participants).most_common(1)[0][0]
    found: dict[str, datetime | None] = {}
    for participant in sheet.participants:
        mine = students.get(participant.number)
        extended = participant.extended_to(download.zone)
        if mine is None or (not extended and participant.due_text is None):
            continue
        due = extended or read_time(participant.due_text or "", download.zone)
        if due is None and participant.due_text:
            results.add(
                Did.PERSON, mine.person.student, f"has the due date {participant.due_text!r}, which cannot be read"
            )
            continue
        due = due or mine.submitted_at  # no due date: whenever it came was in time
        is_own = bool(extended) or participant.due_text != usual
        if due is not None and (is_own if class_due is None else not is_same_minute(due, class_due)):
            found[mine.person.student] = due
    if found and class_due is None:
        results.notes.append(
            f"Moodle has due dates of their own for {len(found)} students; nbgrader knows no due date of {assignment}, "
            "so it calls nobody late and they were not needed."
        )
        found = {}
    given = download.due_dates or {}
    addresses = {one.person.student: one.person.email.casefold() for one in incoming}
    named = {asked.casefold() for asked in given}
    return {
        student: due
        for student, due in found.items()
        if student.casefold() not in named and addresses[student] not in named
    } | dict(given)


def find_owners(handed: list[Handed], sheet: Worksheet, name: str) -> Owners:
    """Match the parts of an archive with the rows of a worksheet.

    Names and numbers must agree; numbers alone prove nothing. In a team assignment the archive has the numbers of
    groups, which are counted apart from participants, so only the groups' names are compared.

    Args:
        handed: The parts of the archive.
        sheet: The worksheet.
        name: What to call the archive in messages.

    Returns:
        What could be matched, and what could not. Download and worksheet do not list the same people: somebody whose
        account is suspended is in no worksheet.

    Raises:
        LmsError: Nothing matches, or less than half: the two are of different assignments.
    """
    numbers = {participant.number: participant for participant in sheet.participants}
    agreeing = [one for one in handed if one.number in numbers and _agree(one, numbers[one.number], sheet)]
    teams = [
        {folded(cell) for cell in cells} - {""}
        for cells in zip(*(one.groups for one in sheet.participants), strict=True)
    ]
    by_column = [[one for one in handed if folded(one.name) in names] for names in teams]
    matched = max(by_column, key=len, default=[])
    if len(matched) > len(agreeing):
        return _team_owners(handed, sheet, by_column.index(matched))
    named_otherwise = [one for one in handed if one.number in numbers and one not in agreeing]
    if not agreeing or len(named_otherwise) > len(agreeing):
        other = next(one for one in handed if one not in agreeing)
        listed = numbers.get(other.number)
        there = (
            f"{sheet.name} has {listed.name!r} under that number" if listed else f"{sheet.name} has no such participant"
        )
        raise LmsError(
            f"{name} has {other.name!r} as number {other.number or '(none)'}, but {there}: archive and worksheet must "
            "be of the same assignment."
        )
    owners = Owners()
    for one in handed:
        if one in agreeing:
            owners.owned[one.number] = one
        elif one.number in numbers:
            owners.owned[one.number] = one
            owners.problems[one.number] = (
                f"the archive has {one.name!r} under this number; has the name changed? Download both again"
            )
        else:
            owners.others.append((f"{one.name} ({one.number or 'no number'})", _IN_NO_ROW))
    return owners


_IN_NO_ROW = (
    "in the archive, but not in the worksheet, so nothing was collected: Moodle lists a suspended account in no "
    "worksheet (have it activated to grade it), or a group was chosen when the worksheet was downloaded"
)


def _team_owners(handed: list[Handed], sheet: Worksheet, column: int) -> Owners:
    owners = Owners(is_team=True)
    spelt: dict[str, set[str]] = {}
    for participant in sheet.participants:
        spelt.setdefault(folded(participant.groups[column]), set()).add(participant.groups[column])
    by_team: dict[str, list[Handed]] = {}
    for one in handed:
        by_team.setdefault(folded(one.name), []).append(one)
    for participant in sheet.participants:
        team = folded(participant.groups[column])
        several = by_team.get(team, []) if team else []
        if several:
            owners.owned[participant.number] = several[0]
        if len(several) > 1 or (several and len(spelt[team]) > 1):
            names = ", ".join(sorted({*spelt[team], *(one.name for one in several)}))
            owners.problems[participant.number] = (
                f"the teams {names} cannot be told apart; rename one in Moodle, and download both again"
            )
    for team, several in by_team.items():
        if team not in spelt:
            owners.others += [(f"team {one.name} ({one.number or 'no number'})", _IN_NO_ROW) for one in several]
    return owners


def _agree(one: Handed, participant: Participant, sheet: Worksheet) -> bool:
    return same_name(one.name, participant.word if sheet.is_blind else participant.name)


def _left_out(participant: Participant, mine: Handed | None, problem: str) -> tuple[Did, str] | None:
    if mine is None:
        if participant.status is SubmissionStatus.SUBMITTED:
            return Did.PERSON, "submitted according to the worksheet, but not in the archive: download both again"
        return Did.SKIPPED, f"nothing handed in ({participant.status_text})"
    if participant.status is SubmissionStatus.DRAFT:
        return Did.SKIPPED, f"left out: {participant.status_text}"
    if participant.status is not SubmissionStatus.SUBMITTED:
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
    *,
    is_team: bool,
) -> Incoming:
    listed = next((one for one in known if one.student == student), None)
    first, last = (listed.first_name, listed.last_name) if listed and listed.name else split_name(participant.name)
    group, group_key = (mine.name, mine.number) if is_team else ("", "")
    person = Person(
        participant.number,
        student,
        participant.name,
        participant.email,
        group,
        group_key,
        submitted_text=participant.submitted_text,
    )
    time = participant.submitted_at(download.zone)
    notes = [] if time else [f"the time {participant.submitted_text!r} could not be read, so none was noted"]
    notes += [f"for the team {mine.name}"] if is_team else []
    details = [part.strip() for part in participant.status_text.split(" - ")[1:] if part.strip(" -")]
    notes += [f"Moodle says: {', '.join(details)}"] if details else []
    return Incoming(person, first, last, picked, time, notes=notes)

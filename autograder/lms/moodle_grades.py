"""Grades and feedback for Moodle: its own grading worksheet, filled, and the zip of feedback files.

What Moodle would drop or damage without a word is held back here, with the word.
"""

import hashlib
import html
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from autograder.course.course import Course
from autograder.course.feedback import points_text
from autograder.lms.errors import LmsError
from autograder.lms.files import write_whole
from autograder.lms.holding import feedback_pages, grade_of, grade_text, refuse_other_maximum, why_held
from autograder.lms.identities import Identities, Person
from autograder.lms.moodle_words import Status
from autograder.lms.outgoing import Outgoing, outgoing
from autograder.lms.results import Did, Results
from autograder.lms.students import Candidate, assign_ids, known_students
from autograder.lms.worksheet import Participant, Worksheet, number_of, read_worksheet

_SAME_GRADE = 0.006
"""Moodle shows two decimals."""


class TeamFeedback(StrEnum):
    """By which number Moodle finds the owners of a feedback file in a team assignment: that depends on its version."""

    NONE = "none"
    GROUP = "group"
    PARTICIPANT = "participant"


@dataclass(frozen=True)
class MoodleReturn:
    """What is to be returned, and how."""

    worksheet: Path
    folder: Path
    """Where the two files go."""
    exercise: str = ""
    rescale: bool = False
    overwrite: bool = False
    """Also exchange grades that somebody entered in Moodle."""
    again: bool = False
    """Fill a worksheet that was filled before."""
    late_penalties: bool = False
    with_pages: bool = True
    team_feedback: TeamFeedback = TeamFeedback.NONE


@dataclass
class _Work:
    """One run: what is asked, what was read, and what is filled so far."""

    course: Course
    assignment: str
    asked: MoodleReturn
    sheet: Worksheet
    identities: Identities
    results: Results
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    """Path in the zip, to page."""


def write_moodle(course: Course, assignment: str, asked: MoodleReturn, *, dry_run: bool = False) -> Results:
    """Fill a worksheet and write the feedback zip.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        asked: What is to be returned, and how.
        dry_run: Say only what would be done.

    Returns:
        One row a participant.

    Raises:
        LmsError: The worksheet is refused; nothing was written.
    """
    sheet = read_worksheet(asked.worksheet)
    identities = Identities.load(course, assignment, "moodle")
    work = _Work(course, assignment, asked, sheet, identities, Results(f"Grades of {assignment} for Moodle"))
    _refuse_filled(sheet, identities, again=asked.again)
    _refuse_decimal_commas(sheet)
    entries = {entry.student: entry for entry in outgoing(course, assignment, asked.exercise)}
    ids, problems = _who(course, assignment, sheet, identities)
    for participant in sheet.participants:
        entry = entries.get(ids.get(participant.number, ""))
        held = _held(participant, entry, problems.get(participant.number, ""), identities, asked)
        if held is not None:
            who = f"{ids.get(participant.number, participant.name)} ({participant.number})"
            work.results.add(held[0], who, held[1])
        elif entry is not None:
            _fill(work, participant, entry)
    _note_missing(work)
    _write(work, dry_run=dry_run)
    return work.results


def _refuse_filled(sheet: Worksheet, identities: Identities, *, again: bool) -> None:
    filled = identities.facts.get(_fact(sheet), "")
    if filled and not again:
        raise LmsError(
            f"{sheet.name} was filled on {filled[:16].replace('T', ' ')} UTC. If that was uploaded, Moodle would drop "
            "most of it now: download a fresh worksheet. If it was not, say --again."
        )


def _fact(sheet: Worksheet) -> str:
    return f"filled {hashlib.sha256(sheet.csv.text.encode()).hexdigest()}"


def _refuse_decimal_commas(sheet: Worksheet) -> None:
    rows = sheet.csv.rows()[1:]
    if any("," in row[sheet.columns.maximum] for row in rows):
        return  # the language of this Moodle writes them, and reads them
    for participant in sheet.participants:
        if "," in participant.grade:
            raise LmsError(
                f"{sheet.name} has the grade {participant.grade!r} for participant {participant.number}, and Moodle "
                f"would read it as {participant.grade.partition(',')[0]}: write a decimal point."
            )


def _who(
    course: Course, assignment: str, sheet: Worksheet, identities: Identities
) -> tuple[dict[str, str], dict[str, str]]:
    candidates = [
        Candidate(one.number, one.name, one.email, one.identities, f"{assignment}-participant-{one.number}")
        for one in sheet.participants
    ]
    return assign_ids(candidates, known_students(course, None), identities)


def _held(
    participant: Participant, entry: Outgoing | None, problem: str, identities: Identities, asked: MoodleReturn
) -> tuple[Did, str] | None:
    over = _over(participant.grade, participant.maximum)
    if over.endswith("no number"):
        return Did.PERSON, over
    has_work = entry is not None and not entry.is_absent
    if participant.status is not Status.SUBMITTED:
        if has_work:
            return Did.PERSON, f"graded here, but Moodle says {participant.status_text!r}: nothing is filled in"
        return (Did.PERSON, over) if over else (Did.SKIPPED, f"nothing handed in ({participant.status_text})")
    if problem or entry is None or entry.is_absent:
        return Did.PERSON, problem or "submitted in Moodle, but not graded here; collect it, and run `autograder grade`"
    if held := why_held(entry, with_penalty=asked.late_penalties):
        return Did.PERSON, held
    if participant.is_locked:
        return Did.PERSON, "Moodle says this grade cannot be changed (it is overridden or locked) and would drop it"
    refuse_other_maximum(participant.maximum, entry.max_points, asked.worksheet.name, rescale=asked.rescale)
    grade = grade_of(entry, participant.maximum, with_penalty=asked.late_penalties)
    if over := _over(grade_text(grade), participant.maximum):
        return Did.PERSON, over
    person = identities.people.get(participant.number)
    return _foreign_grade(participant, grade, person.returned_grade if person else "", overwrite=asked.overwrite)


def _over(grade: str, maximum: float) -> str:
    try:
        if not grade.strip(" -") or number_of(grade) <= maximum + 1e-6:
            return ""
    except ValueError:
        return f"the grade {grade!r} is no number"
    return f"{grade} is over the maximum of {points_text(maximum)}, and Moodle would drop it without a word"


def _foreign_grade(participant: Participant, grade: float, returned: str, *, overwrite: bool) -> tuple[Did, str] | None:
    """A grade in Moodle that did not come from here is somebody's decision."""
    there = participant.grade.strip(" -")
    same = [grade, float(returned)] if returned else [grade]
    if not there or overwrite or any(abs(number_of(there) - ours) < _SAME_GRADE for ours in same):
        return None
    return Did.PERSON, (
        f"Moodle has {there}, which was not written here, and the gradebook has {points_text(grade)}; "
        "--overwrite takes the gradebook's"
    )


def _fill(work: _Work, participant: Participant, entry: Outgoing) -> None:
    asked, columns = work.asked, work.sheet.columns
    grade = grade_text(grade_of(entry, participant.maximum, with_penalty=asked.late_penalties))
    person = work.identities.people.get(participant.number) or Person(
        participant.number, entry.student, participant.name, participant.email
    )
    work.identities.put([person])
    work.cells[participant.record, columns.grade] = grade
    comment, notes = moodle_comment(entry.comment), []
    if columns.comment is None:
        comment, notes = "", ["Moodle's feedback comments are off, so no comment was written"]
    elif participant.comment.strip() in ("", person.returned_comment.strip()):
        work.cells[participant.record, columns.comment] = comment
    else:
        comment, notes = person.returned_comment, ["somebody's comment in Moodle stays as it is"]
    work.identities.note_returned(participant.number, grade, comment)
    problems = _add_pages(work, entry, person) if asked.with_pages else []
    did = Did.PERSON if problems else Did.DONE
    who = f"{entry.student} ({participant.number})"
    points = f"{grade}/{points_text(participant.maximum)}"
    work.results.add(did, who, "; ".join(["grade written", *problems, *notes]), points)


def _add_pages(work: _Work, entry: Outgoing, person: Person) -> list[str]:
    pages, problems = feedback_pages(work.course, work.assignment, entry)
    number, why = _feedback_number(person, work.asked.team_feedback)
    if why:
        return [*problems, why]
    work.pages |= {f"x_{number}_assignfeedback_file/{name}.html": page for name, page in pages.items()}
    return problems


def moodle_comment(text: str) -> str:
    """Write a comment as the HTML Moodle keeps.

    Args:
        text: Plain text.
    """
    return "<p>" + html.escape(text, quote=False).replace("\n", "<br>") + "</p>"


def _feedback_number(person: Person, team: TeamFeedback) -> tuple[str, str]:
    if not person.group:
        return person.key, ""
    if team is TeamFeedback.NONE:
        return "", "no feedback file: say --team-feedback group or participant, see docs/lms-moodle.md"
    if team is TeamFeedback.GROUP and not person.group_key:
        return "", "no feedback file: Moodle gives those without a group no number to return it by"
    return (person.group_key if team is TeamFeedback.GROUP else person.key), ""


def _note_missing(work: _Work) -> None:
    listed = {participant.number for participant in work.sheet.participants}
    for person in work.identities.people.values():
        if person.key not in listed:
            who = f"{person.student} ({person.key})"
            work.results.add(Did.PERSON, who, "collected from Moodle, but not in this worksheet")


def _write(work: _Work, *, dry_run: bool) -> None:
    filled = work.asked.folder / f"{work.asked.worksheet.stem}_filled.csv"
    feedback = work.asked.folder / f"{work.assignment}_feedback.zip"
    if not work.cells:
        work.results.notes.append("There is no grade to return, so no file was written.")
        return
    if not dry_run:
        write_whole(filled, work.sheet.csv.exchanged(work.cells))
        if work.pages:
            write_whole(feedback, zip_of(work.pages))
        work.identities.facts[_fact(work.sheet)] = datetime.now(UTC).isoformat(timespec="seconds")
        work.identities.save()
    work.results.notes += _clicks(filled, feedback if work.pages else None)


def zip_of(pages: Mapping[str, str]) -> bytes:
    """Pack pages, the same ones always into the same bytes.

    Args:
        pages: Path to text.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, page in sorted(pages.items()):
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, page.encode("utf-8"))
    return packed.getvalue()


def _clicks(filled: Path, feedback: Path | None) -> list[str]:
    settings = (
        "In the assignment's settings, Feedback types, two boxes have to be ticked: "
        '"Offline grading worksheet" and "Feedback files".'
    )
    upload = (
        f'1. Submissions, Actions, "Upload grading worksheet": {filled}. Tick "Allow updating records that have been '
        'modified more recently in Moodle than in the spreadsheet", or Moodle may drop rows because of your time zone. '
        "With that box ticked an old worksheet erases newer comments, so upload it now, not next week."
    )
    if feedback is None:
        return [settings, upload]
    return [settings, upload, f'2. Submissions, Actions, "Upload multiple feedback files in a zip": {feedback}.']

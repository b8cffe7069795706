"""Grades and feedback for Moodle: its own grading worksheet, filled, and the zip of feedback files.

What Moodle would drop or damage without a word is held back here, with the word. The files hold only what changes:
Moodle's importer compares a comment's cell with the HTML it keeps, which its own export does not give back, so a row
that only stands there would rewrite the comment of somebody who is none of our business, and notify them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from autograder.course.course import Course
from autograder.course.whole_files import write_whole
from autograder.gradebook.feedback import points_text
from autograder.lms.comments import Whose, as_html, whose
from autograder.lms.csv_text import number_of
from autograder.lms.errors import LmsError
from autograder.lms.holding import feedback_pages, grade_of, grade_text, refuse_other_maximum, why_held
from autograder.lms.identities import Identities, Person
from autograder.lms.moodle.feedback_zip import TeamPages, digest_of_pages, in_parts, is_too_large, write_parts
from autograder.lms.moodle.words import SubmissionStatus, read_time
from autograder.lms.moodle.worksheet import Participant, Worksheet, read_worksheet
from autograder.lms.names import folded
from autograder.lms.outgoing import Outgoing, outgoing
from autograder.lms.results import Did, Results
from autograder.lms.students import Candidate, assign_ids, known_students

_SAME_GRADE = 0.006
"""Moodle shows two decimals."""
_DROPS_ZEROS = "this Moodle drops zeros"
"""A fact that was found out about the site: from 5.2 on its importer takes the number 0 for no grade."""
_GIVE_THE_ZERO = (
    "`autograder lms push moodle` sends it, or type the 0 in Moodle (Submissions, the person's row, Grade) with "
    "comment and page"
)


class TeamFeedback(StrEnum):
    """By which number Moodle finds the owners of a feedback file in a team assignment: that depends on its version."""

    NONE = "none"
    GROUP = "group"
    PARTICIPANT = "participant"


def team_feedback_of(text: str) -> TeamFeedback:
    """Read what `--team-feedback` says.

    Args:
        text: The word.

    Raises:
        LmsError: It is none of them.
    """
    if text not in list(TeamFeedback):
        raise LmsError(f"--team-feedback is 'group', 'participant' or 'none' (got '{text}').")
    return TeamFeedback(text)


@dataclass(frozen=True)
class MoodleReturn:
    """What is to be returned, and how."""

    worksheet: Path
    folder: Path
    """Where the files go."""
    exercise: str = ""
    rescale: bool = False
    overwrite: bool = False
    """Also exchange grades that somebody entered in Moodle."""
    overwrite_comments: bool = False
    """Also exchange comments that somebody wrote in Moodle."""
    overwrite_marks: bool = False
    """Also give a grade where Moodle works it out from what several markers give."""
    again: bool = False
    """Write everything once more, also into a worksheet that was filled before."""
    late_penalties: bool = False
    with_pages: bool = True
    team_feedback: TeamFeedback = TeamFeedback.NONE
    most_zip_bytes: int = 0
    """How large a feedback zip may be; 0 for any size."""


@dataclass(frozen=True)
class _Filled:
    """What is to be written for one participant."""

    participant: Participant
    entry: Outgoing
    person: Person
    grade: str
    comment: str
    """HTML; empty if the one that is there stays."""
    there: Whose
    pages: Mapping[str, str]
    writes_row: bool
    writes_pages: bool


@dataclass
class _Work:
    """One run: what is asked, what was read, and what is filled so far."""

    course: Course
    assignment: str
    asked: MoodleReturn
    sheet: Worksheet
    identities: Identities
    results: Results
    filled: list[_Filled] = field(default_factory=list)
    teams: dict[str, TeamPages] = field(default_factory=dict)
    """By the group's number."""


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
    _note_dropped_zeros(work)
    entries = {entry.student: entry for entry in outgoing(course, assignment, asked.exercise)}
    ids, problems = _who(course, assignment, sheet, identities)
    for participant in sheet.participants:
        student = ids.get(participant.number, "")
        entry = entries.get(student)
        held = _held(participant, entry, problems.get(participant.number, ""), work)
        if held is None and entry is not None:
            held = _plan(work, participant, entry)
        if held is not None:
            who = f"{student or participant.name or 'Participant'} ({participant.number})"
            work.results.add(held[0], who, held[1], there=_stands(participant))
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


def _who(
    course: Course, assignment: str, sheet: Worksheet, identities: Identities
) -> tuple[dict[str, str], dict[str, str]]:
    candidates = [
        Candidate(one.number, one.name, one.email, one.identities, f"{assignment}-participant-{one.number}")
        for one in sheet.participants
    ]
    return assign_ids(candidates, known_students(course, None), identities)


def _stands(participant: Participant) -> str:
    grade = participant.grade.strip(" -")
    return ", ".join(filter(None, [f"grade {grade}" if grade else "no grade", "a comment" * bool(participant.comment)]))


def _held(participant: Participant, entry: Outgoing | None, problem: str, work: _Work) -> tuple[Did, str] | None:
    asked, person = work.asked, work.identities.people.get(participant.number)
    if typed := _typed_wrong(participant, work.sheet):
        return Did.PERSON, typed
    has_work = entry is not None and not entry.is_absent
    if participant.status is not SubmissionStatus.SUBMITTED:
        if has_work:
            return Did.PERSON, f"graded here, but Moodle says {participant.status_text!r}: nothing is filled in"
        return Did.SKIPPED, f"nothing handed in ({participant.status_text})"
    if problem or entry is None or entry.is_absent:
        return Did.PERSON, problem or "submitted in Moodle, but not graded here; collect it, and run `autograder grade`"
    if held := why_held(entry, with_penalty=asked.late_penalties) or _other_work(
        participant, person, is_blind=work.sheet.is_blind
    ):
        return Did.PERSON, held
    if participant.is_locked:
        return Did.PERSON, "Moodle says this grade cannot be changed (it is overridden or locked) and would drop it"
    refuse_other_maximum(participant.maximum, entry.max_points, asked.worksheet.name, rescale=asked.rescale)
    grade = grade_of(entry, participant.maximum, with_penalty=asked.late_penalties)
    if work.sheet.has_several_markers and not asked.overwrite_marks and not _stands_already(participant, grade):
        return Did.PERSON, (
            f"this assignment has {len(work.sheet.columns.marks)} markers, and Moodle works out the grade from their "
            "marks: give yours there, or --overwrite-marks writes the grade itself"
        )
    if over := _over(grade_text(grade), participant.maximum):
        return Did.PERSON, over
    if dropped := _zero_dropped(participant, grade, work):
        return Did.PERSON, dropped
    returned = [person.returned_grade, *person.earlier_grades.split()] if person else []
    return _foreign_grade(participant, grade, [float(one) for one in returned if one], overwrite=asked.overwrite)


def _note_dropped_zeros(work: _Work) -> None:
    """Find out whether this Moodle drops zeros: the comment that was written beside one is there, and the 0 is not."""
    for participant in work.sheet.participants:
        person, there = work.identities.people.get(participant.number), participant.grade.strip(" -")
        if person is None or not person.returned_grade or float(person.returned_grade) or participant.is_locked:
            continue
        earlier = [float(grade) for grade in person.earlier_grades.split()]
        # another grade is somebody's decision since, and a locked one drops every grade
        is_missing = not there or any(abs(_number(there) - grade) < _SAME_GRADE for grade in earlier if grade)
        if is_missing and whose(participant.comment, person.returned_comment, []) in (Whose.NEW, Whose.EXTENDED):
            work.identities.facts.setdefault(_DROPS_ZEROS, datetime.now(UTC).isoformat(timespec="seconds"))


def _zero_dropped(participant: Participant, grade: float, work: _Work) -> str:
    """Why a 0 is not written: a comment of 0 points beside another grade, or none, would lie."""
    drops = bool(work.sheet.columns.marks) or _DROPS_ZEROS in work.identities.facts
    if not drops or float(grade_text(grade)) or _stands_already(participant, grade):
        return ""
    there = participant.grade.strip(" -") or "no grade"
    return (
        f"0 points, and Moodle has {there}; nothing is written, as from 5.2 on Moodle drops a 0 from a worksheet "
        f"without a word and keeps the comment: {_GIVE_THE_ZERO}"
    )


def _stands_already(participant: Participant, grade: float) -> bool:
    there = participant.grade.strip(" -")
    return bool(there) and abs(number_of(there) - grade) < _SAME_GRADE


def _number(text: str) -> float:
    try:
        return number_of(text)
    except ValueError:
        return float("nan")


def _typed_wrong(participant: Participant, sheet: Worksheet) -> str:
    """A grade in the worksheet that Moodle did not write, and would misread or drop."""
    grade = participant.grade.strip(" -")
    writes_commas = any("," in row[sheet.columns.maximum] for row in sheet.csv.rows()[1:])
    if "," in grade and "." not in grade and not writes_commas:
        return (
            f"the grade {grade!r} for participant {participant.number} was typed with a comma, and Moodle would read "
            f"it as {grade.partition(',')[0]}: write a decimal point; this row is left out"
        )
    over = _over(grade, participant.maximum)
    return f"{over}; this row is left out" if over else ""


def _other_work(participant: Participant, person: Person | None, *, is_blind: bool) -> str:
    before, now = (
        read_time(text, UTC) for text in (person.submitted_text if person else "", participant.submitted_text)
    )
    if before is None or now is None or now == before:
        return ""
    if now < before:
        # where names agree this is a changed time zone; a number alone is somebody else in every other assignment
        return is_blind * (
            f"handed in {participant.submitted_text} by this worksheet, but {person.submitted_text if person else ''} "
            "when it was collected: it must be the worksheet of the same assignment"
        )
    return (
        f"handed in again since it was collected ({participant.submitted_text}): collect and grade that first, or the "
        "old grade would pass for the new work's"
    )


def _over(grade: str, maximum: float) -> str:
    try:
        if not grade.strip(" -") or number_of(grade) <= maximum + 1e-6:
            return ""
    except ValueError:
        return f"the grade {grade!r} is no number"
    return f"{grade} is over the maximum of {points_text(maximum)}, and Moodle would drop it without a word"


def _foreign_grade(
    participant: Participant, grade: float, returned: list[float], *, overwrite: bool
) -> tuple[Did, str] | None:
    """A grade in Moodle that did not come from here is somebody's decision."""
    there = participant.grade.strip(" -")
    if not there or overwrite or any(abs(number_of(there) - ours) < _SAME_GRADE for ours in (grade, *returned)):
        return None
    return Did.PERSON, (
        f"Moodle has {there}, which was not written here, and the gradebook has {points_text(grade)}; "
        "--overwrite takes the gradebook's"
    )


def _plan(work: _Work, participant: Participant, entry: Outgoing) -> tuple[Did, str] | None:
    """Decide what is written for somebody: grade, comment and pages of the verdict as it is now, or nothing."""
    asked, columns = work.asked, work.sheet.columns
    person = work.identities.people.get(participant.number) or Person(
        participant.number, entry.student, participant.name, participant.email
    )
    pages, problems = (
        feedback_pages(work.course, work.assignment, entry) if asked.with_pages else (dict[str, str](), list[str]())
    )
    if problems:
        return Did.PERSON, f"nothing is written, as {'; '.join(problems)}, or say --no-pages"
    grade = grade_text(grade_of(entry, participant.maximum, with_penalty=asked.late_penalties))
    comment = as_html(entry.comment)
    there = Whose.NEW if columns.comment is None else whose(participant.comment, comment, [person.returned_comment])
    if asked.overwrite_comments and there not in (Whose.NOBODY, Whose.NEW):
        there = Whose.OURS
    same_grade = _stands_already(participant, float(grade)) and person.returned_grade in ("", grade)
    if there is Whose.EDITED:
        return Did.PERSON, (
            "somebody added to the comment that was written here, and it does not fit any more; nothing is written: "
            "change it in Moodle, or --overwrite-comments writes the new one alone"
        )
    if not asked.with_pages and person.returned_pages and not same_grade:
        return Did.PERSON, "students have a feedback page with the old points; write the pages too, without --no-pages"
    digest = digest_of_pages(pages)
    writes_comment = there in (Whose.NOBODY, Whose.OURS) or (there is Whose.NEW and not same_grade)
    writes_row = asked.again or not same_grade or writes_comment
    work.filled.append(
        _Filled(
            participant,
            entry,
            person,
            grade,
            comment if there in (Whose.NOBODY, Whose.OURS, Whose.NEW) and columns.comment is not None else "",
            there,
            pages,
            writes_row=writes_row,
            writes_pages=bool(pages) and (writes_row or person.returned_pages != digest),
        )
    )
    if person.group:
        team = work.teams.setdefault(person.group_key, TeamPages(person.group))
        team.add(entry.exercises, pages, (entry.student, entry.email, person.email))
    return None


def _feedback_number(person: Person, asked: TeamFeedback, team: TeamPages | None) -> tuple[str, str]:
    """The number that pages go under, or why they cannot go."""
    if team is None:
        return person.key, ""
    if asked is TeamFeedback.NONE:
        return "", "no feedback file: say --team-feedback group or participant, see docs/lms-moodle.md"
    if asked is TeamFeedback.PARTICIPANT:
        return person.key, ""
    if not person.group_key:
        return "", "no feedback file: Moodle gives those without a group no number to return it by"
    if team.problem:
        return "", f"no feedback file for the team {team.name}: {team.problem}"
    return person.group_key, ""


def _note_missing(work: _Work) -> None:
    listed = {participant.number for participant in work.sheet.participants}
    for person in work.identities.people.values():
        if person.key not in listed:
            who = f"{person.student} ({person.key})"
            why = (
                "collected from Moodle, but not in this worksheet: the account may have been suspended since, or a "
                "group was chosen when the worksheet was downloaded"
            )
            work.results.add(Did.PERSON, who, why)


def _refuse_old_team_pages(work: _Work) -> None:
    """A team's page goes to everybody in it: if one member cannot be settled, it is not made."""
    settled = {one.participant.number for one in work.filled}
    for person in work.identities.people.values():
        if person.group and person.key not in settled and person.group_key in work.teams:
            team = work.teams[person.group_key]
            team.problem = team.problem or f"{person.student} is in it and has no settled grade"
    for team in work.teams.values():
        # also those whose work was never collected
        listed = [one for one in work.sheet.participants if folded(team.name) in map(folded, one.groups)]
        other = next((one.number for one in listed if one.number not in settled), "")
        if other:
            team.problem = team.problem or f"participant {other} is in it and has no settled grade"


def _leave_out_too_large(work: _Work) -> None:
    """Nobody gets half: whose page alone is larger than the site takes gets nothing now, all others go on."""
    limit, kept = work.asked.most_zip_bytes, []
    for one in work.filled:
        _, _, pages = _pages_of(work, one)
        if limit and pages and is_too_large(pages, limit):
            who = f"{one.entry.student} ({one.participant.number})"
            why = (
                "nothing is written, as the feedback page alone is larger than --max-zip; raise it, or say --no-pages "
                "and hand it out otherwise"
            )
            work.results.add(Did.PERSON, who, why, there=_stands(one.participant))
        else:
            kept.append(one)
    work.filled = kept


def _write(work: _Work, *, dry_run: bool) -> None:
    asked, stem = work.asked, work.asked.worksheet.stem
    _refuse_old_team_pages(work)
    _leave_out_too_large(work)
    pages = _lay_out(work)
    parts = in_parts(pages, asked.most_zip_bytes)
    with_comment = [
        one for one in work.filled if one.writes_row and (one.comment or work.sheet.columns.comment is None)
    ]
    without = [one for one in work.filled if one.writes_row and one not in with_comment]
    if not (with_comment or without or pages):
        work.results.notes.append("There is no grade to return that Moodle does not have, so no file was written.")
        if not dry_run and _DROPS_ZEROS in work.identities.facts:
            work.identities.save()
        return
    sheets = [(f"{stem}_filled.csv", with_comment), (f"{stem}_filled_without_comments.csv", without)]
    written = [asked.folder / name for name, filled in sheets if filled]
    archives = [asked.folder / f"{work.assignment}_feedback.zip"] if parts else []
    if not dry_run:
        for name, filled in sheets:
            if filled:
                write_whole(asked.folder / name, _sheet(work, filled, without_comment=filled is without))
        archives = write_parts(asked.folder, f"{work.assignment}_feedback", parts)
        work.identities.facts[_fact(work.sheet)] = datetime.now(UTC).isoformat(timespec="seconds")
        work.identities.save()
    work.results.notes += _clicks(written, archives, has_left_comments=bool(without))
    work.results.notes += _warnings(work)


def _sheet(work: _Work, rows: list[_Filled], *, without_comment: bool) -> bytes:
    columns = work.sheet.columns
    cells = {(one.participant.record, columns.grade): one.grade for one in rows}
    if columns.comment is not None and not without_comment:
        cells |= {(one.participant.record, columns.comment): one.comment for one in rows}
    dropped = columns.of_others | ({columns.comment} if without_comment and columns.comment is not None else set())
    return work.sheet.csv.only([one.participant.record for one in rows], cells, dropped)


def _lay_out(work: _Work) -> dict[str, str]:
    """Give everybody their row, and return the pages under the paths Moodle looks for."""
    pages: dict[str, str] = {}
    for one in work.filled:
        number, why, mine = _pages_of(work, one)
        pages |= mine
        _add_row(work, one, number, why)
        work.identities.put([one.person])
        given = {"returned_grade": one.grade} if one.writes_row else {}
        given |= {"returned_comment": one.comment} if one.writes_row and one.comment else {}
        given |= {"returned_pages": digest_of_pages(one.pages)} if number else {}
        work.identities.note_returned(one.person.key, **given)
    return pages


def _pages_of(work: _Work, one: _Filled) -> tuple[str, str, dict[str, str]]:
    """The number that somebody's pages go under, or why they cannot go; and the pages by their paths."""
    team = work.teams.get(one.person.group_key) if one.person.group else None
    number, why = _feedback_number(one.person, work.asked.team_feedback, team) if one.writes_pages else ("", "")
    mine = team.pages if team is not None and number == one.person.group_key else one.pages
    paths = {f"x_{number}_assignfeedback_file/{name}.html": page for name, page in mine.items()} if number else {}
    return number, why, paths


def _add_row(work: _Work, one: _Filled, number: str, why: str) -> None:
    keeps = one.there in (Whose.OTHERS, Whose.EXTENDED)
    notes = ["grade written" if one.writes_row else "feedback page written" if number else ""]
    notes += [why, "somebody's comment in Moodle stays as it is" * keeps]
    if work.sheet.columns.comment is None:
        notes.append("Moodle's feedback comments are off, so no comment was written")
    if not (one.writes_row or one.writes_pages):
        notes[0] = "Moodle has it already, and is not asked to write it again"
    did = Did.PERSON if why else Did.DONE if one.writes_row or number else Did.SKIPPED
    sent = [f"grade {one.grade}" * one.writes_row, "comment" * bool(one.writes_row and one.comment)]
    sent.append(f"{len(one.pages)} feedback page(s)" * bool(number))
    work.results.add(
        did,
        f"{one.entry.student} ({one.participant.number})",
        "; ".join(filter(None, notes)),
        f"{one.grade}/{points_text(one.participant.maximum)}",
        there=_stands(one.participant),
        sends=", ".join(filter(None, sent)),
        stays=f"the comment ({one.there})" * keeps,
    )


def _warnings(work: _Work) -> list[str]:
    """What the preview of the upload would not show, and nobody would miss."""
    said = []
    zeros = [one for one in work.filled if one.writes_row and not float(one.grade)]
    if zeros:
        names = ", ".join(f"{one.entry.student} ({one.participant.number})" for one in zeros)
        said.append(
            f"0 points: {names}. Moodle up to 5.1 takes them; from 5.2 on it drops a 0 without a word. Its preview of "
            f'the upload must say "Set grade for … to 0" for each of them: if it does not, {_GIVE_THE_ZERO}.'
        )
    if work.sheet.has_several_markers and any(one.writes_row for one in work.filled):
        said.append(
            "This assignment has several markers. From Moodle 5.3 on, an overall grade is taken only from whoever may "
            "mod/assign:managerestrictedgrades (by default managers, not teachers) or once every marker has given a "
            "mark; otherwise Moodle drops it without a word and keeps the comment. Its preview of the upload must say "
            '"Set grade for …" for each person: if it does not, press Cancel. A mark that is given later replaces the '
            "grade."
        )
    if work.asked.late_penalties:
        said.append(
            "Points are written after nbgrader's own penalty for lateness: in the assignment's settings, Grade, "
            '"Grade penalties" (Moodle 5.0 and later) has to be off, or Moodle takes off points once more.'
        )
    return said


def _clicks(written: list[Path], archives: list[Path], *, has_left_comments: bool) -> list[str]:
    settings = (
        "In the assignment's settings, Feedback types, two boxes have to be ticked: "
        '"Offline grading worksheet" and "File feedback".'
    )
    said = [settings]
    if written:
        names = " and ".join(map(str, written))
        said.append(
            f'{len(said)}. Submissions, Actions, "Upload grading worksheet": {names}. Tick "Allow updating records '
            'that have been modified more recently in Moodle than in the spreadsheet", or Moodle may drop rows because '
            "of your time zone. With that box ticked an old worksheet overwrites newer comments of these students, so "
            "upload it now, not next week. Everybody else is not in the file, so nothing of theirs is touched."
        )
    if archives:
        names = ", ".join(map(str, archives))
        said.append(
            f'{len(said)}. Submissions, Actions, "Upload feedback files in a zip" (before Moodle 4.5: "Upload multiple '
            f'feedback files in a zip"): {names}.'
        )
    if has_left_comments:
        said.append("The file without the column of comments is for those whose comment somebody else wrote.")
    return said

"""Grades for Canvas: a gradebook CSV with the columns that change and no others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Course
from autograder.course.csv_files import csv_bytes
from autograder.course.whole_files import write_whole
from autograder.gradebook.feedback import points_text
from autograder.lms.canvas.collect import candidate
from autograder.lms.canvas.files import CanvasGradebook, CanvasStudent, is_ignored, read_gradebook
from autograder.lms.csv_text import number_of
from autograder.lms.errors import LmsError
from autograder.lms.holding import grade_of, grade_text, refuse_other_maximum, why_held
from autograder.lms.identities import Identities, Person
from autograder.lms.outgoing import Outgoing, outgoing
from autograder.lms.results import Did, Results
from autograder.lms.students import assign_ids, known_students


@dataclass(frozen=True)
class CanvasReturn:
    """What is to be returned, and how."""

    gradebook: Path
    target: Path
    """The CSV file to write."""
    column: str = ""
    """Title or id of the Canvas assignment; by default the one called like the assignment or exercise."""
    per_exercise: bool = False
    new_columns: bool = False
    """Let Canvas make assignments it does not have yet."""
    rescale: bool = False
    overwrite: bool = False
    late_penalties: bool = False


_Found = tuple[list[str], tuple[Did, str] | None]
"""Somebody's grades, or why there are none."""


@dataclass(frozen=True)
class _Column:
    header: str
    place: int | None
    """In the gradebook; None for one that Canvas is to make."""
    maximum: float
    entries: dict[str, Outgoing]


def write_canvas(course: Course, assignment: str, asked: CanvasReturn, *, dry_run: bool = False) -> Results:
    """Write a gradebook CSV.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        asked: What is to be returned, and how.
        dry_run: Say only what would be done.

    Returns:
        One row a student.

    Raises:
        LmsError: The gradebook is refused; nothing was written.
    """
    results = Results(f"Grades of {assignment} for Canvas")
    book = read_gradebook(asked.gradebook)
    identities = Identities.load(course, assignment, "canvas")
    ids, problems = assign_ids(
        [candidate(student) for student in book.students], known_students(course, None), identities
    )
    columns = [_column(course, assignment, exercise, book, asked) for exercise in _parts(course, assignment, asked)]
    found = {
        student.user: _grades(student, ids.get(student.user, ""), columns, book, identities, asked)
        for student in book.students
    }
    found |= _against_groups(found, identities)
    lines: list[list[str]] = []
    for student in book.students:
        who = f"{ids.get(student.user, student.name)} ({student.user})"
        grades, why = found[student.user]
        there = _stands(student, columns, book)
        if why is not None:
            results.add(why[0], who, problems.get(student.user, "") or why[1], there=there)
            continue
        lines.append([*_info(book, student.record), *grades])
        person = identities.people.get(student.user) or Person(student.user, ids[student.user], student.name)
        identities.put([person])
        identities.note_returned(student.user, returned_grade="|".join(grades))
        shares = [f"{grade}/{points_text(column.maximum)}" for grade, column in zip(grades, columns, strict=True)]
        sends = f"grade {', '.join(grades)}"
        results.add(Did.DONE, who, "grade written", ", ".join(shares), there=there, sends=sends)
    if book.has_test_student:
        results.notes.append("Student, Test is Canvas's own and nobody, so there is no line for it.")
    if not lines:
        results.notes.append("There is no grade to return, so no file was written.")
        return results
    if not dry_run:
        write_whole(asked.target, _csv(columns, lines, book))
        identities.save()
    results.notes.append(f"In Canvas: Grades, Import, {asked.target}; it shows every change before you confirm.")
    return results


def _parts(course: Course, assignment: str, asked: CanvasReturn) -> list[str]:
    if asked.per_exercise and asked.column:
        raise LmsError("--column names one Canvas assignment, but --per-exercise has one for each; leave one out.")
    return sorted(course.exercises_of(assignment)) if asked.per_exercise else [""]


def _column(course: Course, assignment: str, exercise: str, book: CanvasGradebook, asked: CanvasReturn) -> _Column:
    entries = outgoing(course, assignment, exercise)
    points = entries[0].max_points if entries else 0.0
    wanted = asked.column or exercise or assignment
    place = book.column(wanted)
    if place is None:
        if not asked.new_columns:
            raise LmsError(
                f"{book.name} has no single column '{wanted}'; it has {', '.join(book.titles()) or 'none'}. Name one "
                "with --column, or let Canvas make it with --new-columns."
            )
        return _Column(wanted, None, points, {entry.student: entry for entry in entries})
    header = book.csv.records[0][place].value
    if is_ignored(header):
        raise LmsError(
            f"Canvas's importer skips a column called '{header}' without a word, because it takes it for one of its "
            "totals (Current, Final or Override Score, Points, Grade); rename the assignment in Canvas, or use "
            "`autograder lms push canvas`."
        )
    maximum = _possible(book, place, points)
    refuse_other_maximum(maximum, points, f"The column '{header}'", rescale=asked.rescale)
    return _Column(header, place, maximum, {entry.student: entry for entry in entries})


def _possible(book: CanvasGradebook, place: int, otherwise: float) -> float:
    if book.points_record is None:
        return otherwise
    text = book.csv.records[book.points_record][place].value.strip()
    try:
        return number_of(text)
    except ValueError as error:
        raise LmsError(
            f"{book.name} has {text!r} as points possible of '{book.csv.records[0][place].value}', which is no number; "
            "importing another one would change the assignment, so set it in Canvas first."
        ) from error


def _grades(
    student: CanvasStudent,
    student_id: str,
    columns: Sequence[_Column],
    book: CanvasGradebook,
    identities: Identities,
    asked: CanvasReturn,
) -> _Found:
    entries = [column.entries.get(student_id) for column in columns]
    if all(entry is None or entry.is_absent for entry in entries):
        return [], (Did.SKIPPED, "nothing handed in") if student_id else (Did.PERSON, "nobody knows who this is")
    person = identities.people.get(student.user)
    before = person.returned_grade.split("|") if person else []
    grades = []
    for number, (column, entry) in enumerate(zip(columns, entries, strict=True)):
        if entry is None:
            return [], (Did.PERSON, "some exercises are not in the gradebook; run `autograder grade`")
        if held := why_held(entry, with_penalty=asked.late_penalties):
            return [], (Did.PERSON, held)
        grade = grade_text(grade_of(entry, column.maximum, with_penalty=asked.late_penalties))
        if float(grade) > column.maximum + 1e-6:
            return [], (Did.PERSON, f"{grade} is over the maximum of {points_text(column.maximum)}")
        there = _cell(student, column, book)
        if there == "N/A":
            return [], (Did.PERSON, "Canvas has N/A: not assigned to this student, so it would drop the grade")
        ours = {grade, *before[number : number + 1]} - {""}
        if there.upper() == "EX":
            return [], (Did.PERSON, "excused in Canvas; a grade would undo that")
        if there and not asked.overwrite and not _is_one_of(there, ours):
            return [], (Did.PERSON, f"Canvas has {there}, which was not written here; --overwrite takes {grade}")
        grades.append(grade)
    return grades, None


def _cell(student: CanvasStudent, column: _Column, book: CanvasGradebook) -> str:
    cells = book.csv.records[student.record]
    return cells[column.place].value.strip() if column.place is not None and column.place < len(cells) else ""


def _stands(student: CanvasStudent, columns: Sequence[_Column], book: CanvasGradebook) -> str:
    cells = [_cell(student, column, book) for column in columns]
    return f"grade {', '.join(cells)}" if any(cells) else "no grade"


def _against_groups(found: dict[str, _Found], identities: Identities) -> dict[str, _Found]:
    """What is written for none of a group: Canvas may give one member's grade to all of them."""
    groups: dict[str, list[str]] = {}
    for user, person in identities.people.items():
        if person.group:
            groups.setdefault(person.group_key or person.group, []).append(user)
    stopped: dict[str, _Found] = {}
    for users in groups.values():
        given = {tuple(found[user][0]) for user in users if user in found}
        held = next((user for user in users if user not in found or found[user][1] is not None), "")
        if len(given) <= 1 and not held:
            continue
        why = f"{identities.people[held].student} cannot be given it" if held else "its members have different points"
        said = (
            f"Canvas may give one member's grade to the whole group {identities.people[users[0]].group}, and {why}; "
            "`autograder lms push canvas` knows whether it does"
        )
        stopped |= {user: ([], (Did.PERSON, said)) for user in users if user in found and found[user][1] is None}
    return stopped


def _is_one_of(there: str, ours: set[str]) -> bool:
    try:
        value = number_of(there)
    except ValueError:
        return False  # a letter, …
    return any(abs(value - float(grade)) < 0.006 for grade in ours)


def _info(book: CanvasGradebook, record: int) -> list[str]:
    """Who it is, as Canvas wrote it, also ="=name" and translated headers: its importer compares them."""
    cells = book.csv.records[record]
    return [cells[place].value if place < len(cells) else "" for place in book.info]


def _csv(columns: Sequence[_Column], lines: list[list[str]], book: CanvasGradebook) -> bytes:
    rows = [[*_info(book, 0), *(column.header for column in columns)]]
    if book.points_record is not None or all(column.place is None for column in columns):
        # the importer sets the points of an assignment to what stands here, so they go back as they came
        possible = [_points_cell(column, book) for column in columns]
        rows.append(["    Points Possible", *[""] * (len(book.info) - 1), *possible])
    return csv_bytes([*rows, *lines])


def _points_cell(column: _Column, book: CanvasGradebook) -> str:
    if column.place is None or book.points_record is None:
        return grade_text(column.maximum)
    return grade_text(number_of(book.csv.records[book.points_record][column.place].value))

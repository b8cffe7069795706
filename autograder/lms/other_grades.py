"""Grades for Brightspace and Blackboard: the file a teacher exported there, with one column filled.

Both find a student and a column by what stands in their own export, so that is where keys come from and nothing is
made up. From D2L's documentation (knowledge base 3538) and Blackboard's: Brightspace wants `OrgDefinedId` or
`Username`, columns called `{Item} Points Grade`, and `End-of-Line Indicator` with `#` last; it caps what is over the
maximum. Blackboard wants `Username` and its number of the column behind `|` in the header; without it, it makes a new
text column worth nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.course import Course
from autograder.course.csv_files import csv_bytes
from autograder.course.whole_files import write_whole
from autograder.gradebook.feedback import points_text
from autograder.lms.csv_text import CsvText, number_of, read_csv
from autograder.lms.errors import LmsError
from autograder.lms.holding import grade_of, grade_text, refuse_other_maximum, why_held
from autograder.lms.identities import Identities, Person
from autograder.lms.outgoing import Outgoing, outgoing
from autograder.lms.results import Did, Results

_SAME_GRADE = 0.006
_BRIGHTSPACE = re.compile(
    r"^(?P<title>.*?) Points Grade(?:\s*<Numeric\s+MaxPoints:(?P<maximum>[\d.,]+)[^>]*>)?$", re.DOTALL
)
_BLACKBOARD = re.compile(r"^(?P<title>.*?)\s*\[[^\]]*?:\s*(?P<maximum>[\d.,]+)?[^\]]*\]\s*\|\s*(?P<id>\d+)$", re.DOTALL)
_TEXT_BLACKBOARD = re.compile(r"^(?P<title>.*?)\s*\|\s*(?P<id>\d+)$", re.DOTALL)
_END = "End-of-Line Indicator"


@dataclass(frozen=True)
class OtherReturn:
    """What is to be returned, and how."""

    export: Path
    """The gradebook as the LMS exported it."""
    target: Path
    column: str = ""
    """Title of the column; by default the one called like the assignment."""
    maximum: float | None = None
    """The column's maximum, where the export does not say."""
    rescale: bool = False
    overwrite: bool = False
    late_penalties: bool = False


@dataclass(frozen=True)
class _Book:
    """An export, read, with the column that is filled."""

    csv: CsvText
    keys: tuple[int, ...]
    """Columns that name a student."""
    column: int
    maximum: float | None
    address: int | None


def write_brightspace(course: Course, assignment: str, asked: OtherReturn, *, dry_run: bool = False) -> Results:
    """Write a file for Brightspace: Grades, Enter Grades, Import.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        asked: What is to be returned, and how.
        dry_run: Say only what would be done.

    Returns:
        One row a student of the export.

    Raises:
        LmsError: The export is refused; nothing was written.
    """
    csv = _read(asked.export)
    header = [cell.value.strip() for cell in csv.records[0]]
    keys = [header.index(name) for name in ("OrgDefinedId", "Username") if name in header]
    if not keys or _END not in header:
        raise LmsError(
            f"{asked.export.name} has no OrgDefinedId or Username, or no {_END}; in Grades, Enter Grades, choose "
            "Export, Key Field Both, Grade Values Points, and tick Email. By e-mail alone Brightspace imports nothing."
        )
    titles = {column: match for column, text in enumerate(header) if (match := _BRIGHTSPACE.match(text))}
    column = _choose(titles, asked.column or assignment, asked.export.name, "Points Grade")
    address = header.index("Email") if "Email" in header else None
    book = _Book(csv, tuple(keys), column, _maximum(titles[column], asked), address)

    def lines(rows: Sequence[tuple[int, str]]) -> bytes:
        names = [header[key] for key in keys]
        found = [[*_cells(csv, record, keys), grade, "#"] for record, grade in rows]
        return csv_bytes([[*names, header[column], _END], *found], line_end="\r\n")

    results = _write((course, assignment, asked), book, "brightspace", lines, dry_run=dry_run)
    results.notes.append(
        f"In Brightspace: Grades, Enter Grades, Import, {asked.target}. It caps what is over the maximum unless Can "
        "Exceed is on, and publishes grades of an item that is tied to an assignment."
    )
    return results


def write_blackboard(course: Course, assignment: str, asked: OtherReturn, *, dry_run: bool = False) -> Results:
    """Write a file for Blackboard: Grade Center, Work Offline, Upload (Ultra: Gradebook, Upload Gradebook).

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        asked: What is to be returned, and how.
        dry_run: Say only what would be done.

    Returns:
        One row a student of the export.

    Raises:
        LmsError: The export is refused; nothing was written.
    """
    csv = _read(asked.export)
    header = [cell.value.strip() for cell in csv.records[0]]
    if "Username" not in header:
        raise LmsError(
            f"{asked.export.name} has no column Username, by which Blackboard finds students; download the gradebook "
            "with user information, in a course language whose header says Username."
        )
    titles = {
        column: match
        for column, text in enumerate(header)
        if (match := _BLACKBOARD.match(text) or _TEXT_BLACKBOARD.match(text))
    }
    column = _choose(titles, asked.column or assignment, asked.export.name, "|number")
    address = header.index("Email") if "Email" in header else None
    book = _Book(csv, (header.index("Username"),), column, _maximum(titles[column], asked), address)

    def lines(rows: Sequence[tuple[int, str]]) -> bytes:
        found = [[*_cells(csv, record, book.keys), grade] for record, grade in rows]
        return csv_bytes([["Username", header[column]], *found], line_end="\r\n")

    results = _write((course, assignment, asked), book, "blackboard", lines, dry_run=dry_run)
    results.notes.append(
        f"In Blackboard: Grade Center, Work Offline, Upload (Ultra: Gradebook, Upload Gradebook), {asked.target}. The "
        "number behind | in the header finds the column: leave it as it is."
    )
    return results


def _read(path: Path) -> CsvText:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LmsError(f"The export {path} cannot be read ({error.strerror}).") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # Blackboard's tab-delimited .xls
        try:
            data = data.decode("utf-16").encode("utf-8")
        except UnicodeDecodeError as error:
            raise LmsError(f"{path.name} is damaged ({error}); export it again.") from error
    return read_csv(data, path.name)


def _cells(csv: CsvText, record: int, columns: Sequence[int]) -> list[str]:
    # as they were exported, also with the # in front: the importer compares them, so no apostrophe either
    cells = csv.records[record]
    return [cells[column].value if column < len(cells) else "" for column in columns]


def _choose(titles: Mapping[int, re.Match[str]], wanted: str, name: str, kind: str) -> int:
    found = [
        column
        for column, match in titles.items()
        if wanted.strip() in (match["title"].strip(), match.string.strip(), match.groupdict().get("id"))
    ]
    if len(found) != 1:
        listed = ", ".join(match["title"] for match in titles.values()) or "none"
        raise LmsError(
            f"{name} has no single column '{wanted}' ({kind}); it has {listed}. Name one with --column; if it does not "
            "exist yet, make it in the LMS and export again."
        )
    return found[0]


def _maximum(match: re.Match[str], asked: OtherReturn) -> float | None:
    if asked.maximum is not None:
        return asked.maximum
    text = match.groupdict().get("maximum")
    return number_of(text) if text else None


def _write(
    asked_for: tuple[Course, str, OtherReturn],
    book: _Book,
    lms: str,
    lines: Callable[[Sequence[tuple[int, str]]], bytes],
    *,
    dry_run: bool,
) -> Results:
    course, assignment, asked = asked_for
    results = Results(f"Grades of {assignment} for {lms.capitalize()}")
    identities = Identities.load(course, assignment, lms)
    entries = outgoing(course, assignment)
    by_key = _by_key(entries)
    rows, seen = [], dict[str, str]()
    for record in range(1, len(book.csv.records)):
        keys = [key.lstrip("#") for key in _cells(book.csv, record, book.keys) if key.strip()]
        address = _cells(book.csv, record, [book.address])[0] if book.address is not None else ""
        who = keys[0] if keys else f"line {record + 1}"
        found = {one.student: one for key in [*keys, address] for one in by_key.get(key.strip().casefold(), ())}
        if len(found) != 1:
            did = Did.PERSON if found else Did.SKIPPED
            several = f"{', '.join(found)} all answer to this line; mend the ids in the gradebook"
            results.add(did, who, several if found else "nobody in the gradebook has this id or address")
            continue
        (entry,) = found.values()
        there = _cells(book.csv, record, [book.column])[0].strip()
        held = _held(entry, there, book, (identities, asked), keys[0] if keys else "")
        if held is None and entry.student in seen:
            held = Did.PERSON, f"the line {seen[entry.student]} is this student's too"
        if held is not None:
            results.add(held[0], f"{entry.student} ({who})", held[1], there=f"grade {there}" if there else "no grade")
            continue
        seen[entry.student] = who
        maximum = book.maximum or entry.max_points
        grade = grade_text(grade_of(entry, maximum, with_penalty=asked.late_penalties))
        rows.append((record, grade))
        identities.put([identities.people.get(keys[0]) or Person(keys[0], entry.student, entry.name, entry.email)])
        identities.note_returned(keys[0], returned_grade=grade)
        results.add(
            Did.DONE,
            f"{entry.student} ({who})",
            "grade written",
            f"{grade}/{points_text(maximum)}",
            there=f"grade {there}" if there else "no grade",
            sends=f"grade {grade}",
        )
    listed = {row.who.split(" (")[0] for row in results.rows}
    for entry in entries:
        if not entry.is_absent and entry.student not in listed:
            results.add(Did.PERSON, entry.student, f"graded here, but in no line of {asked.export.name}")
    if not rows:
        results.notes.append("There is no grade to return that the LMS does not have, so no file was written.")
    elif not dry_run:
        write_whole(asked.target, lines(rows))
        identities.save()
    return results


def _by_key(entries: Sequence[Outgoing]) -> dict[str, list[Outgoing]]:
    found: dict[str, list[Outgoing]] = {}
    for entry in entries:
        for key in {entry.student.casefold(), entry.email.casefold()} - {""}:
            found.setdefault(key, []).append(entry)
    return found


def _held(
    entry: Outgoing, there: str, book: _Book, given: tuple[Identities, OtherReturn], key: str
) -> tuple[Did, str] | None:
    identities, asked = given
    if entry.is_absent:
        return Did.SKIPPED, "nothing handed in"
    if not key:
        return Did.PERSON, "the line has no id by which the LMS would find it"
    if held := why_held(entry, with_penalty=asked.late_penalties):
        return Did.PERSON, held
    if book.maximum is None and asked.rescale:
        raise LmsError(f"{asked.export.name} does not say the column's maximum; say --max-points with --rescale.")
    maximum = book.maximum or entry.max_points
    refuse_other_maximum(maximum, entry.max_points, f"The column in {asked.export.name}", rescale=asked.rescale)
    grade = grade_of(entry, maximum, with_penalty=asked.late_penalties)
    if grade > maximum + 1e-6:
        return Did.PERSON, f"{points_text(grade)} is over the maximum of {points_text(maximum)}"
    person = identities.people.get(key)
    before = [person.returned_grade, *person.earlier_grades.split()] if person else []
    return _foreign(there, grade, [one for one in before if one], overwrite=asked.overwrite)


def _foreign(there: str, grade: float, before: Sequence[str], *, overwrite: bool) -> tuple[Did, str] | None:
    is_waiting = there.casefold().startswith("needs grading")  # Blackboard's word for work that nobody has graded
    try:
        held = number_of(there) if there.strip(" -") and not is_waiting else None
    except ValueError:
        held = float("nan")  # a letter, "In Progress", "Needs Grading": somebody's word
    if held is None:
        return None
    if abs(held - grade) < _SAME_GRADE and (not before or before[0] == grade_text(grade)):
        return Did.SKIPPED, "the LMS has it already"
    ours = [grade, *map(float, before)]
    if overwrite or any(abs(held - one) < _SAME_GRADE for one in ours):
        return None
    return Did.PERSON, f"the LMS has {there}, which was not written here; --overwrite takes {points_text(grade)}"

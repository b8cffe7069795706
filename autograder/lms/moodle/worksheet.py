"""Moodle's offline grading worksheet: read in any language, and filled with every other byte as it was.

The columns and their order are those of mod/assign/gradingtable.php; headers are translated, so each column is found
by what stands in it and by its place among the others.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from autograder.lms.csv_text import CsvText, number_of, read_csv
from autograder.lms.errors import LmsError
from autograder.lms.moodle.words import ENGLISH_ADVICE, SubmissionStatus, is_no, read_time, status_of


@dataclass(frozen=True)
class Columns:
    """Where the columns are; None for those a worksheet does not have."""

    status: int
    grade: int
    maximum: int
    can_change: int
    submitted: int
    graded: int
    comment: int | None
    name: int | None
    email: int | None
    due: int | None
    """Each person's own due date: there only where somebody has one of their own."""
    marks: tuple[int, ...] = ()
    """What each marker gave, from Moodle 5.2 on, where work is allocated to markers."""
    behind: tuple[int, ...] = ()
    """What stands behind the comments: those of each marker, or of other kinds of feedback."""

    @property
    def of_others(self) -> frozenset[int]:
        """Columns that must not go back: they lose their form in the export, and the importer would take that."""
        return frozenset((*self.marks, *self.behind))


@dataclass(frozen=True)
class Participant:
    """One row of a worksheet."""

    record: int
    """Its place in the file."""
    number: str
    """The participant id: of this assignment only."""
    name: str
    email: str
    identities: tuple[str, ...]
    """What else names the person, such as ID number or login."""
    status: SubmissionStatus
    status_text: str
    groups: tuple[str, ...]
    """Cells that may name a team."""
    grade: str
    maximum: float
    is_locked: bool
    submitted_text: str
    comment: str
    word: str = ""
    """What stands before the number; in a blind archive it is everybody's name."""
    due_text: str | None = None
    """The person's due date, empty for none; None where the worksheet has no such column."""

    def extended_to(self, zone: tzinfo | None) -> datetime | None:
        """Return until when an extension was granted, in UTC, or None.

        Args:
            zone: As for `submitted_at`.
        """
        # the only date among the fragments, in any language; how late something is has no year
        return next(filter(None, (read_time(part, zone) for part in self.status_text.split(" - ")[1:])), None)

    def submitted_at(self, zone: tzinfo | None) -> datetime | None:
        """Return when the work was handed in, in UTC, or None if that cannot be read.

        Args:
            zone: The time zone of whoever downloaded the worksheet; None for this machine's.
        """
        return read_time(self.submitted_text, zone)


@dataclass(frozen=True)
class Worksheet:
    """A grading worksheet, read."""

    name: str
    csv: CsvText
    columns: Columns
    participants: tuple[Participant, ...]

    @property
    def is_blind(self) -> bool:
        """Whether it names nobody."""
        return self.columns.name is None

    @property
    def has_several_markers(self) -> bool:
        """Whether Moodle works out each grade from what several markers give."""
        return len(self.columns.marks) > 1


def read_worksheet(path: Path) -> Worksheet:
    """Read a grading worksheet.

    Args:
        path: The file as Moodle wrote it.

    Raises:
        LmsError: It cannot be read, or is no grading worksheet.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LmsError(f"The worksheet {path} cannot be read ({error.strerror}).") from error
    csv = read_csv(data, path.name)
    header, *rows = csv.rows()
    columns = _columns(header, rows, path.name)
    participants = tuple(_participant(number, row, columns) for number, row in enumerate(rows, start=1))
    numbers = [participant.number for participant in participants]
    if len(set(numbers)) < len(numbers):
        raise LmsError(f"{path.name} names a participant twice; download it again.")
    return Worksheet(path.name, csv, columns, participants)


def _columns(header: list[str], rows: list[list[str]], name: str) -> Columns:
    if not rows:
        raise LmsError(f"{name} lists no participant; download the grading worksheet again.")
    uneven = next((number for number, row in enumerate(rows, start=2) if len(row) != len(header)), None)
    if uneven is not None:
        raise LmsError(f"{name} has {len(header)} columns, but not in record {uneven}; download it again.")
    if not all(re.search(r"\d+\s*$", row[0]) for row in rows):
        raise LmsError(
            f"{name} is no grading worksheet: its first column should read `Participant 12`; in the assignment choose "
            'Submissions, "Download grading worksheet".'
        )
    pair = _last_modified(header)
    maximum = _maximum(header, rows) if pair else None
    status = _status(header, rows, maximum - 1) if maximum is not None else None
    if pair is None or maximum is None or status is None:
        missing = (
            "the two columns of last changes" if pair is None
            else "a maximum grade in points (scales cannot be filled)" if maximum is None
            else "a column that says who has submitted"
        )  # fmt: skip
        raise LmsError(f"{name} has no place for {missing} that is understood; {ENGLISH_ADVICE}.")
    people = range(2, status)
    comment = pair[1] + 1
    return Columns(
        status=status,
        grade=maximum - 1,
        maximum=maximum,
        can_change=pair[0] - 1,
        submitted=pair[0],
        graded=pair[1],
        comment=comment if comment < len(header) else None,
        name=1 if status > 1 else None,
        email=next((column for column in people if _are_addresses([row[column] for row in rows])), None),
        due=_due(rows, status, maximum - 1),
        marks=_marks(header, status, maximum - 1),
        behind=tuple(range(comment + 1, len(header))),
    )


def _marks(header: list[str], status: int, grade: int) -> tuple[int, ...]:
    """`Marker 1`, `Marker 2`, …, right in front of the grade, whatever a marker is called."""
    for count in range(grade - status - 1, 0, -1):
        columns = range(grade - count, grade)
        wanted = [f"{number}" for number in range(1, count + 1)]
        parts = [re.fullmatch(r"(\D*)(\d+)(\D*)", header[column].strip()) for column in columns]
        if [part[2] if part else "" for part in parts] == wanted and len({(p[1], p[3]) for p in parts if p}) == 1:
            return tuple(columns)
    return ()


def _due(rows: list[list[str]], status: int, grade: int) -> int | None:
    """The second of three columns of dates right behind the status: from when, due, until when."""
    if grade - status <= 3:
        return None
    cells = [[row[column].strip() for row in rows] for column in range(status + 1, status + 4)]
    are_dates = all(not cell or read_time(cell, UTC) for column in cells for cell in column)
    return status + 2 if are_dates and any(cell for column in cells for cell in column) else None


def _last_modified(header: list[str]) -> tuple[int, int] | None:
    """In every language the two read `Last modified (submission)` and `Last modified (grade)`."""
    starts = [re.split(r"\s*[(（]", text)[0].casefold() if re.search(r"[(（]", text) else "" for text in header]
    for first, text in enumerate(starts):
        if text and text in starts[first + 1 :]:
            return first, starts.index(text, first + 1)
    return None


def _maximum(header: list[str], rows: list[list[str]]) -> int | None:
    for column in range(2, len(header) - 2):
        values = {row[column].strip() for row in rows}
        beside = {row[column + 1].strip() for row in rows}
        is_one_number = len(values) == 1 and _is_number(next(iter(values)))
        if is_one_number and all(text and not any(letter.isdigit() for letter in text) for text in beside):
            return column
    return None


def _is_number(text: str) -> bool:
    try:
        return text[:1].isdigit() and number_of(text) > 0
    except ValueError:
        return False


def _status(header: list[str], rows: list[list[str]], grade: int) -> int | None:
    def likeness(column: int) -> tuple[int, int, int]:
        cells = [row[column] for row in rows]
        # somebody may be called Draft: a state has fragments behind it, and stands behind the names
        return (
            sum(status_of(cell) is not SubmissionStatus.UNKNOWN for cell in cells),
            sum(" - " in cell for cell in cells),
            column,
        )

    best = max(range(1, grade), key=likeness, default=None)
    if best is not None and likeness(best)[0]:
        return best
    named = [column for column in range(1, grade) if header[column].strip().casefold().startswith(("stat", "estado"))]
    return named[0] if len(named) == 1 else None


def _are_addresses(values: list[str]) -> bool:
    given = [value for value in values if value.strip()]
    return bool(given) and all("@" in value for value in given)


def _participant(record: int, row: list[str], columns: Columns) -> Participant:
    number = re.search(r"(\d+)\s*$", row[0])
    others = [column for column in range(2, columns.status) if column != columns.email]
    return Participant(
        record=record,
        number=str(int(number[1])) if number else "",
        name=row[columns.name].strip() if columns.name is not None else "",
        email=row[columns.email].strip() if columns.email is not None else "",
        identities=tuple(row[column].strip() for column in others if row[column].strip()),
        status=status_of(row[columns.status]),
        status_text=row[columns.status].strip(" -"),
        groups=tuple(
            row[column]
            for column in range((columns.due or columns.status - 1) + 2, columns.grade)
            if column not in columns.marks
        ),
        grade=row[columns.grade].strip(),
        maximum=number_of(row[columns.maximum]),
        is_locked=is_no(row[columns.can_change]),
        submitted_text=row[columns.submitted],
        comment=row[columns.comment] if columns.comment is not None else "",
        word=re.sub(r"\d+\s*$", "", row[0]).strip(),
        due_text=row[columns.due].strip() if columns.due is not None else None,
    )

"""Canvas's files: the archive of submissions, and the gradebook as CSV.

Formats from instructure/canvas-lms (lib/content_zipper.rb, lib/gradebook_importer.rb): files are called
`{sortable name}[_LATE]_{user id}_{file id}_{name}`, with the name in small letters and digits only. The file id grows
with every upload, so it tells which of two downloads is newer.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from autograder.lms.csv_text import CsvText, read_csv
from autograder.lms.errors import LmsError
from autograder.lms.names import folded
from autograder.lms.safe_zip import SafeZip

_FILE = re.compile(r"^(?:(?P<who>.*?)_)?(?P<late>LATE_)?(?P<user>\d+)_(?:(?P<file>\d+)_)?(?P<name>[^/]+)$", re.DOTALL)
_ANONYMOUS = re.compile(r"^(?:LATE_)?anon_\w+_\d+_")
_COLUMN = re.compile(r"^(?P<title>.*)\s\((?P<id>\d+)\)$", re.DOTALL)
_TEST_LOGIN = re.compile(r"[0-9a-f]{40}")
_IGNORED = re.compile(
    r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)|\(read only\)", re.IGNORECASE
)
_INFO = (
    "Student",
    "ID",
    "SIS User ID",
    "SIS Login ID",
    "Integration ID",
    "Root Account",
    "Section",
    "LastName",
    "FirstName",
)


@dataclass
class CanvasHanded:
    """What one student handed in."""

    user: str
    """Canvas's user id."""
    name: str
    is_late: bool = False
    newest_file: int = 0
    files: dict[str, str] = field(default_factory=dict)
    """File name, to path in the archive."""
    group: str = ""
    """Name of the group it is of, if it is one's."""
    group_key: str = ""
    """Canvas's number of the group, if it is known."""
    doubts: list[str] = field(default_factory=list)
    refused: str = ""
    """Why nothing of it is to be taken."""


@dataclass(frozen=True)
class CanvasStudent:
    """One line of the gradebook."""

    record: int
    user: str
    name: str
    """Last name first."""
    login: str
    sis_id: str


@dataclass(frozen=True)
class CanvasGradebook:
    """A gradebook export, read."""

    name: str
    csv: CsvText
    students: tuple[CanvasStudent, ...]
    info: tuple[int, ...]
    """Columns that say who it is."""
    points_record: int | None
    """Where the points possible stand."""
    has_test_student: bool = False
    """Whether it lists Canvas's own "Student, Test", who is nobody."""

    def column(self, title: str) -> int | None:
        """Find the column of an assignment.

        Args:
            title: Its title, its id, or both as in the header.

        Returns:
            The column, or None if there is none or several.
        """
        found = [
            column
            for column, cell in enumerate(self.csv.records[0])
            if column not in self.info and title.strip() in _spellings(cell.value)
        ]
        return found[0] if len(found) == 1 else None

    def titles(self) -> list[str]:
        """Return the headers of all assignments."""
        return [cell.value for column, cell in enumerate(self.csv.records[0]) if _COLUMN.match(cell.value.strip())]


def is_ignored(header: str) -> bool:
    """Tell whether Canvas's importer skips a column without a word, because it is called like one of its totals.

    Args:
        header: Of the column.
    """
    return _IGNORED.search(header) is not None


def _spellings(header: str) -> set[str]:
    match = _COLUMN.match(header.strip())
    return {header.strip(), match["title"], match["id"]} if match else {header.strip()}


def read_archive(archive: SafeZip, name: str) -> tuple[list[CanvasHanded], list[str]]:
    """Sort the files of "Download Submissions" by who handed them in.

    Args:
        archive: The archive.
        name: What to call it in messages.

    Returns:
        One entry a student, and sentences about files that belong to nobody.

    Raises:
        LmsError: It is anonymous, or no such archive.
    """
    found: dict[str, CanvasHanded] = {}
    strangers = []
    for path in [*archive.files, *archive.troubles]:
        file_name = path.rpartition("/")[2]
        if _ANONYMOUS.match(file_name):
            raise LmsError(
                f"{name} is anonymous, so no grade would find its way back; show names in Canvas, download it again."
            )
        match = _FILE.match(file_name)
        if match is None:
            strangers.append(f"{path!r} is not like `smithjane_12_345_name.ipynb`")
            continue
        who = match["who"] or ""
        is_late = match["late"] is not None or who.endswith("LATE")
        handed = found.setdefault(match["user"], CanvasHanded(match["user"], who.removesuffix("_LATE")))
        handed.is_late |= is_late
        if path in archive.troubles:
            handed.refused = handed.refused or f"the archive {archive.troubles[path]}"
            continue
        handed.newest_file = max(handed.newest_file, int(match["file"] or 0))
        handed.files[_free(match["name"], match["file"] or "", handed)] = path
    if not found:
        what = f"{strangers[0]}; in the assignment choose" if strangers else "it is empty; choose"
        raise LmsError(f'{name} is no download of submissions: {what} "Download Submissions".')
    return list(found.values()), strangers


def _free(name: str, file_id: str, handed: CanvasHanded) -> str:
    return f"{file_id}_{name}" if name in handed.files else name


def read_gradebook(path: Path) -> CanvasGradebook:
    """Read a gradebook export.

    Args:
        path: The CSV file.

    Raises:
        LmsError: It cannot be read, or is no gradebook.
    """
    try:
        csv = read_csv(path.read_bytes(), path.name)
    except OSError as error:
        raise LmsError(f"The gradebook {path} cannot be read ({error.strerror}).") from error
    header = [cell.value.strip() for cell in csv.records[0]]
    places = {name: header.index(name) for name in _INFO if name in header}
    if not ({"Student", "LastName"} & places.keys() and {"ID", "Section"} <= places.keys()):
        places = _by_place(header, csv.rows()[1:])
    if not places:
        raise LmsError(
            f"{path.name} is no gradebook of Canvas: its header should begin `Student,ID`; in Grades choose Export."
        )
    students, points = [], None
    has_test_student = False
    for record, cells in enumerate(csv.records[1:], start=1):
        row = {name: _shown(cells[place].value) for name, place in places.items() if place < len(cells)}
        name = row.get("Student") or f"{row.get('LastName', '')}, {row.get('FirstName', '')}".strip(", ")
        student = CanvasStudent(
            record, row.get("ID", ""), name, row.get("SIS Login ID", ""), row.get("SIS User ID", "")
        )
        if cells[0].value.strip() == "Points Possible":
            points = record
        elif folded(name) == "studenttest" and (not student.login or _TEST_LOGIN.fullmatch(student.login)):
            has_test_student = True
        elif student.user.isdecimal():
            students.append(student)
    if not students:
        raise LmsError(f"{path.name} lists no student with an ID; export it again.")
    return CanvasGradebook(path.name, csv, tuple(students), tuple(sorted(places.values())), points, has_test_student)


def _by_place(header: list[str], rows: list[list[str]]) -> dict[str, int]:
    """Where the columns are in a language whose headers are not known: the row of points is never translated."""
    is_gradebook = any(row[0].strip() == "Points Possible" for row in rows)
    first = next((column for column, text in enumerate(header) if _COLUMN.match(text)), 0)
    people = [row for row in rows if row[0].strip() not in ("", "Points Possible")]
    ids = [
        column
        for column in range(1, first)
        if people and all(len(row) > column and row[column].strip().isdecimal() for row in people)
    ]
    if not is_gradebook or not ids:
        return {}
    places = {"Student": 0, "ID": ids[0], "Section": first - 1}
    return places | ({"SIS Login ID": first - 2} if first - 2 > ids[0] else {})


def _shown(cell: str) -> str:
    """What a cell says; names that begin with = are exported as ="=name"."""
    quoted = re.fullmatch(r'="(.*)"', cell.strip(), re.DOTALL)
    return quoted[1] if quoted else cell.strip()

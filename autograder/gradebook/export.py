"""`nbgrader export` for this course: a CSV file of points that all rest on verdicts."""

from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin
from traitlets import Bool

from autograder.course.course import Course, CourseError
from autograder.course.csv_files import csv_bytes, for_spreadsheet
from autograder.course.whole_files import write_whole
from autograder.gradebook.feedback import points_text
from autograder.gradebook.rows import StudentRow, assignment_rows
from autograder.grading.store import VerdictStore

_COLUMNS = (
    "assignment",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "timestamp",
    "status",
    "points",
    "late_penalty",
    "score",
    "max_points",
    "changed_by_hand",
)


class ExportRefused(Exception):
    """Some points rest on no verdict, or on an undecided one; the message lists them."""


class VerdictExporter(ExportPlugin):
    """Writes one row a student and assignment, absent students included, with points for each notebook.

    Points without a verdict, or other than their verdict, or undecided, stop the export: nothing is written.
    For `c.ExportApp.plugin_class`.
    """

    per_cell = Bool(False, help="Also write the points of each graded cell.").tag(config=True)
    skip_refused = Bool(
        False, help="Write the file without the points that are refused, instead of writing nothing."
    ).tag(config=True)

    def export(self, gradebook: Any) -> None:
        """Write the file `--to` names, by default `grades.csv`.

        Args:
            gradebook: nbgrader's open gradebook.

        Raises:
            ExportRefused: There are points that must not go out, and no nbgrader command around to fail.
        """
        path = Path(self.to or "grades.csv")
        try:
            students = self.write(gradebook, path)
        except (ExportRefused, CourseError) as refused:
            if hasattr(self.parent, "fail"):
                self.parent.fail("%s", refused)
            raise
        self.log.info("%d rows written to %s", students, path)

    def write(self, gradebook: Any, path: Path) -> int:
        """Write the file.

        Args:
            gradebook: nbgrader's open gradebook.
            path: Where to; the old file stays until the new one is complete.

        Returns:
            The number of rows.

        Raises:
            ExportRefused: There are points that must not go out.
        """
        course = self._course()
        store = VerdictStore(course.state_directory)
        rows: list[dict[str, str]] = []
        refused: list[str] = []
        for assignment in gradebook.assignments:
            if self.assignment and assignment.name not in [str(name) for name in self.assignment]:
                continue
            for student in assignment_rows(course, gradebook, assignment.name, store):
                if self.student and student.student not in [str(name) for name in self.student]:
                    continue
                reasons = [*student.problems, *(f"cell '{cell}' is undecided" for cell in student.undecided)]
                refused += [f"{assignment.name}, {student.student}: {reason}" for reason in reasons]
                rows.append(self._row(assignment, student, is_refused=bool(reasons)))
        if refused and not self.skip_refused:
            raise ExportRefused(_refusal(refused))
        _write_csv(path, rows)
        return len(rows)

    def _course(self) -> Course:
        directory = getattr(self.parent, "coursedir", None)
        return Course.load(Path(directory.root), config=self.config) if directory else Course.find(Path.cwd())

    def _row(self, assignment: Any, student: StudentRow, *, is_refused: bool) -> dict[str, str]:
        row = {
            "assignment": assignment.name,
            "student_id": student.student,
            "last_name": student.last_name,
            "first_name": student.first_name,
            "email": student.email,
            "timestamp": student.timestamp,
            "status": _status(student, is_refused=is_refused),
            "max_points": points_text(assignment.max_score),
            "changed_by_hand": "; ".join(change.in_words for change in student.changed),
        }
        if student.is_absent or is_refused:
            return row
        row["points"] = points_text(student.points)
        row["late_penalty"] = points_text(student.penalty)
        row["score"] = points_text(max(0.0, student.points - student.penalty))
        for name, notebook in student.notebooks.items():
            row[name] = points_text(notebook.points)
            if self.per_cell:
                row.update({f"{name}.{cell}": points_text(points) for cell, points in notebook.cells.items()})
        return row


def _status(student: StudentRow, *, is_refused: bool) -> str:
    if student.is_absent:
        return "absent"
    if is_refused:
        return "undecided" if not student.problems else "refused"
    return "to be graded by hand" if student.to_grade else "graded"


def _refusal(refused: list[str]) -> str:
    listed = "\n  ".join(refused)
    return (
        "Nothing was exported, because these points rest on no settled verdict:\n  "
        f"{listed}\n"
        "Run `autograder grade` for points without a verdict, decide undecided cells by hand in formgrader, and run "
        "`autograder confirm-changes` for those that were changed by hand on purpose; or set "
        "VerdictExporter.skip_refused to write the others."
    )


def _write_csv(path: Path, rows: list[dict[str, str]]) -> None:
    extra = dict.fromkeys(column for row in rows for column in row if column not in _COLUMNS)
    columns = [*_COLUMNS, *extra]
    lines = [[for_spreadsheet(row.get(column, "")) for column in columns] for row in rows]
    write_whole(path, csv_bytes([columns, *lines], line_end="\r\n"))

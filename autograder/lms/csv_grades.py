"""Grades as a plain CSV file, one line a student, properly quoted; also for `nbgrader export`."""

from pathlib import Path
from typing import Any

from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Unicode

from autograder.course.course import Course
from autograder.course.csv_files import csv_bytes, for_spreadsheet
from autograder.course.whole_files import write_whole
from autograder.gradebook.feedback import points_text
from autograder.lms.errors import LmsError
from autograder.lms.holding import why_held
from autograder.lms.outgoing import Outgoing, outgoing
from autograder.lms.results import Did, Results

_COLUMNS = ("student_id", "name", "email", "points", "max_points")


def write_csv(
    course: Course, assignment: str, target: Path, *, late_penalties: bool = False, dry_run: bool = False
) -> Results:
    """Write the grades of an assignment, with a column for each exercise.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        target: The CSV file to write.
        late_penalties: Whether points nbgrader took off for lateness are taken off.
        dry_run: Say only what would be done.

    Returns:
        One row a student. Absent students have a line without points; grades that are held back have none.
    """
    results = Results(f"Grades of {assignment}")
    entries = outgoing(course, assignment)
    exercises = sorted({name for entry in entries for name in entry.exercises})
    lines = []
    for entry in entries:
        held = "" if entry.is_absent else why_held(entry, with_penalty=late_penalties)
        if held:
            results.add(Did.PERSON, entry.student, held)
            continue
        lines.append(_line(entry, exercises, late_penalties=late_penalties))
        did, why = (Did.SKIPPED, "nothing handed in") if entry.is_absent else (Did.DONE, "grade written")
        results.add(did, entry.student, why, lines[-1][3])
    if not dry_run:
        write_whole(target, _csv([[*_COLUMNS, *exercises], *lines]))
    results.notes.append(f"The file is {target}.")
    return results


def _line(entry: Outgoing, exercises: list[str], *, late_penalties: bool) -> list[str]:
    total = max(0.0, entry.points - entry.penalty) if late_penalties else entry.points
    points = "" if entry.is_absent else points_text(total)
    parts = [points_text(entry.exercises[name][0]) if name in entry.exercises else "" for name in exercises]
    return [entry.student, entry.name, entry.email, points, points_text(entry.max_points), *parts]


def _csv(lines: list[list[str]]) -> bytes:
    return csv_bytes([for_spreadsheet(cell) for cell in line] for line in lines)


class LmsCsvExporter(ExportPlugin):
    """`nbgrader export` with one line a student and a column an exercise, for `c.ExportApp.plugin_class`.

    Grades that must not go out stop it: nothing is written.
    """

    late_penalties = Bool(False, help="Take off what nbgrader took off for lateness.").tag(config=True)
    file_name = Unicode("grades.csv", help="What is written where --to says nothing.").tag(config=True)

    def export(self, gradebook: Any) -> None:
        """Write the file `--to` names; with several assignments one file each, named by assignment.

        Args:
            gradebook: nbgrader's open gradebook.

        Raises:
            LmsError: Some grades must not go out, and no nbgrader command is around to fail.
        """
        target = Path(self.to or self.file_name)
        chosen = [str(name) for name in self.assignment]
        names = [row.name for row in gradebook.assignments if not chosen or row.name in chosen]
        directory = getattr(self.parent, "coursedir", None)
        course = Course.load(Path(directory.root), config=self.config) if directory else Course.find(Path.cwd())
        planned = {
            name: write_csv(course, name, target, late_penalties=self.late_penalties, dry_run=True) for name in names
        }
        held = [
            f"{name}, {row.who}: {row.why}" for name in names for row in planned[name].rows if row.did is Did.PERSON
        ]
        if held:
            problem = LmsError("Nothing was exported, because these grades must not leave:\n  " + "\n  ".join(held))
            if hasattr(self.parent, "fail"):
                self.parent.fail("%s", problem)
            raise problem
        for name in names:
            path = target if len(names) == 1 else target.with_name(f"{target.stem}_{name}{target.suffix}")
            write_csv(course, name, path, late_penalties=self.late_penalties)
            self.log.info("grades of %s written to %s", name, path)

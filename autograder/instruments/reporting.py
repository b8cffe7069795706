"""What a class has learned: verdicts and gradebook of an assignment as figures, page and table."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from autograder.course.course import Course
from autograder.course.csv_files import csv_bytes, for_spreadsheet
from autograder.gradebook.access import existing_gradebook
from autograder.gradebook.rows import StudentRow, assignment_rows
from autograder.grading.store import VerdictStore
from autograder.instruments.measuring import (
    FEWEST_STUDENTS,
    CheckFigures,
    ExerciseFigures,
    histogram,
    measure,
    spread,
)
from autograder.instruments.pages import environment
from autograder.judge.verdict import Verdict

_MOST_MISCONCEPTIONS = 15
_COLUMNS = (
    *("exercise", "cell", "check", "claim", "points", "students", "passed", "failed", "skipped", "undecided"),
    *("share_passed", "share_low", "share_high", "discrimination", "alpha", "alpha_error", "look_at"),
)


@dataclass(frozen=True)
class ClassReport:
    """All figures of an assignment."""

    assignment: str
    students: tuple[StudentRow, ...]
    exercises: tuple[ExerciseFigures, ...]

    @property
    def groups(self) -> dict[str, list[str]]:
        """Students that need a look, by why: absent, late, undecided, written answers open, refused."""
        present = [row for row in self.students if not row.is_absent]
        return {
            "absent": [row.student for row in self.students if row.is_absent],
            "late": [row.student for row in present if row.seconds_late > 0],
            "undecided": [row.student for row in present if row.undecided],
            "written answers open": [row.student for row in present if row.to_grade],
            "points that rest on no verdict": [row.student for row in present if row.problems],
        }


def class_report(course: Course, assignment: str) -> ClassReport:
    """Read gradebook and verdicts.

    Args:
        course: The course.
        assignment: The nbgrader assignment.

    Raises:
        CourseError: The gradebook does not know the assignment.
    """
    store = VerdictStore(course.state_directory)
    with existing_gradebook(course, assignment) as gradebook:
        rows = assignment_rows(course, gradebook, assignment, store)
    present = {row.student for row in rows if not row.is_absent}
    found: dict[str, list[Verdict]] = {
        name: [] for name, exercise in course.exercises.items() if exercise.assignment == assignment
    }
    for pointer in store.pointers(assignment):
        record = store.get(pointer.key) if pointer.student in present and pointer.notebook in found else None
        if record is not None:
            found[pointer.notebook].append(record.verdict)
    return report_of(assignment, rows, found)


def report_of(assignment: str, rows: Sequence[StudentRow], verdicts: Mapping[str, Sequence[Verdict]]) -> ClassReport:
    """Return the figures of verdicts.

    Args:
        assignment: The nbgrader assignment.
        rows: One a student, absent ones included.
        verdicts: By exercise, one a student who handed it in.
    """
    return ClassReport(assignment, tuple(rows), tuple(measure(name, found) for name, found in verdicts.items()))


def report_page(report: ClassReport, *, with_names: bool) -> str:
    """Return the report as one self-contained HTML page.

    Args:
        report: The figures.
        with_names: Whether the page names students; otherwise it counts them.
    """
    template = environment().get_template("report.html.j2")
    exercises = [
        {
            "figures": figures,
            "bars": histogram(figures.points, figures.max_points),
            "spread": spread(figures.points) if figures.students >= FEWEST_STUDENTS else None,
            "cpu": spread(figures.cpu_seconds),
            "memory": spread(figures.memory_mib),
            "misconceptions": figures.misconceptions[:_MOST_MISCONCEPTIONS],
        }
        for figures in report.exercises
    ]
    return template.render(
        report=report, exercises=exercises, with_names=with_names, fewest=FEWEST_STUDENTS, groups=report.groups
    )


def report_csv(report: ClassReport) -> bytes:
    """Return the figures of all checks as CSV, a row a check.

    Args:
        report: The figures.
    """
    rows = [[for_spreadsheet(cell) for cell in _row(figures, check)] for figures, check in _checks(report)]
    return csv_bytes([_COLUMNS, *rows])


def report_object(report: ClassReport, *, with_names: bool) -> dict[str, Any]:
    """Return the figures as plain values.

    Args:
        report: The figures.
        with_names: Whether students are named.
    """
    return {
        "assignment": report.assignment,
        "students": len(report.students),
        "groups": {why: who if with_names else len(who) for why, who in report.groups.items()},
        "exercises": [asdict(figures) for figures in report.exercises],
    }


def _checks(report: ClassReport) -> list[tuple[ExerciseFigures, CheckFigures]]:
    return [(figures, check) for figures in report.exercises for check in figures.checks]


def _row(figures: ExerciseFigures, check: CheckFigures) -> list[str]:
    named = [figures.exercise, check.cell, check.name, check.claim, f"{check.points:g}", str(figures.students)]
    counts = [check.passed, check.failed, check.skipped, check.undecided]
    measured = [check.share, check.low, check.high, check.discrimination, figures.alpha, figures.alpha_error]
    numbers = ["" if value is None else f"{value:.6f}" for value in measured]
    return [*named, *map(str, counts), *numbers, "; ".join(check.flags)]

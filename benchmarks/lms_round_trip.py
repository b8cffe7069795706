"""A class of thirty awkward names through Moodle's and Canvas's files and back: prints every table.

Downloads are generated in the layouts of a real Moodle and of Canvas's source; grading needs no kernel (the stand-in
engine of the tests), because what is shown is that everything comes back to the right person.

    python -m benchmarks.lms_round_trip
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests" / "course"), str(PROJECT / "tests" / "lms")]

import awkward_class  # noqa: E402 - found through the path above
import lms_writers  # noqa: E402
import sample_course  # noqa: E402
import typer  # noqa: E402

from autograder.commands.terminal import NEEDS_ATTENTION  # noqa: E402

WRITTEN = """
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
with open_gradebook(Course.find(__import__("pathlib").Path.cwd())) as gradebook:
    for submission in gradebook.assignment_submissions("homework"):
        given = gradebook.find_grade("why", "doubling", "homework", submission.student.id)
        given.manual_score, given.needs_manual_grade = 2.5, False
    gradebook.db.commit()
"""


def main() -> None:
    """Run both round trips and print what the commands print."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        pupils = awkward_class.pupils()
        moodle = _course(Path(folder) / "moodle")
        archive = lms_writers.moodle_zip(moodle / "submissions.zip", pupils)
        sheet = lms_writers.moodle_worksheet(moodle / "worksheet.csv", pupils)
        _run(
            moodle, "lms", "collect", "moodle", archive.name, "--worksheet", sheet.name, "--time-zone", "Europe/Berlin"
        )
        _grade(moodle)
        _run(moodle, "lms", "grades", "moodle", "--worksheet", sheet.name, "--to", "returned")

        canvas = _course(Path(folder) / "canvas")
        archive = lms_writers.canvas_zip(canvas / "submissions.zip", pupils[:-1], late=[8, 15])
        book = lms_writers.canvas_gradebook(canvas / "gradebook.csv", pupils[:-1])
        _run(canvas, "lms", "collect", "canvas", archive.name, "--gradebook", book.name)
        _grade(canvas)
        _run(canvas, "lms", "grades", "canvas", "--gradebook", book.name)
        _run(canvas, "lms", "grades", "csv")
    print(f"{time.monotonic() - started:.0f} seconds.")


def _course(root: Path) -> Path:
    sample_course.make_course(root)
    _python(root, "-m", "nbgrader", "generate_assignment", sample_course.ASSIGNMENT, quiet=True)
    return root


def _grade(root: Path) -> None:
    _python(root, "-m", "autograder.cli", "grade", sample_course.ASSIGNMENT, quiet=True)
    _python(root, "-c", WRITTEN, quiet=True)
    _python(root, "-m", "nbgrader", "generate_feedback", sample_course.ASSIGNMENT, quiet=True)


def _run(root: Path, *command: str) -> None:
    print(f"\n$ autograder {' '.join(command)}", flush=True)
    _python(root, "-m", "autograder.cli", *command, well=(0, NEEDS_ATTENTION))  # some of these names need a person


def _python(root: Path, *arguments: str, quiet: bool = False, well: Sequence[int] = (0,)) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "150", "PYTHONWARNINGS": "ignore"}
    outcome = subprocess.run(
        [sys.executable, *arguments], cwd=root, env=environment, check=False, capture_output=quiet, text=True
    )
    if outcome.returncode not in well:
        sys.exit(f"{' '.join(arguments)[:80]} ended with status {outcome.returncode}: {outcome.stderr or ''}")


if __name__ == "__main__":
    typer.run(main)

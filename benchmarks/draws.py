"""Whether a verdict hangs on a course's secret: golden submissions judged with the draws of many.

python -m benchmarks.draws exercise_1_two_classes                   every check of its first page, 20 secrets (minutes)
python -m benchmarks.draws exercise_2_freezing_strategies --secrets 200 --only wrong_tolerance
python -m benchmarks.draws exercise_1_two_classes --page models     another page

The secret decides which arrays, tables and models the checks ask about. A wrong answer has to lose its points, and a
right one to keep them, whichever they are. Judged in this process without a sandbox, so hostile submissions are left
out, and as far only as a page trains no model of the notebook's own.
"""

import contextlib
import io
import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from rich.console import Console
from rich.progress import track

from autograder.course.course import Course
from autograder.course.exercise import Exercise, grade_id_of
from autograder.judge.verdict import Outcome
from tests.judge.local import CHECKS, judge
from tests.submissions.build import build_submission, read_expected, submission_places

PROJECT = Path(__file__).parents[1]
_console = Console()


def main(
    exercise: Annotated[str, typer.Argument(help="Name of the exercise.")],
    *,
    secrets: Annotated[int, typer.Option(help="How many secrets.", min=1)] = 20,
    page: Annotated[str, typer.Option(help="Which of its check pages: empty for the first, else its last word.")] = "",
    only: Annotated[str, typer.Option(help="Submissions whose name begins so.")] = "",
) -> None:
    """Judge golden submissions with many secrets; end with 1 if an outcome differs from what is expected."""
    os.environ.update(NBGRADER_EXECUTION="autograde", MPLBACKEND="agg")
    found = Course.load(PROJECT).exercises.get(exercise)
    path = CHECKS / f"{exercise}{'_' * bool(page)}{page}.py"
    if found is None or not path.is_file():
        _console.print(f"There is no page {path.name} in {CHECKS}; pages: {', '.join(_pages())}.")
        raise typer.Exit(2)
    folders = [
        folder
        for folder in submission_places(exercise)
        if folder.name.startswith(only) and not folder.name.startswith(("hostile_", "blank"))
    ]
    surprises = {folder.name: _surprises(folder, found, path, secrets) for folder in track(folders, console=_console)}
    for name, counts in surprises.items():
        for what, count in counts.items():
            _console.print(f"{name}: {what} with {count} of {secrets} secrets")
    surprising = sum(map(bool, surprises.values()))
    _console.print(f"{len(folders)} submissions, {secrets} secrets: {surprising} with an outcome not expected")
    raise typer.Exit(1 if any(surprises.values()) else 0)


def _pages() -> list[str]:
    return sorted(path.name for path in CHECKS.glob("exercise_*.py"))


def _surprises(folder: Path, exercise: Exercise, page: Path, secrets: int) -> Counter[str]:
    """Count the outcomes that are not what `expected.toml` says, by check.

    Args:
        folder: Of the submission.
        exercise: What it answers.
        page: Of the checks.
        secrets: How many.
    """
    expected, counts = read_expected(folder), Counter[str]()
    cells = _cells(build_submission(folder, exercise.source)[0], exercise)
    for number in range(secrets):
        with contextlib.redirect_stdout(io.StringIO()):
            results = judge([page], cells, list(cells), key=f"secret {number}".encode())
        for name, result in results.items():
            wanted = expected.checks.get(name, Outcome.PASS.value)
            if result.outcome.value != wanted and name not in expected.chance:
                counts[f"{name} is {result.outcome.value}"] += 1
    return counts


def _cells(notebook: bytes, exercise: Exercise) -> dict[str, str]:
    """Code to run before each judged cell: answers and locked cells, without what a notebook tries out in between."""
    cells: dict[str, str] = {}
    waiting: list[str] = []
    for cell in nbformat.reads(notebook.decode(), as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if grade_id_of(cell) in exercise.judged:
            cells[str(grade_id_of(cell))] = "\n".join(waiting)
            waiting.clear()
        elif cell.cell_type == "code" and (about.get("solution") or about.get("locked")):
            waiting.append(cell.source)
    return cells


if __name__ == "__main__":
    typer.run(main)

"""Notebooks that the grader once judged wrongly, run through the sealed path and compared with what they deserve.

python -m tests.cases                                          all of ../shared/cases
python -m tests.cases --only right_ --only exercise_2          those with one of these in exercise or name
python -m tests.cases FOLDER --jobs 1                          a folder of your own
python -m tests.cases tests/right_answers                      right answers in styles of their own, mixed

A folder holds `notebooks/<exercise>/<case>/`, or `<exercise>/<case>/` at once, each case as in `tests/submissions/`
(see `autograder/authoring/golden.py`). A case is named `right_…` or `wrong_…`; its `expected.toml` may say

    points = 36                 deserved, without the written answers; full points where a right one says nothing
    loses = ["check_tune"]      of a wrong one: one of these cells has to lose points, and no other

A file `<exercise>.py` holds right answers: cells headed by the grade_id that they answer, several for each. As many
notebooks are mixed of them as `--mixed` says, so that every answer comes along: full points for all.

Beside `notebooks/`, `right_marks_lost` is tried, the reference of each exercise without metadata and ids. What a
right one lacks must be undecided, and a written answer has to wait for a person. The cases without notebooks (times,
penalties, preparing, README's lines) are tests in `tests/course`; `--tests` runs them as well.

Exit status: 0 when all is as deserved, 1 when not, 2 when there are no cases.
"""

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import jupytext
import nbformat
import typer
from nbgrader.utils import compute_checksum
from rich.console import Console

from autograder.authoring.golden import build_submission
from autograder.build.notebooks import to_bytes
from autograder.course.course import Course
from autograder.course.exercise import Exercise, grade_id_of
from autograder.course.secret import Secret
from autograder.course.submission import HandedIn
from autograder.gradebook.saving import is_answered
from autograder.grading.grader import Grader, LazyEngine
from autograder.grading.store import VerdictStore
from autograder.judge.verdict import CheckResult, Outcome, Verdict

PROJECT = Path(__file__).parents[1]
CASES = PROJECT.parent / "shared" / "cases"
MARKS_LOST = "right_marks_lost"
TESTS = (
    "tests/course/test_times.py",
    "tests/course/test_no_dead_ends.py::test_the_readmes_lines_grade_a_class_in_a_fresh_checkout",
    "tests/course/test_no_dead_ends.py::test_nothing_steers_the_terminal",
    "tests/course/test_releasing.py::test_a_question_repaired_in_the_running_term",
    "tests/course/test_preparing.py::test_of_two_copies_the_one_that_runs_last_counts",
    "tests/course/test_preparing.py::test_cells_without_marks_are_recognised",
)
"""What holds the cases that are no notebook."""

_console = Console(soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Case:
    """One input and what it deserves."""

    exercise: Exercise
    name: str
    notebook: bytes
    files: dict[str, bytes] = field(default_factory=dict)
    points: float | None = None
    """Deserved; None where only `loses` is known, or where full points go without saying."""
    loses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Came:
    """What came of one case."""

    case: Case
    seconds: float
    verdict: Verdict | None = None
    unanswered: tuple[str, ...] = ()
    """Written answers that would be settled with 0."""
    problem: str = ""

    @property
    def lost(self) -> dict[str, float]:
        """Points that were taken away, by cell; what is undecided is not taken away."""
        cells = self.verdict.cells if self.verdict else ()
        lost = {cell.grade_id: sum(_taken(check) for check in cell.checks) for cell in cells}
        return {name: round(points, 3) for name, points in lost.items() if points > 1e-9}

    @property
    def is_undecided(self) -> bool:
        """Whether a person is asked."""
        return self.verdict is not None and self.verdict.undecided

    @property
    def wrong(self) -> str:
        """What is not as deserved; empty if all is."""
        if self.problem:
            return self.problem
        if self.unanswered:
            return f"{', '.join(self.unanswered)} would be settled with 0 and seen by nobody"
        if self.case.name.startswith("right_"):
            return f"a right one loses {self._said}" if self.lost else ""
        if not self.lost:
            return "" if self.is_undecided else "keeps all its points"
        others = self.lost.keys() - set(self.case.loses)
        return f"loses {self._said}, and should lose in {' or '.join(self.case.loses)} alone" if others else ""

    @property
    def _said(self) -> str:
        return ", ".join(f"{points:g} in {name}" for name, points in self.lost.items())


def _taken(check: CheckResult) -> float:
    return 0.0 if check.outcome is Outcome.ERROR else check.max_points - check.points


def main(
    folder: Annotated[Path, typer.Argument(help="The cases.")] = CASES,
    *,
    only: Annotated[list[str] | None, typer.Option(help="Cases with this in <exercise>/<name>.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Notebooks at once.")] = min(2, os.cpu_count() or 1),
    mixed: Annotated[int, typer.Option(min=1, help="Notebooks made of a file of right answers.")] = 14,
    tests: Annotated[bool, typer.Option("--tests", help="Also run the tests of cases that are no notebook.")] = False,
) -> None:
    """Grade all cases by the real worker, and compare."""
    course = Course.load(PROJECT)
    if not folder.is_dir():
        _end(f"There is no folder {folder}; give the one that holds the cases, as in `python -m tests.cases FOLDER`.")
    cases = [case for case in _cases(course, folder, mixed) if _is_chosen(case, only or ())]
    if not cases:
        _end(f"{folder} holds no case of this course{' with these words in its name' if only else ''}.")
    came = list(_graded(course, cases, jobs))
    bad = sum(bool(one.wrong) for one in came)
    undecided = sum(one.is_undecided for one in came)
    _console.print(f"{len(came)} cases: {len(came) - bad} as deserved ({undecided} with a person asked), {bad} not.")
    failed = (
        tests and subprocess.run([sys.executable, "-m", "pytest", "-q", *TESTS], cwd=PROJECT, check=False).returncode
    )
    raise typer.Exit(1 if bad or failed else 0)


def _end(sentence: str) -> None:
    _console.print(sentence)
    raise typer.Exit(2)


def _is_chosen(case: Case, only: Sequence[str]) -> bool:
    return not only or any(part in f"{case.exercise.name}/{case.name}" for part in only)


def _cases(course: Course, folder: Path, mixed: int) -> Iterator[Case]:
    base = folder / "notebooks" if (folder / "notebooks").is_dir() else folder
    for exercise in course.exercises.values():
        for place in sorted(path.parent for path in base.glob(f"{exercise.name}/*/submission.py")):
            notebook, files = build_submission(place, exercise.source)
            said = _said(place)
            yield Case(exercise, place.name, notebook, files, said.get("points"), tuple(said.get("loses", ())))
        reference = PROJECT / "tests" / "submissions" / exercise.name / "reference"
        if base != folder:
            yield Case(exercise, MARKS_LOST, _without_marks(build_submission(reference, exercise.source)[0]))
        if (answers := base / f"{exercise.name}.py").is_file():
            for number, notebook in enumerate(_mixed(build_submission(reference, exercise.source)[0], answers, mixed)):
                yield Case(exercise, f"right_mixed_{number:02}", notebook)


def _mixed(reference: bytes, answers: Path, count: int) -> Iterator[bytes]:
    """Put notebooks together of right answers; a second round meets other neighbours than the first."""
    texts: dict[str, list[str]] = {}
    for cell in jupytext.read(answers, fmt="py:percent").cells:
        if name := cell.metadata.get("title"):
            texts.setdefault(name, []).append(cell.source)
    for number in range(count):
        notebook = nbformat.reads(reference.decode(), as_version=4)
        cells = {grade_id_of(cell): cell for cell in notebook.cells}
        for place, (name, written) in enumerate(texts.items()):
            turn = number // len(written)
            cells[name].source = written[(number + turn * place) % len(written)]
        yield to_bytes(notebook)


def _said(place: Path) -> dict[str, Any]:
    path = place / "expected.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _without_marks(notebook: bytes) -> bytes:
    """Lose what exports of other notebook services lose."""
    lost = nbformat.reads(notebook.decode(), as_version=4)
    lost.metadata = nbformat.from_dict({})
    for place, cell in enumerate(lost.cells):
        cell.metadata, cell.id = nbformat.from_dict({}), f"cell-{place}"
    return to_bytes(lost)


def _graded(course: Course, cases: Sequence[Case], jobs: int) -> Iterator[Came]:
    """Grade, several at once, and print a line as each ends."""
    with TemporaryDirectory() as kept, LazyEngine(course, jobs) as engine, ThreadPoolExecutor(jobs) as pool:
        grader = Grader(course, Secret(b"the secret of the cases"), engine, store=VerdictStore(Path(kept)))
        futures = [pool.submit(_grade, grader, case) for case in cases]
        for future in as_completed(futures):
            came = future.result()
            _show(came)
            yield came


def _grade(grader: Grader, case: Case) -> Came:
    started = time.monotonic()
    try:
        record = grader.grade(HandedIn(case.notebook, case.files), case.exercise).record
    except Exception as error:  # noqa: BLE001 - one case that breaks the grader is one line of the table
        return Came(case, time.monotonic() - started, problem=f"{type(error).__name__}: {error}")
    cells = {grade_id_of(cell): cell for cell in nbformat.reads(record.notebook.decode(), as_version=4).cells}
    silent = [name for name in case.exercise.written if not is_answered(cells.get(name), _released(case.exercise))]
    unanswered = tuple(silent) if case.name.startswith("right_") else ()
    return Came(case, time.monotonic() - started, record.verdict, unanswered)


def _released(exercise: Exercise) -> dict[str, str]:
    """Checksums of the cells that students were handed."""
    path = PROJECT / "release" / exercise.assignment / f"{exercise.name}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    return {name: compute_checksum(cell) for cell in cells if (name := grade_id_of(cell))}


def _show(came: Came) -> None:
    verdict, word = came.verdict, "BAD" if came.wrong else "ok"
    points = f"{verdict.points:g}/{verdict.max_points:g}" if verdict else "–"
    deserved = "" if came.case.points is None else f", deserves {came.case.points:g}"
    undecided = ", a person is asked" if came.is_undecided else ""
    _console.print(
        f"{word:3} {came.seconds:4.0f} s  {came.case.exercise.name}/{came.case.name}: {points}{deserved}{undecided}",
        style="red" if came.wrong else "",
        markup=False,
    )
    if came.wrong:
        _console.print(f"      {came.wrong}", markup=False)
    for check in verdict.checks() if verdict else ():
        if check.outcome is not Outcome.PASS and (came.wrong or came.case.name.startswith("right_")):
            _console.print(f"      {check.outcome.value} {check.name}: {check.message or check.claim}", markup=False)
    for note in verdict.notes if verdict and came.wrong else ():
        _console.print(f"      note: {note}", markup=False)


if __name__ == "__main__":
    typer.run(main)

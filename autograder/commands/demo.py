"""`autograder demo`: a sample class graded by nbgrader's own commands, in a course folder of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import autograder
from autograder.commands import demo_class
from autograder.commands.grade import class_line
from autograder.commands.terminal import NEEDS_ATTENTION, ending_well, err, find_course, out
from autograder.course.errors import CourseError
from autograder.report.console import class_table

if TYPE_CHECKING:
    from autograder.course.classrun import StudentResult
    from autograder.course.course import Course

ASSIGNMENT, SLUG = "transfer_learning", "exercise_1_two_classes"
_MARKER = ".made_by_autograder_demo"


def demo() -> None:
    """Grade a sample class in demo/ with nbgrader's own commands: release, submissions, points, feedback, grades.csv.

    Run it in the project folder. What an earlier demonstration left in demo/ is replaced.
    """
    with ending_well():
        project = find_course(None).root
        started = time.monotonic()
        with _bar() as progress:
            course = _prepare(project, progress)
            _autograde(course, progress)
            _run(course, progress, ["generate_feedback", ASSIGNMENT])
            options = ["--VerdictExporter.per_cell=True", "--VerdictExporter.skip_refused=True"]
            _run(course, progress, ["export", "--to", "grades.csv", *options])
        _report(course, time.monotonic() - started)


def _prepare(project: Path, progress: Progress) -> "Course":
    from autograder.course.course import CONFIG_NAME, DEMO_SECRET, Course
    from autograder.course.secret import write_secret

    folder = project / "demo"
    _empty(folder)
    shutil.copy(project / CONFIG_NAME, folder / CONFIG_NAME)
    shutil.copytree(project / "source" / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    write_secret(folder / ".course_secret", DEMO_SECRET)
    course = Course.load(folder)
    _run(course, progress, ["generate_assignment", ASSIGNMENT])
    demo_class.enrol(course, ASSIGNMENT)
    demo_class.hand_in(project, course, ASSIGNMENT, SLUG)
    return course


def _empty(folder: Path) -> None:
    if folder.exists() and not (folder / _MARKER).exists():
        raise CourseError(f"{folder} was not made by `autograder demo`; move it away first.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / _MARKER).touch()


def _autograde(course: "Course", progress: Progress) -> None:
    handed_in = sum(bool(sample.hands_in) for sample in demo_class.CLASS)
    task = progress.add_task("nbgrader autograde", total=handed_in)

    def on_line(line: str) -> None:
        if "Setting destination file permissions" in line:
            progress.advance(task)

    _nbgrader(course, ["autograde", ASSIGNMENT], on_line)


def _run(course: "Course", progress: Progress, arguments: list[str]) -> None:
    task = progress.add_task(f"nbgrader {arguments[0]}", total=1)
    _nbgrader(course, arguments, lambda _: None)
    progress.advance(task)


def _nbgrader(course: "Course", arguments: list[str], on_line: Callable[[str], None]) -> None:
    """Run one of nbgrader's commands as an instructor would, its log kept in demo/."""
    log = course.root / f"{arguments[0]}.log"
    command = [sys.executable, "-m", "nbgrader", *arguments]
    beside = os.pathsep.join(filter(None, [str(Path(autograder.__path__[0]).parent), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": beside}
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            command, cwd=course.root, env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process,
    ):
        try:
            for line in process.stderr or ():
                kept.write(line)
                on_line(line)
        except BaseException:
            process.terminate()
            raise
        status = process.wait()
    if status != 0:
        err.print(f"`nbgrader {' '.join(arguments)}` failed; its log is {log}.", style="red", soft_wrap=True)
        raise typer.Exit(NEEDS_ATTENTION)


def _report(course: "Course", seconds: float) -> None:
    results = _results(course)
    out.print(class_table("The sample class", [class_line(result) for result in results]))
    out.print(f"{len(results)} students in {seconds:.0f} seconds.\n", highlight=False)
    err.print("[yellow]The demonstration's course secret is known to everybody: never grade with it.[/]\n")
    out.print("What to open next:", style="bold")
    student = next(sample.student for sample in demo_class.CLASS if sample.hands_in.startswith("wrong"))
    for path, what in (
        ("grades.csv", "the grades, also of each graded cell; an absent student has none, which is not 0"),
        (f"feedback/{student}/{ASSIGNMENT}/{SLUG}.html", "what a student with a classic mistake reads, in a browser"),
        (f"feedback/ada/{ASSIGNMENT}/{SLUG}.html", "the same for a right solution"),
        (f"release/{ASSIGNMENT}/{SLUG}.ipynb", "what students got"),
    ):
        out.print(f"  demo/{path}\n      {what}", markup=False, highlight=False, soft_wrap=True)
    out.print("  cd demo && autograder doctor\n      what is still to be done in this course", highlight=False)


def _results(course: "Course") -> "list[StudentResult]":
    from autograder.course.classrun import StudentResult
    from autograder.course.gradebook import assignment_rows, open_gradebook
    from autograder.course.store import VerdictStore

    store = VerdictStore(course.state_directory)
    samples = {sample.student: sample for sample in demo_class.CLASS}
    with open_gradebook(course) as gradebook:
        rows = assignment_rows(course, gradebook, ASSIGNMENT, store)
    results = []
    for row in rows:
        verdict = store.verdict(ASSIGNMENT, row.student, SLUG)
        notes = (samples[row.student].stands_for, *(verdict.notes if verdict else ()))
        results.append(StudentResult(row, notes, "; ".join(row.problems)))
    return results


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("left:"), TimeRemainingColumn(), console=err)

"""`autograder demo`: a sample class graded in a course folder of its own, with the commands an instructor types."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

import autograder
from autograder.commands import demo_class
from autograder.commands.terminal import NEEDS_ATTENTION, ending_well, err, find_course, out
from autograder.course.errors import CourseError

if TYPE_CHECKING:
    from autograder.classes.classrun import StudentResult
    from autograder.course.course import Course

ASSIGNMENT = "transfer_learning"
_MARKER = ".made_by_autograder_demo"


def demo() -> None:
    """Grade a sample class in demo/: release, submissions, points, feedback, grades.csv.

    Run it in the project folder. What an earlier demonstration left in demo/ is replaced.
    """
    with ending_well():
        project = find_course(None).root
        started = time.monotonic()
        with _bar() as progress:
            course = _prepare(project, progress)
            results = _grade(course, progress)
            _run(course, progress, ["generate_feedback", ASSIGNMENT])
            options = ["--VerdictExporter.per_cell=True", "--VerdictExporter.skip_refused=True"]
            _run(course, progress, ["export", "--to", "grades.csv", *options])
        _report(course, results, time.monotonic() - started)


def _prepare(project: Path, progress: Progress) -> "Course":
    from autograder.course.course import CONFIG_NAME, DEMO_SECRET, Course
    from autograder.course.secret import write_secret

    folder = project / "demo"
    _empty(folder)
    shutil.copy(project / CONFIG_NAME, folder / CONFIG_NAME)
    shutil.copytree(project / "source" / ASSIGNMENT, folder / "source" / ASSIGNMENT)
    if (project / "rubrics").is_dir():
        shutil.copytree(project / "rubrics", folder / "rubrics")
    write_secret(folder / ".course_secret", DEMO_SECRET)
    course = Course.load(folder)
    _run(course, progress, ["generate_assignment", ASSIGNMENT])
    demo_class.enrol(course, ASSIGNMENT)
    demo_class.hand_in(project, course, ASSIGNMENT)
    return course


def _empty(folder: Path) -> None:
    if folder.exists() and not (folder / _MARKER).exists():
        raise CourseError(f"{folder} was not made by `autograder demo`; move it away first.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / _MARKER).touch()


def _grade(course: "Course", progress: Progress) -> "list[StudentResult]":
    """Do what `autograder grade` does, on all cores."""
    from autograder.classes.classrun import ClassRun
    from autograder.classes.verdicts import default_jobs

    task = progress.add_task("autograder grade", total=None)
    results = ClassRun(course, ASSIGNMENT, course.secret(), jobs=default_jobs()).run(
        on_progress=lambda step: progress.update(task, completed=step.done),
        on_start=lambda total: progress.update(task, total=total),
    )
    samples = {sample.student: sample.stands_for for sample in demo_class.CLASS}
    return [replace(found, notes=(samples[found.row.student], *found.notes)) for found in results]


def _run(course: "Course", progress: Progress, arguments: list[str]) -> None:
    """Run one of nbgrader's commands as an instructor would, its log kept in demo/."""
    task = progress.add_task(f"nbgrader {arguments[0]}", total=1)
    beside = os.pathsep.join(filter(None, [str(Path(autograder.__path__[0]).parent), os.environ.get("PYTHONPATH")]))
    log = course.root / f"{arguments[0]}.log"
    with log.open("wb") as kept:
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=course.root,
            env={**os.environ, "PYTHONPATH": beside},
            stdout=subprocess.DEVNULL,
            stderr=kept,
            check=False,
        )
    if done.returncode != 0:
        err.print(f"`nbgrader {' '.join(arguments)}` failed; its log is {log}.", style="red", soft_wrap=True)
        raise typer.Exit(NEEDS_ATTENTION)
    progress.advance(task)


def _report(course: "Course", results: "list[StudentResult]", seconds: float) -> None:
    from autograder.commands.class_results import results_table

    out.print(results_table("The sample class", results))
    notebooks = sum(row.is_handed_in for result in results for row in result.row.notebooks.values())
    out.print(f"{len(results)} students, {notebooks} notebooks, {seconds:.0f} seconds.", highlight=False)
    waiting = sum(len(result.row.to_grade) for result in results)
    if waiting:
        out.print(
            f"{waiting} written answers wait for a person: `cd demo && autograder mark {ASSIGNMENT}`, or formgrader.",
            highlight=False,
            soft_wrap=True,
        )
    err.print("[yellow]The demonstration's course secret is known to everybody: never grade with it.[/]\n")
    out.print("What to open next:", style="bold")
    slug = min(course.exercises_of(ASSIGNMENT))
    student = next(sample.student for sample in demo_class.CLASS if sample.kind == "wrong")
    for path, what in (
        ("grades.csv", "the grades, also of each graded cell; an absent student has none, which is not 0"),
        (f"feedback/{student}/{ASSIGNMENT}/{slug}.html", "what a student with a classic mistake reads, in a browser"),
        (f"feedback/ada/{ASSIGNMENT}/{slug}.html", "the same for a right solution"),
        (f"release/{ASSIGNMENT}/{slug}.ipynb", "what students got"),
    ):
        out.print(f"  demo/{path}\n      {what}", markup=False, highlight=False, soft_wrap=True)
    out.print("  cd demo && autograder doctor\n      what is still to be done in this course", highlight=False)
    out.print("  cd demo && jupyter lab\n      the same course in formgrader: Nbgrader > Formgrader", highlight=False)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TextColumn("left:"), TimeRemainingColumn(), console=err)

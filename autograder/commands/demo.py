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
from autograder.commands.grade import results_table
from autograder.commands.terminal import NEEDS_ATTENTION, ending_well, err, find_course, out
from autograder.course.errors import CourseError

if TYPE_CHECKING:
    from autograder.course.classrun import StudentResult
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
            _feedback(course, progress)
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
    from autograder.course.classrun import ClassRun, default_jobs

    task = progress.add_task(f"autograder grade {ASSIGNMENT}", total=None)
    results = ClassRun(course, ASSIGNMENT, course.secret(), jobs=default_jobs()).run(
        on_progress=lambda step: progress.update(task, completed=step.done),
        on_start=lambda total: progress.update(task, total=total),
    )
    samples = {sample.student: sample.stands_for for sample in demo_class.CLASS}
    return [replace(found, notes=(samples[found.row.student], *found.notes)) for found in results]


def _feedback(course: "Course", progress: Progress) -> None:
    """Make the feedback pages: several students at once, because each page takes a second."""
    from autograder.course.classrun import default_jobs

    students = sorted(path.parent.name for path in (course.root / "autograded").glob(f"*/{ASSIGNMENT}"))
    task = progress.add_task(f"nbgrader generate_feedback {ASSIGNMENT}", total=len(students))
    waiting, running = list(students), list[subprocess.Popen[bytes]]()
    while waiting or running:
        while waiting and len(running) < default_jobs():
            running.append(_start(course, ["generate_feedback", ASSIGNMENT, "--student", waiting.pop()]))
        ended = [process for process in running if process.poll() is not None]
        for process in ended:
            running.remove(process)
            _expect_success(course, process)
        progress.advance(task, len(ended))
        time.sleep(0.05)


def _run(course: "Course", progress: Progress, arguments: list[str]) -> None:
    task = progress.add_task(f"nbgrader {' '.join(arguments[:2])}", total=1)
    process = _start(course, arguments)
    try:
        process.wait()
    except BaseException:
        process.terminate()
        raise
    _expect_success(course, process)
    progress.advance(task)


def _start(course: "Course", arguments: list[str]) -> "subprocess.Popen[bytes]":
    """Start one of nbgrader's commands as an instructor would, its log kept in demo/."""
    beside = os.pathsep.join(filter(None, [str(Path(autograder.__path__[0]).parent), os.environ.get("PYTHONPATH")]))
    with _log(course, arguments[0]).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=course.root,
            env={**os.environ, "PYTHONPATH": beside},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


def _expect_success(course: "Course", process: "subprocess.Popen[bytes]") -> None:
    if process.returncode != 0:
        arguments = [str(argument) for argument in process.args[3:]]  # type: ignore[index]
        log = _log(course, arguments[0])
        err.print(f"`nbgrader {' '.join(arguments)}` failed; its log is {log}.", style="red", soft_wrap=True)
        raise typer.Exit(NEEDS_ATTENTION)


def _log(course: "Course", command: str) -> Path:
    return course.root / f"{command}.log"


def _report(course: "Course", results: "list[StudentResult]", seconds: float) -> None:
    out.print(results_table("The sample class", results))
    notebooks = sum(row.is_handed_in for result in results for row in result.row.notebooks.values())
    out.print(f"{len(results)} students, {notebooks} notebooks, {seconds:.0f} seconds.", highlight=False)
    waiting = sum(len(result.row.to_grade) for result in results)
    if waiting:
        out.print(f"{waiting} written answers wait for a person, in formgrader.", highlight=False)
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

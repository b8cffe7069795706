"""`autograder check`: one notebook, no gradebook."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from autograder.commands.terminal import CourseOption, IsolationOption, ending_well, err, find_course, out, take_secret
from autograder.course.errors import UnusableNotebook
from autograder.report.console import verdict_tables
from autograder.report.machine import verdict_object
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.course.exercise import Exercise
    from autograder.course.submission import HandedIn
    from autograder.grading.grader import Result


def check(
    notebook: Annotated[Path, typer.Argument(help="The notebook to grade.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    beside: Annotated[
        bool, typer.Option("--files", help="Also hand over the files beside the notebook, as for a submission.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Run it even if this very work was graded before.")] = False,
    course: CourseOption = None,
    isolation: IsolationOption = None,
) -> None:
    """Grade one notebook, without any gradebook.

    The exercise is recognised by the notebook's graded cells. Exit status: 0 when grading worked, whatever the score;
    2 when the notebook or the course cannot be used.
    """
    with ending_well():
        from autograder.course.reading import read_notebook_file

        content = read_notebook_file(notebook)
        found = find_course(course, notebook, isolation=isolation)
        exercise = _recognise(found, notebook, content)
        result = _grade(found, exercise, _submission(found, exercise, notebook, content, beside=beside), force=force)
        verdict = result.record.verdict
        if as_json:
            for note in verdict.notes:
                err.print(note, markup=False, highlight=False, soft_wrap=True)
            typer.echo(machine_text(verdict_object(str(notebook), verdict)))
        else:
            out.print(verdict_tables(str(notebook), verdict))


def _recognise(course: "Course", notebook: Path, content: bytes) -> "Exercise":
    from autograder.course.sealed import read_submitted

    exercise = course.recognise(read_submitted(content).cells, notebook.stem)
    if exercise is None:
        for problem in (problem for problems in course.broken.values() for problem in problems):
            err.print(problem, style="yellow", markup=False, highlight=False, soft_wrap=True)
        known = ", ".join(course.exercises) or "none"
        raise UnusableNotebook(
            f"{notebook} belongs to no exercise of this course: it has none of their graded cells (exercises: {known})."
        )
    return exercise


def _submission(course: "Course", exercise: "Exercise", notebook: Path, content: bytes, *, beside: bool) -> "HandedIn":
    """Read what belongs to the notebook: in submitted/ the files beside it, elsewhere only what the exercise gives."""
    from autograder.course.submission import HandedIn, read_submission

    source = course.source_directory / exercise.assignment
    submitted = course.root / str(course.config.get("CourseDirectory", {}).get("submitted_directory", "submitted"))
    is_submitted = notebook.resolve().is_relative_to(submitted)
    folder = notebook.parent if beside or is_submitted else source
    read = read_submission(folder, notebook.stem, source)
    return HandedIn(notebook=content, files=read.files, notes=read.notes)


def _grade(course: "Course", exercise: "Exercise", submission: "HandedIn", *, force: bool) -> "Result":
    from autograder.grading.grader import Grader, LazyEngine

    secret = take_secret(course)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress, LazyEngine(course) as engine:
        progress.add_task(f"grading {exercise.name}", total=None)
        return Grader(course, secret, engine).grade_alone(submission, exercise, force=force)

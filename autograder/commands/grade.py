"""`autograder grade`: everything handed in for an assignment."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from autograder.commands.terminal import (
    NEEDS_ATTENTION,
    CourseOption,
    IsolationOption,
    ending_well,
    err,
    find_course,
    out,
    take_secret,
)
from autograder.report.console import ClassLine, class_table

if TYPE_CHECKING:
    from autograder.course.classrun import StudentResult
    from autograder.course.progress import Progress as Step


def grade(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    student: Annotated[str, typer.Option("--student", help="Grade one student only.", show_default="all")] = "*",
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Notebooks graded at once.", show_default="one a core")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade again what was graded before.")] = False,
    course: CourseOption = None,
    isolation: IsolationOption = None,
) -> None:
    """Grade everything handed in for an assignment that is not graded yet.

    Verdicts are kept as they are found: stopped anywhere, the same command goes on from there. Exit status: 0 when
    grading worked, 1 when some work could not be graded, 2 when the course cannot be used.
    """
    with ending_well():
        from autograder.course.classrun import ClassRun, default_jobs

        found = find_course(course, isolation=isolation)
        run = ClassRun(found, assignment, take_secret(found), jobs=jobs or default_jobs(), force=force)
        with _progress() as progress:
            task = progress.add_task(assignment, total=None)
            counts: Counter[bool] = Counter()

            def on_progress(step: "Step") -> None:
                counts[step.is_new] += 1
                described = f"{assignment}: {counts[True]} judged, {counts[False]} known"
                progress.update(task, description=described, completed=step.done, total=step.total)

            results = run.run(student, on_progress, lambda total: progress.update(task, total=total))
        out.print(class_table(assignment, [class_line(result) for result in results]))
        out.print(_summary(results), highlight=False)
        if any(result.problem for result in results):
            raise typer.Exit(NEEDS_ATTENTION)


def class_line(result: "StudentResult") -> ClassLine:
    """Return a student's line in the table of a class run.

    Args:
        result: What the run says about the student.
    """
    row = result.row
    notes = [result.problem] if result.problem else []
    notes += _late(row.seconds_late)
    if row.undecided:
        notes.append(f"to be decided by hand in formgrader: {', '.join(row.undecided)}")
    notes += result.notes
    return ClassLine(
        student=row.student,
        points=None if row.is_absent or result.problem else row.points,
        max_points=sum(notebook.max_points for notebook in row.notebooks.values()),
        outcome=_outcome(result),
        notes=tuple(notes),
        needs_attention=bool(result.problem or row.undecided),
    )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=err,
    )


def _outcome(result: "StudentResult") -> str:
    if result.problem:
        return "not graded"
    if result.row.is_absent:
        return "absent"
    if result.row.undecided:
        return "undecided"
    return "written answers open" if result.row.to_grade else "graded"


def _late(seconds: float) -> list[str]:
    if seconds <= 0:
        return []
    hours = seconds / 3600
    amount = (
        f"{hours / 24:.1f} days"
        if hours >= 48
        else f"{hours:.1f} hours"
        if hours >= 1
        else f"{seconds / 60:.0f} minutes"
    )
    return [f"late by {amount}"]


def _summary(results: list["StudentResult"]) -> str:
    outcomes = Counter(_outcome(result) for result in results)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return f"{len(results)} student{'s' if len(results) != 1 else ''}: {counted or 'nobody has handed anything in'}."

"""`autograder engine ...`: an engine that stays warm between commands."""

from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.terminal import CourseOption, ending_well, find_course, out
from autograder.course.errors import CourseError

if TYPE_CHECKING:
    from autograder.grading.resident import Status

app = typer.Typer(
    help="An engine that stays, so that the next notebook waits for no import: start, status, stop.",
    no_args_is_help=True,
)

JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Notebooks at once.", show_default="cores and a quarter")
]
IdleOption = Annotated[
    float, typer.Option("--idle-minutes", min=0.1, help="It ends when nobody has asked for so long.")
]


@app.command()
def start(*, jobs: JobsOption = None, idle_minutes: IdleOption = 30.0, course: CourseOption = None) -> None:
    """Start an engine for this course in the background, and return when it is warm.

    `autograder check`, `grade`, `explain` and `regrade`, `nbgrader autograde` and formgrader use it from then on; only
    you can reach it. A check page that you mend counts at once. When anything else changes that it has imported, it
    ends, and commands start an engine of their own as ever. It keeps about 1.4 GB of memory.

    Example: autograder engine start --idle-minutes 120
    """
    with ending_well():
        from autograder.classes.verdicts import default_jobs
        from autograder.grading import resident

        found = find_course(course)
        there = resident.start(found, jobs or default_jobs(), idle_minutes)
        _say(there)


@app.command()
def status(*, course: CourseOption = None) -> None:
    """Say whether there is an engine for this course. Exit status: 0 if there is, 1 if not."""
    with ending_well():
        from autograder.grading import resident

        there = resident.status(find_course(course))
        if there is None:
            out.print("No engine of this course is running; `autograder engine start` starts one.", highlight=False)
            raise typer.Exit(1)
        _say(there)


@app.command()
def stop(*, course: CourseOption = None) -> None:
    """End the engine of this course, once it has graded what it is grading."""
    with ending_well():
        from autograder.grading import resident

        if not resident.stop(find_course(course)):
            raise CourseError("No engine of this course is running; there is nothing to stop.")
        out.print("The engine ends.", highlight=False)


@app.command(hidden=True)
def serve(*, jobs: JobsOption = None, idle_minutes: IdleOption = 30.0, course: CourseOption = None) -> None:
    """Be the engine that `start` starts."""
    with ending_well():
        from autograder.classes.verdicts import default_jobs
        from autograder.grading import grader, resident

        found = find_course(course)
        slots = jobs or default_jobs()
        path = resident.socket_path(found)
        with grader.start_engine(found, slots) as engine:
            resident.Host(found, engine, slots, idle_minutes).serve(path)


def _say(there: "Status") -> None:
    what = f"The engine (process {there.pid}) is warm: {there.slots} notebooks at once, {there.graded} graded"
    out.print(f"{what}, {there.idle}.", highlight=False, soft_wrap=True)

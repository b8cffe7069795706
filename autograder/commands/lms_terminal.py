"""What the commands of `autograder lms` share: options, and how they end."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.terminal import NEEDS_ATTENTION, out

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.lms.results import Results

DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done; write and send nothing.", show_default=False)
]
AssignmentOption = Annotated[
    str, typer.Option("--assignment", help="The assignment, a folder in source/.", show_default="the only one")
]
ExerciseOption = Annotated[
    str, typer.Option("--exercise", help="Only this notebook of the assignment.", show_default="all together")
]
ToOption = Annotated[Path, typer.Option("--to", help="Where to write; a file or folder.")]


def finish(results: "Results", *, dry_run: bool) -> None:
    """Print a command's table and end with status 1 if anything needs a person.

    Args:
        results: What was done.
        dry_run: Whether nothing really was.
    """
    from autograder.lms.results import results_table

    out.print(results_table(results, is_dry_run=dry_run))
    if results.needs_person:
        raise typer.Exit(NEEDS_ATTENTION)


def choose_assignment(course: "Course", assignment: str) -> str:
    """Return the assignment a command is about.

    Args:
        course: The course.
        assignment: What `--assignment` said, or empty.

    Raises:
        LmsError: None was named and there are several.
    """
    from autograder.lms.errors import LmsError

    known = sorted({exercise.assignment for exercise in course.exercises.values()})
    if assignment:
        course.exercises_of(assignment)
        return assignment
    if len(known) != 1:
        raise LmsError(f"Name the assignment with --assignment; the course has {', '.join(known) or 'none'}.")
    return known[0]

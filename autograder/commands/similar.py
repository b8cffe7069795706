"""`autograder similar`: pairs of submissions whose own code is alike."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.commands.terminal import CourseOption, ending_well, err, find_course, out
from autograder.report.visible import machine_text


def similar(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="The page to write.", show_default="similar_ASSIGNMENT.html")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Pairs of an exercise shown side by side.")] = 40,
    also: Annotated[
        list[Path] | None,
        typer.Option("--also", help="Compare with another term too: its course folder.", show_default=False),
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Name students; otherwise they are numbered.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON and write no page.")] = False,
    course: CourseOption = None,
) -> None:
    """Show pairs of submissions whose own code is alike, side by side, with how common that is in the class.

    A hint, never a verdict. Released code, imports and comments are left out; renamed variables, other numbers and
    reordered cells make no difference. Reads what lies in submitted/, runs nothing and changes nothing. Example:

        autograder similar transfer_learning --names
    """
    with ending_well():
        from autograder.course.whole_files import write_whole
        from autograder.instruments.similar import count_alike, similar_object, similar_page, similar_work

        found_course = find_course(course)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
            task = bar.add_task(assignment, total=None)
            found = similar_work(
                found_course,
                assignment,
                most,
                also or (),
                lambda done, total: bar.update(task, completed=done, total=total),
            )
        if as_json:
            typer.echo(machine_text(similar_object(found, with_names=names)))
            return
        page = to or Path(f"similar_{assignment}.html")
        write_whole(page, similar_page(found, with_names=names).encode("utf-8", "replace"), private=True)
        alike = count_alike(found.exercises)
        said = f"{alike} pair{'' if alike == 1 else 's'} alike" if alike else "no two alike"
        out.print(f"{assignment}: {found.students} students, {said}; written to {page}.", markup=False)

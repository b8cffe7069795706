"""`autograder report`: what a class has learned, and which checks deserve a look."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.terminal import CourseOption, ending_well, find_course, out
from autograder.report.visible import machine_text


def report(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="The page to write.", show_default="report_ASSIGNMENT.html")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Also write the figures of all checks here.", show_default=False)
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Name students; otherwise they are only counted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON and write no page.")] = False,
    course: CourseOption = None,
) -> None:
    """Show what the class has learned: points, difficulty of each check, what went wrong most often, who waits.

    Reads gradebook and verdicts and changes neither. Below 20 students it counts only. Example:

        autograder report transfer_learning --csv checks.csv
    """
    with ending_well():
        from autograder.course.whole_files import write_whole
        from autograder.instruments.reporting import class_report, report_csv, report_object, report_page

        made = class_report(find_course(course), assignment)
        if csv is not None:
            write_whole(csv, report_csv(made), private=True)
        if as_json:
            typer.echo(machine_text(report_object(made, with_names=names)))
            return
        page = to or Path(f"report_{assignment}.html")
        write_whole(page, report_page(made, with_names=names).encode("utf-8"), private=True)
        written = [str(path) for path in (page, csv) if path is not None]
        out.print(f"{assignment}: {len(made.students)} students; written to {' and '.join(written)}.", markup=False)

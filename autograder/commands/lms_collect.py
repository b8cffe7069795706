"""`autograder lms collect moodle|canvas`: downloaded submissions into submitted/."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from autograder.commands.lms_terminal import AssignmentOption, DryRunOption, choose_assignment, finish
from autograder.commands.terminal import CourseOption, ending_well, find_course, take_secret

app = typer.Typer(
    help="""Put downloaded submissions into submitted/, each under its student's id.

    Nothing newer is ever overwritten. Exit status: 0 when all is well, 1 when something needs a person, 2 when a file
    is refused, and then nothing is written.""",
    no_args_is_help=True,
)

Archive = Annotated[Path, typer.Argument(help="The archive of submissions, as downloaded.", show_default=False)]
Roster = Annotated[
    Path | None,
    typer.Option(
        "--roster", help="CSV with columns id, email, first_name, last_name: your own student ids.", show_default=False
    ),
]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Take these files also where nothing tells which are newer; the others are kept."),
]


@app.command()
def moodle(
    archive: Archive,
    *,
    worksheet: Annotated[
        Path, typer.Option("--worksheet", help="The grading worksheet of the same assignment.", show_default=False)
    ],
    assignment: AssignmentOption = "",
    time_zone: Annotated[
        str,
        typer.Option(
            "--time-zone", help="Your time zone in Moodle, e.g. Europe/Berlin.", show_default="this machine's"
        ),
    ] = "",
    roster: Roster = None,
    replace: Replace = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Collect "Download all submissions", in folders or flat, blind or by team. Drafts are left out and listed."""
    with ending_well():
        from autograder.lms.errors import LmsError
        from autograder.lms.moodle_collect import MoodleDownload, collect_moodle

        try:
            zone = ZoneInfo(time_zone) if time_zone else None
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise LmsError(f"There is no time zone {time_zone!r}; write it like Europe/Berlin.") from error
        found = find_course(course)
        download = MoodleDownload(archive, worksheet, zone, roster)
        chosen = choose_assignment(found, assignment)
        finish(collect_moodle(found, chosen, download, dry_run=dry_run, replace=replace), dry_run=dry_run)


@app.command()
def canvas(
    archive: Archive,
    *,
    gradebook: Annotated[
        Path, typer.Option("--gradebook", help="The course's gradebook, exported as CSV.", show_default=False)
    ],
    assignment: AssignmentOption = "",
    roster: Roster = None,
    replace: Replace = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Collect "Download Submissions"."""
    with ending_well():
        from autograder.lms.canvas_collect import CanvasDownload, collect_canvas

        found = find_course(course)
        download = CanvasDownload(archive, gradebook, roster)
        chosen = choose_assignment(found, assignment)
        finish(collect_canvas(found, chosen, download, dry_run=dry_run, replace=replace), dry_run=dry_run)


def best(*, assignment: AssignmentOption = "", dry_run: DryRunOption = False, course: CourseOption = None) -> None:
    """Let each student's best attempt count instead of the latest; all are kept."""
    with ending_well():
        from autograder.lms.attempts import count_best

        found = find_course(course)
        chosen = choose_assignment(found, assignment)
        finish(count_best(found, chosen, take_secret(found), dry_run=dry_run), dry_run=dry_run)

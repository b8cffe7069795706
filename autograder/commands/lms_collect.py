"""`autograder lms collect moodle|canvas`: downloaded submissions into submitted/; which attempt counts; extra time."""

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from autograder.commands.lms_platforms import Insecure, Reach, TokenFile, canvas_at, moodle_at
from autograder.commands.lms_terminal import AssignmentOption, DryRunOption, choose_assignment, finish
from autograder.commands.terminal import CourseOption, ending_well, find_course, take_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autograder.course.course import Course
    from autograder.lms.due_dates import DueDates
    from autograder.lms.outgoing import Outgoing
    from autograder.lms.push.people import Collected

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
DueDatesOption = Annotated[
    Path | None,
    typer.Option("--due-dates", help="CSV with columns id and due: students with extra time.", show_default=False),
]
TimeZone = Annotated[
    str,
    typer.Option("--time-zone", help="Of times without one, e.g. Europe/Berlin.", show_default="this machine's"),
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
    due_dates: DueDatesOption = None,
    replace: Replace = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Collect "Download all submissions", in folders or flat, blind or by team. Drafts are left out and listed."""
    with ending_well():
        from autograder.lms.moodle.collect import MoodleDownload, collect_moodle

        zone = _zone(time_zone)
        found = find_course(course)
        download = MoodleDownload(archive, worksheet, zone, roster, _due_dates(due_dates, zone))
        chosen = choose_assignment(found, assignment)
        finish(collect_moodle(found, chosen, download, dry_run=dry_run, replace=replace), dry_run=dry_run)


@app.command()
def canvas(
    archive: Archive,
    *,
    gradebook: Annotated[
        Path, typer.Option("--gradebook", help="The course's gradebook, exported as CSV.", show_default=False)
    ],
    groups: Annotated[
        Path | None,
        typer.Option("--groups", help="Of a group assignment: Canvas's roster of the group set.", show_default=False),
    ] = None,
    assignment: AssignmentOption = "",
    roster: Roster = None,
    due_dates: DueDatesOption = None,
    time_zone: TimeZone = "",
    replace: Replace = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Collect "Download Submissions"."""
    with ending_well():
        from autograder.lms.canvas.collect import CanvasDownload, collect_canvas

        found = find_course(course)
        download = CanvasDownload(archive, gradebook, roster, _due_dates(due_dates, _zone(time_zone)), groups)
        chosen = choose_assignment(found, assignment)
        finish(collect_canvas(found, chosen, download, dry_run=dry_run, replace=replace), dry_run=dry_run)


def due_dates(
    table: Annotated[
        Path | None, typer.Argument(help="CSV with columns id and due; empty takes one back.", show_default=False)
    ] = None,
    *,
    moodle: Annotated[
        str, typer.Option("--moodle", help="Address of the assignment on Moodle: its extensions.", show_default=False)
    ] = "",
    canvas: Annotated[
        str, typer.Option("--canvas", help="Address of the assignment on Canvas: its due dates.", show_default=False)
    ] = "",
    token_file: TokenFile = None,
    insecure: Insecure = False,
    assignment: AssignmentOption = "",
    time_zone: TimeZone = "",
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Give single students extra time: a due date of their own, also where lateness has been counted already."""
    with ending_well():
        from autograder.lms.due_dates import class_due_or_refused, extended, note_times, read_due_dates, set_due_dates
        from autograder.lms.errors import LmsError
        from autograder.lms.push.extra_time import due_dates_of, times_of
        from autograder.lms.results import Results

        found = find_course(course)
        chosen = choose_assignment(found, assignment)
        results = Results(f"Due dates of {chosen}")
        if sum(map(bool, (table, moodle, canvas))) != 1:
            raise LmsError("Name one source of due dates: a table, or --moodle or --canvas with an address.")
        if table is not None:
            given = read_due_dates(table, _zone(time_zone))
        else:
            with _asked(found, chosen, (moodle, canvas), Reach(token_file, insecure)) as asked:
                own = class_due_or_refused(found, chosen), extended(found, chosen)
                given = due_dates_of(*asked, results, own)
                if canvas:
                    note_times(found, chosen, times_of(*asked), results, dry_run=dry_run)
        set_due_dates(found, chosen, given, results, dry_run=dry_run)
        finish(results, dry_run=dry_run)


@contextmanager
def _asked(
    course: "Course", assignment: str, addresses: tuple[str, str], reach: Reach
) -> "Iterator[tuple[Any, list[Outgoing], dict[str, Collected]]]":
    """The assignment on the LMS, the students, and whom their work was collected from."""
    from autograder.lms.outgoing import outgoing
    from autograder.lms.push.errors import NoAnswer, PlatformRefused
    from autograder.lms.push.people import collected_from

    moodle, canvas = addresses
    reached: Any = moodle_at(moodle, reach) if moodle else canvas_at(canvas, reach)
    try:
        with reached as platform:
            collected = collected_from(course, assignment, "moodle" if moodle else "canvas")
            yield platform, outgoing(course, assignment), collected
    except NoAnswer as problem:
        raise PlatformRefused(f"{problem}; run the same command again later.") from problem


def best(*, assignment: AssignmentOption = "", dry_run: DryRunOption = False, course: CourseOption = None) -> None:
    """Let each student's best attempt count instead of the latest; all are kept."""
    with ending_well():
        from autograder.lms.attempts import count_best

        found = find_course(course)
        chosen = choose_assignment(found, assignment)
        finish(count_best(found, chosen, take_secret(found), dry_run=dry_run), dry_run=dry_run)


def _zone(name: str) -> ZoneInfo | None:
    from autograder.lms.errors import LmsError

    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise LmsError(f"There is no time zone {name!r}; write it like Europe/Berlin.") from error


def _due_dates(table: Path | None, zone: ZoneInfo | None) -> "DueDates | None":
    from autograder.lms.due_dates import read_due_dates

    return read_due_dates(table, zone) if table else None

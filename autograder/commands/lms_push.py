"""`autograder lms push moodle|canvas|lti`: grades, comments and feedback pages straight to the LMS, each once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from autograder.commands.lms_platforms import (
    Again,
    AnswerSeconds,
    Insecure,
    NoPages,
    Overwriting,
    OverwritingComments,
    OverwritingFiles,
    OverwritingMarks,
    Reach,
    Rescale,
    TokenFile,
    canvas_at,
    lti_at,
    moodle_at,
)
from autograder.commands.lms_terminal import DryRunOption, finish
from autograder.commands.terminal import CourseOption, ending_well, err, find_course

if TYPE_CHECKING:
    from autograder.lms.push.sending import Platform, SentRow
    from autograder.lms.results import Results

app = typer.Typer(
    help="""Send grades, comments and feedback pages through the LMS's own interface.

    A ledger remembers what each student got: a second run sends only what is new, and a run that was stopped goes on
    where it was. Exit status: 0 when everything is there, 1 when something needs a person.""",
    no_args_is_help=True,
)

Assignment = Annotated[str, typer.Argument(help="The nbgrader assignment.", show_default=False)]
Only = Annotated[str | None, typer.Option("--student", help="Send to this nbgrader student only.", show_default=False)]


@app.command()
def moodle(
    assignment: Assignment,
    address: Annotated[str, typer.Argument(help="Address of the assignment's page on Moodle.", show_default=False)],
    *,
    token_file: TokenFile = None,
    rescale: Rescale = False,
    no_pages: NoPages = False,
    student: Only = None,
    overwrite: Overwriting = False,
    overwrite_comments: OverwritingComments = False,
    overwrite_files: OverwritingFiles = False,
    overwrite_marks: OverwritingMarks = False,
    again: Again = False,
    dry_run: DryRunOption = False,
    insecure: Insecure = False,
    answer_seconds: AnswerSeconds = 60.0,
    course: CourseOption = None,
) -> None:
    """Send to a Moodle assignment. The token is taken from MOODLE_TOKEN or a file."""
    with ending_well():
        reach = Reach(token_file, insecure, answer_seconds)
        over = (overwrite, overwrite_comments, overwrite_files, overwrite_marks)
        with moodle_at(address, reach, overwrite=over, rescale=rescale, with_pages=not no_pages) as platform:
            asked = Asked(course, assignment, student, dry_run, again, with_pages=not no_pages, lms="moodle")
            finish(push_to(platform, asked), dry_run=dry_run)


@app.command()
def canvas(
    assignment: Assignment,
    address: Annotated[str, typer.Argument(help="Address of the assignment's page on Canvas.", show_default=False)],
    *,
    token_file: TokenFile = None,
    rescale: Rescale = False,
    no_pages: NoPages = False,
    student: Only = None,
    overwrite: Overwriting = False,
    again: Again = False,
    dry_run: DryRunOption = False,
    insecure: Insecure = False,
    answer_seconds: AnswerSeconds = 60.0,
    course: CourseOption = None,
) -> None:
    """Send to a Canvas assignment. The token is taken from CANVAS_TOKEN or a file."""
    with ending_well():
        reach = Reach(token_file, insecure, answer_seconds)
        with canvas_at(address, reach, overwrite=overwrite, rescale=rescale, with_pages=not no_pages) as platform:
            asked = Asked(course, assignment, student, dry_run, again, with_pages=not no_pages, lms="canvas")
            finish(push_to(platform, asked), dry_run=dry_run)


@app.command()
def lti(
    assignment: Assignment,
    settings: Annotated[Path, typer.Argument(help="lti.toml: registration and addresses.", show_default=False)],
    *,
    student: Only = None,
    overwrite: Overwriting = False,
    overwrite_comments: OverwritingComments = False,
    again: Again = False,
    dry_run: DryRunOption = False,
    insecure: Insecure = False,
    answer_seconds: AnswerSeconds = 60.0,
    course: CourseOption = None,
) -> None:
    """Send scores and comments by LTI 1.3 (Assignment and Grade Services), which carries no feedback pages."""
    with ending_well():
        reach, over = Reach(None, insecure, answer_seconds), (overwrite, overwrite_comments)
        with lti_at(settings, assignment, reach, overwrite=over, may_make=not dry_run) as platform:
            asked = Asked(course, assignment, student, dry_run, again, with_pages=False)
            finish(push_to(platform, asked), dry_run=dry_run)


@dataclass(frozen=True)
class Asked:
    """What the options of a push say, whatever the LMS."""

    course: Path | None
    assignment: str
    student: str | None = None
    dry_run: bool = False
    again: bool = False
    with_pages: bool = True
    lms: str = ""
    """Whose collecting says whom work came from; empty for none."""


def push_to(platform: "Platform", asked: Asked) -> "Results":
    """Send to a platform.

    Args:
        platform: Where to.
        asked: What the options say.

    Returns:
        One row a student.
    """
    from autograder.course.errors import CourseError
    from autograder.lms.holding import page_problems
    from autograder.lms.outgoing import outgoing
    from autograder.lms.push.errors import NoAnswer, PlatformRefused
    from autograder.lms.push.ledger import open_ledger
    from autograder.lms.push.people import collected_from
    from autograder.lms.push.sending import push

    found, assignment = find_course(asked.course), asked.assignment
    entries = outgoing(found, assignment)
    if asked.student is not None:
        entries = [entry for entry in entries if entry.student == asked.student]
        if not entries:
            raise CourseError(f"The gradebook knows no student '{asked.student}'.")
    collected = collected_from(found, assignment, asked.lms) if asked.lms else {}
    if not asked.with_pages:
        entries = [replace(entry, pages={}) for entry in entries]
    elif any(entry.pages for entry in entries):
        problems = {entry.student: "; ".join(page_problems(found, assignment, entry)) for entry in entries}
        entries = [replace(entry, page_problem=problems[entry.student]) for entry in entries]
    elif any(not entry.is_absent for entry in entries):
        err.print(
            f"There are no feedback pages yet, so none are sent; `nbgrader generate_feedback {assignment}` makes them.",
            style="yellow",
            soft_wrap=True,
        )
    try:
        with (
            open_ledger(found.state_directory / "lms", platform.ledger_name) as ledger,
            _progress(len(entries)) as advance,
        ):
            rows = push(
                entries,
                platform,
                ledger,
                dry_run=asked.dry_run,
                again=asked.again,
                collected=collected,
                on_progress=advance,
            )
    except NoAnswer as problem:
        raise PlatformRefused(f"{problem}; nothing more was sent, run the same command again later.") from problem
    return _results(assignment, rows)


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[SentRow], None]]":
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left:"), TimeRemainingColumn(), console=err, transient=True) as progress:
        task = progress.add_task("sending", total=total)
        yield lambda _: progress.advance(task)


def _results(assignment: str, rows: "list[SentRow]") -> "Results":
    from autograder.lms.push.sending import SendStatus
    from autograder.lms.results import Did, Results

    kinds = {
        SendStatus.SENT: Did.DONE,
        SendStatus.WOULD_SEND: Did.DONE,
        SendStatus.ALREADY: Did.SKIPPED,
        SendStatus.ABSENT: Did.SKIPPED,
    }
    results = Results(f"Grades of {assignment} for the LMS")
    for row in rows:
        who = row.student if row.name in ("", row.student) else f"{row.student} ({row.name})"
        did = kinds.get(row.status, Did.PERSON)
        seen = {"there": row.there, "sends": row.sends, "stays": row.stays}
        results.add(did, who, row.why, row.points, row.status.value, **seen)
    return results

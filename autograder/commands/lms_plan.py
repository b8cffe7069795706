"""`autograder lms plan …`: what would be sent to whom, what stands there now, what stays, before anything is sent."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from autograder.commands.lms_push import Asked, push_to
from autograder.commands.lms_terminal import choose_assignment
from autograder.commands.terminal import NEEDS_ATTENTION, CourseOption, ending_well, find_course, out

if TYPE_CHECKING:
    from autograder.lms.results import Results

app = typer.Typer(
    help="""Show what would be sent to whom, what stands there now, and what stays; nothing is sent.

    Exit status: 0 when all could go, 1 when something needs a person, 2 when the LMS or a file is refused.""",
    no_args_is_help=True,
)

Assignment = Annotated[str, typer.Argument(help="The nbgrader assignment.", show_default=False)]
Where = Annotated[
    str,
    typer.Argument(help="Address of the assignment's page, for a push; or the file of the LMS.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to standard output.")]
Page = Annotated[Path | None, typer.Option("--page", help="Write a page to this file.", show_default=False)]
Column = Annotated[str, typer.Option("--column", help="Title of the column.", show_default="the assignment's name")]
TeamFeedbackOption = Annotated[
    str, typer.Option("--team-feedback", help="For a worksheet: group or participant, as in `lms grades moodle`.")
]


@app.command()
def moodle(
    assignment: Assignment,
    where: Where,
    *,
    rescale: Rescale = False,
    no_pages: NoPages = False,
    overwrite: Overwriting = False,
    overwrite_comments: OverwritingComments = False,
    overwrite_files: OverwritingFiles = False,
    overwrite_marks: OverwritingMarks = False,
    again: Again = False,
    team_feedback: TeamFeedbackOption = "none",
    token_file: TokenFile = None,
    insecure: Insecure = False,
    answer_seconds: AnswerSeconds = 60.0,
    as_json: AsJson = False,
    page: Page = None,
    course: CourseOption = None,
) -> None:
    """Plan a push to a Moodle assignment, or the filling of a grading worksheet."""
    with ending_well():
        from autograder.lms.moodle.grades import MoodleReturn, team_feedback_of, write_moodle

        if "://" not in where:
            found = find_course(course)
            sheet = MoodleReturn(
                Path(where),
                Path(),
                rescale=rescale,
                with_pages=not no_pages,
                overwrite=overwrite,
                overwrite_comments=overwrite_comments,
                overwrite_marks=overwrite_marks,
                again=again,
                team_feedback=team_feedback_of(team_feedback),
            )
            _show(write_moodle(found, choose_assignment(found, assignment), sheet, dry_run=True), page, as_json=as_json)
            return
        reach = Reach(token_file, insecure, answer_seconds)
        over = (overwrite, overwrite_comments, overwrite_files, overwrite_marks)
        with moodle_at(where, reach, overwrite=over, rescale=rescale, with_pages=not no_pages) as platform:
            asked = Asked(course, assignment, dry_run=True, again=again, with_pages=not no_pages, lms="moodle")
            _show(push_to(platform, asked), page, as_json=as_json)


@app.command()
def canvas(
    assignment: Assignment,
    where: Where,
    *,
    column: Column = "",
    rescale: Rescale = False,
    no_pages: NoPages = False,
    overwrite: Overwriting = False,
    again: Again = False,
    token_file: TokenFile = None,
    insecure: Insecure = False,
    answer_seconds: AnswerSeconds = 60.0,
    as_json: AsJson = False,
    page: Page = None,
    course: CourseOption = None,
) -> None:
    """Plan a push to a Canvas assignment, or the filling of an exported gradebook."""
    with ending_well():
        from autograder.lms.canvas.grades import CanvasReturn, write_canvas

        if "://" not in where:
            found = find_course(course)
            book = CanvasReturn(Path(where), Path(), column=column, rescale=rescale, overwrite=overwrite)
            _show(write_canvas(found, choose_assignment(found, assignment), book, dry_run=True), page, as_json=as_json)
            return
        reach = Reach(token_file, insecure, answer_seconds)
        with canvas_at(where, reach, overwrite=overwrite, rescale=rescale, with_pages=not no_pages) as platform:
            asked = Asked(course, assignment, dry_run=True, again=again, with_pages=not no_pages, lms="canvas")
            _show(push_to(platform, asked), page, as_json=as_json)


@app.command()
def lti(
    assignment: Assignment,
    settings: Annotated[Path, typer.Argument(help="lti.toml: registration and addresses.", show_default=False)],
    *,
    overwrite: Overwriting = False,
    overwrite_comments: OverwritingComments = False,
    again: Again = False,
    insecure: Insecure = False,
    answer_seconds: AnswerSeconds = 60.0,
    as_json: AsJson = False,
    page: Page = None,
    course: CourseOption = None,
) -> None:
    """Plan a push of scores by LTI 1.3."""
    with ending_well():
        reach, over = Reach(None, insecure, answer_seconds), (overwrite, overwrite_comments)
        with lti_at(settings, assignment, reach, overwrite=over, may_make=False) as platform:
            asked = Asked(course, assignment, dry_run=True, again=again, with_pages=False)
            _show(push_to(platform, asked), page, as_json=as_json)


@app.command()
def brightspace(
    assignment: Assignment,
    export: Annotated[Path, typer.Argument(help="The gradebook as Brightspace exported it.", show_default=False)],
    *,
    column: Column = "",
    rescale: Rescale = False,
    overwrite: Overwriting = False,
    as_json: AsJson = False,
    page: Page = None,
    course: CourseOption = None,
) -> None:
    """Plan the filling of an export of Brightspace."""
    with ending_well():
        from autograder.lms.other_grades import OtherReturn, write_brightspace

        found = find_course(course)
        asked = OtherReturn(export, Path(), column, rescale=rescale, overwrite=overwrite)
        results = write_brightspace(found, choose_assignment(found, assignment), asked, dry_run=True)
        _show(results, page, as_json=as_json)


@app.command()
def blackboard(
    assignment: Assignment,
    export: Annotated[Path, typer.Argument(help="The gradebook as Blackboard exported it.", show_default=False)],
    *,
    column: Column = "",
    rescale: Rescale = False,
    overwrite: Overwriting = False,
    as_json: AsJson = False,
    page: Page = None,
    course: CourseOption = None,
) -> None:
    """Plan the filling of an export of Blackboard."""
    with ending_well():
        from autograder.lms.other_grades import OtherReturn, write_blackboard

        found = find_course(course)
        asked = OtherReturn(export, Path(), column, rescale=rescale, overwrite=overwrite)
        results = write_blackboard(found, choose_assignment(found, assignment), asked, dry_run=True)
        _show(results, page, as_json=as_json)


def _show(results: "Results", page: Path | None, *, as_json: bool) -> None:
    from autograder.course.whole_files import write_whole
    from autograder.lms.plan import as_json as json_text
    from autograder.lms.plan import as_page
    from autograder.lms.results import results_table

    if page is not None:
        write_whole(page, as_page(results).encode(), private=True)
    if as_json:
        typer.echo(json_text(results))
    else:
        out.print(results_table(results, is_dry_run=True, is_plan=True))
    if results.needs_person:
        raise typer.Exit(NEEDS_ATTENTION)

"""`autograder lms grades moodle|canvas|brightspace|blackboard|csv`: grades and feedback as files an LMS takes."""

from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from autograder.commands.lms_platforms import OverwritingMarks
from autograder.commands.lms_terminal import AssignmentOption, DryRunOption, choose_assignment, finish
from autograder.commands.terminal import CourseOption, ending_well, find_course


class _ByFormat(typer.core.TyperGroup):
    """`lms grades --format canvas …` is another way to say `lms grades canvas …`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """See click."""
        for place, word in enumerate(args):
            name, _, value = word.partition("=")
            if name == "--format":
                rest = args[place + 1 :] if value else args[place + 2 :]
                chosen = value or " ".join(args[place + 1 : place + 2])
                return super().parse_args(ctx, [chosen, *args[:place], *rest])
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_ByFormat,
    help="""Write grades and feedback as files an LMS takes.

    What the LMS would silently drop or damage is held back, with the reason. Exit status: 0 when every grade is
    written, 1 when something needs a person, 2 when a file is refused, and then nothing is written.""",
    no_args_is_help=True,
)

Rescale = Annotated[bool, typer.Option("--rescale", help="Convert points to the LMS's own maximum.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Also exchange grades that somebody entered in the LMS.")]
Penalties = Annotated[
    bool, typer.Option("--late-penalties", help="Take off what nbgrader took off; switch it off in the LMS then.")
]


@app.command()
def moodle(
    *,
    worksheet: Annotated[
        Path, typer.Option("--worksheet", help="The grading worksheet, freshly downloaded.", show_default=False)
    ],
    assignment: AssignmentOption = "",
    to: Annotated[Path, typer.Option("--to", help="Folder for the worksheet and the feedback zip.")] = Path(),
    exercise: Annotated[str, typer.Option("--exercise", help="Return one exercise only.", show_default="all")] = "",
    rescale: Rescale = False,
    overwrite: Overwrite = False,
    overwrite_comments: Annotated[
        bool, typer.Option("--overwrite-comments", help="Also exchange comments that somebody wrote in Moodle.")
    ] = False,
    overwrite_marks: OverwritingMarks = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Write everything once more: a file was not uploaded, or something was lost."),
    ] = False,
    late_penalties: Penalties = False,
    no_pages: Annotated[bool, typer.Option("--no-pages", help="Write no feedback zip.")] = False,
    max_zip: Annotated[
        str, typer.Option("--max-zip", help="Largest upload your site takes, e.g. 100M: writes numbered parts.")
    ] = "",
    team_feedback: Annotated[
        str, typer.Option(help="Number that Moodle finds a team's feedback files by: group or participant.")
    ] = "none",
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Fill a grading worksheet and write the feedback zip."""
    with ending_well():
        from autograder.lms.moodle.feedback_zip import size_of
        from autograder.lms.moodle.grades import MoodleReturn, team_feedback_of, write_moodle

        asked = MoodleReturn(
            worksheet,
            to,
            exercise=exercise,
            rescale=rescale,
            overwrite=overwrite,
            overwrite_comments=overwrite_comments,
            overwrite_marks=overwrite_marks,
            again=again,
            late_penalties=late_penalties,
            with_pages=not no_pages,
            team_feedback=team_feedback_of(team_feedback),
            most_zip_bytes=size_of(max_zip) if max_zip else 0,
        )
        found = find_course(course)
        finish(write_moodle(found, choose_assignment(found, assignment), asked, dry_run=dry_run), dry_run=dry_run)


@app.command()
def canvas(
    *,
    gradebook: Annotated[
        Path, typer.Option("--gradebook", help="The gradebook, freshly exported as CSV.", show_default=False)
    ],
    assignment: AssignmentOption = "",
    to: Annotated[Path, typer.Option("--to", help="The CSV file to write.")] = Path("canvas_grades.csv"),
    column: Annotated[
        str, typer.Option("--column", help="Title or id of the Canvas assignment.", show_default="the same name")
    ] = "",
    per_exercise: Annotated[bool, typer.Option("--per-exercise", help="One column for each exercise.")] = False,
    new_columns: Annotated[bool, typer.Option("--new-columns", help="Let Canvas make what it does not have.")] = False,
    rescale: Rescale = False,
    overwrite: Overwrite = False,
    late_penalties: Penalties = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Write a gradebook CSV for Canvas. It carries no comments: `autograder lms push canvas` does."""
    with ending_well():
        from autograder.lms.canvas.grades import CanvasReturn, write_canvas

        asked = CanvasReturn(
            gradebook,
            to,
            column=column,
            per_exercise=per_exercise,
            new_columns=new_columns,
            rescale=rescale,
            overwrite=overwrite,
            late_penalties=late_penalties,
        )
        found = find_course(course)
        finish(write_canvas(found, choose_assignment(found, assignment), asked, dry_run=dry_run), dry_run=dry_run)


@app.command(name="csv")
def plain(
    *,
    assignment: AssignmentOption = "",
    to: Annotated[Path, typer.Option("--to", help="The CSV file to write.")] = Path("grades.csv"),
    late_penalties: Penalties = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Write a plain CSV file: one line a student, a column for each exercise."""
    with ending_well():
        from autograder.lms.csv_grades import write_csv

        found = find_course(course)
        chosen = choose_assignment(found, assignment)
        finish(write_csv(found, chosen, to, late_penalties=late_penalties, dry_run=dry_run), dry_run=dry_run)


Export = Annotated[
    Path, typer.Option("--export", help="The gradebook as the LMS exported it: it has the keys.", show_default=False)
]
Column = Annotated[str, typer.Option("--column", help="Title of the column.", show_default="the assignment's name")]
MaxPoints = Annotated[
    float | None, typer.Option("--max-points", help="The column's maximum, where the export does not say.")
]


@app.command()
def brightspace(
    *,
    export: Export,
    assignment: AssignmentOption = "",
    to: Annotated[Path, typer.Option("--to", help="The CSV file to write.")] = Path("brightspace_grades.csv"),
    column: Column = "",
    max_points: MaxPoints = None,
    rescale: Rescale = False,
    overwrite: Overwrite = False,
    late_penalties: Penalties = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Write a CSV file for Brightspace (D2L), with the keys of its own export."""
    with ending_well():
        from autograder.lms.other_grades import OtherReturn, write_brightspace

        asked = OtherReturn(export, to, column, max_points, rescale, overwrite, late_penalties)
        found = find_course(course)
        finish(write_brightspace(found, choose_assignment(found, assignment), asked, dry_run=dry_run), dry_run=dry_run)


@app.command()
def blackboard(
    *,
    export: Export,
    assignment: AssignmentOption = "",
    to: Annotated[Path, typer.Option("--to", help="The CSV file to write.")] = Path("blackboard_grades.csv"),
    column: Column = "",
    max_points: MaxPoints = None,
    rescale: Rescale = False,
    overwrite: Overwrite = False,
    late_penalties: Penalties = False,
    dry_run: DryRunOption = False,
    course: CourseOption = None,
) -> None:
    """Write a CSV file for Blackboard, with the keys of its own export."""
    with ending_well():
        from autograder.lms.other_grades import OtherReturn, write_blackboard

        asked = OtherReturn(export, to, column, max_points, rescale, overwrite, late_penalties)
        found = find_course(course)
        finish(write_blackboard(found, choose_assignment(found, assignment), asked, dry_run=dry_run), dry_run=dry_run)

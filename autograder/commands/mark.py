"""`autograder mark`: written answers, marked by a person on a page of this machine."""

import getpass
import webbrowser
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from autograder.commands.terminal import CourseOption, ending_well, err, find_course, out
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.marking.desk import Desk
    from autograder.marking.view import Progress


def mark(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    marker: Annotated[
        str, typer.Option("--marker", help="Who marks.", show_default="your account", default_factory=getpass.getuser)
    ],
    second: Annotated[
        bool, typer.Option("--second", help="Mark a drawn sample once more, without seeing the first marks.")
    ] = False,
    sample: Annotated[int, typer.Option("--sample", min=1, help="Answers to a question drawn for it.")] = 30,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of the order.", show_default="drawn once and kept")
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Where to listen; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page in your browser.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only show how far it is.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --status: print it as JSON.")] = False,
    course: CourseOption = None,
) -> None:
    """Mark written answers: one question at a time over all students, names hidden, with a rubric and keys.

    Prints the address of a page that only this machine can open. Points and comments go to nbgrader's gradebook as
    they are saved; the rubric is rubrics/ASSIGNMENT.toml. Ctrl-C ends it, and the next run goes on. Examples:

        autograder mark transfer_learning
        autograder mark transfer_learning --status --json
    """
    if as_json and not status:
        raise typer.BadParameter("it goes with --status.", param_hint="--json")
    with ending_well():
        from autograder.marking.desk import Desk
        from autograder.marking.progress import all_progress, progress_object
        from autograder.marking.records import FIRST, SECOND

        sitting = SECOND if second else FIRST
        desk = Desk(find_course(course), assignment, marker, sitting=sitting, sample=sample, seed=seed)
        if as_json:
            typer.echo(machine_text(progress_object(desk)))
        elif status:
            _show(all_progress(desk))
        else:
            _serve(desk, port, opens=browser)


def _serve(desk: "Desk", port: int, *, opens: bool) -> None:
    from autograder.marking.serving import serve

    def ready(address: str) -> None:
        out.print(address, markup=False, highlight=False, soft_wrap=True)
        err.print("Open this address in a browser of this machine; it is the key to the page. Ctrl-C ends it.")
        if opens:
            webbrowser.open(address)

    with suppress(KeyboardInterrupt):
        serve(desk, port, ready)
    err.print("Every mark is saved.")


def _show(found: "list[Progress]") -> None:
    table = Table("question", "answers", "marked", "left", "look again", "formgrader", "no answer", "second", "kappa")
    for one in found:
        agreed = one.second
        kappa = "–" if agreed.kappa is None else f"{agreed.kappa:.2f}"
        counts = (one.answers, one.marked, one.left, one.again, one.elsewhere, one.unanswered)
        second = f"{agreed.both} of {one.sample}"
        table.add_row(f"{one.question.notebook}/{one.question.cell}", *map(str, counts), second, kappa)
    out.print(table)

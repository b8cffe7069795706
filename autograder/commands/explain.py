"""`autograder explain`: why a student has the points he has."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.terminal import CourseOption, IsolationOption, ending_well, err, find_course, out, take_secret
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.instruments.explaining import Explained


def explain(
    student: Annotated[str, typer.Argument(help="The student's id.", show_default=False)],
    exercise: Annotated[str, typer.Argument(help="The exercise, or a part of its name.", show_default=False)],
    check: Annotated[str, typer.Argument(help="The check.", show_default="all that did not pass")] = "",
    *,
    replay: Annotated[
        bool, typer.Option("--replay/--no-replay", help="Put the check again, sealed, with the draws of then.")
    ] = True,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page for the student to this file.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
    course: CourseOption = None,
    isolation: IsolationOption = None,
) -> None:
    """Show what a check called on a student's work, what came back, what was expected, and how it came to count.

    Example: autograder explain ada EXERCISE CHECK --html ada.html

    The terminal and --json are for you: they tell of the check's other draws. The page of --html is an answer to a
    complaint: it holds what decided the check, and no other draws, no secret and no source of the check.
    """
    with ending_well():
        from autograder.course.whole_files import write_whole
        from autograder.grading.grader import Grader, LazyEngine
        from autograder.instruments.explaining import complaint_page
        from autograder.instruments.explaining import explain as explained_by

        found = find_course(course, isolation=isolation)
        with LazyEngine(found) as engine:
            grader = Grader(found, take_secret(found), engine)
            explained = explained_by(found, grader, student, exercise, check, replays=replay)
        if html is not None:
            write_whole(html, complaint_page(explained).encode("utf-8"), private=True)
            err.print(f"Wrote {html}.", markup=False, highlight=False, soft_wrap=True)
        if as_json:
            typer.echo(machine_text([one.as_plain() for one in explained]))
        elif html is None:
            for one in explained:
                _show(one)
            if not explained:
                _say(f"Every check of {exercise} of {student} passed.")


def _show(one: "Explained") -> None:
    result, evidence = one.result, one.evidence
    points = f"{result.points:g} of {result.max_points:g} points"
    _say(f"{result.outcome.value}  {one.cell}: {result.name}, {points}", "bold")
    _say(result.claim)
    for line in (result.message, *one.notes):
        if line:
            _say(f"  {line}")
    if result.trace:
        _say("  " + result.trace.strip().replace("\n", "\n  "))
    said = (
        f"{evidence.calls} calls, seed {evidence.seed}, {result.milliseconds} ms" if evidence.seed else "nothing kept"
    )
    _say(f"\n  What it asked ({said}):")
    for asked in evidence.asked:
        _say("    " + (asked.code or asked.called.strip("`")).replace("\n", "\n    "))
        _say(f"      -> {asked.came_back}", "dim")
    if evidence.expected:
        _say(f"  Came back: {evidence.came_back}\n  Expected:  {evidence.expected}")
    if evidence.traceback and not result.trace:
        _say("  The judge gave up:\n    " + evidence.traceback.strip().replace("\n", "\n    "))
    if one.answer:
        _say("\n  The code that was judged:\n    " + one.answer.replace("\n", "\n    "))
    _say("\n  How it came to count:")
    for past in one.history:
        points = "–" if past.points is None else f"{past.points:g}"
        _say(f"    {past.graded_at}  {past.outcome or 'no record':9} {points:>5}  {_made(past.made)}")
    _say("")


def _made(made: "object") -> str:
    if not isinstance(made, dict) or not made:
        return ""
    shown = ("code", "tensorflow-cpu", "tensorflow", "keras", "python")
    pages = [f"{name} {digest}" for name, digest in made.items() if name.startswith("page ")]
    return ", ".join([*pages, *(f"{name} {made[name]}" for name in shown if name in made)])


def _say(text: str, style: str = "") -> None:
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

"""`autograder regrade`: after a check was mended, who changes by how much; and back again."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.commands.terminal import (
    NEEDS_ATTENTION,
    CourseOption,
    IsolationOption,
    ending_well,
    err,
    find_course,
    out,
    take_secret,
)
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.grading.grader import Grader
    from autograder.instruments.regrading import Plan


def regrade(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    check: Annotated[
        str, typer.Option("--check", help="Only this check may change; other work is left.", show_default="any")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show who would change, and write nothing.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Put back what was there before the last regrading.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object; writes only with --yes.")] = False,
    course: CourseOption = None,
    isolation: IsolationOption = None,
) -> None:
    """Judge graded work again by the check pages as they are now, and show who changes before anything is written.

    Example: autograder regrade transfer_learning --check select_classes_keeps_the_order --dry-run

    Points given by hand stay; they are listed where the cell's verdict changes. Work that was handed in again, or not
    graded yet, is left to `autograder grade`. Exit status: 0, or 1 when some work could not be written.
    """
    with ending_well():
        from autograder.grading.grader import Grader, LazyEngine
        from autograder.instruments.regrading import as_plain, plan_regrading, write_regrading

        found = find_course(course, isolation=isolation)
        with LazyEngine(found) as engine:
            grader = Grader(found, take_secret(found), engine)
            if undo:
                _undo(found, grader, assignment)
                return
            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            with Progress(*columns, TimeElapsedColumn(), console=err, transient=True) as bar:
                task = bar.add_task(assignment, total=None)
                plan = plan_regrading(
                    found, grader, assignment, check, lambda done, total: bar.update(task, completed=done, total=total)
                )
        if as_json:
            left = [dict(zip(("student", "exercise", "why"), one, strict=True)) for one in plan.left]
            typer.echo(machine_text({"changes": as_plain(plan.changes), "same": plan.same, "left": left}))
        else:
            _show(plan)
        is_agreed = yes or (not (as_json or dry_run) and bool(plan.written) and typer.confirm("Write this?"))
        if dry_run or not plan.written or not is_agreed:
            if not as_json:
                _say("Nothing was written.")
            return
        path, problems = write_regrading(found, grader, plan)
        if not as_json:
            _say(f"Written. `autograder regrade {assignment} --undo` puts back what was there ({path.name}).")
            _say(f"Feedback pages: `nbgrader generate_feedback {assignment} --force`.")
        for problem in problems:
            err.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
        if problems:
            raise typer.Exit(NEEDS_ATTENTION)


def _undo(course: "Course", grader: "Grader", assignment: str) -> None:
    from autograder.instruments.regrading import undo_regrading

    students, said = undo_regrading(course, grader, assignment)
    _say(f"Put back as it was: {', '.join(students)}.")
    for line in said:
        _say(line)
    _say("As long as the check page stays as it is, the next `autograder grade` judges by it again.")


def _show(plan: "Plan") -> None:
    for change in plan.changes:
        points = f"{change.points_before:g} -> {change.points_after:g} ({change.points:+g})"
        _say(f"{change.student}  {change.exercise}: {points}", "bold" if not change.left else "dim")
        for part in change.checks:
            _say(f"    {part.check}: {part.before or 'new'} -> {part.after or 'gone'} ({part.points:+g})")
        if change.by_hand:
            _say(f"    points given by hand stay, look at them: {', '.join(change.by_hand)}", "yellow")
        if change.left:
            _say(f"    left as it is: {change.left}", "yellow")
    for student, exercise, why in plan.left:
        _say(f"{student}  {exercise}: left as it is, {why}", "yellow")
    more, fewer = (sum(sign * change.points > 0 for change in plan.written) for sign in (1, -1))
    changed = len(plan.written)
    _say(f"{changed} change ({more} up, {fewer} down), {plan.same} stay as they are.")


def _say(text: str, style: str = "") -> None:
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

"""`autograder new-term`: last term into one file, and a course that begins anew."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.terminal import CourseOption, ending_well, err, find_course, out
from autograder.course.errors import CourseError
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.instruments.new_term import Plan


def new_term(
    *,
    class_list: Annotated[
        Path | None,
        typer.Option("--class-list", help="The new class: CSV with a column 'id'.", show_default="who hands in"),
    ] = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="The file to archive to.", show_default="term_DATE.zip")
    ] = None,
    even_if_waiting: Annotated[
        bool, typer.Option("--even-if-waiting", help="Also while work waits for a person or for grading.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
    restore: Annotated[
        tuple[Path, Path] | None,
        typer.Option("--restore", help="Make a course folder of an archive instead.", metavar="FILE FOLDER"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print one JSON object.")] = False,
    course: CourseOption = None,
) -> None:
    """Archive gradebook, verdicts, submissions and secret in one file, then begin a term with a new secret and class.

    Example: autograder new-term --class-list autumn.csv --dry-run

    Nothing is removed before the archive has been read back; a run that was stopped is gone on with by the next.
    `autograder new-term --restore term_2026-09-30.zip last_term` makes a folder in which report, explain and exports
    work on the archived term.
    """
    with ending_well():
        from autograder.instruments.archive import restore as restore_archive
        from autograder.instruments.new_term import begin_term, plan_term

        if restore is not None:
            listed = restore_archive(*restore)
            _say(f"{restore[1]} is the course as it was on {listed.made_at[:10]}, {len(listed.files)} files.")
            return
        found = find_course(course)
        plan = plan_term(found, archive, class_list)
        if as_json:
            if not dry_run:
                raise CourseError("--json shows what would be done; use it with --dry-run.")
            typer.echo(machine_text(_as_plain(plan)))
            return
        _show(plan)
        if dry_run:
            _say("Nothing was done.")
            return
        if plan.waits and not even_if_waiting:
            raise CourseError("Work waits, so no new term was begun; settle it first, or say --even-if-waiting.")
        if not (yes or typer.confirm("Begin the new term?")):
            _say("Nothing was done.")
            return
        for line in begin_term(found, plan, class_list, lambda what: err.print(f"{what} …", markup=False)):
            err.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
        assignments = sorted({exercise.assignment for exercise in found.exercises.values()})
        _say(f"Last term is in {plan.archive}, the old secret and everybody's work included: let nobody else read it.")
        following = "; ".join(f"autograder prepare {name}" for name in assignments)
        _say(f"The new term has {len(plan.students)} students. Next: {following}.")


def _show(plan: "Plan") -> None:
    if plan.is_begun:
        _say(f"A new term was begun and not finished; it goes on. Last term is in {plan.archive}.", "bold")
    else:
        _say(f"Archived to {plan.archive}, then taken out of the course: {', '.join(plan.term.leaves)}.")
        _say(f"Archived as it is: {', '.join(plan.term.stays)}.")
        if plan.term.caches:
            _say(f"Dropped, and made again when needed: {', '.join(plan.term.caches)}.")
    _say(f"New: a secret, a gradebook, {len(plan.students) or 'no'} students.")
    for line in plan.waits:
        _say(f"waits: {line}", "yellow")
    for line in plan.warnings:
        _say(f"look: {line}", "yellow")


def _as_plain(plan: "Plan") -> dict[str, object]:
    return {
        "archive": str(plan.archive),
        "leaves": list(plan.term.leaves),
        "stays": list(plan.term.stays),
        "students": len(plan.students),
        "waits": list(plan.waits),
        "warnings": list(plan.warnings),
        "is_begun": plan.is_begun,
    }


def _say(text: str, style: str = "") -> None:
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

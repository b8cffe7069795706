"""`autograder dry-run`: a course graded before its release."""

import resource
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from autograder.commands.terminal import NEEDS_ATTENTION, UNUSABLE, CourseOption, ending_well, err, find_course, out
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.instruments.rehearsal import Extent, Rehearsal


def dry_run(
    exercise: Annotated[
        str, typer.Argument(help="The exercise, assignment, or a part of its name.", show_default="all")
    ] = "",
    *,
    only: Annotated[str, typer.Option("--only", help="Submissions and mutants with this in their names.")] = "",
    secrets: Annotated[int, typer.Option("--secrets", min=1, help="With the draws of how many secrets.")] = 2,
    mutants: Annotated[bool, typer.Option("--mutants/--no-mutants", help="Make mutants of the reference.")] = True,
    sealed: Annotated[
        bool, typer.Option("--sealed", help="Grade as a class is graded, hostile submissions included; slower.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, help="How many at once.", show_default="cores and a quarter; without a seal twice that"
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write matrix and findings to this file.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")] = False,
    course: CourseOption = None,
) -> None:
    """Grade the reference, right and wrong submissions, the blank release and mutants of the reference, before release.

    Example: autograder dry-run EXERCISE --html dry-run.html

    Runs in this process and WITHOUT a seal, on the course's own code only; --sealed grades as for a class. What is
    known is not judged again. Right submissions are asked everything with every secret; further secrets put to wrong
    ones and mutants only what draws its arguments and noticed them, and a mutant is asked until a check notices it.
    Exit status: 0 when what was named is fit to be released, 1 when not: a check that nothing fails, a right submission
    that fails one, a wrong one that loses nothing, points for the blank release, more than 2 in 100 mutants unnoticed;
    and after --only or --no-mutants, which try a part. 2 when something cannot be read.
    """
    with ending_well():
        from autograder.authoring.in_process import prepare_process

        if not sealed:
            prepare_process()
        from autograder.classes.verdicts import default_jobs
        from autograder.course.errors import CourseError
        from autograder.course.whole_files import write_whole
        from autograder.instruments.rehearsal import Extent, page

        found = find_course(course)
        names = [name for name, one in found.exercises.items() if exercise in name or exercise == one.assignment]
        if not names:
            raise CourseError(f"There is no exercise '{exercise}'; there is: {', '.join(found.exercises)}.")
        started, extent = time.monotonic(), Extent(only, mutants, sealed)
        try:
            jobs = jobs or default_jobs() * (1 if sealed else 2)  # here, judge and remembered trainings mostly wait
            done = _rehearse_all(found, names, secrets, jobs, extent)
        except ValueError as problem:
            err.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(UNUSABLE) from problem
        if only and not any(one.items for one in done):
            raise CourseError(f"Nothing of {', '.join(names)} has '{only}' in its name; `--json` lists all names.")
        seconds = time.monotonic() - started
        if html is not None:
            write_whole(html, page(done, seconds, range(secrets)).encode())
            err.print(f"Wrote {html}.", markup=False, highlight=False, soft_wrap=True)
        if as_json:
            took = {"seconds": round(seconds, 1), "cpu_seconds": round(_cpu_seconds(), 1)}
            typer.echo(machine_text(took | {"exercises": [one.as_plain() for one in done]}))
        else:
            for one in done:
                _show(one)
            _say(f"{seconds:.0f} s, {_cpu_seconds():.0f} s of processors, {secrets} secrets.")
        raise typer.Exit(0 if all(one.is_fit for one in done) else NEEDS_ATTENTION)


def _rehearse_all(course: "Course", names: list[str], secrets: int, jobs: int, extent: "Extent") -> "list[Rehearsal]":
    from autograder.authoring.in_process import warm_up
    from autograder.authoring.trying import Bench
    from autograder.instruments.rehearsal import rehearse

    done = []
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    # refreshed by hand: this process forks, and a thread that draws would not survive that
    with Progress(*columns, TimeElapsedColumn(), console=err, auto_refresh=False, transient=True) as bar:
        for name in names:
            task = bar.add_task(name, total=None)
            bar.refresh()

            def step(count: int, total: int, known: int, task: TaskID = task, name: str = name) -> None:
                said = f"{name} ({known} known)" if known else name
                bar.update(task, completed=count, total=total, description=said)
                bar.refresh()

            bench = Bench.find(course, name)
            warm = partial(warm_up, bench.exercise)
            done.append(rehearse(course, bench, range(secrets), jobs, extent, warm_up=warm, step=step))
    return done


def _cpu_seconds() -> float:
    """What this process and its forks, which are its children and theirs, have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _show(one: "Rehearsal") -> None:
    _say(one.bench.exercise.name, "bold")
    for number, check in enumerate(one.checks, 1):
        counts = [len(one.failed_by(check, kind)) for kind in ("wrong", "mutant")]
        _say(f"{number:4}  {check}: failed by {counts[0]} wrong ones and {counts[1]} mutants")
    _say(
        "\n· passed  x failed  ? undecided  - not tried  ~ changes with the secret; a column a check, empty: not asked."
        "\nA mutant is asked until the first check that it does not pass; further secrets put what drew and noticed it."
    )
    for line in one.matrix_lines():
        _say(line)
    said: list[tuple[str, list[str]]] = [
        ("checks that nothing fails", one.unfailed),
        ("right ones that fail a check", [f"{name}: {check}" for name, check in one.unjust]),
        ("checks that the blank release passes", one.given),
        ("wrong ones that lose nothing", one.kept),
        ("wrong ones that did not come to an end", [f"{name}: {why}" for name, why in one.unfinished]),
        ("outcomes that change with the secret", [f"{name}: {check}" for name, check in one.differing]),
        ("mutants that no check notices", [item.name for item in one.survivors]),
        ("declared equivalent, but no mutant any more", [f"{cell}: {mutant}" for cell, mutant in one.stale]),
    ]
    for title, lines in said:
        if lines:
            _say(f"\n{title}:", "yellow")
            for line in lines:
                _say(f"  {line}")
    if one.equivalents:
        _say("\ndeclared equivalent:")
        for (cell, mutant), reason in one.equivalents.items():
            _say(f"  {cell}: {mutant}\n      {reason}")
    tried = len(one.of("mutant"))
    if tried:
        _say(f"\n{tried - len(one.survivors)} of {tried} mutants noticed, {len(one.equivalents)} declared equivalent.")
    _say(f"{one.judgement}.\n", "green" if one.is_fit else "red")


def _say(text: str, style: str = "") -> None:
    out.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

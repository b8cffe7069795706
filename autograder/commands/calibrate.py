"""`autograder calibrate`: measure the accuracy thresholds."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from autograder.commands.terminal import ending_well, err, find_course, out
from autograder.course.errors import CourseError
from transferlab.course import course_sources

if TYPE_CHECKING:
    from autograder.calibration.bounds import GateFigures
    from autograder.course.course import Course


def calibrate(
    seeds: Annotated[int, typer.Option(min=3, help="Seeds for each solution; 20 for thresholds that are kept.")] = 20,
    exercise: Annotated[list[str] | None, typer.Option(help="Its name, or a part of that; all of them.")] = None,
    source: Annotated[str | None, typer.Option(help="Where images come from; what the course has chosen.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once, one thread each.")] = 2,
    solution: Annotated[
        list[str] | None, typer.Option(help="Measure this solution only; all others keep the figures on file.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure and print, write nothing.")] = False,
) -> None:
    """Train right and wrong solutions over many seeds, and set the accuracy thresholds between them.

    Solutions are those of `_calibration.py` beside an exercise's check pages. Writes thresholds_*.json there with all
    figures, and the page docs/calibration.md. Every finished seed is kept in .autograder/calibration.jsonl: a run that
    was stopped goes on there, and more seeds add to those there are.
    A new threshold is a new check: notebooks graded before are graded again.
    """
    with ending_well():
        course = find_course(None)
        from autograder.calibration import evidence, page, run  # imports what no other command should wait for
        from autograder.calibration.journal import Journal
        from autograder.course.data_files import refuse_missing_files

        source = source or course.settings.data_source
        if source not in course_sources():
            raise CourseError(f"There is no source {source}; there is: {', '.join(course_sources())}.")
        refuse_missing_files(source)
        solutions = _solutions(course, exercise)
        columns = (
            TextColumn("seeds"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        try:
            wanted = run.tasks(solutions, source, seeds, solution or ())
        except ValueError as error:
            raise CourseError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        with Progress(*columns, console=err) as progress:
            bar = progress.add_task("seeds")
            found = run.measure(
                wanted,
                Journal(Path(course.state_directory) / "calibration.jsonl", solutions),
                jobs,
                lambda done, total: progress.update(bar, completed=done, total=total),
                partial(run.train, solutions),
            )
        written = []
        for name, file in solutions.items():
            measured = [found[task] for task in sorted(found) if task.exercise == name]
            if not measured:
                continue
            on_file = evidence.read(file.parent, source) if solution else None
            gates = run.gates(file, source, measured, on_file.gates if on_file else ())
            out.print(_table(gates, f"{name}: {seeds} seeds, {source}"))
            seconds = sum((one.cpu_seconds for one in measured), on_file.cpu_seconds if on_file else 0.0)
            if not dry_run:
                written.append(evidence.write(file.parent, source, gates, seconds))
        if not dry_run:
            everything = (file.parent for file in _solutions(course, None).values())
            for path in (*written, *page.write(Path(course.root) / "docs", everything)):
                out.print(f"wrote {path}")


def _solutions(course: "Course", chosen: list[str] | None) -> dict[str, Path]:
    """Find the exercises with solutions to measure, by name."""
    from autograder.course.exercise import CALIBRATION

    exercises = [course.exercise_named(name) for name in chosen] if chosen else [*course.exercises.values()]
    found = {one.name: one.folder / CALIBRATION for one in exercises if (one.folder / CALIBRATION).is_file()}
    if not found:
        places = ", ".join(str(one.folder / CALIBRATION) for one in exercises)
        raise CourseError(f"There is nothing to calibrate: right and wrong solutions stand in {places}; write them.")
    return found


def _table(gates: "list[GateFigures]", title: str) -> Table:
    table = Table("gate", "solution", "", "mean", "deviation", "stopped", title=title)
    for gate in gates:
        for kind, arms in (("right", gate.right), ("wrong", gate.wrong)):
            for arm in arms:
                table.add_row(
                    gate.name, arm.name, kind, f"{arm.mean:.3f}", f"{arm.deviation:.3f}", f"{gate.stopped(arm):.0%}"
                )
        table.add_row(gate.name, "", "threshold", f"[bold]{gate.threshold:.3f}[/]", "", "", end_section=True)
    return table

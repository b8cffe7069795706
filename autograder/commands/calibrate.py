"""`autograder calibrate`: measure the accuracy thresholds."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from autograder.commands.terminal import ending_well, err, find_course, out


def calibrate(
    seeds: Annotated[int, typer.Option(min=3, help="Seeds for each solution; 20 for thresholds that are kept.")] = 20,
    backbone: Annotated[str, typer.Option(help="Backbone of the exercise.")] = "mini_vgg",
    jobs: Annotated[int, typer.Option(min=1, help="Processes at once, one thread each.")] = 2,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure and print, write nothing.")] = False,
) -> None:
    """Train right and wrong solutions over many seeds, and set the accuracy thresholds between them.

    Writes autograder/checks/thresholds.json with all figures, and the page docs/calibration.md. A new threshold is a
    new check: notebooks graded before are graded again.
    """
    with ending_well():
        course = find_course(None)
        from autograder.calibration import run  # imports TensorFlow's company, which no other command should wait for

        columns = (
            TextColumn("training"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=err) as progress:
            bar = progress.add_task("training")
            gates = run.measure(
                seeds, backbone, jobs, lambda done, total: progress.update(bar, completed=done, total=total)
            )
        table = Table("gate", "solution", "", "mean", "deviation", "stopped", title=f"{seeds} seeds, {backbone}")
        for gate in gates:
            for kind, arms in (("right", gate.right), ("wrong", gate.wrong)):
                for arm in arms:
                    table.add_row(
                        gate.name, arm.name, kind, f"{arm.mean:.3f}", f"{arm.deviation:.3f}", f"{gate.stopped(arm):.0%}"
                    )
            table.add_row(gate.name, "", "threshold", f"[bold]{gate.threshold:.3f}[/]", "", "", end_section=True)
        out.print(table)
        if not dry_run:
            for path in run.write(gates, backbone, Path(course.root) / "docs"):
                out.print(f"wrote {path}")

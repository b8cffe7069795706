"""What a class costs as it grows, and where a cluster meets its first bottleneck.

python -m benchmarks.scale                          10, 30 and 100 light notebooks (6 minutes)
python -m benchmarks.scale --sizes 10,30,100,300    the whole series
python -m benchmarks.scale --quick                  3 and 6: does it work?
python -m benchmarks.scale --json                   one JSON object on standard output

Each class is graded, graded again unchanged, and derived again from its verdicts. Cost per submission is what the run
takes beyond starting, divided by the size; it should be flat within 10 %. The bottleneck is worked out: workers add up,
the sender and the writer, who are one process, do not.
"""

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import classroom
from benchmarks.classroom import CORES, Cost

_err = Console(stderr=True)


@dataclass(frozen=True)
class Row:
    """One size of class."""

    size: int
    wall_seconds: float
    """Of the first run, with starting."""
    wall_seconds_each: float
    """Beyond starting, a submission."""
    cpu_seconds_each: float
    """The same of all processes' CPU time."""
    again_seconds: float
    """Of the second run, which finds everything known."""
    again_share: float
    """The second run's part of the first."""
    write_seconds_each: float
    """Gradebook rows and autograded notebook of a submission."""
    look_up_seconds_each: float
    """Reading a submission and finding its verdict."""


def main(
    *,
    sizes: Annotated[str, typer.Option(help="Sizes of the classes.")] = "10,30,100",
    quick: Annotated[bool, typer.Option("--quick", help="3 and 6: does it work?")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Let a class grow, and work out where a cluster ends to get faster."""
    chosen = [3, 6] if quick else [int(size) for size in sizes.split(",")]
    rows = []
    for size in chosen:
        with tempfile.TemporaryDirectory() as scratch:
            Path(scratch).chmod(0o755)
            _err.print(f"{size} submissions ...")
            rows.append(measure(Path(scratch) / "course", size))
    limits = bottleneck(rows[-1])
    spread = max(row.cpu_seconds_each for row in rows) / min(row.cpu_seconds_each for row in rows) - 1
    if as_json:
        typer.echo(json.dumps({"classes": [asdict(row) for row in rows], "spread": round(spread, 3), **limits}))
        return
    table = Table(*(name.replace("_", " ") for name in asdict(rows[0])), title=f"A growing class on {CORES} cores")
    for row in rows:
        table.add_row(*(f"{value:g}" for value in asdict(row).values()))
    Console().print(table)
    Console().print(
        f"CPU-seconds per submission vary by {100 * spread:.0f} %. A core of a cluster grades "
        f"{limits['submissions_an_hour_a_core']:.0f} light submissions an hour; the process that sends them and writes "
        f"the gradebook handles {limits['submissions_an_hour_of_the_writer']:.0f}, so it is the first bottleneck, at "
        f"{limits['cores_at_the_bottleneck']:.0f} cores."
    )


def measure(root: Path, size: int) -> Row:
    """Grade a class of light notebooks, again unchanged, and again from its verdicts alone.

    Args:
        root: Where to make the course.
        size: Of the class.
    """
    course = classroom.make_course(root, classroom.light_class(size))
    start = classroom.start_only(root)
    first = classroom.grade_with_ours(root)
    again = classroom.grade_with_ours(root)
    alone = _nothing_to_do(root)
    shutil.rmtree(root / "autograded")
    derived = classroom.grade_with_ours(root)
    assert len(classroom.figures(course)["student"]) == size, "somebody was not graded"  # noqa: S101 - a benchmark
    return Row(
        size,
        round(first.wall_seconds, 1),
        round((first.wall_seconds - start.wall_seconds) / size, 3),
        round((first.cpu_seconds - start.cpu_seconds) / size, 3),
        round(again.wall_seconds, 2),
        round(again.wall_seconds / first.wall_seconds, 4),
        round((derived.cpu_seconds - again.cpu_seconds) / size, 4),
        round((again.cpu_seconds - alone.cpu_seconds) / size, 4),
    )


def bottleneck(row: Row) -> dict[str, float]:
    """Work out how many submissions an hour a cluster can reach.

    Args:
        row: Costs of one class.

    Returns:
        What a core of a worker grades an hour, what the sending and writing process handles, and their ratio.
    """
    worker = row.cpu_seconds_each - row.write_seconds_each - row.look_up_seconds_each
    sender = row.write_seconds_each + 2 * row.look_up_seconds_each  # looked up first, and read again to be sent
    return {
        "submissions_an_hour_a_core": round(3600 / worker, 1),
        "submissions_an_hour_of_the_writer": round(3600 / sender, 1),
        "cores_at_the_bottleneck": round(worker / sender, 1),
    }


def _nothing_to_do(root: Path) -> Cost:
    """Run the command without any submission: what Python's imports and the gradebook take."""
    submitted = root / "submitted"
    aside = submitted.rename(root / "aside")
    try:
        return classroom.grade_with_ours(root)
    finally:
        aside.rename(submitted)


if __name__ == "__main__":
    typer.run(main)

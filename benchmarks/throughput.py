"""How fast a class is graded, against stock nbgrader, in one run.

python -m benchmarks.throughput                 twelve students of the golden class, 48 light ones (25 minutes)
python -m benchmarks.throughput --students 0    the whole golden class
python -m benchmarks.throughput --quick         three students each: does it work?
python -m benchmarks.throughput --json          one JSON object on standard output

The same submissions are graded by `nbgrader autograde` with its own default configuration and in-kernel asserts, and by
`autograder grade`. Measure on a quiet machine. Hostile golden submissions are left out: stock nbgrader runs them with
your rights. Aims on 2 cores: limit_ratio <= 1.25, ratio >= 3 and >= 0.75 possible_ratio, light_ratio >= 10, fixed cost
<= 0.8 CPU-seconds a notebook, judge and probe <= 3, memory <= 600 MiB a kernel beyond the template.
"""

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import classroom
from benchmarks.classroom import CORES, Cost, Handed

AIMS = {
    "ratio": ">= 3",
    "limit_ratio": "<= 1.25",
    "light_ratio": ">= 10",
    "fixed_cpu_seconds_per_notebook": "<= 0.8",
    "peak_memory_mib": "<= 600",
    "again_share": "<= 0.02",
}
_err = Console(stderr=True)


def main(
    *,
    students: Annotated[int, typer.Option(help="Students of the golden class; 0: all.")] = 12,
    light: Annotated[int, typer.Option(help="Students who train nothing.")] = 48,
    quick: Annotated[bool, typer.Option("--quick", help="Three students each: does it work?")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Grade the same class with stock nbgrader and with ours, and compare."""
    students, light = (3, 3) if quick else (students, light)
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        found = measure(Path(scratch), students or None, light)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("figure", "measured", "aim", title=f"Throughput on {CORES} cores")
    for name, value in found.items():
        table.add_row(name, f"{value:g}", AIMS.get(name, ""))
    Console().print(table)


def measure(scratch: Path, students: int | None, light: int) -> dict[str, float]:
    """Measure everything.

    Args:
        scratch: An empty folder.
        students: Of the golden class; None: all.
        light: Students who train nothing.

    Returns:
        Figure to value; seconds, CPU-seconds, MiB and ratios.
    """
    golden = classroom.golden_class(students)
    submissions = sum(map(len, golden))
    _err.print(f"{submissions} golden notebooks, {light} light ones; stock nbgrader first, which takes longest ...")
    stock, ours, found, start = _both(scratch / "golden", golden)
    again = classroom.grade_with_ours(scratch / "golden" / "ours")
    light_stock, light_ours, *_ = _both(scratch / "light", classroom.light_class(light))
    student, probe, judge = (classroom.total(found[name]) for name in ("student", "probe", "judge"))
    fixed = (ours.cpu_seconds - start.cpu_seconds - student - probe - judge) / submissions
    ratio, possible = stock.wall_seconds / ours.wall_seconds, stock.wall_seconds / (student / CORES)
    return {
        "submissions": submissions,
        "stock_seconds": round(stock.wall_seconds, 1),
        "ours_seconds": round(ours.wall_seconds, 1),
        "ratio": round(ratio, 2),
        "student_cpu_seconds": student,
        "probe_cpu_seconds": probe,
        "judge_cpu_seconds": judge,
        "fixed_cpu_seconds_per_notebook": round(fixed, 2),
        "limit_ratio": round(ours.wall_seconds / ((student + probe + judge) / CORES), 3),
        "possible_ratio": round(possible, 2),
        "light_ratio": round(light_stock.wall_seconds / light_ours.wall_seconds, 2),
        "peak_memory_mib": round(max(found["memory_mib"]), 1),
        "again_seconds": round(again.wall_seconds, 2),
        "again_share": round(again.wall_seconds / ours.wall_seconds, 4),
        "start_seconds": round(start.wall_seconds, 1),
        "light_stock_seconds": round(light_stock.wall_seconds, 1),
        "light_ours_seconds": round(light_ours.wall_seconds, 1),
    }


def _both(folder: Path, students: list[dict[str, Handed]]) -> tuple[Cost, Cost, dict[str, list[float]], Cost]:
    classroom.make_course(folder / "stock", students, is_stock=True)
    course = classroom.make_course(folder / "ours", students)
    stock = classroom.grade_with_stock(folder / "stock", folder)
    start = classroom.start_only(course.root)
    ours = classroom.grade_with_ours(course.root)
    return stock, ours, classroom.figures(course), start


if __name__ == "__main__":
    typer.run(main)

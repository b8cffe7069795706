"""How fast a class is graded, side by side with another build of this project, in one run.

python -m benchmarks.against ../before                    A B A B: right solutions and light notebooks
python -m benchmarks.against ../before --rounds 3 --json  for programs

The other build is a worktree with its own `.venv` (`git worktree add ../before COMMIT`, then `make setup` in it). Each
build grades a class of its own making, the same for both but for what its exercises' texts say: the reference of every
exercise, handed in by several students, and notebooks in which nothing is trained. Measure on a quiet machine.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.classroom import CORES, PROJECT

IN_A_BUILD = """
import json, sys, tempfile
from pathlib import Path
import nbformat
from benchmarks import classroom

students, light = map(int, sys.argv[1:])

def of_their_own(number, handed):
    made = {}
    for name, (notebook, files) in handed.items():
        cells = nbformat.reads(notebook.decode(), as_version=4)
        cells.cells.insert(1, nbformat.v4.new_code_cell(f"student = {number}", id=f"own-{number}"))
        made[name] = nbformat.writes(cells).encode(), files
    return made

found = {}
with tempfile.TemporaryDirectory() as scratch:
    Path(scratch).chmod(0o755)
    [reference] = classroom.golden_class(1)
    right = [of_their_own(number, reference) for number in range(students)]
    for kind, handed in (("right", right), ("light", classroom.light_class(light))):
        course = classroom.make_course(Path(scratch) / kind, handed)
        cost = classroom.grade_with_ours(course.root)
        figures = classroom.figures(course)
        found |= {f"{kind}_seconds": cost.wall_seconds, f"{kind}_cpu_seconds": cost.cpu_seconds}
        found |= {f"{kind}_{name}_cpu": classroom.total(figures[name]) for name in ("student", "probe", "judge")}
        found[f"{kind}_again_seconds"] = classroom.grade_with_ours(course.root).wall_seconds
print(json.dumps(found))
"""
_err = Console(stderr=True)


def main(
    before: Annotated[Path, typer.Argument(help="Worktree of the other build, with its own .venv.", exists=True)],
    *,
    students: Annotated[int, typer.Option(help="Students who hand in the reference of every exercise.", min=1)] = 3,
    light: Annotated[int, typer.Option(help="Students who train nothing.", min=1)] = 24,
    rounds: Annotated[int, typer.Option(help="Rounds of both builds.", min=1)] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Grade a class with both builds in turn; print the least of each figure, and this build's share of the other's."""
    measured: dict[str, list[Mapping[str, float]]] = {"before": [], "now": []}
    for number in range(rounds):
        for name, place in (("before", before.resolve()), ("now", PROJECT)):
            _err.print(f"round {number + 1} of {rounds}, {name}: {_commit(place)} ...")
            measured[name].append(_measure(place, students, light))
    # the least of the rounds: what else a machine does only adds
    least = {
        name: {figure: round(min(found[figure] for found in runs), 2) for figure in runs[0]}
        for name, runs in measured.items()
    }
    shares = {figure: round(least["now"][figure] / value, 3) for figure, value in least["before"].items() if value}
    if as_json:
        commits = {"before": _commit(before.resolve()), "now": _commit(PROJECT)}
        typer.echo(json.dumps({"commits": commits, "cores": CORES, "runs": measured, "share": shares}))
        return
    table = Table("figure", "before", "now", "now / before", title=f"{rounds} rounds on {CORES} cores")
    for figure, value in least["before"].items():
        table.add_row(figure, f"{value:g}", f"{least['now'][figure]:g}", f"{shares.get(figure, float('nan')):.3f}")
    Console().print(table)


def _measure(place: Path, students: int, light: int) -> dict[str, float]:
    python = place / ".venv" / "grader" / "bin" / "python"
    if not python.is_file():
        raise typer.BadParameter(f"{place} has no .venv; run `make setup` in it")
    ran = subprocess.run(
        [python, "-W", "ignore", "-c", IN_A_BUILD, str(students), str(light)],
        cwd=place, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        sys.exit(f"{place}: {ran.stderr.strip()[-2000:]}")
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _commit(place: Path) -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=place, capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or "unknown"


if __name__ == "__main__":
    typer.run(main)

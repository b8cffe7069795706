"""Whether a verdict hangs on what else a machine does: a small class graded alone, and beside others' work.

python -m benchmarks.busy exercise_1_two_classes                      the reference and two others (many minutes)
python -m benchmarks.busy exercise_2_freezing_strategies --only right_ --load 5

`--load` processes for each core compute without end while the class is graded a second time. Every check must come out
the same, and nothing may be ended by the clock that ended well before.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course.course import Course
from autograder.course.exercise import Exercise
from autograder.grading.engine import EngineSettings, WarmEngine
from autograder.judge.verdict import Verdict
from tests.submissions.build import build_submission, submission_places

PROJECT = Path(__file__).parents[1]
SECRET = b"the secret of the busy class"
STANDARD = ("reference", "blank", "hostile_sleeps")
_console = Console()


def main(
    exercise: Annotated[str, typer.Argument(help="Name of the exercise.")],
    *,
    only: Annotated[str, typer.Option(help="Submissions whose name begins so.")] = "",
    load: Annotated[int, typer.Option(help="Processes that compute without end, for each core.", min=1)] = 5,
) -> None:
    """Grade twice; end with 1 if a check comes out differently."""
    course = Course.load(PROJECT)
    found = course.exercises.get(exercise)
    if found is None:
        _console.print(f"There is no exercise {exercise!r}; there are: {', '.join(course.exercises)}.")
        raise typer.Exit(2)
    places = [
        place
        for place in submission_places(exercise)
        if (place.name.startswith(only) if only else place.name in STANDARD)
    ]
    with WarmEngine(EngineSettings(limits=course.limits, slots=os.cpu_count() or 1)) as engine:
        alone, alone_seconds = _grade(engine, found, places)
        with _working(load * (os.cpu_count() or 1)):
            beside, beside_seconds = _grade(engine, found, places)
    different = [
        f"{name}: {check.name} is {check.outcome.value} alone and {again.outcome.value} beside others"
        for name, verdict in alone.items()
        for check, again in zip(verdict.checks(), beside[name].checks(), strict=True)
        if check.outcome is not again.outcome
    ]
    for line in different:
        _console.print(line)
    checks = sum(1 for verdict in alone.values() for _ in verdict.checks())
    _console.print(
        f"{len(places)} submissions, {checks} checks: {alone_seconds:.0f} s alone, {beside_seconds:.0f} s beside "
        f"{load} others a core; {len(different)} outcomes differ"
    )
    raise typer.Exit(1 if different else 0)


def _grade(engine: WarmEngine, exercise: Exercise, places: list[Path]) -> tuple[dict[str, Verdict], float]:
    started = time.monotonic()

    def grade(place: Path) -> Verdict:
        notebook, files = build_submission(place, exercise.source)
        return engine.grade(notebook, files, exercise, SECRET).verdict

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = dict(zip((place.name for place in places), pool.map(grade, places), strict=True))
    return verdicts, time.monotonic() - started


@contextlib.contextmanager
def _working(count: int) -> Iterator[None]:
    """Have processes compute without end while the context lasts."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


if __name__ == "__main__":
    typer.run(main)

"""What a class of thirty costs the others when five of them do their worst.

python -m benchmarks.hostile_class            twenty-five honest notebooks alone, then among five hostile ones

    --cold                                    nothing is known of the exercise when the mixed class begins

The five come from `tests/attacks/submissions`: a memory bomb, a fork bomb, a deaf loop, endless outputs and a kernel
that kills its parents. The honest twenty-five must get what they get alone, and be done (all of them, counted from the
start of the class) in at most 1.2 times the time; the hostile ones may take longer. Processor seconds of all
that the class had run by then stand beside those of the clock, and the machine's load: what else runs on it slows both
classes, but not alike.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course.exercise import Exercise
from autograder.grading.engine import EngineSettings, WarmEngine
from autograder.grading.lanes import slow_places
from autograder.kernels.limits import Limits
from autograder.kernels.processes import CpuClock, tree
from tests.attacks.attack import all_attacks
from tests.attacks.light_course import HONEST, make_exercise, notebook

HOSTILE = ("memory_bomb", "fork_bomb", "deaf_loop", "gigabyte_on_stdout", "kills_its_parents")
SECRET = b"the secret of the hostile class"
TRAINING = """
import keras, numpy as np
images, labels = np.random.default_rng(0).random((400, 32, 32, 3), np.float32), np.arange(400) % 4
network = keras.Sequential(
    [keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(4)]
)
network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
network.fit(images, labels, epochs={epochs}, verbose=0)
"""
MOST = 1.2
_console = Console()


def main(
    *,
    honest: Annotated[int, typer.Option(help="Notebooks of honest students.", min=1)] = 25,
    epochs: Annotated[int, typer.Option(help="Epochs that each of them trains.", min=1)] = 40,
    cell_seconds: Annotated[int, typer.Option(help="Processor seconds a cell may take.", min=1)] = 20,
    cold: Annotated[bool, typer.Option("--cold", help="Grade the mixed class before anything of it is known.")] = False,
) -> None:
    """Grade twice; end with 1 if an outcome differs or the honest ones wait longer than they should."""
    limits = Limits(cell_cpu_seconds=cell_seconds, notebook_cpu_seconds=3 * cell_seconds, memory_mib=1024)
    training = TRAINING.format(epochs=epochs)  # in front of a judged cell: what stands behind the last is not run
    right = [notebook(HONEST | {"answer": f"{training}\n{HONEST['answer']}"})] * honest
    worst = {attack.name.partition("/")[2]: attack for attack in all_attacks()}
    attacks = [notebook(worst[name].answers) for name in HOSTILE]
    every = max(1, len(right) // len(attacks))
    mixed = list(right)
    for place, one in enumerate(attacks):
        mixed.insert(place * (every + 1), one)
    with tempfile.TemporaryDirectory(prefix="hostile-class-") as folder:
        Path(folder).chmod(0o755)  # only the sandbox is to keep anybody out
        exercise = make_exercise(Path(folder), "canary")
        settings = EngineSettings(limits=limits, slots=os.cpu_count() or 1)
        loads = [os.getloadavg()[0]]
        with WarmEngine(settings) as engine:
            _grade(engine, exercise, right[:2])  # the templates are there
            alone = _grade(engine, exercise, right)
            loads.append(os.getloadavg()[0])
            among = [] if cold else _grade(engine, exercise, mixed)
        if cold:  # another engine has seen nothing yet
            with WarmEngine(settings) as engine:
                among = _grade(engine, exercise, mixed)
        loads.append(os.getloadavg()[0])
    theirs = [result for one, result in zip(mixed, among, strict=True) if one is right[0]]
    different = sum(before.points != after.points for before, after in zip(alone, theirs, strict=True))
    alone_seconds, their_seconds = (max(one.done_seconds for one in results) for results in (alone, theirs))
    ratio = their_seconds / alone_seconds
    _console.print(
        f"{honest} honest notebooks are done after {alone_seconds:.1f} s alone, after {their_seconds:.1f} s among "
        f"{len(attacks)} hostile ones (ratio {ratio:.2f}, aim {MOST}), which are done after "
        f"{max(one.done_seconds for one in among):.1f} s; {different} got other points than alone"
    )
    worst_cpu = sum(one.cpu_seconds for one in among) - sum(one.cpu_seconds for one in theirs)
    spent = [max(one.spent_seconds for one in results) for results in (alone, theirs)]
    _console.print(
        f"processor seconds of everything until they are done: {spent[0]:.1f} alone, {spent[1]:.1f} among the others "
        f"(ratio {spent[1] / spent[0]:.2f}); of the honest ones' kernels and judges "
        f"{sum(one.cpu_seconds for one in alone):.1f} and {sum(one.cpu_seconds for one in theirs):.1f}, of the hostile "
        f"ones' by the end {worst_cpu:.1f}; load of the machine before, between and after: "
        f"{', '.join(f'{load:.1f}' for load in loads)}"
    )
    raise typer.Exit(1 if different or ratio > MOST else 0)


@dataclass(frozen=True)
class _Result:
    points: float
    done_seconds: float
    """From the start of the class."""
    cpu_seconds: float
    """Of its kernels and judges."""
    spent_seconds: float
    """Processor seconds of all processes of the class, from its start until this one was done."""


def _grade(engine: WarmEngine, exercise: Exercise, notebooks: Sequence[bytes]) -> list[_Result]:
    started = time.monotonic()
    slots = os.cpu_count() or 1
    clock = CpuClock()
    before = clock.read(tree([os.getpid()]))

    def graded(one: bytes) -> _Result:
        verdict = engine.grade(one, {}, exercise, SECRET).verdict
        used = sum(verdict.figures[name] for name in ("student", "probe", "judge", "fixed"))
        spent = clock.read(tree([os.getpid()])) - before
        return _Result(verdict.points, time.monotonic() - started, used, spent)

    with ThreadPoolExecutor(slots + slow_places(slots)) as pool:
        return list(pool.map(graded, notebooks))


if __name__ == "__main__":
    typer.run(main)

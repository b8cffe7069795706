"""Train every solution over many seeds, two at once, keep what is finished, and judge the gates by it."""

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from autograder.calibration.bounds import GateFigures, gate_figures
from autograder.calibration.journal import Journal, Measured, Task

EXERCISES = ("exercise_1", "exercise_2", "exercise_3")
FIRST_SEED = 10_000
"""Far from the seeds the notebooks use, so that the evidence is not their own training data."""
DECIMALS = 3
_ENVIRONMENT = {
    # as in the kernels of students and judges
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def tasks(exercises: Sequence[str], source: str, seeds: int) -> list[Task]:
    """List what has to be measured, seed by seed, so that a run cut short has as many seeds of each exercise."""
    return [Task(exercise, source, FIRST_SEED + seed) for seed in range(seeds) for exercise in exercises]


def measure(
    wanted: Sequence[Task], journal: Journal, jobs: int, progress: Callable[[int, int], None]
) -> dict[Task, Measured]:
    """Measure what the journal does not hold yet.

    Args:
        wanted: Tasks.
        journal: Gets every seed as soon as it is done.
        jobs: Processes at once; each uses one thread.
        progress: Called with (done, all), first with what was done before.

    Returns:
        What came of each task.
    """
    known = journal.read()
    missing = [task for task in wanted if task not in known]
    progress(len(wanted) - len(missing), len(wanted))
    for task, measured in _in_processes(missing, jobs):
        journal.add(task, measured)
        known[task] = measured
        progress(sum(task in known for task in wanted), len(wanted))
    return {task: known[task] for task in wanted}


def gates(found: Mapping[Task, Measured]) -> list[GateFigures]:
    """Put the evidence together.

    Args:
        found: What `measure` returned, of one source.

    Returns:
        One gate's figures after another.

    Raises:
        ValueError: Fewer than three seeds.
    """
    figures = []
    for exercise in EXERCISES:
        measured = [found[task] for task in sorted(found) if task.exercise == exercise]
        if not measured:
            continue
        solutions = _solutions(exercise)
        for gate in solutions.GATES:
            right, wrong = (
                {arm: [round(one.accuracies[arm][gate], DECIMALS) for one in measured] for arm in arms}
                for arms in (solutions.RIGHT, solutions.WRONG)
            )
            figures.append(gate_figures(f"{exercise}/{gate}", right, wrong))
    return figures


def _in_processes(
    missing: Sequence[Task], jobs: int, work: Callable[[Task], Measured] | None = None
) -> Iterator[tuple[Task, Measured]]:
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    # What TensorFlow keeps of finished networks grows, so a process serves four seeds. ProcessPoolExecutor can do that
    # too, and waits for ever at times: https://github.com/python/cpython/issues/115634
    with context.Pool(jobs, _prepare, maxtasksperchild=4) as pool:
        yield from pool.imap_unordered(partial(_named, work or train), missing)


def _prepare() -> None:
    """Set the environment before TensorFlow is imported."""
    os.environ.update(_ENVIRONMENT)


def _named(work: Callable[[Task], Measured], task: Task) -> tuple[Task, Measured]:
    return task, work(task)


def train(task: Task) -> Measured:
    """Train all solutions of an exercise with one seed, in this process.

    Args:
        task: Which.

    Returns:
        Accuracies on hidden images, and what it cost.
    """
    import keras

    solutions, started = _solutions(task.exercise), time.process_time()
    drawn = solutions.draw(task.source, task.seed)
    accuracies = {}
    for name, arm in {**solutions.RIGHT, **solutions.WRONG}.items():
        keras.utils.set_random_seed(task.seed)
        accuracies[name] = arm(drawn)
        keras.backend.clear_session()
    return Measured(accuracies, round(time.process_time() - started, 1))


def _solutions(exercise: str) -> Any:
    """The solutions of an exercise; imports Keras."""
    return importlib.import_module(f"autograder.calibration.{exercise}")

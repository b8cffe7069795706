"""Train every solution over many seeds, two at once, keep what is finished, and judge the gates by it."""

import importlib
import multiprocessing
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from autograder.calibration.bounds import GateFigures, gate_figures
from autograder.calibration.journal import Journal, Measured, Task
from autograder.judge.wording import no_such

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


def tasks(exercises: Sequence[str], source: str, seeds: int, only: Collection[str] = ()) -> list[Task]:
    """List what has to be measured, seed by seed, so that a run cut short has as many seeds of each exercise.

    Args:
        exercises: Their names.
        source: Where images come from.
        seeds: How many for each solution.
        only: Names of the solutions to be measured; none for all.

    Raises:
        ValueError: An exercise has none of these names, or no exercise has one of them.
    """
    chosen = {
        exercise: tuple(name for name in _names(exercise) if name in only) if only else () for exercise in exercises
    }
    known = {name for exercise in exercises for name in _names(exercise)} if only else set()
    if strange := sorted(set(only) - known):
        raise ValueError(no_such("solution", strange[0], known))
    return [
        Task(exercise, source, FIRST_SEED + seed, names)
        for seed in range(seeds)
        for exercise, names in chosen.items()
        if names or not only
    ]


def _names(exercise: str) -> list[str]:
    solutions = _solutions(exercise)
    return [*solutions.RIGHT, *solutions.WRONG]


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


def gates(found: Mapping[Task, Measured], on_file: Iterable[GateFigures] = ()) -> list[GateFigures]:
    """Put the evidence together.

    Args:
        found: What `measure` returned, of one source.
        on_file: Figures of the solutions that were not measured now.

    Returns:
        One gate's figures after another.

    Raises:
        ValueError: Fewer than three seeds, or no figures for a solution.
    """
    earlier = {(gate.name, arm.name): list(arm.accuracies) for gate in on_file for arm in (*gate.right, *gate.wrong)}
    figures = []
    for exercise in EXERCISES:
        measured = [found[task] for task in sorted(found) if task.exercise == exercise]
        if not measured:
            continue
        solutions = _solutions(exercise)
        for gate in solutions.GATES:
            right, wrong = (
                {
                    arm: [round(one.accuracies[arm][gate], DECIMALS) for one in measured if arm in one.accuracies]
                    or earlier.get((f"{exercise}/{gate}", arm), [])
                    for arm in arms
                }
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

    from autograder.kernels.inner import quick_fit

    quick_fit.install()  # as in the kernels: the same to the last bit, in less time
    solutions, started = _solutions(task.exercise), time.process_time()
    drawn = solutions.draw(task.source, task.seed)
    accuracies = {}
    arms = {**solutions.RIGHT, **solutions.WRONG}
    for name, arm in ((name, arm) for name, arm in arms.items() if not task.only or name in task.only):
        keras.utils.set_random_seed(task.seed)
        accuracies[name] = arm(drawn)
        keras.backend.clear_session()
    return Measured(accuracies, round(time.process_time() - started, 1))


def _solutions(exercise: str) -> Any:
    """The solutions of an exercise; imports Keras."""
    return importlib.import_module(f"autograder.calibration.{exercise}")

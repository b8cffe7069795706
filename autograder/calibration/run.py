"""Train every solution over many seeds, two at once, keep what is finished, and judge the gates by it."""

import functools
import importlib.util
import multiprocessing
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from autograder.calibration.bounds import GateFigures, gate_figures
from autograder.calibration.journal import CalibrationTask, Journal, Measured
from autograder.judge.wording import no_such

Solutions = Mapping[str, Path]
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


def tasks(solutions: Solutions, source: str, seeds: int, only: Collection[str] = ()) -> list[CalibrationTask]:
    """List what has to be measured, seed by seed, so that a run cut short has as many seeds of each exercise.

    Args:
        solutions: Files with the solutions of exercises, by name of the exercise.
        source: Where images come from.
        seeds: How many for each solution.
        only: Names of the solutions to be measured; none for all.

    Raises:
        ValueError: An exercise has none of these names, or no exercise has one of them.
    """
    chosen = {
        exercise: tuple(name for name in _names(file) if name in only) if only else ()
        for exercise, file in solutions.items()
    }
    known = {name for file in solutions.values() for name in _names(file)} if only else set()
    if strange := sorted(set(only) - known):
        raise ValueError(no_such("solution", strange[0], known))
    return [
        CalibrationTask(exercise, source, FIRST_SEED + seed, names)
        for seed in range(seeds)
        for exercise, names in chosen.items()
        if names or not only
    ]


def _names(file: Path) -> list[str]:
    solutions = load_solutions(file)
    return [*solutions.RIGHT, *solutions.WRONG]


def measure(
    wanted: Sequence[CalibrationTask],
    journal: Journal,
    jobs: int,
    progress: Callable[[int, int], None],
    work: Callable[[CalibrationTask], Measured],
) -> dict[CalibrationTask, Measured]:
    """Measure what the journal does not hold yet.

    Args:
        wanted: Tasks.
        journal: Gets every seed as soon as it is done.
        jobs: Processes at once; each uses one thread.
        progress: Called with (done, all), first with what was done before.
        work: Measures one task, in a process of its own; see `train`.

    Returns:
        What came of each task.
    """
    known = journal.read()
    missing = [task for task in wanted if task not in known]
    progress(len(wanted) - len(missing), len(wanted))
    for task, measured in _in_processes(missing, jobs, work):
        journal.add(task, measured)
        known[task] = measured
        progress(sum(task in known for task in wanted), len(wanted))
    return {task: known[task] for task in wanted}


def gates(
    file: Path, source: str, measured: Sequence[Measured], on_file: Iterable[GateFigures] = ()
) -> list[GateFigures]:
    """Put the evidence of an exercise together.

    Runs of right solutions that reach less than the notebook's own visible check asks for are left out: their authors
    are told at once. So are solutions of which that is more than half.

    Args:
        file: With its solutions, and, if the notebook has such a check, `least_shown`: what it asks for, by source.
        source: Where images come from.
        measured: Its seeds, of one source, in their order.
        on_file: Figures of the solutions that were not measured now.

    Returns:
        One gate's figures after another.

    Raises:
        ValueError: Fewer than three seeds, or no figures for a solution.
    """
    earlier = {(gate.name, arm.name): list(arm.accuracies) for gate in on_file for arm in (*gate.right, *gate.wrong)}
    solutions, figures = load_solutions(file), []
    least = solutions.least_shown(source) if hasattr(solutions, "least_shown") else 0.0
    for gate in solutions.GATES:
        right, wrong = (
            {
                arm: [round(one.accuracies[arm][gate], DECIMALS) for one in measured if arm in one.accuracies]
                or earlier.get((gate, arm), [])
                for arm in arms
            }
            for arms in (solutions.RIGHT, solutions.WRONG)
        )
        seen = {arm: [accuracy for accuracy in runs if accuracy >= least] for arm, runs in right.items()}
        kept = {arm: runs for arm, runs in seen.items() if 2 * len(runs) >= len(right[arm])}
        figures.append(gate_figures(gate, kept, wrong))
    return figures


def _in_processes(
    missing: Sequence[CalibrationTask], jobs: int, work: Callable[[CalibrationTask], Measured]
) -> Iterator[tuple[CalibrationTask, Measured]]:
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    # What TensorFlow keeps of finished networks grows, so a process serves four seeds. ProcessPoolExecutor can do that
    # too, and waits for ever at times: https://github.com/python/cpython/issues/115634
    with context.Pool(jobs, _prepare, maxtasksperchild=4) as pool:
        yield from pool.imap_unordered(partial(_named, work), missing)


def _prepare() -> None:
    """Set the environment before TensorFlow is imported."""
    os.environ.update(_ENVIRONMENT)


def _named(work: Callable[[CalibrationTask], Measured], task: CalibrationTask) -> tuple[CalibrationTask, Measured]:
    return task, work(task)


def train(files: Solutions, task: CalibrationTask) -> Measured:
    """Train all solutions of an exercise with one seed, in this process.

    Args:
        files: With the solutions of exercises, by name of the exercise.
        task: Which.

    Returns:
        Accuracies on hidden images, and what it cost.
    """
    import keras

    from autograder.kernels.inner import quick_fit

    quick_fit.install()  # as in the kernels: the same to the last bit, in less time
    solutions, started = load_solutions(files[task.exercise]), time.process_time()
    drawn = solutions.draw(task.source, task.seed)
    accuracies = {}
    arms = {**solutions.RIGHT, **solutions.WRONG}
    for name, arm in ((name, arm) for name, arm in arms.items() if not task.only or name in task.only):
        keras.utils.set_random_seed(task.seed)
        accuracies[name] = arm(drawn)
        keras.backend.clear_session()
    return Measured(accuracies, round(time.process_time() - started, 1))


@functools.cache
def load_solutions(file: Path) -> Any:
    """The solutions of an exercise; imports Keras.

    Args:
        file: With `draw`, `GATES`, and the solutions by name as `RIGHT` and `WRONG`.
    """
    spec = importlib.util.spec_from_file_location(f"solutions_of_{file.parent.name}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

"""Verdicts on many notebooks: known ones at once, the others from as many callers as the engine has room for."""

import math
import os
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from autograder.classes.collecting import Work
from autograder.classes.progress import Tally
from autograder.course.errors import UNFORESEEN
from autograder.course.submission import HandedIn
from autograder.grading.grader import Grader, LazyEngine, Result
from autograder.grading.quiet import PATIENCE_SECONDS, wait_until_quiet
from autograder.kernels.errors import TemplateFailed

Judged = tuple[HandedIn, Result]
"""What was handed in, and what came of it."""


def verdicts(
    grader: Grader, engine: LazyEngine, works: Sequence[Work], tally: Tally, *, jobs: int, force: bool
) -> Generator[tuple[Work, Future[Judged]], None, None]:
    """Yield each work with its finished future: first those whose verdict is known, then the others as they end.

    What the machine could not run is tried once more when all else is done, and when there is room.

    Args:
        grader: Finds one verdict.
        engine: The grader's, which is closed in the end.
        works: What is to be graded.
        tally: Its clock starts when the first unknown work does.
        jobs: Notebooks at once.
        force: Run what is known, too.
    """
    callers = engine.callers(jobs)
    pool = ThreadPoolExecutor(callers, thread_name_prefix="grading")
    starting: Future[object] | None = None
    unknown: deque[Work] = deque()
    try:
        for work in works:
            known = None if force else _known_or_unreadable(grader, work)
            if known is not None:
                yield work, known
                continue
            unknown.append(work)
            starting = starting or pool.submit(engine.running)
        if starting is not None:
            # Waited for, so that a machine that cannot seal stops the run instead of failing every student.
            starting.result()
        tally.begin(len(unknown))
        running: dict[Future[Judged], Work] = {}
        held_up: list[Work] = []
        while unknown or running:
            while unknown and len(running) < callers + jobs:
                work = unknown.popleft()
                running[pool.submit(_grade, grader, work, force)] = work
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                work = running.pop(future)
                if _was_held_up(future):
                    held_up.append(work)
                else:
                    yield work, future
        yield from _tried_again(grader, held_up, pool, force=force)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        engine.close()


def _tried_again(
    grader: Grader, works: list[Work], pool: ThreadPoolExecutor, *, force: bool
) -> Generator[tuple[Work, Future[Judged]], None, None]:
    """Run what the machine could not run before, when all else is done: one by one, and when it has room."""
    patience_seconds = PATIENCE_SECONDS
    for work in works:
        patience_seconds = wait_until_quiet(patience_seconds)
        future = pool.submit(_grade, grader, work, force)
        wait([future])
        yield work, future


def _grade(grader: Grader, work: Work, force: bool) -> Judged:
    submission = work.read()
    return submission, grader.grade(submission, work.exercise, force=force)


def _was_held_up(future: Future[Judged]) -> bool:
    """Tell whether it was the machine that kept a notebook from being run to its end."""
    if (error := future.exception()) is not None:
        return isinstance(error, TemplateFailed)
    return bool(future.result()[1].record.verdict.held_up)


def _known(grader: Grader, work: Work) -> Future[Judged] | None:
    submission = work.read()
    record = grader.look_up(submission, work.exercise)
    if record is None:
        return None
    future: Future[Judged] = Future()
    future.set_result((submission, Result(record, is_new=False)))
    return future


def _known_or_unreadable(grader: Grader, work: Work) -> Future[Judged] | None:
    """Look a verdict up; what goes wrong while a person's files are read is that person's, as where they are graded."""
    try:
        return _known(grader, work)
    except UNFORESEEN as problem:
        failed: Future[Judged] = Future()
        failed.set_exception(problem)
        return failed


def default_jobs() -> int:
    """Return how many notebooks this machine should grade at once.

    A quarter more than the cores it may use: a notebook keeps its core waiting for a moment whenever kernel and judge
    take turns, and another one fills that.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + math.ceil(cores / 4)

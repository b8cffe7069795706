"""A worker of a Dask cluster: bytes in, bytes out, no gradebook.

Each worker process has a course folder of its own (`source/`, the configuration, the course secret), its own engine
with warm templates, and does nothing for a sender who does not agree with it about all that decides a verdict. So the
secret and the check pages never travel, and neither side can be wrong about what the other graded with.

The templates are programs of their own, executed; nothing is ever forked from Dask's threads.
"""

import asyncio
import json
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Security, Worker, get_worker

from autograder.course.course import Course, Secret
from autograder.grading import grader as grading
from autograder.grading.grader import LazyEngine
from autograder.grading.keys import terms_of
from autograder.grading.orders import Disagreement, carry_out, refused

COURSE_VARIABLE = "AUTOGRADER_COURSE"
"""Names the course folder of a worker that was started by Dask's own command."""


@dataclass
class Place:
    """What a worker process grades with."""

    course: Course
    secret: Secret
    engine: LazyEngine


_places: list[Place] = []
_settling = threading.Lock()


def grade_order(ordered: bytes) -> bytes:
    """Grade one notebook: the task of a cluster.

    Args:
        ordered: By `autograder.grading.orders.order`.

    Returns:
        For `autograder.grading.orders.graded`.
    """
    place = _place()
    try:
        return carry_out(ordered, place.course, place.secret, place.engine.running)
    except Disagreement as problem:
        return refused(str(problem))


def describe() -> str:
    """Return what this worker grades with, as JSON; the sender asks before the first notebook."""
    try:
        place = _place()
        return json.dumps(dict(terms_of(place.course, place.secret.digest)))
    except Exception as error:  # noqa: BLE001 (as in tasks: nothing but text goes back)
        return json.dumps({"problem": str(error)})


def _place() -> Place:
    with _settling:
        if not _places:
            course = Course.find(Path(os.environ.get(COURSE_VARIABLE, ".")))
            # Only a task can ask for its worker, and the first task is what starts the engine.
            engine = LazyEngine(
                course, start=lambda course, _: grading.start_engine(course, get_worker().state.nthreads)
            )
            _places.append(Place(course, course.secret(create=False), engine))
        return _places[0]


def serve(course: Course, address: str, security: Security | None, slots: int) -> None:
    """Be a worker until the scheduler is gone.

    Args:
        course: The worker's own copy of the course.
        address: The scheduler's.
        security: Certificates; None: everything goes over the network as it is.
        slots: Notebooks at once.

    Raises:
        CourseError: There is no course secret.
        SandboxUnavailable: This machine cannot seal.
    """
    place = Place(course, course.secret(create=False), LazyEngine(course, slots))
    try:
        place.engine.running()  # before the first task: a machine that cannot seal must not join
        _places[:] = [place]
        asyncio.run(_serve(address, security, slots))
    finally:
        _places.clear()
        place.engine.close()


async def _serve(address: str, security: Security | None, slots: int) -> None:
    with tempfile.TemporaryDirectory(prefix="autograder-worker-") as scratch:
        options: dict[str, Any] = {
            "nthreads": slots,
            "security": security,
            "memory_limit": 0,  # kernels have limits of their own; Dask would count the wrong process
            "dashboard": False,
            "dashboard_address": "127.0.0.1:0",
            "local_directory": scratch,
            "death_timeout": 60,
        }
        async with Worker(address, **options) as worker:
            await worker.finished()

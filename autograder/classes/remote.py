"""A worker of a Dask cluster: bytes in, bytes out, no gradebook.

Each worker process has a course folder of its own (`source/`, the configuration, the course secret), its own engine
with warm templates, and does nothing for a sender who does not agree with it about all that decides a verdict. So the
secret and the check pages never travel, and neither side can be wrong about what the other graded with.

The templates are programs of their own, executed; nothing is ever forked from Dask's threads.
"""

import asyncio
import io
import json
import os
import tempfile
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Security, Worker, get_worker

from autograder.course.course import Course, Secret
from autograder.grading import grader as grading
from autograder.grading.grader import LazyEngine
from autograder.grading.keys import terms_of

COURSE_VARIABLE = "AUTOGRADER_COURSE"
"""Names the course folder of a worker that was started by Dask's own command."""
ORDER, NOTEBOOK, ANSWERS, FILES, OUTCOME = "order.json", "notebook.ipynb", "answers.zip", "files/", "outcome.json"


@dataclass
class Place:
    """What a worker process grades with."""

    course: Course
    secret: Secret
    engine: LazyEngine


_places: list[Place] = []
_settling = threading.Lock()


def bundle(parts: Mapping[str, bytes]) -> bytes:
    """Put named contents into one, as tasks take and return it.

    Args:
        parts: Name to content.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def unbundle(content: bytes) -> dict[str, bytes]:
    """Take apart what `bundle` made.

    Args:
        content: The bundle.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def grade_order(order: bytes) -> bytes:
    """Grade one notebook: the task of a cluster.

    Args:
        order: A bundle: which exercise, what the sender grades with, the notebook, its files, its kept answers.

    Returns:
        A bundle: the verdict, the executed notebook and its answers; or one sentence why there is none.
    """
    parts = unbundle(order)
    asked = json.loads(parts[ORDER])
    place = _place()
    refusal = disagreement(asked["terms"], terms_of(place.course, place.secret.digest))
    if refusal:
        return bundle({OUTCOME: json.dumps({"problem": refusal}).encode()})
    files = {name.removeprefix(FILES): content for name, content in parts.items() if name.startswith(FILES)}
    exercise = place.course.exercises[asked["exercise"]]
    try:
        answers, in_full = parts.get(ANSWERS, b""), asked.get("in_full", "")
        graded = place.engine.running().grade(
            parts[NOTEBOOK], files, exercise, place.secret.value, answers, in_full=in_full
        )
    except Exception as error:  # noqa: BLE001 (an exception would be pickled; the sender takes nothing but text)
        return bundle({OUTCOME: json.dumps({"problem": str(error)}).encode()})
    outcome = json.dumps({"verdict": graded.verdict.to_json()}).encode()
    return bundle({OUTCOME: outcome, NOTEBOOK: graded.notebook, ANSWERS: graded.answers})


def describe() -> str:
    """Return what this worker grades with, as JSON; the sender asks before the first notebook."""
    try:
        place = _place()
        return json.dumps(dict(terms_of(place.course, place.secret.digest)))
    except Exception as error:  # noqa: BLE001 (as in tasks: nothing but text goes back)
        return json.dumps({"problem": str(error)})


def disagreement(sender: Mapping[str, str], worker: Mapping[str, str]) -> str:
    """Say in one sentence what a worker and its sender do not agree about.

    Args:
        sender: What the sender grades with.
        worker: What the worker grades with.

    Returns:
        The sentence; empty if they agree.
    """
    different = sorted(name for name in sender.keys() | worker.keys() if sender.get(name) != worker.get(name))
    if not different:
        return ""
    named = [
        f"{name} (here {sender.get(name, 'none')}, there {worker.get(name, 'none')})"
        if name.startswith("package")
        else name
        for name in different
    ]
    return (
        f"this worker does not grade with the same {', '.join(named)}; give it the same course folder, course secret "
        "and environments as the machine `autograder grade` runs on"
    )


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

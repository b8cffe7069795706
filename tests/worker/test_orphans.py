"""A grader killed with SIGKILL leaves no kernel, judge, template or sandbox behind."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.worker.conftest import Make

PROGRAM = """
import sys, threading
from pathlib import Path
from autograder.course.exercise import Exercise
from autograder.grading.engine import WarmEngine, EngineSettings
from autograder.kernels.limits import Limits
source, page = Path(sys.argv[1]), Path(sys.argv[2])
exercise = Exercise.from_source(page.stem, source.read_bytes(), page, "assignment")
def work():
    with WarmEngine(EngineSettings(limits=Limits(), slots=1)) as engine:
        engine.grade(exercise.source, {}, exercise, b"a secret for tests")
if sys.argv[3] == "thread":  # as on a worker of a cluster, where no signal follows the end of the process
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
else:
    work()
"""
PAGE = """
@check("check_endless", points=1)
def comes_to_an_end(submission):
    '''It comes to an end.'''
    submission.call("endless").returned()
"""


def _names(process: psutil.Process) -> set[str]:
    """Names of all processes below one; some end while they are asked."""
    names = set()
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            names.add(child.name())
    return names


@pytest.mark.parametrize("place", ["main", "thread"])
def test_nothing_survives_the_grader(exercise: Make, tmp_path: Path, place: str) -> None:
    cell = "import subprocess\nsubprocess.Popen(['sleep', '600'])\nwhile True: pass"
    made = exercise(PAGE, {"endless": cell})
    (tmp_path / "notebook.ipynb").write_bytes(made.source)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "notebook.ipynb"), str(made.page), place]
    grader = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    process = psutil.Process(grader.pid)
    deadline = time.monotonic() + 60
    while "sleep" not in _names(process):
        assert time.monotonic() < deadline, "the notebook's cell did not start"
        time.sleep(0.1)
    left = process.children(recursive=True)
    assert len(left) >= 6, "two templates, two sandboxes, a kernel and its child"

    grader.kill()
    grader.wait()

    gone, alive = psutil.wait_procs(left, timeout=10)
    assert not alive
    assert len(gone) == len(left)

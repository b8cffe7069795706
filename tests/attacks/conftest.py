"""One warm engine in surroundings full of secrets, for all attacks."""

import shutil
import tempfile
from pathlib import Path

import pytest

from autograder.grading.engine import EngineSettings, WarmEngine
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.limits import Limits
from tests.attacks.surroundings import Surroundings

LIMITS = Limits(
    cell_cpu_seconds=1,
    cell_wall_seconds=4,
    notebook_cpu_seconds=30,
    notebook_wall_seconds=600,
    memory_mib=400,
    processes=80,
    file_mib=32,
    output_mib=1,
    notebook_output_mib=4,
)


@pytest.fixture(scope="session")
def surroundings():
    """The course, the engine that grades it, and a neighbour."""
    folder = Path(tempfile.mkdtemp(prefix="attacked-"))  # pytest's own folders cannot be entered by others anyway
    made = Surroundings(folder)
    try:
        engine = WarmEngine(EngineSettings(limits=LIMITS, slots=2))
        engine.__enter__()
    except (SandboxUnavailable, TemplateFailed) as missing:
        made.close()
        pytest.skip(str(missing))
    try:
        made.move_in(engine)
        yield made
        assert made.neighbour_remembers()
    finally:
        made.close()
        engine.__exit__(None, None, None)
        shutil.rmtree(folder)


@pytest.fixture
def grade(surroundings):
    """Grade a notebook of the light course, given everything an attacker would like to know."""

    def run(notebook, files=None):
        files = {"targets.json": surroundings.targets()} | (files or {})
        return surroundings.engine.grade(notebook, files, surroundings.exercise, surroundings.secret)

    return run

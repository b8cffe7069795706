"""Course folders for tests: bare, and with the release generated."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import sample_course

from autograder.course.course import Course
from autograder.grading import grader as grading

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _the_real_engine_comes_back(monkeypatch):
    """A test course's configuration puts the fake engine in; this takes it out again."""
    monkeypatch.setattr(grading, "start_engine", grading.start_engine)
    monkeypatch.delenv("AUTOGRADER_SECRET", raising=False)


@pytest.fixture
def run(monkeypatch):
    """Run a command line of this environment's Python in a folder, as an instructor would."""
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("COLUMNS", "200")

    def run(folder, *command):
        line = [sys.executable, "-m", *command]
        return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120, check=False)

    return run


@pytest.fixture
def bare_root(tmp_path):
    """A course folder without gradebook or release."""
    return sample_course.make_course(tmp_path / "course")


@pytest.fixture(scope="session")
def _released(tmp_path_factory):
    root = sample_course.make_course(tmp_path_factory.mktemp("released") / "course")
    line = [sys.executable, "-m", "nbgrader", "generate_assignment", sample_course.ASSIGNMENT]
    subprocess.run(line, cwd=root, check=True, capture_output=True, env=_environment())
    return root


@pytest.fixture
def root(_released, tmp_path):
    """A course folder whose assignment is in the gradebook."""
    return Path(shutil.copytree(_released, tmp_path / "course"))


@pytest.fixture
def course(root):
    return Course.load(root)


def _environment():
    import os

    return {**os.environ, "PYTHONPATH": str(PROJECT)}

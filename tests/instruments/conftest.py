"""The small course of tests/course, with three students graded."""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "course"))

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course
from autograder.grading import grader
from tests.course.conftest import _released, _the_real_engine_comes_back, bare_root, course, root, run  # noqa: F401


@pytest.fixture(scope="session")
def _graded_root(_released, tmp_path_factory):  # noqa: F811
    place = Path(shutil.copytree(_released, tmp_path_factory.mktemp("graded") / "course"))
    sample_course.hand_in(place, "ada")
    sample_course.hand_in(place, "ben", sample_course.submission("def double(n):\n    return 2 * n  # half"))
    sample_course.hand_in(place, "cleo", sample_course.submission("def double(n):\n    return n"))
    real_engine = grader.start_engine
    found = Course.load(place)  # whose configuration puts the fake engine in
    try:
        ClassRun(found, sample_course.ASSIGNMENT, found.secret()).run()
    finally:
        grader.start_engine = real_engine
    return place


@pytest.fixture
def graded(_graded_root, tmp_path):
    """A course with work of ada (right), ben (half) and cleo (wrong), graded."""
    place = Path(shutil.copytree(_graded_root, tmp_path / "course", symlinks=True))
    Course.load(place)
    return place

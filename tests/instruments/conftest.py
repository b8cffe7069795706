"""The small course of tests/course, with three students graded."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "course"))

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course
from tests.course.conftest import _released, _the_real_engine_comes_back, bare_root, course, root, run  # noqa: F401


@pytest.fixture
def graded(root):  # noqa: F811
    """A course with work of ada (right), ben (half) and cleo (wrong), graded."""
    sample_course.hand_in(root, "ada")
    sample_course.hand_in(root, "ben", sample_course.submission("def double(n):\n    return 2 * n  # half"))
    sample_course.hand_in(root, "cleo", sample_course.submission("def double(n):\n    return n"))
    found = Course.load(root)
    ClassRun(found, sample_course.ASSIGNMENT, found.secret()).run()
    return root

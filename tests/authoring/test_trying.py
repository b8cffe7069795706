"""Trying checks in one process: the verdicts of the sealed path, as a command that says what is as expected."""

import subprocess
import sys

import pytest

from autograder.authoring.slips import SlipError
from autograder.authoring.trying import Bench
from autograder.course.course import Course

NAME = "exercise_3_comparing_models"
NOTICED = "wrong_pareto_sorted"


@pytest.fixture
def autograder(project_root):
    """Runs a command in the project folder."""

    def run(*arguments):
        command = [sys.executable, "-m", "autograder.cli", *arguments]
        return subprocess.run(command, cwd=project_root, capture_output=True, text=True, timeout=500, check=False)

    return run


def test_one_check_is_tried_on_one_slip_and_shows_its_page(autograder):
    check = "pareto_front_keeps_order_and_columns"
    ran = autograder("try-check", "exercise_3", "--slip", NOTICED, "--check", check)

    assert ran.returncode == 1
    assert f"check_pareto_front: {check}" in ran.stdout
    assert "deciding.py" in ran.stderr
    assert "site-packages/hypothesis" not in ran.stderr


def test_a_submission_that_does_not_exist_is_said_with_the_nearest(autograder):
    ran = autograder("try-check", "exercise_3", "--slip", "wrong_pareto_sort")

    assert ran.returncode == 2
    assert "no submission 'wrong_pareto_sort'; did you mean 'wrong_pareto_sorted'?" in ran.stderr


def test_a_check_that_does_not_exist_is_said_with_the_nearest(project_root):
    bench = Bench.find(Course.load(project_root), "exercise_3")

    with pytest.raises(SlipError, match="no check 'pareto_front_keeps_order'; did you mean"):
        bench.check_names(["pareto_front_keeps_order"])

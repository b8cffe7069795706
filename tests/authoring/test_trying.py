"""Trying checks in one process: the verdicts of the sealed path, as a command that says what is as expected."""

import json
import subprocess
import sys

import pytest

NAME = "exercise_3_comparing_models"
NOTICED = "wrong_pareto_sorted"


@pytest.fixture
def autograder(project_root):
    """Runs a command in the project folder."""

    def run(*arguments):
        command = [sys.executable, "-m", "autograder.cli", *arguments]
        return subprocess.run(command, cwd=project_root, capture_output=True, text=True, timeout=500, check=False)

    return run


def test_all_slips_are_tried_and_compared_with_what_they_should_lose(autograder):
    ran = autograder("try-check", "exercise_3", "--all-slips", "--only", "wrong_pareto_", "--json")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = {entry["slip"]: entry for entry in json.loads(ran.stdout)}
    assert len(found) >= 10
    assert {entry["status"] for entry in found.values()} == {"OK"}
    assert found[NOTICED]["lost"] == {"check_pareto_front": 0.5}


def test_one_check_is_tried_on_one_slip_and_shows_its_page(autograder):
    check = "pareto_front_keeps_order_and_columns"
    ran = autograder("try-check", "exercise_3", "--slip", NOTICED, "--check", check)

    assert ran.returncode == 1
    assert f"check_pareto_front: {check}" in ran.stdout
    assert "deciding.py" in ran.stderr
    assert "site-packages/hypothesis" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("--check", "pareto_front_keeps_order"),
            "no check 'pareto_front_keeps_order'; did you mean",
        ),
        (("--slip", "wrong_pareto_sort"), "no submission 'wrong_pareto_sort'; did you mean 'wrong_pareto_sorted'?"),
    ],
)
def test_a_name_that_does_not_exist_is_said_with_the_nearest(autograder, arguments, sentence):
    ran = autograder("try-check", "exercise_3", *arguments)

    assert ran.returncode == 2
    assert sentence in ran.stderr

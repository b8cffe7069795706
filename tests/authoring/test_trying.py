"""Trying checks in one process: the verdicts of the sealed path, as a command that says what is as expected."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.authoring import forks, mutants
from autograder.authoring.mutations import Mutation
from autograder.authoring.slips import SlipError
from autograder.authoring.trying import Bench, Errand, Tried, run_errands
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


def spin():
    while True:
        pass


@pytest.mark.parametrize(
    ("work", "cpu_seconds", "seconds", "lost"),
    [
        (spin, 1, 60.0, forks.Lost("it took more than 1 s of a processor", is_certain=True)),
        (lambda: time.sleep(60), 1, 0.3, forks.Lost("it had not ended after 0.3 s, with less than 1 s of a processor")),
    ],
)
def test_only_a_clock_that_a_crowded_machine_does_not_move_says_for_certain_that_a_fork_never_ends(
    work, cpu_seconds, seconds, lost
):
    assert dict(forks.run_forked([("it", work)], 1, cpu_seconds, seconds)) == {"it": lost}


def test_what_a_submission_writes_is_in_nobodys_way(project_root, monkeypatch, tmp_path):
    bench = Bench.find(Course.load(project_root), NAME)
    monkeypatch.chdir(tmp_path)

    def save(_):
        seen = os.listdir()
        Path("best.keras").touch()
        return seen

    errands = [Errand(name, 0, save) for name in ("one", "another")]
    assert dict(run_errands(bench, errands, 1, 100)) == {"one": [], "another": []}
    assert not list(tmp_path.iterdir())


def test_a_mutant_that_nobody_had_time_for_is_not_taken_for_noticed(monkeypatch):
    mutation = Mutation("drop a statement", 1, "", "")
    work = SimpleNamespace(name="cell 0")
    came = [Tried("cell 0", {}, {}, "", {}, {}, "it had not ended after 9 s", is_certain=False)]
    monkeypatch.setattr(mutants, "answers_of", lambda *_: {"cell": ""})
    monkeypatch.setattr(mutants, "equivalents", lambda _: {})
    monkeypatch.setattr(mutants, "mutations", lambda _: [mutation])
    monkeypatch.setattr(mutants, "work_of", lambda *_: work)
    monkeypatch.setattr(mutants, "try_works", lambda *_: came)

    (found,) = mutants.try_mutants(None, ["cell"], 1)

    assert (found.noticed, found.undecided) == ("", "it had not ended after 9 s")

"""The course holds together: texts and notebooks, right answers and their points, mistakes and what they lose."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).parent.parent
EXERCISES = sorted(path.name for path in (COURSE / "checks").iterdir() if path.is_dir())
RIGHT = sorted(
    (path.parent.name, path.name)
    for path in (COURSE / "tests" / "submissions").glob("*/*")
    if path.name == "reference" or (path.name.startswith("right_") and path.is_dir())
)


def autograder(*arguments, status=0):
    """Run a command of the grader in the course folder; what it says is shown if it does not end as it should."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli", *arguments], cwd=COURSE, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_unanswered_notebook_earns_nothing(exercise):
    """A check that passes where nothing was done judges nothing."""
    released = next((COURSE / "release").glob(f"*/{exercise}.ipynb"))
    found = autograder("try-check", exercise, "--notebook", str(released), "--json", status=1)
    assert [check["check"] for check in json.loads(found) if check["points"]] == []


def test_notebooks_and_release_are_up_to_date():
    """Run `autograder build` if this fails."""
    autograder("build", "--check")


def test_every_clause_has_a_check_and_a_mistake_that_breaks_it():
    """Run `autograder clauses` if only the page in docs/ is old."""
    autograder("clauses", "--check")


@pytest.mark.parametrize(("exercise", "name"), RIGHT)
def test_a_right_answer_gets_all_points(exercise, name):
    """The reference, and the same in other styles."""
    autograder("try-check", exercise, "--slip", name)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_mistake_loses_the_points_it_should_and_no_others(exercise):
    """What `slips.toml` says."""
    autograder("try-check", exercise, "--all-slips", "--whole")

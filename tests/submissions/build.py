"""The golden submissions of this project; `autograder/authoring/golden.py` says what they are made of."""

from pathlib import Path

from autograder.authoring import golden
from autograder.authoring.golden import Expected, Plan, build_submission, read_expected

__all__ = ["Expected", "Plan", "build_submission", "exercise_names", "read_expected", "read_plan", "submission_places"]

SUBMISSIONS = Path(__file__).parent


def exercise_names() -> list[str]:
    """List the exercises that have golden submissions, by name."""
    return golden.exercise_names(SUBMISSIONS)


def read_plan(exercise: str) -> Plan:
    """Read the `plan.toml` of an exercise."""
    return golden.read_plan(SUBMISSIONS / exercise)


def submission_places(exercise: str) -> list[Path]:
    """List the golden submissions of one exercise, by name; a slip has a place without a folder."""
    return golden.submission_places(SUBMISSIONS / exercise)

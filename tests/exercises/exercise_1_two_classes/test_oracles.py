"""The slow statements of what is right are right."""

import numpy as np

from autograder.checks.exercise_1_two_classes import _oracles as oracles


def test_the_selection_oracle_is_the_definition() -> None:
    assert oracles.selected(np.array([5, 3, 9, 3]), (3, 5)) == ([0, 1, 3], [1, 0, 0])


def test_the_split_oracle_leaves_something_on_both_sides() -> None:
    assert oracles.validation_counts(4, 0.25) == (1, 2)
    assert oracles.validation_counts(2, 0.9) == (1,)

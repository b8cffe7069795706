"""Hidden checks for exercise 1: standardize.

The name of a check is a claim, its docstring the line that students read, its points are part of those of its cell.
"""

import numpy as np
from _oracle import standardized
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.judge.checking import check
from autograder.judge.comparators import expect_close, expect_untouched, expect_value_error

CELL = "check_standardize"


def drawn(rows, columns, seed):
    """Draw measurements in units of very different size; all draws hang on the course's secret."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(rows, columns)) * 10.0 ** generator.integers(-2, 4, columns) + 7


@check(CELL, points=2, hint="`values.mean(axis=0)` and `values.std(axis=0)` have one number for each column")
@settings(max_examples=8)
@given(rows=st.integers(2, 30), columns=st.integers(1, 5), seed=st.integers(0, 2**32 - 1))
def standardize_moves_and_scales_each_column(submission, rows, columns, seed):
    """Each column has the mean 0 and the standard deviation 1."""
    values = drawn(rows, columns, seed)
    answer = submission.call("standardize", values)
    expect_close(answer.returned(), standardized(values), "the answer", answer.called)


@check(CELL, points=1, hint="replace a standard deviation of 0 by 1 before you divide")
@settings(max_examples=4)
@given(constant=st.integers(-9, 9), seed=st.integers(0, 2**32 - 1))
def standardize_makes_constant_columns_zero(submission, constant, seed):
    """A column whose values are all the same becomes 0; so does a table of one row."""
    values = drawn(6, 3, seed)
    values[:, 1] = constant
    for given_values in (values, values[:1]):
        answer = submission.call("standardize", given_values)
        expect_close(answer.returned(), standardized(given_values), "the answer", answer.called)


@check(CELL, points=0.5, hint="work on a copy: `-=` and `/=` change the array that was given")
@settings(max_examples=3)
@given(seed=st.integers(0, 2**32 - 1))
def standardize_leaves_its_argument_as_it_was(submission, seed):
    """The array that is given is not changed."""
    values = drawn(5, 2, seed)
    answer = submission.call("standardize", values, inputs_after=True)
    expect_close(answer.returned(), standardized(values), "the answer", answer.called)  # nothing done is no merit
    expect_untouched(answer, values)


@check(CELL, points=0.5, hint="look at `values.ndim` first")
def standardize_refuses_what_is_no_table(submission):
    """One dimension, or three, raise ValueError."""
    for shape in ((4,), (2, 3, 2)):
        values = np.arange(np.prod(shape), dtype=float).reshape(shape)
        expect_value_error(submission.call("standardize", values), f"an array with {len(shape)} dimensions")

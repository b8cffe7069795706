"""Hidden checks for exercise 2, freezing strategies: comparing them, and choosing one.   11 points

One live call of `compare_strategies` with tiny models shows what it trains; `best_strategy` is asked about tables.

Slips guarded: one backbone or one head for all strategies, flags flipped without compiling again, unequal epochs, the
best epoch instead of the last, seconds of something else, the last model instead of the best; the most accurate or the
smallest instead of the trade-off, a relative or exclusive tolerance, ties, rows without a number.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checks.exercise_2_freezing_strategies._comparison import Comparison, compared
from autograder.checks.exercise_2_freezing_strategies._tables import best_fraction, strategy_table, strategy_tables
from autograder.judge.checking import check, fail
from autograder.judge.comparators import number
from autograder.judge.submission import Answer, Submission
from autograder.judge.tables import expect_table_untouched

COMPARE, BEST = "check_compare_strategies", "check_best_strategy"
Compare = Callable[[], Comparison]


@pytest.fixture(scope="session")
def compare(submission: Submission, draw_seed: Callable[[str], int]) -> Compare:
    """The one live call, for all checks."""
    return functools.partial(compared, submission, draw_seed("comparison"))


# --- compare_strategies: 7 points


@check(COMPARE, points=0.5, hint="collect one dictionary a fraction in a list, and end with `pd.DataFrame(rows)`")
def compare_strategies_gives_a_row_for_each_fraction(compare: Compare) -> None:
    """It returns a table with the four columns, one row for each fraction in the order given, and a model."""
    compare().expect_any_size()
    compare().expect_rows()
    compare().best_model()


@check(COMPARE, points=1, hint="call `make_backbone()` inside the loop, and give each model a head of its own")
def compare_strategies_starts_each_afresh(compare: Compare) -> None:
    """Each strategy starts from the pretrained backbone and a head that has only the head stage behind it."""
    compare().expect_fresh_starts()


@check(COMPARE, points=1, hint="compile after you change flags: `fit` keeps the step it has traced")
def compare_strategies_trains_the_layers_of_each_fraction(compare: Compare) -> None:
    """In the second stage, the layers that your `unfreeze_fraction` unfreezes learn, and no others."""
    compare().expect_layers()


@check(
    COMPARE, points=1, hint="hand `head_epochs` and `epochs` to `fit`, whatever the fraction, and stop nothing early"
)
def compare_strategies_trains_all_equally_long(compare: Compare) -> None:
    """Every fraction gets `head_epochs` epochs in the head stage and `epochs` in the second, each in one `fit`."""
    compare().expect_epochs()


@check(COMPARE, points=0.5, hint="the same head, optimizer, learning rate and batch size, whatever the fraction")
def compare_strategies_changes_nothing_but_the_fraction(compare: Compare) -> None:
    """Head, optimizer, learning rate and number of steps are the same for all fractions."""
    compare().expect_nothing_else_differs()


@check(COMPARE, points=0.5, hint="`fit` gets the training images and labels; the validation images only validate")
def compare_strategies_learns_from_the_training_images(compare: Compare) -> None:
    """All training images are learned from, no validation image is, and neither are changed in place."""
    compare().expect_images()


@check(COMPARE, points=0.5, hint="count after unfreezing, on the whole model: the head is part of it")
def compare_strategies_counts_what_trains(compare: Compare) -> None:
    """`trainable` is the number of parameters that learn in the second stage, those of the head included."""
    compare().expect_counts()


@check(
    COMPARE, points=0.5, hint='the last entry of `history.history["val_accuracy"]`, not the largest, and not rounded'
)
def compare_strategies_reports_the_last_epoch(compare: Compare) -> None:
    """`val_accuracy` is the accuracy on the validation images after the last epoch."""
    compare().expect_last_epochs()


@check(COMPARE, points=0.5, hint="`time.perf_counter()` just before and just after the second `fit`; then subtract")
def compare_strategies_times_the_second_stage(compare: Compare) -> None:
    """`seconds` is the time that the second `fit` took, and nothing else."""
    compare().expect_seconds()


@check(COMPARE, points=0.5, hint="keep all models, or the best so far, together with their accuracies")
def compare_strategies_returns_the_best_model(compare: Compare) -> None:
    """The model that comes back is that of the row with the highest `val_accuracy`, as its training left it."""
    compare().expect_best()


@check(COMPARE, points=0.5, hint='a softmax for each class, a sparse loss, and `metrics=["accuracy"]`')
def compare_strategies_builds_models_by_the_rules(compare: Compare) -> None:
    """The models give one probability for each class, and are compiled for integer labels with `accuracy`."""
    compare().expect_rules()


# --- best_strategy: 4 points


@check(BEST, points=1.5, hint="first keep the rows that are good enough, then take the one with the fewest parameters")
@settings(max_examples=24)
@given(drawn=strategy_tables())
def best_strategy_takes_the_smallest_that_is_good_enough(submission: Submission, drawn: tuple[Any, float]) -> None:
    """Among the rows within the tolerance of the best accuracy, it returns the fraction with the fewest parameters."""
    _expect_choice(submission, *drawn)


@check(BEST, points=1, hint="`val_accuracy >= best - tolerance`: a difference, not a share, and with `>=`")
@settings(max_examples=4)
@given(unit=st.integers(90, 400), places=st.permutations([0, 1, 2]))
def best_strategy_takes_the_tolerance_as_a_difference(submission: Submission, unit: int, places: list[int]) -> None:
    """The tolerance is a difference of accuracies, and a row that is exactly as good as allowed is good enough."""
    # as a share, 0.045 would leave 0.4775 and 0.25 would leave 0.375
    rows = [(0.0, unit, 0.30), (0.5, 9 * unit, 0.47), (1.0, 50 * unit, 0.50)]
    table = strategy_table([rows[place] for place in places])
    for tolerance in (0.045, 0.25, 0.0):  # with 0 the best row itself is good enough
        _expect_choice(submission, table, tolerance)
    rows = [(0.125, unit, 0.5), (0.25, 3 * unit, 0.625), (0.875, 7 * unit, 0.75)]
    for tolerance in (0.25, 0.125):  # these numbers are exact, and so is what is left of them
        _expect_choice(submission, strategy_table([rows[place] for place in places]), tolerance)
    _expect_choice(submission, strategy_table([(0.25, unit, 0.745), (0.5, 5 * unit, 0.75)]), 0)
    # to two decimals, 0.7451 would be as good as the 0.7459 that are needed
    _expect_choice(submission, strategy_table([(0.25, unit, 0.7451), (0.5, 5 * unit, 0.75)]), 0.0041)
    # and 0.746 not as good as the 0.7451 that are
    _expect_choice(submission, strategy_table([(0.25, unit, 0.746), (0.5, 5 * unit, 0.75)]), 0.0049)


@check(BEST, points=0.5, hint="sort by two columns: parameters first, then the fraction")
@settings(max_examples=4)
@given(fractions=st.lists(st.integers(0, 8), min_size=3, max_size=5, unique=True), count=st.integers(200, 900))
def best_strategy_breaks_ties_by_the_smaller_fraction(submission: Submission, fractions: list[int], count: int) -> None:
    """Among rows with equally few parameters, the smaller fraction is taken, wherever it stands."""
    rows = [(place / 8, count, 0.6 - 0.001 * number) for number, place in enumerate(fractions)]
    for ordered in (rows, rows[::-1], [*rows[1:], rows[0]]):
        _expect_choice(submission, strategy_table(ordered), 0.02)
    # equally few parameters and a smaller fraction, but not good enough
    theirs = [(0.25, count, 0.5), (0.375, count, 0.61), (0.5, count, 0.6), (1.0, 3 * count, 0.62)]
    _expect_choice(submission, strategy_table(theirs), 0.05)


@check(BEST, points=0.5, hint="`nan` compares with nothing: leave such rows out before you look for the best")
@settings(max_examples=4)
@given(unit=st.integers(50, 400), percent=st.integers(60, 75), swapped=st.booleans())
def best_strategy_leaves_out_rows_without_a_number(
    submission: Submission, unit: int, percent: int, swapped: bool
) -> None:
    """A row whose accuracy is NaN is neither the best nor chosen."""
    good = percent / 100
    rows = [(0.0, unit, math.nan), (0.25, 3 * unit, good), (0.5, 5 * unit, good + 0.005), (1.0, 9 * unit, math.nan)]
    rows = rows[::-1] if swapped else rows
    _expect_choice(submission, strategy_table(rows), 0.02)
    _expect_choice(submission, strategy_table(rows[::-1], filtered=True), 0.001)
    _expect_choice(submission, strategy_table(rows), 0.9)  # and not even where an accuracy of 0 would be good enough
    rows = [(0.0, unit, math.nan), (0.25, 3 * unit, 0.0), (0.5, 5 * unit, 0.01)]
    _expect_choice(submission, strategy_table(rows), 0.02)  # which is a number like any other


@check(BEST, points=0.5, hint="work on `table.copy()`, or put what you compute into variables instead of columns")
@settings(max_examples=3)
@given(unit=st.integers(50, 400), chosen=st.sampled_from([0.25, 0.5]))
def best_strategy_leaves_its_table_as_it_was(submission: Submission, unit: int, chosen: float) -> None:
    """The table given to `best_strategy` is not changed."""
    rows = [(1.0, 8 * unit, 0.62), (chosen, 2 * unit, 0.6), (0.75, 4 * unit, 0.61), (0.0, unit, math.nan)]
    for filtered in (False, True):
        table = strategy_table(rows, filtered=filtered)
        expect_table_untouched(_expect_choice(submission, table, 0.05, inputs_after=True), table)


def _expect_choice(submission: Submission, table: Any, tolerance: float, *, inputs_after: bool = False) -> Answer:
    answer: Answer = submission.call("best_strategy", table, tolerance, inputs_after=inputs_after)
    returned: Any = answer.returned()
    columns = table.columns
    given = ", ".join(
        f"({fraction:g}, {count}, {accuracy:g})"
        for fraction, count, accuracy in zip(
            columns["fraction"], columns["trainable"], columns["val_accuracy"], strict=True
        )
    )
    called = f"`best_strategy(table, {tolerance:g})` with the rows (fraction, trainable, val_accuracy) {given}"
    found = number(returned, "the answer", called)
    expected = best_fraction(columns, tolerance)
    if not any(abs(found - fraction) <= 1e-9 for fraction in columns["fraction"]):
        came = f"it returned {found:g}, which is no fraction of this table"
        fail(came, f"{expected:g}", called=called, hint='return the "fraction" of the row as it stands there')
    if abs(found - expected) > 1e-9:
        fail(f"it returned {found:g}", f"{expected:g}", called=called)
    return answer

"""Hidden checks for exercise 2, freezing strategies: comparing them, and choosing one.   11 points

One live call of `compare_strategies` with tiny models shows what it trains; `best_strategy` is asked about tables.

Slips guarded: one backbone or one head for all strategies, flags flipped without compiling again, unequal epochs, the
best epoch instead of the last, seconds of something else, the last model instead of the best; the most accurate or the
smallest instead of the trade-off, a relative or exclusive tolerance, ties, rows without a number.
"""

from typing import Any

import pytest
from hypothesis import given, settings

from autograder.judge import oracles
from autograder.judge.cases import Cases
from autograder.judge.checking import check, fail
from autograder.judge.comparators import number
from autograder.judge.comparing import (
    EPOCHS,
    FRACTIONS,
    HEAD_EPOCHS,
    compared,
    expected_layers,
    same_arrays,
    trainable_parameters,
)
from autograder.judge.models import describe, find_arrays
from autograder.judge.strategies import strategy_table, strategy_tables
from autograder.judge.submission import Answer, Submission

COMPARE, BEST = "check_compare_strategies", "check_best_strategy"
ROUNDING_SECONDS = 0.06
"""Whoever rounds to tenths of a second may fall short by this much."""


@pytest.fixture(scope="session")
def cases(submission: Submission) -> Cases:
    """The one live call, for all checks."""
    return Cases(submission)


# --- compare_strategies: 7 points


@check(COMPARE, points=1, hint="collect one dictionary a fraction in a list, and end with `pd.DataFrame(rows)`")
def compare_strategies_gives_a_row_for_each_fraction(cases: Cases) -> None:
    """It returns a table with the four columns, one row for each fraction in the order given, and a model."""
    case = compared(cases)
    found = case.columns()["fraction"]
    if found != list(FRACTIONS):
        fail(f"the column `fraction` holds {found}", f"{list(FRACTIONS)}, as given", called=case.called)
    case.best_model()


@check(COMPARE, points=1.5, hint="call `make_backbone()` inside the loop, and give each model a head of its own")
def compare_strategies_starts_each_afresh(cases: Cases) -> None:
    """Each strategy starts from the pretrained backbone and a head that has only the head stage behind it."""
    case = compared(cases)
    for fraction, found in zip(FRACTIONS, case.strategies(), strict=True):
        lost = sum(index is None for index in find_arrays(case.backbone, found.before))
        if lost:
            came = (
                f"the training for {fraction} began with {lost} of the backbone's {len(case.backbone)} arrays changed"
            )
            fail(came, "each one to begin with the pretrained backbone", called=case.called)
        stage, came = case.head_stage(found), ""
        if stage is None:
            came = f"the training for {fraction} began with a head that no earlier head stage left behind"
        elif case.trained_before(stage):
            came = f"the head stage for {fraction} went on with a head that another training had left behind"
        if came:
            hint = "make a new head for each fraction, or give each a copy of one that was trained once"
            fail(
                came, "a head of `head_epochs` on the frozen backbone, and nothing else", called=case.called, hint=hint
            )


@check(COMPARE, points=1, hint="compile after you change flags: `fit` keeps the step it has traced")
def compare_strategies_trains_the_layers_of_each_fraction(cases: Cases) -> None:
    """In the second stage, the layers that your `unfreeze_fraction` unfreezes learn, and no others."""
    case = compared(cases)
    for fraction, found in zip(FRACTIONS, case.strategies(), strict=True):
        moved = case.layers_moved(found)
        if moved != expected_layers(fraction) and moved != case.own_layers(fraction):
            came = f"for {fraction}, `fit` changed {len(moved)} layers of the backbone ({', '.join(sorted(moved))})"
            fail(came, f"{len(expected_layers(fraction))}, the last ones of those that count", called=case.called)


@check(
    COMPARE, points=1, hint="hand `head_epochs` and `epochs` to `fit`, whatever the fraction, and stop nothing early"
)
def compare_strategies_trains_all_equally_long(cases: Cases) -> None:
    """Every fraction gets `head_epochs` epochs in the head stage and `epochs` in the second."""
    case = compared(cases)
    for fraction, found in zip(FRACTIONS, case.strategies(), strict=True):
        if found.epochs != EPOCHS:
            fail(f"the second stage for {fraction} took {found.epochs} epochs", f"{EPOCHS}", called=case.called)
        stage = case.head_stage(found)
        if stage is not None and stage.epochs != HEAD_EPOCHS:
            fail(f"the head stage for {fraction} took {stage.epochs} epochs", f"{HEAD_EPOCHS}", called=case.called)


@check(COMPARE, points=0.5, hint="count after unfreezing, on the whole model: the head is part of it")
def compare_strategies_counts_what_trains(cases: Cases) -> None:
    """`trainable` is the number of parameters that learn in the second stage, those of the head included."""
    case = compared(cases)
    for fraction, found, told in zip(FRACTIONS, case.strategies(), case.columns()["trainable"], strict=True):
        wanted = trainable_parameters(found)
        if told != wanted and told != case.own_count(found):
            fail(f"for {fraction}, `trainable` is {told:,.10g}", f"{wanted:,}", called=case.called)


@check(COMPARE, points=1, hint='the last entry of `history.history["val_accuracy"]`, not the largest, and not rounded')
def compare_strategies_reports_the_last_epoch(cases: Cases) -> None:
    """`val_accuracy` is the accuracy on the validation images after the last epoch."""
    case = compared(cases)
    images, labels = case.validation
    for fraction, found, told in zip(FRACTIONS, case.strategies(), case.columns()["val_accuracy"], strict=True):
        measured = found.accuracy(images, labels)
        if abs(told - measured) > 0.001:
            came = f"for {fraction}, `val_accuracy` is {told:.3f}, and the model at the end is right on {measured:.3f}"
            fail(came, "the accuracy of the model as the last epoch left it", called=case.called)


@check(COMPARE, points=0.5, hint="`time.perf_counter()` just before and just after the second `fit`; then subtract")
def compare_strategies_times_the_second_stage(cases: Cases) -> None:
    """`seconds` is the time that the second `fit` took: more than nothing, and not more than the whole call."""
    case = compared(cases)
    told = case.columns()["seconds"]
    for fraction, found, seconds in zip(FRACTIONS, case.strategies(), told, strict=True):
        if seconds <= 0 or seconds < found.seconds - ROUNDING_SECONDS:
            came = f"for {fraction}, `seconds` is {seconds:.3f}, while `fit` took {found.seconds:.3f}"
            fail(came, "the time around `fit`", called=case.called)
    if sum(told) > case.answer.seconds + len(told) * ROUNDING_SECONDS:
        came = f"the trainings took {sum(told):.1f} seconds together, the whole call {case.answer.seconds:.1f}"
        fail(came, "parts that are not more than the whole", called=case.called)


@check(COMPARE, points=0.5, hint="keep all models, or the best so far, together with their accuracies")
def compare_strategies_returns_the_best_model(cases: Cases) -> None:
    """The model that comes back is that of the row with the highest `val_accuracy`, as its training left it."""
    case = compared(cases)
    told, model = case.columns()["val_accuracy"], case.best_model()
    measured = [found.accuracy(*case.validation) for found in case.strategies()]
    best = [
        found
        for found, own, true in zip(case.strategies(), told, measured, strict=True)
        if own == max(told) or true == max(measured)
    ]
    if not any(found.model.id == model.id for found in best):
        facts = describe(case.submission, model, "the model that came back")
        if not any(same_arrays(facts.arrays, found.after) for found in best):
            fail("the model that came back is not that of the best row", "the best model itself", called=case.called)


# --- best_strategy: 4 points


@check(BEST, points=2, hint="first keep the rows that are good enough, then take the one with the fewest parameters")
@settings(max_examples=24)
@given(drawn=strategy_tables())
def best_strategy_takes_the_smallest_that_is_good_enough(submission: Submission, drawn: tuple[Any, float]) -> None:
    """Among the rows within the tolerance of the best accuracy, it returns the fraction with the fewest parameters."""
    _expect_choice(submission, *drawn)


@check(BEST, points=1, hint="`val_accuracy >= best - tolerance`: a difference, not a share, and with `>=`")
def best_strategy_takes_the_tolerance_as_a_difference(submission: Submission) -> None:
    """The tolerance is a difference of accuracies, and a row that is exactly as good as allowed is good enough."""
    table = strategy_table([(0.0, 100, 0.30), (0.5, 900, 0.47), (1.0, 5_000, 0.50)])
    _expect_choice(submission, table, 0.045)  # a share of 0.045 would leave 0.4775
    _expect_choice(submission, table, 0.25)  # a share of 0.25 would leave 0.375
    _expect_choice(submission, table, 0.0)  # the best row itself is good enough


@check(BEST, points=0.5, hint="sort by two columns: parameters first, then the fraction")
def best_strategy_breaks_ties_by_the_smaller_fraction(submission: Submission) -> None:
    """Among rows with equally few parameters, the smaller fraction is taken, wherever it stands."""
    for rows in ([(0.5, 700, 0.6), (0.25, 700, 0.59), (1.0, 900, 0.6)], [(0.25, 700, 0.59), (0.5, 700, 0.6)]):
        _expect_choice(submission, strategy_table(rows), 0.02)


@check(BEST, points=0.5, hint="`nan` compares with nothing: leave such rows out before you look for the best")
def best_strategy_leaves_out_rows_without_a_number(submission: Submission) -> None:
    """A row whose accuracy is NaN is neither the best nor chosen."""
    rows = [(0.0, 100, float("nan")), (0.25, 300, 0.7), (0.5, 500, 0.705), (1.0, 900, float("nan"))]
    _expect_choice(submission, strategy_table(rows), 0.02)
    _expect_choice(submission, strategy_table(rows[::-1]), 0.001)


def _expect_choice(submission: Submission, table: Any, tolerance: float) -> None:
    answer: Answer = submission.call("best_strategy", table, tolerance)
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
    expected = oracles.best_fraction(columns, tolerance)
    if abs(found - expected) > 1e-9:
        fail(f"it returned {found:g}", f"{expected:g}", called=called)

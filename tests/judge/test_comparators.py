"""Comparators refuse NaN, look at shape and dtype first, and say what differed."""

from typing import Any

import numpy as np
import pytest

from autograder.judge.checking import Failed, Undecided, sentence
from autograder.judge.comparators import (
    as_array,
    expect_accuracy,
    expect_array,
    expect_dtype,
    expect_pair,
    expect_probabilities,
    expect_report,
    image_positions,
    number,
    predicted_classes,
)
from autograder.judge.strategies import batch_of
from autograder.judge.wording import brief
from autograder.kernels.values import Foreign


def words(problem: pytest.ExceptionInfo[Failed]) -> str:
    return sentence(problem.value, "")


@pytest.mark.parametrize("value", [[1, 2], (1, 2), np.array([1, 2], dtype=np.int32), np.array([1.0, 2.0])])
def test_equal_values_of_any_plain_type_are_equal(value: Any) -> None:
    expect_array(value, np.array([1, 2]), "the labels")


@pytest.mark.parametrize(
    ("value", "came_back"),
    [
        ([1, 3], r"The labels came back as \[1, 3\]. Expected \[1, 2\]"),
        ([[1, 2]], r"came back with shape \(1, 2\). Expected shape \(2,\)"),
        ([1.0, float("nan")], "There is NaN in the labels"),
        (None, "The labels came back as None"),
        (Foreign("generator", "<generator>"), "The labels came back as a generator"),
        ([[1], [1, 2]], "whose parts differ in shape"),
        (["a", "b"], "Expected an array of numbers"),
    ],
)
def test_what_differs_is_said(value: Any, came_back: str) -> None:
    with pytest.raises(Failed) as problem:
        expect_array(value, np.array([1, 2]), "the labels")

    assert __import__("re").search(came_back, words(problem)), words(problem)


@pytest.mark.parametrize(
    ("value", "came_back"),
    [
        (np.arange(60), "The labels came back with 59 at position 59 of 60. Expected 7."),
        (np.full(60, 0.5), "The labels came back with 0.5 at position 0 of 60. Expected 0."),
    ],
)
def test_long_arrays_are_not_said_to_be_what_was_expected(value: Any, came_back: str) -> None:
    expected = np.arange(60)
    expected[59] = 7
    with pytest.raises(Failed) as problem:
        expect_array(value, expected, "the labels")
    assert words(problem) == came_back


def test_a_list_has_no_dtype_to_be_wrong() -> None:
    expect_dtype([1, 2], "int64", "the labels")
    with pytest.raises(Failed, match="came back as int32"):
        expect_dtype(np.array([1], dtype=np.int32), "int64", "the labels")


@pytest.mark.parametrize("value", [5, [1], (1, 2, 3), np.zeros(2)])
def test_a_pair_has_two_parts(value: Any) -> None:
    with pytest.raises(Failed, match="the answer came back as"):
        expect_pair(value, "the answer")


@pytest.mark.parametrize("value", [True, "0.9", None, float("nan"), float("inf"), np.zeros(3)])
def test_a_number_is_finite_and_no_bool(value: Any) -> None:
    with pytest.raises(Failed, match="the rate is"):
        number(value, "the rate")


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.array([0.5])])
def test_scalars_of_any_kind_are_numbers(value: Any) -> None:
    assert number(np.asarray(value) if isinstance(value, np.generic) else value, "the rate") in (1.0, 0.5)


def test_images_are_recognised_by_their_pixels() -> None:
    images, _ = batch_of([0] * 5)

    assert image_positions(images[[3, 1, 3]], images) == [3, 1, 3]
    with pytest.raises(Failed, match="position 1 of the answer is none of those given"):
        image_positions(np.stack([images[0], images[0] + 1]), images)


def test_images_are_all_different_even_in_large_batches() -> None:
    images, _ = batch_of([0] * 600)

    assert len({image.tobytes() for image in images}) == 600


@pytest.mark.parametrize(
    ("found", "came_back"),
    [
        ([[0.5, 0.5]] * 2, None),
        ([[0.5, 0.5], [0.5, 0.6]], "row 2 of the model's output sums to 1.100, its values lie between 0.500 and 0.600"),
        ([[1.5, -0.5]] * 2, "between -0.500 and 1.500"),
        ([[0.5], [0.5]], r"shape \(2, 1\)"),
        ([[np.nan, 1.0]] * 2, "the model's output holds NaN or infinity"),
    ],
)
def test_probabilities_are_rows_that_sum_to_one(found: Any, came_back: str | None) -> None:
    if came_back is None:
        expect_probabilities(np.array(found), (2, 2))
        return
    with pytest.raises(Failed, match=came_back):
        expect_probabilities(np.array(found), (2, 2))


def test_a_single_column_speaks_for_class_one() -> None:
    assert predicted_classes(np.array([[0.2], [0.9]]), "it").tolist() == [0, 1]
    assert predicted_classes(np.array([[0.2, 0.8], [0.9, 0.1]]), "it").tolist() == [1, 0]


def test_an_accuracy_is_gated_with_a_band_for_people() -> None:
    expect_accuracy(0.90, 0.86, 0.01, "it")
    with pytest.raises(Failed, match=r"right on 80.0% of images"):
        expect_accuracy(0.80, 0.86, 0.01, "it")
    with pytest.raises(Failed) as close:
        expect_accuracy(0.9399, 0.945, 0.005, "it")
    assert words(close) == "It is right on 94.0% of images it has never seen. Expected at least 94.5%."
    for accuracy in (0.852, 0.868):
        said = r"of images it has never seen, which is too close to the threshold of 86.0%\.$"
        with pytest.raises(Undecided, match=said):
            expect_accuracy(accuracy, 0.86, 0.01, "it")


def test_a_reported_accuracy_may_be_rounded_but_not_invented() -> None:
    expect_report(0.93, 0.935, "feature_accuracy")
    expect_report(0.94, 0.93, "feature_accuracy")
    with pytest.raises(Failed, match=r"`feature_accuracy` says 0.990, but the model is right on 95.0% of the test"):
        expect_report(0.99, 0.95, "feature_accuracy")


def test_values_are_described_briefly() -> None:
    assert brief(np.zeros((2, 3), dtype=np.uint8)) == "an array of shape (2, 3), uint8"
    assert brief([1, 2]) == "[1, 2]"
    assert brief(np.arange(3)) == "[0, 1, 2]"
    assert len(brief("x" * 1000)) <= 80


def test_a_value_that_never_became_an_array_says_so() -> None:
    with pytest.raises(Failed, match="the images came back as None"):
        as_array(None, "the images")

"""Hidden checks for exercise 1, two classes: preparing the data.   16 points

The models are on `exercise_1_two_classes_models.py`, their training on `exercise_1_two_classes_training.py`.

Slips guarded: labels numbered by value instead of by position, order lost, classes drawn with replacement, global or
missing seeds, images in training and validation, parts that lose their labels.
"""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge import oracles
from autograder.judge.checking import check, fail
from autograder.judge.comparators import (
    as_array,
    expect_array,
    expect_dtype,
    expect_pair,
    expect_untouched,
    expect_value_error,
    image_positions,
)
from autograder.judge.strategies import Batch, batch_of, class_counts, counts_of, selections
from autograder.judge.submission import Answer, Submission

Array = np.ndarray[Any, Any]
SELECT, SAMPLE, SPLIT = "check_select_classes", "check_sample_per_class", "check_split_train_validation"


# --- select_classes: 6 points


@check(
    SELECT,
    points=2,
    hint="a boolean mask over the labels keeps the order; build it once and use it for images and labels",
)
@given(selection=selections())
def select_classes_keeps_the_right_images_in_order(
    submission: Submission, selection: tuple[Batch, tuple[int, ...]]
) -> None:
    """`select_classes` keeps exactly the images of the chosen classes, in their original order."""
    (images, labels), classes = selection
    answer = submission.call("select_classes", images, labels, classes)
    found, _ = expect_pair(answer.returned(), "the answer", answer.called)
    positions, _ = oracles.selected(labels, classes)
    expect_array(found, images[positions], "the images", _asked(labels, classes))


@check(
    SELECT,
    points=2,
    hint="the new label is the place of the class in `classes`: the first one named becomes 0, whatever its number",
)
@given(selection=selections())
def select_classes_numbers_labels_by_position(submission: Submission, selection: tuple[Batch, tuple[int, ...]]) -> None:
    """Each returned label is the position of the image's class in `classes`."""
    (images, labels), classes = selection
    answer = submission.call("select_classes", images, labels, classes)
    found, new_labels = expect_pair(answer.returned(), "the answer", answer.called)
    positions = image_positions(as_array(found, "the images", answer.called), images)
    expected = np.array([classes.index(labels[position]) for position in positions], dtype=np.int64)
    expect_array(new_labels, expected, "the labels", _asked(labels, classes))


@check(SELECT, points=0.5, hint="CIFAR-10 gives labels as a column; `labels.reshape(-1)` makes either form flat")
@given(selection=selections())
def select_classes_accepts_column_labels(submission: Submission, selection: tuple[Batch, tuple[int, ...]]) -> None:
    """Labels of shape (n, 1) give the same answer as labels of shape (n,), with labels out of shape (k,)."""
    (images, labels), classes = selection
    flat = expect_pair(submission.select_classes(images, labels, classes), "the answer")
    answer = submission.call("select_classes", images, labels[:, None], classes)
    column = expect_pair(answer.returned(), "the answer", answer.called)
    expect_array(column[0], as_array(flat[0], "the images"), "the images", answer.called)
    expect_array(column[1], as_array(flat[1], "the labels"), "the labels", answer.called)


@check(SELECT, points=0.5, hint="work on new arrays, and end with `.astype(np.int64)` on the labels only")
def select_classes_keeps_dtypes_and_inputs(submission: Submission) -> None:
    """Labels come out as int64, images keep their dtype, and the inputs stay as they were."""
    images, labels = batch_of([4, 1, 4, 7, 1, 0])
    for given_images in (images, images.astype(np.float32) / 3):
        answer = submission.call("select_classes", given_images, labels, (4, 1), inputs_after=True)
        found, new_labels = expect_pair(answer.returned(), "the answer", answer.called)
        expect_dtype(found, str(given_images.dtype), "the images", answer.called)
        expect_dtype(new_labels, "int64", "the labels", answer.called)
        expect_untouched(answer, given_images, labels)


@check(SELECT, points=1, hint="check `classes` before selecting, and `raise ValueError(...)` with a sentence")
def select_classes_refuses_bad_class_lists(submission: Submission) -> None:
    """An empty list, a class named twice, and a class that does not occur each raise ValueError."""
    images, labels = batch_of([4, 1, 4, 7, 1])
    submission.select_classes(images, labels, (4, 1))  # refusing everything is no answer
    for classes, what in (
        ((), "an empty list"),
        ((4, 1, 4), "a class named twice"),
        ((4, 2), "class 2, which does not occur"),
    ):
        expect_value_error(submission.call("select_classes", images, labels, classes), what)


# --- sample_per_class: 5 points


@check(
    SAMPLE,
    points=1.5,
    hint="count the labels of what you return: every class has to come out `per_class` times, with its own images",
)
@given(batch=class_counts(smallest=3), per_class=st.integers(1, 3), seed=st.integers(0, 999))
def sample_per_class_takes_as_many_as_asked(submission: Submission, batch: Batch, per_class: int, seed: int) -> None:
    """Exactly `per_class` images of each class come back, each with its own label."""
    answer = submission.call("sample_per_class", batch.images, batch.labels, per_class, seed)
    found, labels = _sample(answer)
    if len(found) != len(labels):
        fail(
            f"{len(found)} images came back with {len(labels)} labels",
            "as many of one as of the other",
            called=answer.called,
        )
    expected = dict.fromkeys(counts_of(batch.labels), per_class)
    if counts_of(labels) != expected:
        fail(f"the classes came back {counts_of(labels)} times", f"{expected} (class: images)", called=answer.called)
    positions = image_positions(found, batch.images)
    expect_array(
        labels, batch.labels[positions], "the labels (compared with those of the returned images)", answer.called
    )


@check(SAMPLE, points=1, hint="`generator.choice(..., replace=False)`, or the first ones of a permutation")
@given(batch=class_counts(smallest=6, largest=6), seed=st.integers(0, 999))
def sample_per_class_never_takes_an_image_twice(submission: Submission, batch: Batch, seed: int) -> None:
    """No image is drawn twice; asking for all there are gives each exactly once."""
    answer = submission.call("sample_per_class", batch.images, batch.labels, 6, seed)
    found, _ = _sample(answer)
    positions = image_positions(found, batch.images)
    if len(set(positions)) != len(positions):
        twice = len(positions) - len(set(positions))
        fail(
            f"{twice} of {len(positions)} images came back more than once",
            "each image at most once",
            called=answer.called,
        )


@check(
    SAMPLE,
    points=0.5,
    hint="shuffle the chosen positions once more before using them: otherwise the classes stand in blocks",
)
def sample_per_class_mixes_the_classes(submission: Submission) -> None:
    """The classes come back mixed, not one after the other."""
    labels = np.repeat([3, 8], 60)
    answer = submission.call("sample_per_class", *batch_of(labels), 40, 1)
    _, found = _sample(answer)
    changes = int(np.count_nonzero(np.diff(found)))
    if changes < 10:
        fail(f"the label changes only {changes} times along 80 images", "the two classes mixed", called=answer.called)


@check(SAMPLE, points=1, hint="make one `np.random.default_rng(seed)` inside the function, and draw from that only")
def sample_per_class_is_reproducible(submission: Submission) -> None:
    """The same seed gives the same sample, and another seed another one."""
    batch = batch_of(np.repeat([2, 5, 9], 60))
    first = _sample(submission.call("sample_per_class", *batch, 20, 11))[0]
    answer = submission.call("sample_per_class", *batch, 20, 11)
    if not np.array_equal(first, _sample(answer)[0]):
        fail("the second call with the same seed gave another sample", "the same one", called=answer.called)
    other = submission.call("sample_per_class", *batch, 20, 12)
    if set(image_positions(first, batch.images)) == set(image_positions(_sample(other)[0], batch.images)):
        fail("seeds 11 and 12 gave the same images", "different ones", called=other.called)


@check(
    SAMPLE,
    points=1,
    hint="compare each class's count with `per_class` before drawing, and put the class into the message",
)
def sample_per_class_names_a_class_that_is_too_small(submission: Submission) -> None:
    """Asking for more images than a class has raises ValueError, and its message names the class."""
    batch = batch_of([6] * 9 + [4] * 3 + [0] * 9)
    submission.sample_per_class(*batch, 3, 0)  # refusing everything is no answer
    answer = submission.call("sample_per_class", *batch, 5, 0)
    expect_value_error(answer, "5 images a class when class 4 has only 3")
    if answer.raised is not None and "4" not in answer.raised.message:
        fail(f"the message is {answer.raised.message[:120]!r}", "one that names the class, 4", called=answer.called)


# --- split_train_validation: 5 points


@check(SPLIT, points=2, hint="draw the validation positions first; the training positions are all the others")
@given(batch=class_counts(smallest=4), fraction=st.sampled_from([0.2, 0.25, 0.4, 0.5]), seed=st.integers(0, 999))
def split_loses_nothing_and_shares_nothing(submission: Submission, batch: Batch, fraction: float, seed: int) -> None:
    """Every image is in training or in validation, and none in both."""
    answer, train, validation = _split(submission, batch, fraction, seed)
    both = set(train) & set(validation)
    if both:
        fail(f"{len(both)} images are in training and in validation", "none in both", called=answer.called)
    if sorted([*train, *validation]) != list(range(len(batch.images))):
        came = (
            f"{len(train)} training and {len(validation)} validation images came back,"
            f" {len({*train, *validation})} different ones"
        )
        fail(came, f"each of the {len(batch.images)} exactly once", called=answer.called)


@check(SPLIT, points=1.5, hint="split each class on its own, then put the parts together")
@given(batch=class_counts(smallest=4), fraction=st.sampled_from([0.25, 0.5]), seed=st.integers(0, 999))
def split_is_stratified(submission: Submission, batch: Batch, fraction: float, seed: int) -> None:
    """Of every class, the asked share goes to validation, within one image."""
    answer, _, validation = _split(submission, batch, fraction, seed)
    found = counts_of(batch.labels[validation])
    for label, count in counts_of(batch.labels).items():
        if found.get(label, 0) not in oracles.validation_counts(count, fraction):
            came = f"{found.get(label, 0)} of the {count} images of class {label} are in validation"
            fail(came, f"{fraction} of them, within one image", called=answer.called)


@check(SPLIT, points=1, hint="make one `np.random.default_rng(seed)` inside the function, and draw from that only")
def split_is_reproducible(submission: Submission) -> None:
    """The same seed gives the same split, and another seed another one."""
    batch = batch_of(np.repeat([1, 6], 40))
    _, _, first = _split(submission, batch, 0.25, 3)
    answer, _, again = _split(submission, batch, 0.25, 3)
    if set(first) != set(again):
        fail("the second call with the same seed gave another split", "the same one", called=answer.called)
    other, _, different = _split(submission, batch, 0.25, 4)
    if set(first) == set(different):
        fail("seeds 3 and 4 gave the same split", "different ones", called=other.called)


@check(SPLIT, points=0.5, hint="a comparison such as `0 < fraction < 1` says it")
def split_refuses_a_fraction_outside_0_and_1(submission: Submission) -> None:
    """A fraction of 0, 1 or more, or below 0 raises ValueError."""
    batch = batch_of(np.repeat([1, 6], 10))
    submission.split_train_validation(*batch, 0.5, 0)  # refusing everything is no answer
    for fraction in (0.0, 1.0, 1.5, -0.25):
        expect_value_error(submission.call("split_train_validation", *batch, fraction, 0), f"the fraction {fraction}")


# --- what these checks share


def _asked(labels: Array, classes: tuple[int, ...]) -> str:
    return f"`select_classes(images, {labels.tolist()}, {classes})`"


def _sample(answer: Answer) -> tuple[Array, Array]:
    images, labels = expect_pair(answer.returned(), "the answer", answer.called)
    return as_array(images, "the images", answer.called), as_array(labels, "the labels", answer.called).reshape(-1)


def _split(submission: Submission, batch: Batch, fraction: float, seed: int) -> tuple[Answer, list[int], list[int]]:
    """Call the function and compare labels; return which given images are in training and which in validation."""
    answer = submission.call("split_train_validation", batch.images, batch.labels, fraction, seed)
    parts = []
    for part, name in zip(
        expect_pair(answer.returned(), "the answer", answer.called), ("training", "validation"), strict=True
    ):
        found, labels = expect_pair(part, f"the {name} part", answer.called)
        positions = image_positions(as_array(found, f"the {name} images", answer.called), batch.images)
        expect_array(
            labels,
            batch.labels[positions],
            f"the {name} labels",
            answer.called,
            hint="use the same positions for images and labels",
        )
        parts.append(positions)
    return answer, parts[0], parts[1]

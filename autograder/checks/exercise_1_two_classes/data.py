"""Hidden checks for exercise 1, two classes: preparing the data.   16 points

The models are on `models.py`, their training on `training.py`.

Slips guarded: labels numbered by value instead of by position, order lost, classes drawn with replacement, global or
missing seeds, images in training and validation, parts that lose their labels, arguments sorted or shuffled in place,
answers that are empty or what was given.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.checks.exercise_1_two_classes import _oracles as oracles
from autograder.checks.exercise_1_two_classes._strategies import batch_with_equals, selections
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
from autograder.judge.strategies import LARGEST_LABEL, SHAPES, Batch, batch_of, class_counts, counts_of
from autograder.judge.submission import Answer, Submission

Array = np.ndarray[Any, Any]
SELECT, SAMPLE, SPLIT = "check_select_classes", "check_sample_per_class", "check_split_train_validation"
Seeds = Callable[[str], int]
Classes = Sequence[int]
SMALL_CLASSES, MANY_SEEDS, SEEDS_AGAIN = (2, 3, 4, 6, 10), 20, 6
"""Images of small classes; with how many seeds other images of any of them come, and if chance is not seeded, too."""
ROUND_SEED = 128_000
"""All of it matters: its last digits, and its last bits, are those of 0."""
DRAWN, OF, SAMPLES = 8, 60, 12
"""Images drawn from a large class, of how many, and how often."""
SAME_SIZE = tuple(batch_of(place(np.array([4, 9, 11, 30, 31, 52]), 24)) for place in (np.repeat, np.tile))
"""Equally many images, their classes in blocks and in turns: what is remembered of one does not fit the other."""
MOST_OFF = 5.5
"""Standard deviations by which the middle of what is drawn may be off: further once in twenty million times."""


# --- select_classes: 6 points


@check(
    SELECT,
    points=2,
    hint="a boolean mask over the labels keeps the order; build it once and use it for images and labels",
)
@given(selection=selections())
def select_classes_keeps_the_right_images_in_order(submission: Submission, selection: tuple[Batch, Classes]) -> None:
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
def select_classes_numbers_labels_by_position(submission: Submission, selection: tuple[Batch, Classes]) -> None:
    """Each returned label is the position of the image's class in `classes`."""
    (images, labels), classes = selection
    answer = submission.call("select_classes", images, labels, classes)
    found, new_labels = _selection(answer, labels, classes)
    kept = labels[image_positions(found, images)].tolist()
    if others := sorted(set(kept) - set(classes)):
        fail(f"images of class {others[0]} came back", "images of these classes only", called=_asked(labels, classes))
    expected = np.array([classes.index(label) for label in kept], dtype=np.int64)
    expect_array(new_labels, expected, "the labels", _asked(labels, classes))


@check(SELECT, points=0.5, hint="CIFAR-10 gives labels as a column; `labels.reshape(-1)` makes either form flat")
@given(selection=selections())
def select_classes_accepts_column_labels(submission: Submission, selection: tuple[Batch, Classes]) -> None:
    """Labels of shape (n, 1) give the same answer as labels of shape (n,), with labels out of shape (k,)."""
    (images, labels), classes = selection
    several = (images, labels, classes)
    single = (images[:1], labels[:1], [int(labels[0])])  # which `squeeze` would leave without any dimension
    for some_images, some_labels, some_classes in (several, single):
        plain = submission.call("select_classes", some_images, some_labels, some_classes)
        flat = _selection(plain, some_labels, some_classes)
        given = some_labels[:, None]
        answer = submission.call("select_classes", some_images, given, some_classes, inputs_after=True)
        column = _selection(answer, some_labels, some_classes)
        left = answer.inputs_after[0][1] if answer.inputs_after else given
        if np.shape(left) != given.shape:  # of other changes, select_classes_keeps_dtypes_and_inputs speaks
            came = f"the labels given to it with shape {given.shape} have shape {np.shape(left)} afterwards"
            fail(came, "inputs left as they were", called=answer.called, hint="`labels.reshape(-1)` makes a new array")
        if np.ndim(column[0]) != images.ndim:
            shape = f"images of shape (n, {', '.join(map(str, images.shape[1:]))})"
            fail(f"images of shape {np.shape(column[0])} came back", shape, called=answer.called)
        expect_array(column[0], flat[0], "the images", answer.called)
        expect_array(column[1], as_array(flat[1], "the labels").reshape(-1), "the labels", answer.called)


@check(SELECT, points=0.5, hint="work on new arrays; images keep their dtype, and only labels become `np.int64`")
def select_classes_keeps_dtypes_and_inputs(submission: Submission, draw_seed: Seeds) -> None:
    """Labels come out as int64, images keep their dtype, and the inputs stay as they were."""
    generator = np.random.default_rng(draw_seed("select_classes: types"))
    for image_type, label_type in (("uint8", "int32"), ("float32", "uint8"), ("float64", "int64")):
        small, middle, large = _different(generator, 3)
        images, labels = batch_of([large, small, large, middle, small, middle], 1, SHAPES[1], image_type, label_type)
        if image_type != "uint8":
            images = images / images.dtype.type(3)
        classes = [large, small]  # not sorted
        answer = submission.call("select_classes", images, labels, classes, inputs_after=True)
        found, new_labels = _selection(answer, labels, classes)
        if len(found) != 4:
            fail(f"{len(found)} images came back", "the 4 of these classes", called=_asked(labels, classes))
        expect_dtype(expect_pair(answer.value, "the answer")[0], image_type, "the images", answer.called)
        expect_dtype(new_labels, "int64", "the labels", answer.called)
        expect_untouched(answer, images, labels, classes)


@check(SELECT, points=1, hint="check `classes` before selecting, and `raise ValueError(...)` with a sentence")
def select_classes_refuses_bad_class_lists(submission: Submission, draw_seed: Seeds) -> None:
    """An empty list, a class named twice, and a class that does not occur each raise ValueError."""
    below, one, between, two, three, above = _different(np.random.default_rng(draw_seed("select_classes: errors")), 6)
    images, labels = batch_of([one, two, one, three, two])
    # refusing everything is no answer
    _selection(submission.call("select_classes", images, labels, (one, two)), labels, (one, two))
    for classes, what in (
        ((), "an empty list"),
        ((one, two, one), "a class named twice"),
        ([three, three], "a class named twice"),
        # first, in the middle and last in the list; below, among and above the labels
        ((below, one), f"class {below}, which does not occur"),
        ([two, between, one], f"class {between}, which does not occur"),
        ((one, above), f"class {above}, which does not occur"),
        ([between], f"class {between}, which does not occur"),
    ):
        expect_value_error(submission.call("select_classes", images, labels, classes), what)


# --- sample_per_class: 5 points


@check(
    SAMPLE,
    points=1,
    hint="count the labels of what you return: every class has to come out `per_class` times, with its own images",
)
@given(
    batch=class_counts(smallest=3, largest=25, fewest_classes=2), per_class=st.integers(1, 3), seed=st.integers(0, 999)
)
def sample_per_class_takes_as_many_as_asked(submission: Submission, batch: Batch, per_class: int, seed: int) -> None:
    """Exactly `per_class` images of each class come back, each with its own label."""
    answer = submission.call("sample_per_class", batch.images, batch.labels, per_class, seed)
    _sample(answer, batch, per_class)


@check(SAMPLE, points=1, hint="`generator.choice(..., replace=False)`, or the first ones of a permutation")
@given(batch=class_counts(smallest=6, largest=9), per_class=st.sampled_from([5, 6]), seed=st.integers(0, 999))
def sample_per_class_never_takes_an_image_twice(
    submission: Submission, batch: Batch, per_class: int, seed: int
) -> None:
    """No image is drawn twice; asking for all there are gives each exactly once."""
    answer = submission.call("sample_per_class", batch.images, batch.labels, per_class, seed)
    found, _ = _sized(answer, per_class * len(counts_of(batch.labels)))
    positions = image_positions(found, batch.images)
    if len(set(positions)) != len(positions):
        different = len(set(positions))
        came = f"of the {len(positions)} images, some came back more than once: {different} are different ones"
        fail(came, "each image at most once", called=answer.called)


@check(
    SAMPLE,
    points=0.5,
    hint="shuffle the chosen positions once more before using them: otherwise the classes stand in blocks",
)
def sample_per_class_mixes_the_classes(submission: Submission, draw_seed: Seeds) -> None:
    """The classes come back mixed, not one after the other."""
    generator = np.random.default_rng(draw_seed("sample_per_class: mixed"))
    batch = batch_of(np.repeat(_different(generator, 2), 60))
    answer = submission.call("sample_per_class", *batch, 40, int(generator.integers(1000)))
    _, found = _sized(answer, 80)
    changes = int(np.count_nonzero(np.diff(found)))
    if changes < 10:
        came = f"the label changes only {changes} time{'s' * (changes != 1)} along 80 images"
        fail(came, "the two classes mixed", called=answer.called)
    if changes > 70:  # 40 by chance, give or take 4
        came = f"the label changes {changes} times along 80 images: the classes take turns"
        hint = "shuffle the chosen positions once more before using them"
        fail(came, "the two classes mixed by chance", called=answer.called, hint=hint)


@check(SAMPLE, points=1, hint="make one `np.random.default_rng(seed)` inside the function, and draw from that only")
def sample_per_class_is_reproducible(submission: Submission, draw_seed: Seeds) -> None:
    """The same seed gives the same sample, and another seed another one."""
    generator = np.random.default_rng(draw_seed("sample_per_class: seeds"))
    batch = batch_of(np.repeat(_different(generator, 3), 60))
    seeds = [0, ROUND_SEED * int(generator.integers(1, 9))]  # of 0, some make no seed at all; of the other, a part
    samples = []
    for seed in seeds:
        samples.append(_pair(submission.call("sample_per_class", *batch, 20, seed)))
        answer = submission.call("sample_per_class", *batch, 20, seed)
        again = _pair(answer)
        if not all(map(np.array_equal, samples[-1], again)):
            fail("the second call with the same seed gave another sample", "the same one", called=answer.called)
    first, second = (set(image_positions(images, batch.images)) for images, _ in samples)
    if first == second:
        fail(f"seeds {seeds[0]} and {seeds[1]} gave the same images", "different ones", called=answer.called)
    if (shared := len(first & second)) > 0.8 * len(first):  # a third of them by chance
        came = f"seeds {seeds[0]} and {seeds[1]} gave {len(first)} images each, of which {shared} are the same ones"
        fail(came, "images drawn at random from all of their class", called=answer.called)
    _expect_nothing_remembered(
        lambda batch, seed: submission.call("sample_per_class", *batch, 3, seed),
        lambda answer, _: counts_of(_pair(answer)[1]),
        lambda _: (3,),
    )
    _expect_drawn_from_whole_classes(submission, generator)
    _expect_seed_used_in_small_classes(
        lambda batch, seed: submission.call("sample_per_class", *batch, 2, seed),
        lambda answer, batch: image_positions(_sized(answer, 2 * len(counts_of(batch.labels)))[0], batch.images),
        generator,
        SMALL_CLASSES[1:],
    )


@check(
    SAMPLE,
    points=1,
    hint="compare each class's count with `per_class` before drawing, and put the class into the message",
)
def sample_per_class_names_a_class_that_is_too_small(submission: Submission, draw_seed: Seeds) -> None:
    """Asking for more images than a class has raises ValueError, and its message names the class."""
    generator = np.random.default_rng(draw_seed("sample_per_class: too few"))
    # no number that the message holds anyway; and neither the first nor the last of the classes, in any order of them
    lowest, small, highest = (20 + label for label in _different(generator, 3))
    rows = [lowest] * 8 + [small] * 3 + [highest] * 11
    batch = batch_of([highest, *generator.permutation(rows), lowest])
    _sized(submission.call("sample_per_class", *batch, 3, 0), 9)  # refusing everything is no answer
    message = ""
    for per_class in (4, 8):
        answer = submission.call("sample_per_class", *batch, per_class, 0)
        expect_value_error(answer, f"{per_class} images a class when class {small} has only 3")
        if answer.raised is not None and not re.search(rf"(?<!\d){small}(?!\d)", answer.raised.message):
            came = f"the message is {answer.raised.message[:120]!r}"
            fail(came, f"one that names the class, {small}", called=answer.called)
        message = answer.raised.message if answer.raised is not None else ""
    exchanged = np.select([batch.labels == small, batch.labels == highest], [highest, small], batch.labels)
    answer = submission.call("sample_per_class", batch.images, exchanged, 8, 0)
    if answer.raised is not None and answer.raised.message == message:
        came = f"the message is {message[:120]!r} when class {small} is too small, and when class {highest} is"
        fail(came, "one that names this class", called=answer.called)


@check(SAMPLE, points=0.5, hint="shuffle row numbers, or a copy, never the arrays that you are given")
def sample_per_class_leaves_its_inputs_alone(submission: Submission, draw_seed: Seeds) -> None:
    """The images and labels that are given stay as they were."""
    generator = np.random.default_rng(draw_seed("sample_per_class: inputs"))
    batch = batch_of(generator.permutation(np.repeat(_different(generator, 3), 8)))
    answer = submission.call("sample_per_class", *batch, 7, 3, inputs_after=True)
    _sized(answer, 21)
    expect_untouched(answer, *batch)


# --- split_train_validation: 5 points


@check(SPLIT, points=1.5, hint="draw the validation positions first; the training positions are all the others")
@example(batch=batch_with_equals(), fraction=0.5, seed=3)
@given(batch=class_counts(smallest=4), fraction=st.sampled_from([0.25, 0.4, 0.5, 0.75]), seed=st.integers(0, 999))
def split_loses_nothing_and_shares_nothing(submission: Submission, batch: Batch, fraction: float, seed: int) -> None:
    """Every image is in training or in validation, and none in both."""
    answer = submission.call("split_train_validation", batch.images, batch.labels, fraction, seed)
    train, validation = _parts(answer, batch)
    both = set(train) & set(validation)
    if both:
        images = "1 image is" if len(both) == 1 else f"{len(both)} images are"
        fail(f"{images} in training and in validation", "none in both", called=answer.called)
    if sorted([*train, *validation]) != list(range(len(batch.images))):
        came = (
            f"{len(train)} training and {len(validation)} validation images came back,"
            f" {len({*train, *validation})} different ones"
        )
        is_by_content = len({image.tobytes() for image in batch.images}) < len(batch.images)
        hint = "images that are equal are several images: go by their positions, not by their content"
        wanted = f"each of the {len(batch.images)} exactly once"
        fail(came, wanted, called=answer.called, hint=hint if is_by_content else "")


@check(SPLIT, points=1.5, hint="split each class on its own, then put the parts together")
@example(batch=batch_of([3] * 6_000), fractions=(0.34251, 0.999), seed=7)  # too many to round the fraction
@given(
    batch=class_counts(smallest=2, largest=40),
    fractions=st.tuples(st.sampled_from([0.1, 0.25, 0.5, 0.8]), st.sampled_from([0.001, 0.999])),
    seed=st.integers(0, 999),
)
def split_is_stratified(submission: Submission, batch: Batch, fractions: tuple[float, float], seed: int) -> None:
    """Of every class, the asked share goes to validation, within one image, and at least one image to each part."""
    for fraction in fractions:  # one of the usual ones, and one that would leave a part empty
        answer = submission.call("split_train_validation", batch.images, batch.labels, fraction, seed)
        _, validation = _parts(answer, batch)
        found = counts_of(batch.labels[validation])
        for label, count in counts_of(batch.labels).items():
            if found.get(label, 0) not in oracles.validation_counts(count, fraction):
                came = f"{found.get(label, 0)} of the {count} images of class {label} are in validation"
                wanted = f"{fraction} of them, within one image, and at least one in each part"
                fail(came, wanted, called=answer.called)


@check(SPLIT, points=1, hint="make one `np.random.default_rng(seed)` inside the function, and draw from that only")
def split_is_reproducible(submission: Submission, draw_seed: Seeds) -> None:
    """The same seed gives the same split, and another seed another one."""
    generator = np.random.default_rng(draw_seed("split_train_validation: seeds"))
    batch = batch_of(np.repeat(_different(generator, 2), 40))
    seeds = [0, ROUND_SEED * int(generator.integers(1, 9))]  # of 0, some make no seed at all; of the other, a part
    splits = []
    for seed in seeds:
        for is_second in (False, True):
            answer = submission.call("split_train_validation", *batch, 0.25, seed)
            held_back = set(_parts(answer, batch, with_labels=False)[1])
            if not is_second:
                splits.append(held_back)
            elif held_back != splits[-1]:
                fail("the second call with the same seed gave another split", "the same one", called=answer.called)
    if splits[0] == splits[1]:
        fail(f"seeds {seeds[0]} and {seeds[1]} gave the same split", "different ones", called=answer.called)
    _expect_nothing_remembered(
        lambda batch, seed: submission.call("split_train_validation", *batch, 0.5, seed),
        lambda answer, batch: counts_of(batch.labels[_parts(answer, batch, with_labels=False)[1]]),
        lambda count: oracles.validation_counts(count, 0.5),
    )
    _expect_seed_used_in_small_classes(
        lambda batch, seed: submission.call("split_train_validation", *batch, 0.5, seed),
        lambda answer, batch: sorted(_parts(answer, batch, with_labels=False)[1]),
        generator,
        SMALL_CLASSES,
    )


@check(SPLIT, points=0.5, hint="a comparison such as `0 < fraction < 1` says it")
def split_refuses_a_fraction_outside_0_and_1(submission: Submission, draw_seed: Seeds) -> None:
    """A fraction of 0, 1 or more, or below 0 raises ValueError."""
    generator = np.random.default_rng(draw_seed("split_train_validation: errors"))
    batch = batch_of(np.repeat(_different(generator, 2), 10))
    # refusing everything is no answer
    _parts(submission.call("split_train_validation", *batch, 0.5, 0), batch, with_labels=False)
    for fraction in (0.0, 1.0, 1.01, -0.01, 1.5, -0.25):
        expect_value_error(submission.call("split_train_validation", *batch, fraction, 0), f"the fraction {fraction}")


@check(SPLIT, points=0.5, hint="shuffle row numbers, or a copy, never the arrays that you are given")
def split_leaves_its_inputs_alone(submission: Submission, draw_seed: Seeds) -> None:
    """The images and labels that are given stay as they were."""
    generator = np.random.default_rng(draw_seed("split_train_validation: inputs"))
    batch = batch_of(generator.permutation(np.repeat(_different(generator, 3), 8)))
    answer = submission.call("split_train_validation", *batch, 0.5, 3, inputs_after=True)
    _parts(answer, batch, with_labels=False)
    expect_untouched(answer, *batch)


# --- what these checks share


def _expect_drawn_from_whole_classes(submission: Submission, generator: np.random.Generator) -> None:
    """Expect that of a class that is larger than another one every image has the same chance.

    So what is drawn, over many seeds, has its middle near that of the class, and does not lie in one piece.
    """
    small, large = _different(generator, 2)
    batch = batch_of(generator.permutation([small] * (DRAWN + 1) + [large] * OF))
    of_large = np.flatnonzero(batch.labels == large)
    taken: list[int] = []
    in_one_piece = 0
    for seed in generator.integers(1, 10**6, SAMPLES):
        answer = submission.call("sample_per_class", *batch, DRAWN, int(seed))
        positions = image_positions(_sized(answer, 2 * DRAWN)[0], batch.images)
        drawn = [int(np.searchsorted(of_large, position)) for position in positions if position in of_large]
        taken += drawn
        in_one_piece += len(drawn) > 1 and len(set(np.diff(sorted([*drawn, *(place + OF for place in drawn)])))) <= 2
    if not taken:
        return  # of another class than it should: that is charged where samples are counted
    came = ""
    middle, spread = (OF - 1) / 2, math.sqrt((OF**2 - 1) / 12 / len(taken))
    if max(taken) < OF // 2:
        came = f"it took none behind the first {max(taken) + 1}, whatever the seed"
    elif abs(np.mean(taken) - middle) > MOST_OFF * spread:
        came = f"it took mostly the {'first' if np.mean(taken) < middle else 'last'} ones, over {SAMPLES} seeds"
    elif in_one_piece > SAMPLES // 2:
        came = f"it took {DRAWN} next to each other, or in equal steps"
    if came:
        hint = "draw from all images of the class, with `generator.choice(..., replace=False)` say"
        wanted = "images drawn at random, each with the same chance"
        fail(f"of the {OF} images of class {large} {came}", wanted, called=answer.called, hint=hint)


def _expect_nothing_remembered(
    ask: Callable[[Batch, int], Answer],
    counted: Callable[[Answer, Batch], Mapping[int, int]],
    wanted: Callable[[int], Collection[int]],
) -> None:
    """Expect that what comes back goes by the labels of the call, not by those of an earlier one with as many images.

    Args:
        ask: Puts a question about a batch, with a seed.
        counted: Images of each class in what came back.
        wanted: How many may be those of a class with so many images.
    """
    in_blocks, in_turns = SAME_SIZE
    first, *_, last = [(ask(batch, seed), batch) for batch, seed in ((in_turns, 1), (in_blocks, 2), (in_turns, 2))]

    def other_counts(answer: Answer, batch: Batch) -> list[str]:
        found = counted(answer, batch)
        return [
            f"{found.get(label, 0)} of class {label}"
            for label, count in counts_of(batch.labels).items()
            if found.get(label, 0) not in wanted(count)
        ]

    if other_counts(*first):
        return  # which costs points where counts are judged
    if wrong := other_counts(*last):
        came = f"after a call with as many images, but other labels, there were {', '.join(wrong)}"
        hint = "take all you need from the arguments: what an earlier call has left belongs to other labels"
        fail(came, "what the same call gives at first", called=last[0].called, hint=hint)


def _different(generator: np.random.Generator, count: int) -> list[int]:
    """Draw this many different labels, in ascending order."""
    return sorted(generator.choice(LARGEST_LABEL, size=count, replace=False).tolist())


def _expect_seed_used_in_small_classes(
    ask: Callable[[Batch, int], Answer],
    drawn: Callable[[Answer, Batch], Sequence[int]],
    generator: np.random.Generator,
    sizes: Sequence[int],
) -> None:
    """Expect that the same seed draws the same images of small classes, too, and that not every seed does.

    Args:
        ask: Calls the function with images and a seed.
        drawn: Which of the images it has drawn, in an order that has to be the same, too.
        generator: Draws the classes and the seeds.
        sizes: Images of a class; there are three classes of each size.

    Raises:
        Failed: A seed draws other images when it comes again, or all seeds the same ones.
    """
    rows = [size for size in sizes for _ in range(3)]
    batch = batch_of(generator.permutation(np.repeat(_different(generator, len(rows)), rows)))
    counts = counts_of(batch.labels)
    seeds = generator.choice(10**6, size=MANY_SEEDS, replace=False).tolist()
    found: dict[int, set[frozenset[int]]] = {size: set() for size in sizes}
    for number, seed in enumerate(seeds):
        answer = ask(batch, seed)
        positions = drawn(answer, batch)
        for size in sizes:
            found[size].add(frozenset(row for row in positions if counts[int(batch.labels[row])] == size))
        if number < SEEDS_AGAIN and drawn(ask(batch, seed), batch) != positions:
            came = "with classes of few images, the second call with the same seed drew other ones"
            fail(came, "the same ones", called=answer.called)
    for size, draws in found.items():
        if len(draws) == 1:
            came = f"of the classes with {size} images, {MANY_SEEDS} different seeds drew the same ones each time"
            fail(came, "other images with another seed, however small the class", called=answer.called)


def _asked(labels: Array, classes: Classes) -> str:
    return f"`select_classes(images, {labels.tolist()}, {classes})`"


def _selection(answer: Answer, labels: Array, classes: Classes) -> tuple[Array, Any]:
    """Return images and new labels; expect half of the images at least, and not all that were given."""
    images, new_labels = expect_pair(answer.returned(), "the answer", answer.called)
    found = as_array(images, "the images", answer.called)
    wanted = len(oracles.selected(labels, classes)[0])
    count = len(found) if found.ndim else 0
    if not wanted / 2 <= count <= len(labels) or wanted < count == len(labels):
        fail(f"the images came back with shape {found.shape}", f"{wanted} of them", called=_asked(labels, classes))
    return found, new_labels


def _pair(answer: Answer) -> tuple[Array, Array]:
    images, labels = expect_pair(answer.returned(), "the answer", answer.called)
    return as_array(images, "the images", answer.called), as_array(labels, "the labels", answer.called).reshape(-1)


def _sized(answer: Answer, count: int) -> tuple[Array, Array]:
    """Expect so many images and labels: an empty answer, or what was given, has nothing in it to judge."""
    found, labels = _pair(answer)
    if found.ndim == 0 or (len(found), len(labels)) != (count, count):
        came = f"images of shape {found.shape} came back with {len(labels)} labels"
        fail(came, f"{count} of both", called=answer.called)
    return found, labels


def _sample(answer: Answer, batch: Batch, per_class: int) -> list[int]:
    """Expect as many images of each class as were asked for, with their labels; return which ones they are."""
    found, labels = _pair(answer)
    if found.ndim == 0 or len(found) != len(labels):
        came = f"images of shape {found.shape} came back with {len(labels)} labels"
        fail(came, "as many of one as of the other", called=answer.called)
    expected = dict.fromkeys(counts_of(batch.labels), per_class)
    if counts_of(labels) != expected:
        fail(f"the classes came back {counts_of(labels)} times", f"{expected} (class: images)", called=answer.called)
    positions = image_positions(found, batch.images)
    what = "the labels (compared with those of the returned images)"
    expect_array(labels, batch.labels[positions], what, answer.called)
    return positions


def _parts(answer: Answer, batch: Batch, *, with_labels: bool = True) -> tuple[list[int], list[int]]:
    """Expect images in both parts, with their labels; return which ones are in training and which in validation."""
    parts: list[list[int]] = []
    taken: Counter[int] = Counter()
    names = ("training", "validation")
    for part, name in zip(expect_pair(answer.returned(), "the answer", answer.called), names, strict=True):
        images, labels = expect_pair(part, f"the {name} part", answer.called)
        found = as_array(images, f"the {name} images", answer.called)
        count = len(found) if found.ndim else 0
        # a training part that holds all of them shares images, which has a check of its own
        if not 0 < count < len(batch.images) + (name == "training"):
            came = f"the {name} part holds {count} images, of {len(batch.images)} that were given"
            fail(came, "some of every class in both parts", called=answer.called)
        positions = _of_equals(image_positions(found, batch.images), batch, taken)
        hint = "use the same positions for images and labels"
        if with_labels:
            expect_array(labels, batch.labels[positions], f"the {name} labels", answer.called, hint=hint)
        parts.append(positions)
    return parts[0], parts[1]


def _of_equals(positions: Sequence[int], batch: Batch, taken: Counter[int]) -> list[int]:
    """Let images that are equal stand for each other: where one came back twice, so did its equal.

    Args:
        positions: Which images came back; of several equal ones, each time the same.
        batch: All of them.
        taken: How often each of `positions` has been seen before, and is when this returns.
    """
    equals: dict[bytes, list[int]] = {}
    for place, image in enumerate(batch.images):
        equals.setdefault(image.tobytes(), []).append(place)
    found = []
    for position in positions:
        group = equals[batch.images[position].tobytes()]
        found.append(group[taken[position] % len(group)])
        taken[position] += 1
    return found

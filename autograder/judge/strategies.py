"""Shared hypothesis strategies: where the values on check pages come from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from autograder.judge import oracles
from autograder.kernels.values import Table

Array = np.ndarray[Any, Any]


class Batch(NamedTuple):
    """Images with their labels."""

    images: Array
    """(n, height, width, channels), no two alike."""
    labels: Array
    """(n,) of integers."""


SHAPES = ((4, 6, 3), (7, 3, 1), (5, 5, 3), (3, 8, 4))
"""Of one image: square or not, in colour or grey, with or without a channel of its own for transparency."""
IMAGE_TYPES, LABEL_TYPES = ("uint8", "float32", "int16", "float64"), ("int64", "uint8", "int32", "int16")
LARGEST_LABEL = 120


def images_for(labels: Array, seed: int, shape: tuple[int, int, int] = (32, 32, 3), dtype: str = "uint8") -> Array:
    """Draw one random image a label; no two are alike, so each can be recognised by its pixels.

    Args:
        labels: (n,), at most 65,536 of them.
        seed: Of the pixels.
        shape: Of one image.
        dtype: Of the pixels, which are whole numbers between 0 and 255.
    """
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, size=(len(labels), *shape)).astype(dtype)
    pixels = images.reshape(len(labels), -1)
    pixels[:, 0], pixels[:, 1] = np.arange(len(labels)) % 256, np.arange(len(labels)) // 256
    return images


def batch_of(
    labels: Any,
    seed: int = 0,
    shape: tuple[int, int, int] = SHAPES[0],
    image_type: str = "uint8",
    label_type: str = "int64",
) -> Batch:
    """Make a batch with these labels."""
    array = np.asarray(labels, dtype=label_type)
    return Batch(images_for(array, seed, shape, image_type), array)


@st.composite
def _batches_of(draw: st.DrawFn, labels: Sequence[int]) -> Batch:
    """These labels in any order, as arrays of any type, with images of any shape and type."""
    seed = draw(st.integers(0, 2**16))
    order = np.random.default_rng(seed).permutation(labels)
    shape, image_type = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(IMAGE_TYPES))
    return batch_of(order, seed, shape, image_type, draw(st.sampled_from(LABEL_TYPES)))


def _classes(smallest: int, largest: int, largest_label: int = LARGEST_LABEL) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, largest_label), min_size=smallest, max_size=largest, unique=True)


@st.composite
def selections(draw: st.DrawFn) -> tuple[Batch, tuple[int, ...] | list[int]]:
    """A batch and some or all of its classes, in any order, as a tuple or a list.

    Many classes have numbers so small that they are also new labels: whoever renumbers in place meets them again.
    """
    present = draw(_classes(2, 6, draw(st.sampled_from([5, 5, LARGEST_LABEL]))))
    labels = present + draw(st.lists(st.sampled_from(present), max_size=15))
    chosen = draw(st.permutations(present))[: draw(st.integers(1, len(present)))]
    return draw(_batches_of(labels)), draw(st.sampled_from([tuple, list]))(chosen)


@st.composite
def class_counts(draw: st.DrawFn, smallest: int = 1, largest: int = 12, fewest_classes: int = 1) -> Batch:
    """A batch of up to five classes with these many images each, in any order; labels need not start at 0."""
    counts = {label: draw(st.integers(smallest, largest)) for label in draw(_classes(fewest_classes, 5))}
    return draw(_batches_of([label for label, count in counts.items() for _ in range(count)]))


@st.composite
def strategy_tables(draw: st.DrawFn) -> tuple[Table, float]:
    """A table of freezing strategies and a tolerance; no accuracy lies closer than 0.004 to what is just good enough.

    The number of parameters does not always grow with the fraction, and rows come in any order. Whoever takes the
    tolerance as a share finds the same row: a check of its own charges that, not the luck of a draw.
    """
    fractions = draw(st.lists(st.integers(0, 8), min_size=1, max_size=6, unique=True))
    rows = len(fractions)
    trainable = draw(st.lists(st.integers(1, 40), min_size=rows, max_size=rows, unique=True))
    percent = draw(st.lists(st.integers(50, 80), min_size=rows, max_size=rows, unique=True))
    tolerance = draw(st.sampled_from([0.015, 0.055, 0.105, 0.155, 0.205]))
    columns = {
        "fraction": np.array(fractions) / 8,
        "trainable": 250 * np.array(trainable),
        "val_accuracy": np.array(percent) / 100,
        "seconds": np.array(draw(st.permutations(range(1, rows + 1)))) / 4,
    }
    as_share = tolerance * max(percent) / 100
    assume(oracles.best_fraction(columns, tolerance) == oracles.best_fraction(columns, as_share))
    return Table(columns), tolerance


def strategy_table(rows: Sequence[tuple[float, int, float]], *, filtered: bool = False) -> Table:
    """A table of these rows of fraction, trainable and val_accuracy; the seconds say nothing of the rest.

    Args:
        rows: One or more.
        filtered: Whether the rows are numbered as sorting and filtering leave them.
    """
    fraction, trainable, accuracy = (np.array(column) for column in zip(*rows, strict=True))
    seconds = np.arange(len(rows), 0, -1) / 4
    index = list(range(2 * len(rows) + 1, 1, -2)) if filtered else None
    columns = {"fraction": fraction, "trainable": trainable, "val_accuracy": accuracy, "seconds": seconds}
    return Table(columns, index)


def counts_of(labels: Array) -> dict[int, int]:
    """Count the images of each class."""
    return {int(label): int(count) for label, count in zip(*np.unique(labels, return_counts=True), strict=True)}

"""Shared hypothesis strategies: where the values on check pages come from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from autograder.judge import oracles
from autograder.kernels.values import Table

Array = np.ndarray[Any, Any]
CLASS_COUNT = 10


class Batch(NamedTuple):
    """Images with their labels."""

    images: Array
    """(n, 32, 32, 3) uint8, no two alike."""
    labels: Array
    """(n,) int64."""


def images_for(labels: Array, seed: int) -> Array:
    """Draw one random image a label; no two are alike, so each can be recognised by its pixels."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, size=(len(labels), 32, 32, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels)) % 256
    images[:, 0, 0, 1] = np.arange(len(labels)) // 256
    return images


def batch_of(labels: Any, seed: int = 0) -> Batch:
    """Make a batch with these labels."""
    array = np.asarray(labels, dtype=np.int64)
    return Batch(images_for(array, seed), array)


@st.composite
def selections(draw: st.DrawFn) -> tuple[Batch, tuple[int, ...]]:
    """A batch and some of its classes in any order: at least two classes, at least one image of another."""
    present = draw(st.lists(st.integers(0, CLASS_COUNT - 1), min_size=3, max_size=6, unique=True))
    labels = present + draw(st.lists(st.sampled_from(present), min_size=3, max_size=15))
    chosen = draw(st.permutations(present))[: draw(st.integers(2, len(present) - 1))]
    order = draw(st.permutations(labels))
    return batch_of(order, draw(st.integers(0, 2**16))), tuple(chosen)


@st.composite
def class_counts(draw: st.DrawFn, smallest: int = 1, largest: int = 12) -> Batch:
    """A batch of two to five classes with these many images each, in any order; labels need not start at 0."""
    classes = draw(st.lists(st.integers(0, CLASS_COUNT - 1), min_size=2, max_size=5, unique=True))
    labels = [label for label in classes for _ in range(draw(st.integers(smallest, largest)))]
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    return batch_of(generator.permutation(labels), draw(st.integers(0, 2**16)))


@st.composite
def strategy_tables(draw: st.DrawFn) -> tuple[Table, float]:
    """A table of freezing strategies and a tolerance; no accuracy lies closer than 0.004 to what is just good enough.

    The number of parameters does not always grow with the fraction, and rows come in any order. Whoever takes the
    tolerance as a share finds the same row: a check of its own charges that, not the luck of a draw.
    """
    fractions = draw(st.lists(st.integers(0, 8), min_size=3, max_size=6, unique=True))
    rows = len(fractions)
    trainable = draw(st.lists(st.integers(1, 40), min_size=rows, max_size=rows, unique=True))
    percent = draw(st.lists(st.integers(50, 80), min_size=rows, max_size=rows, unique=True))
    tolerance = draw(st.sampled_from([0.015, 0.055, 0.105, 0.155, 0.205]))
    columns = {
        "fraction": np.array(fractions) / 8,
        "trainable": 250 * np.array(trainable),
        "val_accuracy": np.array(percent) / 100,
        "seconds": np.array(trainable) / 4,
    }
    as_share = tolerance * max(percent) / 100
    assume(oracles.best_fraction(columns, tolerance) == oracles.best_fraction(columns, as_share))
    return Table(columns), tolerance


def strategy_table(rows: Sequence[tuple[float, int, float]]) -> Table:
    """A table of these rows of fraction, trainable and val_accuracy; the seconds grow with the parameters."""
    fraction, trainable, accuracy = (np.array(column) for column in zip(*rows, strict=True))
    return Table({"fraction": fraction, "trainable": trainable, "val_accuracy": accuracy, "seconds": trainable / 100})


def counts_of(labels: Array) -> dict[int, int]:
    """Count the images of each class."""
    return {int(label): int(count) for label, count in zip(*np.unique(labels, return_counts=True), strict=True)}

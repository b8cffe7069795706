"""Hypothesis strategies of labelled images: where values on check pages come from."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

__all__ = ["Batch", "batch_of", "batches_of", "class_counts", "classes", "counts_of", "images_for"]

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
LARGEST_LABEL, LARGEST_OF_MANY = 120, 3_000
"""Of labels that every type holds, and of those that some do: classes may have any numbers from 0 on."""


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
def batches_of(draw: st.DrawFn, labels: Sequence[int]) -> Batch:
    """These labels in any order, as arrays of any type, with images of any shape and type; floats are from 0 to 1."""
    seed = draw(st.integers(0, 2**16))
    order = np.random.default_rng(seed).permutation(labels)
    shape, image_type = draw(st.sampled_from(SHAPES)), draw(st.sampled_from(IMAGE_TYPES))
    types = [name for name in LABEL_TYPES if max(labels, default=0) <= np.iinfo(name).max]
    images, drawn = batch_of(order, seed, shape, image_type, draw(st.sampled_from(types)))
    # from 0 to 1, which whole numbers do not hold; exact, so that a wider or narrower type keeps images apart
    return Batch(images / images.dtype.type(256) if images.dtype.kind == "f" else images, drawn)


def classes(smallest: int, largest: int, largest_label: int = LARGEST_LABEL) -> st.SearchStrategy[list[int]]:
    """Class numbers, no two alike, in any order."""
    return st.lists(st.integers(0, largest_label), min_size=smallest, max_size=largest, unique=True)


@st.composite
def class_counts(draw: st.DrawFn, smallest: int = 1, largest: int = 12, fewest_classes: int = 1) -> Batch:
    """A batch of up to five classes with these many images each, in any order; labels need not start at 0."""
    labels = draw(classes(fewest_classes, 5, draw(st.sampled_from([LARGEST_LABEL, LARGEST_OF_MANY]))))
    counts = {label: draw(st.integers(smallest, largest)) for label in labels}
    return draw(batches_of([label for label, count in counts.items() for _ in range(count)]))


def counts_of(labels: Array) -> dict[int, int]:
    """Count the images of each class."""
    return {int(label): int(count) for label, count in zip(*np.unique(labels, return_counts=True), strict=True)}

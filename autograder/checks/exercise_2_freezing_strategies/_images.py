"""Images for `compare_strategies`, of which a small model learns something in a few steps."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
CLASSES = 3
SHAPE, SQUARE = (24, 16), (24, 24)
"""Height and width of the images: nobody said that they are square. Who takes it for granted is charged once."""


def comparison_images(count: int, seed: int, shape: tuple[int, int] = SHAPE) -> tuple[Array, Array]:
    """Images of all brightnesses, float32, with labels 0, 1, … from dark to bright.

    Neither the first nor the last label is the largest: who takes one of them for it makes too few classes.
    """
    generator = np.random.default_rng(seed)
    brightness = (np.arange(count) + 0.5) / count
    images = 255 * brightness[:, None, None, None] * generator.uniform(0.6, 1, (count, *shape, 3))
    order, labels = generator.permutation(count), np.floor(CLASSES * brightness).astype(np.int64)
    darkest = np.flatnonzero(labels[order] == 0)[:2]
    order[[0, darkest[0]]] = order[[darkest[0], 0]]
    order[[-1, darkest[1]]] = order[[darkest[1], -1]]
    return images[order].astype(np.float32), labels[order]


def partly_wrong(labels: Array) -> Array:
    """Give a quarter of the images of each class the next class, so that being sure has its price."""
    changed = labels.copy()
    for label in range(CLASSES):
        of_class = np.flatnonzero(labels == label)
        changed[of_class[::4]] = (label + 1) % CLASSES
    return changed

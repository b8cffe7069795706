"""What `compare_strategies` is asked with: a backbone, images that are soon learned, and what is done to trainings."""

import functools
from typing import Any

import keras
import numpy as np

from autograder.kerasmodels import tiny

Array = np.ndarray[Any, Any]
FRACTIONS = (1.0, 0.5, 0.0)
HEAD_EPOCHS, EPOCHS = 2, 3
TRAINING_IMAGES, VALIDATION_IMAGES = 72, 240
SHOWN, SUREST = ((1.0, 4.0, None), (1.0, -2.0, 1.0), (1.0, 4.0, None)), (None, 2, None)
"""What the second stages show after each epoch: the model of the fraction in the middle is the best one, and the last
epoch of the others shows nothing: one image in three is right, whatever the draw. And the best one is so sure of itself
that its loss is not the lowest. See `autograder.kernels.moving.Plan`."""
DRAWS = 3
"""How often it is asked, at most, until the model that is meant to be the best one is."""
ROW_PAUSES = (0.0, 0.8, 0.0)
"""Seconds that the second stages last longer: all the same for whoever looks at the clock, and not for who does not."""
PAUSE_SECONDS = 0.4
"""Added to all that is not the second stage."""
CLASSES = 3
SHAPE, SQUARE = (24, 16), (24, 24)
"""Height and width of the images: nobody said that they are square. Who takes it for granted is charged once."""
PLAN = {"shown": SHOWN, "surest": SUREST, "row_pauses": ROW_PAUSES, "pause": PAUSE_SECONDS}
CALLED = f"`compare_strategies(make_backbone, training, validation, {list(FRACTIONS)}, {HEAD_EPOCHS}, {EPOCHS})`"


@functools.cache
def backbone_of(seed: int, shape: tuple[int, int]) -> keras.Model:
    """The backbone that is handed over."""
    return tiny.tiny_backbone(batch_norm=True, seed=seed % 2**31, filters=5 + seed % 3, size=shape)


def training_images(seed: int, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Images to train with, and their labels."""
    return comparison_images(TRAINING_IMAGES, seed, shape)


def validation_images(seed: int, shape: tuple[int, int]) -> tuple[Array, Array]:
    """Images to validate with; a quarter of the labels are wrong."""
    images, labels = comparison_images(VALIDATION_IMAGES, seed + 1, shape)
    return images, partly_wrong(labels)


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

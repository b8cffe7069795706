"""Slow, readable statements of what is right about images and labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def selected(labels: Array, classes: Sequence[int]) -> tuple[list[int], list[int]]:
    """Positions of the images whose label is in `classes`, in order, and their new labels: positions in `classes`."""
    positions, new_labels = [], []
    for position, label in enumerate(labels):
        if label in classes:
            positions.append(position)
            new_labels.append(classes.index(label))
    return positions, new_labels


def validation_counts(count: int, fraction: float) -> tuple[int, ...]:
    """How many of a class's `count` images may go to validation: the share within one, something on both sides."""
    exact = fraction * count
    return tuple(number for number in range(1, count) if abs(number - exact) <= 1 + 1e-9)

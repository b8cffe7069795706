"""What a training learns from: the images or features and the labels that are given to `fit`, told in a few numbers.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

MAX_ROWS, MAX_NUMBERS = 2_000, 200_000
BATCH_SIZE = 32
"""Keras's own, where none is given."""


def length(x: Any) -> int:
    """Return how many images an array or a list has; 0 where it cannot be told without reading it."""
    shape = getattr(x, "shape", None)
    if shape is not None and len(shape):
        return int(shape[0] or 0)
    return len(x) if isinstance(x, list | tuple) else 0


def first_images(x: Any, count: int) -> Any:
    """Return the first of what `fit` is given; None if it is not an array that is there as a whole."""
    with contextlib.suppress(Exception):  # what is not plain to see is not looked at
        return x[:count] if length(x) else None
    return None


def learned(given: dict[str, Any]) -> tuple[Any, Any]:
    """Return what `fit` learns from in each epoch, images and labels: of arrays it may leave out the last ones."""
    x, y = given.get("x"), given.get("y")
    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        if x is not None and y is not None and length(x):
            count, steps = _not_split_off(given), given.get("steps_per_epoch")
            if steps:
                count = min(count, int(steps) * int(given.get("batch_size") or BATCH_SIZE))
            return x[:count], y[:count]
    return x, y


def split_off(given: dict[str, Any]) -> tuple[Any, Any]:
    """Return what `validation_split` leaves to watch the training with, images and labels; None twice if nothing."""
    x, y = given.get("x"), given.get("y")
    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        if given.get("validation_split") and x is not None and y is not None and length(x):
            count = _not_split_off(given)
            return x[count:], y[count:]
    return None, None


def _not_split_off(given: dict[str, Any]) -> int:
    """Count the images that `validation_split` leaves to learn from, rounded as Keras does."""
    return int(length(given["x"]) * (1 - float(given.get("validation_split") or 0)))


def _pairs(x: Any, y: Any) -> Iterator[tuple[Any, Any]]:
    """Yield what a training learns from, in parts: images or features, and labels."""
    import numpy as np

    if y is not None and not hasattr(x, "element_spec"):
        yield np.asarray(x), np.asarray(y)
    elif hasattr(x, "element_spec") or (hasattr(x, "__getitem__") and hasattr(x, "__len__") and y is None):
        parts = x if hasattr(x, "element_spec") else (x[number] for number in range(len(x)))
        found = 0
        for part in parts:
            if not isinstance(part, list | tuple) or len(part) < 2 or found > MAX_ROWS:
                return
            images, labels = np.asarray(part[0]), np.asarray(part[1])
            if labels.ndim == 0:
                images, labels = images[None], labels[None]
            found += len(labels)
            yield images, labels


def rows_of_images(x: Any) -> list[str]:
    """Return a digest of each image that a training learns from, as far as they can be told without training."""
    import numpy as np

    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        return _rows_of([np.asarray(x)] if length(x) else [images for images, _ in _pairs(x, None)])
    return []


def _rows_of(parts: Sequence[Any]) -> list[str]:
    with contextlib.suppress(Exception):
        if all(part.ndim == 4 for part in parts):
            rows = (row for part in parts for row in part)
            return [row_digest(row) for row in itertools.islice(rows, MAX_ROWS)]
    return []


def examples_of(x: Any, y: Any, *, with_features: bool) -> dict[str, list[Any]]:
    """Tell what a training learns from.

    All of one look at it: a data set that shuffles shows its examples in another order at the next one.

    Args:
        x: Images or features, or a data set with labels.
        y: Labels, or None.
        with_features: Whether to tell those, too.

    Returns:
        `rows` (a digest of each image), `labels` (one whole number an example) and `features` (an array with some
        numbers an example, in a list), each empty where it cannot be told.
    """
    pairs: list[tuple[Any, Any]] = []
    with contextlib.suppress(Exception):  # what is not plain to see is no mistake
        pairs = list(_pairs(x, y))
    if not pairs:
        return {"rows": rows_of_images(x), "labels": []}
    images, labels = zip(*pairs, strict=True)
    told: dict[str, list[Any]] = {"rows": _rows_of(images), "labels": _labels_of(labels)}
    if with_features:
        told["features"] = _features_of(images)
    return told


def _labels_of(parts: Sequence[Any]) -> list[int]:
    import numpy as np

    with contextlib.suppress(Exception):
        labels = np.concatenate(parts)
        if labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1):
            return [int(label) for label in labels.reshape(-1)[:MAX_ROWS]]
    return []


def _features_of(parts: Sequence[Any]) -> list[Any]:
    """Return an array with a few numbers an example by which it can be known again: of maps their means."""
    import numpy as np

    with contextlib.suppress(Exception):
        pooled = [part.mean(axis=(1, 2)) if part.ndim == 4 else part for part in parts]
        features = np.concatenate(pooled)[:MAX_ROWS].astype(np.float32)
        if features.ndim == 2 and features.size <= MAX_NUMBERS:
            return [features]
    return []


def row_digest(row: Any) -> str:
    """Return a short digest of an image, whatever type of number it is kept in."""
    import numpy as np

    return hashlib.sha256(np.ascontiguousarray(row, dtype=np.float32).tobytes()).hexdigest()[:12]

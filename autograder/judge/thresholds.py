"""Calibrated thresholds of the accuracy gates, as `autograder calibrate` measured them (see docs/calibration.md)."""

import functools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Gate", "gate"]

Array = np.ndarray[Any, Any]
FIRST_PORTION = 64
"""Images to begin with; each portion makes them twice as many."""
RISK = 2e-5
"""Chance, at each of five looks at most, of ending on a side of a gate on which the true accuracy is not."""


class Gate(NamedTuple):
    """One accuracy gate."""

    threshold: float
    """Accuracy on hidden images, 0 to 1."""
    band: float
    """Half-width of the band around it in which a person has to look."""


def thresholds_file(folder: Path, source: str) -> Path:
    """Return the file with the thresholds of an exercise for one source of images.

    Args:
        folder: Where its check pages are.
        source: Name of the source.
    """
    return folder / f"thresholds_{source}.json"


@functools.cache
def gate(page: str, name: str, source: str) -> Gate:
    """Return an accuracy gate of an exercise.

    Args:
        page: The check page that asks: `__file__`. The thresholds lie beside it.
        name: Of the gate, e.g. `fine_tuned`.
        source: Where the course's images come from.

    Raises:
        KeyError: No such gate has been calibrated.
    """
    path = thresholds_file(Path(page).parent, source)
    gates = json.loads(path.read_text(encoding="utf-8"))["gates"] if path.is_file() else {}
    if name not in gates:
        raise KeyError(f"the gate {name} has no threshold for {source}; run `autograder calibrate --source {source}`")
    return Gate(gates[name]["threshold"], gates[name]["band"])


def accuracy_at(gate: Gate, labels: Array, classify: Callable[[slice], Array]) -> float:
    """Measure an accuracy on as many images as it takes to know on which side of a gate it lies.

    A sequential test: after each portion it is asked how likely so many or so few right answers would be if the true
    accuracy were that of the band's border (exact binomial tails, as in Clopper and Pearson 1934). Near the gate all
    images are used.

    Args:
        gate: What it is measured for.
        labels: True classes of all images (n,), in random order.
        classify: Returns the classes that the model gives the images of a slice.

    Returns:
        The share that is right of those looked at, 0 to 1.
    """
    right, done = 0, 0
    while done < len(labels):
        portion = slice(done, max(FIRST_PORTION, 2 * done))
        found = np.asarray(classify(portion)) == labels[portion]
        right, done = right + int(found.sum()), done + len(found)
        if (
            _at_least(right, done, gate.threshold + gate.band) < RISK
            or _at_least(done - right, done, 1 - gate.threshold + gate.band) < RISK
        ):
            break
    return right / done


def _at_least(hits: int, of: int, chance: float) -> float:
    """Chance of so many hits or more."""
    if not 0 < chance < 1:
        return float(chance >= 1 or hits == 0)
    ways = (math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) for k in range(hits, of + 1))
    return sum(
        math.exp(way + k * math.log(chance) + (of - k) * math.log1p(-chance))
        for k, way in zip(range(hits, of + 1), ways, strict=True)
    )

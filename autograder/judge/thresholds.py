"""Calibrated thresholds of the accuracy gates, as `autograder calibrate` measured them (see docs/calibration.md)."""

import functools
import json
from pathlib import Path
from typing import NamedTuple

__all__ = ["Gate", "gate"]


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

"""Calibrated thresholds of the accuracy gates, as `autograder calibrate` measured them (see docs/calibration.md)."""

import functools
import json
from pathlib import Path
from typing import NamedTuple

THRESHOLDS = Path(__file__).with_name("thresholds.json")
"""The file they stand in for the default source of images."""


class Gate(NamedTuple):
    """One accuracy gate."""

    threshold: float
    """Accuracy on hidden images, 0 to 1."""
    band: float
    """Half-width of the band around it in which a person has to look."""


def thresholds_file(source: str) -> Path:
    """Return the file with the thresholds for one source of images."""
    return THRESHOLDS if source == "sketches" else THRESHOLDS.with_name(f"thresholds_{source}.json")


@functools.cache
def gate(name: str, source: str = "sketches") -> Gate:
    """Return a gate by its name, e.g. `exercise_1/feature`.

    Args:
        name: Of the gate.
        source: Where the course's images come from.

    Raises:
        KeyError: No such gate has been calibrated.
    """
    path = thresholds_file(source)
    gates = json.loads(path.read_text(encoding="utf-8"))["gates"] if path.is_file() else {}
    if name not in gates:
        raise KeyError(f"the gate {name} has no threshold for {source}; run `autograder calibrate --source {source}`")
    return Gate(gates[name]["threshold"], gates[name]["band"])

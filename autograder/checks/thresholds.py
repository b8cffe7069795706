"""Calibrated thresholds of the accuracy gates, as `autograder calibrate` measured them (see docs/calibration.md)."""

import functools
import json
from pathlib import Path
from typing import NamedTuple

THRESHOLDS = Path(__file__).with_name("thresholds.json")
"""The file they stand in."""


class Gate(NamedTuple):
    """One accuracy gate."""

    threshold: float
    """Accuracy on hidden images, 0 to 1."""
    band: float
    """Half-width of the band around it in which a person has to look."""


@functools.cache
def gate(name: str) -> Gate:
    """Return a gate by its name, e.g. `exercise_1/feature`.

    Raises:
        KeyError: No such gate has been calibrated.
    """
    gates = json.loads(THRESHOLDS.read_text(encoding="utf-8"))["gates"]
    return Gate(gates[name]["threshold"], gates[name]["band"])

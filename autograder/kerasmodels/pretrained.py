"""What the course's backbones hold: read once for each judge, and where that is possible without building a network."""

import functools
from collections import Counter
from typing import Any

import numpy as np

import transferlab
from transferlab.backbones import arrays
from transferlab.backbones.registry import EMBEDDED, missing_weights

__all__ = ["all_arrays", "counted_layers", "layer_arrays"]

Array = np.ndarray[Any, Any]
_OF_NORMALIZATION = "moving_mean"


@functools.cache
def layer_arrays(name: str) -> dict[str, dict[str, Array]]:
    """Return the pretrained arrays of a backbone.

    Args:
        name: As for `transferlab.load_backbone`.

    Returns:
        Layer to name of array to array, layers with arrays only, in order. Shared by all who ask: not to be changed.

    Raises:
        FileNotFoundError: The weights are not at hand.
        ValueError: There is no such backbone.
    """
    return _by_layer(arrays.read(name)) if name in EMBEDDED else _built(name, "pretrained")


def all_arrays(name: str) -> list[Array]:
    """Return all pretrained arrays of a backbone, in order; raises as `layer_arrays` does."""
    return [array for layer in layer_arrays(name).values() for array in layer.values()]


def counted_layers(name: str) -> dict[str, list[Array]]:
    """Return the layers that count in this course (with arrays, not BatchNormalization), by name, in order.

    Raises as `layer_arrays` does.
    """
    return {
        layer: list(found.values()) for layer, found in layer_arrays(name).items() if _OF_NORMALIZATION not in found
    }


@functools.cache
def shapes(name: str) -> Counter[tuple[int, ...]]:
    """Count the shapes of a backbone's arrays, whether or not its weights are at hand.

    Raises:
        ValueError: There is no such backbone.
    """
    if missing_weights(name) is None:
        return Counter(array.shape for array in all_arrays(name))
    return Counter(array.shape for layer in _built(name, None).values() for array in layer.values())


def _built(name: str, weights: str | None) -> dict[str, dict[str, Array]]:
    backbone = transferlab.load_backbone(name, weights=weights)
    return {
        layer.name: {variable.name: np.asarray(variable) for variable in layer.weights}
        for layer in backbone.layers
        if layer.weights
    }


def _by_layer(found: dict[str, Array]) -> dict[str, dict[str, Array]]:
    layers: dict[str, dict[str, Array]] = {}
    for path, array in found.items():
        layer, _, variable = path.rpartition("/")
        layers.setdefault(layer, {})[variable] = array
    return layers

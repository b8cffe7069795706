"""The arrays of the embedded networks: float16 in `weights/`, together below 3 MB."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

_WEIGHTS = files("transferlab") / "weights"


def read(name: str, stored: Traversable | None = None) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Read the pretrained arrays of an embedded network, without building it.

    Args:
        name: Of the network.
        stored: An npz of arrays named `layer/weight`; the one shipped under the network's name by default.

    Returns:
        `layer/weight` to array, float32, in the order of the network's weights.

    Raises:
        FileNotFoundError: The installed package lacks the file.
    """
    stored = stored or _WEIGHTS / f"{name}.npz"
    if not stored.is_file():
        raise FileNotFoundError(f"{stored} is missing; install transferlab again")
    with stored.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        return {array: arrays[array].astype(np.float32) for array in arrays.files}


def load_into(backbone: "keras.Model", stored: Traversable | None = None) -> None:
    """Give a network its pretrained arrays.

    Args:
        backbone: An embedded network; its arrays are replaced.
        stored: An npz of arrays named `layer/weight`; the one shipped under the network's name by default.

    Raises:
        FileNotFoundError: The installed package lacks the file.
        ValueError: The file does not belong to this network.
    """
    stored = stored or _WEIGHTS / f"{backbone.name}.npz"
    arrays = read(backbone.name, stored)
    expected = {f"{layer.name}/{weight.name}": weight for layer in backbone.layers for weight in layer.weights}
    if set(arrays) != set(expected):
        raise ValueError(f"{stored} holds the arrays of another network than {backbone.name}; install again")
    for name, weight in expected.items():
        array = arrays[name]
        if array.shape != tuple(weight.shape):
            raise ValueError(f"{stored}: {name} has shape {array.shape}, not {tuple(weight.shape)}; install again")
        weight.assign(array)

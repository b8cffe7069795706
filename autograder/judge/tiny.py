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

Array = np.ndarray[Any, Any]
LAST_LAYER = "last_activation"


@functools.cache
def tiny_backbone(*, batch_norm: bool, seed: int, blocks: int = 4) -> keras.Model:
    """Return a backbone with `blocks` convolutions, each followed by BatchNormalization if asked for.

    Args:
        batch_norm: Whether each convolution is followed by a BatchNormalization.
        seed: For the arrays.
        blocks: Number of layers that have weights and are not BatchNormalization.

    Returns:
        Model from (n, 32, 32, 3) float32 in [0, 255] to (n, 4, 4, 6), its layers flat, all trainable.
    """
    inputs = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1, name="preprocessing")(inputs)
    for block in range(blocks):
        strides = 2 if block < 3 else 1
        x = layers.Conv2D(6, 3, strides=strides, padding="same", name=f"convolution_{block}")(x)
        if batch_norm:
            x = layers.BatchNormalization(name=f"normalization_{block}")(x)
        x = layers.LeakyReLU(0.2, name=LAST_LAYER if block == blocks - 1 else f"activation_{block}")(x)
    model = keras.Model(inputs, x, name="backbone")
    _randomise(model, seed)
    return model


def _randomise(model: keras.Model, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for variable in model.weights:
        scale = 1.0 / math.sqrt(max(1, math.prod(variable.shape[:-1])))
        values = generator.normal(0, scale, variable.shape)
        if variable.path.endswith(("gamma", "moving_variance")):
            values = generator.uniform(0.6, 1.4, variable.shape)
        elif len(variable.shape) == 1:
            values = generator.normal(0, 0.05, variable.shape)
        variable.assign(values.astype(np.float32))


def bright_only_backbone() -> keras.Model:
    """A backbone that answers with zeros below values well above 100: it tells raw images from rescaled ones."""
    inputs = keras.Input((32, 32, 3))
    x = layers.AveragePooling2D(8, name="pool")(inputs)
    x = layers.Conv2D(6, 1, activation="relu", name="bright")(x)
    model = keras.Model(inputs, x, name="backbone")
    kernel, bias = model.weights
    kernel.assign(np.abs(np.random.default_rng(5).normal(0.02, 0.005, kernel.shape)).astype(np.float32))
    bias.assign(-np.linspace(4.0, 6.0, 6, dtype=np.float32))
    return model


def counted_layers(backbone: keras.Model) -> list[keras.layers.Layer]:
    """The layers that count in this course: in order, with weights, not BatchNormalization."""
    return [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]


def with_head(backbone: keras.Model, num_classes: int, seed: int, *, flat: bool) -> keras.Model:
    """Put a small head on a backbone, as a nested or a flat model; the head's arrays are random too.

    Returns:
        Model to (n, num_classes) probabilities. Nested: `model.layers[1]` is the backbone. Flat: its layers are the
            model's own.
    """
    if flat:
        inputs, features = backbone.inputs, backbone.output
    else:
        inputs = keras.Input((32, 32, 3))
        features = backbone(inputs)
    x = layers.GlobalAveragePooling2D(name="pooling")(features)
    x = layers.Dense(8, activation="relu", name="hidden")(x)
    x = layers.Dense(num_classes, activation="softmax", name="probabilities")(x)
    model = keras.Model(inputs, x)
    generator = np.random.default_rng(seed)
    for layer in model.layers[-2:]:
        for variable in layer.weights:
            variable.assign(generator.normal(0, 0.3, variable.shape).astype(np.float32))
    return model


def training_images(num_classes: int, seed: int, count: int = 24) -> tuple[Array, Array]:
    """Random images (count, 32, 32, 3) float32 in [0, 255] and labels (count,) int64 with every class present."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % num_classes
    return generator.uniform(0, 255, (count, 32, 32, 3)).astype(np.float32), labels.astype(np.int64)

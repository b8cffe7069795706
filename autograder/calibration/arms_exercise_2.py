"""The solutions of exercise 2 that its accuracy gate is measured with: right ones, and wrong ones to be stopped.

As in `arms`, an arm trains on fresh images and returns the accuracy on other fresh images, all drawn from its seed.
Each trains one model for every fraction and keeps the one with the best validation accuracy, as the notebook does.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

import transferlab

Array = np.ndarray[Any, Any]
CLASSES = 10
FRACTIONS = (0.0, 0.25, 0.5, 1.0)
TRAINING_PER_CLASS, VALIDATION_PER_CLASS, HIDDEN_PER_CLASS, BATCH_SIZE = 20, 19, 60, 20
HEAD_EPOCHS, EPOCHS = 6, 2
HEAD_RATE, FINE_TUNING_RATE = 3e-3, 1e-3
"""Rates the notebook proposes; a student may choose others."""
_SMALLER = 0.3

Pair = tuple[Array, Array]


@dataclass(frozen=True)
class Data:
    """Images of one seed, float32 in [0, 255], with labels 0 to 9."""

    training: Pair
    validation: Pair
    hidden: Pair

    @classmethod
    def draw(cls, seed: int) -> "Data":
        """Draw fresh images; no two seeds share one."""

        def images(split: str, per_class: int) -> Pair:
            found = transferlab.load_images("sketches", split, per_class=per_class, seed=seed)
            return found.images.astype(np.float32), found.labels

        return cls(
            images("train", TRAINING_PER_CLASS),
            images("validation", VALIDATION_PER_CLASS),
            images("hidden", HIDDEN_PER_CLASS),
        )


@dataclass(frozen=True)
class Solution:
    """How one solution differs from the others."""

    head: Callable[[Any], Any]
    rates: tuple[float, float] = (HEAD_RATE, FINE_TUNING_RATE)
    weights: str | None = "pretrained"
    augmented: bool = False
    scaled: bool = False
    shuffled: bool = False
    scratch: bool = False


def _dense_head(x: Any) -> Any:
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(0.2)(layers.Dense(64, activation="relu")(x))


def _plain_head(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(x)


def _busy_head(x: Any) -> Any:
    x = layers.BatchNormalization()(layers.GlobalMaxPooling2D()(x))
    return layers.Dropout(0.3)(layers.Dense(64, activation="relu")(x))


RIGHT = {
    "reference": Solution(_dense_head),
    "no hidden layer": Solution(_plain_head),
    "a third of the learning rates": Solution(_dense_head, (_SMALLER * HEAD_RATE, _SMALLER * FINE_TUNING_RATE)),
    "max pooling, BatchNorm, dropout, flips": Solution(_busy_head, augmented=True),
}
WRONG = {
    "from scratch": Solution(_plain_head, scratch=True),
    "random backbone": Solution(_dense_head, weights=None),
    "shuffled labels": Solution(_dense_head, shuffled=True),
    "rescaled twice": Solution(_dense_head, scaled=True),
}
GATES = ("best",)


def run(arm: str, seed: int, backbone: str) -> dict[str, float]:
    """Train one arm with one seed.

    Args:
        arm: Name of a right or wrong solution.
        seed: Of the images and of everything random in training.
        backbone: Name for `transferlab.load_backbone`.

    Returns:
        Accuracy on hidden images, 0 to 1, by gate.
    """
    keras.utils.set_random_seed(seed)
    data, solution = Data.draw(seed), (RIGHT | WRONG)[arm]
    fractions = (1.0,) if solution.scratch else FRACTIONS
    trained = [_trained(solution, data, fraction, backbone) for fraction in fractions]
    best = max(trained, key=lambda model: _accuracy(model, data.validation))
    accuracy = _accuracy(best, data.hidden)
    keras.backend.clear_session()
    return {"best": accuracy}


def _trained(solution: Solution, data: Data, fraction: float, name: str) -> keras.Model:
    backbone = _own_network() if solution.scratch else transferlab.load_backbone(name, weights=solution.weights)
    backbone.trainable = solution.scratch
    inputs = keras.Input((32, 32, 3))
    x = layers.RandomFlip("horizontal")(inputs) if solution.augmented else inputs
    x = layers.Rescaling(1 / 255)(x) if solution.scaled else x
    model = keras.Model(inputs, layers.Dense(CLASSES, activation="softmax")(solution.head(backbone(x))))
    images, labels = data.training
    if solution.shuffled:
        labels = np.random.default_rng(0).permutation(labels)
    for epochs, rate in zip((HEAD_EPOCHS, EPOCHS), solution.rates, strict=True):
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(images, labels, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
        if not solution.scratch:
            _unfreeze(backbone, fraction)
    return model


def _unfreeze(backbone: keras.Model, fraction: float) -> None:
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    unfrozen = counted[len(counted) - math.ceil(fraction * len(counted)) :]
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer in unfrozen


def _own_network() -> keras.Model:
    """A small network that starts from random weights, all of it learning in both stages."""
    network = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        network.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
        network.add(layers.MaxPooling2D())
    return network


def _accuracy(model: keras.Model, pair: Pair) -> float:
    images, labels = pair
    return float(np.mean(model.predict(images, batch_size=100, verbose=0).argmax(axis=1) == labels))

"""The solutions of exercise 1 that its accuracy gates are measured with: right ones, and wrong ones to be stopped.

An arm trains on fresh images and returns accuracies on other fresh images, both drawn from its seed: the spread holds
everything that differs between two students, their images included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers

import transferlab

Array = np.ndarray[Any, Any]
PAIR = ("house", "car")
TRAINING_PER_CLASS, HIDDEN_PER_CLASS, BATCH_SIZE = 200, 300, 32
BASELINE_EPOCHS, FEATURE_EPOCHS, FINE_TUNING_EPOCHS = 12, 8, 4
HEAD_RATE, FINE_TUNING_RATE, UNFROZEN_LAYERS = 1e-3, 3e-4, 2
"""The last two are given in the notebook; the first is the student's own choice."""


@dataclass(frozen=True)
class Data:
    """Images of one seed, float32 in [0, 255], with labels 0 and 1."""

    training: tuple[Array, Array]
    hidden: tuple[Array, Array]

    @classmethod
    def draw(cls, seed: int) -> "Data":
        """Draw fresh images; no two seeds share one."""
        training = transferlab.load_images("sketches", "train", classes=PAIR, per_class=TRAINING_PER_CLASS, seed=seed)
        hidden = transferlab.load_images("sketches", "test", classes=PAIR, per_class=HIDDEN_PER_CLASS, seed=seed)
        return cls(
            (training.images.astype(np.float32), training.labels), (hidden.images.astype(np.float32), hidden.labels)
        )


Arm = Callable[[Data, str], dict[str, float]]


def _compiled(model: keras.Model, rate: float) -> keras.Model:
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _fit(model: keras.Model, data: Data, epochs: int, labels: Array | None = None) -> None:
    images, true_labels = data.training
    model.fit(images, true_labels if labels is None else labels, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)


def _accuracy(model: keras.Model, data: Data) -> float:
    images, labels = data.hidden
    return float(np.mean(model.predict(images, batch_size=100, verbose=0).argmax(axis=1) == labels))


def _dense_head(x: Any) -> Any:
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(0.2)(layers.Dense(64, activation="relu")(x))


def _plain_head(x: Any) -> Any:
    return layers.GlobalAveragePooling2D()(x)


def _busy_head(x: Any) -> Any:
    x = layers.BatchNormalization()(layers.GlobalMaxPooling2D()(x))
    return layers.Dropout(0.4)(layers.Dense(32, activation="relu")(x))


def _extractor(
    backbone: keras.Model,
    head: Callable[[Any], Any],
    rate: float,
    *,
    augmented: bool = False,
    scaled: bool = False,
) -> keras.Model:
    backbone.trainable = False
    inputs = keras.Input((32, 32, 3))
    x = layers.RandomFlip("horizontal")(inputs) if augmented else inputs
    x = layers.Rescaling(1 / 255)(x) if scaled else x
    outputs = layers.Dense(2, activation="softmax")(head(backbone(x, training=False)))
    return _compiled(keras.Model(inputs, outputs), rate)


def _tuned(model: keras.Model, backbone: keras.Model, data: Data) -> float:
    counted = [layer for layer in backbone.layers if layer.weights and not isinstance(layer, layers.BatchNormalization)]
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer in counted[-UNFROZEN_LAYERS:]
    _fit(_compiled(model, FINE_TUNING_RATE), data, FINE_TUNING_EPOCHS)
    return _accuracy(model, data)


def _transfer(
    head: Callable[[Any], Any],
    *,
    head_rate: float = HEAD_RATE,
    augmented: bool = False,
    weights: str | None = "pretrained",
    scaled: bool = False,
) -> Arm:
    def arm(data: Data, name: str) -> dict[str, float]:
        backbone = transferlab.load_backbone(name, weights=weights)
        model = _extractor(backbone, head, head_rate, augmented=augmented, scaled=scaled)
        _fit(model, data, FEATURE_EPOCHS)
        feature = _accuracy(model, data)
        return {"feature": feature, "fine_tuned": _tuned(model, backbone, data)}

    return arm


def _scratch(data: Data, name: str) -> dict[str, float]:
    """A small network of one's own, as long as both stages together."""
    del name
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
        model.add(layers.MaxPooling2D())
    for layer in (layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(2, activation="softmax")):
        model.add(layer)
    _fit(_compiled(model, HEAD_RATE), data, BASELINE_EPOCHS)
    accuracy = _accuracy(model, data)
    return {"feature": accuracy, "fine_tuned": accuracy}


def _shuffled_labels(data: Data, name: str) -> dict[str, float]:
    """The right model, trained on labels that have lost their images."""
    model = _extractor(transferlab.load_backbone(name), _dense_head, HEAD_RATE)
    labels = np.random.default_rng(0).permutation(data.training[1])
    _fit(model, data, FEATURE_EPOCHS, labels)
    accuracy = _accuracy(model, data)
    return {"feature": accuracy, "fine_tuned": accuracy}


RIGHT: dict[str, Arm] = {
    "reference": _transfer(_dense_head),
    "no hidden layer": _transfer(_plain_head),
    "a third of the learning rate": _transfer(_dense_head, head_rate=HEAD_RATE / 3),
    "max pooling, BatchNorm, dropout, flips": _transfer(_busy_head, augmented=True),
}
WRONG: dict[str, Arm] = {
    "from scratch": _scratch,
    "random backbone": _transfer(_dense_head, weights=None),
    "shuffled labels": _shuffled_labels,
    "rescaled twice": _transfer(_dense_head, scaled=True),
}
GATES = ("feature", "fine_tuned")


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
    result = (RIGHT | WRONG)[arm](Data.draw(seed), backbone)
    keras.backend.clear_session()
    return result

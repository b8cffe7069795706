"""What the solutions of all exercises are trained with: images of one seed, heads, and a backbone cut in two.

What is frozen gives the same maps in every epoch, so it is run once for each image and its maps are kept for all
solutions of a seed; only what learns is trained. The arithmetic is that of a frozen layer in `fit`.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

import transferlab
from autograder.kerasmodels.tiny import counted_layers

Array = np.ndarray[Any, Any]
Part = tuple[Array, Array]
"""Images or maps, and their labels."""
Head = Callable[[], list[layers.Layer]]
Optimizer = Callable[[float], keras.optimizers.Optimizer]
"""Makes one of a learning rate."""
SCRATCH_RATE = 1e-3


@dataclass
class Draw:
    """Images of one seed, float32 in [0, 255], and what has been computed from them."""

    course: transferlab.CourseData
    training: Part
    validation: Part
    hidden: Part
    kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def make(
        cls, source: str, seed: int, *, classes: Sequence[str], training: int, validation: int, hidden: int
    ) -> "Draw":
        """Draw the images of a seed.

        Args:
            source: Where the course's images come from.
            seed: Rendered images of two seeds are never the same; photographs may be.
            classes: Names.
            training: Images of each class.
            validation: Likewise, to choose by.
            hidden: Likewise, to measure on.
        """

        def part(split: str, per_class: int) -> Part:
            found = transferlab.load_images(source, split, classes=classes, per_class=per_class, seed=seed)
            return found.images.astype(np.float32), found.labels

        parts = part("train", training), part("validation", validation), part("hidden", hidden)
        return cls(transferlab.course_data(source), *parts)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what `make` gave the first time this was asked for under `key`."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def shuffled_labels(self) -> Array:
        """Training labels that have lost their images."""
        return np.random.default_rng(0).permutation(self.training[1])


class Cut:
    """A backbone, cut before the last layers that are to learn.

    Args:
        draw: Images.
        name: Of the backbone.
        unfrozen_layers: How many of its last layers learn, counted as the course counts.
        weights: "pretrained", or None for random ones.
    """

    def __init__(self, draw: Draw, name: str, unfrozen_layers: int, weights: str | None = "pretrained") -> None:
        backbone = transferlab.load_backbone(name, weights=weights)
        backbone.trainable = False
        counted = counted_layers(backbone)
        self._draw, self._key = draw, (name, unfrozen_layers, weights)
        self.below: keras.Model | None = backbone
        self.above: keras.Model | None = None
        if unfrozen_layers:
            first = counted[len(counted) - unfrozen_layers]
            whole = unfrozen_layers == len(counted)
            self.below = None if whole else keras.Model(backbone.input, first.input)
            self.above = backbone if whole else keras.Model(first.input, backbone.output)

    def maps(self, split: str, *, scaled: bool = False, flipped: bool = False) -> Array:
        """What comes out of the lower part for all images of a split, computed once.

        Args:
            split: "training", "validation" or "hidden".
            scaled: Divide the images by 255 first, which is wrong.
            flipped: Mirror them first.
        """
        images: Array = getattr(self._draw, split)[0]
        images = images[:, :, ::-1] if flipped else images
        images = images / np.float32(255) if scaled else images
        if self.below is None:
            return np.ascontiguousarray(images)
        below = self.below
        found: Array = self._draw.once((*self._key, split, scaled, flipped), lambda: predicted(below, images))
        return found

    def unfreeze(self) -> None:
        """Let the upper part learn, but for its BatchNormalization."""
        if self.above is not None:
            self.above.trainable = True
            for layer in self.above.layers:
                layer.trainable = not isinstance(layer, layers.BatchNormalization)


def dense_head() -> list[layers.Layer]:
    """Average pooling, a hidden layer, dropout."""
    return [layers.GlobalAveragePooling2D(), layers.Dense(64, activation="relu"), layers.Dropout(0.2)]


def plain_head() -> list[layers.Layer]:
    """Average pooling only."""
    return [layers.GlobalAveragePooling2D()]


def busy_head() -> list[layers.Layer]:
    """Max pooling, BatchNormalization, a hidden layer, much dropout."""
    return [
        layers.GlobalMaxPooling2D(),
        layers.BatchNormalization(),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.4),
    ]


def flat_head() -> list[layers.Layer]:
    """No pooling: every place of the maps has weights of its own."""
    return [layers.Flatten(), layers.Dropout(0.3)]


def narrow_head() -> list[layers.Layer]:
    """Max pooling, a hidden layer of half the usual width."""
    return [layers.GlobalMaxPooling2D(), layers.Dense(32, activation="gelu")]


def leaky_head() -> list[layers.Layer]:
    """Max pooling, a wide hidden layer."""
    return [layers.GlobalMaxPooling2D(), layers.Dense(128), layers.LeakyReLU()]


def convolved_head() -> list[layers.Layer]:
    """A convolution of every place by itself, average pooling, a penalty on what it gives."""
    return [layers.Conv2D(32, 1, activation="relu", activity_regularizer="l2"), layers.GlobalAveragePooling2D()]


def momentum(rate: float) -> keras.optimizers.Optimizer:
    """Make the optimizer of the older textbooks."""
    return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True)


def with_head(map_shape: Sequence[int], head: Head, classes: int) -> keras.Model:
    """Build a classifier of maps."""
    return keras.Sequential([keras.Input(tuple(map_shape)), *head(), layers.Dense(classes, activation="softmax")])


def small_network(classes: int) -> keras.Model:
    """Build a network of one's own, as students do for a baseline."""
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255)])
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, activation="relu", padding="same"))
        model.add(layers.MaxPooling2D())
    for layer in (layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(classes, activation="softmax")):
        model.add(layer)
    return model


def compiled(model: keras.Model, rate: float, optimizer: Optimizer = keras.optimizers.Adam) -> keras.Model:
    """Compile for integer labels."""
    model.compile(optimizer(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fit(model: keras.Model, part: Part, epochs: int, batch_size: int, mirrored: Array | None = None) -> None:
    """Train a compiled model.

    Args:
        model: It.
        part: Images or maps, and labels.
        epochs: How often each is seen.
        batch_size: At a time.
        mirrored: The same from mirrored images: each epoch takes every image one way or the other.
    """
    if mirrored is None:
        model.fit(*part, batch_size=batch_size, epochs=epochs, verbose=0)
        return
    for epoch in range(epochs):
        turned = np.random.default_rng(epoch).random(len(mirrored)) < 0.5
        mixed = np.where(turned.reshape(-1, *[1] * (mirrored.ndim - 1)), mirrored, part[0])
        model.fit(mixed, part[1], batch_size=batch_size, verbose=0)


def predicted(model: keras.Model, images: Array) -> Array:
    """Predict in batches of a hundred, without the second it takes to trace `predict`."""
    parts = [model(images[start : start + 100], training=False) for start in range(0, len(images), 100)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])


def accuracy(model: keras.Model, part: Part) -> float:
    """Share of a part that a model classifies correctly."""
    images, labels = part
    return float(np.mean(predicted(model, images).argmax(axis=1) == labels))

"""Exercise 3: solutions of the comparison of backbones; its gate measures the model recommended for accuracy."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np

import transferlab
from autograder.calibration import training
from autograder.calibration.training import Cut, Draw, Head, Optimizer
from autograder.checks.exercise_3_comparing_models._measured import HIDDEN_PER_CLASS

GATES = ("recommended",)
TRAINING_PER_CLASS, VALIDATION_PER_CLASS, BATCH_SIZE = 40, 20, 32
EPOCHS, RATE = 4, 3e-3
"""The second is the reference's; students choose their own."""

Arm = Callable[[Draw], dict[str, float]]


class NetworkRow(NamedTuple):
    """One backbone's accuracies after its best epoch."""

    validation: float
    hidden: float


def draw(source: str, seed: int) -> Draw:
    """Draw the images of a seed: those of all ten classes."""
    sizes = {"training": TRAINING_PER_CLASS, "validation": VALIDATION_PER_CLASS, "hidden": HIDDEN_PER_CLASS}
    return Draw.make(source, seed, classes=transferlab.course_data(source).classes, **sizes)


def _hidden_layer() -> list[keras.layers.Layer]:
    return [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(64, activation="relu")]


def _row(
    drawn: Draw,
    name: str,
    head: Head,
    rate: float,
    optimizer: Optimizer,
    weights: str | None,
    *,
    scaled: bool,
    shuffled: bool,
) -> NetworkRow:
    cut = Cut(drawn, name, 0, weights)
    features = {split: cut.maps(split, scaled=scaled) for split in ("training", "validation", "hidden")}
    labels = drawn.shuffled_labels() if shuffled else drawn.training[1]
    model = training.with_head(features["training"].shape[1:], head, len(drawn.course.classes))
    training.compiled(model, rate, optimizer)
    best = NetworkRow(-1.0, 0.0)
    for _ in range(EPOCHS):
        training.fit(model, (features["training"], labels), 1, BATCH_SIZE)
        reached = training.accuracy(model, (features["validation"], drawn.validation[1]))
        if reached >= best.validation:
            best = NetworkRow(reached, training.accuracy(model, (features["hidden"], drawn.hidden[1])))
    return best


def _recommended(
    head: Head = _hidden_layer,
    *,
    rate: float = RATE,
    optimizer: Optimizer = keras.optimizers.Adam,
    weights: str | None = "pretrained",
    scaled: bool = False,
    shuffled: bool = False,
    worst: bool = False,
) -> Arm:
    def arm(drawn: Draw) -> dict[str, float]:
        rows = [
            _row(drawn, name, head, rate, optimizer, weights, scaled=scaled, shuffled=shuffled)
            for name in drawn.course.compared_backbones
        ]
        by_validation = np.argsort([row.validation for row in rows], kind="stable")
        return {"recommended": rows[int(by_validation[0 if worst else -1])].hidden}

    return arm


def _scratch(drawn: Draw) -> dict[str, float]:
    """A small network of one's own, as many epochs."""
    model = training.compiled(training.small_network(len(drawn.course.classes)), training.SCRATCH_RATE)
    training.fit(model, drawn.training, EPOCHS, BATCH_SIZE)
    return {"recommended": training.accuracy(model, drawn.hidden)}


RIGHT: dict[str, Arm] = {
    "reference": _recommended(),
    "no hidden layer": _recommended(training.plain_head),
    "a third of the learning rate": _recommended(rate=RATE / 3),
    "max pooling, BatchNorm, dropout": _recommended(training.busy_head),
    "flattened, dropout": _recommended(training.flat_head, rate=1e-3),
    "SGD with momentum": _recommended(rate=1e-2, optimizer=training.momentum),
    "no hidden layer, SGD with momentum": _recommended(training.plain_head, rate=1e-2, optimizer=training.momentum),
    "max pooling, 128 units, RMSprop": _recommended(training.leaky_head, rate=1e-3, optimizer=keras.optimizers.RMSprop),
}
WRONG: dict[str, Arm] = {
    "from scratch": _scratch,
    "random backbones": _recommended(weights=None),
    "shuffled labels": _recommended(shuffled=True),
    "rescaled twice": _recommended(scaled=True),
    "the worst recommended": _recommended(worst=True),
}

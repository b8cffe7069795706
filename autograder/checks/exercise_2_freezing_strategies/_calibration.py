"""Exercise 2: solutions of the comparison of fractions; its gate measures the model of the best row."""

import math
from collections.abc import Callable, Hashable
from typing import NamedTuple

import keras
import numpy as np

import transferlab
from autograder.calibration import training
from autograder.calibration.training import Cut, Draw, Head, Optimizer
from autograder.kerasmodels.tiny import counted_layers

GATES = ("best",)
TRAINING_PER_CLASS, VALIDATION_PER_CLASS, HIDDEN_PER_CLASS, BATCH_SIZE = 12, 15, 60, 12
HEAD_EPOCHS, EPOCHS = 6, 2
HEAD_RATE = 3e-3
"""Given in the notebook as a good one, like the course's `unfreezing_rate`; others are allowed."""
KERAS_RATE = 1e-3
"""What `compile("adam")` takes."""
FRACTIONS = (0.0, 0.25, 0.5, 1.0)

Arm = Callable[[Draw], dict[str, float]]


class StrategyRow(NamedTuple):
    """One fraction's accuracies."""

    validation: float
    hidden: float


def draw(source: str, seed: int) -> Draw:
    """Draw the images of a seed: those of all ten classes."""
    sizes = {"training": TRAINING_PER_CLASS, "validation": VALIDATION_PER_CLASS, "hidden": HIDDEN_PER_CLASS}
    return Draw.make(source, seed, classes=transferlab.course_data(source).classes, **sizes)


def _unfrozen_layers(backbone_name: str) -> list[int]:
    count = len(counted_layers(transferlab.load_backbone(backbone_name, weights=None)))
    return [math.ceil(fraction * count) for fraction in FRACTIONS]


def trained_rows(  # noqa: PLR0913 - an arm is one of these ways of doing it
    drawn: Draw,
    head: Head = training.dense_head,
    *,
    head_rate: float = HEAD_RATE,
    optimizer: Optimizer = keras.optimizers.Adam,
    fine_tuning: Optimizer = keras.optimizers.Adam,
    rate: float | None = None,
    slower: float = 1,
    weights: str | None = "pretrained",
    scaled: bool = False,
    shuffled: bool = False,
) -> list[StrategyRow]:
    """Train one model for each fraction: the same head stage, then the same epochs."""
    name, classes = drawn.course.backbone, len(drawn.course.classes)
    labels = drawn.shuffled_labels() if shuffled else drawn.training[1]
    whole = Cut(drawn, name, 0, weights)
    features = whole.maps("training", scaled=scaled)
    classifier = training.compiled(training.with_head(features.shape[1:], head, classes), head_rate, optimizer)
    training.fit(classifier, (features, labels), HEAD_EPOCHS, BATCH_SIZE)
    trained = classifier.get_weights()
    rows = []
    rate = (rate or drawn.course.unfreezing_rate) / slower
    for unfrozen in _unfrozen_layers(name):
        cut = Cut(drawn, name, unfrozen, weights)
        cut.unfreeze()
        maps = {split: cut.maps(split, scaled=scaled) for split in ("training", "validation", "hidden")}
        classifier.set_weights(trained)
        stages = [cut.above, classifier] if cut.above is not None else [classifier]
        model = keras.Sequential([keras.Input(maps["training"].shape[1:]), *stages])
        training.compiled(model, rate, fine_tuning)
        training.fit(model, (maps["training"], labels), EPOCHS, BATCH_SIZE)
        rows.append(
            StrategyRow(
                training.accuracy(model, (maps["validation"], drawn.validation[1])),
                training.accuracy(model, (maps["hidden"], drawn.hidden[1])),
            )
        )
    return rows


def _best(key: Hashable = None, **options: object) -> Arm:
    def arm(drawn: Draw) -> dict[str, float]:
        rows = drawn.once(("rows", key), lambda: trained_rows(drawn, **options))  # type: ignore[arg-type]
        return {"best": rows[int(np.argmax([row.validation for row in rows]))].hidden}

    return arm


def _worst(drawn: Draw) -> dict[str, float]:
    """The model of the worst row, as after `argmin`."""
    rows: list[StrategyRow] = drawn.once(("rows", "reference"), lambda: trained_rows(drawn))
    return {"best": rows[int(np.argmin([row.validation for row in rows]))].hidden}


def _scratch(drawn: Draw) -> dict[str, float]:
    """A small network of one's own, as long as both stages together."""
    model = training.compiled(training.small_network(len(drawn.course.classes)), training.SCRATCH_RATE)
    training.fit(model, drawn.training, HEAD_EPOCHS + EPOCHS, BATCH_SIZE)
    return {"best": training.accuracy(model, drawn.hidden)}


RIGHT: dict[str, Arm] = {
    "reference": _best("reference"),
    "no hidden layer": _best("no hidden layer", head=training.plain_head),
    "half the learning rates": _best("half", head_rate=HEAD_RATE / 2, slower=2),
    "flattened, dropout, Keras's learning rate": _best("flat", head=training.flat_head, head_rate=KERAS_RATE),
    "max pooling, 32 units, Keras's learning rate": _best("narrow", head=training.narrow_head, head_rate=KERAS_RATE),
    "max pooling, BatchNorm, dropout": _best("busy", head=training.busy_head),
    "SGD with momentum in both stages": _best(
        "momentum", head_rate=1e-2, optimizer=training.momentum, fine_tuning=training.momentum
    ),
    "max pooling, 128 units, RMSprop": _best(
        "leaky", head=training.leaky_head, optimizer=keras.optimizers.RMSprop, fine_tuning=keras.optimizers.RMSprop
    ),
}
WRONG: dict[str, Arm] = {
    "from scratch": _scratch,
    "random backbone": _best("random", weights=None),
    "shuffled labels": _best("shuffled", shuffled=True),
    "rescaled twice": _best("rescaled", scaled=True),
    "the worst row kept": _worst,
}

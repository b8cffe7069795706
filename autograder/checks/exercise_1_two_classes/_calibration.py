"""Exercise 1: the solutions that its accuracy gates are measured with, right ones, and wrong ones to be stopped."""

from collections.abc import Callable

import keras

from autograder.calibration import training
from autograder.calibration.training import Cut, Draw, Head, Optimizer

GATES = ("feature", "fine_tuned")
TRAINING_PER_CLASS, HIDDEN_PER_CLASS, BATCH_SIZE = 200, 300, 32
BASELINE_EPOCHS, FEATURE_EPOCHS, FINE_TUNING_EPOCHS = 12, 8, 4
HEAD_RATE, UNFROZEN_LAYERS = 1e-3, 2
"""The second is given in the notebook; the first is the student's own choice."""

Arm = Callable[[Draw], dict[str, float]]


def least_shown(source: str) -> float:
    """What the notebook's own check of an accuracy asks for, `LEAST_ACCURACY`."""
    from transferlab import course_data

    return course_data(source).usual_accuracy - 0.1


def draw(source: str, seed: int) -> Draw:
    """Draw the images of a seed: those of the pair."""
    from transferlab import course_data

    sizes = {"training": TRAINING_PER_CLASS, "validation": 1, "hidden": HIDDEN_PER_CLASS}
    return Draw.make(source, seed, classes=course_data(source).pair, **sizes)


def transfer(  # noqa: PLR0913 - an arm is one of these ways of doing it
    head: Head,
    *,
    head_rate: float = HEAD_RATE,
    optimizer: Optimizer = keras.optimizers.Adam,
    fine_tuning: Optimizer = keras.optimizers.Adam,
    tuning_rate: float | None = None,
    augmented: bool = False,
    weights: str | None = "pretrained",
    scaled: bool = False,
    shuffled: bool = False,
) -> Arm:
    """Two stages: a head on frozen features, then the last layers too, at the course's rate unless another is given."""

    def arm(drawn: Draw) -> dict[str, float]:
        cut = Cut(drawn, drawn.course.backbone, UNFROZEN_LAYERS, weights)
        above = cut.above
        if above is None:
            raise ValueError("exercise 1 fine-tunes some layers")
        labels = drawn.shuffled_labels() if shuffled else drawn.training[1]
        maps = cut.maps("training", scaled=scaled)
        hidden = (cut.maps("hidden", scaled=scaled), drawn.hidden[1])
        mirrored = cut.maps("training", flipped=True) if augmented else None

        classifier = training.compiled(training.with_head(above.output_shape[1:], head, 2), head_rate, optimizer)
        turned = training.predicted(above, mirrored) if mirrored is not None else None
        training.fit(classifier, (training.predicted(above, maps), labels), FEATURE_EPOCHS, BATCH_SIZE, turned)
        model = keras.Sequential([keras.Input(above.input_shape[1:]), above, classifier])
        feature = training.accuracy(model, hidden)

        cut.unfreeze()
        training.compiled(model, tuning_rate or drawn.course.fine_tuning_rate, fine_tuning)
        training.fit(model, (maps, labels), FINE_TUNING_EPOCHS, BATCH_SIZE, mirrored)
        return {"feature": feature, "fine_tuned": training.accuracy(model, hidden)}

    return arm


def _scratch(drawn: Draw) -> dict[str, float]:
    """A small network of one's own, as long as both stages together."""
    model = training.compiled(training.small_network(2), training.SCRATCH_RATE)
    training.fit(model, drawn.training, BASELINE_EPOCHS, BATCH_SIZE)
    accuracy = training.accuracy(model, drawn.hidden)
    return {"feature": accuracy, "fine_tuned": accuracy}


RIGHT: dict[str, Arm] = {
    "reference": transfer(training.dense_head),
    "no hidden layer": transfer(training.plain_head),
    "a third of the learning rate": transfer(training.dense_head, head_rate=HEAD_RATE / 3),
    "max pooling, BatchNorm, dropout, flips": transfer(training.busy_head, augmented=True),
    "SGD with momentum in both stages": transfer(
        training.dense_head, head_rate=1e-2, optimizer=training.momentum, fine_tuning=training.momentum
    ),
    "no hidden layer, then SGD": transfer(training.plain_head, fine_tuning=keras.optimizers.SGD),
    "no hidden layer, SGD": transfer(
        training.plain_head, head_rate=1e-2, optimizer=keras.optimizers.SGD, fine_tuning=keras.optimizers.SGD
    ),
    "max pooling, 128 units, RMSprop": transfer(
        training.leaky_head, optimizer=keras.optimizers.RMSprop, fine_tuning=keras.optimizers.RMSprop
    ),
    "convolved, Nadam": transfer(
        training.convolved_head, head_rate=3e-3, optimizer=keras.optimizers.Nadam, fine_tuning=keras.optimizers.AdamW
    ),
}
WRONG: dict[str, Arm] = {
    "from scratch": _scratch,
    "random backbone": transfer(training.dense_head, weights=None),
    "shuffled labels": transfer(training.dense_head, shuffled=True),
    "rescaled twice": transfer(training.dense_head, scaled=True),
}

"""Trainings that show what the judge has planned."""

import keras
import numpy as np
import pytest
from keras import layers

from autograder.kernels import moving, trainings


def accuracies(shown, epochs_a_call, kind="val_accuracy", **planned):
    """What a small model reaches in each epoch while its trainings are moved, and what it is left with.

    With a plan of the surest epoch, a quarter of the labels it is validated with are those of other classes.
    """
    generator = np.random.default_rng(1)
    y = np.arange(240) % 3
    x = generator.normal(size=(240, 4)).astype("float32") + 3 * np.eye(4, dtype="float32")[y]
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    others = np.where(np.arange(240) // 3 % 4, y, (y + 1) % 3) if planned else y
    found = []
    plan = moving.Plan(shown=shown, epoch_pauses=(0.0,), **planned)
    with trainings.watched(plan):
        for _ in range(len(shown[0]) // epochs_a_call):
            history = model.fit(x, y, epochs=epochs_a_call, validation_data=(x, others), verbose=0).history
            found += history[kind]
    assert history["val_accuracy"][-1] == pytest.approx(model.evaluate(x, others, verbose=0)[1])
    return found

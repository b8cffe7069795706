"""`fit` traces its step once instead of twice in our kernels, and nothing else about it is different."""

import os
import subprocess

import pytest

from autograder.kernels.settings import REPEATABLE, STANDARD, default_kernel_python
from tests.kernels.trainings_compared import COMPARE, TRAININGS


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_ends_the_same_to_the_last_bit(trainer, name, pytestconfig):
    if pytestconfig.getoption("golden") == "few" and list(TRAININGS).index(name) % 3:
        pytest.skip("more kinds of training with --golden=some or --golden=all")
    run = trainer.run_cell(COMPARE.format(training=TRAININGS[name]))
    said = "".join(output["text"] for output in run.outputs if output.get("name") == "stdout")
    same_history, same_arrays, plain, quick = said.splitlines()[-1].split()  # Keras and TensorFlow may warn before it
    assert (same_history, same_arrays) == ("True", "True"), name
    assert int(quick) <= int(plain)


def test_the_step_is_traced_once(trainer):
    run = trainer.run_cell(COMPARE.format(training=TRAININGS["plain"]))
    assert run.outputs[0]["text"].split() == ["True", "True", "2", "1"]


def test_an_epoch_makes_one_iterator_for_training_and_one_for_validation(trainer):
    run = trainer.run_cell("""
made, get = [], TFEpochIterator._get_iterator
TFEpochIterator._get_iterator = lambda epoch: made.append(epoch) or get(epoch)
compiled(network()).fit(*data(), epochs=3, batch_size=8, verbose=0, validation_data=data())
TFEpochIterator._get_iterator = get
print(len(made))
""")
    assert run.outputs[0]["text"] == "6\n"


COLD = """
import hashlib, keras, numpy as np
from keras import layers
keras.utils.set_random_seed(11)
model = keras.Sequential([
    keras.Input((8, 8, 3)), layers.RandomFlip(), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(),
    layers.Flatten(), layers.Dropout(0.3), layers.Dense(3, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.layers[1].trainable = False
x, y = np.random.default_rng(0).random((40, 8, 8, 3), np.float32), np.arange(40) % 3
history = model.fit(x, y, epochs=3, batch_size=16, verbose=0, validation_data=(x[::-1], y))
bits = b"".join(array.tobytes() for array in [*model.get_weights(), model.predict(x, verbose=0)])
print(hashlib.sha256(bits + str(history.history).encode()).hexdigest())
"""


def test_a_kernel_trains_as_a_plain_python_does_to_the_last_bit(trainer):
    environment = {**os.environ, **STANDARD, **REPEATABLE}
    cold = subprocess.run(
        [default_kernel_python(), "-c", COLD], env=environment, capture_output=True, text=True, check=True
    )
    assert trainer.run_cell(COLD).outputs[-1]["text"] == cold.stdout
    pipelines = "import tensorflow as tf; print(tf.config.optimizer.get_experimental_options())"
    assert "'disable_meta_optimizer': False" in trainer.run_cell(pipelines).outputs[0]["text"]

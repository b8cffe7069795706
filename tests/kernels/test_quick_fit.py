"""`fit` traces its step once instead of twice in our kernels, and nothing else about it is different."""

import os
import subprocess

import pytest

from autograder.kernels.limits import Limits
from autograder.kernels.settings import REPEATABLE, STANDARD, default_kernel_python
from autograder.kernels.student import StudentKernel

ROOMY = Limits(cell_cpu_seconds=60, cell_wall_seconds=120, memory_mib=1_536)

COMMON = '''
import re
import keras, numpy as np
from keras import layers
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer as Trainer, TFEpochIterator
from keras.src.trainers.epoch_iterator import EpochIterator

QUICK = Trainer._make_function, EpochIterator._enumerate_iterator
PLAIN = tuple(function.__wrapped__ for function in QUICK)
TRACES = 0

@keras.saving.register_keras_serializable()
class Counting(layers.Layer):
    def call(self, x, training=False):
        global TRACES
        TRACES += bool(training)
        return x

def sentences(error):
    """Without the frames of the trace, and the number of the traced function."""
    lines = [line for line in str(error).splitlines() if line and not line.startswith("  File ")]
    return [re.sub("_[0-9]+]", "]", line) for line in lines]

def data(classes=3):
    random = np.random.default_rng(0)
    return random.random((40, 8, 8, 3), np.float32), np.arange(40) % classes

def network(outputs=1):
    inputs = keras.Input((8, 8, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, name="first")(Counting()(inputs)))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    last = [layers.Dense(3, activation="softmax", name=f"out{number}")(x) for number in range(outputs)]
    return keras.Model(inputs, last if outputs > 1 else last[0])

def compiled(model, **options):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model

class Unfreeze(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.get_layer("first").trainable = True

class Own(keras.Model):
    def train_step(self, data):
        x, y = data
        import tensorflow as tf
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        head = self.layers[-1].trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, head), head))
        return {"loss": loss}
'''

TRAININGS = {
    "plain": "model = compiled(network()); model.fit(*data(), epochs=2, verbose=0)",
    "validated": "model = compiled(network()); model.fit(*data(), epochs=2, verbose=0, validation_data=data())",
    "weighted": """
x, y = data()
model = compiled(network(), weighted_metrics=["accuracy"])
model.fit(x, y, epochs=1, verbose=0, class_weight={0: 2.0, 1: 1.0, 2: 0.5})""",
    "evaluated_first": "model = compiled(network()); model.evaluate(*data(), verbose=0); model.fit(*data(), verbose=0)",
    "unfrozen_by_a_callback": """
model = network()
model.get_layer("first").trainable = False
compiled(model).fit(*data(), epochs=2, verbose=0, callbacks=[Unfreeze()])""",
    "flag_flipped_without_compiling": """
model = compiled(network())
model.fit(*data(), verbose=0)
model.get_layer("first").trainable = False
model.fit(*data(), verbose=0)""",
    "own_train_step": """
inner = network()
model = compiled(Own(inner.inputs, inner.outputs))
model.fit(*data(), verbose=0)""",
    "two_outputs": """
model = network(outputs=2)
model.compile("sgd", "sparse_categorical_crossentropy", metrics=[["accuracy"], ["accuracy"]])
x, y = data()
model.fit(x, [y, y], verbose=0)""",
    "not_built": """
model = keras.Sequential([Counting(), layers.Flatten(), layers.Dense(3, activation="softmax")])
compiled(model).fit(*data(), verbose=0)""",
    "eager": "model = compiled(network(), run_eagerly=True); model.fit(*data(), verbose=0)",
    "batches_of_a_generator": """
x, y = data()
model = compiled(network())
model.fit(((x[i : i + 8], y[i : i + 8]) for i in range(0, 40, 8)), verbose=0)""",
    "three_steps_an_epoch": """
model = compiled(network())
model.fit(*data(), epochs=3, steps_per_epoch=3, batch_size=8, verbose=0)""",
    "several_steps_at_once": """
model = compiled(network(), steps_per_execution=2)
model.fit(*data(), epochs=2, batch_size=8, verbose=0)""",
    "stopped_early": """
model = compiled(network())
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=0, min_delta=9.0)
model.fit(*data(), epochs=5, batch_size=8, verbose=0, validation_data=data(), callbacks=[stop])""",
    "labels_of_a_wrong_shape": """
x, y = data()
model = compiled(network())
model.fit(x, np.stack([y, y], axis=1), verbose=0)""",
    "labels_out_of_range": "model = compiled(network()); model.fit(*data(classes=9), verbose=0)",
}

COMPARE = """
def trained(make):
    global TRACES
    (Trainer._make_function, EpochIterator._enumerate_iterator), TRACES = make, 0
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    names = dict(globals())
    try:
        exec({training!r}, names)
    except Exception as error:
        return type(error).__name__, sentences(error), 0
    model = names["model"]
    arrays = [array.tobytes() for array in model.get_weights()]
    state = [array.numpy().tobytes() for array in model.optimizer.variables]
    return str(model.history.history), (arrays, state), TRACES

plain, quick = trained(PLAIN), trained(QUICK)
print(plain[0] == quick[0], plain[1] == quick[1], plain[2], quick[2])
"""


@pytest.fixture(scope="module")
def kernel(warm):
    with StudentKernel.start(warm, limits=ROOMY, seed=1) as started:
        assert started.run_cell(COMMON).status == "ok"
        yield started


@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_ends_the_same_to_the_last_bit(kernel, name):
    run = kernel.run_cell(COMPARE.format(training=TRAININGS[name]))
    said = "".join(output["text"] for output in run.outputs if output.get("name") == "stdout")
    same_history, same_arrays, plain, quick = said.split()
    assert (same_history, same_arrays) == ("True", "True"), name
    assert int(quick) <= int(plain)


def test_the_step_is_traced_once(kernel):
    run = kernel.run_cell(COMPARE.format(training=TRAININGS["plain"]))
    assert run.outputs[0]["text"].split() == ["True", "True", "2", "1"]


def test_an_epoch_makes_one_iterator_for_training_and_one_for_validation(kernel):
    run = kernel.run_cell("""
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
x, y = np.random.default_rng(0).random((40, 8, 8, 3), np.float32), np.arange(40) % 3
history = model.fit(x, y, epochs=3, batch_size=16, verbose=0, validation_data=(x[::-1], y))
bits = b"".join(array.tobytes() for array in [*model.get_weights(), model.predict(x, verbose=0)])
print(hashlib.sha256(bits + str(history.history).encode()).hexdigest())
"""


def test_a_kernel_trains_as_a_plain_python_does_to_the_last_bit(kernel):
    environment = {**os.environ, **STANDARD, **REPEATABLE}
    cold = subprocess.run(
        [default_kernel_python(), "-c", COLD], env=environment, capture_output=True, text=True, check=True
    )
    assert kernel.run_cell(COLD).outputs[-1]["text"] == cold.stdout
    pipelines = "import tensorflow as tf; print(tf.config.optimizer.get_experimental_options())"
    assert "'disable_meta_optimizer': False" in kernel.run_cell(pipelines).outputs[0]["text"]

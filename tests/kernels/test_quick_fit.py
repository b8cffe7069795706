"""`fit` traces its step once instead of twice in our kernels, and nothing else about it is different."""

import pytest

from autograder.kernels.limits import Limits
from autograder.kernels.student import StudentKernel

ROOMY = Limits(cell_cpu_seconds=60, cell_wall_seconds=120, memory_mib=1_536)

COMMON = '''
import re
import keras, numpy as np
from keras import layers
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer as Trainer

QUICK, PLAIN = Trainer._make_function, Trainer._make_function.__wrapped__
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
    "labels_of_a_wrong_shape": """
x, y = data()
model = compiled(network())
model.fit(x, np.stack([y, y], axis=1), verbose=0)""",
    "labels_out_of_range": "model = compiled(network()); model.fit(*data(classes=9), verbose=0)",
}

COMPARE = """
def trained(make):
    global TRACES
    Trainer._make_function, TRACES = make, 0
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

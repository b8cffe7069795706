"""What the tests of quick training run: small networks and trainings of many kinds, quick and plain."""

COMMON = '''
import re
import keras, numpy as np
from keras import layers
from keras.src.backend.tensorflow.trainer import TensorFlowTrainer as Trainer, TFEpochIterator
from keras.src.trainers.epoch_iterator import EpochIterator
from tensorflow.python.framework import auto_control_deps, op_def_library, ops
from tensorflow.python.util import compat

PLACES = [
    (Trainer, "_make_function"), (EpochIterator, "_enumerate_iterator"), (Trainer, "train_step"),
    (op_def_library, "_SatisfiesTypeConstraint"), (auto_control_deps, "_get_resource_inputs"),
    (compat, "as_text"), (compat, "as_bytes"), (ops, "_create_c_op"),
]
QUICK = [getattr(owner, name) for owner, name in PLACES]
PLAIN = [getattr(function, "__wrapped__", None) or function.func for function in QUICK]
TRACES = 0

def put(functions):
    for (owner, name), function in zip(PLACES, functions):
        setattr(owner, name, function)

@keras.saving.register_keras_serializable()
class Counting(layers.Layer):
    def call(self, x, training=False):
        global TRACES
        TRACES += bool(training)
        return x

def sentences(error):
    """Without the frames of the trace, how they are announced, and the number of the traced function."""
    lines = [line for line in str(error).replace("<stack traces unavailable>", "").splitlines() if line]
    lines = [line for line in lines if not line.startswith("  File ")]
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

def frozen_backbone():
    inputs = keras.Input((8, 8, 3))
    x = layers.DepthwiseConv2D(3, name="first")(layers.RandomFlip()(inputs))
    x = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(6, 3, kernel_regularizer="l2")(x)))
    backbone = keras.Model(inputs, x, name="backbone")
    backbone.trainable = False
    return keras.Sequential([
        keras.Input((8, 8, 3)), backbone, layers.Dropout(0.3), layers.Flatten(), layers.Dense(3, activation="softmax"),
    ])

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
    "frozen_backbone": "model = compiled(frozen_backbone()); model.fit(*data(), epochs=2, verbose=0)",
    "frozen_but_its_upper_half": """
model = frozen_backbone()
model.layers[0].trainable = True
for layer in model.layers[0].layers[:3]:
    layer.trainable = False
compiled(model).fit(*data(), epochs=2, verbose=0)""",
    "frozen_backbone_unfrozen_by_a_callback": """
model = frozen_backbone()
class UnfreezeBackbone(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[0].trainable = True
compiled(model).fit(*data(), epochs=2, verbose=0, callbacks=[UnfreezeBackbone()])""",
    "frozen_then_unfrozen_and_compiled_again": """
model = compiled(frozen_backbone())
model.fit(*data(), verbose=0)
model.layers[0].trainable = True
compiled(model).fit(*data(), verbose=0)""",
    "frozen_eager": "model = compiled(frozen_backbone(), run_eagerly=True); model.fit(*data(), verbose=0)",
    "wholly_frozen": """
model = frozen_backbone()
model.trainable = False
compiled(model).fit(*data(), verbose=0)""",
    "recurrent_with_a_frozen_layer": """
model = keras.Sequential([
    keras.Input((8, 8, 3)), layers.Reshape((8, 24)), layers.LSTM(4, return_sequences=True), layers.GRU(4),
    layers.Dense(3, activation="softmax"),
])
model.layers[1].trainable = False
compiled(model).fit(*data(), epochs=2, verbose=0)""",
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
    put(make)
    TRACES = 0
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

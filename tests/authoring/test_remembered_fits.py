"""A training that is put in place leaves what the training itself leaves, to the last bit, and nothing else does."""

import json
import os
import subprocess
import sys

import pytest

COMPARED = """
import hashlib, json, random
from autograder.authoring.in_process import prepare_process
prepare_process()
import keras, numpy as np
from keras import layers
from autograder.authoring import remembered_fits
from autograder.kernels import moving, trainings
from autograder.kernels.inner import quick_fit

noted, lasted = [], []
quick_fit.install()
remembered_fits.install()
placed, put = [], remembered_fits._Training.put_in_place
remembered_fits._Training.put_in_place = lambda *given: put(*given) and (placed.append(given[1].lasted) or True)
x = np.random.default_rng(0).random((48, 6, 6, 3), np.float32)
y = np.arange(48) % 3


def network(dropout=0.3):
    model = keras.Sequential([
        keras.Input((6, 6, 3)), layers.RandomFlip(), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(),
        layers.Flatten(), layers.Dropout(dropout), layers.Dense(3, activation="softmax"),
    ])
    return compiled(model)


def compiled(model, rate=0.01):
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def fitted(model, *, images=x, **options):
    model.fit(images, y, **{"epochs": 2, "batch_size": 16, "verbose": 0, **options})
    return model


def validated():
    return fitted(network(), validation_split=0.25)


def inner():
    images = keras.Input((6, 6, 3))
    backbone = keras.Sequential([keras.Input((6, 6, 3)), layers.Conv2D(4, 3), layers.BatchNormalization()])
    backbone.trainable = False
    outputs = layers.Dense(3, activation="softmax")(layers.Flatten()(backbone(images, training=False)))
    return fitted(compiled(keras.Model(images, outputs)))


def twice():
    model = fitted(network())
    return fitted(model, epochs=3, initial_epoch=2)


def epoch_by_epoch():
    model = network()
    for _ in range(3):
        fitted(model, epochs=1)
    model.layers[1].trainable = False
    return fitted(model)


def compiled_anew():
    model = fitted(network())
    model.layers[1].trainable = False
    return fitted(compiled(model, 0.1))


def flags_without_compile():
    model = fitted(network())
    model.layers[1].trainable, model.layers[2].trainable = False, False
    return fitted(model)


def steps_by_hand():
    model = fitted(network())
    model.layers[1].trainable = False
    model.train_on_batch(x[:8], y[:8])
    return model


def own_callback():
    model = network()
    def halve(epoch, logs):
        model.optimizer.learning_rate.assign(0.5 * model.optimizer.learning_rate)
    return fitted(model, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=halve)])


def own_layer():
    class Twice(layers.Layer):
        def call(self, images):
            return 2 * images
    return fitted(compiled(keras.Sequential([keras.Input((6, 6, 3)), Twice(), layers.Flatten(), layers.Dense(3)])))


def own_loss():
    model = network()
    model.compile("adam", lambda true, given: keras.ops.mean((keras.ops.one_hot(true, 3) - given) ** 2, axis=-1))
    return fitted(model)


def own_activation():
    def doubled(values):
        return 2 * values
    images = keras.Input((6, 6, 3))
    return fitted(compiled(keras.Sequential([images, layers.Flatten(), layers.Dense(3, doubled)])))


def own_schedule():
    class Halved(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.005
        def get_config(self):
            return {}
    return fitted(compiled(network(), Halved()))


def own_metric():
    def share(true, given):
        return keras.ops.mean(given, axis=-1)
    model = network()
    named = keras.metrics.MeanMetricWrapper(share, name="share")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=[named])
    return fitted(model)


def moved():
    model = network()
    plan = moving.Plan(shown=((2.0, None, -1.0),), surest=(0,), epoch_pauses=(0.0, 0.01, 0.0))
    with trainings.watched(plan) as watch:
        fitted(model, epochs=3, validation_split=0.25)
        for _ in range(3):  # epoch by epoch, as one training
            fitted(model, epochs=1, validation_split=0.25)
    names = ("epochs", "steps", "accuracy", "val_accuracy")
    noted.append([[fit[name] for name in names] for fit in watch.fits])
    lasted.append([placed[:1], [seconds for seconds, _, _ in watch.fits[0]["epoch_seconds"]]])
    return model


def in_words():
    return fitted(network(), verbose=2)


CASES = [validated, inner, twice, epoch_by_epoch, compiled_anew, flags_without_compile, steps_by_hand,
         own_callback, own_layer, own_loss, own_activation, own_schedule, own_metric, moved, in_words]


def left(case):
    keras.utils.set_random_seed(3)
    placed.clear()
    model = case()
    said = model.history.history, model.history.epoch, model.history.params
    arrays = [*model.get_weights(), *map(np.array, model.optimizer.variables), model.predict(x, verbose=0)]
    drawn = random.random(), float(np.random.rand()), np.array(keras.random.normal((2,)))
    tests = [] if "loss" in case.__name__ or "own_l" in case.__name__ else model.evaluate(x, y, verbose=0)
    bits = b"".join(array.tobytes() for array in arrays)
    return hashlib.sha256(bits + repr((said, drawn, tests)).encode()).hexdigest(), len(placed)


plain = [left(case) for case in CASES]
with remembered_fits.remembering():
    first, second = [left(case) for case in CASES], [left(case) for case in CASES]
    others = []
    for change in ({"dropout": 0.4}, {"images": x + 1}, {"batch_size": 24}, {"epochs": 3}, {"shuffle": False}, {}):
        keras.utils.set_random_seed(3)
        placed.clear()
        fitted(network(change.pop("dropout", 0.3)), **change)
        others.append(len(placed))
print(json.dumps({
    "others": others, "noted": noted, "lasted": lasted,
    **{case.__name__: [a[0], b[0], c[0], a[1], c[1]] for case, a, b, c in zip(CASES, plain, first, second)},
}))
"""


@pytest.fixture(scope="module")
def compared():
    run = subprocess.run([sys.executable, "-c", COMPARED], env=os.environ, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("case", "least"),
    [
        ("validated", 1),
        ("inner", 1),
        ("twice", 2),
        ("epoch_by_epoch", 3),
        ("compiled_anew", 2),
        ("flags_without_compile", 1),
        ("steps_by_hand", 1),
        ("own_callback", 0),
        ("own_layer", 0),
        ("own_loss", 0),
        ("own_activation", 0),
        ("own_schedule", 0),
        ("own_metric", 0),
        ("moved", 4),
        ("in_words", 0),
    ],
)
def test_what_is_put_in_place_is_what_the_training_leaves(compared, case, least):
    plain, first, second, before, placed = compared[case]
    assert (first, second) == (plain, plain)
    assert before == 0
    assert placed >= least if least else placed == 0


def test_nothing_is_put_in_place_of_another_training(compared):
    *others, same = compared["others"]
    assert others == [0] * 5
    assert same == 1


def test_the_judge_sees_what_it_would_see(compared):
    plain, first, second = compared["noted"]
    assert first == plain
    assert second == plain


def test_it_lasts_as_long_as_it_did_and_as_the_judge_waits(compared):
    ((first, second, third),), seconds = compared["lasted"][-1]
    assert first[0] > max(second[0], third[0])  # it traced a graph
    waited = (0.0, 0.01, 0.0)
    for real, (trained, _), pause in zip(seconds, (first, second, third), waited, strict=True):
        assert real >= trained + pause  # a busy machine makes it longer, nothing makes it shorter

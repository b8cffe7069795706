"""What the judge has a kernel do with trainings: note them, move what they show, stop, make and mend models."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from autograder.kerasmodels import watching
from autograder.kernels import asked_models, examples, moving, own_calls, trainings
from tests.judge.planned import accuracies


def small_model():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_every_fit_is_noted_while_watched_and_none_afterwards():
    x, y = np.random.default_rng(0).normal(size=(12, 4)).astype("float32"), np.arange(12) % 3
    model = small_model()
    trainings.forget_notebook()
    with trainings.watched() as seen:
        model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
        with pytest.raises(ValueError, match=r".*"):
            model.fit(x, y[:3], verbose=0)
        model.predict(x, batch_size=6, verbose=0)
    model.fit(x, y, verbose=0)
    assert len(seen.fits) == 1
    found = seen.fits[0]
    assert found["epochs"] == len(found["val_accuracy"]) == len(found["epoch_seconds"]) == 2
    assert found["trainable"] == [True, True]
    assert (found["labels"], found["steps"]) == (y.tolist(), 2)
    assert found["rate"] == "SGD with 0.01"
    assert {"accuracy", "val_accuracy"} <= set(found["reports"])
    trained, whole, most = found["epoch_seconds"][0]
    assert 0 < trained < whole < most < found["seconds"] < found["outer_seconds"]
    assert not np.array_equal(found["before"][0], found["after"][0])
    assert [(made["images"], made["batch_size"]) for made in seen.predictions] == [(12, 6)]
    assert not {"fit", "predict"} & set(vars(keras.Model))

    records, arrays = trainings.report(seen.fits, lambda kept: "h1", 5)
    assert (records[0]["before"], records[0]["after"]) == ([5, 6], [7, 8])
    assert np.array_equal(arrays[3], found["after"][1])
    assert json.loads(records[0]["description_after"])["format"] == 1
    assert records[0]["not_described_after"] == ""
    assert arrays[records[0]["outputs"][0] - 5].shape == (4, 3)


@pytest.mark.parametrize(
    ("metrics", "epochs"),
    [
        (["acc"], 2),
        ([keras.metrics.SparseCategoricalAccuracy()], 2),
        (["accuracy", "acc"], 2),
        (["sparse_categorical_crossentropy"], 0),
        ([], 0),
    ],
)
def test_accuracies_are_read_by_any_name_that_keras_gives_them(metrics, epochs):
    model, x, y = small_model(), np.ones((12, 4), np.float32), np.arange(12) % 3
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics)
    trainings.forget_notebook()
    with trainings.watched() as seen:
        model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
    assert len(seen.fits[0]["accuracy"]) == len(seen.fits[0]["val_accuracy"]) == epochs


@pytest.mark.parametrize(("fits", "known"), [(2, 2), (3, None), (5, None)])
def test_of_more_trainings_than_are_noted_nothing_is_said(monkeypatch, fits, known):
    class Kernel:
        def probe(self, content, *, model):
            return {"fits": [record | {"model": "m"} for record in trainings.notebook_trainings()]}, []

    for module in (trainings, watching):
        monkeypatch.setattr(module, "MAX_NOTED", 2)
    model, x, y = small_model(), np.ones((12, 4), np.float32), np.arange(12) % 3
    trainings.forget_notebook()
    trainings.note_notebook()
    try:
        for _ in range(fits):
            model.fit(x, y, verbose=0)
        found = watching.notebook_trainings(Kernel())
    finally:
        trainings.forget_notebook()
    assert (found if found is None else len(found)) == known


@pytest.mark.parametrize("epochs_a_call", [4, 1])
def test_the_judge_decides_which_epoch_is_the_best_one(epochs_a_call):
    found = accuracies(((-2.0, 1.5, -2.0, -2.0),), epochs_a_call)
    assert np.argmax(found) == 1
    assert found[1] > 0.7
    assert max(found[0], *found[2:]) < 0.5


def test_a_model_may_train_for_more_epochs_than_the_judge_has_planned():
    x, y = np.zeros((6, 4), "float32"), np.arange(6) % 3
    model = small_model()
    with trainings.watched(moving.Plan(shown=((-2.0, 1.0),), epoch_pauses=(0.0,))) as seen:
        for _ in range(4):
            model.fit(x, y, verbose=0)
    assert len(seen.fits) == 4


@pytest.mark.parametrize("steps_per_call", [1, 2])
def test_one_training_may_be_made_to_last_longer_than_the_others(steps_per_call):
    x, y = np.zeros((6, 4), "float32"), np.arange(6) % 3
    slept = []
    plan = moving.Plan(shown=((1.0, 1.0),) * 3, row_pauses=(0.0, 0.7, 0.0))
    with pytest.MonkeyPatch.context() as patched, trainings.watched(plan):
        patched.setattr(moving, "sleep", slept.append)
        for number in range(3):
            model = small_model()
            model.compile("sgd", model.loss, metrics=["accuracy"], steps_per_execution=steps_per_call)
            model.fit(x, y, batch_size=2, epochs=2, verbose=0)
            assert sum(slept) == (0.7 if number else 0.0)


IMAGES = np.random.default_rng(3).uniform(0, 255, (18, 4, 4, 3)).astype("float32")
LABELS = np.arange(18) % 3
SEEN, UNSEEN = (IMAGES[:12], LABELS[:12]), (IMAGES[12:], LABELS[12:][::-1])


def training_on(images, labels):
    """A training as the kernel notes it."""
    nothing = {"model": None, "epochs": 1, "seconds": 1.0, "outer_seconds": 1.0, "epoch_seconds": ()}
    nothing |= {"train_accuracy": (), "val_accuracy": ()}
    noted = {"reports": frozenset(), "steps": 1, "rate": "", "labels": tuple(map(int, labels))}
    return watching.Training(**nothing, **noted, rows=watching.digests(images))


@pytest.mark.parametrize(
    ("images", "labels", "did"),
    [
        (*SEEN, False),
        (*UNSEEN, True),
        (np.concatenate([IMAGES[:12], IMAGES[12:13]]), [*SEEN[1], 0], True),
        (IMAGES[:0], UNSEEN[1], True),  # features of theirs: their labels prove it
        (IMAGES[:0], [*SEEN[1], *UNSEEN[1]], True),
        (IMAGES[:0], UNSEEN[1][::-1], False),  # as many others
        (255 - UNSEEN[0], UNSEEN[1][::-1], False),
    ],
)
def test_learning_from_images_to_validate_with_needs_a_proof(images, labels, did):
    assert watching.learned_from(training_on(images, labels), UNSEEN, SEEN) == did


@pytest.mark.parametrize(
    ("images", "labels", "did"),
    [
        (*SEEN, False),
        (SEEN[0][::-1], SEEN[1][::-1], False),
        (SEEN[0], np.roll(SEEN[1], 1), True),
        (255 - SEEN[0], np.roll(SEEN[1], 1), False),  # pictures of the student's own: nobody knows their labels
        (SEEN[0], SEEN[1][:5], False),  # which label is whose cannot be told
        (IMAGES[:0], np.roll(SEEN[1], 1), False),
    ],
)
def test_images_learned_under_the_labels_of_others_need_a_proof(images, labels, did):
    assert watching.mislabelled(training_on(images, labels), SEEN) == did


MAPS = np.random.default_rng(4).normal(size=(12, 2, 3, 5)).astype("float32")


@pytest.mark.parametrize("features", [MAPS, MAPS.mean(axis=(1, 2)), MAPS.max(axis=(1, 2)), MAPS.reshape(12, -1)])
@pytest.mark.parametrize(("turned", "factor", "did"), [(0, 1, False), (1, 1, True), (1, 1.5, False)])
def test_features_learned_under_the_labels_of_others_need_a_proof(features, turned, factor, did):
    """Features in any order are known again as those of an image, and by nothing that is not just like them."""
    order = np.random.default_rng(5).permutation(12)
    told = examples.examples_of(factor * features[order], np.roll(SEEN[1][order], turned), with_features=True)
    fit = SimpleNamespace(features=told["features"], labels=told["labels"])
    assert watching.features_mislabelled(fit, MAPS, SEEN[1]) == did


def test_a_data_set_that_shuffles_is_looked_at_once():
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, np.arange(18))).shuffle(18).batch(5)
    told = examples.examples_of(dataset, None, with_features=False)
    assert [watching.digests(IMAGES)[label] for label in told["labels"]] == told["rows"]


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({}, 12),
        ({"validation_split": 0.25}, 9),
        ({"validation_split": 0.3}, 8),
        ({"steps_per_epoch": 2, "batch_size": 4}, 8),
        ({"steps_per_epoch": 3, "batch_size": 4}, 12),
        ({"steps_per_epoch": 1}, 12),
    ],
)
def test_a_fit_of_arrays_may_leave_out_the_last_ones(given, count):
    images, labels = examples.learned({"x": SEEN[0], "y": SEEN[1], **given})
    assert (len(images), len(labels)) == (count, count)


@pytest.mark.parametrize(("count", "may"), [(0, True), (12, True), (24, True), (13, False), (6, False), (2_010, True)])
def test_a_data_set_may_show_its_images_several_times(count, may):
    assert watching.may_be_of(training_on(IMAGES[:0], [0] * count), 12) == may


def test_what_the_notebook_trains_is_noted_and_questions_are_not():
    x, y = np.zeros((6, 4), "float32"), np.arange(6) % 3
    model = small_model()
    trainings.forget_notebook()
    trainings.note_notebook()
    try:
        model.fit(x, y, epochs=3, verbose=0)
        with trainings.asking():
            model.fit(x, y, epochs=2, verbose=0)
        found = trainings.notebook_trainings()
    finally:
        trainings.forget_notebook()
    assert [(record["model"] is model, record["epochs"], record["labels"]) for record in found] == [
        (True, 3, y.tolist())
    ]


class Stopped(KeyboardInterrupt):
    """As a limit stops a cell."""


def stopping_after(epochs, batch=0):
    def stop(epoch, number):
        if (epoch, number) == (epochs, batch):
            raise Stopped

    seen = []
    callback = keras.callbacks.Callback()
    callback.on_epoch_begin = lambda epoch, logs: seen.append(epoch)
    callback.on_train_batch_end = lambda number, logs: stop(seen[-1], number)
    return callback


def test_a_training_that_was_stopped_is_noted_with_what_it_had_come_to():
    x, y = np.random.default_rng(0).normal(size=(12, 4)).astype("float32"), np.arange(12) % 3
    model = small_model()
    told = {"batch_size": 4, "verbose": 0}
    trainings.forget_notebook()
    trainings.note_notebook()
    try:
        with pytest.raises(Stopped):
            model.fit(x, y, epochs=5, callbacks=[stopping_after(2, batch=1)], validation_data=(x, y), **told)
        with pytest.raises(ValueError, match=r".*"):
            model.fit(x, y[:3], **told)  # has not even begun
        model.fit(x, y, **told)
        noted = trainings.notebook_trainings()
        with trainings.watched() as seen, pytest.raises(Stopped):
            model.fit(x, y, epochs=5, callbacks=[stopping_after(0)], **told)
    finally:
        trainings.forget_notebook()

    assert [(record["epochs"], record["steps"], record["labels"]) for record in noted] == [
        (2, 8, y.tolist()),
        (1, 3, y.tolist()),
    ]
    assert len(noted[0]["val_accuracy"]) == 2
    assert [(record["epochs"], record["steps"]) for record in seen.fits] == [(0, 1)]
    assert not np.array_equal(seen.fits[0]["before"][0], seen.fits[0]["after"][0])


def test_images_are_known_again_in_a_dataset():
    import tensorflow as tf

    images = np.random.default_rng(0).uniform(0, 255, (5, 8, 8, 3)).astype("float32")
    wanted = [examples.row_digest(image) for image in images]
    assert examples.rows_of_images(images) == examples.rows_of_images(images.astype("float64")) == wanted
    assert examples.rows_of_images(tf.data.Dataset.from_tensor_slices((images, range(5))).batch(2)) == wanted


def test_a_function_that_gives_nothing_does_no_harm_to_a_later_one():
    names = {
        "unfreeze": lambda backbone, fraction: None,
        "count": lambda model: {"trainable": 3},
        "broken": lambda: 1 / 0,
    }
    before = dict(names)
    fallbacks = {"unfreeze": None, "count": {"trainable": 0, "frozen": 0}, "broken": {"a": 1}, "missing": None}
    with own_calls.mended(names, fallbacks):
        assert names["unfreeze"]("backbone", 0.5) == "backbone"
        assert names["count"]("model") == {"trainable": 3, "frozen": 0}
        assert names["broken"]() == {"a": 1}
    assert names == before


def test_a_maker_makes_another_model_each_time():
    model = small_model()
    make = asked_models.maker(model.to_json(), model.get_weights())
    first, second = make(), make()
    first.layers[0].kernel.assign(0 * first.layers[0].kernel)
    assert np.array_equal(second.get_weights()[0], model.get_weights()[0])


def test_flags_are_set_and_read_layer_by_layer():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)])
    found = asked_models.layer_flags(model, [0])
    assert [(entry["parameters"], entry["trainable"]) for entry in found] == [(15, 0), (12, 6), (8, 8)]
    assert asked_models.layer_flags(model, None) == found


def test_a_layer_used_again_is_the_same_layer():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.ReLU()])
    assert asked_models.part(model, {"again": 0}).count_params() == 20
    assert asked_models.part(model, {"layer": 1}) is model.layers[1]

"""What exercise 2's checks stand on: known architectures, watched trainings, models made of others, the oracle."""

import importlib
import json

import keras
import numpy as np
import pytest
from keras import layers

from autograder.checks import architectures
from autograder.judge import comparing, oracles, tiny
from autograder.kernels import trainings


@pytest.mark.parametrize("name", architectures.NAMES)
def test_a_known_architecture_is_the_real_one(name):
    assert architectures.architecture(name) == architectures.count(name)


def test_a_known_architecture_adds_up():
    assert architectures.architecture("vgg16").parameters == 14_714_688
    assert [len(architectures.architecture(name).counted) for name in architectures.NAMES] == [13, 53, 52]


def small_model():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def test_every_fit_is_noted_while_watched_and_none_afterwards():
    x, y = np.random.default_rng(0).normal(size=(12, 4)).astype("float32"), np.arange(12) % 3
    model = small_model()
    with trainings.watched() as fits:
        model.fit(x, y, epochs=2, validation_data=(x, y), verbose=0)
        with pytest.raises(ValueError, match=r".*"):
            model.fit(x, y[:3], verbose=0)
    model.fit(x, y, verbose=0)
    assert len(fits) == 1
    assert fits[0]["epochs"] == len(fits[0]["val_accuracy"]) == 2
    assert fits[0]["trainable"] == [True, True]
    assert not np.array_equal(fits[0]["before"][0], fits[0]["after"][0])
    assert "fit" not in vars(keras.Model)

    records, arrays = trainings.report(fits, lambda kept: "h1", 5)
    assert (records[0]["before"], records[0]["after"]) == ([5, 6], [7, 8])
    assert np.array_equal(arrays[3], fits[0]["after"][1])
    assert json.loads(records[0]["description_after"])["format"] == 1
    assert records[0]["not_described_after"] == ""
    assert arrays[records[0]["outputs"][0] - 5].shape == (4, 3)


def test_a_maker_makes_another_model_each_time():
    model = small_model()
    make = trainings.maker(model.to_json(), model.get_weights())
    first, second = make(), make()
    first.layers[0].kernel.assign(0 * first.layers[0].kernel)
    assert np.array_equal(second.get_weights()[0], model.get_weights()[0])


def test_flags_are_set_and_read_layer_by_layer():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)])
    found = trainings.layer_flags(model, [0])
    assert [(entry["parameters"], entry["trainable"]) for entry in found] == [(15, 0), (12, 6), (8, 8)]
    assert trainings.layer_flags(model, None) == found


def test_a_layer_used_again_is_the_same_layer():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.ReLU()])
    assert trainings.part(model, {"again": 0}).count_params() == 20
    assert trainings.part(model, {"layer": 1}) is model.layers[1]


def test_the_best_fraction_is_the_smallest_training_that_is_good_enough():
    columns = {"fraction": [1.0, 0.25, 0.5, 0.0], "trainable": [9, 5, 5, 1], "val_accuracy": [0.8, 0.79, 0.8, np.nan]}
    assert oracles.best_fraction(columns, 0.02) == 0.25
    assert oracles.best_fraction(columns, 0.0) == 0.5


def test_the_comparison_needs_no_rounding_and_shows_which_epoch_is_reported():
    assert comparing.expected_layers(0.5) == {tiny.of_ours("convolution_2"), tiny.of_ours("convolution_3")}
    images, labels = comparing.comparison_images(60, 12, 1)
    brightness = images.mean(axis=(1, 2, 3))
    assert sorted(set(labels.tolist())) == [0, 1, 2]
    assert labels[brightness.argmin()] == 1
    assert images.max() <= 255


def test_the_pages_judge_the_notebooks_own_comparison(project_root):
    page = importlib.import_module("autograder.checks.exercise_2_freezing_strategies_trained")
    text = (project_root / "source" / "exercise_2_freezing_strategies.py").read_text()
    for given in (
        f"FRACTIONS = {page.FRACTIONS}",
        f"TOLERANCE = {page.TOLERANCE}",
        f'"validation", per_class={page.VALIDATION_PER_CLASS}, seed={page.VALIDATION_SEED})',
    ):
        assert given in text

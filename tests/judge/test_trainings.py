"""The two trainings a judge looks at: `fit` in the student's kernel, and a few steps of its own."""

import keras
import numpy as np
import pytest
from keras import layers

from autograder.kerasmodels import models
from autograder.kerasmodels.models import ModelFacts, moved, own_steps
from autograder.kernels import asked_models
from autograder.kernels.values import Handle
from transferlab import portable

LABELS = np.arange(24) % 3
IMAGES = np.random.default_rng(1).uniform(0, 1, (24, 32, 32, 3)).astype("float32")


def make(*, last="glorot_uniform", frozen=False):
    """Return a compiled network: convolution, BatchNormalization, Dense."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(4, 3, strides=8, trainable=not frozen),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_initializer=last),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def facts(model):
    description, arrays = portable.describe(model)
    trainable = {id(variable) for variable in model.trainable_variables}
    return ModelFacts(
        handle=Handle("h0", "Sequential"),
        description=description,
        arrays=tuple(arrays),
        trainable=tuple(id(variable) in trainable for variable in model.weights),
        outputs=tuple(portable.outputs_of(model, portable.drawn_inputs(model))),
        optimizer="SGD",
        learning_rate=0.01,
        loss="sparse_categorical_crossentropy",
    )


def fit(model, *, traced):
    before = [np.asarray(variable).copy() for variable in model.weights]
    found = asked_models.fit(model, IMAGES, LABELS, 8, traced=traced)
    return moved(before, [np.asarray(variable) for variable in model.weights]), found


@pytest.mark.parametrize("frozen", [False, True])
def test_eagerly_and_traced_the_same_arrays_move(frozen):
    eager, traced = make(frozen=frozen), make(frozen=frozen)
    moved_eagerly, eager_record = fit(eager, traced=False)
    moved_traced, traced_record = fit(traced, traced=True)
    assert moved_eagerly == moved_traced == [not frozen, not frozen, *[True] * 6]
    assert {*eager_record} == {*traced_record} == {"accuracy", "loss"}
    assert eager_record["loss"] == pytest.approx(traced_record["loss"], rel=1e-4)


def test_an_eager_training_leaves_the_model_as_it_was_compiled():
    model = make()
    fit(model, traced=False)
    assert model.train_function is None
    assert not model.run_eagerly


def test_a_model_that_cannot_be_trained_is_left_as_it_was_too():
    model = make()
    with pytest.raises(ValueError, match="cardinality"):
        asked_models.fit(model, IMAGES, LABELS[:5], 8, traced=False)
    assert model.train_function is None
    assert not model.run_eagerly


def test_a_flag_flipped_after_a_traced_training_does_nothing_until_compiled_again():
    model = make()
    fit(model, traced=True)
    model.layers[0].trainable = False
    assert fit(model, traced=False)[0][:2] == [True, True]
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert fit(model, traced=False)[0][:2] == [False, False]


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("last", ["glorot_uniform", "zeros"])
def test_own_steps_find_what_moves_even_behind_a_layer_of_zeros(last, frozen):
    # with zeros in the last layer nothing before it moves in the first step
    model = make(last=last, frozen=frozen)
    assert own_steps(facts(model), IMAGES, LABELS) == [not frozen, not frozen, *[True] * 6]


def test_own_steps_put_the_arrays_back():
    model = make()
    known = facts(model)
    own_steps(known, IMAGES, LABELS)
    assert not any(moved(known.arrays, [np.asarray(variable) for variable in known.rebuilt().variables]))


def test_outputs_are_the_same_in_however_many_parts_memory_allows(monkeypatch):
    known = facts(make())
    calls, rebuilt = [], known.rebuilt().model
    monkeypatch.setattr(
        type(rebuilt), "__call__", lambda self, x, **k: calls.append(len(x)) or keras.Model.__call__(self, x, **k)
    )
    whole = known.predict(IMAGES)
    monkeypatch.setattr(models, "_predicted", {})
    monkeypatch.setattr(models, "MAX_OUTPUTS_MIB", 0.2)
    parts = known.predict(IMAGES)

    assert calls[0] == len(IMAGES)
    assert sum(calls[1:]) == len(IMAGES)
    assert len(calls) > 2
    np.testing.assert_allclose(parts, whole, rtol=1e-5)


def test_the_same_images_are_given_to_a_model_once():
    known = facts(make())

    assert known.predict(IMAGES) is known.predict(IMAGES.copy())
    assert known.predict(IMAGES) is not known.predict(IMAGES[::-1])

"""Whether a model's `accuracy` is one: what is asked of the kernel, and of which models nothing is asked."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from autograder.judge.checking import Failed, Undecided
from autograder.judge.submission import Answer
from autograder.kerasmodels import tiny, witnesses
from autograder.kernels.values import array_from_bytes

IMAGES = np.zeros((24, 4, 4, 3), np.float32)
CLEAR = np.tile([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]], (12, 1))


class Kernel:
    """Evaluates with one metric: whether the label is among the `best` classes of what a model says."""

    def __init__(self, said, best=1):
        self.said, self.best, self.asked = said, best, []

    def probe(self, content, buffers, *, model):
        _, labels = map(array_from_bytes, buffers)
        self.asked.append(labels)
        ranked = np.argsort(self.said[: len(labels)], axis=1)[:, ::-1][:, : self.best]
        return {"accuracy": float(np.mean((ranked == labels[:, None]).any(axis=1)))}, []

    def read_answer(self, called, reply, buffers):
        return Answer(called, reply)


def model(outputs, loss="sparse_categorical_crossentropy"):
    def predict(images):
        if isinstance(outputs, Exception):
            raise outputs
        return outputs

    return SimpleNamespace(predict=predict, handle=SimpleNamespace(id="m"), loss=loss)


def expect(kernel, outputs):
    witnesses.expect_accuracy_meant(kernel, model(outputs), IMAGES, "`f()`")


def test_a_share_of_right_ones_is_one_and_of_the_best_two_is_none():
    expect(Kernel(CLEAR), CLEAR)
    with pytest.raises(Failed, match=r"`evaluate` reports .*1.0.* of which the model gets 0.75 right"):
        expect(Kernel(CLEAR, best=2), CLEAR)


def test_images_between_two_classes_are_not_asked_about():
    outputs = CLEAR.copy()
    outputs[:10] = [0.4, 0.402, 0.198]  # half precision says the other one
    kernel = Kernel(CLEAR)
    expect(kernel, outputs)
    assert len(kernel.asked[0]) == 14


def test_of_a_model_that_is_sure_of_nothing_nothing_is_asked():
    outputs = np.tile([0.34, 0.335, 0.325], (24, 1))
    kernel = Kernel(outputs)
    expect(kernel, outputs)
    assert kernel.asked == []


def test_a_head_of_zeros_is_asked_as_it_says_the_very_same_everywhere():
    outputs = np.full((24, 3), 1 / 3)
    kernel = Kernel(outputs[:, ::-1] + [0.2, 0.1, 0])
    expect(kernel, outputs)
    assert len(kernel.asked[0]) == 24


@pytest.mark.parametrize("problem", [Undecided("no copy"), Failed("a part of its own", "none")])
def test_of_a_model_that_cannot_be_copied_nothing_is_expected(problem):
    kernel = Kernel(CLEAR)
    expect(kernel, problem)
    assert kernel.asked == []


@pytest.mark.parametrize("seed", range(8))
def test_a_head_with_random_weights_prefers_a_class_of_varied_images(seed):
    keras.utils.set_random_seed(seed)
    backbone = tiny.tiny_backbone(batch_norm=True, seed=seed, size=(24, 32))
    hidden = layers.Dense(64, activation="relu")(layers.GlobalAveragePooling2D()(backbone.output))
    model = keras.Model(backbone.input, layers.Dense(4 + seed % 4, activation="softmax")(hidden))
    outputs = model.predict(tiny.varied_images(96, seed, (24, 32)), verbose=0)
    second, first = np.sort(outputs, axis=1)[:, -2:].T
    assert np.isfinite(outputs).all()
    assert np.count_nonzero(first - second > witnesses.BETWEEN_CLASSES) >= witnesses.LEAST_CLEAR

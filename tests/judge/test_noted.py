"""What cells train is noted: which images, which weights, what came of it."""

import contextlib
import io

import keras
import numpy as np
import pytest
import tensorflow as tf

from autograder.kerasmodels import noted
from autograder.kerasmodels.noted import digest_of_array, digests_of_images, read_notes
from autograder.kernels import cell_trainings, probe, trainings

IMAGES = np.random.default_rng(1).integers(0, 256, (12, 4, 6, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3


class Kernel:
    """Stands for a submission: the probe answers in this process."""

    def probe(self, content, buffers=(), *, model=False):
        return probe.handle(content, buffers, {})


@pytest.fixture(autouse=True)
def _noting(monkeypatch):
    """Notes begin, and end with the test."""
    names = ("fit", *cell_trainings._SHOWING)
    inherited = [name for name in names if name not in vars(keras.Model)]
    for name in set(names) - set(inherited):
        monkeypatch.setattr(keras.Model, name, getattr(keras.Model, name))
    cell_trainings.begin()
    cell_trainings._fits.clear()
    cell_trainings._shown.clear()
    yield
    for name in inherited:
        delattr(keras.Model, name)
    cell_trainings._fits.clear()
    cell_trainings._shown.clear()


@pytest.fixture
def network():
    """A small compiled model."""
    layers = [keras.Input((4, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    model = keras.Sequential(layers)
    loss = "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.SGD(0.25), loss, metrics=["accuracy"], run_eagerly=True)
    return model


def portions(images, labels):
    return tf.data.Dataset.from_tensor_slices((images.astype("float32"), labels)).shuffle(12).batch(5)


class Portions(keras.utils.PyDataset):
    """The same images, as a sequence of portions."""

    def __len__(self):
        return 3

    def __getitem__(self, number):
        return IMAGES[4 * number : 4 * number + 4], LABELS[4 * number : 4 * number + 4]


def test_a_fit_is_noted_with_its_images_weights_and_record(network):
    before = [digest_of_array(array) for array in network.get_weights()]
    record = network.fit(
        IMAGES, LABELS, batch_size=4, epochs=2, validation_data=(IMAGES[:6] / 1.0, LABELS[:6]), verbose=0
    ).history
    (fit,) = read_notes(Kernel()).fits
    assert (fit.epochs, fit.steps, fit.rate) == (2, 3, 0.25)
    assert fit.history["val_accuracy"] == pytest.approx(record["val_accuracy"])
    assert list(fit.before) == before
    assert list(fit.after) == [digest_of_array(array) for array in network.get_weights()]
    assert fit.learnt.images.tolist() == digests_of_images(IMAGES).tolist()
    assert fit.learnt.labels.tolist() == LABELS.tolist()
    assert fit.watched.images.tolist() == digests_of_images(IMAGES[:6]).tolist()


@pytest.mark.parametrize("data", [portions(IMAGES, LABELS), Portions()], ids=["tf.data", "PyDataset"])
def test_images_of_data_sets_are_known_too(network, data):
    network.fit(data, verbose=0)
    (fit,) = read_notes(Kernel()).fits
    label_of = dict(zip(digests_of_images(IMAGES).tolist(), LABELS.tolist(), strict=True))
    assert dict(zip(fit.learnt.images.tolist(), fit.learnt.labels.tolist(), strict=True)) == label_of


def test_of_endless_data_all_images_are_known(network):
    given = tf.data.Dataset.from_tensor_slices((IMAGES.astype("float32"), LABELS)).repeat().shuffle(40, seed=2).batch(4)
    network.fit(given, steps_per_epoch=3, verbose=0)
    (fit,) = read_notes(Kernel()).fits
    assert fit.steps == 3
    assert set(fit.learnt.images.tolist()) == set(digests_of_images(IMAGES).tolist())


def test_a_generator_is_left_alone(network):
    given = (portion for portion in [(IMAGES.astype("float32"), LABELS)] * 2)
    network.fit(given, steps_per_epoch=1, verbose=0)
    assert read_notes(Kernel()).fits[0].learnt is None


def test_images_shown_after_a_training_are_known(network):
    network.predict(IMAGES[:3], verbose=0)
    network.fit(IMAGES, LABELS, verbose=0)
    notes = read_notes(Kernel())
    assert notes.shown_since(notes.fits[0]).tolist() == []
    for ask in (network.evaluate, network):
        with contextlib.redirect_stdout(io.StringIO()):
            ask(IMAGES[6:], LABELS[6:]) if ask is not network else ask(IMAGES[:2].astype("float32"))
    notes = read_notes(Kernel())
    assert notes.shown_since(notes.fits[0]).tolist() == digests_of_images(IMAGES[[*range(6, 12), 0, 1]]).tolist()


def test_what_the_judge_trains_is_not_noted(network):
    with cell_trainings.aside():
        network.fit(IMAGES, LABELS, verbose=0)
    assert read_notes(Kernel()).fits == ()


def test_a_copy_is_known_by_its_arrays(network):
    network.fit(IMAGES, LABELS, verbose=0)
    notes = read_notes(Kernel())
    assert notes.fits_of("another", network.get_weights()) == list(notes.fits)
    assert notes.fits_of("another", [array + 1 for array in network.get_weights()]) == []


class Keeps(keras.callbacks.Callback):
    """Keeps what the model held after each epoch, as a file of `ModelCheckpoint` would."""

    def __init__(self):
        super().__init__()
        self.kept = []

    def on_epoch_end(self, epoch, logs=None):
        self.kept.append(self.model.get_weights())


@pytest.mark.parametrize("in_a_list", [True, False])
def test_a_copy_of_an_earlier_epoch_is_known_too(network, in_a_list):
    keeps = Keeps()
    network.fit(IMAGES, LABELS, epochs=4, callbacks=[keeps] if in_a_list else keeps, verbose=0)
    network.fit(IMAGES, LABELS, epochs=2, verbose=0)
    notes = read_notes(Kernel())
    for arrays in keeps.kept:
        assert notes.fits_of("another", arrays, epochs=4) == [notes.fits[0]]
    assert notes.fits_of("another", keeps.kept[0], epochs=6) == list(notes.fits)
    assert notes.fits_of("another", keeps.kept[0], first=1) == []
    assert len(notes.fits[0].passed) == 4
    assert notes.fits[1].passed == ()


class KeepsAndAnswersToAnyName(Keeps):
    """Like one that hands on what it is asked to another object."""

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return name


def test_a_callback_that_answers_to_any_name_is_no_clock_of_the_judges(network):
    keeps = KeepsAndAnswersToAnyName()
    network.fit(IMAGES, LABELS, epochs=3, callbacks=[keeps], verbose=0)
    assert len(read_notes(Kernel()).fits[0].passed) == 3


def test_a_clock_of_the_judges_keeps_nothing(network):
    clock = trainings.Clock(None)
    network.fit(IMAGES, LABELS, epochs=3, callbacks=[clock.callback()], verbose=0)
    assert len(clock.epoch_seconds) == 3
    assert read_notes(Kernel()).fits[0].passed == ()


def test_a_copy_between_trainings_has_had_all_before_it_and_as_many_as_were_asked_for(network):
    kept = []
    for _ in range(5):
        network.fit(IMAGES, LABELS, epochs=2, verbose=0)
        kept.append(network.get_weights())
    notes = read_notes(Kernel())
    for epochs, fits in ((0, 3), (7, 3), (8, 4), (9, 4)):
        assert notes.fits_of("another", kept[2], epochs=epochs) == list(notes.fits[:fits])


def test_what_was_never_held_after_an_epoch_is_of_no_training(network):
    before, keeps = network.get_weights(), Keeps()
    network.fit(IMAGES, LABELS, epochs=2, callbacks=[keeps], verbose=0)
    notes = read_notes(Kernel())
    mixed = [keeps.kept[0][0], *keeps.kept[1][1:]]
    assert notes.fits_of("another", before, epochs=2) == notes.fits_of("another", mixed, epochs=2) == []


@pytest.mark.parametrize(("fits", "are_all"), [(3, True), (4, False), (6, False)])
def test_of_too_many_trainings_it_is_known_that_there_were_more(network, monkeypatch, fits, are_all):
    monkeypatch.setattr(cell_trainings, "MAX_FITS", 3)
    monkeypatch.setattr(noted, "MAX_FITS", 3)
    for _ in range(fits):
        network.fit(IMAGES[:2], LABELS[:2], verbose=0)
    assert read_notes(Kernel()).are_all == are_all


def test_a_record_with_more_than_numbers_is_a_record(network):
    class Says(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["phase"] = "head"
            logs["each_class"] = np.ones(3)

    network.fit(IMAGES, LABELS, callbacks=[Says()], verbose=0)
    (fit,) = read_notes(Kernel()).fits
    assert len(fit.history["accuracy"]) == 1


@pytest.mark.parametrize("asks", [True, False])
def test_a_callback_of_ones_own_may_have_shown_it_any_images(network, asks):
    own = keras.callbacks.LambdaCallback(on_train_end=lambda _: network.evaluate(IMAGES, LABELS, verbose=0))
    network.fit(IMAGES, LABELS, callbacks=[own if asks else keras.callbacks.TerminateOnNaN()], verbose=0)
    notes = read_notes(Kernel())
    found = notes.shown_since(notes.fits[0])
    assert found is None if asks else found.tolist() == []


def test_a_model_shown_image_by_image_may_have_been_shown_any(network, monkeypatch):
    monkeypatch.setattr(cell_trainings, "MAX_NOTES", 3)
    network.fit(IMAGES, LABELS, verbose=0)
    for image in IMAGES[:3]:
        network(image[None].astype("float32"))
    notes = read_notes(Kernel())
    assert notes.shown_since(notes.fits[0]).tolist() == digests_of_images(IMAGES[:3]).tolist()
    for image in IMAGES[3:]:
        network(image[None].astype("float32"))
    notes = read_notes(Kernel())
    assert notes.shown_since(notes.fits[0]) is None
    assert len(notes.shown) == 4


def test_the_rate_of_a_wrapped_optimizer_is_known(network):
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.125))
    network.compile(optimizer, "sparse_categorical_crossentropy")
    network.fit(IMAGES, LABELS, verbose=0)
    assert read_notes(Kernel()).fits[0].rate == 0.125


class Stops(keras.callbacks.Callback):
    """Stops a training from outside, as a limit or a person does, in the middle of its third epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if len(self.model.history.epoch if hasattr(self.model, "history") else ()) == 2:
            raise KeyboardInterrupt


def test_a_fit_that_was_stopped_was_a_training_of_the_epochs_that_ended(network):
    with pytest.raises(KeyboardInterrupt):
        network.fit(IMAGES, LABELS, batch_size=4, epochs=5, callbacks=[Stops()], verbose=0)
    (fit,) = read_notes(Kernel()).fits
    assert (fit.is_over, fit.has_trained, fit.epochs) == (False, True, 2)
    assert len(fit.history["accuracy"]) == 2
    assert list(fit.after) == [digest_of_array(array) for array in network.get_weights()]
    assert fit.learnt.images.tolist() == digests_of_images(IMAGES).tolist()


def test_a_fit_that_was_refused_has_begun_and_trained_nothing(network):
    with pytest.raises(ValueError, match="shape"):
        network.fit(IMAGES[:, 1:], LABELS, verbose=0)
    network.fit(IMAGES, LABELS, verbose=0)
    refused, done = read_notes(Kernel()).fits
    assert (refused.is_over, refused.has_trained, refused.epochs) == (False, False, 0)
    assert (done.is_over, done.has_trained, done.epochs) == (True, True, 1)


def test_the_images_of_a_stopped_fit_are_not_read_again(network):
    read = []

    def slow():
        for start in range(0, 12, 4):
            read.append(start)
            yield IMAGES[start : start + 4].astype("float32"), LABELS[start : start + 4]

    signature = (tf.TensorSpec((4, 4, 6, 3), tf.float32), tf.TensorSpec((4,), tf.int64))
    given = tf.data.Dataset.from_generator(slow, output_signature=signature).repeat()
    with pytest.raises(KeyboardInterrupt):
        network.fit(given, steps_per_epoch=3, epochs=5, callbacks=[Stops()], verbose=0)
    seen = len(read)
    (fit,) = read_notes(Kernel()).fits
    assert (fit.learnt, fit.epochs) == (None, 2)
    assert len(read) == seen


def test_what_cannot_be_noted_after_an_epoch_stops_no_training(network, monkeypatch):
    monkeypatch.setattr(cell_trainings, "_digests", lambda model: 1 / 0)
    history = network.fit(IMAGES, LABELS, epochs=2, verbose=0, callbacks=[keras.callbacks.TerminateOnNaN()])
    assert len(history.history["loss"]) == 2

"""Hidden checks for exercise 1, two classes: the three trainings and their figure.   7 points

Slips guarded: random weights, a backbone trained along, epochs that differ, histories and accuracies that are typed or
of something else, images that should not be learned from, fine-tuning that starts anew, or reached no layer, one too
many or every layer, curves without names.

What is trained is judged by what `fit` was seen to do. The second stage is judged by where the first one ended, so that
a mistake in the first costs nothing there.
"""

import contextlib
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest

import transferlab
from autograder.checks.exercise_1_two_classes._figures import expect_trainings_drawn, history_in
from autograder.checks.exercise_1_two_classes.models import BUILD, TUNE
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, Undecided, check, fail
from autograder.judge.comparators import expect_accuracy, expect_probabilities, number, predicted_classes
from autograder.judge.submission import Submission
from autograder.judge.thresholds import Gate, accuracy_at, gate
from autograder.kerasmodels import pretrained
from autograder.kerasmodels.models import ModelFacts, describe, find_arrays
from autograder.kerasmodels.noted import NotedFit, Notes, Seen, digest_of_array, digests_of_images, read_notes
from autograder.kerasmodels.watching import MANY_TRAININGS
from autograder.kerasmodels.witnesses import LOSSES_OF_OTHER_LABELS, expect_accuracy_meant

Array = np.ndarray[Any, Any]
FEATURE, FINE_TUNED, FIGURE = "check_feature_stage", "check_fine_tuned_stage", "check_figure"
STAND_INS = {FEATURE: {"build_feature_extractor": BUILD, "start_fine_tuning": TUNE}}
"""A function that lost points in its own task loses none here: the cells run with the judge's."""
HIDDEN_PER_CLASS = 300
GIVEN = {"train": (200, 21), "validation": (100, 22), "test": (300, 23)}
"""The images that the notebook gives to everybody: how many of each class, and their seed."""
BATCH_SIZE = 32
BASELINE_EPOCHS, FEATURE_EPOCHS, FINE_TUNING_EPOCHS = 12, 8, 4
EPOCHS = {"baseline_model": BASELINE_EPOCHS, "feature_model": FEATURE_EPOCHS, "finetuned_model": FINE_TUNING_EPOCHS}
UNFROZEN_LAYERS = 2
LEARNT = 0.7
"""Share of new images, of two classes, that shows a training of some kind."""
AS_GIVEN = "`fit(train_images, train_labels, validation_data=(validation_images, validation_labels), …)`"
"""How every training is called."""
LARGEST_SCALE = 0.2
"""With it, 255 becomes 51, which no longer is a small number."""
IMAGES_OFF = 2.5
"""By how many of the test images an accuracy may be off: some lie on the border, and are decided either way."""


class Given(NamedTuple):
    """Some of the notebook's images."""

    images: Array
    labels: Array
    label_of: dict[int, int]
    """Label by digest."""


class Trained:
    """The notebook's models, what was seen of their training, and how they do on images nobody has seen.

    Args:
        submission: Whose models.
        data: Images and backbone of the course.
        seed: Of the hidden images.
    """

    def __init__(self, submission: Submission, data: transferlab.CourseData, seed: int) -> None:
        self._submission, self.data, self._seed = submission, data, seed
        self._cases = Cases(submission)
        self._given: dict[str, Given] = {}
        self._first_stage: tuple[int, tuple[str, ...]] | None = None
        self._at_gate: dict[str, float] = {}

    def facts(self, name: str) -> ModelFacts:
        """Read a model of the notebook, once."""
        read = self._submission.read_model
        return self._cases.once(("facts", name), lambda: describe(self._submission, read(name), f"`{name}`"))

    def accuracy(self, name: str) -> float:
        """Measure the share of hidden images that a model classifies correctly, on all of them."""
        images, labels, _ = self._hidden()
        return float(np.mean(self._classes(name, images) == labels))

    def accuracy_at_gate(self, name: str, gate: Gate) -> float:
        """Measure it, once, on as many as it takes to know on which side of a gate it lies."""
        if name not in self._at_gate:
            images, labels, _ = self._hidden()
            self._at_gate[name] = accuracy_at(gate, labels, lambda portion: self._classes(name, images[portion]))
        return self._at_gate[name]

    def earlier_accuracy_at_gate(self, name: str) -> float | None:
        """The same, if it was measured."""
        return self._at_gate.get(name)

    def _hidden(self) -> transferlab.ImageSet:
        source, pair = self.data.source, self.data.pair
        return transferlab.load_images(source, "hidden", classes=pair, per_class=HIDDEN_PER_CLASS, seed=self._seed)

    def _classes(self, name: str, images: Array) -> Array:
        return predicted_classes(self.facts(name).predict_unseen(self._submission, images), f"`{name}`")

    def outputs(self, name: str, images: Array) -> Array:
        """What a model says of images; one that cannot be copied is asked in its kernel."""
        return self.facts(name).predict_unseen(self._submission, images)

    def expect_scaling(self, name: str) -> None:
        """Expect that the `Rescaling` layers of a model bring pixels between 0 and 255 down to small numbers.

        Raises:
            Failed: One does not.
        """
        try:
            model = self.facts(name).rebuilt().model
        except Undecided:
            return  # what no copy shows is no reason to take points
        for layer in model.layers:
            scales = np.abs(np.asarray(layer.scale, float)) if isinstance(layer, keras.layers.Rescaling) else np.ones(0)
            if scales.size and not ((scales > 0) & (scales < LARGEST_SCALE)).all():
                came = f"the `Rescaling` layer of `{name}` multiplies pixels by {scales.max():g}"
                fail(came, "pixels from 0 to 255 made small numbers, by 1 / 255 say")

    def expect_accuracy_meant(self, name: str) -> None:
        """Expect that what a model reports as `accuracy` is the share of images that it classifies correctly.

        Raises:
            Failed: It is something else.
        """
        facts = self.facts(name)
        if facts.loss.lower() in LOSSES_OF_OTHER_LABELS:
            return
        expect_accuracy_meant(self._submission, facts, self.given("test").images[:24], f"`{name}.evaluate(…)`")

    def test_accuracy(self, name: str) -> float:
        """Measure the same on the notebook's own test images."""
        test = self.given("test")
        return float(np.mean(predicted_classes(self.facts(name).predict(test.images), f"`{name}`") == test.labels))

    def given(self, split: str) -> Given:
        """Images of the notebook's own, by split."""
        if split not in self._given:
            per_class, seed = GIVEN[split]
            pair = self.data.pair
            images, labels, _ = transferlab.load_images(
                self.data.source, split, classes=pair, per_class=per_class, seed=seed
            )
            digests = digests_of_images(images).tolist()
            self._given[split] = Given(images, labels, dict(zip(digests, labels.tolist(), strict=True)))
        return self._given[split]

    def notes(self, stage: str) -> Notes:
        """What the notebook had trained by then."""
        return self._cases.once(("notes", stage), lambda: read_notes(self._submission))

    def fits(self, name: str) -> list[NotedFit]:
        """Trainings of a model of the first stage.

        Raises:
            Failed: There was none.
        """
        return self._trainings(name, FEATURE, 0)

    def first_stage(self, *, is_over: bool = False) -> tuple[int, tuple[str, ...]]:
        """How many trainings there were when the first stage was judged, and what `feature_model` then held.

        That need not be what `fit` left behind: the best epoch's weights may have been loaded again.

        Args:
            is_over: The second stage is being judged. If the first one was not, as where an author tries one check, it
                is taken to have ended when its epochs were over.
        """
        if self._first_stage is None:
            try:
                fits = self.fits("feature_model")
            except Failed:
                self._first_stage = len(self.notes(FEATURE).fits), ()
            except Undecided:  # it has learned, whoever says how
                self._first_stage = len(self.notes(FEATURE).fits), self._held("feature_model")
            else:
                held = self._held("feature_model")
                self._first_stage = len(self.notes(FEATURE).fits), held
                begun, count = fits[0].before, fits[0].number
                is_short = sum(fit.epochs for fit in fits) < FEATURE_EPOCHS
                if is_over and is_short and self.notes(FEATURE).has_left(begun, count):
                    self._first_stage = count, begun  # this model was copied, or read from the file of another one
                elif is_over:
                    done = zip(fits, accumulate(fit.epochs for fit in fits), strict=True)
                    last = next((fit for fit, epochs in done if epochs >= FEATURE_EPOCHS), fits[-1])
                    self._first_stage = last.number + 1, last.after
        return self._first_stage

    def _held(self, name: str) -> tuple[str, ...]:
        return tuple(map(digest_of_array, self.facts(name).arrays))

    def second_fits(self) -> list[NotedFit]:
        """Trainings of `finetuned_model` in the second stage.

        Raises:
            Failed: There was none.
        """
        return self._trainings("finetuned_model", FINE_TUNED, self.first_stage(is_over=True)[0])

    def _trainings(self, name: str, stage: str, first: int) -> list[NotedFit]:
        facts, epochs, notes = self.facts(name), EPOCHS[name], self.notes(stage)
        fits = notes.fits_of(facts.handle.id, facts.arrays, first, epochs)
        if not notes.are_all and sum(fit.epochs for fit in fits) != epochs:
            raise Undecided(MANY_TRAININGS)
        if not fits:
            again, hint = " in this cell" if first else "", "call `fit` on it"
            if any(fit.number >= first and len(fit.after) == len(facts.arrays) for fit in notes.fits):
                came = f"no `fit`{again} has left the weights that `{name}` holds"
                if self.accuracy(name) > LEARNT:  # those of an earlier epoch may have been read from a file
                    raise Undecided(f"{came[0].upper()}{came[1:]}, yet it has learned: a person has to see how.")
                fail(came, "a model that was trained, as it was trained", hint=hint)
            fail(f"`{name}` was not trained with `fit`{again}", "a model that was trained", hint=hint)
        done = [fit for fit in fits if fit.has_trained]
        if not done:
            came = f"`fit` began on `{name}`, and did not come to its end before the model had learned anything"
            fail(came, "a training that comes to its end", hint="what the cell with this `fit` ended with says why")
        return done

    def epochs_were(self, key: str, fits: Sequence[NotedFit], epochs: int) -> None:
        """Expect that `histories` holds what `fit` returned, for so many epochs.

        Raises:
            Failed: It does not, or there were more or fewer.
        """
        histories = self._submission.read("histories")
        record = history_in(histories.get(key)) if isinstance(histories, dict) else None
        accuracies = record.get("val_accuracy") if isinstance(record, dict) else None
        if not isinstance(accuracies, list | tuple | np.ndarray):
            came = f"`histories` has no validation accuracies under {key!r}"
            if isinstance(record, dict) and record:
                came = f"`histories[{key!r}]` has no list `val_accuracy`; its entries are {', '.join(map(str, record))}"
            fail(came, f"what `fit` returned, under {key!r}, of a model with the metric `accuracy` and validation data")
        done = sum(fit.epochs for fit in fits)
        if done != epochs or len(accuracies) != epochs:
            came = f"`fit` trained it for {done} epochs and `histories[{key!r}]` holds {len(accuracies)}"
            hint = f"call `fit` once with `epochs={epochs}`, and keep what it returns"
            fail(came, f"{epochs}, so that all models train equally long", hint=hint)
        seen = [value for fit in fits for value in fit.history.get("val_accuracy", ())]
        found = [number(value, f"an entry of `histories[{key!r}]`") for value in accuracies]
        if len(seen) != len(found) or not np.allclose(seen, found, atol=2e-3):
            came = f"`histories[{key!r}]` holds other validation accuracies than those that `fit` returned"
            fail(came, "what `fit` returned", hint=f"`histories[{key!r}] = …fit(…)`, of this model and this training")

    def expect_histories_kept(self) -> None:
        """Expect that nothing else has been put where `histories` holds the trainings of the first stage.

        Raises:
            Failed: Another training stands there now.
        """
        histories, (count, _) = self._submission.read("histories"), self.first_stage()
        trained: dict[str, list[float]] = {"finetuned": _shown(self.second_fits())}
        for key in ("baseline", "feature"):
            with contextlib.suppress(Failed, Undecided):  # what was not trained has cost points where that is judged
                trained[key] = _shown([fit for fit in self.fits(f"{key}_model") if fit.number < count])
        for key in (key for key in trained if key != "finetuned"):
            record = history_in(histories.get(key)) if isinstance(histories, dict) else None
            found = record.get("val_accuracy") if isinstance(record, dict) else None
            others = [other for other in trained if other != key and _same_numbers(found, trained[other])]
            if others and not _same_numbers(found, trained[key]):
                came = f"`histories[{key!r}]` now holds the training of {others[0]}"
                hint = "put what the second `fit` returns under `'finetuned'`, and leave the other two as they are"
                fail(came, "the three trainings, each under its name", hint=hint)

    def expect_given_images(self, name: str, fits: Sequence[NotedFit], earlier: NotedFit | None = None) -> None:
        """Expect that a model has learned from the training images, all of them and no others, and was so watched.

        Args:
            name: Of the model.
            fits: Its trainings.
            earlier: What was done there as well may be done here: a mistake that has been charged already.

        Raises:
            Failed: It has learned from others.
        """
        for fit in fits:
            learns_the_same = earlier is not None and _same_images(earlier.learnt, fit.learnt)
            watches_the_same = earlier is not None and _same_images(earlier.watched, fit.watched)
            if fit.learnt is not None and not learns_the_same:
                self._expect_images(fit.learnt, "train", f"`{name}` has learned from")
            if fit.watched is not None and not watches_the_same:
                self._expect_images(fit.watched, "validation", f"`{name}` was validated with")
            count = len(self.given("train").images)
            steps = -(-count // BATCH_SIZE)
            known = (0, steps, steps - 1) if earlier is None else (0, steps, steps - 1, earlier.steps)
            if fit.steps not in known:
                came = f"an epoch of `{name}` took {fit.steps} steps"
                hint = "`fit(…, batch_size=BATCH_SIZE)`, and nothing that says how many steps an epoch has"
                fail(came, f"{steps}: the {count} training images in batches of {BATCH_SIZE}", hint=hint)

    def _expect_images(self, seen: Seen, split: str, what: str) -> None:
        wanted = self.given(split)
        found = dict.fromkeys(seen.images.tolist())
        for other in GIVEN:
            count = sum(digest in self.given(other).label_of for digest in found) if other != split else 0
            if count:
                fail(f"{what} {count} of the {other} images", f"`{split}_images` only", hint=AS_GIVEN)
        strange = [digest for digest in found if digest not in wanted.label_of]
        if strange:
            came = f"{what} {len(strange)} images that are none of `{split}_images`"
            fail(came, "these images as they are; scaling and augmentation are layers of the model", hint=AS_GIVEN)
        if len(found) <= len(wanted.images) - BATCH_SIZE:
            fail(f"{what} {len(found)} of `{split}_images`", f"all {len(wanted.images)}", hint=AS_GIVEN)
        labels = [wanted.label_of[digest] for digest in seen.images.tolist()]
        if (seen.labels >= 0).all() and labels != seen.labels.tolist():
            fail(f"{what} images with the labels of others", f"`{split}_labels`, in the same order", hint=AS_GIVEN)

    def expect_report(self, key: str, model: str, last: NotedFit, stage: str) -> None:
        """Expect that a reported accuracy is that of the model on the test images, which it was shown.

        Raises:
            Failed: It is another number, or the model cannot have been asked.
        """
        reported = number(self._submission.read(key), f"`{key}`")
        measured, test = self.test_accuracy(model), self.given("test")
        hint = (
            "compute it from the model's predictions on the test images, as a share between 0 and 1;"
            " a model that is called by itself leaves augmentation on, unless `training=False`"
        )
        off = abs(reported - measured) - IMAGES_OFF / len(test.images)
        if off > 0 and not (off <= 0.005 and abs(round(reported, 2) - reported) < 1e-6):  # also as a float32
            came = f"`{key}` says {reported:.3f}, but the model is right on {measured:.1%} of the test images"
            fail(came, "the share of the test images that it classifies correctly", hint=hint)
        shown = self.notes(stage).shown_since(last)
        if shown is not None:
            count = sum(digest in test.label_of for digest in dict.fromkeys(shown.tolist()))
            if count <= len(test.images) - BATCH_SIZE:  # the rest may have been left out of a last batch
                came = f"`{key}` says {reported:.3f}, but after its training `{model}` was shown {count} test images"
                fail(came, "a number that comes from all of them", hint=hint)


def _shown(fits: Sequence[NotedFit]) -> list[float]:
    return [value for fit in fits for value in fit.history.get("val_accuracy", ())]


def _same_numbers(found: Any, shown: Sequence[float]) -> bool:
    try:
        numbers = np.asarray(found, float)
    except (TypeError, ValueError):  # whatever it is, it is no other training
        return False
    return len(shown) > 0 and numbers.shape == (len(shown),) and bool(np.allclose(numbers, shown, atol=1e-6))


def _same_images(first: Seen | None, second: Seen | None) -> bool:
    if first is None or second is None:
        return False
    pairs = (sorted(zip(seen.images.tolist(), seen.labels.tolist(), strict=True)) for seen in (first, second))
    return next(pairs) == next(pairs)


@pytest.fixture(scope="session")
def trained(submission: Submission, data: transferlab.CourseData, draw_seed: Callable[[str], int]) -> Trained:
    """The notebook's models."""
    return Trained(submission, data, draw_seed("hidden images"))


# --- the feature stage: 4 points


@check(
    FEATURE,
    points=1,
    hint=(
        "is the backbone loaded with its pretrained weights, was `fit` run for all epochs, and does the head learn at a"
        " common rate, such as 1e-3?"
    ),
)
def feature_model_recognises_new_images(trained: Trained) -> None:
    """`feature_model` classifies images it has never seen."""
    trained.first_stage()
    shape = np.shape(trained.outputs("feature_model", trained.given("test").images[:8]))
    if shape[1:] != (2,):
        came = f"for 8 images `feature_model` gave an output of shape {shape}"
        fail(came, "shape (8, 2): two classes", hint="`build_feature_extractor(backbone, 2)`")
    wanted = gate(__file__, "feature", trained.data.source)
    expect_accuracy(trained.accuracy_at_gate("feature_model", wanted), *wanted, "`feature_model`")


@check(
    FEATURE,
    points=1,
    hint="freeze the backbone before training: `feature_model` must hold the pretrained arrays, untouched",
)
def feature_model_holds_the_pretrained_backbone(trained: Trained) -> None:
    """After training, the pretrained backbone is in `feature_model`, every array unchanged: it was frozen."""
    facts = trained.facts("feature_model")
    wanted = pretrained.all_arrays(trained.data.backbone)
    missing = sum(place is None for place in find_arrays(wanted, facts.arrays))
    if missing:
        fail(
            f"{missing} of the {len(wanted)} pretrained arrays of {trained.data.backbone} are not in `feature_model`",
            "all of them, bit for bit",
        )
    trained.fits("feature_model")  # a model that was never trained has kept everything


@check(FEATURE, points=0.5)
def feature_accuracy_is_the_models_own(trained: Trained) -> None:
    """`feature_accuracy` is what `feature_model` really reaches on the test images."""
    last = trained.fits("feature_model")[-1]
    trained.expect_report("feature_accuracy", "feature_model", last, FEATURE)


@check(FEATURE, points=0.5, hint="store what `fit` returns under `histories['baseline']` and `histories['feature']`")
def baseline_and_feature_train_for_their_epochs(trained: Trained) -> None:
    """`histories` holds what `fit` returned for both, the baseline with as many epochs as the two stages together."""
    trained.epochs_were("baseline", trained.fits("baseline_model"), BASELINE_EPOCHS)
    trained.epochs_were("feature", trained.fits("feature_model"), FEATURE_EPOCHS)


@check(FEATURE, points=0.5, hint=AS_GIVEN)
def both_learn_from_the_training_images_only(trained: Trained) -> None:
    """Both models learn from the training images, all of them and no others, in batches of `BATCH_SIZE`."""
    for name in ("baseline_model", "feature_model"):
        trained.expect_given_images(name, trained.fits(name))


@check(FEATURE, points=0.5, hint="two or three rounds of `Conv2D` and `MaxPooling2D` behind a `Rescaling` layer")
def baseline_is_a_network_of_its_own(trained: Trained) -> None:
    """`baseline_model` is a convolutional network that scales its images and starts from random weights."""
    first_fit = trained.fits("baseline_model")[0]
    begun, classes = first_fit.before, first_fit.operations
    wanted = {digest_of_array(array) for array in pretrained.all_arrays(trained.data.backbone) if np.ptp(array) > 0}
    if found := sum(digest in wanted for digest in begun):
        fail(f"`baseline_model` started with {found} pretrained arrays", "random weights")
    if not any("Conv" in name or name in ("Functional", "Sequential") for name in classes):
        fail(f"the layers of `baseline_model` are {', '.join(classes)}", "a convolutional network")
    first = next(place for place, name in enumerate(classes) if "Conv" in name or name in ("Functional", "Sequential"))
    before = [name for name in classes[:first] if name != "InputLayer" and not name.startswith(_NO_SCALING)]
    if "Conv" in classes[first] and not before:
        fail("nothing scales the images before the first convolution", "a `Rescaling` layer in front")
    trained.expect_scaling("baseline_model")
    images = trained.given("test").images[:8]
    expect_probabilities(trained.outputs("baseline_model", images), (8, 2), "`baseline_model`", off=0.02)
    trained.expect_accuracy_meant("baseline_model")


_NO_SCALING = ("Random", "ZeroPadding", "Cropping", "MaxPool", "AveragePool", "Dropout", "Reshape", "GaussianNoise")
"""Layers, by how their names begin, that leave pixels between 0 and 255."""


# --- the fine-tuning stage: 2 points


@check(FINE_TUNED, points=0.5, hint="start from `feature_model`, with a small learning rate")
def fine_tuned_model_recognises_new_images(trained: Trained) -> None:
    """`finetuned_model` classifies images it has never seen."""
    trained.second_fits()
    started = trained.earlier_accuracy_at_gate("feature_model")
    feature, wanted = (gate(__file__, name, trained.data.source) for name in ("feature", "fine_tuned"))
    if started is not None and started < feature.threshold - feature.band:
        # that the first stage ended so low has been charged there
        accuracy, started = trained.accuracy("finetuned_model"), trained.accuracy("feature_model")
        if accuracy < started - 0.1:
            came = (
                f"`finetuned_model` is right on {accuracy:.0%} of images it has never seen, before it was {started:.0%}"
            )
            fail(came, "no loss")
        return
    expect_accuracy(trained.accuracy_at_gate("finetuned_model", wanted), *wanted, "`finetuned_model`")


@check(FINE_TUNED, points=0.5, hint="go on with `feature_model` itself, or with a model that has all of its weights")
def fine_tuning_goes_on_from_feature_extraction(trained: Trained) -> None:
    """Fine-tuning starts with what `feature_model` has learned, on the same images, for the epochs asked."""
    fits = trained.second_fits()
    trained.epochs_were("finetuned", fits, FINE_TUNING_EPOCHS)
    trained.expect_histories_kept()
    count, ended = trained.first_stage()
    lost = sum(digest not in fits[0].before for digest in ended)
    if lost:
        came = f"{lost} of the {len(ended)} arrays that `feature_model` had were not there when fine-tuning began"
        fail(came, "a model that goes on where feature extraction ended")
    try:
        earlier = next((fit for fit in reversed(trained.fits("feature_model")) if fit.number < count), None)
    except (Failed, Undecided):
        earlier = None
    trained.expect_given_images("finetuned_model", fits, earlier)


@check(
    FINE_TUNED,
    points=0.5,
    hint="unfreeze with your `start_fine_tuning`, then call `fit` again for the fine-tuning epochs",
)
def fine_tuning_moved_only_the_last_layers(trained: Trained) -> None:
    """Fine-tuning changed the last `UNFROZEN_LAYERS` layers of the backbone and no others, at `FINE_TUNING_RATE`."""
    fits = trained.second_fits()
    name = trained.data.backbone
    held = {layer: list(map(digest_of_array, arrays)) for layer, arrays in pretrained.counted_layers(name).items()}
    _, ended = trained.first_stage()
    if not all(digest in ended for digests in held.values() for digest in digests):
        if set(fits[0].before) <= set(fits[-1].after):
            fail("`fit` changed nothing", "a model that goes on learning")
        return  # no untouched backbone came from the first stage, which has been charged there
    if not all(digest in fits[0].before for digests in held.values() for digest in digests):
        fail(
            f"the backbone {name} was not in `finetuned_model` when fine-tuning began",
            "the backbone of `feature_model`",
        )
    moved = [any(fits[-1].after.count(digest) < 1 for digest in digests) for digests in held.values()]
    wanted = [number >= len(moved) - UNFROZEN_LAYERS for number in range(len(moved))]
    if moved != wanted:
        layers = [layer for layer, is_moved in zip(held, moved, strict=True) if is_moved]
        last = ", ".join(list(held)[-UNFROZEN_LAYERS:])
        came = f"of the layers of {name} that count, fine-tuning changed {', '.join(layers) or 'none'}"
        fail(came, f"the last {UNFROZEN_LAYERS}, {last}")
    rate, asked = fits[0].rate, trained.data.fine_tuning_rate
    if rate is None or abs(rate / asked - 1) > 1e-4:
        came = f"the learning rate of fine-tuning was {rate:g}" if rate is not None else "the learning rate varied"
        fail(came, f"`FINE_TUNING_RATE`, {asked:g}")


@check(FINE_TUNED, points=0.5)
def finetuned_accuracy_is_the_models_own(trained: Trained) -> None:
    """`finetuned_accuracy` is what `finetuned_model` really reaches on the test images."""
    last = trained.second_fits()[-1]
    trained.expect_report("finetuned_accuracy", "finetuned_model", last, FINE_TUNED)


# --- the figure: 1 point


@check(FIGURE, points=1, hint="one line a model, each with `label=`, and a legend")
def figure_shows_the_three_trainings(submission: Submission) -> None:
    """A figure shows the validation accuracy of all three models, each named."""
    expect_trainings_drawn(submission)

"""One live call of a student's `compare_strategies` on a backbone and images of ours, with every `fit` it made."""

import contextlib
import json
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.checks.exercise_2_freezing_strategies._freezing import layer_flags
from autograder.checks.exercise_2_freezing_strategies._question import (
    CALLED,
    CLASSES,
    DRAWS,
    EPOCHS,
    FRACTIONS,
    HEAD_EPOCHS,
    PLAN,
    SHAPE,
    SQUARE,
    TRAINING_IMAGES,
    VALIDATION_IMAGES,
    backbone_of,
    training_images,
    validation_images,
)
from autograder.checks.exercise_2_freezing_strategies._stages import SecondStages, expected_layers, trainable_parameters
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.comparators import expect_probabilities
from autograder.judge.submission import Submission
from autograder.kerasmodels.charged_once import lost_points
from autograder.kerasmodels.models import describe, find_arrays, place, same_bits
from autograder.kerasmodels.watching import (
    Fit,
    digests,
    features_mislabelled,
    learned_from,
    mislabelled,
    watch,
)
from autograder.kerasmodels.witnesses import expect_accuracy_meant

Array = np.ndarray[Any, Any]
LEAST_LEAD = 0.02
"""By how much the model that is meant to be the best one has to be, to tell it from the others."""
ROUNDING_SECONDS = 0.15
"""Whoever rounds to tenths of a second, on a busy machine, may be wrong by this much."""


class Refused(Exception):
    """A function of the student's has raised, which is charged where it is judged."""


class Comparison(SecondStages):
    """The second stages of one call, and what is expected of them."""

    def own_layers(self, fraction: float, *, frozen: bool = False) -> set[str] | None:
        """Names of the layers the student's own `unfreeze_fraction` unfreezes: a slip in it is charged there.

        Args:
            fraction: What it is asked for.
            frozen: Whether of a backbone that was frozen before, as one is that comes from a head stage.

        Returns:
            None where it says nothing.

        Raises:
            Refused: It raised, which leaves a backbone in a state that is nobody's fault here.
        """
        try:
            every = list(range(len(self.pretrained.layers)))
            handle = place(self.submission, self.pretrained, frozen_layers=every if frozen else [])
            answer = self.submission.call("unfreeze_fraction", handle, fraction, model=True)
            found = {layer.name for layer in layer_flags(self.submission, handle) if layer.trainable}
        except Failed:
            return None
        if answer.raised is not None and not answer.raised.is_of_a_stub:
            raise Refused(f"`unfreeze_fraction` raised for {fraction}")
        return found

    def own_count(self, found: Fit) -> Any:
        """What the student's own `count_parameters` says trains in a model: a slip in it is charged there."""
        try:
            counts = self.submission.call("count_parameters", found.model, model=True).returned()
        except Failed:
            counts = None
        return counts.get("trainable", self.nothing) if isinstance(counts, dict) else self.nothing

    def expect_any_size(self) -> None:
        """Expect that images need not be square.

        Raises:
            Failed: It stopped with such images, and not with square ones.
        """
        if (problem := self.refused) is not None:
            height, width = SHAPE
            came = f"with images of {height} × {width} pixels, {problem.came_back}"
            hint = "images need not be square: take the shape from the backbone, `backbone.input_shape[1:]`"
            raise Failed(came, "what it gives for square images", problem.called, hint) from problem

    def expect_rows(self) -> None:
        """Expect one row for each fraction, in the order given, and whole numbers of parameters."""
        found = self._columns()["fraction"]
        if found != list(FRACTIONS):
            fail(f"the column `fraction` holds {found}", f"{list(FRACTIONS)}, as given", called=self.called)

    def expect_rules(self) -> None:
        """Expect that the models follow the rules for all models of this course."""
        facts = describe(self.submission, self.best_model(), "the model that came back")
        expect_probabilities(facts.predict(self.validation[0][:40]), (40, CLASSES), self.called)
        if not facts.compiled:
            fail("the model that came back is not compiled", "a compiled model", called=self.called)
        if "categorical_crossentropy" in facts.loss and "sparse" not in facts.loss:
            came = f"the loss of the model that came back is {facts.loss}"
            fail(came, "a loss for integer labels", called=self.called)
        for fraction, found in self.pairs():
            if "accuracy" not in found.reports:
                came = f"the second `fit` for {fraction} reported {', '.join(sorted(found.reports)) or 'nothing'}"
                fail(came, "a model compiled with the metric `accuracy`", called=self.called)
        try:
            expect_accuracy_meant(self.submission, facts, self.validation[0][:40], self.called)
        except Failed:
            if not lost_points([self.expect_last_epochs]):  # where what is reported has cost points, too
                raise

    def expect_fresh_starts(self) -> None:
        """Expect that each second stage began with the pretrained backbone and a head with a head stage behind it."""
        for fraction, found in self.pairs():
            places = find_arrays(self.backbone, found.before)
            changed = [name for name, place in zip(self.array_layers(), places, strict=True) if place is None]
            charged = self._charged(set(changed))
            if lost := sum(name in charged for name in changed):
                came = f"the training for {fraction} began with {lost} of the backbone's {len(self.backbone)} arrays"
                fail(f"{came} changed", "each one to begin with the pretrained backbone", called=self.called)
            stage, came = self.head_stage(found), ""
            if stage is None:
                came = f"the training for {fraction} began with a head that no earlier head stage left behind"
            elif self.trained_before(stage):
                came = f"the head stage for {fraction} went on with a head that another training had left behind"
            elif learned := self._charged(self.layers_moved(stage)):
                came = f"in the head stage for {fraction}, `fit` changed {_named(learned)}"
                wanted, hint = "the whole backbone frozen, BatchNormalization, too", "`backbone.trainable = False`"
                fail(came, wanted, called=self.called, hint=hint)
            if came:
                hint = "make a new head for each fraction, or give each a copy of one that was trained once"
                wanted = "a head of `head_epochs` on the frozen backbone, and nothing else"
                fail(came, wanted, called=self.called, hint=hint)

    def _charged(self, changed: set[str]) -> set[str]:
        """Leave out of layers those that the student's own `unfreeze_fraction` leaves learning at 0."""
        try:
            return changed - (self.own_layers(0.0) or set()) if changed else changed
        except Refused:
            return changed

    def expect_layers(self) -> None:
        """Expect that the second stages moved the layers of their fractions."""
        for fraction, found in self.pairs():
            layers, wanted = self.layers_moved(found), expected_layers(self.pretrained, fraction)
            if not layers and not any(array.any() for array in self.head(found)):
                continue  # a head stage as long as a second one left its head showing nothing: its epochs are charged
            try:
                is_right = layers == wanted or any(
                    layers == self.own_layers(fraction, frozen=frozen) for frozen in (False, True)
                )
            except Refused:
                continue
            if not is_right:
                came = f"for {fraction}, `fit` changed {_named(layers)}"
                fail(came, f"{len(wanted)}, the last ones of those that count", called=self.called)
        for fraction, found in self.pairs():
            if self.head(found) and not self._trains_its_head(found):
                came, hint = f"for {fraction}, the head was frozen", "freeze layers of the backbone only"
                fail(came, "one that goes on learning, whatever is unfrozen", called=self.called, hint=hint)

    def _trains_its_head(self, found: Fit) -> bool:
        places = set(self.places(found) or ())
        return any(flag for index, flag in enumerate(found.trainable) if index not in places)

    def expect_epochs(self) -> None:
        """Expect that all were trained equally long."""
        for fraction, found in self._all_pairs():
            if self._is_head_stage_only(found):
                came = f"for {fraction} there was one `fit`, of {found.epochs} epochs: the head stage"
                fail(came, f"a second stage of {EPOCHS} epochs behind it, as for the others", called=self.called)
            if not found.epochs:
                fail(f"the second stage for {fraction} took 0 epochs", f"{EPOCHS}", called=self.called)
        for fraction, found in self.pairs():
            if found.epochs != EPOCHS:
                fail(f"the second stage for {fraction} took {found.epochs} epochs", f"{EPOCHS}", called=self.called)
            stage = self.head_stage(found)
            if stage is not None and stage.epochs != HEAD_EPOCHS:
                fail(f"the head stage for {fraction} took {stage.epochs} epochs", f"{HEAD_EPOCHS}", called=self.called)

    def expect_nothing_else_differs(self) -> None:
        """Expect the same head, optimizer, learning rate and number of steps for all fractions."""
        facts: list[tuple[str, Callable[[Fit], Any]]] = [
            ("the optimizer of the second stage was {}", lambda found: found.rate),
            ("an epoch of the second stage took {:g} steps", lambda found: found.steps / max(found.epochs, 1)),
            ("the arrays of the head had the shapes {}", lambda found: sorted(part.shape for part in self.head(found))),
        ]
        for sentence, read in facts:
            # where nothing at all learns, which is charged as that, the number of steps says nothing
            values = [(fraction, read(found)) for fraction, found in self.pairs() if any(found.trainable)]
            for fraction, value in values[1:]:
                first, usual = values[0]
                if value != usual:
                    came = f"for {first}, {sentence.format(usual)}, and for {fraction}, {sentence.format(value)}"
                    fail(came, "nothing to differ but the fraction", called=self.called)
        (fraction, first_found), *rest = self.pairs()
        own = layer_settings(first_found.facts.description)
        for other, found in rest:
            settings = layer_settings(found.facts.description)
            if own and settings and own != settings:
                parts = [
                    ", ".join(sorted(have - lack)) or "none such" for have, lack in ((own, settings), (settings, own))
                ]
                came = f"for {fraction}, the model had {parts[0]}, and for {other}, {parts[1]}"
                fail(came, "nothing to differ but the fraction", called=self.called)

    def expect_counts(self) -> None:
        """Expect the number of parameters that learn in the second stage."""
        for fraction, found, told in self._rows("trainable"):
            wanted = trainable_parameters(found)
            if told not in (wanted, self.own_count(found)):
                fail(f"for {fraction}, `trainable` is {told:,.10g}", f"{wanted:,}", called=self.called)

    def expect_last_epochs(self) -> None:
        """Expect the accuracies of the models as the last epoch left them."""
        for fraction, found, told in self._rows("val_accuracy"):
            measured = found.accuracy(*self.validation)
            if abs(told - measured) > 0.0001:  # two rows show a third of the images: 0.333 is seen to be rounded
                came = f"for {fraction}, `val_accuracy` is {told:.5g}, and the model at the end reaches {measured:.5g}"
                fail(came, "the accuracy of the model as the last epoch left it", called=self.called)
            *earlier, last = found.val_accuracy or (told,)
            if abs(told - last) > 0.001 and any(abs(told - accuracy) <= 0.001 for accuracy in earlier):
                came = (
                    f"for {fraction}, `val_accuracy` is {told:.3f}, as an earlier epoch had it, and so is the model:"
                    f" after the last epoch it was {last:.3f}"
                )
                hint = "bring no earlier epoch back: it would be chosen by the very images you report on"
                fail(came, "model and accuracy as the last epoch left them", called=self.called, hint=hint)

    def expect_seconds(self) -> None:
        """Expect the seconds of the second stage alone."""
        for fraction, found, told in self._rows("seconds"):
            most = 1.05 * found.outer_seconds + ROUNDING_SECONDS
            if not max(0.0, 0.95 * found.seconds - ROUNDING_SECONDS) < told < most:
                came = f"for {fraction}, `seconds` is {told:.3f}, while the second `fit` took {found.seconds:.3f}"
                fail(came, "the time around that `fit`, and nothing else", called=self.called)

    def shows_the_best(self) -> bool:
        """Whether the model that is meant to be the best one is: one draw in 25 leaves all three showing nothing.

        Of a function whose trainings cannot be measured, another draw would show no more.
        """
        try:
            first, meant, last = (found.accuracy(*self.validation) for found in self.strategies())
        except (Failed, Undecided):
            return True
        return meant >= max(first, last) + LEAST_LEAD

    def expect_best(self) -> None:
        """Expect the model of the row with the highest accuracy."""
        told, model = self.columns()["val_accuracy"], self.best_model()
        measured = [found.accuracy(*self.validation) for found in self.strategies()]
        best = [
            found
            for found, own, true in zip(self.strategies(), told, measured, strict=True)
            if own == max(told) or true == max(measured)
        ]
        facts = describe(self.submission, model, "the model that came back")
        if not any(same_arrays(facts.arrays, found.after) for found in best):
            is_other = any(same_arrays(facts.arrays, found.after) for found in self.strategies())
            is_best = any(found.model.id == model.id for found in best) and not is_other  # of one model throughout
            if is_best and lost_points([self.expect_fresh_starts]):
                return  # the trainings behind it went on with its backbone, which costs points where it is judged
            came = "has been changed after the last epoch of its training" if is_best else "is not that of the best row"
            wanted = "the best model itself, as its last epoch left it"
            fail(f"the model that came back {came}", wanted, called=self.called)

    def _maps(self) -> Array:
        """What the pretrained backbone makes of the training images."""
        return np.asarray(self.pretrained(self.training[0], training=False))

    def expect_images(self) -> None:
        """Expect that it learned from the training images, all of them and no others, and left everything in place."""
        known = set(digests(self.training[0]))
        self.strategies()
        for found in self.fits:
            counted = not known & set(found.rows) and len(found.labels) in (VALIDATION_IMAGES, _ALL_IMAGES)
            if counted or learned_from(found, self.validation, self.training):
                fail("a `fit` has learned from the validation images", "none that does", called=self.called)
            if mislabelled(found, self.training) or features_mislabelled(found, self._maps(), self.training[1]):
                came = "a `fit` has learned from training images, or features of them, with the labels of other images"
                fail(came, "each image to be learned with its own label", called=self.called)
            ours = known & set(found.rows)  # none where features are learned from
            seen = len(ours) or len(found.labels) or len(known)
            if ours in (set(), set(found.rows)) and seen < len(known):
                came = f"a `fit` has learned from {seen} of the {len(known)} training images"
                fail(came, "all of them", called=self.called)
        left = self.answer.inputs_after[0] if self.answer.inputs_after else []
        for pair, after in zip((self.training, self.validation), left, strict=False):
            same = isinstance(after, list | tuple) and len(after) == len(pair)
            if not same or not all(map(np.array_equal, pair, after)):
                came, hint = "the images or labels given to it were changed in place", "work on copies of arrays"
                fail(came, "left as they were", called=self.called, hint=hint)


_SETTINGS = ("rate", "activation", "stddev", "factor", "momentum", "kernel_regularizer")


def layer_settings(description: str) -> Counter[str]:
    """Return what the layers of a model are set to beside their sizes, in words; nothing if it is not described.

    Args:
        description: As `transferlab.portable` writes it.
    """
    found: Counter[str] = Counter()
    with contextlib.suppress(KeyError, TypeError, ValueError):
        for entry in json.loads(description)["objects"]:
            layer = entry.get("layer", {})
            settings = layer.get("config", {})
            told = {key: json.dumps(settings[key])[:60] for key in _SETTINGS if key in settings}
            found.update(f"{layer['class_name']} with {key} {value}" for key, value in told.items())
    return found


def _named(layers: set[str]) -> str:
    if not layers:
        return "no layer of the backbone"
    return f"{len(layers)} layer{'s' * (len(layers) > 1)} of the backbone ({', '.join(sorted(layers))})"


def nothing(seed: int) -> int:
    """Return what stands in for the answer of a `count_parameters` that gives none: no number that can be typed in."""
    return 1_000_003 + seed % 9_000_011


_ALL_IMAGES = TRAINING_IMAGES + VALIDATION_IMAGES


_known: "weakref.WeakKeyDictionary[Submission, Cases]" = weakref.WeakKeyDictionary()


def compared(submission: Submission, seed: int) -> Comparison:
    """Call `compare_strategies` once and remember what came of it, for all pages.

    Args:
        submission: Whose function.
        seed: Of the backbone and the images.

    Raises:
        Failed: It raised, or what it did cannot be read.
    """
    cases = _known.setdefault(submission, Cases(submission))

    def make() -> Comparison:
        found = _in_some_shape(submission, seed)
        for draw in range(1, DRAWS):
            if found.shows_the_best():
                break
            with contextlib.suppress(Failed):
                found = _in_some_shape(submission, seed + 1_000 * draw)
        return found

    return cases.once("compared", make)


def _in_some_shape(submission: Submission, seed: int) -> Comparison:
    try:
        return _compared(submission, seed, SHAPE)
    except Failed as problem:
        try:
            found = _compared(submission, seed, SQUARE)
        except Failed:
            raise problem from None
        found.refused = problem
        return found


def _compared(submission: Submission, seed: int, shape: tuple[int, int]) -> Comparison:
    backbone = backbone_of(seed, shape)
    training, validation = training_images(seed, shape), validation_images(seed, shape)
    watched = watch(
        submission,
        "compare_strategies",
        CALLED,
        [training, validation, list(FRACTIONS), HEAD_EPOCHS, EPOCHS],
        plan=PLAN,
        backbone=backbone,
        mended={"unfreeze_fraction": None, "count_parameters": dict.fromkeys(("trainable", "frozen"), nothing(seed))},
        inputs_after=5,
    )
    return Comparison(submission, watched, backbone, training, validation, nothing(seed))


def same_arrays(first: Sequence[Array], second: Sequence[Array]) -> bool:
    """Whether two models hold the same arrays, bit by bit."""
    return len(first) == len(second) and all(map(same_bits, first, second))

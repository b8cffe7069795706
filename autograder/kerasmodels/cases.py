"""Model cases that several checks of a page share, so that each trip to the kernel is made once.

A case that cannot be made (the function raised, returned no model, ...) fails every check that asks for it, with the
same message.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import keras
import numpy as np

from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.submission import Answer, Stopped, Submission
from autograder.judge.wording import brief
from autograder.kerasmodels import tiny
from autograder.kerasmodels.models import (
    ModelFacts,
    describe,
    expect_model,
    find_arrays,
    fit,
    moved,
    own_steps,
    part_of,
    place,
)
from autograder.kernels.values import Handle, array_to_bytes

Array = np.ndarray[Any, Any]
T = TypeVar("T")
HEAD_RATE = 1e-3
ALL_LAYERS = 4  # as many as count in the tiny backbone
LOSSES_OF_OTHER_LABELS = frozenset(
    {"mse", "mean_squared_error", "mae", "mean_absolute_error", "mean_absolute_percentage_error", "log_cosh"}
    | {"mean_squared_logarithmic_error", "huber", "huber_loss", "hinge", "squared_hinge", "categorical_hinge"}
    | {"poisson", "cosine_similarity", "kl_divergence", "kullback_leibler_divergence", "dice", "tversky"}
    | {"categorical_crossentropy", "binary_crossentropy", "categorical_focal_crossentropy"}
    | {"binary_focal_crossentropy"}
)
"""Losses that take labels for numbers, or want them one-hot, by their names in Keras."""


SIZES = ((24, 32), (32, 24), (40, 32), (24, 40), (32, 40))
"""Of images, height and width: never square."""

UNFROZEN = {"trained": 2, "one by one": 3, "none": 0}
"""How many layers are to be unfrozen, by kind of case."""

OWN, LIVE = "a few training steps", "`fit`"
"""How a training is called in messages: the judge's on its own copy, the one in the student's kernel."""


class Witness(NamedTuple):
    """What one training of a model moved."""

    name: str
    moved: tuple[bool, ...]
    """One flag an array, in the order of `model.weights`."""


class Cases:
    """Makes each case once and remembers how that ended.

    Args:
        submission: Whose functions are called.
        seed: Of what the models of exercise 1 are made from: nobody can prepare for their sizes, numbers or images.
    """

    def __init__(self, submission: Submission, seed: int = 0) -> None:
        self.submission = submission
        generator = np.random.default_rng(seed)
        self.size: tuple[int, int] = SIZES[generator.integers(len(SIZES))]
        """Height and width of images."""
        self.num_classes = int(generator.integers(4, 8))
        """More than two."""
        self.rate = float(np.round(generator.uniform(1e-3, 6e-3), 5))
        """Learning rate of fine-tuning."""
        self.seeds = [int(found) for found in generator.integers(1, 10**6, 8)]
        self._made: dict[Any, Any] = {}
        self._generation = submission.generation

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what `make` gave the first time it was asked for under `key`.

        Raises:
            Failed: Making it failed, now or the first time.
            Undecided: It could not be decided, likewise.
        """
        if self.submission.generation != self._generation:
            # another kernel answers: what was made in the last one is gone
            self._made = {known: made for known, made in self._made.items() if isinstance(made, Failed)}
            self._generation = self.submission.generation
        if key not in self._made:
            try:
                self._made[key] = make()
            except (Failed, Undecided) as problem:
                self._made[key] = problem
            except Stopped as stopped:
                self._made[key] = Failed(f"the kernel gave no answer: {stopped.reason}", "an answer")
            self._generation = self.submission.generation
        made = self._made[key]
        if isinstance(made, Failed | Undecided):
            raise made
        return made  # type: ignore[no-any-return]

    @property
    def plain_backbone(self) -> keras.Model:
        """Our backbone without BatchNormalization."""
        return tiny.tiny_backbone(batch_norm=False, seed=self.seeds[0], size=self.size)

    @property
    def normalized_backbone(self) -> keras.Model:
        """Our backbone with BatchNormalization."""
        return tiny.tiny_backbone(batch_norm=True, seed=self.seeds[1], size=self.size)

    def images(self, num_classes: int, count: int = 24) -> tuple[Array, Array]:
        """Random images of our size, and labels."""
        return tiny.training_images(num_classes, seed=self.seeds[2], count=count, size=self.size)

    def extractor(self, backbone: keras.Model, num_classes: int) -> "Extractor":
        """What `build_feature_extractor` makes of a backbone of ours."""
        return self.once(
            ("extractor", backbone.name, id(backbone), num_classes),
            lambda: _extractor(self.submission, backbone, num_classes),
        )

    def extractor_fit(self, backbone: keras.Model, num_classes: int) -> tuple[Answer, Witness]:
        """The answer of one live `fit` of that model, and which of its arrays moved."""
        case = self.extractor(backbone, num_classes)

        def make() -> tuple[Answer, Witness]:
            if backbone is self.normalized_backbone:  # evaluated as it is described, not as this training leaves it
                with contextlib.suppress(Failed, Undecided):
                    self.extractor_evaluation(backbone, num_classes)
            answer, after = fit(self.submission, case.facts.handle, *self._lesson(case.facts, num_classes))
            return answer, Witness(LIVE, tuple(moved(case.facts.arrays, after)))

        return self.once(("fit", id(backbone), num_classes), make)

    def extractor_steps(self, backbone: keras.Model, num_classes: int) -> Witness:
        """Which arrays of that model a few training steps of the judge's move."""
        facts = self.extractor(backbone, num_classes).facts
        data = self._lesson(facts, num_classes)
        return self.once(("steps", id(backbone), num_classes), lambda: Witness(OWN, tuple(own_steps(facts, *data))))

    def _lesson(self, facts: ModelFacts, num_classes: int) -> tuple[Array, Array]:
        """Images, and labels within the outputs of a model: that it has too few of them is charged once."""
        images, labels = self.images(num_classes)
        outputs: tuple[int, ...] = facts.outputs[0].shape if facts.outputs else ()
        return images, labels % outputs[1] if len(outputs) == 2 and outputs[1] > 1 else labels

    def extractor_evaluation(self, backbone: keras.Model, num_classes: int) -> "Evaluation | None":
        """What `evaluate` says of that model, asked before it is trained."""
        case = self.extractor(backbone, num_classes)
        images, _ = self.images(num_classes)
        return self.once(
            ("evaluated", id(backbone), num_classes),
            lambda: _evaluated(self.submission, case.facts, images, case.called),
        )

    def shared_arrays(self, backbone: keras.Model, num_classes: int) -> int:
        """How many arrays of the backbone that was given are that model's too: the same ones, not equal ones."""
        case = self.extractor(backbone, num_classes)
        content = {"op": "shared", "model": case.facts.handle.id, "other": case.backbone.id}
        reply, _ = self.submission.probe(content, model=True)
        return int(reply["shared"]) if isinstance(reply.get("shared"), int) else 0

    def fine_tuned(self, kind: str) -> "FineTuned":
        """What `start_fine_tuning` makes of a model of ours.

        Args:
            kind: `trained`: nested, with BatchNormalization, frozen as a whole and trained, 2 layers to unfreeze.
                `one by one`: flat, with a LayerNormalization that counts and a BatchNormalization in the head, its
                layers frozen one by one but for the first, 3 to unfreeze. `none`: flat, with BatchNormalization,
                nothing frozen, 0 to unfreeze. The flat ones arrive with the loss of other labels.
        """

        def make() -> FineTuned:
            self._refuse_unanswered()
            return _fine_tuned(self, kind)

        return self.once(("tuned", kind), make)

    def ask_fine_tuning(self, unfrozen_layers: int) -> Answer:
        """Only call `start_fine_tuning`, for its errors."""

        def make() -> Answer:
            _, model, backbone = _placed(self, "trained")
            arguments = (model, backbone, unfrozen_layers, self.rate)
            return self.submission.call("start_fine_tuning", *arguments, model=True)

        return self.once(("asked", unfrozen_layers), make)

    def _refuse_unanswered(self) -> None:
        """Fail if `start_fine_tuning` is still the stub: what comes next would train a model for nothing.

        Raises:
            Failed: It is.
        """
        answer = self.ask_fine_tuning(ALL_LAYERS)  # a question that is asked anyway
        if answer.raised is not None and answer.raised.is_of_a_stub:
            answer.returned()


@dataclass(frozen=True)
class Extractor:
    """A model that the student's function built on a backbone of ours."""

    called: str
    facts: ModelFacts
    backbone: Handle
    """What the function was given."""
    names: tuple[str, ...]
    """Paths of the backbone's arrays."""
    places: tuple[int | None, ...]
    """Where each of them stands among the model's arrays."""

    def backbone_places(self) -> list[int]:
        """Return the places.

        Raises:
            Failed: An array of the backbone is not in the model.
        """
        missing = sum(found is None for found in self.places)
        if missing:
            came = f"{missing} of the backbone's {len(self.places)} arrays are not in the model"
            fail(
                came,
                "the backbone itself, with its weights",
                called=self.called,
                hint="use the backbone you were given; do not clone or reload it",
            )
        return [found for found in self.places if found is not None]


def _extractor(submission: Submission, backbone: keras.Model, num_classes: int) -> Extractor:
    given = place(submission, backbone)
    answer = submission.call("build_feature_extractor", given, num_classes, model=True)
    facts = describe(submission, expect_model(answer.returned(), answer.called), "the model that came back")
    places = find_arrays([np.asarray(variable) for variable in backbone.weights], facts.arrays)
    return Extractor(answer.called, facts, given, tuple(variable.path for variable in backbone.weights), tuple(places))


@dataclass(frozen=True)
class FineTuned:
    """A model of ours after the student's `start_fine_tuning`, and what training it then moved."""

    called: str
    before: tuple[Array, ...]
    """Arrays just before the call."""
    facts: ModelFacts
    """The model just after the call."""
    layers: tuple[tuple[str, tuple[int, ...]], ...]
    """Backbone layers that count, in order: name and places of their arrays among the model's."""
    normalization: tuple[int, ...]
    """Places of all BatchNormalization arrays."""
    head: tuple[int, ...]
    """Places of the head's arrays."""
    witnesses: tuple["Witness", ...]
    """Trainings after the call: the judge's own, and where asked for the live one."""
    history: Answer | None
    """Answer of the live `fit`, if there was one."""
    is_the_model_given: bool = True
    """Whether the model itself came back, or nothing, and not another one."""
    head_scale: tuple[int, ...] = ()
    """Places of the arrays of a BatchNormalization in the head."""
    evaluation: "Evaluation | None" = None
    """What `evaluate` says of it, if it was asked."""

    @property
    def learns(self) -> bool:
        """Whether every training moved something."""
        return all(any(witness.moved) for witness in self.witnesses)

    def expect_moved(self, unfrozen_layers: int) -> None:
        """Expect that the head and the last layers moved in every training, and no other layer.

        Raises:
            Failed: Another layer moved, or one of these stood still.
        """
        first = len(self.layers) - unfrozen_layers
        wanted = f"only the last {unfrozen_layers} to change" if unfrozen_layers else "none to change"
        for witness in self.witnesses:
            for index, (name, places) in enumerate(self.layers):
                moves = any(witness.moved[place] for place in places)
                which = f"`{name}`, layer {index + 1} of {len(self.layers)} that count"
                if moves and index < first:
                    fail(f"{witness.name} changed {which}", wanted, called=self.called)
                if not moves and index >= first:
                    fail(f"{witness.name} left {which}, as it was", wanted, called=self.called)
            if not all(witness.moved[place] for place in self.head):
                hint = "freeze layers of the backbone only, not those of the model around it"
                part = "a layer of the head" if any(witness.moved[place] for place in self.head) else "the head"
                came = f"{witness.name} left {part} as it was"
                fail(came, "a head that goes on learning", called=self.called, hint=hint)
            if self.head_scale and not all(witness.moved[place] for place in self.head_scale):
                came = f"{witness.name} left the BatchNormalization of the head as it was"
                hint = "freeze the BatchNormalization layers of the backbone only, not those of the head"
                fail(came, "a head that goes on learning, all of it", called=self.called, hint=hint)

    def expect_normalization_still(self) -> None:
        """Expect that no BatchNormalization array moved in any training.

        Raises:
            Failed: One did.
        """
        for witness in self.witnesses:
            count = sum(witness.moved[place] for place in self.normalization)
            if count:
                came = f"{witness.name} changed {count} of the {len(self.normalization)} BatchNormalization arrays"
                fail(came, "all of them to stand still", called=self.called)

    def expect_accuracy_reported(self) -> None:
        """Expect that the live `fit` still reported `accuracy`.

        Raises:
            Failed: It raised, or did not.
        """
        history = self.history.returned() if self.history is not None else None
        if not isinstance(history, dict) or "accuracy" not in history:
            came = f"`fit` reports {sorted(history) if isinstance(history, dict) else brief(history)}"
            fail(came, "`loss` and `accuracy`", called=self.called)


def expect_loss_of_integer_labels(loss: str, called: str) -> None:
    """Expect a loss that takes class numbers; of another one, `fit` would only say that shapes do not fit.

    Args:
        loss: Its name.
        called: The call that compiled with it.

    Raises:
        Failed: It wants other labels.
    """
    if loss.lower() in LOSSES_OF_OTHER_LABELS:
        hint = "use `sparse_categorical_crossentropy`: it takes class numbers"
        fail(f"the loss is {loss}", "one for integer labels", called=called, hint=hint)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` says of a model, on images of which it classifies a known share correctly."""

    called: str
    answer: Answer
    loss: str
    """Name of the loss it is compiled with."""
    right: float
    """Share of the images whose label is the class that the model's probabilities speak for."""

    def expect_integer_labels(self) -> None:
        """Expect that loss and accuracy are those of integer labels.

        Raises:
            Failed: `evaluate` raised, the accuracy is another number, or the loss wants other labels.
        """
        expect_loss_of_integer_labels(self.loss, self.called)
        found = self.answer.returned()
        accuracy = found.get("accuracy") if isinstance(found, dict) else None
        if not isinstance(accuracy, float) or abs(accuracy - self.right) > 0.05:
            fail(
                f"`evaluate` reports {brief(found)} for images of which the model gets {self.right:.2f} right",
                "their share as `accuracy`",
                called=self.called,
                hint="`metrics=['accuracy']`; a metric for one-hot labels counts something else",
            )


def _evaluated(submission: Submission, facts: ModelFacts, images: Array, called: str) -> Evaluation | None:
    """Evaluate a model in the kernel: labels are what it says itself, but for every fourth."""
    try:
        outputs = facts.predict(images)
    except Failed:
        return None  # a model of parts that are not allowed: that is charged elsewhere, once
    if outputs.ndim != 2 or outputs.shape[1] < 2:  # and so is an output of another form
        return None
    labels = outputs.argmax(axis=1).astype(np.int64)
    labels[::4] = (labels[::4] + 1) % outputs.shape[1]
    content = {"op": "evaluate", "model": facts.handle.id}
    reply, buffers = submission.probe(content, [array_to_bytes(images), array_to_bytes(labels)], model=True)
    answer = submission.read_answer(f"`model.evaluate` on {len(images)} images of ours", reply, buffers)
    return Evaluation(called, answer, facts.loss, 1 - len(labels[::4]) / len(labels))


def _ours(cases: Cases, kind: str) -> tuple[keras.Model, keras.Model]:
    """Build a model for fine-tuning and return it with its backbone."""
    seeds, size = cases.seeds, cases.size
    if kind == "trained":
        backbone = tiny.tiny_backbone(batch_norm=True, seed=seeds[3], size=size)
        return tiny.with_head(backbone, 3, seed=seeds[4], flat=False), backbone
    is_mixed = kind == "one by one"
    backbone = tiny.tiny_backbone(batch_norm=not is_mixed, seed=seeds[5], size=size, layer_norm=is_mixed)
    return tiny.with_head(backbone, 3, seed=seeds[6], flat=True, normalized=is_mixed), backbone


def _placed(cases: Cases, kind: str) -> tuple[keras.Model, Handle, Handle]:
    """Build a model with a backbone in the kernel; return ours, the model's handle and the backbone's."""
    submission, (model, backbone) = cases.submission, _ours(cases, kind)
    if kind == "trained":
        handle = place(submission, model, frozen_layers=[1], learning_rate=HEAD_RATE)
        return model, handle, part_of(submission, handle, layer=1)
    # Keras keeps the metrics of an earlier compilation when the next one names none; and who keeps the loss, keeps this
    handle = place(submission, model, learning_rate=HEAD_RATE, metrics=(), loss="mean_squared_error")
    part = part_of(submission, handle, until=tiny.LAST_LAYER)
    counted = [index for index, layer in enumerate(backbone.layers) if layer.weights]
    # The flag of the backbone is True, whatever its layers': set to True once more, it does nothing.
    frozen = counted[1:] if kind == "one by one" else []
    submission.probe({"op": "layers", "model": part.id, "frozen": frozen}, model=True)
    return model, handle, part


def _fine_tuned(cases: Cases, kind: str) -> FineTuned:
    submission = cases.submission
    ours, model, backbone = _placed(cases, kind)
    before: Sequence[Array] = [np.asarray(variable) for variable in ours.weights]
    data = tiny.training_images(3, seed=cases.seeds[7], size=cases.size)
    if kind == "trained":
        # a model that has been trained keeps its traced step: a flag flipped without compiling again shows only then
        _, before = fit(submission, model, *data, traced=True)
    arguments = (model, backbone, UNFROZEN[kind], cases.rate)
    answer = submission.call("start_fine_tuning", *arguments, model=True)
    returned = answer.returned()
    if returned is not None and not isinstance(returned, Handle):
        fail(f"it returned {brief(returned)}", "the model", called=answer.called)
    facts = describe(submission, returned or model, "the model that came back")
    history, evaluation, witnesses = None, None, []
    if kind != "one by one":
        witnesses.append(Witness(OWN, tuple(own_steps(facts, *data))))
    if kind == "trained":
        evaluation = _evaluated(submission, facts, data[0], answer.called)
    if kind != "none":
        history, after = fit(submission, facts.handle, *data)
        if history.raised is None:  # a model that `fit` refuses is charged to the check of how it is compiled
            witnesses.append(Witness(LIVE, tuple(moved(facts.arrays, after))))
    places = _places(before, facts.arrays)
    names = [variable.path for variable in ours.weights]

    def of(part: str) -> tuple[int, ...]:
        return tuple(found for found, path in zip(places, names, strict=True) if f"{part}/" in path)

    _, own_backbone = _ours(cases, kind)
    counted = [layer.name for layer in tiny.counted_layers(own_backbone)]
    return FineTuned(
        called=answer.called,
        before=tuple(before),
        facts=facts,
        layers=tuple((name, of(name)) for name in counted),
        normalization=tuple(found for found, path in zip(places, names, strict=True) if "normalization_" in path),
        head=(*of(tiny.of_ours("hidden")), *of(tiny.of_ours("probabilities"))),
        witnesses=tuple(witnesses),
        history=history,
        is_the_model_given=returned is None or returned.id == model.id,
        evaluation=evaluation,
        head_scale=of(tiny.of_ours("scale_of_head")),
    )


def _places(before: Sequence[Array], arrays: Sequence[Array]) -> list[int]:
    """Say where each array stands now: by value, else in the same order.

    So arrays drawn anew are charged to the check about that only.
    """
    found = find_arrays(before, arrays)
    if None not in found:
        return [place for place in found if place is not None]
    if [array.shape for array in before] != [array.shape for array in arrays]:
        fail("the model that came back has other arrays than the one given", "the same model, changed")
    return list(range(len(arrays)))

"""Model cases that several checks of a page share, so that each trip to the kernel is made once.

A case that cannot be made (the function raised, returned no model, ...) fails every check that asks for it, with the
same message.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import keras
import numpy as np

from autograder.judge import tiny
from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.models import ModelFacts, describe, find_arrays, fit, moved, own_steps, part_of, place
from autograder.judge.submission import Answer, Stopped, Submission
from autograder.judge.wording import brief
from autograder.kernels.values import Handle

Array = np.ndarray[Any, Any]
T = TypeVar("T")
HEAD_RATE = 1e-3
FINE_TUNING_RATE = 3e-3
ALL_LAYERS = 4  # as many as count in the tiny backbone


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
    """

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
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
            answer, after = fit(self.submission, case.facts.handle, *tiny.training_images(num_classes, seed=4))
            return answer, Witness(LIVE, tuple(moved(case.facts.arrays, after)))

        return self.once(("fit", id(backbone), num_classes), make)

    def extractor_steps(self, backbone: keras.Model, num_classes: int) -> Witness:
        """Which arrays of that model a few training steps of the judge's move."""
        facts = self.extractor(backbone, num_classes).facts
        data = tiny.training_images(num_classes, seed=4)
        return self.once(("steps", id(backbone), num_classes), lambda: Witness(OWN, tuple(own_steps(facts, *data))))

    def fine_tuned(self, *, flat: bool, unfrozen_layers: int, live: bool) -> "FineTuned":
        """What `start_fine_tuning` makes of a model of ours: nested with BatchNormalization, or flat without.

        Args:
            flat: Whether the backbone's layers are the model's own.
            unfrozen_layers: Argument of the call.
            live: Whether the model is trained in the student's kernel before and after the call, or only by the judge
                after it.
        """

        def make() -> FineTuned:
            self._refuse_unanswered()
            return _fine_tuned(self.submission, flat, unfrozen_layers, live)

        return self.once(("tuned", flat, unfrozen_layers, live), make)

    def ask_fine_tuning(self, *, flat: bool, unfrozen_layers: int) -> Answer:
        """Only call `start_fine_tuning`, for its errors."""

        def make() -> Answer:
            _, model, backbone = _placed(self.submission, flat)
            arguments = (model, backbone, unfrozen_layers, FINE_TUNING_RATE)
            return self.submission.call("start_fine_tuning", *arguments, model=True)

        return self.once(("asked", flat, unfrozen_layers), make)

    def _refuse_unanswered(self) -> None:
        """Fail if `start_fine_tuning` is still the stub: what comes next would train a model for nothing.

        Raises:
            Failed: It is.
        """
        answer = self.ask_fine_tuning(flat=False, unfrozen_layers=ALL_LAYERS)  # a question that is asked anyway
        if answer.raised is not None and answer.raised.type_name == "NotImplementedError":
            answer.returned()


@dataclass(frozen=True)
class Extractor:
    """A model that the student's function built on a backbone of ours."""

    called: str
    facts: ModelFacts
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
    answer = submission.call("build_feature_extractor", place(submission, backbone), num_classes, model=True)
    handle = answer.returned()
    if not isinstance(handle, Handle):
        fail(f"it returned {brief(handle)}", "a keras.Model", called=answer.called)
    facts = describe(submission, handle, "the model that came back")
    places = find_arrays([np.asarray(variable) for variable in backbone.weights], facts.arrays)
    return Extractor(answer.called, facts, tuple(variable.path for variable in backbone.weights), tuple(places))


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
            if not any(witness.moved[place] for place in self.head):
                fail(f"{witness.name} left the head as it was", "a head that goes on learning", called=self.called)

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
            fail("`fit` no longer reports `accuracy`", "loss and metrics as before", called=self.called)


def _placed(submission: Submission, flat: bool) -> tuple[keras.Model, Handle, Handle]:
    """Build a model with a frozen backbone in the kernel; return ours, the model's handle and the backbone's."""
    backbone = tiny.tiny_backbone(batch_norm=not flat, seed=2 if flat else 1)
    model = tiny.with_head(backbone, 3, seed=6, flat=flat)
    handle = place(submission, model, frozen_layers=[] if flat else [1], learning_rate=HEAD_RATE)
    part = part_of(submission, handle, until=tiny.LAST_LAYER) if flat else part_of(submission, handle, layer=1)
    return model, handle, part


def _fine_tuned(submission: Submission, flat: bool, unfrozen_layers: int, live: bool) -> FineTuned:
    ours, model, backbone = _placed(submission, flat)
    before: Sequence[Array] = [np.asarray(variable) for variable in ours.weights]
    data = tiny.training_images(3, seed=8)
    if live:
        # a model that has been trained keeps its traced step: a flag flipped without compiling again shows only then
        _, before = fit(submission, model, *data, traced=True)
    answer = submission.call("start_fine_tuning", model, backbone, unfrozen_layers, FINE_TUNING_RATE, model=True)
    returned = answer.returned()
    if returned is not None and not isinstance(returned, Handle):
        fail(f"it returned {brief(returned)}", "the model", called=answer.called)
    facts = describe(submission, returned or model, "the model that came back")
    history = None
    witnesses = [Witness(OWN, tuple(own_steps(facts, *data)))]
    if live:
        history, after = fit(submission, facts.handle, *data)
        if history.raised is None:  # a model that `fit` refuses is charged to the check of how it is compiled
            witnesses.append(Witness(LIVE, tuple(moved(facts.arrays, after))))
    places = _places(before, facts.arrays)
    names = [variable.path for variable in ours.weights]
    counted = [
        layer.name for layer in tiny.counted_layers(tiny.tiny_backbone(batch_norm=not flat, seed=2 if flat else 1))
    ]

    def of(part: str) -> tuple[int, ...]:
        return tuple(found for found, path in zip(places, names, strict=True) if f"{part}/" in path)

    normalization = tuple(found for found, path in zip(places, names, strict=True) if "normalization_" in path)
    return FineTuned(
        called=answer.called,
        before=tuple(before),
        facts=facts,
        layers=tuple((name, of(name)) for name in counted),
        normalization=normalization,
        head=(*of(tiny.of_ours("hidden")), *of(tiny.of_ours("probabilities"))),
        witnesses=tuple(witnesses),
        history=history,
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

"""One live call of a student's `compare_strategies` on a backbone and images of ours, with every `fit` it made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge import tiny
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, fail
from autograder.judge.comparators import expect_pair, predicted_classes
from autograder.judge.freezing import layer_flags
from autograder.judge.models import ModelFacts, find_arrays, moved, place, same_bits
from autograder.judge.submission import Answer, Submission
from autograder.judge.tables import column_of_numbers, expect_table
from autograder.kernels.values import Encoder, Handle, ProtocolError, array_from_bytes, array_to_bytes

Array = np.ndarray[Any, Any]
COLUMNS = ("fraction", "trainable", "val_accuracy", "seconds")
FRACTIONS = (0.5, 1.0)
HEAD_EPOCHS, EPOCHS = 2, 3
VALIDATION_IMAGES = 300
"""So many that hardly two epochs have the same accuracy on them."""
CALLED = f"`compare_strategies(make_backbone, training, validation, {FRACTIONS}, {HEAD_EPOCHS}, {EPOCHS})`"


@dataclass(frozen=True)
class Fit:
    """One training, as the kernel reports it."""

    model: Handle
    facts: ModelFacts
    """Of the model as the training left it."""
    epochs: int
    seconds: float
    trainable: tuple[bool, ...]
    """Flags when it began, one an array."""
    before: tuple[Array, ...]
    after: tuple[Array, ...]

    def accuracy(self, images: Array, labels: Array) -> float:
        """Rebuild the model as it was afterwards, and measure it."""
        return float(np.mean(predicted_classes(self.facts.predict(images), "a model of the comparison") == labels))


class Comparison:
    """What came back, and what was trained.

    Args:
        submission: Whose function.
        answer: Of the call.
        fits: All trainings, in the order in which they ended.
        backbone: Pretrained arrays of the backbone.
        validation: The judge's validation images and labels.
    """

    def __init__(
        self,
        submission: Submission,
        answer: Answer,
        fits: Sequence[Fit],
        backbone: Sequence[Array],
        validation: tuple[Array, Array],
    ) -> None:
        self.submission, self.answer, self.fits = submission, answer, tuple(fits)
        self.backbone, self.validation = tuple(backbone), validation

    @property
    def called(self) -> str:
        """The call, as text."""
        return self.answer.called

    def columns(self) -> dict[str, list[float]]:
        """Return the table, as finite numbers by column.

        Raises:
            Failed: There is no such table, or it does not have one row a fraction.
        """
        table, _ = expect_pair(self.answer.returned(), "the answer", self.called)
        found = expect_table(table, COLUMNS, "the table", self.called)
        numbers = {name: column_of_numbers(found, name, "the table", self.called) for name in COLUMNS}
        if len(numbers["fraction"]) != len(FRACTIONS):
            rows = len(numbers["fraction"])
            fail(f"the table has {rows} rows", f"{len(FRACTIONS)}, one for each fraction", called=self.called)
        return numbers

    def best_model(self) -> Handle:
        """Return the model that came back.

        Raises:
            Failed: It is none.
        """
        _, model = expect_pair(self.answer.returned(), "the answer", self.called)
        if not isinstance(model, Handle):
            fail("the second part of the answer is no model", "the best model itself", called=self.called)
        return model

    def strategies(self) -> tuple[Fit, ...]:
        """Return the second-stage training of each fraction: the last one of its model, whatever number of epochs.

        Raises:
            Failed: There were fewer trainings of models with a backbone inside.
        """
        whole = [found for found in self.fits if self.places(found) is not None]
        last = {found.model.id: found for found in whole}
        ends = [found for found in whole if last[found.model.id] is found]
        chosen = [found for found in ends if not self._hands_its_head_on(found, whole)]
        if len(chosen) < len(FRACTIONS):
            chosen = ends
        if len(chosen) < len(FRACTIONS):  # one model throughout, set back for each fraction
            chosen = [found for found in whole if not self._hands_its_head_on(found, whole)]
        if len(chosen) < len(FRACTIONS):
            came = (
                f"`fit` trained {len(chosen)} models that have the backbone inside and a head that is trained already"
            )
            fail(came, f"{len(FRACTIONS)}, one for each fraction", called=self.called)
        return tuple(chosen[-len(FRACTIONS) :])

    def places(self, found: Fit) -> tuple[int, ...] | None:
        """Say where the backbone's arrays stand in a model: by value, else by their row of shapes; None: nowhere."""
        by_value = find_arrays(self.backbone, found.before)
        if None not in by_value:
            return tuple(index for index in by_value if index is not None)
        shapes, wanted = [array.shape for array in found.before], [array.shape for array in self.backbone]
        for start in range(len(shapes) - len(wanted) + 1):
            if shapes[start : start + len(wanted)] == wanted:
                return tuple(range(start, start + len(wanted)))
        return None

    def head(self, found: Fit) -> list[Array]:
        """Return the arrays a training began with that are not the backbone's."""
        places = set(self.places(found) or ())
        return [array for index, array in enumerate(found.before) if index not in places]

    def head_stage(self, found: Fit) -> Fit | None:
        """Return the training that this one's head comes from; None: it comes from none, or from another strategy's."""
        others = [other for other in self.fits if not any(other is strategy for strategy in self.strategies())]
        for other in others:
            if _holds(other.after, self.head(found)):
                return other
        return None

    def trained_before(self, stage: Fit) -> bool:
        """Whether a head stage began with a head that another training had left behind."""
        return any(other is not stage and _holds(other.after, self.head(stage)) for other in self.fits)

    def _hands_its_head_on(self, found: Fit, whole: Sequence[Fit]) -> bool:
        """Whether a later training began with the head that this one left."""
        later = whole[next(place for place, other in enumerate(whole) if other is found) + 1 :]
        return any(_holds(found.after, self.head(other)) for other in later)

    def layers_moved(self, found: Fit) -> set[str]:
        """Names of the backbone's layers that a training moved."""
        flags = moved(found.before, found.after)
        places = self.places(found) or ()
        paths = [variable.path.split("/")[-2] for variable in _backbone().weights]
        return {name for name, index in zip(paths, places, strict=True) if flags[index]}

    def own_layers(self, fraction: float) -> set[str] | None:
        """Names of the layers the student's own `unfreeze_fraction` unfreezes: a slip in it is charged there."""
        try:
            handle = place(self.submission, _backbone())
            self.submission.call("unfreeze_fraction", handle, fraction, model=True).returned()
            return {found.name for found in layer_flags(self.submission, handle) if found.trainable}
        except Failed:
            return None

    def own_count(self, found: Fit) -> Any:
        """What the student's own `count_parameters` says trains in a model: a slip in it is charged there."""
        try:
            counts = self.submission.call("count_parameters", found.model, model=True).returned()
        except Failed:
            return None
        return counts.get("trainable") if isinstance(counts, dict) else None


def _holds(arrays: Sequence[Array], wanted: Sequence[Array]) -> bool:
    return bool(wanted) and None not in find_arrays(wanted, arrays)


def compared(cases: Cases) -> Comparison:
    """Call `compare_strategies` once and remember what came of it."""
    return cases.once("compared", lambda: _compared(cases.submission))


def _backbone() -> Any:
    return tiny.tiny_backbone(batch_norm=False, seed=3)


def expected_layers(fraction: float) -> set[str]:
    """Names of the layers that train at a fraction for which no rounding is needed."""
    names = [layer.name for layer in tiny.counted_layers(_backbone())]
    return set(names[len(names) - round(fraction * len(names)) :])


def comparison_images(count: int, seed: int, shift: int) -> tuple[Array, Array]:
    """Images of all brightnesses, float32; labels 0, 1, 2 from dark to bright, then shifted cyclically.

    A network that learns the unshifted labels gets ever fewer of the shifted ones right: so its last epoch is its worst
    on them, and whoever reports another one is found out.
    """
    generator = np.random.default_rng(seed)
    brightness = (np.arange(count) + 0.5) / count
    images = 255 * brightness[:, None, None, None] * generator.uniform(0.6, 1, (count, 32, 32, 3))
    order = generator.permutation(count)
    labels = (np.floor(3 * brightness).astype(np.int64) + shift) % 3
    return images[order].astype(np.float32), labels[order]


def _compared(submission: Submission) -> Comparison:
    backbone = _backbone()
    training, validation = comparison_images(72, 11, 0), comparison_images(VALIDATION_IMAGES, 12, 1)
    encoder = Encoder()
    arguments = [training, validation, list(FRACTIONS), HEAD_EPOCHS, EPOCHS]
    content = {
        "op": "watch",
        "name": "compare_strategies",
        "args": [encoder.encode(value) for value in arguments],
        "config": backbone.to_json(),
        "first_weight": len(encoder.buffers),
    }
    arrays = [np.asarray(variable) for variable in backbone.weights]
    reply, buffers = submission.probe(content, [*encoder.buffers, *map(array_to_bytes, arrays)], model=True)
    if reply.get("missing"):
        submission.read("compare_strategies")  # says so
    answer = submission.read_answer(CALLED, reply, buffers)
    answer.returned()
    try:
        return Comparison(submission, answer, [_fit(found, buffers) for found in reply["fits"]], arrays, validation)
    except (ProtocolError, KeyError, TypeError, ValueError, IndexError) as error:
        raise Failed(f"what it trained could not be read ({error})", "models trained with `fit`", CALLED) from error


def _fit(found: dict[str, Any], buffers: Sequence[bytes]) -> Fit:
    def arrays(name: str) -> tuple[Array, ...]:
        return tuple(array_from_bytes(buffers[int(index)]) for index in found[name])

    handle = Handle(str(found["model"])[:40], "model")
    facts = ModelFacts(
        handle,
        description=str(found.get("description_after", "")),
        arrays=arrays("after"),
        trainable=tuple(flag is True for flag in found.get("trainable_after", ())),
        outputs=arrays("outputs"),
        not_described=str(found.get("not_described_after", "the model is too large to be watched"))[:300],
    )
    return Fit(
        model=handle,
        facts=facts,
        epochs=int(found["epochs"]),
        seconds=float(found["seconds"]),
        trainable=tuple(flag is True for flag in found["trainable"]),
        before=arrays("before"),
        after=facts.arrays,
    )


def trainable_parameters(found: Fit) -> int:
    """Count the parameters that were flagged trainable when a training began."""
    return sum(int(array.size) for array, flag in zip(found.before, found.trainable, strict=True) if flag)


def same_arrays(first: Sequence[Array], second: Sequence[Array]) -> bool:
    """Whether two models hold the same arrays, bit by bit."""
    return len(first) == len(second) and all(map(same_bits, first, second))

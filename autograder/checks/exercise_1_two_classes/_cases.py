"""Models built and fine-tuned by a student's functions, which several checks share."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np

from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.submission import Answer, Handle, Submission
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
from autograder.kerasmodels.witnesses import HEAD_RATE, LIVE, OWN, Array, Evaluation, FineTuned, Witness, evaluated

ALL_LAYERS = 4  # as many as count in the tiny backbone

SIZES = ((24, 32), (32, 24), (40, 32), (24, 40), (32, 40))
"""Of images, height and width: never square."""
SQUARE = (32, 32)

EVALUATED = 96
"""Images, of which those count that a model has an opinion of."""
UNFROZEN = {"trained": 2, "one by one": 3, "none": 0}
"""How many layers are to be unfrozen, by kind of case."""


class ModelCases(Cases):
    """Makes each case once and remembers how that ended.

    Args:
        submission: Whose functions are called.
        seed: Of what the models are made from: nobody can prepare for their sizes, numbers or images.
    """

    def __init__(self, submission: Submission, seed: int) -> None:
        super().__init__(submission)
        generator = np.random.default_rng(seed)
        self.oblong: tuple[int, int] = SIZES[generator.integers(len(SIZES))]
        """Height and width of images that are not square."""
        self.num_classes = int(generator.integers(4, 8))
        """More than two."""
        rate = float(np.round(int(generator.integers(10, 90)) * 1e-5 + 7e-6, 6))
        self.rates = {"trained": rate, "one by one": float(np.round(100 * rate, 4)), "none": rate}
        """Learning rates of fine-tuning, by kind of case. No rounding to five decimals leaves the smaller one as it is,
        and the other is larger than any in use: so a limit shows on either side."""
        self.seeds = [int(found) for found in generator.integers(1, 10**6, 8)]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that `build_feature_extractor` is asked with.

        They are not square, unless only a backbone for square ones comes through: that is charged once.
        """
        return self.once("size", self._size)

    def _size(self) -> tuple[int, int]:
        asked = self._plain(self.oblong), 2
        try:
            self.extractor(*asked)
        except Unanswered:  # whatever the images are
            return self.oblong
        except (Failed, Undecided):
            with contextlib.suppress(Failed, Undecided):
                self.extractor(self._plain(SQUARE), 2)
                return SQUARE
        return self.oblong

    def expect_any_size(self) -> None:
        """Expect that `build_feature_extractor` takes a backbone for images that are not square.

        Raises:
            Failed: It does not.
        """
        try:
            self.extractor(self._plain(self.oblong), 2)
        except Failed as problem:
            if self.size != SQUARE:
                raise
            height, width = self.oblong
            came = f"with a backbone for images of {height} × {width} pixels, {problem.came_back}"
            hint = "images need not be square: take their shape from `backbone.input_shape[1:]`"
            raise Failed(came, "a model, as for square images", problem.called, hint) from problem

    def _plain(self, size: tuple[int, int]) -> keras.Model:
        seed = self.seeds[0]
        return tiny.tiny_backbone(batch_norm=False, seed=seed, size=size, other_kinds=True, ends_with_weights=True)

    @property
    def plain_backbone(self) -> keras.Model:
        """Our backbone of several kinds of layers, without BatchNormalization, whose last layer has weights."""
        return self._plain(self.size)

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
        images = tiny.varied_images(EVALUATED, seed=self.seeds[2], size=self.size)
        return self.once(
            ("evaluated", id(backbone), num_classes),
            lambda: evaluated(self.submission, case.facts, images, case.called),
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
                `one by one`: flat, with a LayerNormalization and a depthwise convolution that count and a
                BatchNormalization in the head, its layers frozen one by one but for the first, 3 to unfreeze.
                `none`: flat, with BatchNormalization, nothing frozen, 0 to unfreeze.
        """

        def make() -> FineTuned:
            self._refuse_unanswered()
            return _fine_tuned(self, kind)

        return self.once(("tuned", kind), make)

    def ask_fine_tuning(self, unfrozen_layers: int) -> Answer:
        """Only call `start_fine_tuning`, for its errors."""
        return self._asked(unfrozen_layers)[0]

    def _asked(self, unfrozen_layers: int) -> tuple[Answer, keras.Model, Handle]:
        """The answer, our model as it was before, and the one in the kernel."""

        def make() -> tuple[Answer, keras.Model, Handle]:
            ours, model, backbone = _placed(self, "trained")
            arguments = (model, backbone, unfrozen_layers, self.rates["trained"])
            return self.submission.call("start_fine_tuning", *arguments, model=True), ours, model

        return self.once(("asked", unfrozen_layers), make)

    def normalization_learning_with_all(self) -> tuple[str, list[str]]:
        """Ask `start_fine_tuning` for all layers that count.

        Returns:
            The call; and the BatchNormalization layers of the backbone that would learn now.
        """
        answer, ours, model = self._asked(ALL_LAYERS)
        answer.returned()
        facts = describe(self.submission, model, "the model")
        paths = [variable.path for variable in ours.weights]
        learning = [path.split("/")[-2] for path, flag in zip(paths, facts.trainable, strict=False) if flag]
        return answer.called, [name for name in dict.fromkeys(learning) if "normalization_" in name]

    def among_dropouts(self) -> "AmongDropouts":
        """Ask `start_fine_tuning` for 3 layers of a backbone in which 4 count, and Dropouts stand between them."""
        return self.once(("tuned", "among dropouts"), lambda: _among_dropouts(self))

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
            came = f"{missing} of the backbone's {len(self.places)} arrays are not in the model as they were given"
            fail(
                came,
                "the backbone itself, with its weights",
                called=self.called,
                hint="use the backbone you were given, with its weights; do not clone, reload or train it",
            )
        return [found for found in self.places if found is not None]


class Unanswered(Failed):
    """There is no such function, or it is still the stub of the release."""


def _extractor(submission: Submission, backbone: keras.Model, num_classes: int) -> Extractor:
    given = place(submission, backbone)
    is_answered = False
    try:
        answer = submission.call("build_feature_extractor", given, num_classes, model=True)
        is_answered = answer.raised is None or not answer.raised.is_of_a_stub
        model = expect_model(answer.returned(), answer.called)
    except Failed as problem:
        if not is_answered:
            raise Unanswered(problem.came_back, problem.expected, problem.called, problem.hint) from problem
        raise
    facts = describe(submission, model, "the model that came back")
    places = find_arrays([np.asarray(variable) for variable in backbone.weights], facts.arrays)
    return Extractor(answer.called, facts, given, tuple(variable.path for variable in backbone.weights), tuple(places))


def _ours(cases: ModelCases, kind: str) -> tuple[keras.Model, keras.Model]:
    """Build a model for fine-tuning and return it with its backbone."""
    seeds, size = cases.seeds, cases.oblong
    if kind == "trained":
        backbone = tiny.tiny_backbone(batch_norm=True, seed=seeds[3], size=size)
        return tiny.with_head(backbone, 3, seed=seeds[4], flat=False), backbone
    is_mixed = kind == "one by one"
    backbone = tiny.tiny_backbone(batch_norm=not is_mixed, seed=seeds[5], size=size, other_kinds=is_mixed)
    return tiny.with_head(backbone, 3, seed=seeds[6], flat=True, normalized=is_mixed), backbone


def _placed(cases: ModelCases, kind: str) -> tuple[keras.Model, Handle, Handle]:
    """Build a model with a backbone in the kernel; return ours, the model's handle and the backbone's."""
    submission, (model, backbone) = cases.submission, _ours(cases, kind)
    if kind == "trained":
        handle = place(submission, model, frozen_layers=[1], learning_rate=HEAD_RATE)
        return model, handle, part_of(submission, handle, layer=1)
    # Keras keeps the metrics of an earlier compilation when the next one names none
    handle = place(submission, model, learning_rate=HEAD_RATE, metrics=())
    part = part_of(submission, handle, until=tiny.LAST_LAYER)
    counted = [index for index, layer in enumerate(backbone.layers) if layer.weights]
    # The flag of the backbone is True, whatever its layers': set to True once more, it does nothing.
    frozen = counted[1:] if kind == "one by one" else []
    submission.probe({"op": "layers", "model": part.id, "frozen": frozen}, model=True)
    return model, handle, part


class AmongDropouts(NamedTuple):
    """What a call makes of a backbone in which layers have a state and no weights."""

    called: str
    layers: tuple[str, ...]
    """Names of the backbone's layers."""
    wanted: tuple[str, ...]
    """Of those that have to learn now."""
    learning: frozenset[str]
    """Of those of the whole model that would."""

    def expect_counted(self) -> None:
        """Expect that Dropouts were not counted.

        Raises:
            Failed: A layer stays frozen that has to learn.
        """
        frozen = [name for name in self.wanted if name not in self.learning]
        if frozen:
            came = f"of a backbone with the layers {', '.join(self.layers)}, it left {' and '.join(frozen)} frozen"
            fail(came, "the last 3 of those that count to learn", called=self.called, hint=_WHAT_COUNTS)


def _among_dropouts(cases: ModelCases) -> AmongDropouts:
    submission = cases.submission
    x = inputs = keras.Input((8, 8, 3), name=tiny.of_ours("images"))
    counted = tuple(tiny.of_ours(f"convolution_{number}") for number in range(4))
    for number, name in enumerate(counted):
        x = keras.layers.Conv2D(4, 3, padding="same", name=name)(x)
        if number == 2:  # whoever knows its kind by the name counts it, too
            x = keras.layers.BatchNormalization(name=tiny.of_ours("moving_scale"))(x)
        x = keras.layers.Dropout(0.25, name=tiny.of_ours(f"dropped_{number}"))(x)
    backbone = keras.Model(inputs, x, name=tiny.of_ours("backbone"))
    ours = tiny.with_head(backbone, 3, seed=cases.seeds[4], flat=False)
    model = place(submission, ours, learning_rate=HEAD_RATE)
    part = part_of(submission, model, layer=1)
    answer = submission.call("start_fine_tuning", model, part, 3, cases.rates["trained"], model=True)
    try:
        answer.returned()
    except Failed as problem:
        came = f"with a backbone in which 4 layers count, {problem.came_back}"
        raise Failed(came, "its last 3 to learn", problem.called, _WHAT_COUNTS) from problem
    facts = describe(submission, model, "the model")
    names = (variable.path.split("/")[-2] for variable in ours.weights)
    learning = frozenset(name for name, learns in zip(names, facts.trainable, strict=False) if learns)
    return AmongDropouts(answer.called, tuple(layer.name for layer in backbone.layers[1:]), counted[1:], learning)


_WHAT_COUNTS = "every layer with weights counts that is no BatchNormalization; a Dropout has none"


def _fine_tuned(cases: ModelCases, kind: str) -> FineTuned:
    submission = cases.submission
    ours, model, backbone = _placed(cases, kind)
    before: Sequence[Array] = [np.asarray(variable) for variable in ours.weights]
    data = tiny.training_images(3, seed=cases.seeds[7], size=cases.oblong)
    if kind == "trained":
        # a model that has been trained keeps its traced step: a flag flipped without compiling again shows only then
        _, before = fit(submission, model, *data, traced=True)
    arguments = (model, backbone, UNFROZEN[kind], cases.rates[kind])
    answer = submission.call("start_fine_tuning", *arguments, model=True)
    returned = answer.returned()
    if returned is not None and not isinstance(returned, Handle):
        fail(f"it returned {brief(returned)}", "the model", called=answer.called)
    facts = describe(submission, returned or model, "the model that came back")
    history, evaluation, witnesses = None, None, []
    if kind != "one by one":
        witnesses.append(Witness(OWN, tuple(own_steps(facts, *data))))
    if kind == "trained":
        images = tiny.varied_images(EVALUATED, seed=cases.seeds[7], size=cases.oblong)
        evaluation = evaluated(submission, facts, images, answer.called)
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

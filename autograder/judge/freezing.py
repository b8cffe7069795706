"""Cases of exercise 2: models around a backbone that a student's function has unfrozen, and models it has counted."""

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from autograder.judge import tiny
from autograder.judge.cases import HEAD_RATE, OWN, Cases, FineTuned, Witness
from autograder.judge.checking import fail
from autograder.judge.models import describe, own_steps, part_of, place
from autograder.judge.submission import Answer, Submission
from autograder.kernels.values import Handle

Array = np.ndarray[Any, Any]


class Unfrozen(NamedTuple):
    """A backbone after the student's `unfreeze_fraction`, and what training a model around it then moves."""

    answer: Answer
    backbone: Handle
    """What the function was given."""
    trained: FineTuned

    def layers_moved(self) -> int:
        """How many of the layers that count moved, whichever they are."""
        witness = self.trained.witnesses[0]
        return sum(any(witness.moved[place] for place in places) for _, places in self.trained.layers)


class LayerFlags(NamedTuple):
    """One layer of a model in the student's kernel."""

    name: str
    class_name: str
    parameters: int
    trainable: int
    """Parameters of it that a model around it would train."""


def unfrozen(
    cases: Cases, fraction: float, *, flat: bool, frozen: bool = False, earlier: tuple[float, ...] = ()
) -> Unfrozen:
    """What `unfreeze_fraction` makes of a backbone of ours inside a model of ours.

    Args:
        cases: Remembers it.
        fraction: Argument of the call.
        flat: Whether the backbone's layers are the model's own, without BatchNormalization; these arrive frozen as a
            whole. Otherwise it is nested, with BatchNormalization.
        frozen: Whether a nested one arrives frozen, as a whole, or with every layer trainable.
        earlier: Fractions of calls on the same backbone before.
    """
    key = ("unfrozen", fraction, flat, frozen, earlier)
    return cases.once(key, lambda: _unfrozen(cases.submission, (*earlier, fraction), flat=flat, frozen=frozen))


def _unfrozen(submission: Submission, fractions: tuple[float, ...], *, flat: bool, frozen: bool) -> Unfrozen:
    backbone = tiny.tiny_backbone(batch_norm=not flat, seed=2 if flat else 1)
    ours = tiny.with_head(backbone, 3, seed=6, flat=flat)
    model = place(submission, ours, frozen_layers=[1] if frozen else [], learning_rate=HEAD_RATE)
    part = part_of(submission, model, until=tiny.LAST_LAYER) if flat else part_of(submission, model, layer=1)
    for fraction in fractions:
        answer = submission.call("unfreeze_fraction", part, fraction, model=True)
        answer.returned()
    facts = describe(submission, model, "the model around the backbone")
    if [array.shape for array in facts.arrays] != [tuple(variable.shape) for variable in ours.weights]:
        fail("the model around the backbone lost or gained arrays", "the same layers", called=answer.called)
    data = tiny.training_images(3, seed=8)
    # Rebuilt only: the function compiles nothing, so there is no state that a rebuilt model would lose.
    witness = Witness(OWN, tuple(own_steps(facts, *data)))
    names = [variable.path for variable in ours.weights]

    def of(part: str) -> tuple[int, ...]:
        return tuple(index for index, path in enumerate(names) if f"{part}/" in path)

    return Unfrozen(
        answer,
        part,
        FineTuned(
            called=answer.called,
            before=facts.arrays,
            facts=facts,
            layers=tuple((layer.name, of(layer.name)) for layer in tiny.counted_layers(backbone)),
            normalization=tuple(index for index, path in enumerate(names) if "normalization_" in path),
            head=(*of(tiny.of_ours("hidden")), *of(tiny.of_ours("probabilities"))),
            witnesses=(witness,),
            history=None,
        ),
    )


def layer_flags(submission: Submission, model: Handle, frozen: list[int] | None = None) -> list[LayerFlags]:
    """Read sizes and flags of a model's layers in the kernel, without its arrays; first set the flags, if asked to.

    Args:
        submission: Whose kernel.
        model: The model there.
        frozen: Positions of the layers to freeze while all others become trainable; None: leave the flags alone.

    Raises:
        Failed: The answer cannot be read.
    """
    content = {"op": "layers", "model": model.id} | ({} if frozen is None else {"frozen": frozen})
    reply, _ = submission.probe(content, model=True)
    try:
        return [
            LayerFlags(str(found["name"]), str(found["class"]), int(found["parameters"]), int(found["trainable"]))
            for found in reply["layers"]
        ]
    except (KeyError, TypeError, ValueError):
        return fail("the layers of the model could not be read", "a keras.Model")


class Counted(NamedTuple):
    """What the student's `count_parameters` says of a model of ours, and what is right."""

    called: str
    found: Any
    trainable: int
    frozen: int


def counted(cases: Cases, model: keras.Model, what: str) -> Counted:
    """Let `count_parameters` count a model of ours, its layers frozen as ours are.

    Args:
        cases: Remembers it.
        model: Flat or nested; flags are set on its own layers only.
        what: Names the case.
    """
    return cases.once(("counted", what), lambda: _counted(cases.submission, model))


def _counted(submission: Submission, model: keras.Model) -> Counted:
    frozen = [index for index, layer in enumerate(model.layers) if not layer.trainable]
    answer = submission.call("count_parameters", place(submission, model, frozen_layers=frozen), model=True)
    found = answer.returned()
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_weights)
    everything = {id(variable): int(np.prod(variable.shape)) for variable in model.weights}
    return Counted(answer.called, found, trainable, sum(everything.values()) - trainable)


def plain_model() -> keras.Model:
    """A head on a frozen convolution, with nothing special about it."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="convolution"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(7, activation="relu", name="hidden"),
            layers.Dense(3, activation="softmax", name="probabilities"),
        ]
    )
    model.layers[0].trainable = False
    return model


def normalized_model() -> keras.Model:
    """A trainable BatchNormalization between trainable layers: gamma and beta train, the two statistics never do."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(5, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def dropout_model() -> keras.Model:
    """Two layers that carry the state of a random generator, which is no parameter."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip("horizontal", seed=1),
            layers.Flatten(),
            layers.Dense(6, activation="relu"),
            layers.Dropout(0.3, seed=2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.layers[2].trainable = False
    return model


def counted_shared(cases: Cases) -> Counted:
    """The same of a model that uses a layer twice: inside a nested model, and once more behind that."""
    return cases.once(("counted", "shared"), lambda: _counted_shared(cases.submission))


def _counted_shared(submission: Submission) -> Counted:
    nested = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="twice"), layers.Activation("relu")])
    model = part_of(submission, place(submission, nested), again=0)
    answer = submission.call("count_parameters", model, model=True)
    return Counted(answer.called, answer.returned(), nested.count_params(), 0)

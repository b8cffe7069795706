"""Cases: models around a backbone that a student's function has unfrozen, and models it has counted."""

import functools
import json
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from autograder.judge.cases import Cases
from autograder.judge.checking import fail
from autograder.judge.submission import Answer, Handle, Submission
from autograder.kerasmodels import tiny
from autograder.kerasmodels.models import describe, own_steps, part_of, place
from autograder.kerasmodels.witnesses import HEAD_RATE, OWN, FineTuned, Witness

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


ARRIVALS = ("learning", "frozen", "one by one", "thawed")
"""How a backbone may arrive: all of it trainable; frozen as a whole; frozen layer by layer, so that its own flag still
says True; frozen as a whole, and then some layers made trainable again."""


def unfrozen(
    cases: Cases,
    fraction: float,
    *,
    flat: bool,
    seed: int,
    blocks: int = 4,
    arrives: str = "learning",
    earlier: tuple[float, ...] = (),
) -> Unfrozen:
    """What `unfreeze_fraction` makes of a backbone of ours inside a model of ours.

    Args:
        cases: Remembers it.
        fraction: Argument of the call.
        flat: Whether the backbone's layers are the model's own, without normalization; these arrive frozen as a
            whole. Otherwise it is nested, with BatchNormalization behind most convolutions, and one
            LayerNormalization, which counts as a layer like any other.
        seed: Of its arrays and sizes.
        blocks: How many layers count.
        arrives: One of `ARRIVALS`, for a nested one.
        earlier: Fractions of calls on the same backbone before.
    """
    key = ("unfrozen", fraction, type(fraction), flat, blocks, arrives, earlier)
    make = functools.partial(_unfrozen, cases.submission, (*earlier, fraction), flat, seed, blocks, arrives)
    return cases.once(key, make)


@functools.cache
def _nested_backbone(seed: int, blocks: int) -> keras.Model:
    """A backbone in which `blocks` layers count: convolutions, and one LayerNormalization among the last ones."""
    filters, layer_norm = 4 + seed % 3, blocks - 2
    inputs = keras.Input((32, 32, 3), name=tiny.of_ours("images"))
    x = layers.Rescaling(1 / 127.5, offset=-1, name=tiny.of_ours("preprocessing"))(inputs)
    for block in range(blocks):
        if block == layer_norm:
            x = layers.LayerNormalization(name=tiny.of_ours("scaled_layer"))(x)
            continue
        x = layers.Conv2D(
            filters, 3, strides=2 if block < 3 else 1, padding="same", name=tiny.of_ours(f"convolution_{block}")
        )(x)
        x = layers.BatchNormalization(name=tiny.of_ours(f"normalization_{block}"))(x)
        x = layers.LeakyReLU(0.2, name=tiny.of_ours(f"activation_{block}"))(x)
    model = keras.Model(inputs, x, name=tiny.of_ours("backbone"))
    tiny.randomise(model, seed % 2**31)
    return model


def _unfrozen(
    submission: Submission, fractions: tuple[float, ...], flat: bool, seed: int, blocks: int, arrives: str
) -> Unfrozen:
    backbone = (
        tiny.tiny_backbone(batch_norm=False, seed=seed % 2**31, blocks=blocks, filters=4 + seed % 3)
        if flat
        else _nested_backbone(seed, blocks)
    )
    ours = tiny.with_head(backbone, 3, seed=6, flat=flat)
    frozen = [1] if not flat and arrives in ("frozen", "thawed") else []
    model = place(submission, ours, frozen_layers=frozen, learning_rate=HEAD_RATE)
    part = part_of(submission, model, until=tiny.LAST_LAYER) if flat else part_of(submission, model, layer=1)
    if arrives in ("one by one", "thawed") and not flat:
        first = seed % (len(backbone.layers) // 2)
        positions = range(len(backbone.layers)) if arrives == "one by one" else range(first)
        layer_flags(submission, part, list(positions), one_by_one=True)
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
            before=tuple(np.asarray(variable) for variable in ours.weights),
            facts=facts,
            layers=tuple((layer.name, of(layer.name)) for layer in tiny.counted_layers(backbone)),
            normalization=tuple(index for index, path in enumerate(names) if "normalization_" in path),
            head=(*of(tiny.of_ours("hidden")), *of(tiny.of_ours("probabilities"))),
            witnesses=(witness,),
            history=None,
        ),
    )


class AmongDropouts(NamedTuple):
    """What a call makes of a backbone in which layers have a state and no weights."""

    called: str
    learning: tuple[str, ...]
    """Names of the layers that a model around it would now train; a check of its own asks for BatchNormalization."""
    counted: tuple[str, ...]
    """Names of those that count."""
    before: str
    """What the backbone was, but for its flags; empty if there is no saying."""
    after: str


def among_dropouts(cases: Cases, fraction: float, seed: int) -> AmongDropouts:
    """What `unfreeze_fraction` makes of a backbone with Dropouts, which have a state and no weights.

    Args:
        cases: Remembers it.
        fraction: Argument of the call.
        seed: Of its arrays and sizes.
    """
    return cases.once(("among dropouts", fraction), lambda: _among_dropouts(cases.submission, fraction, seed))


def _among_dropouts(submission: Submission, fraction: float, seed: int) -> AmongDropouts:
    # a Normalization is not among them: it has weights and learns none, and by "layers that learn" it is left out
    x = inputs = keras.Input((8, 8, 3), name=tiny.of_ours("images"))
    for block in range(4):
        x = layers.Conv2D(3 + seed % 4, 3, padding="same", name=tiny.of_ours(f"convolution_{block}"))(x)
        # whoever knows its kind by the name counts it, too
        x = layers.BatchNormalization(momentum=0.9, name=tiny.of_ours(f"moving_scale_{block}"))(x)
        if block in (2, 3):
            x = layers.Dropout(0.25, name=tiny.of_ours(f"dropped_{block}"))(x)
    ours = keras.Model(inputs, x, name=tiny.of_ours("backbone"))
    backbone = place(submission, ours)
    before = describe(submission, backbone, "the backbone")
    answer = submission.call("unfreeze_fraction", backbone, fraction, model=True)
    answer.returned()
    flags = layer_flags(submission, backbone)
    learning = tuple(layer.name for layer in flags if layer.trainable and layer.class_name != "BatchNormalization")
    after = describe(submission, backbone, "the backbone")
    counted = tuple(layer.name for layer in tiny.counted_layers(ours))
    return AmongDropouts(
        answer.called, learning, counted, *(_without_flags(found.description) for found in (before, after))
    )


def _without_flags(description: str) -> str:
    """What a description says of a model besides its flags; nothing if there is none."""

    def stripped(content: Any) -> Any:
        if isinstance(content, dict):
            flags = ("trainable", "flag", "flags", "variables")  # as `transferlab.portable` has them
            return {key: stripped(value) for key, value in content.items() if key not in flags}
        return [stripped(value) for value in content] if isinstance(content, list) else content

    return json.dumps(stripped(json.loads(description))) if description else ""


def layer_flags(
    submission: Submission, model: Handle, frozen: list[int] | None = None, *, one_by_one: bool = False
) -> list[LayerFlags]:
    """Read sizes and flags of a model's layers in the kernel, without its arrays; first set the flags, if asked to.

    Args:
        submission: Whose kernel.
        model: The model there.
        frozen: Positions of the layers to freeze while all others become trainable; None: leave the flags alone.
        one_by_one: Leave the flag of the model as a whole as it is.

    Raises:
        Failed: The answer cannot be read.
    """
    setting = {} if frozen is None else {"frozen": frozen, "one_by_one": one_by_one}
    content = {"op": "layers", "model": model.id} | setting
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
    changed: bool = False
    """Whether the call left other flags behind."""


def counted(cases: Cases, model: keras.Model, what: str) -> Counted:
    """Let `count_parameters` count a model of ours, its layers frozen as ours are.

    Args:
        cases: Remembers it.
        model: Flat or nested; flags are set on its own layers, and on those of the models among them.
        what: Names the case.
    """
    return cases.once(("counted", what), lambda: _counted(cases.submission, model))


def _counted(submission: Submission, model: keras.Model) -> Counted:
    frozen = [index for index, layer in enumerate(model.layers) if not layer.trainable]
    placed = place(submission, model, frozen_layers=frozen)
    inside = {
        index: [place for place, part in enumerate(layer.layers) if not part.trainable]
        for index, layer in enumerate(model.layers)
        if isinstance(layer, keras.Model) and layer.trainable
    }
    parts = [(part_of(submission, placed, layer=index), positions) for index, positions in inside.items()]
    for part, positions in parts:
        layer_flags(submission, part, positions, one_by_one=True)
    before = [layer_flags(submission, part) for part, _ in [(placed, None), *parts]]
    answer = submission.call("count_parameters", placed, model=True)
    found = answer.returned()
    after = [layer_flags(submission, part) for part, _ in [(placed, None), *parts]]
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_weights)
    everything = {id(variable): int(np.prod(variable.shape)) for variable in model.weights}
    return Counted(answer.called, found, trainable, sum(everything.values()) - trainable, before != after)


def counted_frozen(cases: Cases, seed: int) -> Counted:
    """The same of a model that is frozen as a whole, by its own flag: whoever sets that flag changes all inside."""
    return cases.once(("counted", "frozen"), lambda: _counted_frozen(cases.submission, plain_model(seed)))


def _counted_frozen(submission: Submission, model: keras.Model) -> Counted:
    inputs = keras.Input(model.input_shape[1:])
    around = place(submission, keras.Model(inputs, model(inputs)), frozen_layers=[1])
    before = layer_flags(submission, around)
    answer = submission.call("count_parameters", part_of(submission, around, layer=1), model=True)
    found = answer.returned()
    return Counted(answer.called, found, 0, model.count_params(), before != layer_flags(submission, around))


def plain_model(seed: int) -> keras.Model:
    """A head on a frozen convolution; a parameter of half precision is one, too."""
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4 + seed % 5, 3, name="convolution"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(7 + seed // 5 % 7, activation="relu", name="hidden", dtype="float16"),
            layers.Dense(3, activation="softmax", name="probabilities"),
        ]
    )
    model.layers[0].trainable = False
    return model


def twin_model(seed: int) -> keras.Model:
    """Two nested models whose layers have the same names, the first layer of each frozen, and a frozen head on both."""
    inputs = keras.Input((8, 8, 3))

    def tower(name: str) -> keras.Model:
        entry = keras.Input((8, 8, 3))
        x = layers.Conv2D(3 + seed % 4, 3, name="convolution_1")(entry)
        x = layers.Conv2D(4 + seed // 4 % 5, 3, name="convolution_2")(x)
        found = keras.Model(entry, layers.GlobalAveragePooling2D()(x), name=name)
        found.layers[1].trainable = False
        return found

    x = layers.Concatenate()([tower(name)(inputs) for name in ("left", "right")])
    return keras.Model(inputs, layers.Dense(3, activation="softmax", trainable=False, name="probabilities")(x))


def normalized_model(seed: int) -> keras.Model:
    """A trainable BatchNormalization between trainable layers: gamma and beta train, the two statistics never do.

    Nor do those of the Normalization in front; each of these is one number.
    """
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Normalization(axis=None),
            layers.Conv2D(5 + seed % 7, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def dropout_model(seed: int) -> keras.Model:
    """Two layers that carry the state of a random generator, which is no parameter.

    Beside them stands what is left out with them by whoever looks for it by its name: a layer that is called like one.
    """
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.RandomFlip("horizontal", seed=1),
            layers.Flatten(),
            layers.Dense(6 + seed % 7, activation="relu"),
            layers.Dropout(0.3, seed=2),
            layers.Dense(5, activation="relu", name="seedling"),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.layers[2].trainable = False
    return model


def counted_shared(cases: Cases, seed: int, *, frozen: bool) -> Counted:
    """The same of a model that uses a layer twice: inside a nested model, and once more behind that."""
    return cases.once(("counted", "shared", frozen), lambda: _counted_shared(cases.submission, seed, frozen=frozen))


def _counted_shared(submission: Submission, seed: int, *, frozen: bool) -> Counted:
    size = 4 + seed % 9
    nested = keras.Sequential([keras.Input((size,)), layers.Dense(size, name="twice"), layers.Activation("relu")])
    model = part_of(submission, place(submission, nested, frozen_layers=[0] if frozen else []), again=0)
    before = layer_flags(submission, model)
    answer = submission.call("count_parameters", model, model=True)
    found, count = answer.returned(), nested.count_params()
    trainable = 0 if frozen else count
    return Counted(answer.called, found, trainable, count - trainable, before != layer_flags(submission, model))

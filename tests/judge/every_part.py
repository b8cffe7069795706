"""Models of every public part of Keras, enumerated from Keras itself, and random graphs of them.

`python -m tests.judge.every_part` tries them all and writes the table of what cannot be carried into the docs.
"""

import inspect
import json
import os
import random
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from autograder.judge.checking import Failed, Undecided
from autograder.kerasmodels.models import ModelFacts, describe, moved, own_steps
from autograder.kernels import probe
from autograder.kernels.values import Handle

PAGE = Path(__file__).parents[2] / "docs" / "what-can-be-graded.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
SHAPES: tuple[tuple[int, ...], ...] = ((8, 8, 3), (6, 4), (5,), (4, 4, 4, 2), (4, 6, 6, 2), (2, 3, 3, 3, 2))
STEPS = 3

# What a constructor that insists on an argument is given, by the argument's name.
ARGUMENTS: dict[str, Callable[[], Any]] = {
    "activation": lambda: "relu",
    "axes": lambda: -1,
    "cell": lambda: layers.GRUCell(3),
    "cells": lambda: [layers.GRUCell(3), layers.LSTMCell(2)],
    "dims": lambda: (2, 1),
    "equation": lambda: "ab,bc->ac",
    "factor": lambda: 0.2,
    "filters": lambda: 3,
    "function": lambda: lambda tensor: tensor,
    "head_dim": lambda: 2,
    "height": lambda: 4,
    "height_factor": lambda: 0.1,
    "input_dim": lambda: 300,
    "kernel_size": lambda: 2,
    "inner_optimizer": keras.optimizers.SGD,
    "key_dim": lambda: 2,
    "layer": lambda: layers.Dense(3),
    "layers": lambda: [layers.RandomFlip(), layers.RandomContrast(0.1)],
    "n": lambda: 2,
    "num_bins": lambda: 4,
    "num_classes": lambda: 3,
    "num_heads": lambda: 2,
    "num_key_value_heads": lambda: 1,
    "num_query_heads": lambda: 2,
    "output_dim": lambda: 3,
    "output_shape": lambda: (3,),
    "output_size": lambda: 2,
    "pool_size": lambda: 2,
    "precision": lambda: 0.5,
    "rate": lambda: 0.2,
    "recall": lambda: 0.5,
    "scale": lambda: 1 / 255,
    "sensitivity": lambda: 0.5,
    "specificity": lambda: 0.5,
    "stddev": lambda: 0.1,
    "target_class_ids": lambda: [0, 1],
    "target_shape": lambda: (-1,),
    "units": lambda: 3,
    "width": lambda: 4,
    "width_factor": lambda: 0.1,
}
# And where an argument of that name means something else, or a default fits no small input.
OTHER_ARGUMENTS: dict[str, dict[str, Callable[[], Any]]] = {
    "Bidirectional": {"layer": lambda: layers.GRU(3)},
    "CategoryEncoding": {"num_tokens": lambda: 300},
    "Discretization": {"bin_boundaries": lambda: [10.0, 100.0]},
    "GroupNormalization": {"groups": lambda: 1},
    "RandomPosterization": {"factor": lambda: 4},
}
# What is given for more variety than the defaults have, where the constructor takes it.
VARIETY: dict[str, tuple[Any, ...]] = {
    "activation": ("relu", "tanh", keras.ops.sigmoid, keras.activations.gelu),
    "use_bias": (True, False),
    "padding": ("same",),
    "trainable": (True, True, False),
    "kernel_regularizer": (None, "l2", keras.regularizers.L1(1e-4)),
    "kernel_initializer": ("he_normal", keras.initializers.TruncatedNormal(stddev=0.05)),
    "dtype": ("float32", "float32", "mixed_bfloat16"),
}


class NoFit(Exception):
    """A part cannot be used in a model at all, by nobody; the text says why."""


class Direct:
    """A kernel in this process: questions and answers cross as they do, as JSON and bytes."""

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes] = (), *, model: bool = False
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Carry out one operation of the probe."""
        reply, answered = probe.handle(json.loads(json.dumps(content)), list(buffers), {})
        if "failed" in reply:
            raise Failed(str(reply["failed"]))
        return json.loads(json.dumps(reply)), [bytes(data) for data in answered]


def carried(model: keras.Model) -> ModelFacts:
    """Carry a model as the judge does, and make sure that the copy is proven.

    Raises:
        Failed: It is refused.
        Undecided: The copy is none, or another model.
    """
    probe.handle({"op": "forget"}, [], {})
    handle = Handle(probe._keep(model), "keras.Model")
    facts = describe(Direct(), handle)  # type: ignore[arg-type]
    facts.rebuilt()
    return facts


def problem_with(model: keras.Model, *, random_parts: bool = False) -> str:
    """Say what of a model is lost on the way, before or after a training step; "" if nothing."""
    try:
        facts = carried(model)
    except (Failed, Undecided) as error:
        return re.sub(r"The grader could not make a copy of the model that is the same: (.*)\.$", r"\1", str(error))
    data = training_data(model)
    try:
        original = steps_of(model, *data)
    except Exception as error:
        raise NoFit(f"{type(error).__name__} when it is trained") from error
    steps = own_steps(facts, *data)
    if steps != original and not random_parts:
        return f"a training step moves {sum(original)} arrays of the model, and {sum(steps)} of its copy"
    return ""


def training_data(model: keras.Model) -> tuple[Any, Any]:
    """Draw inputs (8, ...) and labels of three classes."""
    generator = np.random.default_rng(1)
    return generator.uniform(0, 255, (8, *model.input_shape[1:])).astype(np.float32), np.arange(8) % 3


def steps_of(model: keras.Model, images: Any, labels: Any) -> list[bool]:
    """Train the original as the judge trains its copy, and say which arrays moved."""
    before = [np.asarray(variable).astype(np.float32) for variable in model.weights]
    trains = {id(variable) for variable in model.trainable_variables}
    model.compile(
        optimizer=keras.optimizers.SGD(0.05), loss="sparse_categorical_crossentropy", metrics=[], run_eagerly=True
    )
    found: list[bool] = []
    for _ in range(STEPS):
        model.train_on_batch(images, labels)
        found = moved(before, [np.asarray(variable).astype(np.float32) for variable in model.weights])
        if all(flag for flag, variable in zip(found, model.weights, strict=True) if id(variable) in trains):
            break
    return found


def classes_of(module: Any) -> dict[str, Any]:
    """Return the public classes of a module by name, each once."""
    found: dict[str, Any] = {}
    for name, value in sorted(vars(module).items()):
        if inspect.isclass(value) and not any(value is other for other in found.values()):
            found[name] = value
    return found


def make(kind: Any, variety: random.Random | None = None) -> Any:
    """Make a layer with the arguments its constructor insists on, and with some more if there is variety.

    Raises:
        NoFit: It cannot be made.
    """
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    plain = [one for one in parameters if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    given = {name: value() for name, value in OTHER_ARGUMENTS.get(kind.__name__, {}).items()}
    for one in plain:
        if one.default is one.empty and one.name not in given:
            if one.name not in ARGUMENTS:
                raise NoFit(f"needs {one.name!r}")
            given[one.name] = ARGUMENTS[one.name]()
    more = {one.name for one in parameters if one.default is not one.empty} | {"trainable", "dtype"}
    if variety is not None:
        chosen = {name: variety.choice(values) for name, values in VARIETY.items() if name in more}
        try:
            return kind(**given, **chosen)
        except (TypeError, ValueError):
            pass  # this one does not take them
    try:
        return kind(**given)
    except Exception as error:
        raise NoFit(f"{type(error).__name__} when it is made") from error


def apply(layer: Any, x: Any) -> Any:
    """Call a layer on one tensor, or as a merging layer on two.

    Raises:
        NoFit: It takes neither.
    """
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: layer(x),
        lambda: layer([x, x * 0.5]),
        lambda: layer(x, x * 0.5),
        lambda: layer(x, x * 0.5, x * 2),
    )
    for call in kinds:
        try:
            outputs = keras.tree.flatten(call())
        except Exception:  # noqa: BLE001 (Keras raises every kind for what a layer does not take)
            continue
        if outputs and all(isinstance(output, keras.KerasTensor) for output in outputs):
            return outputs[0]
    raise NoFit("takes neither one tensor of numbers nor two")


def head(x: Any) -> Any:
    """Put a classifier of three classes behind a tensor of any shape."""
    if len(x.shape) == 1:
        x = layers.Reshape((1,))(x)
    if len(x.shape) > 2:
        x = layers.Flatten()(x)
    return layers.Dense(3, activation="softmax", dtype="float32")(x)


def model_with(kind: Any) -> keras.Model:
    """Make a model around a layer of this class, on the first shape of inputs that it takes.

    Raises:
        NoFit: It takes none.
    """
    said = ""
    for shape in SHAPES:
        layer = make(kind)
        inputs = keras.Input(shape)
        try:
            model = keras.Model(inputs, head(apply(layer, inputs / 64.0 if layer.weights else inputs)))
            for training in (True, False):
                model(np.zeros((2, *shape), np.float32), training=training)
        except NoFit as problem:
            said = said or str(problem)
        except Exception as error:  # noqa: BLE001 (what it takes in theory may fail in practice)
            said = said or f"{type(error).__name__} when it is used"
        else:
            return model
    raise NoFit(said)


def every_layer() -> Iterator[tuple[str, Callable[[], keras.Model]]]:
    """Yield each public layer with a function that makes a model of it."""
    for name, kind in classes_of(layers).items():
        if issubclass(kind, layers.Layer) and kind not in (layers.Layer, layers.InputLayer):
            yield f"layers.{name}", lambda kind=kind: model_with(kind)


def _dense(**given: Any) -> keras.Model:
    inputs = keras.Input((6,))
    try:
        model = keras.Model(inputs, head(layers.Dense(6, **given)(inputs / 64.0)))
        model(np.zeros((2, 6), np.float32))
        return model
    except Exception as error:  # Keras raises every kind for what does not belong into a Dense
        raise NoFit(f"{type(error).__name__} in a Dense layer") from error


def every_other_part() -> Iterator[tuple[str, Callable[[], keras.Model]]]:
    """Yield each activation, initializer, regularizer, constraint, loss, metric and optimizer with a model of it."""
    for name, function in sorted(vars(keras.activations).items()):
        if inspect.isfunction(function) and name not in ("deserialize", "get", "serialize"):
            yield f"activations.{name}", lambda function=function: _dense(activation=function)
    for where, argument in (
        (keras.initializers, "kernel_initializer"),
        (keras.regularizers, "kernel_regularizer"),
        (keras.constraints, "kernel_constraint"),
    ):
        for name, kind in classes_of(where).items():
            room = where.__name__.rpartition(".")[2]
            yield f"{room}.{name}", lambda kind=kind, argument=argument: _dense(**{argument: make(kind)})
    for where, argument in ((keras.losses, "loss"), (keras.metrics, "metrics"), (keras.optimizers, "optimizer")):
        for name, kind in classes_of(where).items():
            room = where.__name__.rpartition(".")[2]
            yield f"{room}.{name}", lambda kind=kind, argument=argument: _compiled(argument, kind)


def _compiled(argument: str, kind: Any) -> keras.Model:
    model = _dense()
    made = make(kind)
    try:
        model.compile(**{"loss": "mse", argument: [made] if argument == "metrics" else made})
    except Exception as error:  # base classes are no loss and no optimizer
        raise NoFit(f"{type(error).__name__} when a model is compiled with it") from error
    return model


# --- random graphs

NAMES = (
    "pool",
    "head",
    "backbone",
    "dense",
    "model",
    "input_layer",
    "a.b",
    "Schicht ü",
    "x y",
    "层",
    "hidden",
    "0",
    "_",
)


class Graph:
    """One random model.

    Args:
        seed: The same seed, the same model.
        kinds: Layer classes that it is made of.
    """

    def __init__(self, seed: int, kinds: Sequence[Any]) -> None:
        self._draw = random.Random(seed)
        self._kinds = list(kinds)
        self._names = self._draw.sample(NAMES, len(NAMES))
        self.used: list[str] = []

    def model(self) -> keras.Model:
        """Make it: branches of layers, some used twice, some inside nested models and beside them."""
        draw = self._draw
        inputs = keras.Input((8, 8, 3))
        x = inputs / 128.0
        backbone = self._nested(depth=0)
        branches = [self._pooled(backbone(x))]
        if draw.random() < 0.5:  # the same model once more, in other company
            average = keras.Sequential([backbone, layers.GlobalAveragePooling2D()], name=self._name())
            branches.append(average(x))
        if draw.random() < 0.5:  # maps of two depths
            both = keras.Model(backbone.inputs, [draw.choice(backbone.layers).output, backbone.output])
            branches += [self._pooled(output) for output in keras.tree.flatten(both(x))]
        if draw.random() < 0.5:  # a layer from inside, beside its model
            inside = [layer for layer in backbone.layers if isinstance(layer, layers.Conv2D)]
            branches += [self._pooled(draw.choice(inside)(x))] if inside else []
        if draw.random() < 0.5:
            center = np.random.default_rng(draw.randrange(99)).normal(size=branches[0].shape[-1])
            branches[0] = (branches[0] - center.astype(draw.choice(["float32", "float64"]))) / np.float32(1.5)
        together = layers.Concatenate()([layers.Flatten()(branch) for branch in branches])
        hidden = layers.Dense(5, activation=draw.choice([keras.ops.tanh, "relu", keras.activations.silu]))(together)
        model = keras.Model(inputs, head(hidden), name=self._name())
        self._flags(model, backbone)
        return model

    def _flags(self, model: keras.Model, backbone: keras.Model) -> None:
        kind = self._draw.randrange(4)
        backbone.trainable = kind != 0
        if kind == 1:
            for layer in backbone.layers[: len(backbone.layers) // 2]:
                layer.trainable = False
        if kind == 2:
            backbone.trainable = False
            backbone.layers[-1].trainable = True
        if kind == 3:
            for variable in backbone.weights[::2]:
                variable.trainable = False
        for variable in model.weights:  # trained once, so to speak
            if str(variable.dtype).startswith("float") and not variable.path.endswith("variance"):
                generator = np.random.default_rng(len(variable.path))
                variable.assign(np.asarray(variable) + generator.normal(0, 0.05, variable.shape).astype(np.float32))

    def _nested(self, depth: int) -> keras.Model:
        inputs = keras.Input((8, 8, 3))
        x = layers.Conv2D(3, 3, padding="same")(inputs)
        for _ in range(self._draw.randint(1, 3)):
            x = self._step(x)
        if depth < 1 and self._draw.random() < 0.5:
            inner = self._nested(depth + 1)
            x = layers.Concatenate()([self._as_maps(x), inner(self._as_maps(x))])
        return keras.Model(inputs, x, name=self._name())

    def _step(self, x: Any) -> Any:
        for _ in range(20):
            kind = self._draw.choice(self._kinds)
            try:
                y = apply(make(kind, self._draw), x)
            except NoFit:
                continue
            if all(isinstance(side, int) for side in y.shape[1:]) and np.prod(y.shape[1:]) <= 600:
                self.used.append(kind.__name__)
                return self._as_maps(y)
        return x

    @staticmethod
    def _as_maps(y: Any) -> Any:
        if y.shape[1:] == (8, 8, 3):
            return y
        return layers.Reshape((8, 8, 3))(layers.Dense(192)(layers.Flatten()(y)))

    @staticmethod
    def _pooled(y: Any) -> Any:
        return layers.GlobalMaxPooling2D()(y) if len(y.shape) == 4 else y

    def _name(self) -> str:
        return self._names.pop()


# --- the table


def is_random(name: str) -> bool:
    """Whether a training step of a layer depends on chance."""
    return bool(re.search(r"Random|Dropout|Noise|Mix|Aug|Pipeline|Erasing|Contrast|Equal|Solar", name))


def tried(parts: Iterator[tuple[str, Callable[[], keras.Model]]]) -> tuple[dict[str, str], dict[str, str], int]:
    """Carry a model of each part.

    Returns:
        What cannot be carried with the reason, what fits into no model with the reason, and how many were carried.
    """
    lost, unfit, count = {}, {}, 0
    for name, build in parts:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            keras.utils.set_random_seed(3)
            try:
                problem = problem_with(build(), random_parts=is_random(name))
            except NoFit as reason:
                unfit[name] = str(reason)
                continue
        if problem:
            lost[name] = problem
        count += not problem
    return lost, unfit, count


def table(lost: dict[str, str], unfit: dict[str, str]) -> str:
    """Write both as one table."""
    rows = [f"| `{name}` | {reason} |" for name, reason in sorted(lost.items())]
    others = [f"| `{name}` | {reason} |" for name, reason in sorted(unfit.items())]
    return "\n".join(
        [
            "| not carried | why |",
            "|---|---|",
            *rows,
            "",
            "| not tried: fits into no model of images, vectors or sequences | why |",
            "|---|---|",
            *others,
        ]
    )


def main() -> None:
    """Try everything and write the table into the docs."""
    layers_lost, layers_unfit, _ = tried(every_layer())
    lost, unfit, _ = tried(every_other_part())
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    made = table(layers_lost | lost, layers_unfit | unfit)
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    main()

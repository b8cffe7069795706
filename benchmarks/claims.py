"""What the lesson and the exercises claim, measured over seeds: writes transferlab/recorded.json and docs/results.md.

python -m benchmarks.claims record            all parts, ten seeds; some 40 CPU-minutes, on one thread, and
                                              half an hour where photographs are at hand (docs/real-data.md)
python -m benchmarks.claims record curve      one part; what is recorded already is kept, so a run can be broken off
python -m benchmarks.claims page              only the page, from what is recorded

Every seed draws its own training images, weights and order. The lesson shows these numbers beside one run of its own,
and tests/lesson/test_claims.py holds every sentence with a number against them.
"""

import datetime as dt
import functools
import importlib.metadata
import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

os.environ |= {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

import keras
import numpy as np
import typer
from keras import layers

import transferlab
from autograder.calibration import training
from autograder.checks.exercise_1_two_classes import _calibration as exercise_1
from autograder.checks.exercise_2_freezing_strategies import _calibration as exercise_2
from benchmarks.claims_page import HEADING, section
from transferlab import ImageSet
from transferlab.recorded import PATH, recorded

PHOTOGRAPHS = "mobilenet_0.75@96"
"""The backbone of the course on photographs."""
SEEDS = range(1, 11)
FEWER = {
    "tracing": range(1, 3),
    "rates cifar10 efficientnet_lite0@96": range(1, 5),
    f"exercise 2 cifar10 {PHOTOGRAPHS}": range(1, 5),
}
"""Where the effect is many times the spread, or a seed takes minutes."""
SIZES = (10, 100, 400)
STEPS, MOST_STEPS, EPOCHS_AT_LEAST = 300, 1200, 30
HEAD_RATE, HEAD_EPOCHS, TUNING_EPOCHS, BATCH_SIZE = 1e-3, 8, 4, 32
TEXTURE_EPOCHS = 4
RATES = {"sketches": (1e-5, 1e-4, 3e-4, 1e-3, 1e-2), "cifar10": (1e-5, 3e-5, 1e-4, 3e-4, 1e-3)}
"""Of a second stage, by source of images; the middle ones are where its best is looked for."""
UNFREEZING_RATES = (1e-4, 3e-4, 1e-3)
"""Likewise, where any fraction of a backbone learns."""
LAST_BLOCK = {
    "mini_vgg": "block4_conv1",
    "efficientnet_lite0@96": "block7a_expand_conv",
    "mobilenet_0.75@96": "conv_dw_12",
}
Accuracies = dict[str, float]
DOCS = Path(__file__).parents[1] / "docs"


def small_network(classes: int) -> keras.Sequential:
    """The lesson's network from scratch."""
    blocks = [layers.Rescaling(1 / 127.5, offset=-1)]
    for filters in (16, 32, 64):
        blocks += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    head = [layers.Flatten(), layers.Dense(64, "relu"), layers.Dropout(0.2)]
    return keras.Sequential([keras.Input((32, 32, 3)), *blocks, *head, layers.Dense(classes, "softmax")])


def new_head(classes: int) -> list[keras.layers.Layer]:
    """The lesson's head."""
    return [
        layers.GlobalAveragePooling2D(),
        layers.Dense(64, "relu"),
        layers.Dropout(0.2),
        layers.Dense(classes, activation="softmax"),
    ]


class Learner:
    """A model that is traced once and trained often: tracing would take longer than most of these trainings."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.optimizer = keras.optimizers.Adam(HEAD_RATE)
        model.compile(self.optimizer, loss="sparse_categorical_crossentropy", steps_per_execution=8)

    def fit(
        self, weights: Sequence[Any], data: ImageSet, epochs: int, rate: float = HEAD_RATE, batch: int = BATCH_SIZE
    ) -> "Learner":
        """Train from given weights, with a fresh optimizer.

        Args:
            weights: To start from.
            data: To learn from.
            epochs: How often.
            rate: Learning rate.
            batch: Images a step.

        Returns:
            Itself.
        """
        self.model.set_weights(list(weights))
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.optimizer.learning_rate = rate
        self.model.fit(data.images, data.labels, batch_size=batch, epochs=epochs, verbose=0)
        return self

    def accuracy(self, data: ImageSet) -> float:
        """Share of the images it gets right."""
        said = self.model.predict(data.images, batch_size=100, verbose=0).argmax(axis=1)
        return float(np.mean(said == data.labels))


@functools.cache
def network(name: str, weights: str | None = "pretrained") -> keras.Model:
    """A backbone that is loaded once; its weights are put back by whoever changes them."""
    return transferlab.load_backbone(name, weights=weights)


@functools.cache
def head_learner(inputs: tuple[int, ...]) -> Learner:
    """The lesson's head on ready maps, or on maps averaged already."""
    return Learner(keras.Sequential([keras.Input(inputs), *new_head(10)[len(inputs) == 1 :]]))


@functools.cache
def scratch_learner() -> Learner:
    """The lesson's network from scratch."""
    return Learner(small_network(10))


def fresh(model: keras.Model, seed: int) -> list[Any]:
    """Initial weights of a model of this kind, as they are drawn after seeding."""
    keras.utils.set_random_seed(seed)
    return keras.models.clone_model(model).get_weights()


def drawn(source: str, split: str, per_class: int, seed: int) -> ImageSet:
    """Ten classes, as float32."""
    data = transferlab.load_images(source, split, per_class=per_class, seed=seed)
    return data._replace(images=data.images.astype("float32"))


def maps_of(network: keras.Model, data: ImageSet) -> ImageSet:
    """The same set with each image replaced by what a network makes of it."""
    return data._replace(images=network.predict(data.images, batch_size=100, verbose=0))


def first_of_each(data: ImageSet, count: int) -> ImageSet:
    """The first `count` images of every class."""
    rows = np.sort(np.concatenate([np.flatnonzero(data.labels == label)[:count] for label in range(10)]))
    return data._replace(images=data.images[rows], labels=data.labels[rows])


def epochs_for(size: int) -> int:
    """Epochs that train even the network from scratch out: 30, between 300 and 1,200 steps in all."""
    steps = -(-size * 10 // BATCH_SIZE)
    return -(-min(max(EPOCHS_AT_LEAST * steps, STEPS), MOST_STEPS) // steps)


def split_at(backbone: keras.Model, name: str) -> tuple[keras.Model, keras.Model]:
    """A frozen front part, and the last block from layer `name` on, whose BatchNormalization stays frozen.

    While the front is frozen it says the same about an image in every epoch, so it is asked once.

    Args:
        backbone: A flat backbone that narrows to one tensor before that layer, and has no short cut past it.
        name: Of the first layer that learns.

    Returns:
        Two models; the layers are the backbone's own.
    """
    position = [layer.name for layer in backbone.layers].index(name)
    front = keras.Model(backbone.input, backbone.layers[position].input)
    tail = keras.Model(backbone.layers[position].input, backbone.output)
    for layer in tail.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    return front, tail


def data_curve(seed: int) -> Accuracies:
    """Sections 4, 6 and 9: from scratch, a head on frozen features, and one on random features, by images a class."""
    pool, test = drawn("sketches", "train", SIZES[-1], 1000 + seed), drawn("sketches", "test", 100, 2000 + seed)
    found = {}
    random = network("mini_vgg", None)
    random.set_weights(fresh(random, seed))
    for name, backbone, sizes in (("frozen", network("mini_vgg"), SIZES), ("random", random, (100,))):
        maps, tested = maps_of(backbone, first_of_each(pool, sizes[-1])), maps_of(backbone, test)
        inputs, tested = (part._replace(images=part.images.mean(axis=(1, 2))) for part in (maps, tested))
        head = head_learner(inputs.images.shape[1:])
        for size in sizes:
            head.fit(fresh(head.model, seed), first_of_each(inputs, size), epochs_for(size))
            found[f"{name} {size}"] = head.accuracy(tested)
    scratch = scratch_learner()
    for size in SIZES:
        scratch.fit(fresh(scratch.model, seed), first_of_each(pool, size), epochs_for(size))
        found[f"scratch {size}"] = scratch.accuracy(test)
    return found


@functools.cache
def cut_learner(name: str) -> tuple[keras.Model, keras.Model, Learner]:
    """The front of a backbone, its last block, and that block with a head."""
    front, tail = split_at(network(name), LAST_BLOCK[name])
    return front, tail, Learner(keras.Sequential([tail, *new_head(10)]))


def second_stage(source: str, name: str, seed: int) -> Accuracies:
    """Section 7: frozen features, then the last block at each of several learning rates, from the same head."""
    train, test = drawn(source, "train", 100, 1000 + seed), drawn(source, "test", 100, 2000 + seed)
    front, tail, whole = cut_learner(name)
    tail.set_weights(_untouched(name))
    cut = [maps_of(front, part) for part in (train, test)]
    ends = [maps_of(tail, part) for part in cut]
    head = head_learner(ends[0].images.shape[1:])
    head.fit(fresh(head.model, seed), ends[0], HEAD_EPOCHS)
    ready = head.model.get_weights()
    found = {"frozen": head.accuracy(ends[1])}
    found["frozen, as long"] = head.fit(ready, ends[0], TUNING_EPOCHS).accuracy(ends[1])
    for rate in RATES[source]:
        keras.utils.set_random_seed(seed)
        whole.fit([*_untouched(name), *ready], cut[0], TUNING_EPOCHS, rate)
        found[f"{rate:.0e}"] = whole.accuracy(cut[1])
    return found


@functools.cache
def _untouched(name: str) -> tuple[Any, ...]:
    return tuple(cut_learner(name)[1].get_weights())


FRACTIONS = (0.0, 0.25, 0.5, 1.0)


@functools.cache
def fraction_learner(fraction: float) -> Learner:
    """Exercise 2's model with the last layers of its backbone unfrozen."""
    backbone = transferlab.load_backbone("mini_vgg")
    counted = [layer for layer in backbone.layers if layer.weights]
    for layer in counted[: len(counted) - math.ceil(len(counted) * fraction)]:
        layer.trainable = False
    return Learner(keras.Sequential([backbone, *new_head(10)]))


def fractions(seed: int) -> Accuracies:
    """Exercise 2, task 5, with its own settings: accuracies by fraction."""
    train, validation = drawn("sketches", "train", 12, 1000 + seed), drawn("sketches", "validation", 15, 2000 + seed)
    test = drawn("sketches", "test", 100, 3000 + seed)
    maps = maps_of(network("mini_vgg"), train)
    head = head_learner(maps.images.shape[1:])
    head.fit(fresh(head.model, seed), maps, 6, 3e-3, 12)
    found = {}
    for fraction in FRACTIONS:
        model = fraction_learner(fraction)
        model.fit(_in_order(model.model, head.model.get_weights()), train, 2, 1e-3, 12)
        found[f"validation {fraction}"] = model.accuracy(validation)
        found[f"test {fraction}"] = model.accuracy(test)
    return found


def _in_order(model: keras.Model, head: list[Any]) -> list[Any]:
    """Weights of a fresh backbone and of a head, in the order of the model's: those that learn come first in it."""
    by_variable = dict(zip(map(id, model.layers[0].weights), _mini_vgg_in_order(model.layers[0]), strict=True))
    rest = iter(head)
    return [by_variable[id(weight)] if id(weight) in by_variable else next(rest) for weight in model.weights]


def _mini_vgg_in_order(backbone: keras.Model) -> list[Any]:
    pretrained = {weight.path: weight.numpy() for weight in network("mini_vgg").weights}
    return [pretrained[weight.path] for weight in backbone.weights]


def pair_rates(source: str, seed: int) -> Accuracies:
    """Exercise 1, task 6, with its own settings: feature extraction, and fine-tuning at each of several rates."""
    drawn, found = exercise_1.draw(source, seed), {}
    for rate in RATES[source]:
        keras.utils.set_random_seed(seed)
        reached = exercise_1.transfer(training.dense_head, tuning_rate=rate)(drawn)
        found |= {"frozen": reached["feature"], f"{rate:.0e}": reached["fine_tuned"]}
        keras.backend.clear_session()
    return found


def fraction_rates(source: str, seed: int) -> Accuracies:
    """Exercise 2, task 5, with its own settings: accuracies on unseen images by fraction, at several rates."""
    drawn, found = exercise_2.draw(source, seed), {}
    for rate in UNFREEZING_RATES:
        keras.utils.set_random_seed(seed)
        rows = exercise_2.trained_rows(drawn, rate=rate)
        best = max(rows, key=lambda row: row.validation)
        found |= {f"{rate:.0e}, {fraction}": row.hidden for fraction, row in zip(FRACTIONS, rows, strict=True)}
        found[f"{rate:.0e}, the best by validation"] = best.hidden
        keras.backend.clear_session()
    return found


def far_source(seed: int) -> Accuracies:
    """Section 9: frozen features of a network trained on striped textures, of the emblem weights, of random ones."""
    train, test = drawn("sketches", "train", 100, 1000 + seed), drawn("sketches", "test", 100, 2000 + seed)
    textures, unseen = transferlab.striped_textures(1200, seed), transferlab.striped_textures(400, 1000 + seed)
    far = texture_learner()
    random = fresh(far.model, seed)
    own = far.fit(random, textures, TEXTURE_EPOCHS).accuracy(unseen)
    backbone = far.model.layers[0]
    found = {"textures, its own images": own, "textures": _head_on(backbone, train, test, seed)}
    far.model.set_weights(random)
    found["random"] = _head_on(backbone, train, test, seed)
    found["emblems"] = _head_on(network("mini_vgg"), train, test, seed)
    return found


@functools.cache
def texture_learner() -> Learner:
    """A network of the source that lies far away."""
    backbone = transferlab.load_backbone("mini_vgg", weights=None)
    kinds = len(transferlab.striped_textures(1, 0).class_names)
    return Learner(
        keras.Sequential([backbone, layers.GlobalAveragePooling2D(), layers.Dense(kinds, activation="softmax")])
    )


def _head_on(backbone: keras.Model, train: ImageSet, test: ImageSet, seed: int) -> float:
    """Accuracy of the lesson's head on a network's features."""
    maps = [maps_of(backbone, part) for part in (train, test)]
    learned, tested = (part._replace(images=part.images.mean(axis=(1, 2))) for part in maps)
    head = head_learner(learned.images.shape[1:])
    return head.fit(fresh(head.model, seed), learned, HEAD_EPOCHS).accuracy(tested)


def tracing(seed: int) -> Accuracies:
    """CPU-seconds of the two epochs that exercise 2's `seconds` covers, the first with the tracing of its step."""
    train = drawn("sketches", "train", 12, 1000 + seed)
    found = {}
    for fraction in FRACTIONS:
        model = fraction_learner.__wrapped__(fraction).model
        model.compile(keras.optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        clock = _Clock()
        model.fit(train.images, train.labels, batch_size=12, epochs=2, verbose=0, callbacks=[clock])
        found[f"first epoch {fraction}"], found[f"second epoch {fraction}"] = clock.laps
    return found


class _Clock(keras.callbacks.Callback):
    """CPU-seconds of each epoch, tracing counted to the first."""

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002
        self.laps: list[float] = []
        self.last = time.process_time()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        now = time.process_time()
        self.laps.append(now - self.last)
        self.last = now


PARTS: dict[str, Callable[[int], Accuracies]] = {
    "tracing": tracing,
    "fractions": fractions,
    "rates sketches mini_vgg": lambda seed: second_stage("sketches", "mini_vgg", seed),
    "curve": data_curve,
    "sources": far_source,
    "rates sketches efficientnet_lite0@96": lambda seed: second_stage("sketches", "efficientnet_lite0@96", seed),
    "rates cifar10 efficientnet_lite0@96": lambda seed: second_stage("cifar10", "efficientnet_lite0@96", seed),
    f"rates cifar10 {PHOTOGRAPHS}": lambda seed: second_stage("cifar10", PHOTOGRAPHS, seed),
    f"exercise 1 cifar10 {PHOTOGRAPHS}": lambda seed: pair_rates("cifar10", seed),
    f"exercise 2 cifar10 {PHOTOGRAPHS}": lambda seed: fraction_rates("cifar10", seed),
}

application = typer.Typer(help=__doc__, add_completion=False)


@application.command()
def record(
    part: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(PARTS)}; all without.")] = None,
) -> None:
    """Measure what is not recorded yet, a seed at a time, and write it down after each."""
    for name in part or PARTS:
        for seed in _missing(name):
            started = time.process_time()
            try:
                found = PARTS[name](seed)
            except FileNotFoundError as missing:
                typer.echo(f"{name} is left out: {missing}")
                break
            entry = recorded().get(name, {"seeds": {}, "cpu_seconds": 0.0})
            entry["seeds"][str(seed)] = {what: round(value, 4) for what, value in found.items()}
            entry["cpu_seconds"] = round(entry["cpu_seconds"] + time.process_time() - started, 1)
            entry["date"] = dt.datetime.now(dt.UTC).date().isoformat()
            entry["versions"] = {"keras": keras.__version__, "tensorflow": importlib.metadata.version("tensorflow-cpu")}
            PATH.write_text(json.dumps(recorded() | {name: entry}, indent=1, sort_keys=True) + "\n")
            typer.echo(f"{name}, seed {seed}: {time.process_time() - started:.0f} CPU-s")


def _missing(name: str) -> Iterator[int]:
    for seed in FEWER.get(name, SEEDS):
        if str(seed) not in recorded().get(name, {"seeds": {}})["seeds"]:
            yield seed


@application.command()
def page() -> None:
    """Write the page's last section anew from what is recorded."""
    path = DOCS / "results.md"
    before = path.read_text().partition("\n" + HEADING)[0]
    path.write_text(before + "\n" + section())


if __name__ == "__main__":
    application()

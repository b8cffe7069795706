"""What the pretrained backbones are worth on the sketches: scratch, frozen, fine-tuned and frozen random, over seeds.

python -m benchmarks.pretrain_measure                          both tasks, all backbones, 5 seeds
python -m benchmarks.pretrain_measure --task pair --seeds 10   house and car only

Every seed draws training images, test images and initial weights anew. Test accuracies, and CPU-seconds of each fit.
"""

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
import typer
from keras import layers
from rich.console import Console
from rich.progress import track
from rich.table import Table

from transferlab import ImageSet, load_backbone, load_images
from transferlab.backbones.registry import EMBEDDED

LAST_BLOCK = {"mini_vgg": 2, "mini_resnet": 5, "mini_mobilenet": 7}
"""Layers with weights, BatchNormalization not counted, in the last block of each network."""


@dataclass(frozen=True)
class Task:
    """A classification task with its numbers of images."""

    classes: tuple[str, ...] | None
    train_per_class: int
    test_per_class: int


TASKS = {"pair": Task(("house", "car"), 200, 500), "ten": Task(None, 100, 200)}


@dataclass(frozen=True)
class Budget:
    """Epochs and learning rates, as in exercise 1; training from scratch gets the epochs of both stages."""

    frozen_epochs: int
    tuned_epochs: int
    frozen_rate: float
    tuned_rates: tuple[float, ...]


class Bench:
    """One task with the images of one seed; every fit leaves an accuracy and its CPU-seconds."""

    def __init__(self, task: Task, seed: int) -> None:
        names = None if task.classes is None else list(task.classes)
        self.train = _as_floats(
            load_images("sketches", "train", classes=names, per_class=task.train_per_class, seed=seed)
        )
        self.test = _as_floats(load_images("sketches", "test", classes=names, per_class=task.test_per_class, seed=seed))
        self.classes = int(self.train[1].max()) + 1

    def fit(self, model: keras.Model, epochs: int, learning_rate: float) -> tuple[float, float]:
        """Train, then test.

        Args:
            model: Compiled anew here.
            epochs: Passes over the training images.
            learning_rate: Of Adam.

        Returns:
            Test accuracy and CPU-seconds of the fit.
        """
        model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        started = time.process_time()
        model.fit(*self.train, epochs=epochs, batch_size=32, verbose=0)
        seconds = time.process_time() - started
        predicted = model.predict(self.test[0], batch_size=256, verbose=0).argmax(1)
        return float((predicted == self.test[1]).mean()), seconds


def _as_floats(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    return images.images.astype(np.float32), images.labels


def small_network(classes: int) -> keras.Model:
    """The usual first network: three convolutions and a dense layer."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 127.5, offset=-1.0),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def with_head(backbone: keras.Model, classes: int) -> keras.Model:
    """A frozen backbone under a new classifier."""
    backbone.trainable = False
    image = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(backbone(image, training=False))
    x = layers.Dense(64, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x))


def unfreeze_last(backbone: keras.Model, count: int) -> None:
    """The last `count` layers with weights learn; BatchNormalization stays as it is."""
    backbone.trainable = True
    counted = [
        layer for layer in backbone.layers if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)
    ]
    kept = set(map(id, counted[len(counted) - count :]))
    for layer in backbone.layers:
        layer.trainable = id(layer) in kept


def measure(task: Task, seed: int, budget: Budget) -> dict[str, tuple[float, float]]:
    """All arms of one seed.

    Args:
        task: Which classes, how many images.
        seed: Of images and initial weights.
        budget: Epochs and rates.

    Returns:
        Arm to test accuracy and CPU-seconds (fine-tuning: of its second stage alone).
    """
    bench = Bench(task, seed)
    epochs = budget.frozen_epochs + budget.tuned_epochs
    keras.utils.set_random_seed(seed)
    results = {"scratch": bench.fit(small_network(bench.classes), epochs, 1e-3)}
    for name in EMBEDDED:
        keras.utils.set_random_seed(seed)
        backbone = load_backbone(name)
        model = with_head(backbone, bench.classes)
        results[f"{name} frozen"] = bench.fit(model, budget.frozen_epochs, budget.frozen_rate)
        after_first_stage = model.get_weights()
        for rate in budget.tuned_rates:
            model.set_weights(after_first_stage)
            unfreeze_last(backbone, LAST_BLOCK[name])
            results[f"{name} fine-tuned {rate:g}"] = bench.fit(model, budget.tuned_epochs, rate)
        model = with_head(load_backbone(name, weights=None), bench.classes)
        results[f"{name} frozen random"] = bench.fit(model, epochs, budget.frozen_rate)
        keras.backend.clear_session()
    return results


def show(title: str, runs: dict[str, list[tuple[float, float]]]) -> None:
    """Print mean, deviation, extremes and CPU-seconds of each arm."""
    table = Table("arm", "accuracy", "deviation", "least", "most", "CPU s", title=title)
    for arm, values in runs.items():
        accuracies, seconds = np.array(values).T
        deviation = accuracies.std(ddof=1) if len(accuracies) > 1 else float("nan")
        figures = (accuracies.mean(), deviation, accuracies.min(), accuracies.max())
        table.add_row(arm, *(f"{figure:.3f}" for figure in figures), f"{seconds.mean():.1f}")
    Console(width=110).print(table)


def main(
    task: Annotated[list[str] | None, typer.Option(help="pair (house, car) or ten; both by default.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many.")] = 5,
    first_seed: Annotated[int, typer.Option(min=0, help="Seeds count from here.")] = 1000,
    frozen_epochs: Annotated[int, typer.Option(min=1)] = 8,
    tuned_epochs: Annotated[int, typer.Option(min=1)] = 4,
    frozen_rate: Annotated[float, typer.Option(help="Adam's rate for the head.")] = 1e-3,
    tuned_rate: Annotated[list[float] | None, typer.Option(help="Rates of fine-tuning; 3e-4 by default.")] = None,
    output: Annotated[Path | None, typer.Option(help="Also write all figures as JSON.")] = None,
) -> None:
    """Measure what the pretrained backbones are worth on the sketches."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    budget = Budget(frozen_epochs, tuned_epochs, frozen_rate, tuple(tuned_rate or [3e-4]))
    everything = {}
    for name in task or list(TASKS):
        runs: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for seed in track(range(first_seed, first_seed + seeds), f"{name}: seeds", console=Console(stderr=True)):
            for arm, result in measure(TASKS[name], seed, budget).items():
                runs[arm].append(result)
        show(f"{name}: {seeds} seeds from {first_seed}, {budget}", runs)
        everything[name] = runs
    if output:
        output.write_text(json.dumps(everything, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    typer.run(main)

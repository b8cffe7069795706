"""Pretrain the embedded backbones on emblems, from nothing, by a schedule that counts steps.

python -m benchmarks.pretrain                 all three, from the project folder
python -m benchmarks.pretrain mini_resnet     one
"""

import json
import os
import platform
import time
from pathlib import Path
from typing import Annotated, Any

if __name__ == "__main__":  # before TensorFlow reads them, and not for whoever imports this module
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_DETERMINISTIC_OPS", "1")

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
import typer
from keras import layers
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from transferlab import load_images
from transferlab.backbones import embedded
from transferlab.drawing.emblems import ATTACHMENTS, BODIES, EMBLEMS

WEIGHTS = Path(__file__).parents[1] / "transferlab" / "weights"
BATCH_SIZE = 128
PER_CLASS_AND_EPOCH = 400
STEPS_PER_EPOCH = len(EMBLEMS) * PER_CLASS_AND_EPOCH // BATCH_SIZE
TEST_PER_CLASS = 50
PEAK_LEARNING_RATE = {"mini_vgg": 1.5e-3, "mini_resnet": 4e-3, "mini_mobilenet": 4e-3}
EPOCHS = {"mini_vgg": 22, "mini_resnet": 12, "mini_mobilenet": 12}


class Emblems(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches of emblems; every epoch draws new ones, so that none is seen twice."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed, self.epoch = seed, 0
        self.draw()

    def draw(self) -> None:
        """Fresh images, the same for the same seed and epoch."""
        drawn = load_images("emblems", "train", per_class=PER_CLASS_AND_EPOCH, seed=1000 * self.seed + self.epoch)
        self.images, self.labels = drawn.images, drawn.labels

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def __getitem__(self, index: int) -> tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.int64]]]:
        rows = slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE)
        return self.images[rows].astype(np.float32), targets(self.labels[rows])

    def on_epoch_end(self) -> None:
        """Move on to the next epoch's images."""
        self.epoch += 1
        self.draw()


class Bar(keras.callbacks.Callback):  # type: ignore[misc]
    """One progress bar over all steps, with the loss beside it."""

    def __init__(self, name: str, steps: int) -> None:
        super().__init__()
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns)
        self.task = self.progress.add_task(name, total=steps)
        self.name = name

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002, D102
        self.progress.start()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002, D102
        self.progress.advance(self.task)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: D102
        figures = logs or {}
        self.progress.update(self.task, description=f"{self.name} accuracy {figures['emblem_accuracy']:.3f}")
        self.progress.console.print(
            f"{self.name} epoch {epoch + 1}: loss {figures['loss']:.3f}, accuracy {figures['emblem_accuracy']:.3f}"
        )

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002, D102
        self.progress.stop()


def targets(labels: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.int64]]:
    """The emblem, and its two halves for the two auxiliary heads."""
    return {"emblem": labels, "body": labels // len(ATTACHMENTS), "attachment": labels % len(ATTACHMENTS)}


def trainer(backbone: keras.Model, peak_learning_rate: float, steps: int) -> keras.Model:
    """The backbone with its three heads, compiled: AdamW, a short warm-up, then a cosine down to nothing."""
    pooled = layers.GlobalAveragePooling2D()(backbone.output)
    heads = {
        name: layers.Dense(classes, name=name)(pooled)
        for name, classes in (("emblem", len(EMBLEMS)), ("body", len(BODIES)), ("attachment", len(ATTACHMENTS)))
    }
    model = keras.Model(backbone.input, heads)
    schedule = keras.optimizers.schedules.CosineDecay(
        peak_learning_rate / 20, steps - 150, warmup_target=peak_learning_rate, warmup_steps=150
    )
    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=0.02),
        loss=dict.fromkeys(heads, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
        loss_weights={"emblem": 1.0, "body": 0.5, "attachment": 0.5},
        metrics={"emblem": ["accuracy"]},
    )
    return model


def pretrain(name: str, epochs: int, seed: int, folder: Path) -> dict[str, Any]:
    """Train one backbone and write its arrays.

    Args:
        name: Which embedded network.
        epochs: Passes over fresh images; the number of steps follows.
        seed: Of initial weights and images.
        folder: Where `<name>.npz` goes.

    Returns:
        The figures it reached and how.
    """
    keras.utils.set_random_seed(seed)
    backbone = embedded.build(name, (32, 32, 3))
    steps = epochs * STEPS_PER_EPOCH
    model = trainer(backbone, PEAK_LEARNING_RATE[name], steps)
    wall, processor = time.perf_counter(), time.process_time()
    model.fit(Emblems(seed), epochs=epochs, shuffle=False, verbose=0, callbacks=[Bar(name, steps)])
    wall, processor = time.perf_counter() - wall, time.process_time() - processor

    arrays = {
        f"{layer.name}/{weight.name}": np.asarray(weight.value, np.float16)
        for layer in backbone.layers
        for weight in layer.weights
    }
    for layer in backbone.layers:  # the figures below are those of the rounded arrays
        layer.set_weights([arrays[f"{layer.name}/{weight.name}"].astype(np.float32) for weight in layer.weights])
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / f"{name}.npz", **arrays)

    test = load_images("emblems", "test", per_class=TEST_PER_CLASS, seed=seed)
    scores = model.predict(test.images.astype(np.float32), batch_size=256, verbose=0)["emblem"]
    ranks = (scores > np.take_along_axis(scores, test.labels[:, None], 1)).sum(1)
    return {
        "parameters": backbone.count_params(),
        "bytes": (folder / f"{name}.npz").stat().st_size,
        "top_1_accuracy": round(float((ranks < 1).mean()), 4),
        "top_5_accuracy": round(float((ranks < 5).mean()), 4),
        "test_images": len(test.labels),
        "steps": steps,
        "batch_size": BATCH_SIZE,
        "images_seen": steps * BATCH_SIZE,
        "peak_learning_rate": PEAK_LEARNING_RATE[name],
        "seed": seed,
        "wall_seconds": round(wall),
        "cpu_seconds": round(processor),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
    }


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Which backbones; all three by default.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Another length, to try things out.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of initial weights and images.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="TensorFlow threads; 1 makes a run repeatable.")] = 1,
    output: Annotated[Path, typer.Option(help="Folder for the arrays and pretraining.json.")] = WEIGHTS,
) -> None:
    """Pretrain the embedded backbones on emblems and write arrays (float16) and the figures they reached."""
    wanted = names or list(embedded.ARCHITECTURES)
    for name in wanted:
        if name not in embedded.ARCHITECTURES:
            raise typer.BadParameter(f"no embedded backbone {name!r}; choose from {', '.join(embedded.ARCHITECTURES)}")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    for name in wanted:
        figures = pretrain(name, epochs or EPOCHS[name], seed, output)
        record = output / "pretraining.json"
        known = json.loads(record.read_text("utf-8")) if record.exists() else {}
        record.write_text(json.dumps(known | {name: figures}, indent=2) + "\n", "utf-8")
        typer.echo(f"{name}: top-1 {figures['top_1_accuracy']:.3f}, top-5 {figures['top_5_accuracy']:.3f}")


if __name__ == "__main__":
    typer.run(main)

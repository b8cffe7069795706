"""Scratch, feature extraction and fine-tuning side by side, for both sources of images: writes docs/results.md.

python -m benchmarks.results             all of it, some minutes on one core; needs CIFAR-10 and MobileNet weights
python -m benchmarks.results --seeds 1   quicker: fewer seeds for the sizes; accuracies come from `autograder calibrate`

Accuracies over seeds are those of the committed evidence (autograder/checks/*/thresholds_*.json). Times, and what the
size of the images inside a network does, are measured here, with plain `fit` and nothing kept between epochs.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

os.environ |= {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}

import keras
import matplotlib as mpl
import numpy as np
import typer

mpl.use("Agg")
import matplotlib.pyplot as plt

import autograder.checks
import transferlab
from autograder.calibration import evidence, training
from autograder.calibration.bounds import ArmFigures
from autograder.calibration.run import FIRST_SEED
from autograder.calibration.training import Cut, Draw
from autograder.checks.exercise_1_two_classes import _calibration as exercise_1
from autograder.kerasmodels.tiny import counted_layers
from benchmarks import claims_page
from transferlab.backbones.registry import missing_weights

DOCS = Path(__file__).parents[1] / "docs"
SIZES = ("mobilenet_0.75@32", "mobilenet_0.75@64", "mobilenet_0.75@96", "mobilenet_0.75@128", "mobilenet_v2_0.35@96")
APPROACHES = ("from scratch", "feature extraction", "fine-tuning")
_COLOURS = dict(zip(APPROACHES, ("#999999", "#0072B2", "#009E73"), strict=True))


class Timed(NamedTuple):
    """What one training costs."""

    fit_seconds: float
    milliseconds_per_image: float


CHECKS = Path(autograder.checks.__path__[0])
_TEN_CLASSES = {
    "exercise_2_freezing_strategies": ("best", "exercise 2, best of four fractions"),
    "exercise_3_comparing_models": ("recommended", "exercise 3, recommended"),
}


def read(source: str) -> evidence.Evidence | None:
    """Read the evidence of exercise 1."""
    return evidence.read(Path(exercise_1.__file__).parent, source)


def accuracies(found: evidence.Evidence) -> dict[str, ArmFigures]:
    """Pick the three approaches from the evidence of exercise 1."""
    gates = {gate.name: gate for gate in found.gates}
    feature, tuned = gates["feature"], gates["fine_tuned"]
    picked = (_arm(feature.wrong, "from scratch"), _arm(feature.right, "reference"), _arm(tuned.right, "reference"))
    return dict(zip(APPROACHES, picked, strict=True))


def _arm(arms: Sequence[ArmFigures], name: str) -> ArmFigures:
    return next(arm for arm in arms if arm.name == name)


def times(source: str) -> dict[str, Timed]:
    """Train the reference of exercise 1 once, the way a student does, and take CPU-seconds."""
    drawn = exercise_1.draw(source, FIRST_SEED)
    scratch = training.compiled(training.small_network(2), training.SCRATCH_RATE)
    found = {"from scratch": _timed(scratch, drawn, exercise_1.BASELINE_EPOCHS)}
    backbone = transferlab.load_backbone(drawn.course.backbone)
    backbone.trainable = False
    head = training.with_head(backbone.output_shape[1:], training.dense_head, 2)
    model = training.compiled(keras.Sequential([keras.Input((32, 32, 3)), backbone, head]), exercise_1.HEAD_RATE)
    found["feature extraction"] = _timed(model, drawn, exercise_1.FEATURE_EPOCHS)
    counted = counted_layers(backbone)
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = layer in counted[-exercise_1.UNFROZEN_LAYERS :]
    training.compiled(model, drawn.course.fine_tuning_rate)
    stage = _timed(model, drawn, exercise_1.FINE_TUNING_EPOCHS)
    both = found["feature extraction"].fit_seconds + stage.fit_seconds
    found["fine-tuning"] = Timed(both, stage.milliseconds_per_image)
    return found


def _timed(model: keras.Model, drawn: Draw, epochs: int) -> Timed:
    fit = _cpu_seconds(lambda: training.fit(model, drawn.training, epochs, exercise_1.BATCH_SIZE))
    images = drawn.hidden[0][:200]
    training.predicted(model, images)
    predict = np.median([_cpu_seconds(lambda: training.predicted(model, images)) for _ in range(3)])
    return Timed(fit, 1000 * float(predict) / len(images))


def _cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def sizes(seeds: int) -> dict[str, list[float]]:
    """Measure feature extraction on cats and dogs with images enlarged to different sizes.

    Args:
        seeds: How many.

    Returns:
        Accuracies on hidden images by backbone, one a seed.
    """
    found: dict[str, list[float]] = {name: [] for name in SIZES}
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        drawn = exercise_1.draw("cifar10", seed)
        for name in SIZES:
            keras.utils.set_random_seed(seed)
            cut = Cut(drawn, name, 0)
            maps = cut.maps("training")
            model = training.with_head(maps.shape[1:], training.dense_head, 2)
            training.compiled(model, exercise_1.HEAD_RATE)
            training.fit(model, (maps, drawn.training[1]), exercise_1.FEATURE_EPOCHS, exercise_1.BATCH_SIZE)
            found[name].append(training.accuracy(model, (cut.maps("hidden"), drawn.hidden[1])))
            keras.backend.clear_session()
        drawn.kept.clear()
    return found


def page(seeds: int) -> str:
    """Measure what is not on file yet, and write it all up.

    Args:
        seeds: For the sizes.

    Returns:
        Markdown.
    """
    lines = [_HEAD]
    for source in transferlab.course_sources():
        found = read(source)
        if found is None or missing_weights(transferlab.course_data(source).backbone):
            lines.append(f"\n## {source}\n\nNot run: {'no evidence' if found is None else 'no weights'} here.\n")
            continue
        lines += _section(source, found)
    if not missing_weights(SIZES[0]):
        lines += _sizes_section(sizes(seeds))
    return "\n".join(lines) + "\n\n" + claims_page.section()


def _section(source: str, found: evidence.Evidence) -> list[str]:
    course, measured, timed = transferlab.course_data(source), accuracies(found), times(source)
    count = len(measured[APPROACHES[0]].accuracies)
    lines = [
        f"\n## {source}: {course.pair[0]} or {course.pair[1]}, 200 images each\n",
        f"Backbone `{course.backbone}`, {count} seeds, 600 hidden images each. CPU-seconds on one thread.\n",
        "| | accuracy, mean ± deviation | lowest | highest | epochs | CPU-s of fit | CPU-ms an image |",
        "|---|---|---|---|---|---|---|",
    ]
    epochs = dict(zip(APPROACHES, ("12", "8", "8 + 4"), strict=True))
    for name, arm in measured.items():
        cost = timed[name]
        lines.append(
            f"| {name} | {arm.mean:.3f} ± {arm.deviation:.3f} | {min(arm.accuracies):.3f} | {max(arm.accuracies):.3f} "
            f"| {epochs[name]} | {cost.fit_seconds:.1f} | {cost.milliseconds_per_image:.2f} |"
        )
    return lines + _ten_classes(source)


def _ten_classes(source: str) -> list[str]:
    lines = []
    for exercise, (name, words) in _TEN_CLASSES.items():
        found = evidence.read(CHECKS / exercise, source)
        for gate in (gate for gate in (found.gates if found else ()) if gate.name == name):
            scratch, reference = _arm(gate.wrong, "from scratch"), _arm(gate.right, "reference")
            lines.append(
                f"| {words} | {scratch.mean:.3f} ± {scratch.deviation:.3f} "
                f"| {reference.mean:.3f} ± {reference.deviation:.3f} | {len(scratch.accuracies)} |"
            )
    head = ["\n| all ten classes | from scratch | transferred | seeds |", "|---|---|---|---|"]
    return [*head, *lines] if lines else []


def _sizes_section(found: dict[str, list[float]]) -> list[str]:
    count = len(next(iter(found.values())))
    lines = [
        "\n## The size of the images inside the network\n",
        f"Cats and dogs, feature extraction as above, {count} seeds: photographs of 32 × 32, enlarged inside.\n",
        "| backbone | accuracy, mean | lowest | highest |",
        "|---|---|---|---|",
    ]
    return lines + [
        f"| `{name}` | {np.mean(reached):.3f} | {min(reached):.3f} | {max(reached):.3f} |"
        for name, reached in found.items()
    ]


def draw(path: Path) -> None:
    """Draw every seed as a dot, approach by approach, one panel a source."""
    found = [one for source in transferlab.course_sources() if (one := read(source))]
    figure, axes = plt.subplots(1, len(found), figsize=(4.6 * len(found), 3), sharey=True, layout="constrained")
    for axis, one in zip(np.atleast_1d(axes), found, strict=True):
        for row, (name, arm) in enumerate(accuracies(one).items()):
            axis.plot([row] * len(arm.accuracies), arm.accuracies, "o", color=_COLOURS[name], alpha=0.6)
            axis.plot([row - 0.25, row + 0.25], [arm.mean] * 2, color="black", lw=1.5)
        pair = transferlab.course_data(one.source).pair
        axis.set_title(f"{one.source}: {pair[0]} or {pair[1]}", fontsize=10)
        axis.set_xticks(range(len(APPROACHES)), APPROACHES)
        axis.axhline(0.5, color="black", lw=0.8, ls=":")
        axis.grid(axis="y", alpha=0.3)
    np.atleast_1d(axes)[0].set_ylabel("accuracy on hidden images")
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


_HEAD = """# Results

Written by `python -m benchmarks.results`. Only what was run stands here. Accuracies are those of right solutions in
[calibration.md](calibration.md): every seed draws its own training images, hidden images and initial weights.

![Accuracy of every seed, approach by approach: fine-tuning and feature extraction lie above training from scratch; the
dotted line is guessing, the short line the mean.](results.png)"""


def main(
    seeds: Annotated[int, typer.Option(min=1, help="For the sizes of images.")] = 3,
    docs: Annotated[Path, typer.Option(help="Folder of the page.")] = DOCS,
) -> None:
    """Write the page of results and its picture."""
    draw(docs / "results.png")
    evidence.replace_text(docs / "results.md", page(seeds))
    typer.echo(f"wrote {docs / 'results.md'} and {docs / 'results.png'}")


if __name__ == "__main__":
    typer.run(main)

"""The last section of docs/results.md, from transferlab/recorded.json. Loads no Keras, so that a test can compare."""

import numpy as np

from transferlab.recorded import recorded, recorded_accuracies

HEADING = "## What the lesson and the exercises claim\n"
_PARTS = {
    "curve": (
        "Drawings, by images a class (sections 4, 6, 8 and 9)",
        """From scratch, a head on frozen features of `mini_vgg`, and a head on those of random weights; each trained
for 300 to 1,200 steps, 1,000 test images.""",
    ),
    "sources": (
        "Drawings: features of a near source, of a far one, and of none (section 9)",
        """Frozen features of `mini_vgg`, 100 images a class, 8 epochs of the head, 1,000 test images. *Textures*:
trained on 1,200 striped textures for 4 epochs; *its own images*: what it recognises of 400 unseen ones.""",
    ),
    "rates sketches mini_vgg": (
        "Drawings: the second stage at several learning rates (sections 7 and 8)",
        """100 images a class; 8 epochs of the head, then 4 of the last block and the head; *frozen, as long*: 4 more of
the head alone. 1,000 test images.""",
    ),
    "rates cifar10 mobilenet_0.75@96": (
        "Photographs: the second stage at several learning rates",
        "CIFAR-10, `mobilenet_0.75@96`, its last block from `conv_dw_12` on, otherwise as above.",
    ),
    "rates cifar10 efficientnet_lite0@96": (
        "Photographs: the same with `efficientnet_lite0@96`",
        "CIFAR-10, its last block from `block7a_expand_conv` on, otherwise as above.",
    ),
    "exercise 1 cifar10 mobilenet_0.75@96": (
        "Exercise 1 on photographs: fine-tuning at several learning rates",
        """Cat or dog, 200 images each, the last two layers of `mobilenet_0.75@96`, 8 + 4 epochs, 600 hidden images;
*frozen*: after the first 8.""",
    ),
    "exercise 2 cifar10 mobilenet_0.75@96": (
        "Exercise 2 on photographs: fractions unfrozen at several learning rates",
        """120 training images, otherwise as in the exercise; 600 hidden images. *The best by validation* is what
`best_model` would be.""",
    ),
    "fractions": (
        "Exercise 2, task 5: accuracies by fraction unfrozen",
        "120 training images, as in the exercise; *validation*: its 150 images, *test*: 1,000 others.",
    ),
    "tracing": (
        "Exercise 2, task 5: what its `seconds` are made of",
        "CPU-seconds of the two epochs on a busy machine; the first holds the tracing of the step.",
    ),
}
_SECONDS = ("tracing",)
UNMEASURED = """Not measured by anybody here: VGG16, ResNet50 and MobileNetV2 with their ImageNet weights on
photographs; no machine of ours had these weights."""
_HOW = """Written by `python -m benchmarks.claims page`, from what `python -m benchmarks.claims record` measured.
Every seed draws its own training images, test images, weights and order; `tests/lesson/test_claims.py` holds the texts
against these numbers.
"""


def section() -> str:
    """Write the section.

    Returns:
        Markdown, with the heading.
    """
    known = recorded()
    lines = [HEADING, _HOW]
    for part, (title, how) in _PARTS.items():
        if part in known:
            entry = known[part]
            versions = " and ".join(f"{name} {version}" for name, version in entry["versions"].items())
            count = len(entry["seeds"])
            lines += [f"### {title}\n", f"{how} {count} seeds, recorded on {entry['date']} with {versions}.\n"]
            lines += [*_table(part), ""]
    return "\n".join([*lines, UNMEASURED]) + "\n"


def _as_read(entry: tuple[str, list[float]]) -> tuple[str, float]:
    """Words in the order of the alphabet, numbers by their size: frozen 10, frozen 100, and rates last."""
    words, _, number = entry[0].rpartition(" ")
    try:
        return (words or "~", float(number))
    except ValueError:
        return (entry[0], 0.0)


def _table(part: str) -> list[str]:
    unit = "CPU-seconds" if part in _SECONDS else "accuracy"
    lines = [f"| | {unit}, mean ± deviation | lowest | highest |", "|---|---|---|---|"]
    for name, values in sorted(recorded_accuracies(part).items(), key=_as_read):
        deviation = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
        lines.append(f"| {name} | {np.mean(values):.3f}{deviation} | {min(values):.3f} | {max(values):.3f} |")
    return lines

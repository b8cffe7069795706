"""docs/calibration.md and its pictures, from the committed evidence."""

import textwrap
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.axes import Axes

import transferlab
from autograder.calibration import evidence
from autograder.calibration.bounds import BAND, RISK, GateFigures
from autograder.calibration.evidence import Evidence

_RIGHT_COLOUR, _WRONG_COLOUR = "#0072B2", "#D55E00"
"""Told apart by colour-blind readers too; the marks differ as well."""
_COLUMNS = 2


def write(docs: Path, folders: Iterable[Path]) -> list[Path]:
    """Write the page with one picture a source.

    Args:
        docs: Folder of the page.
        folders: Of the check pages of exercises, in their order.

    Returns:
        The files written.
    """
    folders = list(folders)
    found: dict[str, list[Evidence]] = {}
    for source in transferlab.course_sources():
        read = [evidence.read(folder, source) for folder in folders]
        if measured := [one for one in read if one is not None and one.gates]:
            found[source] = measured
    pictures = [docs / f"calibration_{source}.png" for source in found]
    for measured, picture in zip(found.values(), pictures, strict=True):
        draw(measured, picture)
    environment = Environment(  # noqa: S701 (the page is Markdown: escaping for HTML would damage it)
        loader=PackageLoader("autograder.calibration", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    courses = {source: transferlab.course_data(source) for source in found}
    text = environment.get_template("calibration.md.jinja").render(
        sources=found, courses=courses, band=BAND, risk=RISK, describe=describe
    )
    page = docs / "calibration.md"
    evidence.replace_text(page, text)
    return [page, *pictures]


def describe(found: Iterable[Evidence]) -> str:
    """Say in words what the picture of a source shows, for those who do not see it."""
    sentences = []
    for name, gate in _named(found):
        lowest = min(min(arm.accuracies) for arm in gate.right)
        missed = [arm.name for arm in gate.wrong if max(arm.accuracies) >= gate.threshold]
        reach = f"reached in some runs by: {', '.join(missed)}" if missed else "reached by no wrong solution"
        sentences.append(
            f"{name}: right solutions from {lowest:.3f} up, the threshold at {gate.threshold:.3f}, {reach}"
        )
    return "Every run as a dot, right solutions above wrong ones. " + "; ".join(sentences) + "."


def _named(found: Iterable[Evidence]) -> list[tuple[str, GateFigures]]:
    return [(f"{one.exercise}/{gate.name}", gate) for one in found for gate in one.gates]


def draw(found: Iterable[Evidence], path: Path) -> None:
    """Draw every run as a dot, right and wrong solutions one under the other, the threshold between them."""
    gates = _named(found)
    lines = -(-len(gates) // _COLUMNS)
    most = max(len(gate.right) + len(gate.wrong) for _, gate in gates)
    figure, axes = plt.subplots(
        lines, _COLUMNS, figsize=(12, lines * (0.36 * most + 1.3)), sharex=True, squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(gates) :]:
        axis.set_visible(False)
    for axis, (name, gate) in zip(axes.flat, gates, strict=False):
        _draw_gate(axis, name, gate)
    figure.savefig(path, dpi=100, metadata={"Software": None})
    plt.close(figure)


def _draw_gate(axis: Axes, name: str, gate: GateFigures) -> None:
    arms = (*gate.right, *gate.wrong)
    for row, arm in enumerate(arms):
        right = row < len(gate.right)
        colour, mark = (_RIGHT_COLOUR, "o") if right else (_WRONG_COLOUR, "x")
        axis.plot(arm.accuracies, [row] * len(arm.accuracies), mark, color=colour, alpha=0.6, ms=5)
    axis.axvspan(gate.threshold - BAND, gate.threshold + BAND, color="#999999", alpha=0.35, lw=0)
    axis.axvline(gate.threshold, color="black", lw=1)
    axis.set_title(f"{name}:\nat least {gate.threshold:.3f}", fontsize=10, loc="left")
    axis.set_xlabel("accuracy on hidden images")
    axis.tick_params(labelbottom=True)
    axis.grid(axis="x", alpha=0.3)
    words = ["right"] * len(gate.right) + ["wrong"] * len(gate.wrong)
    names = [textwrap.fill(f"{word}: {arm.name}", 28) for word, arm in zip(words, arms, strict=True)]
    axis.set_yticks(range(len(arms)), names)
    axis.invert_yaxis()

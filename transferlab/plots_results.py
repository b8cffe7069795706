"""Figures of results: spread over seeds, curves over data sizes, confusions, what changed sides, embeddings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from transferlab.plots_base import COLOURS, GREY, MARKERS, axes_or_new, mark_chance, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_spread(
    results: Mapping[str, Sequence[float]], *, chance: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Every run as a dot and each row's mean as a bar across: what is difference, what is luck?

    Args:
        results: Name to accuracies in [0, 1], one a run.
        chance: Accuracy of guessing, marked by a dashed line.
        ax: Axes to draw on; new ones by default.

    Returns:
        The Axes.

    Raises:
        ValueError: There is nothing to draw, or a row is empty.
    """
    if not results or any(len(runs) == 0 for runs in results.values()):
        raise ValueError("each row needs at least one accuracy, such as {'baseline': [0.31, 0.34, 0.30]}")
    ax = axes_or_new(ax, (7.2, 0.55 * len(results) + 1.0))
    for row, runs in enumerate(results.values()):
        colour, values = COLOURS[row % len(COLOURS)], np.asarray(runs, float) * 100
        ax.plot(values, np.full(len(values), row), MARKERS[row % len(MARKERS)], color=colour, alpha=0.75, markersize=7)
        ax.plot([values.mean()] * 2, [row - 0.3, row + 0.3], color=colour, linewidth=2)
        text = f"{values.mean():.1f}" + (f" ± {values.std(ddof=1):.1f}" if len(values) > 1 else "")
        ax.annotate(
            text, (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=10, annotation_clip=False
        )
    ax.set_yticks(range(len(results)), list(results))
    ax.set_ylim(len(results) - 0.4, -0.6)
    ax.set_xlabel("accuracy (%); a dot a run, the bar their mean")
    if chance is not None:
        mark_chance(ax, chance * 100)
    tidy(ax, "x")
    return ax


def plot_data_curve(
    sizes: Sequence[int], curves: Mapping[str, npt.ArrayLike], *, chance: float | None = None, ax: "Axes | None" = None
) -> "Axes":
    """Accuracy over the number of training images, the sizes on a logarithmic axis.

    Args:
        sizes: Images a class, ascending.
        curves: Name to accuracies in [0, 1]: (sizes,), or (sizes, runs) for several runs, which are drawn as dots
            around the line of their means.
        chance: Accuracy of guessing, marked by a dashed line.
        ax: Axes to draw on; new ones by default.

    Returns:
        The Axes.

    Raises:
        ValueError: A curve has not one row for each size.
    """
    ax = axes_or_new(ax, (7.2, 3.9))
    for number, (name, curve) in enumerate(curves.items()):
        values = np.asarray(curve, float) * 100
        values = values[:, None] if values.ndim == 1 else values
        if len(values) != len(sizes):
            raise ValueError(
                f"the curve {name!r} has {len(values)} rows for {len(sizes)} sizes; one for each is needed"
            )
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        ax.plot(sizes, values.mean(axis=1), color=colour, marker=marker, label=name)
        ax.plot(np.repeat(sizes, values.shape[1]), values.ravel(), marker, color=colour, markersize=4, alpha=0.5)
    if chance is not None:
        ax.axhline(chance * 100, color=GREY, linestyle="--", linewidth=1, label="chance")
    ax.set_xscale("log")
    ax.set_xticks(list(sizes), [str(size) for size in sizes])
    ax.minorticks_off()
    ax.set_xlabel("training images a class")
    ax.set_ylabel("test accuracy (%)")
    tidy(ax, "both")
    ax.legend(frameon=False, fontsize=10, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def plot_confusion(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, class_names: Sequence[str], *, ax: "Axes | None" = None
) -> "Axes":
    """How often each class was taken for each: rows are the truth, columns what the model said.

    Args:
        labels: True class numbers (n,).
        predictions: Predicted class numbers (n,).
        class_names: Name of each class.
        ax: Axes to draw on; new ones by default.

    Returns:
        The Axes; every cell holds its count, 0 is left out.

    Raises:
        ValueError: Labels and predictions differ in number.
    """
    counts = confusion_counts(labels, predictions, len(class_names))
    ax = axes_or_new(ax, (0.55 * len(class_names) + 1.9, 0.45 * len(class_names) + 1.5))
    ax.imshow(counts, cmap="Blues", vmax=counts.max() * 1.2)
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if counts[row, column] > 0.7 * counts.max() else "black"
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=10)
    ax.set_xticks(range(len(class_names)), list(class_names), rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(class_names)), list(class_names))
    ax.set_xlabel("the model said")
    ax.set_ylabel("it was")
    ax.spines[:].set_visible(False)
    return ax


def confusion_counts(labels: npt.ArrayLike, predictions: npt.ArrayLike, classes: int) -> npt.NDArray[np.int64]:
    """Count how often each class was taken for each.

    Args:
        labels: True class numbers (n,).
        predictions: Predicted class numbers (n,).
        classes: How many classes there are.

    Returns:
        int64 (classes, classes): row i, column j counts images of class i that were taken for class j.

    Raises:
        ValueError: Labels and predictions differ in number.
    """
    truth, said = np.asarray(labels).reshape(-1), np.asarray(predictions).reshape(-1)
    if len(truth) != len(said):
        raise ValueError(f"there are {len(truth)} labels but {len(said)} predictions")
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (truth, said), 1)
    return counts


def plot_changed_sides(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    class_names: Sequence[str],
    *,
    columns: int = 8,
) -> "Figure":
    """Images one model gets right and the other wrong: won in the upper row, lost in the lower.

    Args:
        images: (n, height, width, 3), levels 0 to 255.
        labels: True class numbers (n,), written above each image.
        before: What the first model said (n,).
        after: What the second model said (n,).
        class_names: Name of each class.
        columns: Images in a row at most.

    Returns:
        The figure; below each image stands what the model that is wrong took it for.
    """
    import matplotlib.pyplot as plt

    batch, truth, first, second = (np.asarray(values) for values in (images, labels, before, after))
    won = np.flatnonzero((first != truth) & (second == truth))
    lost = np.flatnonzero((first == truth) & (second != truth))
    figure = plt.figure(figsize=(1.08 * columns, 3.9), layout="constrained")
    upper, lower = figure.subfigures(2, 1, squeeze=False).ravel()
    for part, rows, wrong, title, word in (
        (upper, won, first, f"won: {len(won)} images were wrong and are right now", "was"),
        (lower, lost, second, f"lost: {len(lost)} images were right and are wrong now", "now"),
    ):
        part.suptitle(title, fontsize=11, x=0.01, ha="left")
        for number, axes in enumerate(part.subplots(1, columns, squeeze=False).flat):
            axes.axis("off")
            if number < len(rows):
                row = rows[number]
                axes.imshow(np.clip(batch[row], 0, 255).astype(np.uint8), interpolation="nearest")
                axes.set_title(class_names[int(truth[row])], fontsize=10, pad=3)
                said = f"{word} {class_names[int(wrong[row])]}"
                axes.text(0.5, -0.06, said, transform=axes.transAxes, ha="center", va="top", fontsize=9, color=GREY)
    return figure


def nearest_neighbours(points: npt.ArrayLike, count: int = 5) -> npt.NDArray[np.int64]:
    """The points that lie nearest to each point, itself left out, all dimensions on a common scale.

    Args:
        points: (n, dimensions).
        count: Neighbours of each, fewer than n.

    Returns:
        int64 (n, count): row numbers, the nearest first.

    Raises:
        ValueError: There are too few points.
    """
    values = np.asarray(points, float)
    if values.ndim != 2 or not 0 < count < len(values):
        raise ValueError(f"points have shape {values.shape}; (n, dimensions) with n above {count} is needed")
    scaled = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6)
    squares = (scaled**2).sum(axis=1)
    distances = squares[:, None] + squares[None] - 2 * scaled @ scaled.T
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1)[:, :count].astype(np.int64)


def plot_neighbours(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    class_names: Sequence[str],
    neighbours: Mapping[str, npt.ArrayLike],
    queries: Sequence[int],
) -> "Figure":
    """Some images and their nearest neighbours: a block for each way to measure nearness, a row for each image.

    Args:
        images: (n, height, width, 3), levels 0 to 255.
        labels: True class numbers (n,).
        class_names: Name of each class.
        neighbours: Title of a block to row numbers (n, k), as `nearest_neighbours` gives them.
        queries: Row numbers of the images to look at.

    Returns:
        The figure; the image itself stands at the left of its row, a neighbour of the same class has a frame and its
        class in bold.

    Raises:
        ValueError: There is nothing to draw.
    """
    import matplotlib.pyplot as plt

    batch, truth = np.clip(np.asarray(images), 0, 255).astype(np.uint8), np.asarray(labels)
    blocks = {title: np.asarray(rows) for title, rows in neighbours.items()}
    if not blocks or not queries:
        raise ValueError("nothing to draw; give at least one block of neighbours and one image to look at")
    columns = 1 + next(iter(blocks.values())).shape[1]
    figure = plt.figure(figsize=(1.02 * columns, len(blocks) * (1.2 * len(queries) + 0.35)), layout="constrained")
    parts = figure.subfigures(len(blocks), 1, squeeze=False).ravel()
    for part, (title, rows) in zip(parts, blocks.items(), strict=True):
        part.suptitle(title, fontsize=11, x=0.01, ha="left")
        grid = part.subplots(len(queries), columns, squeeze=False)
        for row, query in zip(grid, queries, strict=True):
            for place, (axes, number) in enumerate(zip(row, [query, *rows[query]], strict=True)):
                alike = place > 0 and truth[number] == truth[query]
                axes.imshow(batch[number], interpolation="nearest")
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set(visible=alike, color=COLOURS[0], linewidth=3)
                weight = "bold" if alike or place == 0 else "normal"
                axes.set_title(class_names[int(truth[number])], fontsize=10, pad=3, fontweight=weight)
    return figure


def plot_embeddings(points: Mapping[str, npt.ArrayLike], labels: npt.ArrayLike, class_names: Sequence[str]) -> "Figure":
    """Clouds of points, a panel for each entry, classes told apart by colour and marker; large marks are their middles.

    Args:
        points: Title of a panel to its points (n, 2).
        labels: Class numbers (n,).
        class_names: Name of each class.

    Returns:
        The figure.

    Raises:
        ValueError: There is nothing to draw, or points and labels differ in number.
    """
    import matplotlib.pyplot as plt

    clouds, numbers = {title: np.asarray(cloud, float) for title, cloud in points.items()}, np.asarray(labels)
    if not clouds:
        raise ValueError("points is empty; give at least one panel, such as {'pixels': points}")
    for title, cloud in clouds.items():
        if cloud.shape != (len(numbers), 2):
            raise ValueError(f"the points of {title!r} have shape {cloud.shape}; ({len(numbers)}, 2) is needed")
    figure, panels = plt.subplots(
        1, len(clouds), figsize=(3.3 * len(clouds) + 1.2, 3.5), squeeze=False, layout="constrained"
    )
    for axes, (title, cloud) in zip(panels.flat, clouds.items(), strict=True):
        for number, name in enumerate(class_names):
            place = cloud[numbers == number]
            style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
            axes.scatter(place[:, 0], place[:, 1], s=16, alpha=0.45, linewidths=0, label=name, **style)
        for number in np.unique(numbers):  # on top of all points
            style = {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
            axes.scatter(*cloud[numbers == number].mean(axis=0), s=110, edgecolors="black", linewidths=1.2, **style)
        axes.set_title(title, fontsize=11)
        axes.set_xticks([])
        axes.set_yticks([])
    handles, names = panels.flat[-1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", frameon=False, fontsize=10, markerscale=1.5)
    return figure

"""The figures of the exercises: colours that colour-blind readers can tell apart, units on the axes.

Each function draws on the Axes it is given or on new ones, returns them, and changes no global setting.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from transferlab.plots_base import COLOURS, MARKERS, WORDS, axes_or_new, mark_chance, tidy

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


_GAP = 0.06
"""Between two images, in widths of an image."""


def plot_images(
    images: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    *,
    rows: int = 3,
    columns: int = 8,
    title: str | None = None,
) -> "Figure":
    """The first images as a grid.

    Args:
        images: (n, height, width, 3), levels 0 to 255.
        labels: Class numbers (n,) or (n, 1), written above the images; none by default.
        class_names: Written instead of the numbers.
        rows: At most so many rows.
        columns: At most so many columns.
        title: Above the grid.

    Returns:
        The figure.

    Raises:
        ValueError: `images` is not a batch of colour images, or there are fewer labels than images.
    """
    import matplotlib.pyplot as plt

    batch = np.asarray(images)
    if batch.ndim != 4 or batch.shape[-1] != 3 or len(batch) == 0:
        raise ValueError(f"images have shape {batch.shape}; plot_images needs (n, height, width, 3), n from 1")
    numbers = None if labels is None else np.asarray(labels).reshape(-1)
    if numbers is not None and len(numbers) != len(batch):
        raise ValueError(f"there are {len(batch)} images but {len(numbers)} labels")
    shown = min(len(batch), rows * columns)
    columns = min(columns, shown)
    rows = -(-shown // columns)
    line = 0.0 if numbers is None else 0.22
    size = (1.15 * columns, (1.15 + line) * rows + (0.4 if title else 0.0))
    # one Axes for all: making an Axes for each image takes ten times as long
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.axis("off")
    for position in range(shown):
        row, column = divmod(position, columns)
        left, top = column * (1 + _GAP), row * (1 + line + _GAP)
        pixels = np.clip(batch[position], 0, 255).astype(np.uint8)
        axes.imshow(pixels, extent=(left, left + 1, top + 1, top), interpolation="nearest")
        if numbers is not None:
            number = int(numbers[position])
            text = str(number) if class_names is None else class_names[number]
            axes.text(left + 0.5, top - 0.03, text, fontsize=9, ha="center", va="bottom")
    axes.set_xlim(0, columns * (1 + _GAP) - _GAP)
    axes.set_ylim(rows * (1 + line + _GAP) - line - _GAP, -line)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_histories(histories: Mapping[str, Any], metric: str = "val_accuracy", *, ax: "Axes | None" = None) -> "Axes":
    """Training curves, one for each entry, named at its end.

    Args:
        histories: Name to what `fit` returned, or to its `history` dictionary.
        metric: The entry of the histories to draw, such as "accuracy", "val_accuracy" or "loss".
        ax: Axes to draw on; new ones by default.

    Returns:
        The Axes.

    Raises:
        ValueError: There is nothing to draw, or a history has no such metric.
    """
    from matplotlib.ticker import MaxNLocator

    curves = {name: _curve(name, history, metric) for name, history in histories.items()}
    if not curves:
        raise ValueError("histories is empty; give at least one, such as {'baseline': history}")
    ax = axes_or_new(ax, (6.4, 3.8))
    percent = "accuracy" in metric
    for position, (name, values) in enumerate(curves.items()):
        colour, marker = COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)]
        scaled = values * 100 if percent else values
        ax.plot(np.arange(1, len(values) + 1), scaled, color=colour, marker=marker, markersize=4, label=name)
    longest = max(len(values) for values in curves.values())
    ax.set_xlabel("epoch")
    ax.set_ylabel(_named(metric))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlim(1 - 0.03 * longest, longest + 0.03 * longest)
    tidy(ax, "y")
    ends = {name: (float(len(values)), float(values[-1]) * (100 if percent else 1)) for name, values in curves.items()}
    _name_the_ends(ax, ends)
    return ax


def plot_comparison(
    values: Mapping[str, float],
    *,
    label: str = "accuracy (%)",
    chance: float | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Horizontal bars with their values, in the order given, the first on top.

    Args:
        values: Name to value; accuracies in [0, 1] are shown as percentages while `label` contains "%".
        label: What the bars measure, with its unit.
        chance: Value of guessing, marked by a dashed line, in the unit of `values`.
        ax: Axes to draw on; new ones by default.

    Returns:
        The Axes.

    Raises:
        ValueError: There is nothing to draw.
    """
    if not values:
        raise ValueError("values is empty; give at least one, such as {'baseline': 0.75}")
    ax = axes_or_new(ax, (6.4, 0.55 * len(values) + 1.1))
    factor = 100.0 if "%" in label else 1.0
    names, sizes = list(values), [float(value) * factor for value in values.values()]
    colours = [COLOURS[position % len(COLOURS)] for position in range(len(names))]
    bars = ax.barh(names, sizes, color=colours, height=0.62)
    ax.bar_label(bars, fmt="%.1f" if factor == 100.0 else "%.3g", padding=4, fontsize=10)
    ax.invert_yaxis()
    ax.set_xlabel(label)
    top = max([size for size in sizes if np.isfinite(size)] + [0.0 if chance is None else chance * factor])
    ax.set_xlim(0, top * 1.12 if top > 0 else 1.0)
    if chance is not None:
        mark_chance(ax, chance * factor)
    tidy(ax, "x")
    return ax


def plot_trade_off(
    table: "pd.DataFrame | Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]",
    *,
    x: str,
    y: str = "val_accuracy",
    name: str,
    x_label: str | None = None,
    y_label: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """One point for each row, named, and a line through those no other row beats (less x, more y).

    Args:
        table: A data frame, a dictionary of columns, or a list of rows, each a dictionary.
        x: Column of the cost: less is better, such as "seconds" or "parameters".
        y: Column of the gain: more is better.
        name: Column that names the rows.
        x_label: For the axis, with its unit; made from the column's name by default.
        y_label: The same for the other axis.
        ax: Axes to draw on; new ones by default.

    Returns:
        The Axes.

    Raises:
        ValueError: The table lacks a column, or has no rows.
    """
    columns: Any = table
    if isinstance(table, list | tuple):
        import pandas as pd

        columns = pd.DataFrame(list(table))
    for column in (x, y, name):
        if column not in columns:
            raise ValueError(f"the table has no column {column!r}; it has {', '.join(map(str, columns))}")
    cost, gain = np.asarray(columns[x], float), np.asarray(columns[y], float)
    names = [f"{name} {row:g}" if isinstance(row, float | int) else str(row) for row in columns[name]]
    if len(names) == 0:
        raise ValueError("the table has no rows")
    ax = axes_or_new(ax, (6.4, 4.2))
    gain = gain * 100 if "accuracy" in y else gain
    best = _unbeaten(cost, gain)
    order = best[np.argsort(cost[best])]
    ax.plot(cost[order], gain[order], color=COLOURS[0], linewidth=1, alpha=0.6, zorder=1)
    others = np.setdiff1d(np.arange(len(names)), best)
    ax.scatter(cost[best], gain[best], color=COLOURS[0], s=46, zorder=2, label="beaten by none")
    if len(others):
        ax.scatter(cost[others], gain[others], color=COLOURS[1], marker="s", s=40, zorder=2, label="beaten by another")
        ax.legend(frameon=False, fontsize=9)
    for row, text in enumerate(names):
        ax.annotate(text, (cost[row], gain[row]), xytext=(7, -12), textcoords="offset points", fontsize=9)
    ax.margins(x=0.14, y=0.16)
    ax.set_xlabel(x_label or _named(x))
    ax.set_ylabel(y_label or _named(y))
    tidy(ax, "both")
    return ax


def _curve(name: str, history: Any, metric: str) -> npt.NDArray[np.float64]:
    entries = getattr(history, "history", history)
    if metric not in entries:
        known = ", ".join(map(str, entries)) or "nothing"
        raise ValueError(f"the history of {name!r} has no {metric!r}; it has {known}")
    return np.asarray(entries[metric], float).reshape(-1)


def _unbeaten(cost: npt.NDArray[np.float64], gain: npt.NDArray[np.float64]) -> npt.NDArray[np.intp]:
    """Rows for which no other is at least as good in both and better in one."""
    cheaper, better = cost[:, None] >= cost[None, :], gain[:, None] <= gain[None, :]
    strictly = (cost[:, None] > cost[None, :]) | (gain[:, None] < gain[None, :])
    beaten = (cheaper & better & strictly).any(axis=1)
    return np.flatnonzero(~beaten & np.isfinite(cost) & np.isfinite(gain))


def _name_the_ends(ax: "Axes", ends: Mapping[str, tuple[float, float]]) -> None:
    """Write each name in its curve's colour right of the axes, moved apart where they would overlap."""
    if not all(np.isfinite(y) for _, y in ends.values()):
        ax.legend(frameon=False)
        return
    low, high = ax.get_ylim()
    least = 0.075 * (high - low)
    placed = {name: ends[name][1] for name in sorted(ends, key=lambda each: ends[each][1])}
    order = list(placed)
    for _ in range(100):  # neighbours push each other apart, each by half of what is lacking
        for lower, upper in pairwise(order):
            push = max(0.0, least - (placed[upper] - placed[lower])) / 2
            placed[lower] -= push
            placed[upper] += push
    for position, name in enumerate(ends):
        ax.annotate(
            name,
            (1.0, placed[name]),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=WORDS[position % len(WORDS)],
            fontsize=10,
            annotation_clip=False,
        )


_NAMES = {
    "accuracy": "training accuracy (%)",
    "val_accuracy": "validation accuracy (%)",
    "loss": "training loss",
    "val_loss": "validation loss",
    "seconds": "training time (seconds)",
    "seconds_per_epoch": "time per epoch (seconds)",
    "trainable": "trainable parameters",
}


def _named(column: str) -> str:
    return _NAMES.get(column, column.replace("_", " ") + (" (%)" if "accuracy" in column else ""))

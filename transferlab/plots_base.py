"""What all figures share: colours, markers, and how axes look."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette without its yellow, which is too pale for lines."""
WORDS = ("#0072B2", "#B84F00", "#007A59", "#A0527E", "#8F6000", "#20709F", "#000000")
"""The same, dark enough for words on white: a contrast of 4.5 and more."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
"""Told apart without colour, too."""
GREY = "#555555"
"""For what stands in the background, such as the line of guessing."""


def axes_or_new(ax: "Axes | None", size: tuple[float, float]) -> "Axes":
    """The given Axes, or new ones.

    Args:
        ax: Axes, or None for new ones.
        size: Width and height of a new figure, in inches.

    Returns:
        Axes to draw on.
    """
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def tidy(ax: "Axes", grid: str) -> None:
    """Take the frame away on two sides and put a pale grid behind what is drawn.

    Args:
        ax: Axes, changed in place.
        grid: "x", "y" or "both".
    """
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
    ax.grid(axis=grid, color="#dddddd", linewidth=0.8)  # type: ignore[arg-type]


def mark_chance(ax: "Axes", value: float) -> None:
    """Draw a dashed vertical line where guessing lies, and name it above the Axes.

    Args:
        ax: Axes, changed in place.
        value: Where, in the unit of the x axis.
    """
    ax.axvline(value, color=GREY, linestyle="--", linewidth=1)
    ax.annotate(
        "chance",
        (value, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        color=GREY,
        fontsize=9,
    )

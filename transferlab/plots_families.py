"""What each family of networks brought, a small drawing each: boxes are layers, arrows are maps."""

from typing import TYPE_CHECKING, Any

from transferlab.plots_base import COLOURS, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

_BLUE, _ORANGE, _GREEN, _PURPLE = COLOURS[:4]


def plot_families() -> "Figure":
    """Draw the idea of VGG, ResNet, Inception, MobileNet and EfficientNet.

    Returns:
        A figure of six panels, the last of which says how to read the others.
    """
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(3, 2, figsize=(7.4, 9.6), layout="constrained")
    drawings = (_vgg, _resnet, _inception, _mobilenet, _efficientnet, _key)
    for axes, draw in zip(panels.flat, drawings, strict=True):
        axes.set(xlim=(0, 10), ylim=(0, 10))
        axes.axis("off")
        draw(axes)
    return figure


def _vgg(axes: "Axes") -> None:
    axes.set_title("VGG (2014): small filters, many layers", fontsize=11)
    _column(axes, 5, ["convolution 3 × 3", "convolution 3 × 3", "pooling"], (_BLUE, _BLUE, GREY))


def _resnet(axes: "Axes") -> None:
    axes.set_title("ResNet (2015): a skip connection", fontsize=11)
    _column(axes, 4, ["convolution 3 × 3", "convolution 3 × 3", "add"], (_BLUE, _BLUE, _ORANGE))
    bend = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.75", "color": _ORANGE, "lw": 2}
    axes.annotate("", (6.4, 1.7), (4.2, 9.5), arrowprops=bend)
    axes.text(8.6, 5.4, "unchanged", fontsize=10, color="black", ha="center", rotation=90, va="center")


def _inception(axes: "Axes") -> None:
    axes.set_title("Inception (2014): several sizes at once", fontsize=11)
    for x, name in ((1.3, "1 × 1"), (3.8, "3 × 3"), (6.3, "5 × 5"), (8.7, "pool")):
        _arrow(axes, (5, 9.4), (x, 6.9))
        _box(axes, x, 6, name, GREY if name == "pool" else _BLUE, 2.1)
        _arrow(axes, (x, 5.2), (5, 2.7))
    _box(axes, 5, 1.8, "side by side: concatenate", _ORANGE, 6.4)


def _mobilenet(axes: "Axes") -> None:
    axes.set_title("MobileNet (2017): depthwise, then 1 × 1", fontsize=11)
    for x in (2.4, 4.1, 5.9, 7.6):
        _arrow(axes, (x, 9.4), (x, 8.3))
        _box(axes, x, 7.4, "3 × 3", _GREEN, 1.5)
        _arrow(axes, (x, 6.6), (x, 4.6))
    axes.text(5, 5.55, "each channel by itself", fontsize=10, ha="center", va="center", backgroundcolor="white")
    _box(axes, 5, 3.7, "convolution 1 × 1 mixes the channels", _BLUE, 8.6)
    _arrow(axes, (5, 2.9), (5, 1.5))
    axes.text(5, 0.8, "the same reach for far fewer multiplications", fontsize=9.5, ha="center")


def _efficientnet(axes: "Axes") -> None:
    axes.set_title("EfficientNet (2019): grow all three together", fontsize=11)
    for x, size, text in ((2.2, 1.4, "small"), (7.0, 2.5, "large")):
        for layer in range(4 if size < 2 else 6):
            offset = 0.3 * layer
            corner = (x - size + offset, 5.6 - size + offset)
            square = {"facecolor": _PURPLE, "alpha": 0.35, "edgecolor": "black"}
            axes.add_patch(_rectangle(corner, size * 1.5, size * 1.5, **square))
        axes.text(x, 1.9, text, fontsize=10, ha="center")
    _arrow(axes, (3.6, 5.2), (4.5, 5.2))
    axes.text(5, 0.6, "larger images, more layers, more channels", fontsize=10, ha="center")


def _key(axes: "Axes") -> None:
    axes.set_title("How to read it", fontsize=11)
    words = ((_BLUE, "convolution"), (_GREEN, "one channel"), (GREY, "pooling"), (_ORANGE, "joins maps"))
    for y, (colour, text) in zip((8, 6, 4, 2), words, strict=True):
        _box(axes, 5, y, text, colour, 5)


def _column(axes: "Axes", x: float, names: list[str], colours: tuple[str, ...]) -> None:
    for number, (name, colour) in enumerate(zip(names, colours, strict=True)):
        y = 7.4 - 2.85 * number
        _arrow(axes, (x, y + 1.95), (x, y + 0.9))
        _box(axes, x, y, name, colour, 5)


def _box(axes: "Axes", x: float, y: float, text: str, colour: str, width: float) -> None:
    axes.add_patch(_rectangle((x - width / 2, y - 0.8), width, 1.6, facecolor="white", edgecolor=colour, linewidth=2.5))
    axes.text(x, y, text, fontsize=10, ha="center", va="center")


def _rectangle(corner: tuple[float, float], width: float, height: float, **style: Any) -> "Rectangle":
    from matplotlib.patches import Rectangle

    return Rectangle(corner, width, height, **style)


def _arrow(axes: "Axes", start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.2})

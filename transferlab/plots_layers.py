"""Figures of what the layers of a network have learned: kernels, feature maps, and what a channel answers to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_filters(kernels: Mapping[str, npt.ArrayLike], *, columns: int = 16) -> "Figure":
    """First-layer kernels as small colour pictures, one block of rows for each network.

    Args:
        kernels: Name to the kernel of a first convolution, (height, width, 3, filters). Each filter is stretched to
            the whole range of levels around its own zero, which is grey.
        columns: Filters in a row; at most four rows are drawn for each network.

    Returns:
        The figure.

    Raises:
        ValueError: There is nothing to draw, or a kernel does not look at three colours.
    """
    import matplotlib.pyplot as plt

    arrays = {name: np.asarray(kernel, float) for name, kernel in kernels.items()}
    if not arrays:
        raise ValueError("kernels is empty; give at least one, such as {'mini_vgg': kernel}")
    for name, array in arrays.items():
        if array.ndim != 4 or array.shape[2] != 3:
            raise ValueError(f"the kernel of {name!r} has shape {array.shape}; (height, width, 3, filters) is needed")
    rows = {name: min(4, -(-array.shape[3] // columns)) for name, array in arrays.items()}
    size = (0.55 * columns + 0.2, sum(0.55 * count + 0.45 for count in rows.values()))
    figure = plt.figure(figsize=size, layout="constrained")
    blocks = figure.subfigures(
        len(arrays), 1, squeeze=False, height_ratios=[count + 0.7 for count in rows.values()]
    ).ravel()
    for block, (name, array) in zip(blocks, arrays.items(), strict=True):
        block.suptitle(name, fontsize=11, x=0.01, ha="left")
        for number, axes in enumerate(block.subplots(rows[name], columns, squeeze=False).flat):
            axes.axis("off")
            if number < array.shape[3]:
                kernel = array[..., number]
                axes.imshow(0.5 + kernel / (2 * max(np.abs(kernel).max(), 1e-12)), interpolation="nearest")
    return figure


def plot_feature_maps(image: npt.ArrayLike, maps: Mapping[str, npt.ArrayLike], *, channels: int = 8) -> "Figure":
    """What some layers make of one image: a row for each layer, its liveliest channels from left to right.

    Args:
        image: (height, width, 3), levels 0 to 255; stands at the left.
        maps: Name of a layer to its output for this image, (height, width, channels).
        channels: How many of its channels are drawn: those whose values vary most over the picture.

    Returns:
        The figure; dark is no answer, yellow a strong one, each channel on a scale of its own.

    Raises:
        ValueError: There is nothing to draw, or a map is not 3-D.
    """
    import matplotlib.pyplot as plt

    arrays = {name: np.asarray(values, float) for name, values in maps.items()}
    if not arrays:
        raise ValueError("maps is empty; give at least one, such as {'block1_conv1': output[0]}")
    for name, array in arrays.items():
        if array.ndim != 3:
            raise ValueError(
                f"the map of {name!r} has shape {array.shape}; one image's (height, width, channels) is due"
            )
    size = (0.95 * (channels + 1) + 1.2, 1.02 * len(arrays))
    figure, grid = plt.subplots(len(arrays), channels + 1, figsize=size, squeeze=False, layout="constrained")
    for axes in grid.flat:
        axes.axis("off")
    grid[0, 0].imshow(np.clip(np.asarray(image), 0, 255).astype(np.uint8), interpolation="nearest")
    for row, (name, array) in zip(grid, arrays.items(), strict=True):
        height, width, count = array.shape
        _label_at_left(row[0], f"{name}\n{height} × {width} × {count}")
        liveliest = np.argsort(array.std(axis=(0, 1)))[::-1][:channels]
        for axes, channel in zip(row[1:], liveliest, strict=False):
            axes.imshow(array[..., channel], cmap="viridis", interpolation="nearest")
    return figure


def plot_strongest(
    images: npt.ArrayLike, responses: npt.ArrayLike, channels: Sequence[int], *, name: str = "channel", count: int = 8
) -> "Figure":
    """The images that excite a channel most: a row for each channel.

    Args:
        images: (n, height, width, 3), levels 0 to 255.
        responses: (n, channels): how strongly each channel answers to each image.
        channels: Which channels to draw.
        name: Stands in front of the channel's number.
        count: Images in a row, the strongest first.

    Returns:
        The figure.

    Raises:
        ValueError: Images and responses do not belong together, or there is no such channel.
    """
    import matplotlib.pyplot as plt

    batch, strengths = np.asarray(images), np.asarray(responses, float)
    if batch.ndim != 4 or strengths.ndim != 2 or len(batch) != len(strengths):
        shapes = f"images {batch.shape} and responses {strengths.shape}"
        raise ValueError(f"{shapes} do not belong together; (n, height, width, 3) and (n, channels) are needed")
    if not channels or not all(0 <= channel < strengths.shape[1] for channel in channels):
        raise ValueError(f"channels is {list(channels)!r}; name at least one from 0 to {strengths.shape[1] - 1}")
    size = (0.95 * count + 1.1, 0.98 * len(channels))
    figure, grid = plt.subplots(len(channels), count, figsize=size, squeeze=False, layout="constrained")
    for row, channel in zip(grid, channels, strict=True):
        _label_at_left(row[0], f"{name}\n{channel}")
        order = np.argsort(strengths[:, channel])[::-1][:count]
        for axes, position in zip(row, order, strict=False):
            axes.imshow(np.clip(batch[position], 0, 255).astype(np.uint8), interpolation="nearest")
        for axes in row:
            axes.axis("off")
    return figure


def _label_at_left(axes: "Axes", text: str) -> None:
    """Write left of an Axes whose frame is off."""
    axes.text(-0.12, 0.5, text, transform=axes.transAxes, ha="right", va="center", fontsize=10)

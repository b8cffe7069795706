"""Signed distances of a few primitives: negative inside, positive outside, in the units of the coordinates.

Coordinates are float32 grids `(count, 32, 32)`; sizes and positions are plain floats or float32 arrays `(count, 1, 1)`.
Only `+ - * /`, square root, minimum, maximum and absolute value touch the pixels: IEEE 754 rounds these alike on every
machine, and so the images are the same everywhere. (sin, exp or a matrix product would not be.)
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.float32]
Size = float | Grid


def disc(x: Grid, y: Grid, centre_x: Size, centre_y: Size, radius: Size) -> Grid:
    """A filled circle."""
    distance: Grid = length(x - centre_x, y - centre_y)
    distance -= radius
    return distance


def ring(x: Grid, y: Grid, centre_x: Size, centre_y: Size, radius: Size, half_width: Size) -> Grid:
    """The line of a circle."""
    distance: Grid = np.abs(disc(x, y, centre_x, centre_y, radius))
    distance -= half_width
    return distance


def ellipse(x: Grid, y: Grid, centre_x: Size, centre_y: Size, radius_x: Size, radius_y: Size) -> Grid:
    """A filled ellipse; the distance is exact on its outline only."""
    stretched = length((x - centre_x) / radius_x, (y - centre_y) / radius_y)
    stretched -= 1.0
    stretched *= np.minimum(radius_x, radius_y)
    return stretched


def box(x: Grid, y: Grid, centre_x: Size, centre_y: Size, half_width: Size, half_height: Size) -> Grid:
    """A rectangle along the axes, with mitred corners."""
    across: Grid = np.abs(x - centre_x)
    across -= half_width
    along = np.abs(y - centre_y)
    along -= half_height
    np.maximum(across, along, out=across)
    return across


def rounded_box(
    x: Grid, y: Grid, centre_x: Size, centre_y: Size, half_width: Size, half_height: Size, rounding: Size
) -> Grid:
    """A rectangle along the axes whose corners are quarter circles; as large as its half sizes say."""
    across = np.abs(x - centre_x)
    across -= half_width - rounding
    along = np.abs(y - centre_y)
    along -= half_height - rounding
    inside = np.minimum(np.maximum(across, along), 0.0)
    np.maximum(across, 0.0, out=across)
    np.maximum(along, 0.0, out=along)
    outside = length(across, along)
    outside += inside
    outside -= rounding
    return outside


def segment(x: Grid, y: Grid, start: tuple[Size, Size], end: tuple[Size, Size], half_width: Size) -> Grid:
    """A straight stroke with round ends."""
    run_x, run_y = end[0] - start[0], end[1] - start[1]
    from_x, from_y = x - start[0], y - start[1]
    along = from_x * run_x
    along += from_y * run_y
    along /= run_x * run_x + run_y * run_y
    np.clip(along, 0.0, 1.0, out=along)
    from_x -= along * run_x
    from_y -= along * run_y
    return length(from_x, from_y) - half_width


def trapezoid(x: Grid, y: Grid, bottom: Size, top: Size, bottom_half: Size, top_half: Size) -> Grid:
    """Symmetric about x = 0, between two heights; with a half width of 0 at one end it is a triangle."""
    height = top - bottom
    slope = (top_half - bottom_half) / height
    side: Grid = np.abs(x)
    side -= (y - bottom) * slope
    side -= bottom_half
    side *= 1.0 / np.sqrt(1.0 + np.asarray(slope, np.float32) ** 2)
    level = np.abs(y - (bottom + top) / 2)
    level -= height / 2
    np.maximum(side, level, out=side)
    return side


def polygon(x: Grid, y: Grid, corners: Sequence[tuple[float, float]]) -> Grid:
    """A convex polygon; corners counter-clockwise."""
    distance: Grid | None = None
    for (from_x, from_y), (to_x, to_y) in zip(corners, [*corners[1:], corners[0]], strict=True):
        span = math.hypot(to_x - from_x, to_y - from_y)
        normal_x, normal_y = (to_y - from_y) / span, (from_x - to_x) / span
        edge = x * normal_x
        edge += y * normal_y
        edge -= from_x * normal_x + from_y * normal_y
        distance = edge if distance is None else np.maximum(distance, edge, out=distance)
    if distance is None:
        msg = "a polygon needs corners"
        raise ValueError(msg)
    return distance


def fold(x: Grid, y: Grid, angle: float) -> tuple[Grid, Grid]:
    """Mirror what lies left of the ray at `angle` (radians) to its right, so that one half is drawn for both."""
    normal_x, normal_y = -math.sin(angle), math.cos(angle)
    beyond = x * normal_x
    beyond += y * normal_y
    np.maximum(beyond, 0.0, out=beyond)
    beyond *= 2.0
    return x - beyond * normal_x, y - beyond * normal_y


def kaleidoscope(x: Grid, y: Grid, arms: int) -> tuple[Grid, Grid]:
    """Fold the plane so that one arm along +x is seen 4, 5, 6 or 8 times around the origin, the first pointing up.

    Args:
        x: Grid of coordinates to the right.
        y: Grid of coordinates upwards.
        arms: 4, 5, 6 or 8.

    Returns:
        Coordinates along (positive) and across (non-negative) the nearest arm.
    """
    along, across = y, np.abs(x)  # turned by a quarter: the first arm points up
    if arms == 5:
        along, across = fold(along, across, math.pi / 5)
        across = np.abs(across)
        along, across = fold(along, across, math.pi / 5)
        return along, np.abs(across)
    if arms == 6:
        along, across = fold(along, across, math.pi / 3)
        across = np.abs(across)
        along, across = fold(along, across, math.pi / 6)
        return along, np.abs(across)
    along = np.abs(along)
    along, across = np.maximum(along, across), np.minimum(along, across)
    if arms == 8:
        along, across = fold(along, across, math.pi / 8)
        across = np.abs(across)
    return along, across


def star(x: Grid, y: Grid, outer: Size, inner: Size) -> Grid:
    """A five-pointed star, one point up; `inner` is the radius of the corners between the points."""
    along, across = kaleidoscope(x, y, 5)
    corner_x = inner * math.cos(math.pi / 5)
    corner_y = inner * math.sin(math.pi / 5)
    edge_x, edge_y = corner_x - outer, corner_y
    distance = (along - outer) * edge_y - across * edge_x
    distance *= 1.0 / np.sqrt(np.asarray(edge_x * edge_x + edge_y * edge_y, np.float32))
    return distance


def union(*distances: Grid) -> Grid:
    """Everything that lies in at least one of the shapes."""
    joined = distances[0]
    for other in distances[1:]:
        joined = np.minimum(joined, other)
    return joined


def cut(shape: Grid, *holes: Grid) -> Grid:
    """What remains of a shape when the holes are taken away."""
    for hole in holes:
        shape = np.maximum(shape, -hole)
    return shape


def length(x: Grid, y: Grid) -> Grid:
    """Distance from the origin."""
    squared: Grid = x * x
    squared += y * y
    np.sqrt(squared, out=squared)
    return squared

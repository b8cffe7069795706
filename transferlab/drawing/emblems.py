"""The 80 emblems the small backbones were pretrained on: ten bodies, each with one of eight attachments.

No emblem is a sketch, but both are drawn with the same primitives, renderer and disturbances: transfer from emblems to
sketches is easier than transfer from photographs to sketches would be.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from transferlab.drawing import shapes
from transferlab.drawing.pen import Drawing, Pen
from transferlab.drawing.shapes import Grid

Body = Callable[[Pen], Grid]
Attachment = Callable[[Pen], None]


def _ring(pen: Pen) -> Grid:
    return shapes.ring(pen.x, pen.y, 0.0, 0.0, pen.vary(0.4, 0.46), pen.vary(0.12, 0.16))


def _heart(pen: Pen) -> Grid:
    across = np.abs(pen.x)
    lobes = shapes.disc(across, pen.y, 0.27, 0.22, pen.vary(0.3, 0.34))
    return shapes.union(lobes, shapes.trapezoid(pen.x, pen.y, -0.6, 0.12, 0.0, 0.54))


def _square(pen: Pen) -> Grid:
    return shapes.rounded_box(pen.x, pen.y, 0.0, 0.0, pen.vary(0.48, 0.56), pen.vary(0.48, 0.56), 0.08)


def _triangle(pen: Pen) -> Grid:
    return shapes.trapezoid(pen.x, pen.y, -0.5, 0.62, pen.vary(0.58, 0.68), 0.0)


def _cross(pen: Pen) -> Grid:
    arm = pen.vary(0.17, 0.23)
    return shapes.union(shapes.box(pen.x, pen.y, 0.0, 0.0, 0.58, arm), shapes.box(pen.x, pen.y, 0.0, 0.0, arm, 0.58))


def _crescent(pen: Pen) -> Grid:
    whole = shapes.disc(pen.x, pen.y, 0.0, 0.0, 0.6)
    return shapes.cut(whole, shapes.disc(pen.x, pen.y, pen.vary(0.24, 0.32), 0.0, 0.46))


def _hexagon(pen: Pen) -> Grid:
    along, _ = shapes.kaleidoscope(pen.x, pen.y, 6)
    return along - pen.vary(0.48, 0.56)


def _drop(pen: Pen) -> Grid:
    bulb = shapes.disc(pen.x, pen.y, 0.0, -0.18, 0.42)
    return shapes.union(bulb, shapes.trapezoid(pen.x, pen.y, -0.02, pen.vary(0.66, 0.74), 0.39, 0.0))


def _hourglass(pen: Pen) -> Grid:
    waist = pen.vary(0.06, 0.1)
    side = (np.abs(pen.x) - waist - np.abs(pen.y) * 0.8) * 0.78
    return np.maximum(side, np.abs(pen.y) - 0.56)


def _arch(pen: Pen) -> Grid:
    hole = pen.vary(0.24, 0.3)
    outside = shapes.union(shapes.disc(pen.x, pen.y, 0.0, 0.02, 0.56), shapes.box(pen.x, pen.y, 0.0, -0.27, 0.56, 0.29))
    inside = shapes.union(shapes.disc(pen.x, pen.y, 0.0, 0.02, hole), shapes.box(pen.x, pen.y, 0.0, -0.4, hole, 0.42))
    return shapes.cut(outside, inside)


def _legs(pen: Pen) -> None:
    spread = pen.vary(0.3, 0.44)
    pen.part(shapes.segment(np.abs(pen.x), pen.y, (0.24, -0.4), (spread, -0.92), 0.08), 1)


def _horns(pen: Pen) -> None:
    spread = pen.vary(0.34, 0.48)
    across = np.abs(pen.x)
    pen.part(shapes.segment(across, pen.y, (0.2, 0.4), (spread, 0.84), 0.055), 1)
    pen.part(shapes.disc(across, pen.y, spread, 0.84, 0.12), 1)


def _wings(pen: Pen) -> None:
    along = np.abs(pen.x)
    wing = np.maximum(np.abs(pen.y - 0.1) - (along - 0.4) * pen.vary(0.6, 0.85), along - 0.98)
    pen.part(wing * 0.8, 1)


def _tail(pen: Pen) -> None:
    end = pen.vary(0.62, 0.86)
    pen.part(shapes.segment(pen.x, pen.y, (0.36, -0.36), (0.84, -0.56), 0.07), 1)
    pen.part(shapes.disc(pen.x, pen.y, 0.84, -end, 0.15), 1)


def _halo(pen: Pen) -> None:
    line: Grid = np.abs(shapes.ellipse(pen.x, pen.y, 0.0, 0.8, pen.vary(0.38, 0.52), 0.15))
    pen.part(line - np.float32(0.045), 1)


def _plinth(pen: Pen) -> None:
    pen.part(shapes.trapezoid(pen.x, pen.y, -0.94, -0.64, pen.vary(0.66, 0.84), pen.vary(0.4, 0.5)), 1)


def _slash(pen: Pen) -> None:
    pen.part(shapes.segment(pen.x, pen.y, (-0.72, -0.66), (0.72, 0.66), pen.vary(0.07, 0.1)), 3)


def _core(pen: Pen) -> None:
    pen.part(shapes.disc(pen.x, pen.y, 0.0, 0.0, pen.vary(0.17, 0.23)), 3)


BODIES: dict[str, Body] = {
    "ring": _ring,
    "heart": _heart,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
    "crescent": _crescent,
    "hexagon": _hexagon,
    "drop": _drop,
    "hourglass": _hourglass,
    "arch": _arch,
}

_BEHIND: dict[str, Attachment] = {
    "legs": _legs,
    "horns": _horns,
    "wings": _wings,
    "tail": _tail,
    "halo": _halo,
    "plinth": _plinth,
}
_IN_FRONT: dict[str, Attachment] = {"slash": _slash, "core": _core}
ATTACHMENTS: dict[str, Attachment] = _BEHIND | _IN_FRONT


def _draw(pen: Pen, *, body: str, attachment: str) -> None:
    shape = BODIES[body](pen)
    if attachment in _BEHIND:
        ATTACHMENTS[attachment](pen)
    pen.part(shape, 0)
    if attachment in _IN_FRONT:
        ATTACHMENTS[attachment](pen)


EMBLEMS: dict[str, Drawing] = {
    f"{body}+{attachment}": partial(_draw, body=body, attachment=attachment)
    for body in BODIES
    for attachment in ATTACHMENTS
}
"""Body after body, each with all attachments: class 8 b + a is body b with attachment a."""

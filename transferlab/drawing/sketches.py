"""The ten things the exercises tell apart, each drawn from a few primitives with random proportions."""

import numpy as np

from transferlab.drawing import shapes
from transferlab.drawing.pen import Drawing, Mask, Pen


def sun(pen: Pen) -> None:
    """A disc with eight tapering rays; half of them smile."""
    along, across = shapes.kaleidoscope(pen.x, pen.y, 8)
    reach = pen.vary(0.84, 1.0)
    rays = np.maximum(across - (reach - along) * pen.vary(0.26, 0.4), 0.5 - along)
    disc = shapes.disc(pen.x, pen.y, 0.0, 0.0, pen.vary(0.44, 0.54))
    pen.part(rays, 1)
    pen.part(disc, 0)
    _face(pen, 0.0, 0.06, pen.maybe(0.5))


def house(pen: Pen) -> None:
    """Walls, a gable roof with a chimney, a door and a window or two."""
    x, y = pen.x, pen.y
    half = pen.vary(0.56, 0.68)
    eaves = 0.1
    pen.part(shapes.box(x, y, pen.vary(0.36, 0.46), 0.58, 0.11, 0.3), 2, pen.maybe(0.7))
    pen.part(shapes.trapezoid(x, y, -0.88, eaves + 0.05, half, half), 0)
    pen.part(shapes.trapezoid(x, y, eaves, 0.92, half + pen.vary(0.16, 0.28), 0.0), 1)
    door = pen.vary(-0.32, -0.2)
    pen.part(shapes.box(x, y, door, -0.58, 0.15, 0.3), 3)
    pen.part(shapes.box(x, y, door + 0.56, -0.32, pen.vary(0.13, 0.18), 0.16), 5)
    pen.part(shapes.disc(x, y, 0.0, 0.42, 0.13), 4, pen.maybe(0.5))


def tree(pen: Pen) -> None:
    """A trunk under a leafy crown with fruit, or under the tiers of a fir."""
    x, y = pen.x, pen.y
    fir = pen.maybe(0.4)
    pen.part(shapes.trapezoid(x, y, -0.96, -0.1, pen.vary(0.15, 0.22), pen.vary(0.1, 0.15)), 1)
    lump = pen.vary(0.34, 0.42)
    crown = shapes.union(
        shapes.disc(x, y, -0.36, 0.08, lump),
        shapes.disc(x, y, 0.36, 0.1, lump),
        shapes.disc(x, y, pen.vary(-0.1, 0.1), 0.5, pen.vary(0.4, 0.48)),
    )
    tiers = shapes.union(
        shapes.trapezoid(x, y, -0.5, 0.2, pen.vary(0.62, 0.76), 0.0),
        shapes.trapezoid(x, y, -0.1, 0.6, pen.vary(0.5, 0.6), 0.0),
        shapes.trapezoid(x, y, 0.3, 0.98, pen.vary(0.34, 0.44), 0.0),
    )
    pen.part(np.where(fir, tiers, crown), 0)
    fruit = shapes.union(
        shapes.disc(x, y, -0.34, 0.02, 0.09), shapes.disc(x, y, 0.3, 0.16, 0.09), shapes.disc(x, y, -0.04, 0.52, 0.09)
    )
    pen.part(fruit, 3, pen.maybe(0.6) & ~fir)


def fish(pen: Pen) -> None:
    """A body with tail and fins, an eye and a gill, swimming left or right."""
    x, y = pen.x, pen.y
    depth = pen.vary(0.36, 0.5)
    tail_x, tail_half = x - 0.42, pen.vary(0.4, 0.56)
    tail = np.maximum(np.abs(y) - 0.06 - tail_x * tail_half, shapes.box(x, y, 0.7, 0.0, 0.28, 0.7))
    notch = 0.16 - (0.98 - x) - np.abs(y) * 0.5
    pen.part(np.maximum(tail, notch), 1)
    fin = shapes.polygon(x, y, [(-0.36, 0.2), (0.24, 0.2), (0.3, 0.72), (-0.02, 0.66)])
    pen.part(fin, 2, pen.maybe(0.8))
    pen.part(shapes.ellipse(x, y, -0.2, 0.0, 0.74, depth), 0)
    gill = np.maximum(shapes.ring(x, y, -0.72, 0.0, 0.36, 0.035), np.abs(y) - depth * 0.6)
    pen.part(gill, 1, pen.maybe(0.6))
    pen.part(shapes.disc(x, y, -0.62, 0.1, 0.1), 3)
    pen.part(shapes.disc(x, y, -0.64, 0.1, 0.045), 4)


def boat(pen: Pen) -> None:
    """A hull, a mast, a mainsail, often a jib, sometimes a pennant."""
    x, y = pen.x, pen.y
    pen.part(shapes.box(x, y, -0.04, 0.2, 0.05, 0.7), 3)
    head = pen.vary(0.72, 0.86)
    sail = np.maximum(x - 0.06 - (head - y) * pen.vary(0.5, 0.64), np.maximum(0.05 - x, -0.3 - y))
    pen.part(sail * 0.85, 0)
    jib = np.maximum(-0.14 - x - (head - 0.12 - y) * pen.vary(0.4, 0.54), np.maximum(x + 0.13, -0.3 - y))
    pen.part(jib * 0.88, 2, pen.maybe(0.8))
    pennant = shapes.polygon(x, y, [(-0.04, 0.78), (0.26, 0.86), (-0.04, 0.96)])
    pen.part(pennant, 4, pen.maybe(0.5))
    pen.part(shapes.trapezoid(x, y, -0.86, -0.42, pen.vary(0.44, 0.6), pen.vary(0.82, 0.96)), 1)


def star(pen: Pen) -> None:
    """Five points; a smaller star inside, a face, or plain."""
    outer = pen.vary(0.9, 1.02)
    inner = outer * pen.vary(0.4, 0.52)
    pen.part(shapes.star(pen.x, pen.y, outer, inner), 0)
    nested = pen.maybe(0.4)
    pen.part(shapes.star(pen.x, pen.y, outer * 0.55, inner * 0.55), 1, nested)
    _face(pen, 0.0, 0.04, ~nested & pen.maybe(0.5))


def flower(pen: Pen) -> None:
    """Six round petals about a heart, a stem and one or two leaves."""
    x, y = pen.x, pen.y
    bend = pen.vary(-0.12, 0.12)
    pen.part(shapes.segment(x, y, (0.0, 0.2), (bend, -0.94), 0.055), 3)
    leaf = shapes.ellipse(x + (y + 0.6) * 0.9, y, 0.28, -0.6, 0.26, 0.13)
    other = shapes.ellipse(x - (y + 0.52) * 0.9, y, -0.26, -0.52, 0.24, 0.12)
    pen.part(leaf, 2)
    pen.part(other, 2, pen.maybe(0.5))
    along, across = shapes.kaleidoscope(x, y - 0.36, 6)
    petals = shapes.ellipse(along, across, 0.37, 0.0, pen.vary(0.2, 0.26), pen.vary(0.16, 0.2))
    pen.part(petals, 0)
    pen.part(shapes.disc(x, y, 0.0, 0.36, pen.vary(0.18, 0.24)), 1)


def car(pen: Pen) -> None:
    """Seen from the side: cabin with two windows, body with a lamp, two wheels."""
    x, y = pen.x, pen.y
    roof, shift = pen.vary(0.46, 0.62), pen.vary(-0.14, 0.06)
    cabin = np.maximum(shapes.trapezoid(x - shift, y, 0.0, 0.7, pen.vary(0.6, 0.72), pen.vary(0.3, 0.4)), y - roof)
    pen.part(cabin, 0)
    glass = np.maximum(shapes.trapezoid(x - shift, y, 0.06, 0.7, 0.5, 0.24), y - roof + 0.12)
    pen.part(np.maximum(glass, 0.05 - np.abs(x - shift)), 1)
    pen.part(shapes.rounded_box(x, y, 0.0, -0.14, 0.97, pen.vary(0.22, 0.28), 0.16), 0)
    pen.part(shapes.disc(x, y, -0.84, -0.06, 0.09), 3, pen.maybe(0.7))
    tyre = pen.vary(0.23, 0.3)
    for axle in (-0.52, 0.52):
        pen.part(shapes.disc(x, y, axle, -0.42, tyre), 5)
        pen.part(shapes.disc(x, y, axle, -0.42, tyre * 0.45), 2)


def mushroom(pen: Pen) -> None:
    """A domed cap with spots on a stout stem."""
    x, y = pen.x, pen.y
    stem = shapes.trapezoid(x, y, -0.92, 0.1, pen.vary(0.26, 0.36), pen.vary(0.16, 0.24))
    pen.part(stem, 1)
    pen.part(shapes.ellipse(x, y, 0.0, 0.0, 0.32, 0.12), 3, pen.maybe(0.4))
    height = pen.vary(0.74, 0.98)
    brim = pen.vary(-0.06, 0.02)
    cap = np.maximum(shapes.ellipse(x, y - brim, 0.0, 0.0, pen.vary(0.8, 0.96), height - brim), brim - y)
    pen.part(cap, 0)
    spots = shapes.union(
        shapes.disc(x, y, pen.vary(-0.1, 0.1), 0.56, pen.vary(0.12, 0.17)),
        shapes.disc(x, y, -0.46, 0.26, pen.vary(0.1, 0.15)),
        shapes.disc(x, y, 0.46, 0.24, pen.vary(0.1, 0.15)),
    )
    pen.part(np.maximum(spots, cap), 3, pen.maybe(0.85))


def cup(pen: Pen) -> None:
    """A mug with a handle, its brim seen from above; some steam, some stand on a saucer."""
    x, y = pen.x + 0.16, pen.y
    pen.part(shapes.ellipse(x, y, 0.0, -0.76, 0.84, 0.14), 2, pen.maybe(0.45))
    pen.part(shapes.ring(x, y, 0.62, -0.14, pen.vary(0.24, 0.3), pen.vary(0.065, 0.09)), 0)
    top = pen.vary(0.54, 0.66)
    mug = shapes.trapezoid(x, y, -0.78, 0.3, pen.vary(0.38, 0.5), top)
    brim = shapes.ellipse(x, y, 0.0, 0.3, top, 0.17)
    pen.part(shapes.union(mug, brim), 0)
    pen.part(np.maximum(mug, np.abs(y + 0.26) - 0.12), 4, pen.maybe(0.4))
    pen.part(shapes.ellipse(x, y, 0.0, 0.3, top - 0.08, 0.115), 1)
    steaming = pen.maybe(0.6)
    for start in (-0.2, 0.2):
        lower = shapes.segment(x, y, (start, 0.52), (start + 0.1, 0.7), 0.045)
        upper = shapes.segment(x, y, (start + 0.1, 0.7), (start, 0.92), 0.045)
        pen.part(shapes.union(lower, upper), 3, steaming)


def _face(pen: Pen, centre_x: float, centre_y: float, where: Mask) -> None:
    x, y = pen.x - centre_x, pen.y - centre_y
    eyes = shapes.disc(np.abs(x), y, 0.16, 0.08, 0.075)
    smile = np.maximum(shapes.ring(x, y, 0.0, 0.02, 0.25, 0.05), y + 0.1)
    pen.part(shapes.union(eyes, smile), 3, where)


SKETCHES: dict[str, Drawing] = {
    "sun": sun,
    "house": house,
    "tree": tree,
    "fish": fish,
    "boat": boat,
    "star": star,
    "flower": flower,
    "car": car,
    "mushroom": mushroom,
    "cup": cup,
}
